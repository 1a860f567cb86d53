#!/bin/sh
# Events that the server is told, on the real daemon: bindings select and submit, a wrong one is told of, signed webhooks need no
# token.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
code() { curl -s -o "$DIR/body" -w '%{http_code}' "$@"; }
url() { echo "http://$ARGO_SERVER/api/v1/events/$1"; }
flows() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/argo/workflows?labelSelector=workflows.argoproj.io/workflow-event-binding%3D$1"; }
count() { flows "$1" | jq '.items | length'; }
events() { curl -sf "http://$ARGO_SERVER/api/v1/namespaces/argo/events" | jq "[.items[] | select(.reason == \"WorkflowEventBindingError\" and .involvedObject.name == \"$1\")] | length"; }
check "the server starts" start_server
cat >"$DIR/objects.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: greet, namespace: argo}
spec:
  entrypoint: main
  arguments: {parameters: [{name: who, value: nobody}]}
  templates:
  - {name: main, container: {image: busybox, command: [echo, "hello {{workflow.parameters.who}}"]}}
---
apiVersion: argoproj.io/v1alpha1
kind: ClusterWorkflowTemplate
metadata: {name: greet-all}
spec:
  entrypoint: main
  templates:
  - {name: main, container: {image: busybox, command: [echo, hello]}}
---
apiVersion: argoproj.io/v1alpha1
kind: WorkflowEventBinding
metadata: {name: greeting, namespace: argo}
spec:
  event: {selector: 'payload.who != nil && discriminator == "hello"'}
  submit:
    workflowTemplateRef: {name: greet}
    metadata: {labels: {team: payload.team}}
    arguments: {parameters: [{name: who, valueFrom: {event: payload.who}}]}
---
apiVersion: argoproj.io/v1alpha1
kind: WorkflowEventBinding
metadata: {name: pushed, namespace: argo}
spec:
  event: {selector: 'metadata["x-github-event"] == ["push"]'}
  submit: {workflowTemplateRef: {name: greet-all, clusterScope: true}}
YAML
check "bindings are applied" "$TIPHYS" apply -f "$DIR/objects.yaml"
check "they are listed" equals "$(curl -sf "http://$ARGO_SERVER/api/v1/workflow-event-bindings/argo" | jq -r '[.items[].metadata.name] | join(" ")')" "greeting pushed"
check "an event" equals "$(code -X POST -d '{"who":"world","team":"red"}' "$(url argo/hello)")" 200
check "is answered with an empty object" equals "$(cat "$DIR/body")" "{}"
check "a workflow was made" equals "$(count greeting)" 1
check "with its label" equals "$(flows greeting | jq -r '.items[0].metadata.labels.team')" red
check "named after its template" sh -c "curl -sf 'http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/argo/workflows' | jq -r '.items[].metadata.name' | grep -q '^greet-.....$'"
flow=$(flows greeting | jq -r '.items[0].metadata.name')
check "it ends" "$TIPHYS" wait "$flow" -n argo
check "it was told who" sh -c "'$TIPHYS' logs '$flow' -n argo | grep -q 'hello world'"
check "another discriminator makes none" equals "$(code -X POST -d '{"who":"world","team":"red"}' "$(url argo/other)")" 200
check "still one" equals "$(count greeting)" 1
check "the discriminator may be empty" equals "$(code -X POST -H 'X-GitHub-Event: push' -d '{}' "$(url argo/)")" 200
check "a header selects" equals "$(count pushed)" 1
check "another namespace has no bindings" equals "$(code -X POST -d '{}' "$(url other/hello)")" 200
check "no JSON" equals "$(code -X POST -d 'x' "$(url argo/hello)")" 400
check "a payload without what a label needs" equals "$(code -X POST -d '{"who":"world"}' "$(url argo/hello)")" 500
check "says so" contains "$DIR/body" 'failed to dispatch event: [workflow label \"team\" expression must evaluate to a string'
check "and an Event does" wait_for 10 sh -c "[ \"\$(curl -sf 'http://$ARGO_SERVER/api/v1/namespaces/argo/events' | jq '[.items[] | select(.reason == \"WorkflowEventBindingError\")] | length')\" = 1 ]"

# Without open access: a token, or a signature.
stop_server
SERVER_FLAGS='--isolation process --token-auth-file '"$DIR/tokens"
printf 'secret-token-of-admin,admin,1,"system:masters"\n' >"$DIR/tokens"
start_closed() {
    rm -f "$DIR/data/port"
    # shellcheck disable=SC2086 # a list of flags
    "$TIPHYS" server --port 0 --data "$DIR/data" $SERVER_FLAGS >>"$DIR/server.log" 2>&1 &
    SERVER_PID=$!
    wait_for 20 test -s "$DIR/data/port" || return 1
    ARGO_SERVER=127.0.0.1:$(cat "$DIR/data/port")
    export ARGO_SERVER
    wait_for 20 curl -sf "http://$ARGO_SERVER/healthz"
}
check "the server starts without open access" start_closed
export ARGO_TOKEN=secret-token-of-admin
push='{"who":"hook","team":"blue"}'
signature=$(printf %s "$push" | openssl dgst -sha256 -hmac shh | sed 's/.* //')
sign() { code -X POST -H 'Content-Type: application/json' -H 'X-GitHub-Event: push' -H "X-Hub-Signature-256: sha256=$1" -d "$push" "$(url argo/hello)"; }
check "nobody comes in" equals "$(sign "$signature")" 401
cat >"$DIR/clients.yaml" <<YAML
apiVersion: v1
kind: Secret
metadata: {name: argo-workflows-webhook-clients, namespace: argo}
stringData:
  hook: |
    type: github
    secret: shh
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: hook, namespace: argo}
YAML
check "webhook clients are named" "$TIPHYS" apply -f "$DIR/clients.yaml"
check "a wrong signature" equals "$(sign 00ff)" 401
check "no signature" equals "$(code -X POST -d "$push" "$(url argo/hello)")" 401
check "the right one, without rights" equals "$(sign "$signature")" 403
cat >"$DIR/roles.yaml" <<YAML
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: hook, namespace: argo}
rules:
- {apiGroups: [argoproj.io], resources: [workfloweventbindings], verbs: [list]}
- {apiGroups: [argoproj.io], resources: [workflowtemplates], verbs: [get]}
- {apiGroups: [argoproj.io], resources: [workflows], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: hook, namespace: argo}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: hook}
subjects: [{kind: ServiceAccount, name: hook, namespace: argo}]
YAML
check "rights are given" "$TIPHYS" apply -f "$DIR/roles.yaml"
before=$(curl -sf -H 'Authorization: Bearer secret-token-of-admin' "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/argo/workflows" | jq '.items | length')
check "the binding that it may not read the template of fails" equals "$(sign "$signature")" 500
check "with that text" contains "$DIR/body" 'cannot get resource \"clusterworkflowtemplates\"'
check "the other one was dispatched" equals "$(curl -sf -H 'Authorization: Bearer secret-token-of-admin' "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/argo/workflows" | jq '.items | length')" "$((before + 1))"
check "other requests need a token as before" equals "$(code "http://$ARGO_SERVER/api/v1/workflow-event-bindings/argo")" 401

# Answered before it is dispatched, as upstream's server does when it is told so.
stop_server
SERVER_FLAGS='--isolation process --event-async-dispatch --event-operation-queue-size 8 --event-worker-count 2 -b'
check "a server that dispatches later" start_server
before=$(count greeting)
more() { [ "$(count greeting)" = "$((before + 1))" ]; }
check "an event" equals "$(code -X POST -d '{"who":"later","team":"red"}' "$(url argo/hello)")" 200
check "is dispatched" wait_for 10 more
check "one that fails is answered, too" equals "$(code -X POST -d '{"who":"world"}' "$(url argo/hello)")" 200
check "and told of in the log" wait_for 10 grep -q 'an event was answered, and not dispatched.*expression must evaluate to a string' "$DIR/server.log"
check "what is no JSON is refused at once" equals "$(code -X POST -d 'x' "$(url argo/hello)")" 400
stop_server
check "a count that is none" sh -c "'$TIPHYS' server --event-worker-count 0 2>&1 | grep -q -- '--event-worker-count 0 must be at least 1'"
