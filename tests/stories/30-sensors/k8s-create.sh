#!/bin/sh
# A webhook event makes a ConfigMap with values of the event, and submits a Workflow; a wrong trigger does not stop the others; trace tells what was made.
. "$(dirname "$0")/../../support/story.sh"

check "the server starts" start_server
PORT=$(free_port)
cat >"$DIR/pipeline.yaml" <<YAML
$(hooks in)
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: maker}
spec:
  dependencies: [{name: dep, eventSourceName: hooks, eventName: in}]
  triggers:
  - template: {name: wrong, conditions: nobody, log: {}}
  - template:
      name: map
      k8s:
        operation: create
        source:
          resource:
            apiVersion: v1
            kind: ConfigMap
            metadata: {generateName: made-}
            data: {color: none, id: none}
        parameters:
        - {src: {dependencyName: dep, dataKey: body.color}, dest: data.color}
        - {src: {dependencyName: dep, contextKey: id}, dest: data.id}
  - template:
      name: rewritten
      k8s:
        source: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {generateName: other-}, data: {color: none}}}
        parameters: [{src: {dependencyName: dep, dataKey: body.nothing, value: unset}, dest: data.color}]
    parameters: [{src: {dependencyName: dep, dataKey: body.key}, dest: k8s.parameters.0.src.dataKey}]
  - template:
      name: run
      k8s:
        operation: submit
        source:
          resource:
            apiVersion: argoproj.io/v1alpha1
            kind: Workflow
            metadata: {name: job, generateName: job-}
            spec: {entrypoint: main, templates: [{name: main, container: {image: busybox, command: ["true"]}}]}
YAML
check "apply" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
check "the endpoint comes up" hooks_are_up
check "the sensor runs, though not as a whole" wait_for 10 grep -q 'a sensor does not run as a whole.*sensorName=maker' "$DIR/server.log"
maps() { "$TIPHYS" get cm -o name 2>/dev/null | grep -c made-; }
workflows() { "$TIPHYS" get workflow -o name 2>/dev/null | grep -c job; }
has_maps() { [ "$(maps)" -eq "$1" ]; }
has_workflows() { [ "$(workflows)" -eq "$1" ]; }
check "an event" post in '{"color":"red","key":"body.color"}'
check "makes a ConfigMap" wait_for 10 has_maps 1
check "and a Workflow" wait_for 10 has_workflows 1
"$TIPHYS" get workflow job -o json >"$DIR/workflow.json"
check "which takes the name while it is free" contains "$DIR/workflow.json" '"job"'
NAME=$("$TIPHYS" get cm -o name | grep made- | sed 's,.*/,,')
"$TIPHYS" get cm "$NAME" -o json >"$DIR/map.json"
check "with the color of the event" equals "$(jq -r .data.color "$DIR/map.json")" red
check "with the sensor's label" equals "$(jq -r '.metadata.labels["events.argoproj.io/sensor"]' "$DIR/map.json")" maker
check "with the trigger's label" equals "$(jq -r '.metadata.labels["events.argoproj.io/trigger"]' "$DIR/map.json")" map
check "with the time of the action" sh -c "jq -r '.metadata.labels[\"events.argoproj.io/action-timestamp\"]' '$DIR/map.json' | grep -qE '^[0-9]{13}\$'"
others() { "$TIPHYS" get cm -o json | jq -r '.items[] | select(.metadata.name | startswith("other-")).data.color'; }
has_other() { [ "$(others)" = red ]; }
check "a template's parameter changes where a resource's one looks" wait_for 10 has_other
ID=$(jq -r .data.id "$DIR/map.json")
trace() { "$TIPHYS" trace event "$ID" >"$DIR/trace" && grep -q "maker/map: created ConfigMap default/$NAME\$" "$DIR/trace"; }
check "trace tells what was made in one line" wait_for 10 trace
"$TIPHYS" trace event "$ID" -o json >"$DIR/trace.json"
check "and its uid to programs" equals "$(jq -r '.steps[] | select(.stage == "trigger" and .subject == "maker/map").detail.uid' "$DIR/trace.json")" "$(jq -r .metadata.uid "$DIR/map.json")"
"$TIPHYS" get sensor maker -o json >"$DIR/sensor.json"
check "the wrong trigger is in the status" contains "$DIR/sensor.json" 'spec.triggers[0]: conditions'
failed() { "$TIPHYS" trace event "$1" | grep -q "maker/$2: .*nothing at"; }
check "an event after it" post in '{"color":"blue"}'
check "makes another ConfigMap" wait_for 10 has_maps 2
check "and another Workflow, with a generated name" wait_for 10 has_workflows 2
stop_server -KILL
check "the server starts again" start_server
check "the endpoint comes up again" hooks_are_up
check "an event without the color" post in '{}'
check "fails that trigger" wait_for 10 grep -q 'a trigger failed.*triggerName=map' "$DIR/server.log"
LAST=$(bus "SELECT id FROM record ORDER BY seq DESC LIMIT 1")
check "whose trace tells why" wait_for 10 failed "$LAST" map
check "a last event" post in '{"color":"green"}'
check "makes one more ConfigMap" wait_for 10 has_maps 3
check "and one Workflow for each event" wait_for 10 has_workflows 4
check "the server stops in order" stop_server
