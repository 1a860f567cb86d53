#!/bin/sh
# Big artifacts and servers that stop in the middle: an output of two GB takes no memory of the daemon, half of a download is no artifact.
. "$(dirname "$0")/../../support/story.sh"
WEB_PID=""
trap '[ -n "$WEB_PID" ] && kill -9 "$WEB_PID" 2>/dev/null; finish; exit $((FAILED > 0))' EXIT
# peak_kb: the most memory that the daemon has had, in KB; rest: what it has now becomes that.
peak_kb() { sed -n 's/^VmHWM: *\([0-9]*\) kB/\1/p' "/proc/$SERVER_PID/status"; }
rest() { echo 5 >"/proc/$SERVER_PID/clear_refs"; }
grew_little() { [ $(($(peak_kb) - BEFORE)) -le 40960 ] || { echo "$BEFORE KB before, $(peak_kb) KB at most"; return 1; }; }
check "the server starts" start_server
# flow NAME MIB ARCHIVE: a sparse file of so many MiB, as an artifact, comes into another step.
flow() {
    cat >"$DIR/$1.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: make, template: make}
    - - {name: use, template: use, arguments: {artifacts: [{name: big, from: "{{steps.make.outputs.artifacts.big}}"}]}}
  - name: make
    outputs: {artifacts: [{name: big, path: /tmp/big, archive: {$3: {}}}]}
    container: {image: busybox, command: [sh, -c, "truncate -s $2M /tmp/big; printf end >>/tmp/big"]}
  - name: use
    inputs: {artifacts: [{name: big, path: /tmp/big}]}
    container: {image: busybox, command: [sh, -c, "stat -c %s /tmp/big; tail -c 3 /tmp/big"]}
YAML
    rest
    BEFORE=$(peak_kb)
    check "$1: an artifact of $2 MiB" timeout 200 "$TIPHYS" submit "$DIR/$1.yaml" --wait
    check "$1: is whole" equals "$("$TIPHYS" logs "$1" --no-color | sed 's/^[^:]*: //' | tr '\n' ' ')" "$(($2 * 1048576 + 3)) end "
    check "$1: no more than 40 MiB of memory for it" grew_little
    check "$1: it is deleted" "$TIPHYS" delete "$1"
}
flow plain 2048 none
flow packed 512 tar

# A web server that dies after half of what it has promised.
cat >"$DIR/half.py" <<'PY'
import socketserver
import sys


class Half(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 1000000)


server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Half)
with open(sys.argv[1], "w", encoding="utf-8") as port:
    port.write(str(server.server_address[1]))
server.serve_forever()
PY
python3 "$DIR/half.py" "$DIR/port" &
WEB_PID=$!
check "a web server listens" wait_for 10 test -s "$DIR/port"
cat >"$DIR/half.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: half}
spec:
  entrypoint: main
  templates:
  - name: main
    inputs: {artifacts: [{name: page, path: /page, http: {url: "http://127.0.0.1:$(cat "$DIR/port")/page"}}]}
    container: {image: busybox, command: [sh, -c, "echo ran >>$DIR/ran"]}
YAML
check "half of a download fails" sh -c "! timeout 150 '$TIPHYS' submit '$DIR/half.yaml' --wait"
check "and says so" sh -c "'$TIPHYS' get half -o json | jq -r .status.message | grep -q 'artifact page failed to load: GET .*/page: Transferred a partial file'"
check "the step has not run" test ! -e "$DIR/ran"
check "nothing of it is left" wait_for 10 sh -c "! find '$DIR/data' -size +900k -size -1100k -name '*page*' | grep -q ."
check "nor half stored" sh -c "! ls '$DIR'/data/artifacts/.new/* 2>/dev/null | grep -q ."
stop_server
