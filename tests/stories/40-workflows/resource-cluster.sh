#!/bin/sh
# resource templates in a cluster that a kubeconfig names: each action and kind of patch, conditions, outputs, flags, contexts, wrong credentials, a cluster that is away, a server that is killed. The cluster is a second server, or that of CLUSTER_CONFIG (contexts: good, with all rights, and wrong).
. "$(dirname "$0")/../../support/story.sh"
CLUSTER_PID=""
end_cluster() { [ -n "$CLUSTER_PID" ] && kill -9 "$CLUSTER_PID" 2>/dev/null; CLUSTER_PID=""; }
trap 'end_cluster; finish; exit $((FAILED > 0))' EXIT
start_cluster() {
    [ -z "${CLUSTER_CONFIG:-}" ] || return 0
    ARGO_TOKEN=cluster-secret "$TIPHYS" server --port "$CLUSTER_PORT" --data "$DIR/cluster" --isolation process >>"$DIR/cluster.log" 2>&1 &
    CLUSTER_PID=$!
    wait_for 20 curl -sf -H 'Authorization: Bearer cluster-secret' "http://127.0.0.1:$CLUSTER_PORT/api/v1/namespaces"
}
CLUSTER_PORT=$(free_port)
CONFIG=${CLUSTER_CONFIG:-$DIR/config}
[ -n "${CLUSTER_CONFIG:-}" ] || cat >"$CONFIG" <<YAML
apiVersion: v1
kind: Config
current-context: good
clusters: [{name: c, cluster: {server: "http://127.0.0.1:$CLUSTER_PORT"}}]
contexts:
- {name: good, context: {cluster: c, user: admin}}
- {name: wrong, context: {cluster: c, user: nobody}}
users:
- {name: admin, user: {tokenFile: token}}
- {name: nobody, user: {token: nonsense-nonsense}}
YAML
echo cluster-secret >"$DIR/token"
SERVER_FLAGS="--isolation process --kubeconfig $CONFIG"

node() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1" | jq -r ".status.nodes[] | select(.type==\"Pod\") | $2"; }
# run NAME ANNOTATIONS TEMPLATE: a workflow of one resource template.
run() {
    printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: %s, annotations: {%s}}\nspec:\n  entrypoint: main\n  templates:\n  - name: main\n%s\n' "$1" "$2" "$3" >"$DIR/$1.yaml"
    "$TIPHYS" submit "$DIR/$1.yaml" >/dev/null
}
ended() { timeout 30 "$TIPHYS" wait "$1"; [ "$(node "$1" .phase)" = "$2" ] || { node "$1" '.phase + " " + .message'; return 1; }; }
there() { run "$1" "tiphys/cluster: good" "$2"; }
MAP='{apiVersion: v1, kind: ConfigMap, metadata: {name: story-map'

check "the cluster starts" start_cluster
check "the server starts" start_server
there create "    resource: {action: create, manifest: '$MAP, labels: {story: map}}, data: {a: x}}'}
    outputs: {parameters: [{name: p, valueFrom: {jsonPath: '{.metadata.name}/{.data.a}'}}, {name: q, valueFrom: {jqFilter: '.data | keys'}}]}"
check "what is created in a cluster" ended create Succeeded
check "comes out by jsonPath" equals "$(node create '.outputs.parameters[0].value')" "story-map/x"
check "and by jq" equals "$(node create '.outputs.parameters[1].value' | tr -d '\n ')" '["a"]'
run here "" "    resource: {action: get, manifest: '$MAP}}'}"
check "it is not here" ended here Failed
check "as a node says" equals "$(node here .message)" 'main: Error (exit code 64): no more retries Error from server (NotFound): configmaps "story-map" not found'
there twice "    resource: {action: create, manifest: '$MAP}}'}"
check "another of its name" ended twice Failed
check "is refused in kubectl's words" equals "$(node twice .message)" 'main: Error (exit code 64): no more retries Error from server (AlreadyExists): error when creating "/tmp/manifest.yaml": configmaps "story-map" already exists'
there merge "    resource: {action: patch, mergeStrategy: merge, manifest: '$MAP}, data: {a: null, b: w}}'}
    outputs: {parameters: [{name: p, valueFrom: {jqFilter: '.data | tojson'}}]}"
check "a merge patch" ended merge Succeeded
check "has removed and added" equals "$(node merge '.outputs.parameters[0].value')" '{"b":"w"}'
there strategic "    resource: {action: patch, manifest: '$MAP}, data: {c: z}}'}
    outputs: {parameters: [{name: p, valueFrom: {jqFilter: '.data | tojson'}}]}"
check "a strategic one" ended strategic Succeeded
check "has added" equals "$(node strategic '.outputs.parameters[0].value')" '{"b":"w","c":"z"}'
there json "    resource: {action: patch, mergeStrategy: json, flags: [cm, story-map], manifest: '[{op: move, from: /data/c, path: /data/d}]'}
    outputs: {parameters: [{name: p, valueFrom: {jqFilter: '.data | tojson'}}]}"
check "a JSON patch of what flags name" ended json Succeeded
check "has moved" equals "$(node json '.outputs.parameters[0].value')" '{"b":"w","d":"z"}'
there replace "    resource: {action: replace, manifest: '$MAP, labels: {story: map}}, data: {phase: new}}'}
    outputs: {parameters: [{name: p, valueFrom: {jqFilter: '.data | tojson'}}]}"
check "what is replaced" ended replace Succeeded
check "has nothing of before" equals "$(node replace '.outputs.parameters[0].value')" '{"phase":"new"}'

there waits "    resource: {action: get, successCondition: data.phase == good, failureCondition: data.phase == bad, manifest: '$MAP}}'}"
check "one that waits for a condition" wait_for 10 sh -c "[ \"\$(curl -sf http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/waits | jq -r '.status.nodes[] | .phase')\" = Running ]"
stop_server -KILL
check "over a killed server" start_server
there applies "    resource: {action: apply, manifest: '$MAP}, data: {phase: good}}'}"
check "while another applies" ended applies Succeeded
check "is met" ended waits Succeeded
there fails "    resource: {action: get, failureCondition: data.phase == good, manifest: '$MAP}}'}"
check "a failure condition" ended fails Failed
check "says so" equals "$(node fails .message)" "main: Error (exit code 64): failure condition 'data.phase==good' evaluated true"

run wrong "tiphys/cluster: wrong" "    resource: {action: get, manifest: '$MAP}}'}"
check "wrong credentials" ended wrong Failed
check "are named so" equals "$(node wrong .message)" "main: Error (exit code 64): no more retries error: You must be logged in to the server (Unauthorized)"
run lost "tiphys/cluster: nowhere" "    resource: {action: get, manifest: '$MAP}}'}"
check "a context that is not there" ended lost Failed
check "is named" equals "$(node lost .message)" 'main: Error (exit code 64): tiphys/cluster: context "nowhere" does not exist'
run none "" "    resource: {action: get, manifest: '{apiVersion: example.com/v1, kind: Nothing, metadata: {name: x}}'}"
check "a kind that nobody serves" ended none Failed
there flag "    resource: {action: get, flags: [--nonsense], manifest: '$MAP}}'}"
check "a flag that nobody knows" ended flag Failed
check "is named, too" equals "$(node flag .message)" "main: Error (exit code 64): no more retries error: unknown flag: --nonsense"
there dry "    resource: {action: delete, flags: [--dry-run=server], manifest: '$MAP}}'}"
check "a dry run" ended dry Succeeded
there still "    resource: {action: get, flags: [configmap/story-map, -n, default]}"
check "deletes nothing" ended still Succeeded
there delete "    resource: {action: delete, flags: [configmap, --selector, story=map]}"
check "what a selector finds" ended delete Succeeded
there gone "    resource: {action: get, manifest: '$MAP}}'}"
check "is gone" ended gone Failed

if [ -z "${CLUSTER_CONFIG:-}" ]; then
    end_cluster
    there away "    resource: {action: create, manifest: '{apiVersion: v1, kind: ConfigMap, metadata: {generateName: made-}}'}"
    check "a cluster that is away is waited for" wait_for 15 sh -c "curl -sf http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/away | jq -e '.status.nodes[].message | startswith(\"cluster: \")'"
    check "it comes back" start_cluster
    check "and all goes on" ended away Succeeded
fi
stop_server
SERVER_FLAGS='--isolation process --kubeconfig /nonexistent/config'
check "a kubeconfig that is not there" sh -c "! timeout 20 '$TIPHYS' server --open --port 0 --data '$DIR/data' $SERVER_FLAGS 2>'$DIR/said'"
check "is named by the server" contains "$DIR/said" "/nonexistent/config"
