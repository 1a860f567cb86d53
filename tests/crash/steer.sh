#!/bin/sh
# Kill -9 at each crash point of a firing that steers a workflow: each event on the bus has resubmitted it exactly once in the end.
. "$(dirname "$0")/../support/crash.sh"
SERVER_FLAGS='--isolation process'

pipeline() {
    cat <<YAML
$(hooks one)
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

resubmitted() { "$TIPHYS" list -o json -l workflows.argoproj.io/resubmitted-from-workflow=first | jq 'length'; }
all_are_done() { [ "$(resubmitted)" -ge "$(bus_count)" ]; }

for point in sensor.fire.before sensor.fire.after sensor.settle.before; do
    PORT=$(free_port)
    pipeline >"$DIR/pipeline.yaml"
    die_firing "$point" helm "$DIR/pipeline.yaml"
    check "$point: every event on the bus resubmits" wait_for 20 all_are_done
    sleep 0.5
    check "$point: none did twice" equals "$(resubmitted)" "$(bus_count)"
    stop_server -KILL
done
