#!/bin/sh
# Kill -9 at each crash point between an event and the end of its workflow: afterwards every acknowledged event has exactly one
# workflow, which has succeeded, and whose step ran once.
. "$(dirname "$0")/../support/crash.sh"
SERVER_FLAGS='--isolation process'
send() { curl -s -m 5 -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d "{\"n\": \"event$1\"}" "http://127.0.0.1:$PORT/one"; }
all_done() { [ "$(workflows)" -ge "$1" ] && [ "$(succeeded)" -ge "$1" ]; }

for point in sensor.fire.before sensor.fire.after sensor.settle.before engine.pass.before_commit engine.act.before \
    engine.act.forgotten engine.act.between_pods pods.stage.before_send pods.report.before; do
    rm -rf "$DIR/data" "$DIR/ran"
    PORT=$(free_port)
    start_server
    {
        hooks one
        workflow_sensor runner hooks one body.n
    } >"$DIR/all.yaml"
    "$TIPHYS" apply -f "$DIR/all.yaml" >/dev/null
    hooks_are_up
    stop_server -KILL
    start_with_fault "$point:3"
    hooks_are_up
    acknowledged=0
    for i in 1 2 3 4 5 6; do
        [ "$(send "$i")" = 200 ] && acknowledged=$((acknowledged + 1))
    done
    dies_there "$point"
    check "$point: it starts again" start_server
    stored=$(bus_count)
    check "$point: every acknowledged event is on the bus ($acknowledged of $stored)" test "$stored" -ge "$acknowledged"
    check "$point: each has a workflow, and it succeeds" wait_for 20 all_done "$stored"
    check "$point: no event has two" equals "$(workflows)" "$stored"
    check "$point: every step ran" equals "$(ran)" "$stored"
    check "$point: none ran twice" equals "$(ran_twice)" ""
    stop_server -KILL
done
