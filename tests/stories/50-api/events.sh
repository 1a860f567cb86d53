#!/bin/sh
# Events on Workflows: what `kubectl describe` shows of a workflow and its nodes, with the originals' reasons and texts.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
check "the server starts" start_server
export KUBECONFIG=/dev/null
k() { timeout 60 kubectl --server="http://$ARGO_SERVER" --cache-dir="$DIR/kube" "$@"; }
cat >"$DIR/good.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: good}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: busybox, command: [sh, -c], args: ["sleep 0.3"]}
YAML
sed 's/good/bad/; s/sleep 0.3/sleep 0.3; exit 3/' "$DIR/good.yaml" >"$DIR/bad.yaml"
check "a workflow that succeeds" "$TIPHYS" submit --wait "$DIR/good.yaml"
"$TIPHYS" submit --wait "$DIR/bad.yaml" >"$DIR/out" 2>&1
events() { k get events --sort-by=.metadata.name -o json >"$DIR/events.json" && jq -r ".items[] | select(.involvedObject.name == \"$1\") | [.type, .reason, .message] | join(\"|\")" "$DIR/events.json" | sort; }
has() { [ "$(events "$1" | wc -l)" -ge "$2" ]; }
check "its events are stored" wait_for 10 has good 5
check "in the originals' words, but for what its pods run in" equals "$(events good | sed 's/isolation .*/isolation X/')" 'Normal|PodIsolation|Pods run in isolation X
Normal|WorkflowNodeRunning|Running node good
Normal|WorkflowNodeSucceeded|Succeeded node good
Normal|WorkflowRunning|Workflow Running
Normal|WorkflowSucceeded|Workflow completed'
check "and those of the other" wait_for 10 has bad 5
events bad >"$DIR/bad"
check "a node that failed" contains "$DIR/bad" 'Warning|WorkflowNodeFailed|Failed node bad: main: Error (exit code 3)'
check "a workflow that failed" contains "$DIR/bad" 'Warning|WorkflowFailed|main: Error (exit code 3)'
UID_OF=$(k get wf good -o 'jsonpath={.metadata.uid}')
check "they are about the workflow" equals "$(jq -r '[.items[] | select(.involvedObject.name == "good") | .involvedObject | [.kind, .apiVersion, .uid] | join(" ")] | unique | .[]' "$DIR/events.json")" "Workflow argoproj.io/v1alpha1 $UID_OF"
check "annotations name the node" equals "$(jq -r '[.items[] | select(.involvedObject.name == "good") | .metadata.annotations // empty | [."workflows.argoproj.io/node-id", ."workflows.argoproj.io/node-name", ."workflows.argoproj.io/node-type"] | join(" ")] | unique | .[]' "$DIR/events.json")" 'good good Pod'
k describe wf good >"$DIR/described" 2>&1
check "kubectl describe shows them" contains "$DIR/described" 'workflow-controller  Workflow completed'
curl -sN --max-time 2 "http://$ARGO_SERVER/api/v1/stream/events/default?listOptions.fieldSelector=involvedObject.name%3Dgood" >"$DIR/stream"
check "Argo's API streams them" contains "$DIR/stream" '"reason":"WorkflowSucceeded"'

cat >"$DIR/wide.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: wide}
spec:
  entrypoint: main
  templates:
  - name: main
    steps: [[{name: a, template: one, withSequence: {count: "40"}}]]
  - name: one
    container: {image: busybox, command: ["true"]}
YAML
check "a wide workflow" "$TIPHYS" submit --wait "$DIR/wide.yaml"
ended() { events wide | grep -q WorkflowSucceeded; }
check "tells its end" wait_for 10 ended
check "and of its first nodes only" equals "$(events wide | grep -c WorkflowNode)" 25
stop_server
check "the server starts again" start_server
check "events are still there" has good 4
