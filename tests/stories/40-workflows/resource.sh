#!/bin/sh
# resource templates on the real daemon: a workflow makes another one and waits for its end, objects come and go, a daemon that is killed meanwhile does nothing twice.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
value() { api "$1" | jq -r --arg n "$2" '[.status.nodes[] | select(.displayName==$n)][0].outputs.parameters[0].value'; }
message() { api "$1" | jq -r --arg n "$2" '[.status.nodes[] | select(.displayName==$n)][0].message'; }
check "the server starts" start_server

cat >"$DIR/outer.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: outer}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: make, template: make}
    - - {name: use, template: use, arguments: {parameters: [{name: made, value: "{{steps.make.outputs.parameters.name}}"}]}}
  - name: make
    resource:
      action: create
      setOwnerReference: true
      successCondition: status.phase == Succeeded
      failureCondition: status.phase in (Failed, Error)
      manifest: |
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        metadata: {generateName: inner-}
        spec:
          entrypoint: main
          templates:
          - name: main
            container: {image: busybox, command: [sh, -c, 'echo x >>$DIR/ran; until test -e $DIR/go || ! test -d $DIR; do sleep 0.05; done; exit CODE']}
    outputs: {parameters: [{name: name, valueFrom: {jsonPath: '{.metadata.name}'}}]}
  - name: use
    inputs: {parameters: [{name: made}]}
    resource:
      action: get
      manifest: |
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        metadata: {name: "{{inputs.parameters.made}}"}
    outputs: {parameters: [{name: phase, valueFrom: {jqFilter: .status.phase}}]}
YAML
sed -e 's/CODE/0/' "$DIR/outer.yaml" >"$DIR/good.yaml"
"$TIPHYS" submit "$DIR/good.yaml" >/dev/null
check "the inner one runs" wait_for 10 test -s "$DIR/ran"
kill -9 "$SERVER_PID"
wait "$SERVER_PID" 2>/dev/null
touch "$DIR/go"
check "the server starts again" start_server
check "the outer one waits for it" timeout 30 "$TIPHYS" wait outer
check "made once" equals "$(wc -l <"$DIR/ran")" 1
check "its name comes out" sh -c "case $(value outer make) in inner-?????) ;; *) exit 1 ;; esac"
check "and is looked up" equals "$(value outer use)" "Succeeded"
check "it belongs to the outer one" equals "$(api "$(value outer make)" | jq -r '.metadata.ownerReferences[0].name')" "outer"
check "the node is of type Pod" equals "$(api outer | jq -r '[.status.nodes[] | select(.displayName=="make")][0].type')" "Pod"

sed -e 's/CODE/3/' -e 's/name: outer/name: failing/' "$DIR/outer.yaml" >"$DIR/bad.yaml"
check "one whose inner one fails" sh -c "! timeout 30 '$TIPHYS' submit '$DIR/bad.yaml' --wait"
check "says why" equals "$(message failing make)" "main: Error (exit code 64): failure condition 'status.phase in (Error,Failed)' evaluated true"

rm -f "$DIR/go"
sed -e 's/CODE/0/' -e 's/name: outer/name: stopped/' "$DIR/outer.yaml" >"$DIR/stopped.yaml"
"$TIPHYS" submit "$DIR/stopped.yaml" >/dev/null
check "one that waits" wait_for 10 sh -c "curl -sf http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/stopped | grep -q '\"type\":\"Pod\"'"
check "can be stopped" "$TIPHYS" stop stopped
check "and fails at once" wait_for 4 sh -c "curl -sf http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/stopped | jq -e '.status.phase == \"Failed\"'"

sed -e 's/CODE/0/' -e 's/name: outer/name: late/' -e 's/  - name: make/&\n    activeDeadlineSeconds: 1/' "$DIR/outer.yaml" >"$DIR/late.yaml"
check "one that waits too long" sh -c "! timeout 10 '$TIPHYS' submit '$DIR/late.yaml' --wait"
check "says so" equals "$(message late make)" "Pod was active on the node longer than the specified deadline"
