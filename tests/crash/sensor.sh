#!/bin/sh
# Kill -9 at each crash point of a firing: each acknowledged webhook event has made exactly one ConfigMap in the end.
. "$(dirname "$0")/../support/crash.sh"

pipeline() {
    cat <<YAML
$(hooks one)
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

made() { "$TIPHYS" get cm -o json | jq -r '.items[] | select(.metadata.name | startswith("made-")).data.n' | sort -n; }
# Every event that is on the bus has been made to something.
all_are_made() { [ "$(made | wc -l)" -ge "$(bus_count)" ]; }

for point in bus.deliver.before sensor.fire.before sensor.fire.after sensor.settle.before; do
    PORT=$(free_port)
    pipeline >"$DIR/pipeline.yaml"
    die_firing "$point" maker "$DIR/pipeline.yaml"
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
