#!/bin/sh
# Kill -9 at each crash point of a firing that steers a workflow: each event on the bus has resubmitted it exactly once in the end.
. "$(dirname "$0")/../support/story.sh"
TIPHYS=${TIPHYS_FAULTS:-$ROOT/build/faults/src/daemon/tiphys}
SERVER_FLAGS='--isolation process'

pipeline() {
    cat <<YAML
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: hooks}
spec: {webhook: {one: {port: "$PORT", endpoint: /one, method: POST}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: helm}
spec:
  dependencies: [{name: dep, eventSourceName: hooks, eventName: one}]
  triggers:
  - template:
      name: again
      argoWorkflow:
        operation: resubmit
        source: {resource: {apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: first}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: first}
spec: {entrypoint: main, suspend: true, templates: [{name: main, suspend: {}}]}
YAML
}

send_until_death() {
    for i in $(seq 50); do
        [ "$(curl -s -m 5 -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d "$i" "http://127.0.0.1:$PORT/one")" = 200 ] || break
        sleep 0.02
    done
}

server_is_dead() { ! kill -0 "$SERVER_PID" 2>/dev/null; }
sensor_runs() { [ "$(grep -c 'sensor runs.*sensorName=helm' "$DIR/server.log")" -ge "$1" ]; }
resubmitted() { "$TIPHYS" list -o json -l workflows.argoproj.io/resubmitted-from-workflow=first | jq 'length'; }
all_are_done() { [ "$(resubmitted)" -ge "$(bus_count)" ]; }

for point in sensor.fire.before sensor.fire.after sensor.settle.before; do
    rm -rf "$DIR/data" "$DIR/server.log"
    PORT=$(free_port)
    start_server
    pipeline >"$DIR/pipeline.yaml"
    "$TIPHYS" apply -f "$DIR/pipeline.yaml" >/dev/null
    check "$point: the endpoint comes up" wait_for 10 curl -sf "http://127.0.0.1:$PORT/health"
    check "$point: the sensor runs" wait_for 10 sensor_runs 1
    stop_server -KILL
    TIPHYS_FAULT=$point:5
    export TIPHYS_FAULT
    start_server
    wait_for 10 curl -sf "http://127.0.0.1:$PORT/health"
    send_until_death
    check "$point: the daemon was killed there" wait_for 10 server_is_dead
    unset TIPHYS_FAULT
    wait "$SERVER_PID" 2>/dev/null
    check "$point: it starts again" start_server
    check "$point: every event on the bus resubmits" wait_for 20 all_are_done
    sleep 0.5
    check "$point: none did twice" equals "$(resubmitted)" "$(bus_count)"
    stop_server -KILL
done
