#!/bin/sh
# Events steer workflows that are there: suspend, resume, stop, terminate, retry, resubmit, submit from a template, with the flags of argo's
# command; each firing once, also over kill -9; what is wrong with flags is told when the sensor is applied.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'

check "the server starts" start_server
PORT=$(free_port)
# steer NAME OPERATION KIND MORE: a dependency and a trigger that does OPERATION with the object that the event's body.name names.
dependency() { echo "  - {name: $1, eventSourceName: hooks, eventName: $1}"; }
steer() {
    echo "  - template: {name: $1, conditions: $1, argoWorkflow: {operation: $2, $4 source: {resource: {apiVersion: argoproj.io/v1alpha1, kind: $3, metadata: {name: none}}}, parameters: [{src: {dependencyName: $1, dataKey: body.name}, dest: metadata.name}]}}"
}
VERBS="suspend resume stop terminate retry resubmit submit-from refuse"
{
    printf 'apiVersion: argoproj.io/v1alpha1\nkind: EventSource\nmetadata: {name: hooks}\nspec:\n  webhook:\n'
    for v in $VERBS; do echo "    $v: {port: \"$PORT\", endpoint: /$v, method: POST}"; done
    printf -- '---\napiVersion: argoproj.io/v1alpha1\nkind: Sensor\nmetadata: {name: helm}\nspec:\n  dependencies:\n'
    for v in $VERBS; do dependency "$v"; done
    echo "  triggers:"
    for v in suspend resume terminate resubmit; do steer $v $v Workflow ''; done
    steer retry retry Workflow 'args: [-p, "how=0"],'
    steer stop stop Workflow 'args: [--node-field-selector, displayName=gate, --message, "stopped by an event"],'
    steer submit-from submit-from workflowtemplate 'args: [-p, "how=0", --entrypoint, main, --labels, "from=event"],'
    steer refuse submit-from ClusterWorkflowTemplate ''
} >"$DIR/pipeline.yaml"
cat >"$DIR/workflows.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: tpl}
spec:
  entrypoint: main
  arguments: {parameters: [{name: how, value: "1"}]}
  templates: [{name: main, container: {image: x, command: [sh, -c], args: ["exit {{workflow.parameters.how}}"]}}]
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: broken}
spec: {workflowTemplateRef: {name: tpl}}
YAML
for w in gated gated2; do cat <<YAML; done >>"$DIR/workflows.yaml"
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $w}
spec:
  entrypoint: main
  templates:
  - name: main
    steps: [[{name: gate, template: gate}], [{name: after, template: after}]]
  - {name: gate, suspend: {}}
  - {name: after, container: {image: x, command: ["true"]}}
YAML
for w in slow slow2; do cat <<YAML; done >>"$DIR/workflows.yaml"
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $w}
spec: {entrypoint: main, templates: [{name: main, container: {image: x, command: [sleep, "60"]}}]}
YAML
check "sources and sensors are applied" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
check "the endpoints come up" hooks_are_up
check "the sensor runs" wait_for 10 grep -q 'sensor runs.*sensorName=helm' "$DIR/server.log"
check "workflows are applied" "$TIPHYS" apply -f "$DIR/workflows.yaml"
post() { curl -sf -H 'Content-Type: application/json' -d "{\"name\":\"$2\"}" "http://127.0.0.1:$PORT/$1"; }
phase() { "$TIPHYS" get "$1" -o json | jq -r .status.phase; }
has_phase() { [ "$(phase "$1")" = "$2" ]; }
suspended() { [ "$("$TIPHYS" get "$1" -o json | jq -r '.spec.suspend // false')" = "$2" ]; }
gate_runs() { [ "$("$TIPHYS" get "$1" -o json | jq -r '[.status.nodes[]? | select(.displayName == "gate").phase] | first')" = Running ]; }

check "a workflow waits at its gate" wait_for 20 gate_runs gated
check "an event resumes it" post resume gated
check "it goes on to its end" wait_for 20 has_phase gated Succeeded
check "another waits" wait_for 20 gate_runs gated2
check "an event stops its gate" post stop gated2
check "it fails" wait_for 20 has_phase gated2 Failed
check "with the message of the flag" sh -c "'$TIPHYS' get gated2 -o json | jq -e '.status.nodes[] | select(.displayName == \"gate\").message == \"stopped by an event\"'"

check "a slow one runs" wait_for 20 has_phase slow Running
check "an event suspends it" post suspend slow
check "it is suspended" wait_for 10 suspended slow true
check "an event terminates it" post terminate slow
check "it ends" wait_for 20 has_phase slow Failed

check "a workflow fails" wait_for 20 has_phase broken Failed
check "an event resubmits it" post resubmit broken
resubmitted() { "$TIPHYS" list -o json -l workflows.argoproj.io/resubmitted-from-workflow=broken | jq 'length'; }
has_resubmitted() { [ "$(resubmitted)" -ge "$1" ]; }
check "a new one is there" wait_for 10 has_resubmitted 1
check "an event retries it with another argument" post retry broken
check "it succeeds" wait_for 20 has_phase broken Succeeded
check "an event submits from a template" post submit-from tpl
from_template() { [ "$("$TIPHYS" list -o json -l from=event | jq -r '.[0].status.phase')" = Succeeded ]; }
check "the workflow has the flags' label and argument" wait_for 20 from_template

ID=$(bus "SELECT id FROM record WHERE event = 'terminate'")
has_trace() { "$TIPHYS" trace event "$1" >"$DIR/trace" && grep -qF -- "$2" "$DIR/trace"; }
check "the trace tells what was done" wait_for 10 has_trace "$ID" "helm/terminate: terminated Workflow default/slow"
check "an event for one that has ended" post suspend gated
LAST=$(bus "SELECT id FROM record WHERE event = 'suspend' ORDER BY seq DESC LIMIT 1")
check "fails with argo's words" wait_for 10 has_trace "$LAST" "cannot suspend completed workflows"
check "an event for nobody" post terminate nobody
LAST=$(bus "SELECT id FROM record WHERE event = 'terminate' ORDER BY seq DESC LIMIT 1")
check "fails, too" wait_for 10 has_trace "$LAST" 'workflows.argoproj.io "nobody" not found'
check "a kind that argo does not submit from" post refuse tpl
LAST=$(bus "SELECT id FROM record WHERE event = 'refuse'")
check "is refused" wait_for 10 has_trace "$LAST" "invalid kind ClusterWorkflowTemplate"

stop_server -KILL
check "the server starts again after kill -9" start_server
check "the endpoints come up again" hooks_are_up
check "one more event" post terminate slow2
check "is carried out" wait_for 20 has_phase slow2 Failed
check "nothing was resubmitted again" equals "$(resubmitted)" 1

sed -e 's/name: helm/name: crooked/' -e 's/args: \[-p, "how=0"\],/args: [--wait],/' "$DIR/pipeline.yaml" >"$DIR/crooked.yaml"
"$TIPHYS" apply -f "$DIR/crooked.yaml" >/dev/null 2>&1
status() { "$TIPHYS" get sensor crooked -o json | jq -r '.status.conditions[1].message // ""'; }
has_status() { [ -n "$(status)" ]; }
check "a flag that is not built yet gives the sensor a status" wait_for 10 has_status
status >"$DIR/status"
check "which names it" contains "$DIR/status" "template.argoWorkflow: args: --wait is not supported yet"
