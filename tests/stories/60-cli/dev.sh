#!/bin/sh
# dev: one command serves, applies manifests, applies again what changes, and ends with Ctrl-C.
. "$(dirname "$0")/../../support/story.sh"
mkdir "$DIR/m"
cat >"$DIR/m/flow.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: flow}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: busybox, command: [echo, first]}
YAML
cd "$DIR" || exit 1
"$TIPHYS" dev m --port 0 --isolation process >"$DIR/told" 2>"$DIR/errors" &
SERVER_PID=$!
check "it serves" wait_for 20 grep -q 'http://127.0.0.1:[0-9]*, data in ./.tiphys' "$DIR/told"
ARGO_SERVER=127.0.0.1:$(cat .tiphys/port)
export ARGO_SERVER
check "what is given is applied" wait_for 20 grep -qx 'workflow.argoproj.io/flow created' "$DIR/told"
check "the workflow is told" wait_for 20 grep -q '  workflow flow Succeeded$' "$DIR/told"
check "its log" equals "$("$TIPHYS" logs flow)" "flow: first"
sed 's/first/second/' m/flow.yaml >next && mv next m/flow.yaml
check "a change is a new run" wait_for 20 grep -qx 'workflow.argoproj.io/flow created anew' "$DIR/told"
check "of the new text" wait_for 20 sh -c "'$TIPHYS' logs flow | grep -qx 'flow: second'"
mkdir m/sub
sleep 0.3
cat >m/sub/map.yaml <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: map}
data: {a: b}
YAML
check "a new file in a new folder" wait_for 20 grep -qx 'configmap/map created' "$DIR/told"
sed -i 's/kind: ConfigMap/&\ndta: {}/' m/sub/map.yaml
check "a wrong one is told with its place" wait_for 20 grep -q 'm/sub/map.yaml:3:1: dta: unknown field "dta", did you mean "data"?' "$DIR/errors"
kill -INT "$SERVER_PID"
wait "$SERVER_PID"
check "Ctrl-C ends it cleanly" equals $? 0
SERVER_PID=""
check "a file that is not there" sh -c "! '$TIPHYS' dev nobody.yaml"
