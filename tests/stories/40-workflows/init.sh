#!/bin/sh
# initContainers on the real daemon: before the main container, one after the other; one that fails ends the pod; each has a log.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
check "the server starts" start_server
cat >"$DIR/first.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: first}
spec:
  entrypoint: main
  templates:
  - name: main
    initContainers:
    - {name: one, image: busybox, command: [sh, -c, 'echo from-one; echo 1 >made']}
    - {name: two, image: busybox, command: [sh, -c, 'echo 2 >>made']}
    container: {image: busybox, command: [cat, made]}
    outputs: {parameters: [{name: made, valueFrom: {path: made}}]}
YAML
check "two before the main one" "$TIPHYS" submit "$DIR/first.yaml" --wait
check "what they made" equals "$(api first | jq -r '.status.nodes[].outputs.parameters[0].value' | tr '\n' ' ')" "1 2 "
sed -e 's/name: first/name: failed/' -e 's/echo 2 >>made/exit 7/' "$DIR/first.yaml" >"$DIR/failed.yaml"
check "one that fails" sh -c "! '$TIPHYS' submit '$DIR/failed.yaml' --wait"
check "is the reason" equals "$(api failed | jq -r '.status.nodes[].message')" "two: Error (exit code 7)"
