#!/bin/sh
# Lifecycle hooks on the real daemon: beside a step while it runs, of the workflow, exit handlers with a condition; over kill -9.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
# nodes NAME: "displayName type phase" of each node, sorted.
nodes() { api "$1" | jq -r '.status.nodes[] | "\(.displayName) \(.type) \(.phase)"' | LC_ALL=C sort | tr '\n' ';'; }
has() { nodes "$1" | grep -qF "$2;"; }
check "the server starts" start_server

cat >"$DIR/hooks.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: hooked}
spec:
  entrypoint: main
  hooks:
    running: {template: say, expression: workflow.status == "Running"}
    failed: {template: say, expression: workflow.status == "Failed"}
  templates:
  - name: main
    steps:
    - - name: work
        template: wait
        hooks:
          running: {template: say, expression: steps.work.status == "Running"}
          done: {template: slow, expression: steps.work.status == "Succeeded"}
          exit: {template: say, expression: steps.work.status == "Failed"}
    - - {name: after, template: say}
  - {name: wait, container: {image: busybox, command: [sh, -c], args: ['while [ ! -e $DIR/go ]; do sleep 0.05; done']}}
  - {name: slow, container: {image: busybox, command: [sh, -c], args: ['while [ ! -e $DIR/end ]; do sleep 0.05; done']}}
  - {name: say, container: {image: busybox, command: [echo, hello]}}
YAML
check "a workflow runs" "$TIPHYS" submit "$DIR/hooks.yaml"
check "its hook beside it" wait_for 20 has hooked "hooked.hooks.running Pod Succeeded"
check "the hook beside its step" wait_for 20 has hooked "work.hooks.running Pod Succeeded"
check "the step goes on" has hooked "work Pod Running"
touch "$DIR/go"
check "a hook after it" wait_for 20 has hooked "work.hooks.done Pod Running"
stop_server -KILL
check "the server starts again" start_server
check "the next step waits for the hook" equals "$(nodes hooked)" "[0] StepGroup Running;hooked Steps Running;hooked.hooks.running Pod Succeeded;work Pod Succeeded;work.hooks.done Pod Running;work.hooks.running Pod Succeeded;"
touch "$DIR/end"
check "it goes on to its end" timeout 20 "$TIPHYS" wait hooked
check "all of it" equals "$(nodes hooked)" "[0] StepGroup Succeeded;[1] StepGroup Succeeded;after Pod Succeeded;hooked Steps Succeeded;hooked.hooks.running Pod Succeeded;work Pod Succeeded;work.hooks.done Pod Succeeded;work.hooks.running Pod Succeeded;"

sed -e 's/name: hooked/name: bare/' -e 's/, expression: workflow.status == "Failed"//' "$DIR/hooks.yaml" >"$DIR/bare.yaml"
check "a hook without expression is refused" sh -c "! '$TIPHYS' submit '$DIR/bare.yaml' 2>'$DIR/refused'"
check "with its path" contains "$DIR/refused" "spec.hooks.failed.expression: is required"
