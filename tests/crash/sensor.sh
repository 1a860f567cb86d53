#!/bin/sh
# Kill -9 at each crash point of a firing: each acknowledged webhook event has made exactly one ConfigMap in the end.
. "$(dirname "$0")/../support/story.sh"
TIPHYS=${TIPHYS_FAULTS:-$ROOT/build/faults/src/daemon/tiphys}

pipeline() {
    cat <<YAML
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: hooks}
spec: {webhook: {one: {port: "$PORT", endpoint: /one, method: POST}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: maker}
spec:
  dependencies: [{name: dep, eventSourceName: hooks, eventName: one}]
  triggers:
  - template:
      name: map
      k8s:
        source: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {generateName: made-}, data: {n: none}}}
        parameters: [{src: {dependencyName: dep, dataKey: body}, dest: data.n}]
YAML
}

# Sends until the daemon is dead; leaves the numbers that were acknowledged in $DIR/sent.
send_until_death() {
    : >"$DIR/sent"
    for i in $(seq 50); do
        [ "$(curl -s -m 5 -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d "$i" "http://127.0.0.1:$PORT/one")" = 200 ] || break
        echo "$i" >>"$DIR/sent"
        sleep 0.02
    done
}

server_is_dead() { ! kill -0 "$SERVER_PID" 2>/dev/null; }
sensor_runs() { [ "$(grep -c 'sensor runs.*sensorName=maker' "$DIR/server.log")" -ge "$1" ]; }
made() { "$TIPHYS" get cm -o json | jq -r '.items[] | select(.metadata.name | startswith("made-")).data.n' | sort -n; }
# Every event that is on the bus has been made to something.
all_are_made() { [ "$(made | wc -l)" -ge "$(bus_count)" ]; }

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
    check "$point: some events were acknowledged" test "$(wc -l <"$DIR/sent")" -ge 4
    check "$point: it starts again" start_server
    check "$point: every event on the bus makes its ConfigMap" wait_for 20 all_are_made
    sleep 0.5
    made >"$DIR/made"
    sort "$DIR/sent" >"$DIR/sent.sorted"
    sort "$DIR/made" >"$DIR/made.sorted"
    check "$point: none was made twice" equals "$(uniq -d "$DIR/made")" ""
    check "$point: every acknowledged event has one" equals "$(comm -23 "$DIR/sent.sorted" "$DIR/made.sorted")" ""
    check "$point: at most the one under way is beside them" test "$(wc -l <"$DIR/made")" -le $(($(wc -l <"$DIR/sent") + 1))
    stop_server -KILL
done
