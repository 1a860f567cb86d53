#!/bin/sh
# What the controller's ConfigMap says of limits, acted on by the real daemon: parallelism with priorities, a namespace's
# own, the rate of pods, what is kept, what is told, and what the user interface shows. What is wrong changes nothing.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
POSTPONED='Workflow processing has been postponed because too many workflows are already running'
api() { curl -sf "http://$ARGO_SERVER/$1"; }
workflows=apis/argoproj.io/v1alpha1/namespaces
# config LINE...: data of the ConfigMap
config() {
    { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: workflow-controller-configmap, namespace: argo}\ndata:\n'
      printf '  %s\n' "$@"; } >"$DIR/map.yaml"
    "$TIPHYS" apply -f "$DIR/map.yaml"
}
# flow NAME NAMESPACE PRIORITY COMMAND
flow() {
    cat >"$DIR/$1.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1, namespace: $2}
spec:
  entrypoint: main
  priority: $3
  templates:
  - {name: main, container: {image: busybox, command: [sh, -c, "$4"]}}
YAML
    "$TIPHYS" submit -n "$2" "$DIR/$1.yaml"
}
gate() { echo "until test -e $DIR/open-$1; do sleep 0.05; done"; }
field() { api "$workflows/$1/workflows/$2" | python3 -c "import json,sys; print(json.load(sys.stdin).get('status',{}).get('$3',''))"; }
is() { [ "$(field "$1" "$2" "$3")" = "$4" ] || { echo "$2: $3 is $(field "$1" "$2" "$3"), wanted $4"; return 1; }; }
notes() { equals "$(cat "$DIR/order" 2>/dev/null | tr '\n' ' ')" "$1 "; }
is_gone() { ! api "$workflows/$1/workflows/$2" >/dev/null; }

check "the server starts" start_server
check "one workflow at a time" config 'parallelism: "1"'
check "the first runs" flow first a 0 "$(gate first)"
check "it runs" wait_for 20 is a first phase Running
check "a second one is taken" flow low a 0 "echo low >>$DIR/order"
check "and a third, more important" flow high b 5 "echo high >>$DIR/order"
check "the second is postponed" wait_for 20 is a low message "$POSTPONED"
check "and Pending" is a low phase Pending
check "the third, too" wait_for 20 is b high message "$POSTPONED"
check "what is wrong" config 'parallelism: "many"'
check "is told" wait_for 20 contains "$DIR/server.log" 'parallelism: expected a whole number'
check "and changes nothing" is a low phase Pending
check "one at a time, again" config 'parallelism: "1"'
stop_server -KILL
check "the server starts again" start_server
check "the first still runs" wait_for 20 is a first phase Running
touch "$DIR/open-first"
check "all end" wait_for 30 is a low phase Succeeded
check "the important one first" notes "high low"
check "one a namespace" config 'namespaceParallelism: "1"'
check "a namespace with a limit of its own" sh -c "printf '%s\n' 'apiVersion: v1' 'kind: Namespace' \
    'metadata: {name: wide, labels: {workflows.argoproj.io/parallelism-limit: \"2\"}}' >$DIR/ns.yaml && $TIPHYS apply -f $DIR/ns.yaml"
for i in 1 2 3; do
    check "narrow $i" flow "n$i" narrow 0 "$(gate all)"
    check "wide $i" flow "w$i" wide 0 "$(gate all)"
done
check "one runs here" wait_for 20 is narrow n1 phase Running
check "two run there" wait_for 20 is wide w2 phase Running
check "the others wait" wait_for 20 is narrow n2 message "$POSTPONED"
check "there, too" wait_for 20 is wide w3 message "$POSTPONED"
check "without limits" config 'navColor: red' 'links: |' '  - {name: Logs, scope: pod, url: "http://logs/${metadata.name}"}' \
    'columns: |' '  - {name: Team, type: label, key: team}' 'workflowEvents: "{enabled: false}"' \
    'nodeEvents: "{sendAsPod: true}"'
check "all run" wait_for 20 is narrow n3 phase Running
touch "$DIR/open-all"
for i in 1 2 3; do
    check "narrow $i ends" wait_for 20 is narrow "n$i" phase Succeeded
    check "wide $i ends" wait_for 20 is wide "w$i" phase Succeeded
done
check "the interface has its links" sh -c "curl -sf http://$ARGO_SERVER/api/v1/info >$DIR/info"
check "a link" contains "$DIR/info" '"url":"http://logs/${metadata.name}"'
check "a column" contains "$DIR/info" '"key":"team"'
check "a colour" contains "$DIR/info" '"navColor":"red"'
check "a workflow that tells" flow tells quiet 0 "sleep 1"
check "it ends" wait_for 20 is quiet tells phase Succeeded
events() { api "api/v1/namespaces/quiet/events" >"$DIR/events"; contains "$DIR/events" "WorkflowNodeSucceeded"; }
check "its node is told" wait_for 20 events
check "about the pod" contains "$DIR/events" '"kind":"Pod"'
check "the workflow is not" lacks "$DIR/events" 'WorkflowSucceeded'
check "two of each phase are kept" config 'retentionPolicy: "{completed: 2, failed: 1, errored: 0}"'
check "the older ones go" wait_for 20 is_gone a first
left() { [ "$(api apis/argoproj.io/v1alpha1/workflows | python3 -c 'import json,sys; print(len(json.load(sys.stdin)["items"]))')" -eq 2 ]; }
check "two are left" wait_for 20 left
check "the newest is one of them" api "$workflows/quiet/workflows/tells"
check "one pod in two seconds" config 'resourceRateLimit: "{limit: 0.5, burst: 1}"'
cat >"$DIR/fan.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: fan, namespace: rate}
spec:
  entrypoint: main
  templates:
  - name: main
    steps: [[{name: s, template: t, withItems: [1, 2, 3]}]]
  - {name: t, container: {image: busybox, command: ['true']}}
YAML
begun=$(date +%s)
check "three pods" "$TIPHYS" submit -n rate "$DIR/fan.yaml" --wait
check "take their time" test $(($(date +%s) - begun)) -ge 3
check "each is in the histogram, two of them late" sh -c "curl -sf 'http://$ARGO_SERVER/metrics' | awk '/_resource_rate_limiter_latency_bucket.le=\"0.001\"/ {quick = \$2} /_resource_rate_limiter_latency_count/ {exit !(\$2 - quick == 2)}'"
check "a delay at the start" config 'initialDelay: 2s'
stop_server
check "the server starts a third time" start_server
check "it says so" contains "$DIR/server.log" 'workflows begin after the initial delay'
check "a workflow then" flow late a 0 true
check "ends" wait_for 30 is a late phase Succeeded
