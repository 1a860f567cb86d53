#!/bin/sh
# A workflow is steered by its object alone, as `argo` with a kubeconfig and kubectl do: read, its status changed, written back.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
check "the server starts" start_server
API="http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows"
PODS="http://$ARGO_SERVER/api/v1/namespaces/default/pods"

get() { curl -sf "$API/$1" >"$DIR/object"; }
is() { get "$1" && equals "$(jq -r "$2" "$DIR/object")" "$3"; }
# send STATUS METHOD TYPE NAME: the body is in $DIR/body, the answer in $DIR/answer.
send() {
    got=$(curl -s -o "$DIR/answer" -w '%{http_code}' -X "$2" -H "Content-Type: application/$3" --data-binary "@$DIR/body" "$API/$4")
    [ "$got" = "$1" ] || { echo "$got, not $1:"; cat "$DIR/answer"; return 1; }
}
# put NAME JQ: what jq makes of the object as it is now, as a client of Go does; again when the engine was faster.
put() {
    for _ in 1 2 3 4 5 6 7 8; do
        get "$1" && jq -c "$2" "$DIR/object" >"$DIR/body" && send 200 PUT json "$1" && return 0
        grep -q '"code":409' "$DIR/answer" || return 1
    done
    return 1
}
# nodes NAME: "displayName phase" of each node, sorted.
nodes() { get "$1" && jq -r '.status.nodes[] | "\(.displayName) \(.phase)"' "$DIR/object" | LC_ALL=C sort | tr '\n' ';'; }
node_is() { nodes "$1" | grep -q "$2 $3;"; }
submit() { "$TIPHYS" submit - >/dev/null; }
NOW='(now | todate)'
ENDS='(.status.nodes[] | select(.type == "Suspend" and .phase == "Running"))'

flow() { # NAME
    submit <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1, labels: {team: a}}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: ask, template: ask}
    - - {name: use, template: say, arguments: {parameters: [{name: word, value: "{{steps.ask.outputs.parameters.word}}"}]}}
  - name: ask
    suspend: {}
    outputs: {parameters: [{name: word, valueFrom: {supplied: {}, default: nothing}}]}
  - name: say
    inputs: {parameters: [{name: word}]}
    container: {image: busybox, command: [echo, "said {{inputs.parameters.word}}"]}
YAML
    wait_for 20 node_is "$1" ask Running
}

check "a workflow waits" flow resumed
check "its node is ended in the object" put resumed "$ENDS |= (.phase = \"Succeeded\" | .finishedAt = $NOW | .outputs.parameters[0] = {name: \"word\", value: \"nothing\"})"
check "it goes on" wait_for 20 is resumed .status.phase Succeeded
check "with the value" is resumed '.status.nodes[] | select(.displayName == "use").inputs.parameters[0].value' nothing

check "another waits" flow failed
get failed
jq -c "$ENDS |= (.phase = \"Failed\" | .message = \"no\" | .finishedAt = $NOW)" "$DIR/object" >"$DIR/stale"
check "somebody else writes it" put failed '.metadata.labels.team = "b"'
cp "$DIR/stale" "$DIR/body"
check "what was read before is refused" send 409 PUT json failed
check "and nothing of it is there" is failed '.metadata.labels.team, (.status.nodes[] | select(.displayName == "ask").phase)' "b
Running"
check "the new one is failed, with a message" put failed "$ENDS |= (.phase = \"Failed\" | .message = \"no\" | .finishedAt = $NOW)"
check "it fails" wait_for 20 is failed .status.phase Failed
check "by it" is failed '.status.nodes[] | select(.displayName == "ask").message' no

check "one is stopped by a patch of its status" flow patched
get patched
jq -c "{status: {nodes: ([$ENDS | {key: .id, value: {phase: \"Succeeded\", outputs: {parameters: [{name: \"word\", value: \"patch\"}]}}}] | from_entries)}}" "$DIR/object" >"$DIR/body"
check "a merge patch" send 200 PATCH merge-patch+json patched
check "is answered whole" sh -c "jq -e '[.status.nodes[] | select(.phase == \"Succeeded\")] | length > 0' '$DIR/answer'"
check "it goes on" wait_for 20 is patched .status.phase Succeeded
check "its last step has the word" is patched '.status.nodes[] | select(.displayName == "use").inputs.parameters[0].value' patch

check "one more" flow pointed
get pointed
ID=$(jq -r "$ENDS.id" "$DIR/object")
echo "[{\"op\": \"test\", \"path\": \"/status/nodes/$ID/phase\", \"value\": \"Failed\"}, {\"op\": \"replace\", \"path\": \"/status/nodes/$ID/phase\", \"value\": \"Error\"}]" >"$DIR/body"
check "a JSON patch whose test fails" send 422 PATCH json-patch+json pointed
sed -i 's/"value": "Failed"/"value": "Running"/' "$DIR/body"
check "one whose test holds" send 200 PATCH json-patch+json pointed
check "ends the workflow" wait_for 20 is pointed .status.phase Failed
check "and the node is in error" node_is pointed ask Error

# Clients pack the nodes of large workflows, as a cluster stores no more than 1 MiB.
check "one whose nodes are packed" flow packed
get packed
jq -c "$ENDS |= (.phase = \"Succeeded\" | .outputs.parameters[0] = {name: \"word\", value: \"packed\"} | .message = (\"m\" * 2000000)) | .status.nodes" "$DIR/object" | gzip | base64 -w0 >"$DIR/nodes"
jq -c --rawfile nodes "$DIR/nodes" '.status.nodes = null | .status.compressedNodes = $nodes' "$DIR/object" >"$DIR/body"
check "is written" send 200 PUT json packed
check "it goes on" wait_for 20 is packed .status.phase Succeeded
check "with its nodes" is packed '.status.nodes[] | select(.displayName == "use").inputs.parameters[0].value' packed
check "with all that they said" is packed '[.status.nodes[].message // "" | length] | max' 2000000
check "which are never shown packed" is packed '.status | has("compressedNodes")' false

# What a node gives under a global name is the workflow's when its DAG has ended, whoever ended the node.
submit <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: global}
spec:
  entrypoint: main
  templates:
  - {name: main, dag: {tasks: [{name: ask, template: ask}]}}
  - {name: ask, suspend: {}, outputs: {parameters: [{name: word, globalName: said, valueFrom: {supplied: {}}}]}}
YAML
check "a DAG waits" wait_for 20 node_is global ask Running
check "it is given a word" put global "$ENDS |= (.phase = \"Succeeded\" | .finishedAt = $NOW | .outputs.parameters[0] = {name: \"word\", value: \"aye\", globalName: \"said\"})"
check "it ends" wait_for 20 is global .status.phase Succeeded
check "the word is the workflow's" is global '.status.outputs.parameters[] | "\(.name)=\(.value)"' said=aye

# What cannot be taken is refused, and changes nothing.
check "another one waits" flow refused
refuses() { # TEXT JQ
    get refused && jq -c "$2" "$DIR/object" >"$DIR/body" && send 422 PUT json refused && contains "$DIR/answer" "$1"
}
check "nodes that are packed by nothing that is known" refuses "status.compressedNodes: Invalid value: gzip: " 'del(.status.nodes) | .status.compressedNodes = "H4sIAA=="'
check "offloaded nodes" refuses "status.offloadNodeStatusVersion: Forbidden" '.status.offloadNodeStatusVersion = "fnv:1"'
check "a phase that there is none of" refuses "status.phase" '.status.phase = "Fine"'
check "nodes in a circle" refuses "it follows itself" '.status.nodes.refused.children = ["refused"]'
check "a node under another id" refuses "stands under its id" '.status.nodes.x = .status.nodes.refused'
check "a document without a status leaves it" put refused 'del(.status) | .metadata.labels.team = "c"'
check "the node still waits" node_is refused ask Running
check "a try changes nothing" sh -c "jq -c '.status.phase = \"Failed\"' '$DIR/object' >'$DIR/body' && curl -sf -X PUT -H 'Content-Type: application/json' --data-binary '@$DIR/body' '$API/refused?dryRun=All' | jq -e '.status.phase == \"Failed\" and (.status.nodes | length) > 0'"
check "it runs" is refused .status.phase Running
check "somebody ends all of it" put refused ".status.phase = \"Failed\" | .status.message = \"by hand\" | .status.finishedAt = $NOW"
check "it has ended" wait_for 20 is refused '.metadata.labels["workflows.argoproj.io/completed"]' true
check "as was written" is refused '.status.phase, .status.message' "Failed
by hand"

# A retry as clients make it: what failed is taken away, groups are set back, the label goes.
submit <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: again}
spec:
  entrypoint: main
  templates:
  - name: main
    steps: [[{name: good, template: count}], [{name: bad, template: try}]]
  - {name: count, container: {image: busybox, command: [sh, -c], args: ['echo x >>$DIR/counted']}}
  - {name: try, container: {image: busybox, command: [sh, -c], args: ['echo try; test -e $DIR/good']}}
YAML
check "a workflow fails" wait_for 20 is again .status.phase Failed
check "it is marked as completed" wait_for 20 is again '.metadata.labels["workflows.argoproj.io/completed"]' true
RETRY='([.status.nodes[] | select(.displayName == "bad").id]) as $gone
    | .status.nodes |= with_entries(select(.key as $k | $gone | index($k) | not))
    | .status.nodes[] |= ((if .phase == "Failed" then .phase = "Running" | .finishedAt = null | del(.message) else . end)
        | if .children then .children -= $gone else . end | if .outboundNodes then .outboundNodes -= $gone else . end)
    | del(.metadata.labels["workflows.argoproj.io/completed"]) | del(.status.phase, .status.message)
    | .status.startedAt = (now | todate) | .status.finishedAt = null'
# As argo does it: read, pods of what failed deleted, written over what was read.
delete_failed() {
    for pod in $(curl -sf "$PODS" | jq -r '.items[].metadata.name' | grep again-try); do curl -sf -X DELETE "$PODS/$pod" >/dev/null || return 1; done
}
get again
jq -c "$RETRY" "$DIR/object" >"$DIR/body"
check "its pod is deleted" delete_failed
check "which is no change of the workflow: it is retried in vain" send 200 PUT json again
check "it fails again" wait_for 20 is again '.status.phase + (.metadata.generation | tostring)' Failed2
check "and is completed again" wait_for 20 is again '.metadata.labels["workflows.argoproj.io/completed"]' true
touch "$DIR/good"
check "it is retried" put again "$RETRY"
check "it succeeds" wait_for 20 is again .status.phase Succeeded
check "what was good was not run again" equals "$(cat "$DIR/counted")" x
check "its log is that of the last try" sh -c "curl -s '$PODS' | jq -r '.items[].metadata.name' | grep again-try | xargs -I{} curl -s '$PODS/{}/log' | tr '\n' ' ' | grep -qx 'try '"

# A resubmission that takes over results is created with their nodes, whose ids are made of the new name.
hash_of() {
    python3 -c 'import sys; h = 0x811c9dc5
for c in sys.argv[1].encode(): h = ((h ^ c) * 0x01000193) & 0xffffffff
print(h)' "$1"
}
GROUP=memo-$(hash_of 'memo[0]')
GOOD=memo-$(hash_of 'memo[0].good')
get again
jq -c "{apiVersion, kind, metadata: {name: \"memo\"}, spec, status: {startedAt: null, finishedAt: null, nodes: {
    memo: {id: \"memo\", name: \"memo\", displayName: \"memo\", type: \"Steps\", templateName: \"main\", phase: \"Pending\", children: [\"$GROUP\"]},
    \"$GROUP\": {id: \"$GROUP\", name: \"memo[0]\", displayName: \"[0]\", type: \"StepGroup\", boundaryID: \"memo\", phase: \"Pending\", children: [\"$GOOD\"]},
    \"$GOOD\": {id: \"$GOOD\", name: \"memo[0].good\", displayName: \"good\", type: \"Skipped\", boundaryID: \"memo\", templateName: \"count\", phase: \"Skipped\",
        message: \"original pod: x\", startedAt: $NOW, finishedAt: $NOW}}}}" "$DIR/object" >"$DIR/body"
check "one is created with nodes" send 201 POST json ""
check "it succeeds" wait_for 20 is memo .status.phase Succeeded
check "what it took over was not run" equals "$(cat "$DIR/counted")" x
check "and is shown so" node_is memo good Skipped
check "the other step was" node_is memo bad Succeeded

# Pods that run: one whose node is taken away is stopped and made again, the other one goes on as it is.
submit <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: pair}
spec:
  entrypoint: main
  templates:
  - name: main
    dag: {tasks: [{name: stays, template: wait}, {name: goes, template: wait}]}
  - {name: wait, container: {image: busybox, command: [sh, -c], args: ['echo \$\$ >>$DIR/begun; while [ ! -e $DIR/go ]; do sleep 0.05; done']}}
YAML
begun() { equals "$(wc -l <"$DIR/begun")" "$1"; }
check "two pods run" wait_for 20 sh -c "[ \"\$(wc -l <'$DIR/begun')\" = 2 ]"
check "their nodes, too" wait_for 20 sh -c "curl -sf '$API/pair' | jq -e '[.status.nodes[] | select(.type == \"Pod\" and .phase == \"Running\")] | length == 2'"
check "the node of one is taken away" put pair '([.status.nodes[] | select(.displayName == "goes").id]) as $gone
    | .status.nodes |= with_entries(select(.key as $k | $gone | index($k) | not)) | .status.nodes.pair.children -= $gone'
check "it begins again" wait_for 20 begun 3
check "the other one keeps its pod" sh -c "curl -sf '$API/pair' | jq -e '.metadata.generation == 2 and ([.status.nodes[] | select(.displayName == \"stays\").podUID | endswith(\"r2\")] == [false])'"
stop_server -KILL
check "the server starts again" start_server
API="http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows"
touch "$DIR/go"
check "both end" wait_for 20 is pair .status.phase Succeeded
check "and none was begun once more" begun 3

check "all of a run anew: its status is emptied" put pair '.status = {startedAt: null, finishedAt: null} | del(.metadata.labels["workflows.argoproj.io/completed"])'
check "it runs and ends again" wait_for 20 is pair '.status.phase + (.metadata.generation | tostring)' Succeeded3
check "with pods of its own" begun 5
