#!/bin/sh
# Kill -9 at each crash point between an event and the end of its workflow: afterwards every acknowledged event has exactly one
# workflow, which has succeeded, and whose step ran once.
. "$(dirname "$0")/../support/story.sh"
TIPHYS=$ROOT/build/faults/src/daemon/tiphys
SERVER_FLAGS='--isolation process'
server_is_dead() { ! kill -0 "$SERVER_PID" 2>/dev/null; }
send() { curl -s -m 5 -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d "{\"n\": \"event$1\"}" "http://127.0.0.1:$PORT/one"; }
all_done() { [ "$(workflows)" -ge "$1" ] && [ "$(succeeded)" -ge "$1" ]; }

for point in sensor.fire.before sensor.fire.after sensor.settle.before engine.pass.before_commit engine.act.before \
    engine.act.forgotten engine.act.between_pods pods.stage.before_send; do
    rm -rf "$DIR/data" "$DIR/ran"
    PORT=$(free_port)
    start_server
    {
        cat <<YAML
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: hooks}
spec: {webhook: {one: {port: "$PORT", endpoint: /one, method: POST}}}
---
YAML
        workflow_sensor runner hooks one body.n
    } >"$DIR/all.yaml"
    "$TIPHYS" apply -f "$DIR/all.yaml" >/dev/null
    wait_for 10 curl -sf "http://127.0.0.1:$PORT/health"
    stop_server -KILL
    TIPHYS_FAULT=$point:3
    export TIPHYS_FAULT
    start_server
    wait_for 10 curl -sf "http://127.0.0.1:$PORT/health"
    acknowledged=0
    for i in 1 2 3 4 5 6; do
        [ "$(send "$i")" = 200 ] && acknowledged=$((acknowledged + 1))
    done
    check "$point: the daemon was killed there" wait_for 10 server_is_dead
    unset TIPHYS_FAULT
    wait "$SERVER_PID" 2>/dev/null
    check "$point: it starts again" start_server
    stored=$(bus_count)
    check "$point: every acknowledged event is on the bus ($acknowledged of $stored)" test "$stored" -ge "$acknowledged"
    check "$point: each has a workflow, and it succeeds" wait_for 20 all_done "$stored"
    check "$point: no event has two" equals "$(workflows)" "$stored"
    check "$point: every step ran" equals "$(ran)" "$stored"
    check "$point: none ran twice" equals "$(ran_twice)" ""
    stop_server -KILL
done
