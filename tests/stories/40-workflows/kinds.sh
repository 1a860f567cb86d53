#!/bin/sh
# Workflows of each kind that runs, on the real daemon with real pods: their phases, trees and outputs.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
head() { printf 'apiVersion: argoproj.io/v1alpha1\nkind: %s\nmetadata: {name: %s}\nspec:\n' "${2:-Workflow}" "$1"; }
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
# nodes NAME: "displayName type phase" of each node, sorted.
nodes() { api "$1" | jq -r '.status.nodes[] | "\(.displayName) \(.type) \(.phase)"' | LC_ALL=C sort | tr '\n' ';'; }
submit() { "$TIPHYS" submit "$1" --wait >"$DIR/submit.out" 2>&1; }
SAY='  - {name: say, inputs: {parameters: [{name: m}]}, container: {image: busybox, command: [echo], args: ["{{inputs.parameters.m}}"]}}'

check "the server starts" start_server

{
    head diamond
    echo '  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: a, template: say, arguments: {parameters: [{name: m, value: A}]}}
      - {name: b, template: say, depends: a, arguments: {parameters: [{name: m, value: "{{tasks.a.outputs.result}}b"}]}}
      - {name: c, template: say, depends: a, arguments: {parameters: [{name: m, value: C}]}}
      - {name: d, template: say, depends: "b.Succeeded && c.Succeeded", arguments: {parameters: [{name: m, value: "{{tasks.b.outputs.result}}d"}]}}'
    echo "$SAY"
} >"$DIR/diamond.yaml"
check "a diamond succeeds" submit "$DIR/diamond.yaml"
check "its tree" equals "$(nodes diamond)" "a Pod Succeeded;b Pod Succeeded;c Pod Succeeded;d Pod Succeeded;diamond DAG Succeeded;"
check "results are handed on" sh -c "'$TIPHYS' logs diamond | grep -q ': Abd$'"

{
    head loop
    echo '  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: make, template: list}
    - - {name: each, template: say, withParam: "{{steps.make.outputs.result}}", arguments: {parameters: [{name: m, value: "{{item.n}}"}]}}
      - {name: skipped, template: say, when: "{{steps.make.exitCode}} == 1", arguments: {parameters: [{name: m, value: never}]}}
      - {name: taken, template: say, when: "{{steps.make.exitCode}} == 0", arguments: {parameters: [{name: m, value: "yes"}]}}
  - {name: list, container: {image: busybox, command: [echo], args: ["[{\"n\": 1}, {\"n\": 2}]"]}}'
    echo "$SAY"
} >"$DIR/loop.yaml"
check "a loop with conditions succeeds" submit "$DIR/loop.yaml"
check "its tree" equals "$(nodes loop)" "[0] StepGroup Succeeded;[1] StepGroup Succeeded;each(0:n:1) Pod Succeeded;each(1:n:2) Pod Succeeded;loop Steps Succeeded;make Pod Succeeded;skipped Skipped Skipped;taken Pod Succeeded;"
check "why a step was skipped" equals "$(api loop | jq -r '.status.nodes[] | select(.displayName == "skipped").message')" "when '0 == 1' evaluated false"

{
    head outputs
    cat <<'YAML'
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: write, template: write}
    - - {name: read, template: read, arguments: {parameters: [{name: m, value: "{{steps.write.outputs.parameters.text}}"}]}}
  - name: write
    script: {image: busybox, command: [sh], source: "printf 'from a file' >out.txt"}
    outputs: {parameters: [{name: text, valueFrom: {path: out.txt}}]}
  - {name: read, inputs: {parameters: [{name: m}]}, script: {image: busybox, command: [sh], source: 'echo "read {{inputs.parameters.m}}"'}}
YAML
} >"$DIR/outputs.yaml"
check "a parameter from a file succeeds" submit "$DIR/outputs.yaml"
check "its value" sh -c "'$TIPHYS' logs outputs | grep -q ': read from a file$'"

{
    head retried
    cat <<'YAML'
  entrypoint: main
  onExit: bye
  templates:
  - name: main
    retryStrategy: {limit: 2}
    container: {image: busybox, command: [sh, -c, "exit 3"]}
  - {name: bye, container: {image: busybox, command: [echo], args: ["{{workflow.status}}"]}}
YAML
} >"$DIR/retried.yaml"
check "a step that never succeeds fails the submission" sh -c "! '$TIPHYS' submit '$DIR/retried.yaml' --wait"
check "its tree" equals "$(nodes retried)" "retried Retry Failed;retried(0) Pod Failed;retried(1) Pod Failed;retried(2) Pod Failed;retried.onExit Pod Succeeded;"
check "the message" equals "$(api retried | jq -r '.status.message')" "No more retries left"
check "the exit handler knows" sh -c "'$TIPHYS' logs retried | grep -q ': Failed$'"

{
    head lib WorkflowTemplate
    echo '  entrypoint: main
  arguments: {parameters: [{name: who, value: lib}]}
  templates:
  - {name: main, container: {image: busybox, command: [echo], args: ["hello {{workflow.parameters.who}}"]}}'
} >"$DIR/lib.yaml"
check "a template is created" "$TIPHYS" apply -f "$DIR/lib.yaml"
check "a workflow from it succeeds" "$TIPHYS" submit --from workflowtemplate/lib --name from-lib -p who=me --wait
check "its log" equals "$("$TIPHYS" logs from-lib)" "from-lib: hello me"
{
    head by-ref
    echo '  entrypoint: main
  templates:
  - {name: main, steps: [[{name: call, templateRef: {name: lib, template: main}}]]}
  arguments: {parameters: [{name: who, value: ref}]}'
} >"$DIR/ref.yaml"
check "a templateRef succeeds" submit "$DIR/ref.yaml"
LEFT=$(ls -d "$DIR"/data/pods/default/from-lib*)
check "the log of a finished workflow is on disk" test -d "$LEFT"
check "the workflow is deleted" "$TIPHYS" delete workflow from-lib
stop_server -KILL
check "the server starts again" start_server
check "its log is gone from the disk" wait_for 20 sh -c "! test -e '$LEFT'"
check "those of others are not" equals "$("$TIPHYS" logs by-ref | wc -l)" 1
stop_server
