#!/bin/sh
# Requests of CPU and memory on the real daemon: what does not fit waits, told why, and begins when room comes; what never fits is ended by its time or by people; after a kill -9 of the daemon all end.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
node() { api "$1" | jq -r ".status.nodes[] | select(.type == \"Pod\") | $2"; }
is() { [ "$(node "$1" "$2")" = "$3" ]; }
MOST=$(($(nproc) * 1000 - 100))
FULL='Unschedulable: 0/1 nodes are available: 1 Insufficient'

# asks NAME SPEC TEMPLATE CONTAINER: a workflow of one pod that runs until a file is there.
asks() {
    cat >"$DIR/$1.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1}
spec:
  entrypoint: main
  $2
  templates:
  - name: main
    $3
    container:
      image: busybox
      command: [sh, -c, 'until test -e $DIR/$1.go; do sleep 0.05; done']
      $4
YAML
    "$TIPHYS" submit "$DIR/$1.yaml"
}
check "the server starts" start_server
check "one that takes nearly all" asks first "" "" "resources: {requests: {cpu: ${MOST}m, memory: 1Mi}}"
check "runs" wait_for 20 is first .phase Running
check "another one, by its limit" asks second "" "" "resources: {limits: {cpu: 200m}}"
check "does not fit, and says so" wait_for 20 is second '"\(.phase) \(.message)"' "Pending $FULL cpu."
check "one that asks for the pod as a whole" asks third "podResources: {requests: {cpu: 300m}}" "" ""
check "neither" wait_for 20 is third '"\(.phase) \(.message)"' "Pending $FULL cpu."
check "who fits passes" asks small "" "" "resources: {requests: {cpu: 50m}}"
check "it runs" wait_for 20 is small .phase Running
stop_server -KILL
check "the daemon starts again" start_server
check "what runs goes on" wait_for 20 is first .phase Running
check "who waits, waits" wait_for 20 is second '"\(.phase) \(.message)"' "Pending $FULL cpu."
check "and so does the next" is third '"\(.phase) \(.message)"' "Pending $FULL cpu."
touch "$DIR/first.go"
check "when there is room the next ones run" wait_for 30 is second .phase Running
check "both" wait_for 30 is third .phase Running
check "without a message" is second '.message // "none"' none
touch "$DIR/second.go" "$DIR/third.go" "$DIR/small.go"
check "and end" timeout 30 "$TIPHYS" wait first second third small

check "more than there is" asks never "" "" "resources: {requests: {memory: 100Ti}}"
check "waits" wait_for 20 is never '"\(.phase) \(.message)"' "Pending $FULL memory."
check "others do not wait behind it" asks behind "" "" "resources: {requests: {memory: 1Mi}}"
touch "$DIR/behind.go"
check "they run" timeout 30 "$TIPHYS" wait behind
check "it is counted by its reason" sh -c "curl -sf 'http://$ARGO_SERVER/metrics' | grep -qF 'argo_workflows_pod_pending_count{namespace=\"default\",reason=\"Unschedulable\"} '"
check "people end it" "$TIPHYS" terminate never
check "it ends" sh -c "timeout 30 '$TIPHYS' wait never; test \$? -ne 124"
check "as failed" is never .phase Failed
check "a time to be pending" asks late "" "pendingTimeout: 1s" "resources: {requests: {cpu: '100000'}}"
check "ends it" sh -c "timeout 30 '$TIPHYS' wait late; test \$? -ne 124"
check "with its message" is late '"\(.phase) \(.message)"' "Failed timeout"
check "so does a time to be active" asks active "" "activeDeadlineSeconds: 1" "resources: {requests: {cpu: '100000'}}"
check "which ends" sh -c "timeout 30 '$TIPHYS' wait active; test \$? -ne 124"
check "as on the node" is active '"\(.phase) \(.message)"' "Failed Pod was active on the node longer than the specified deadline"
