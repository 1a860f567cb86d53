#!/bin/sh
# Pods that a manifest makes: by a resource template that waits for their end and reads them, by the API; their logs; that they go with their owner; what is refused.
. "$(dirname "$0")/../../support/story.sh"
PODS=api/v1/namespaces/default/pods
# flow NAME POD COMMAND: a Workflow that makes a Pod and waits for its end.
flow() {
    cat >"$DIR/$1.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1}
spec:
  entrypoint: main
  templates:
  - name: main
    resource:
      action: ${4:-create}
      setOwnerReference: true
      successCondition: status.phase == Succeeded
      failureCondition: status.phase == Failed
      manifest: |
        apiVersion: v1
        kind: Pod
        metadata: {name: $2, labels: {of: $1}}
        spec:
          restartPolicy: Never
          containers: [{name: say, image: busybox, command: [sh, -c, "$3"]}]
    outputs: {parameters: [{name: name, valueFrom: {jsonPath: '{.metadata.name}'}}, {name: phase, valueFrom: {jqFilter: .status.phase}}]}
YAML
    "$TIPHYS" submit "$DIR/$1.yaml" >/dev/null && timeout 60 "$TIPHYS" wait "$1" >/dev/null
    [ "$(node "$1" .phase)" = "${5:-Succeeded}" ] || { node "$1" '.phase + " " + .message'; return 1; }
}
node() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1" | jq -r ".status.nodes[] | select(.type==\"Pod\") | $2"; }
pod() { curl -s "http://$ARGO_SERVER/$PODS/$1" | jq -r "$2"; }
post() { curl -s -H 'Content-Type: application/json' -d "$1" "http://$ARGO_SERVER/$PODS"; }
is_there() { [ "$(pod "$1" .kind)" = Pod ]; }
is_gone() { [ "$(pod "$1" .code)" = 404 ]; }
is_in() { [ "$(pod "$1" .status.phase)" = "$2" ]; }
own() { echo '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"'"$1"'"},"spec":{'"$3"'"containers":[{"name":"c","image":"busybox","command":["sh","-c","'"$2"'"]}]}}'; }

check "the server starts" start_server
check "a pod is made and waited for" flow good child 'echo I am $(hostname | wc -l)'
check "its outputs are read when it has ended" equals "$(node good '[.outputs.parameters[].value] | join(" ")')" "child Succeeded"
check "its log is there" equals "$(curl -s "http://$ARGO_SERVER/$PODS/child/log")" "I am 1"
check "the pod is its workflow's" equals "$(pod child '.metadata.ownerReferences[0].name + " " + .metadata.labels.of')" "good good"
check "one that fails" flow bad failing 'exit 3' create Failed
check "fails its node" equals "$(node bad .message)" "main: Error (exit code 64): failure condition 'status.phase==Failed' evaluated true"
check "its exit code is told" equals "$(pod failing '.status.containerStatuses[0].state.terminated.exitCode')" 3
check "apply makes one, too" flow applied laid true apply
check "and refuses to change it" flow changed laid 'true; true' apply Failed
check "in a sentence" sh -c 'node=$(curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/changed"); echo "$node" | grep -q "a pod cannot be changed"'
check "a workflow is deleted" "$TIPHYS" delete good
check "and its pod with it" wait_for 20 is_gone child
check "another's is there" is_there failing

post "$(own free 'sleep 600' '"restartPolicy":"Never",')" >"$DIR/said"
check "one of nobody runs" wait_for 20 is_in free Running
check "it is deleted" curl -s -X DELETE "http://$ARGO_SERVER/$PODS/free"
check "and gone" wait_for 20 is_gone free
post "$(own tries true "")" >"$DIR/said"
check "one that would always be started again is refused" contains "$DIR/said" 'restartPolicy: Required value'
post "$(own left 'sleep 3; echo done' '"restartPolicy":"Never",')" >"$DIR/said"
check "one runs" wait_for 20 is_in left Running
stop_server -KILL
check "the server starts again" start_server
check "the pod of before ends" wait_for 20 is_in left Succeeded
