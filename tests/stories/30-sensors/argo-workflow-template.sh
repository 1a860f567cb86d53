#!/bin/sh
# Messages of a queue and webhook calls run WorkflowTemplates: the message is in the log of the finished workflow, the trace tells the way; two
# endpoints of one port have triggers of their own; an EventBus of another name is a world of its own.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'

check "the queue service starts" start_moto
check "the server starts" start_server
PORT=$(free_port)
cat >"$DIR/template.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: greet}
spec:
  entrypoint: main
  arguments: {parameters: [{name: who, value: nobody}, {name: how, value: hello}]}
  workflowMetadata: {labels: {made-for: greetings}, annotations: {by: "{{workflow.name}}"}}
  templates:
  - name: main
    steps:
    - - {name: say, template: say, arguments: {parameters: [{name: text, value: "{{workflow.parameters.how}} {{workflow.parameters.who}}"}]}}
  - {name: say, inputs: {parameters: [{name: text}]}, container: {image: busybox, command: [echo], args: ["{{inputs.parameters.text}}"]}}
YAML
sqs_source | sed 's/      waitTimeSeconds: 1/      waitTimeSeconds: 1\n      jsonBody: true/' >"$DIR/source.yaml"
# trigger NAME DEPENDENCY DATA_KEY INDEX: submits the template with a value of the event as its parameter.
trigger() {
    cat <<YAML
  - template:
      name: $1
      conditions: $2
      argoWorkflow:
        operation: submit
        source:
          resource:
            apiVersion: argoproj.io/v1alpha1
            kind: Workflow
            metadata: {generateName: $1-}
            spec:
              workflowTemplateRef: {name: greet}
              arguments: {parameters: [{name: $4, value: none}]}
        parameters: [{src: {dependencyName: $2, dataKey: $3}, dest: spec.arguments.parameters.0.value}]
YAML
}
{
    printf 'apiVersion: argoproj.io/v1alpha1\nkind: Sensor\nmetadata: {name: greeter}\nspec:\n  dependencies:\n'
    echo '  - {name: message, eventSourceName: queue, eventName: example}'
    echo '  - {name: north, eventSourceName: hooks, eventName: north}'
    echo '  - {name: south, eventSourceName: hooks, eventName: south}'
    echo '  triggers:'
    trigger from-queue message body.who who
    trigger from-north north body.name who
    trigger from-south south body.word how
} >"$DIR/sensor.yaml"
cat >"$DIR/hooks.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: hooks}
spec:
  webhook:
    north: {port: "$PORT", endpoint: /north, method: POST}
    south: {port: "$PORT", endpoint: /south, method: POST}
YAML
for part in template source hooks sensor; do check "apply the $part" "$TIPHYS" apply -f "$DIR/$part.yaml"; done
check "the endpoints come up" hooks_are_up
check "the sensor runs" wait_for 10 grep -q 'sensor runs.*sensorName=greeter' "$DIR/server.log"

# named PREFIX: the name of the one workflow whose name begins so.
named() { "$TIPHYS" list -o name | grep "^$1" | head -1; }
has_named() { [ -n "$(named "$1")" ]; }
has_run() { [ "$("$TIPHYS" get "$(named "$1")" -o json | jq -r .status.phase)" = Succeeded ]; }
log_of() { "$TIPHYS" logs "$(named "$1")" | sed 's/^[^:]*: //'; }
event_of() { bus "SELECT id FROM record WHERE event = '$1' ORDER BY seq DESC LIMIT 1"; }

check "a message is sent" sqs SendMessage "{\"QueueUrl\":\"$(queue_url)\",\"MessageBody\":\"{\\\"who\\\":\\\"Tiphys\\\"}\"}"
check "it becomes a workflow" wait_for 20 has_named from-queue-
check "which succeeds" wait_for 20 has_run from-queue-
check "with the message in its log" equals "$(log_of from-queue-)" "hello Tiphys"
check "and leaves the queue" wait_for 20 queue_is_empty
NAME=$(named from-queue-)
"$TIPHYS" get "$NAME" -o json >"$DIR/workflow.json"
check "the workflow says which template it is of" equals "$(jq -r '.metadata.labels["workflows.argoproj.io/workflow-template"]' "$DIR/workflow.json")" greet
check "and has the metadata of it" equals "$(jq -r '.metadata.labels["made-for"] + " " + .metadata.annotations.by' "$DIR/workflow.json")" "greetings $NAME"
check "and keeps what it runs" equals "$(jq -r '.status.storedWorkflowTemplateSpec.entrypoint' "$DIR/workflow.json")" main
# traced EVENT TEXT: the trace of the last event of a name has it.
traced() { "$TIPHYS" trace event "$(event_of "$1")" >"$DIR/trace" && grep -qF -- "$2" "$DIR/trace"; }
check "the trace ends at the workflow" wait_for 10 traced example "greeter/from-queue: created Workflow default/$NAME"
check "tells that the source stored the event" wait_for 10 traced example "queue: stored"
check "and begins at the source" contains "$DIR/trace" "source     default/queue example"

check "a call of one endpoint" post north '{"name":"Boreas"}'
check "runs its trigger" wait_for 20 has_run from-north-
check "with its value" equals "$(log_of from-north-)" "hello Boreas"
check "a call of the other" post south '{"word":"farewell"}'
check "runs the other trigger" wait_for 20 has_run from-south-
check "with its value for the other parameter" equals "$(log_of from-south-)" "farewell nobody"
check "each event has run one workflow" equals "$(workflows)" 3
check "the trace names the trigger that fired" wait_for 10 traced south "greeter/from-south: created Workflow default/$(named from-south-)"
check "and no other" lacks "$DIR/trace" from-north

sed -e 's/name: hooks/name: far/' -e 's/^spec:/spec:\n  eventBusName: far/' -e 's,/north,/far-north,' -e 's,/south,/far-south,' "$DIR/hooks.yaml" >"$DIR/far.yaml"
sed -e 's/eventSourceName: hooks/eventSourceName: far/' -e 's/name: greeter/name: near/' -e 's/from-/near-/' "$DIR/sensor.yaml" >"$DIR/near-sensor.yaml"
sed -e 's/^spec:/spec:\n  eventBusName: far/' -e 's/name: near/name: far/' -e 's/near-/far-/' "$DIR/near-sensor.yaml" >"$DIR/far-sensor.yaml"
for part in far near-sensor far-sensor; do check "apply $part, of another bus or not" "$TIPHYS" apply -f "$DIR/$part.yaml"; done
check "the endpoints of the other bus come up" wait_for 10 post far-north '{"name":"Zephyros"}'
check "its sensor runs a workflow" wait_for 20 has_run far-north-
check "a sensor of the default bus does not" equals "$(named near-)" ""
"$TIPHYS" trace event "$(event_of north)" >"$DIR/trace"
check "the trace knows the namespace" contains "$DIR/trace" "source     default/far north"
sed 's/eventBusName: far/eventBusName: far\n  template: {container: {env: [{name: A, value: b}]}}/' "$DIR/far.yaml" >"$DIR/env.yaml"
check "what is known and not built is refused" sh -c "! '$TIPHYS' apply -f '$DIR/env.yaml' >'$DIR/refusal' 2>&1"
check "with its path" contains "$DIR/refusal" 'spec.template.container.env: "env" is not supported yet'
check "the server stops in order" stop_server
