#!/bin/sh
# A server that is stopped while artifacts are on their way to a repository that fails ends as it should, and after its next start the workflow comes to its end.
. "$(dirname "$0")/../../support/story.sh"
LISTENER_PID=""
trap '[ -n "$LISTENER_PID" ] && kill -9 $LISTENER_PID 2>/dev/null; finish; exit $((FAILED > 0))' EXIT
# Takes connections, notes each, closes it without a word.
cat >"$DIR/listener.py" <<'PY'
import socket
import sys

with socket.create_server(("127.0.0.1", 0)) as s:
    with open(sys.argv[1], "w", encoding="utf-8") as port:
        port.write(str(s.getsockname()[1]))
    while True:
        s.accept()[0].close()
        with open(sys.argv[2], "a", encoding="utf-8") as notes:
            notes.write("x\n")
PY
python3 "$DIR/listener.py" "$DIR/port" "$DIR/notes" &
LISTENER_PID=$!
check "a repository that only hangs up" wait_for 10 test -s "$DIR/port"
check "the server starts" start_server
cat >"$DIR/saving.yaml" <<YAML
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {access: a, secret: b}
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: saving}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: busybox, command: [sh, -c, "echo done >/tmp/result"]}
    outputs:
      artifacts:
      - name: result
        path: /tmp/result
        s3: {endpoint: "127.0.0.1:$(cat "$DIR/port")", bucket: b, insecure: true, key: k, accessKeySecret: {name: keys, key: access}, secretKeySecret: {name: keys, key: secret}}
YAML
check "a workflow that saves there" "$TIPHYS" apply -f "$DIR/saving.yaml"
check "it has tried" wait_for 30 test -s "$DIR/notes"
kill -TERM "$SERVER_PID"
wait "$SERVER_PID"
ENDED=$?
SERVER_PID=""
check "the server ends without a fault" equals "$ENDED" 0
check "nothing is said of memory" lacks "$DIR/server.log" AddressSanitizer
check "it starts again" start_server
"$TIPHYS" wait saving >/dev/null 2>&1
check "the workflow has an end" equals "$("$TIPHYS" get saving -o json | jq -r .status.phase)" Error
