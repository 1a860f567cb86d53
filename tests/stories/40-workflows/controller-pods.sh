#!/bin/sh
# What the controller's ConfigMap says of pods and metrics: mainContainer, images, metricsConfig; what has no effect is named once.
# shellcheck disable=SC2154 # DIR, TIPHYS
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
code() { curl -s -o "$DIR/body" -w '%{http_code}' "http://$ARGO_SERVER$1"; }
answers() { [ "$(code "$2")" = "$1" ]; }
config() {
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: workflow-controller-configmap, namespace: argo}\ndata:\n%s\n' "$1" >"$DIR/config.yaml"
    "$TIPHYS" apply -f "$DIR/config.yaml"
}
cat >"$DIR/flow.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: flow-}
spec:
  entrypoint: main
  templates:
  - {name: main, container: {image: "talker:1", env: [{name: B, value: of-template}]}}
YAML
said() { "$TIPHYS" submit "$DIR/flow.yaml" --wait -o name >"$DIR/name" 2>&1; "$TIPHYS" logs "$(head -1 "$DIR/name")" --no-color; }
check "the server starts" start_server
check "metrics" answers 200 /metrics

check "a ConfigMap" config '  mainContainer: |
    env: [{name: A, value: of-config}, {name: B, value: of-config}]
    imagePullPolicy: IfNotPresent
  images: |
    talker:1: {entrypoint: [sh, -c], cmd: ["echo $A $B"]}
  metricsConfig: |
    path: /numbers
    port: 9090
  executor: |
    imagePullPolicy: Always'
check "metrics have moved" wait_for 10 answers 200 /numbers
check "they are not where they were" answers 404 /metrics
check "what has no effect is named" contains "$DIR/server.log" metricsConfig.port
check "also that" contains "$DIR/server.log" executor
check "no more than that" sh -c "! grep -qE 'key=(mainContainer|images|metricsConfig.path)' '$DIR/server.log'"
said >"$DIR/said" 2>&1
check "the image's command, with the environment of both" contains "$DIR/said" "of-config of-template"
check "no template in the log" lacks "$DIR/server.log" "the template of a pod"
check "no metrics, and templates of pods that fail" config '  metricsConfig: "enabled: false"
  podSpecLogStrategy: "failedPod: true"'
check "there are none" wait_for 10 answers 404 /numbers
check "nowhere" answers 404 /metrics
sed 's/container: .*/container: {image: i, command: [sh, -c, "exit 3"]}}/' "$DIR/flow.yaml" >"$DIR/fails.yaml"
sed 's/container: .*/container: {image: i, command: ["true"]}}/' "$DIR/flow.yaml" >"$DIR/good.yaml"
"$TIPHYS" submit "$DIR/good.yaml" --wait >/dev/null 2>&1
check "one that succeeds is not told" lacks "$DIR/server.log" "the template of a pod"
"$TIPHYS" submit "$DIR/fails.yaml" --wait >/dev/null 2>&1
check "one that fails is" sh -c "grep 'the template of a pod' '$DIR/server.log' | grep -q 'exit 3'"
check "a wrong one" config '  metricsConfig: "path: numbers"'
check "is named" wait_for 10 contains "$DIR/server.log" "metricsConfig.path: must begin with a slash"
check "and changes nothing" answers 404 /metrics
