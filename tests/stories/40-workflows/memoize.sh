#!/bin/sh
# Results that are used again and parameters from ConfigMaps, on the real daemon, over kill -9.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
map() { curl -sf "http://$ARGO_SERVER/api/v1/namespaces/default/configmaps/$1"; }
status() { api "$1" | jq -r "$2"; }
is() { equals "$(status "$1" "$2")" "$3"; }
check "the server starts" start_server
# memo NAME KEY AGE
memo() {
    cat >"$DIR/$1.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1}
spec:
  entrypoint: main
  templates:
  - name: main
    memoize: {key: "$2", maxAge: "$3", cache: {configMap: {name: results}}}
    container: {image: busybox, command: [sh, -c], args: ['echo $1 >>$DIR/ran; echo $1 >out.txt']}
    outputs: {parameters: [{name: who, valueFrom: {path: out.txt}}]}
YAML
    "$TIPHYS" submit "$DIR/$1.yaml" --wait
}
OUT='.status.nodes[] | "\(.memoizationStatus.hit) \(.outputs.parameters[0].value)"'
check "one whose result is kept" memo one same 1h
check "its node says so" is one "$OUT" "false one"
stop_server -KILL
check "the server starts again" start_server
check "one that uses it" memo two same 1h
check "its result is that of the first" is two "$OUT" "true one"
check "another key" memo three other 1h
sleep 2.1
check "too old for this one" memo four same 1s
check "it runs, and keeps its own" is four "$OUT" "false four"
check "which is used from now on" memo five same ""
check "as its node says" is five "$OUT" "true four"
check "what has run" equals "$(tr '\n' ' ' <"$DIR/ran")" "one three four "
check "the cache is a ConfigMap" equals "$(map results | jq -r '.metadata.labels["workflows.argoproj.io/configmap-type"] + " " + (.data | keys | join(" "))')" "Cache other same"

printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: words, labels: {workflows.argoproj.io/configmap-type: Parameter}}\ndata: {greeting: hello}\n' >"$DIR/words.yaml"
check "a ConfigMap of parameters" "$TIPHYS" apply -f "$DIR/words.yaml"
cat >"$DIR/greet.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: greet}
spec:
  entrypoint: main
  arguments: {parameters: [{name: who, valueFrom: {default: people, configMapKeyRef: {name: words, key: who}}}]}
  templates:
  - name: main
    inputs: {parameters: [{name: word, valueFrom: {configMapKeyRef: {name: words, key: greeting}}}]}
    container: {image: busybox, command: [echo], args: ["{{inputs.parameters.word}} {{workflow.parameters.who}}"]}
YAML
check "a workflow reads it" "$TIPHYS" submit "$DIR/greet.yaml" --wait
check "its values" sh -c "'$TIPHYS' logs greet | grep -q 'hello people'"
