#!/bin/sh
# What is deleted while workflows need it: who holds a lock that others wait for, and a template that a running workflow refers to.
# shellcheck disable=SC2154 # DIR, TIPHYS
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
fails() { text=$1; shift; "$@" >"$DIR/fails" 2>&1 && { echo "it did not fail"; return 1; }; contains "$DIR/fails" "$text"; }
status() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1" | jq -r "$2"; }
is() { equals "$(status "$1" "$2")" "$3"; }
phase() { [ "$(status "$1" .status.phase)" = "$2" ]; }
says() { status "$1" '.status.nodes[].message' | grep -qx "$2"; }
begun() { grep -qx "$1" "$DIR/begun"; }
touch "$DIR/begun"
check "the server starts" start_server

# step NAME LOCK: a step holds a lock until a file is there.
step() {
    cat >"$DIR/$1.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1}
spec:
  entrypoint: main
  templates:
  - name: main
    steps: [[{name: work, template: work}]]
  - name: work
    synchronization: {$2}
    container: {image: busybox, command: [sh, -c], args: ['echo $1 >>$DIR/begun; while [ ! -e $DIR/$1.go ]; do sleep 0.05; done']}
YAML
    "$TIPHYS" submit "$DIR/$1.yaml" >/dev/null
}
check "a limit" "$TIPHYS" sync create gate --type database --limit 1
BOTH='semaphores: [{database: {key: gate}}], mutexes: [{name: gate}]'
check "a step holds two locks" step holder "$BOTH"
check "it has begun" wait_for 10 begun holder
check "another wants one of them" step waiter 'semaphores: [{database: {key: gate}}]'
check "it waits" wait_for 10 says waiter 'Waiting for default/Database/gate lock (sem/default/gate). Lock status: 1/1'
check "a third wants the other" step other 'mutexes: [{name: gate}]'
check "it waits, too" wait_for 10 says other 'Waiting for default/Mutex/gate lock. Lock status: 0/1'
check "who holds them is deleted" "$TIPHYS" delete holder
check "the one goes on" wait_for 10 begun waiter
check "the other, too" wait_for 10 begun other
check "nobody waits" is waiter '[.status.nodes[].synchronizationStatus.waiting // empty] | length' 0
check "who waited holds it" is waiter '.status.synchronization.semaphore.holding[0].semaphore' default/Database/gate
check "a fourth waits" step last "$BOTH"
check "for the first of both" wait_for 10 says last 'Waiting for default/Database/gate lock (sem/default/gate). Lock status: 1/1'
check "who waits is deleted" "$TIPHYS" delete last
check "a fifth stands behind nobody" step fifth "$BOTH"
touch "$DIR/waiter.go" "$DIR/other.go" "$DIR/fifth.go"
check "all end" timeout 20 "$TIPHYS" wait waiter other fifth
check "the deleted one has not begun" sh -c "! grep -qx last '$DIR/begun'"

cat >"$DIR/lib.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: lib}
spec:
  templates:
  - {name: work, container: {image: busybox, command: [sh, -c], args: ['echo from lib >>$DIR/begun']}}
YAML
cat >"$DIR/uses.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: uses}
spec:
  entrypoint: main
  templates:
  - name: main
    steps: [[{name: gate, template: gate}], [{name: work, templateRef: {name: lib, template: work}}]]
  - {name: gate, container: {image: busybox, command: [sh, -c], args: ['echo uses >>$DIR/begun; while [ ! -e $DIR/uses.go ]; do sleep 0.05; done']}}
YAML
check "a template" "$TIPHYS" template create "$DIR/lib.yaml"
check "a workflow that will call it" "$TIPHYS" submit "$DIR/uses.yaml"
check "runs" wait_for 10 begun uses
check "the template is deleted meanwhile" "$TIPHYS" template delete lib
stop_server -KILL
check "the server starts again" start_server
touch "$DIR/uses.go"
check "the workflow has what it was submitted with" timeout 20 "$TIPHYS" wait uses
check "it has succeeded" phase uses Succeeded
check "with the template's step" begun "from lib"
sed 's/name: uses/name: late/' "$DIR/uses.yaml" >"$DIR/late.yaml"
check "a later one is refused" fails 'lib' "$TIPHYS" submit "$DIR/late.yaml"
check "in these words" contains "$DIR/fails" 'template reference lib.work not found'
