#!/bin/sh
# The resource API as stock kubectl uses it, from the Debian package (1.20) to today's: discovery, tables, apply, patches, watches, deletion.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
check "the server starts" start_server
export KUBECONFIG=/dev/null
k() { timeout 60 kubectl --server="http://$ARGO_SERVER" --cache-dir="$DIR/kube" "$@"; }
says() { # TEXT ARGUMENT...
    text=$1
    shift
    k "$@" >"$DIR/said" 2>&1
    contains "$DIR/said" "$text"
}

cat >"$DIR/workflow.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: hello, labels: {team: a}}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: busybox, command: [sh, -c], args: ["sleep 1; echo hi"]}
YAML
cat >"$DIR/objects.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: lib}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: busybox, command: [echo, blue]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {color: blue, size: large}
YAML
sed '/size/s/, size: large//; s/blue/red/' "$DIR/objects.yaml" >"$DIR/changed.yaml"

check "version" says "+tiphys" version
check "api-versions" says "argoproj.io/v1alpha1" api-versions
check "reviews, too" says "authorization.k8s.io/v1" api-versions
check "auth can-i" equals "$(k auth can-i create workflows)" yes
check "auth can-i --list" says "selfsubjectaccessreviews.authorization.k8s.io" auth can-i --list
check "auth whoami" says "system:masters" auth whoami
check "api-resources of reviews" says "selfsubjectreviews" api-resources --api-group=authentication.k8s.io
check "api-resources" sh -c "timeout 60 kubectl --server='http://$ARGO_SERVER' --cache-dir='$DIR/kube' api-resources --no-headers | grep -Eq '^workflowtemplates +wftmpl +.*true +WorkflowTemplate'"

check "explain" says "KIND:       Workflow" explain workflow.spec.templates
check "explain --recursive" says "serviceAccountName" explain workflow.spec.templates --recursive
check "explain of a core kind" says "map[string]string" explain configmap.data

k get wf -A -w >"$DIR/watched" 2>&1 &
WATCH_PID=$!
check "create" says "workflow.argoproj.io/hello created" create -f "$DIR/workflow.yaml"
check "create again is refused" says '(AlreadyExists)' create -f "$DIR/workflow.yaml"
check "label" says "workflow.argoproj.io/hello labeled" label wf hello x=y
check "wait" says "condition met" wait wf hello --for=condition=Completed --timeout=30s
k get wf >"$DIR/said"
check "get" sh -c "grep -Eq '^NAME +STATUS +AGE' '$DIR/said' && grep -Eq '^hello +Succeeded +[0-9]+s' '$DIR/said'"
POD=$(k get pods -o 'jsonpath={.items[0].metadata.name}')
check "get pods" says "Completed" get pods -l workflows.argoproj.io/workflow=hello
check "logs" equals "$(k logs "$POD")" hi
check "logs --tail" equals "$(k logs --tail=0 "$POD")" ""
check "logs --previous" says "previous terminated container" logs --previous "$POD"
check "logs -c of no container" says "container nope is not valid" logs -c nope "$POD"
check "describe of a pod" says "Controlled By:  Workflow/hello" describe pod "$POD"
sed 's/name: hello/name: long/; s/sleep 1/sleep 100/' "$DIR/workflow.yaml" >"$DIR/long.yaml"
check "a long one" says "created" create -f "$DIR/long.yaml"
long_runs() { k get pods -l workflows.argoproj.io/workflow=long 2>&1 | grep -q Running; }
check "runs" wait_for 20 long_runs
check "its pod is deleted" says "deleted" delete pod -l workflows.argoproj.io/workflow=long --grace-period=1
check "is gone" says "No resources found" get pods -l workflows.argoproj.io/workflow=long
check "and its workflow fails" says "condition met" wait wf long --for=jsonpath='{.status.phase}'=Failed --timeout=20s
check "that goes, too" says "deleted" delete wf long
check "get -o wide -L" says "TEAM" get wf -o wide -L team
check "get by label" says "workflow.argoproj.io/hello" get wf -l x=y -o name
check "get of several kinds, everywhere" says "workflow.argoproj.io/hello" get wf,cm -A
check "get -o jsonpath" equals "$(k get wf hello -o 'jsonpath={.status.phase}')" Succeeded
check "get -o json" sh -c "timeout 60 kubectl --server='http://$ARGO_SERVER' get wf -o json | jq -e '.items[0].status.nodes | length == 1'"
check "describe" says "Finished At:" describe wf hello
check "get of nothing" says 'workflows.argoproj.io "nothing" not found' get wf nothing

check "apply creates" says "configmap/settings created" apply -f "$DIR/objects.yaml"
check "apply changes" says "workflowtemplate.argoproj.io/lib configured" apply -f "$DIR/changed.yaml"
check "also what is gone" equals "$(k get cm settings -o 'jsonpath={.data}' | jq -c .)" '{"color":"red"}'
check "apply of the same" says "workflowtemplate.argoproj.io/lib unchanged" apply -f "$DIR/changed.yaml"
sed 's/entrypoint/entripoint/' "$DIR/objects.yaml" >"$DIR/wrong.yaml"
check "apply --validate" says 'did you mean "entrypoint"?' apply --validate=true -f "$DIR/wrong.yaml"
check "annotate" says "annotated" annotate wftmpl lib note=one
check "patch: merge" says "patched" patch wftmpl lib --type merge -p '{"metadata":{"annotations":{"note":"two"}}}'
check "patch: JSON" says "patched" patch wftmpl lib --type json -p '[{"op":"test","path":"/metadata/annotations/note","value":"two"},{"op":"remove","path":"/metadata/annotations/note"}]'
check "patch: a test that fails" says "the value is another" patch wftmpl lib --type json -p '[{"op":"test","path":"/spec/entrypoint","value":"two"}]'
check "patch: strategic, of a core kind" says "patched" patch cm settings -p '{"data":{"color":"green"}}'
check "patch: strategic, with directives" says "patched" patch cm settings -p '{"metadata":{"finalizers":["x/y"]},"data":{"$patch":"replace","color":"green"}}'
check "patch: strategic, from a list" says "patched" patch cm settings -p '{"metadata":{"$deleteFromPrimitiveList/finalizers":["x/y"]}}'
check "patch: and that is what is left" equals "$(k get cm settings -o 'jsonpath={.metadata.finalizers}{.data}')" '{"color":"green"}'
check "patch: strategic, of a custom resource, is refused" says "unknown format" patch wftmpl lib -p '{}'
check "patch: what is wrong is told" says 'did you mean "entrypoint"?' patch wftmpl lib --type merge -p '{"spec":{"entrypoin":"x"}}'
sed -n '/^---/,$p' "$DIR/objects.yaml" | sed 's/name: settings/name: applied/' >"$DIR/applied.yaml"
sed 's/blue/red/' "$DIR/applied.yaml" >"$DIR/applied-red.yaml"
check "apply --server-side" says "configmap/applied serverside-applied" apply --server-side -f "$DIR/applied.yaml"
check "apply --server-side of the same writes nothing" equals "$(k get cm applied -o 'jsonpath={.metadata.resourceVersion}'; k apply --server-side -f "$DIR/applied.yaml" >/dev/null; k get cm applied -o 'jsonpath={.metadata.resourceVersion}')" "$(k get cm applied -o 'jsonpath={.metadata.resourceVersion}{.metadata.resourceVersion}')"
k diff --server-side -f "$DIR/applied-red.yaml" >"$DIR/said" 2>&1
check "diff --server-side shows the change" contains "$DIR/said" "+  color: red"
check "apply --server-side by another manager conflicts" says 'conflict with "kubectl": .data.color' apply --server-side --field-manager other -f "$DIR/applied-red.yaml"
check "unless it is forced" says "configmap/applied serverside-applied" apply --server-side --field-manager other --force-conflicts -f "$DIR/applied-red.yaml"
check "--dry-run=server writes nothing" says "(server dry run)" apply --server-side --force-conflicts --dry-run=server -f "$DIR/applied.yaml"
check "and the last one has won" equals "$(k get cm applied -o 'jsonpath={.data.color}')" red
KUBE_EDITOR='sed -i s/green/black/'
export KUBE_EDITOR
sed 's/name: settings/name: moved/' "$DIR/applied.yaml" | sed 's/name: applied/name: moved/' >"$DIR/moved.yaml"
sed 's/blue/red/' "$DIR/moved.yaml" >"$DIR/moved-red.yaml"
check "apply on kubectl's side" says "configmap/moved created" apply -f "$DIR/moved.yaml"
k diff -f "$DIR/moved-red.yaml" >"$DIR/said" 2>&1
check "diff on kubectl's side shows the change" contains "$DIR/said" "+  color: red"
check "diff of the same shows nothing" k diff -f "$DIR/moved.yaml"
check "apply on the server's side then conflicts with nobody" says "configmap/moved serverside-applied" apply --server-side -f "$DIR/moved-red.yaml"
check "and back" says "configmap/moved configured" apply -f "$DIR/moved.yaml"
check "what breaks a rule is told with its field" says 'ConfigMap "Upper" is invalid: metadata.name: ' create configmap Upper
check "labels, too" says 'The ConfigMap "moved" is invalid: metadata.labels: ' patch cm moved --type merge -p '{"metadata":{"labels":{"a b":"c"}}}'
check "get events" sh -c "timeout 60 kubectl --server='http://$ARGO_SERVER' get events | grep -Eq '^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE' && timeout 60 kubectl --server='http://$ARGO_SERVER' get events | grep -Eq 'WorkflowSucceeded +workflow/hello '"
check "custom columns" equals "$(k get wf hello --no-headers -o custom-columns=N:.metadata.name,P:.status.phase | tr -s ' ')" "hello Succeeded"
check "get --raw" says '"kind":"WorkflowList"' get --raw '/apis/argoproj.io/v1alpha1/namespaces/default/workflows?limit=1'
check "edit" says "configmap/settings edited" edit cm settings
check "replace" says "workflowtemplate.argoproj.io/lib replaced" replace -f "$DIR/objects.yaml"
check "and that is what is there" equals "$(k get cm settings -o 'jsonpath={.data.size}')" large

UID_=$(k get cm applied -o 'jsonpath={.metadata.uid}')
owned() { # NAME [FINALIZER]
    cat <<YAML
apiVersion: v1
kind: ConfigMap
metadata: {name: $1, finalizers: [${2:-}], ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: applied, uid: $UID_}]}
YAML
}
{ owned first; echo ---; owned second a/b; } >"$DIR/owned.yaml"
check "objects with an owner" says "configmap/second created" create -f "$DIR/owned.yaml"
check "delete --cascade=foreground of the owner" says "deleted" delete cm applied --cascade=foreground --wait=false
check "takes what nobody holds" says "not found" get cm first
check "waits for the others" equals "$(k get cm applied -o 'jsonpath={.metadata.finalizers[0]}')" foregroundDeletion
check "which are asked" equals "$(k get cm second -o 'jsonpath={.metadata.deletionTimestamp}' | cut -c1-2)" 20
check "the last finalizer goes" says "patched" patch cm second --type merge -p '{"metadata":{"finalizers":null}}'
check "and all are gone" says "not found" get cm applied second
check "delete" says 'workflow.argoproj.io "hello" deleted' delete wf hello
check "delete --all" says 'configmap "settings" deleted' delete cm --all
check "delete -f" says 'workflowtemplate.argoproj.io "lib" deleted' delete --ignore-not-found -f "$DIR/objects.yaml"
check "nothing is left" says "No resources found" get wf,wftmpl,cm

check "get ns" sh -c "timeout 60 kubectl --server='http://$ARGO_SERVER' get ns --no-headers | grep -Eq '^default +Active'"
check "something in another namespace" says "configmap/here created" -n team create cm here
check "which is listed then" wait_for 10 k get ns team
check "create ns" says "namespace/guild created" create ns guild
check "a workflow in it" says "created" -n guild create -f "$DIR/long.yaml"
check "that runs" wait_for 20 sh -c "timeout 60 kubectl --server='http://$ARGO_SERVER' -n guild get pods | grep -q Running"
printf '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"held","finalizers":["a/b"]}}' >"$DIR/held.json"
check "and what is held" says "created" -n guild create -f "$DIR/held.json"
check "delete ns" says 'namespace "guild" deleted' delete ns guild --wait=false
check "it ends" equals "$(k get ns guild -o 'jsonpath={.status.phase}')" Terminating
check "nothing begins in it" says 'configmaps "x" is forbidden: unable to create new content in namespace guild because it is being terminated' -n guild create cm x
check "no workflow either" says 'unable to create new content in namespace guild because it is being terminated' -n guild create -f "$DIR/long.yaml"
check "not even on trial" says 'because it is being terminated' -n guild create cm x --dry-run=server
check "it says what is left" wait_for 10 sh -c "timeout 60 kubectl --server='http://$ARGO_SERVER' get ns guild -o json | grep -q 'finalizers remaining: a/b in 1 resource instances'"
check "its workflow has gone" says "No resources found" -n guild get wf
check "the last finalizer goes" says "patched" -n guild patch cm held --type merge -p '{"metadata":{"finalizers":null}}'
check "and the namespace with it" wait_for 20 sh -c "timeout 60 kubectl --server='http://$ARGO_SERVER' get ns guild 2>&1 | grep -q 'not found'"
check "delete ns, and wait" says 'namespace "team" deleted' delete ns team
check "with all that was in it" says "No resources found" -n team get cm
check "but not the default one" says 'namespaces "default" is forbidden: this namespace may not be deleted' delete ns default

parent() { printf '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"parent"}}' >"$DIR/parent.json"; k create -f "$DIR/parent.json" -o 'jsonpath={.metadata.uid}'; }
UID_=$(parent)
owned child | sed 's/name: applied/name: parent/' >"$DIR/child.yaml"
check "a dependent" says "configmap/child created" create -f "$DIR/child.yaml"
check "delete --cascade=orphan of its owner" says 'configmap "parent" deleted' delete cm parent --cascade=orphan
check "leaves it, without the reference" equals "$(k get cm child -o 'jsonpath={.metadata.name}{.metadata.ownerReferences}')" 'child[]'
UID_=$(parent)
owned child2 | sed 's/name: applied/name: parent/' >"$DIR/child.yaml"
check "another dependent" says "configmap/child2 created" create -f "$DIR/child.yaml"
check "delete --cascade=background" says 'configmap "parent" deleted' delete cm parent --cascade=background
check "takes it along" says "not found" get cm child2
check "the watch saw the end" wait_for 10 grep -Eq '^default +hello +Succeeded' "$DIR/watched"
kill "$WATCH_PID" 2>/dev/null
check "the server ran without a fault" lacks "$DIR/server.log" ERROR
stop_server
