#!/bin/sh
# Workflows that can never go on end, and say why: references that nothing gives, calls that cannot be made (both refused), rows that cannot be read.
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
refused() { ! "$TIPHYS" submit "$DIR/$1.yaml" >"$DIR/refused" 2>&1; }
check "a reference that nothing gives is refused" refused lost
check "with its name and place" contains "$DIR/refused" "lost.yaml:7:27: templates.main.steps failed to resolve {{steps.nobody.outputs.result}}"

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
check "a call that cannot be made is refused" refused half
check "with its name" contains "$DIR/refused" "undefined"
check "nothing of them is stored" sh -c "'$TIPHYS' list 2>&1 | grep -q 'No workflows found'"

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
