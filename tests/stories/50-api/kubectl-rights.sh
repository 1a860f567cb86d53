#!/bin/sh
# Stock kubectl over TLS with tokens: everything that kubectl makes for rights, what it asks about them, and that they hold.
. "$(dirname "$0")/../../support/story.sh"
unset ARGO_SERVER
serve() {
    ARGO_TOKEN=story-master "$TIPHYS" server --secure --port 0 --data "$DIR/data" --isolation process >>"$DIR/server.log" 2>&1 &
    SERVER_PID=$!
    wait_for 20 sh -c "test -s '$DIR/data/port' || ! kill -0 $SERVER_PID" || return 1
    PORT=$(cat "$DIR/data/port")
    wait_for 20 curl -sfk "https://localhost:$PORT/healthz"
}
KUBECONFIG=$DIR/kubeconfig
export KUBECONFIG
k() { timeout 60 kubectl --cache-dir="$DIR/kube" "$@"; }
says() { # TEXT ARGUMENT...
    text=$1
    shift
    k "$@" >"$DIR/said" 2>&1
    contains "$DIR/said" "$text"
}

check "a server with TLS and a token" serve
k config set-cluster here --server="https://localhost:$PORT" --certificate-authority="$DIR/data/tls.crt" --embed-certs >/dev/null
k config set-credentials master --token=story-master >/dev/null
k config set-context master --cluster=here --user=master >/dev/null
k config use-context master >/dev/null
check "auth whoami" says "system:masters" auth whoami
check "create namespace" says "namespace/team created" create namespace team
check "create serviceaccount" says "serviceaccount/ci created" -n team create serviceaccount ci
check "create role" says "role.rbac.authorization.k8s.io/runs created" -n team create role runs --verb=get,list,watch,create --resource=workflows.argoproj.io,pods,pods/log,configmaps
check "create rolebinding" says "rolebinding.rbac.authorization.k8s.io/runs created" -n team create rolebinding runs --role=runs --serviceaccount=team:ci --user=ann
check "create clusterrole" says "clusterrole.rbac.authorization.k8s.io/reads created" create clusterrole reads --verb=get --resource=configmaps
check "create clusterrolebinding" says "clusterrolebinding.rbac.authorization.k8s.io/reads created" create clusterrolebinding reads --clusterrole=reads --group=crew
check "create secret" says "secret/pass created" -n team create secret generic pass --from-literal=word=open
check "create configmap" says "configmap/settings created" -n team create configmap settings --from-literal=color=blue
k -n team get rolebinding -o wide >"$DIR/said"
check "the table of bindings" sh -c "grep -Eq '^NAME +ROLE +AGE +USERS +GROUPS +SERVICEACCOUNTS' '$DIR/said' && grep -Eq '^runs +Role/runs +[0-9]+s +ann +team/ci' '$DIR/said'"
check "describe of a role" says "workflows.argoproj.io" -n team describe role runs
check "auth can-i, of another" equals "$(k auth can-i create workflows -n team --as=system:serviceaccount:team:ci)" yes
check "auth can-i, elsewhere" equals "$(k auth can-i create workflows -n default --as=system:serviceaccount:team:ci)" no
check "auth can-i --list" says "workflows.argoproj.io" auth can-i --list -n team --as=system:serviceaccount:team:ci

TOKEN=$(k -n team create token ci)
k config set-credentials ci --token="$TOKEN" >/dev/null
k config set-context ci --cluster=here --user=ci --namespace=team >/dev/null
k config use-context ci >/dev/null
cat >"$DIR/workflow.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: count}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: busybox, command: [sh, -c], args: ["for i in 1 2 3; do echo $i; sleep 0.3; done"]}
YAML
check "create token: whose it is" says "system:serviceaccount:team:ci" auth whoami
check "what it may" says "workflow.argoproj.io/count created" create -f "$DIR/workflow.yaml"
check "runs" says "condition met" wait wf count --for=jsonpath='{.status.phase}'=Running --timeout=20s
POD=$(k get pods -o 'jsonpath={.items[0].metadata.name}')
check "logs -f to the end" equals "$(k logs -f "$POD" | tr '\n' ' ')" "1 2 3 "
check "wait" says "condition met" wait wf count --for=condition=Completed --timeout=20s
check "what it may not: a verb" says '(Forbidden)' delete wf count
check "a kind" says 'cannot list resource "secrets"' get secrets
check "another namespace" says '(Forbidden)' -n default get wf
check "all of them" says 'at the cluster scope' get wf -A
check "to give what it has not" says 'cannot create resource "rolebindings"' create rolebinding more --clusterrole=admin --serviceaccount=team:ci
check "a wrong token" says "must be logged in" --token=wrong get wf
k config use-context master >/dev/null
k config use-context master >/dev/null
resource_workflow() { # NAME ACCOUNT
    cat <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1, namespace: team}
spec:
  entrypoint: main
  serviceAccountName: $2
  templates:
  - name: main
    resource:
      action: create
      manifest: |
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: made-by-$1}
YAML
}
PORT=$(free_port)
sensor() { # NAME ACCOUNT
    cat <<YAML
---
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: $1}
spec:
  template: {serviceAccountName: $2}
  dependencies:
  - {name: dep, eventSourceName: hooks, eventName: example}
  triggers:
  - template:
      name: $1
      k8s:
        operation: create
        source:
          resource:
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: fired-by-$1}
YAML
}
resource_workflow may ci >"$DIR/may.yaml"
resource_workflow may-not default >"$DIR/may-not.yaml"
{ hooks example; sensor may ci; sensor may-not default; } >"$DIR/sensors.yaml"
check "resource templates act as their ServiceAccount" says "created" -n team create -f "$DIR/may.yaml" -f "$DIR/may-not.yaml"
check "that may" says "condition met" -n team wait wf may --for=jsonpath='{.status.phase}'=Succeeded --timeout=20s
check "that may not" says "condition met" -n team wait wf may-not --for=jsonpath='{.status.phase}'=Failed --timeout=20s
check "and why" says 'Error from server (Forbidden)' -n team get wf may-not -o yaml
check "triggers, too" says "created" -n team create -f "$DIR/sensors.yaml"
check "the source is up" wait_for 10 hooks_are_up
check "an event" post example '{"a":1}'
check "of a sensor that may" wait_for 20 k -n team get cm fired-by-may
check "of one that may not" wait_for 20 grep -q 'system:serviceaccount:team:default.*cannot create resource' "$DIR/server.log"
check "nothing was made" says 'No resources' -n team get cm --field-selector=metadata.name=fired-by-may-not
check "the binding goes" says "deleted" -n team delete rolebinding runs
k config use-context ci >/dev/null
check "and the right with it" says '(Forbidden)' get wf
stop_server
