#!/bin/sh
# The commands about workflows: outputs, exit codes, errors with their place.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
check "the server starts" start_server
cat >"$DIR/good.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: good-}
spec:
  entrypoint: main
  arguments: {parameters: [{name: who, value: nobody}]}
  templates:
  - name: main
    container: {image: busybox, command: [echo], args: ["hello {{workflow.parameters.who}}"]}
YAML
sed 's/generateName: good-/name: bad/; s/\[echo\]/[sh, -c, "exit 1"]/; s/args: .*}/}/; s/, }/}/' "$DIR/good.yaml" >"$DIR/bad.yaml"
sed 's/entrypoint/entrypont/' "$DIR/good.yaml" >"$DIR/wrong.yaml"

check "submit prints the workflow" sh -c "'$TIPHYS' submit '$DIR/good.yaml' >'$DIR/out1'"
check "its facts" contains "$DIR/out1" "Namespace:           default"
made=$("$TIPHYS" submit "$DIR/good.yaml" -o name -p who=you)
check "wait succeeds" "$TIPHYS" wait "$made"
check "logs" equals "$("$TIPHYS" logs "$made")" "$made: hello you"
"$TIPHYS" get "$made" >"$DIR/out2"
check "get shows the tree" contains "$DIR/out2" "✔ $made"
check "list shows it" sh -c "'$TIPHYS' list -o name | grep -qx '$made'"
check "a failed workflow is exit code 1" sh -c "! '$TIPHYS' submit '$DIR/bad.yaml' --wait"
check "wait says so, too" sh -c "! '$TIPHYS' wait bad"
check "an unknown workflow is an error" sh -c "! '$TIPHYS' wait nobody"
check "unless it is not to be" "$TIPHYS" wait nobody --ignore-not-found
"$TIPHYS" submit "$DIR/wrong.yaml" >"$DIR/out3" 2>&1
check "a wrong field is named with its place and the nearest one" contains "$DIR/out3" 'wrong.yaml:5:3: spec.entrypont: unknown field "entrypont", did you mean "entrypoint"?'
check "a dry run creates nothing" sh -c "'$TIPHYS' submit '$DIR/good.yaml' --name dry --dry-run -o name && ! '$TIPHYS' get dry"
stop_server
