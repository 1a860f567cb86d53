#!/bin/sh
# Kill -9 at each step of a dead letter's life: no event of a failed firing is lost, a redrive submits its workflow exactly once.
. "$(dirname "$0")/../support/crash.sh"
SERVER_FLAGS='--isolation process'

# Fails as long as the template is not there.
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
      name: submit
      argoWorkflow:
        operation: submit
        source:
          resource:
            apiVersion: argoproj.io/v1alpha1
            kind: Workflow
            metadata: {generateName: made-}
            spec: {workflowTemplateRef: {name: later}}
YAML
}

template() {
    cat <<YAML
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: later}
spec: {entrypoint: main, templates: [{name: main, suspend: {}}]}
YAML
}

post() { curl -s -m 5 -o /dev/null -H 'Content-Type: application/json' -d "$1" "http://127.0.0.1:$PORT/one"; }
letters() { "$TIPHYS" events dead-letter list -o json | jq "[.items[] | select(.state == \"$1\")] | length"; }
waiting_are() { [ "$(letters waiting)" = "$1" ]; }
redriving_are() { [ "$(letters redriving)" = "$1" ]; }
all_wait() { waiting_are "$(bus_count)"; }

# begin POINT: a server with the sensor, and no template.
begin() {
    rm -rf "$DIR/data" "$DIR/server.log"
    PORT=$(free_port)
    check "$1: the server starts" start_server
    pipeline >"$DIR/pipeline.yaml"
    template >"$DIR/template.yaml"
    "$TIPHYS" apply -f "$DIR/pipeline.yaml" >/dev/null
    check "$1: the endpoint comes up" hooks_are_up
    check "$1: the sensor runs" wait_for 10 grep -q 'sensor runs.*sensorName=maker' "$DIR/server.log"
}

# end POINT: what still waits is redriven; each event on the bus has one workflow, also after another crash.
end() {
    check "$1: no redrive is left behind" wait_for 20 redriving_are 0
    "$TIPHYS" events redrive --all >/dev/null
    check "$1: no letter is left" wait_for 20 sh -c "[ \"\$('$TIPHYS' events dead-letter list)\" = 'No resources found' ]"
    check "$1: each event has its workflow, and none two" equals "$(workflows)" "$(bus_count)"
    stop_server -KILL
    check "$1: it starts once more" start_server
    hooks_are_up
    sleep 0.5
    check "$1: nothing is done again" equals "$(workflows)" "$(bus_count)"
    stop_server -KILL
}

for point in sensor.dead_letter.before sensor.dead_letter.after; do
    begin "$point"
    stop_server -KILL
    start_with_fault "$point:2"
    hooks_are_up
    for i in 1 2 3; do post "$i"; done
    dies_there "$point"
    check "$point: it starts again" start_server
    check "$point: every event on the bus is a dead letter, once" wait_for 20 all_wait
    check "$point: the template" "$TIPHYS" apply -f "$DIR/template.yaml"
    end "$point"
done

for point in sensor.redrive.marked sensor.fire.after sensor.redrive.after; do
    begin "$point"
    for i in 1 2 3; do post "$i"; done
    check "$point: three dead letters" wait_for 20 waiting_are 3
    check "$point: the template" "$TIPHYS" apply -f "$DIR/template.yaml"
    stop_server -KILL
    start_with_fault "$point:2"
    hooks_are_up
    "$TIPHYS" events redrive --all >/dev/null 2>&1
    dies_there "$point"
    check "$point: it starts again" start_server
    end "$point"
done
