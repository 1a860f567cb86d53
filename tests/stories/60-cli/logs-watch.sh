#!/bin/sh
# Following: logs while a workflow runs and after it, watch on a pipe and on a terminal, over a restart of the server.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
check "the server starts" start_server
cat >"$DIR/w.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: a, template: say}
      - {name: b, template: other}
    - - {name: c, template: last}
  - name: say
    metadata: {labels: {who: a}}
    container: {image: busybox, command: [sh, -c, "echo one; while [ ! -e $DIR/go ]; do sleep 0.02; done; echo two"]}
  - name: other
    container: {image: busybox, command: [sh, -c, "echo other"]}
  - name: last
    container: {image: busybox, command: [sh, -c, "echo three; exit 3"]}
YAML
"$TIPHYS" submit "$DIR/w.yaml" --log >"$DIR/log" 2>&1 &
LOG=$!
check "the first line comes while it runs" wait_for 20 grep -q ': one$' "$DIR/log"
"$TIPHYS" watch w >"$DIR/watch" &
WATCH=$!
check "a node's change is a line" wait_for 20 grep -q ' w\[0\].a Running$' "$DIR/watch"
"$TIPHYS" get w >"$DIR/get"
check "get shows what runs" sh -c "grep -qE '^ ├?└?─?┬?─?.*● a' '$DIR/get'"
touch "$DIR/go"
wait $LOG
check "submit --log tells the failure" equals $? 1
check "each pod's lines behind its name" sh -c "grep -E '^w-(say|other|last)-[0-9]+: ' '$DIR/log' | sed 's/.*: //' | sort | tr '\n' ' ' | grep -qx 'one other three two '"
wait $WATCH
check "watch ends with it, without an error" equals $? 0
check "the workflow's end is a line" grep -qE '^20.*Z w Failed: ' "$DIR/watch"
check "then comes the whole" sh -c "grep -q '^Status:  *Failed' '$DIR/watch' && tail -3 '$DIR/watch' | grep -q '✖'"

last() { "$TIPHYS" logs w "$@" | sed 's/^[^:]*: //' | sort | tr '\n' ' '; }
check "all lines afterwards" equals "$(last)" "one other three two "
check "in the order of time" equals "$("$TIPHYS" logs w | tail -1 | sed 's/.*: //')" three
check "tail" equals "$(last --tail 1)" "other three two "
check "grep" equals "$(last --grep 't[wh]')" "other three two "
check "by labels of the template" equals "$(last -l who=a)" "one two "
check "by labels that no pod has" equals "$(last -l who=z)" ""
check "one pod" equals "$("$TIPHYS" logs w "$("$TIPHYS" logs w --grep three | sed 's/:.*//')" | sed 's/.*: //')" three
check "a pod that it does not have" sh -c "! '$TIPHYS' logs w nobody"
check "times" sh -c "'$TIPHYS' logs w --timestamps | grep -qE '^w-say-[0-9]+: 20[0-9-]+T[0-9:.]+Z one$'"
check "what is new" equals "$(last --since 1h)" "one other three two "
check "nothing is so new" equals "$(last --since-time 2099-01-01T00:00:00Z)" ""
check "follow of what has ended ends" equals "$("$TIPHYS" logs w -f | wc -l)" 4
check "latest" sh -c "test \$('$TIPHYS' logs @latest | wc -l) = 4"
check "no colours in a pipe" sh -c "! '$TIPHYS' logs w | grep -q \"\$(printf '\\033')\""
check "unknown workflows" sh -c "! '$TIPHYS' logs nobody && ! '$TIPHYS' watch nobody"

# a terminal: the tree is drawn in place, in colours, and its end stands there
sed -e 's/name: w}/name: tty}/' -e 's/; exit 3//' "$DIR/w.yaml" >"$DIR/tty.yaml"
cat >"$DIR/terminal.py" <<'PY'
import os, pty, sys
status = pty.spawn(sys.argv[2:], lambda fd: (lambda b: (open(sys.argv[1], "ab").write(b), b)[1])(os.read(fd, 65536)))
sys.exit(os.waitstatus_to_exitcode(status))
PY
check "watch on a terminal" env TERM=xterm python3 "$DIR/terminal.py" "$DIR/screen" "$TIPHYS" submit "$DIR/tty.yaml" --watch
check "draws in place" sh -c "grep -q \"\$(printf '\\033')\[[0-9]*A\" '$DIR/screen'"
check "in colours" sh -c "grep -q \"\$(printf '\\033')\[32m✔\" '$DIR/screen'"

# the server goes away and comes back: who follows goes on
rm "$DIR/go"
sed -e 's/name: w}/name: away}/' -e 's/; exit 3//' "$DIR/w.yaml" >"$DIR/away.yaml"
"$TIPHYS" submit "$DIR/away.yaml" --log >"$DIR/away.log" 2>&1 &
LOG=$!
check "it runs" wait_for 20 grep -q ': one$' "$DIR/away.log"
port=$(cat "$DIR/data/port")
stop_server -KILL
"$TIPHYS" server --open --port "$port" --data "$DIR/data" --isolation process >>"$DIR/server.log" 2>&1 &
SERVER_PID=$!
check "the server is back" wait_for 20 curl -sf "http://$ARGO_SERVER/healthz"
touch "$DIR/go"
wait $LOG
check "the follower saw the end" equals $? 0
check "and every line once" equals "$(grep -E '^away-' "$DIR/away.log" | sed 's/.*: //' | sort | tr '\n' ' ')" "one other three two "
stop_server
