#!/bin/sh
# Workflows that can never go on end, and say why: references that nothing gives, calls that cannot be made, rows that cannot be read.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
field() { "$TIPHYS" get "$1" -o json | jq -r "$2"; }
has_phase() { [ "$(field "$1" .status.phase)" = "$2" ]; }
head() { printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: %s}\nspec:\n' "$1"; }
SAY='  - {name: say, inputs: {parameters: [{name: m}]}, container: {image: busybox, command: [echo], args: ["{{inputs.parameters.m}}"]}}'

check "the server starts" start_server
{
    head lost
    echo '  entrypoint: main
  templates:
  - {name: main, steps: [[{name: a, template: say, arguments: {parameters: [{name: m, value: "{{steps.nobody.outputs.result}}"}]}}]]}'
    echo "$SAY"
} >"$DIR/lost.yaml"
check "a reference that nothing gives fails the submission" sh -c "! timeout 20 '$TIPHYS' submit '$DIR/lost.yaml' --wait"
check "and ends the workflow in Error" equals "$(field lost .status.phase)" Error
check "which names it" equals "$(field lost .status.message)" "failed to resolve {{steps.nobody.outputs.result}}"
check "no node is left running" equals "$(field lost '[.status.nodes[].phase] | unique | join(" ")')" Error

{
    head half
    echo '  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: slow, template: slow}
      - {name: wrong, template: "{{workflow.name}}-missing"}
      - {name: after, template: slow}
  - {name: slow, container: {image: busybox, command: [sh, -c, "sleep 1; echo done"]}}'
} >"$DIR/half.yaml"
check "a call that cannot be made fails the submission" sh -c "! timeout 20 '$TIPHYS' submit '$DIR/half.yaml' --wait"
check "the workflow has failed" equals "$(field half .status.phase)" Failed
check "with the reason" sh -c "'$TIPHYS' get half -o json | jq -r .status.message | grep -q '^step group deemed errored due to child half\[0\].wrong error: template .*missing not found'"
check "what was started before has ended" equals "$(field half '.status.nodes[] | select(.displayName == "slow").phase')" Succeeded
check "what comes after was not started" equals "$(field half '[.status.nodes[] | select(.displayName == "after")] | length')" 0

{ head waits; echo '  suspend: true
  entrypoint: say
  arguments: {parameters: [{name: m, value: x}]}
  templates:'; echo "$SAY"; } >"$DIR/waits.yaml"
sed 's/name: waits/name: torn/' "$DIR/waits.yaml" >"$DIR/torn.yaml"
{ head long; echo '  entrypoint: main
  templates:
  - {name: main, container: {image: busybox, command: [sleep, "20"]}}'; } >"$DIR/long.yaml"
for name in waits torn long; do check "submit $name" "$TIPHYS" submit "$DIR/$name.yaml"; done
check "one runs" wait_for 10 sh -c "'$TIPHYS' get long -o json | jq -e '.status.nodes | length == 1'"
check "the server stops" stop_server
state "UPDATE object SET doc = json_remove(doc, '\$.spec') WHERE name = 'torn'"
state "UPDATE node SET doc = json_set(doc, '\$.type', 'Nonsense') WHERE workflow = (SELECT uid FROM object WHERE name = 'long')"
check "it starts with rows that cannot be read" start_server
check "a workflow without a spec ends in Error" wait_for 10 has_phase torn Error
check "which says so" equals "$(field torn .status.message)" "invalid spec: spec: a workflow has a spec"
check "a workflow with a node of no type ends in Error" wait_for 10 has_phase long Error
check "which says so" sh -c "'$TIPHYS' get long -o json | jq -r .status.message | grep -q '^invalid spec: .*Nonsense'"
check "the others are what they were" has_phase waits Running
stop_server
