#!/bin/sh
# http templates on the real daemon: results, conditions, headers from Secrets, retries, stopping one that hangs.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
node() { api "$1" | jq -r ".status.nodes[] | select(.displayName == \"$2\") | $3"; }
is() { equals "$(node "$1" "$2" "$3")" "$4"; }
check "the server starts" start_server
# The server itself answers.
cat >"$DIR/ask.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: ask}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: version, template: get, arguments: {parameters: [{name: path, value: /api/v1/version}]}}
      - {name: gone, template: get, continueOn: {failed: true}, arguments: {parameters: [{name: path, value: /apis/nobody/v1/x}]}}
      - {name: wanted, template: wanted}
    - - {name: say, template: say, arguments: {parameters: [{name: m, value: "{{steps.version.outputs.result}}"}]}}
  - {name: get, inputs: {parameters: [{name: path}]}, http: {url: "http://$ARGO_SERVER{{inputs.parameters.path}}"}}
  - {name: wanted, http: {url: "http://$ARGO_SERVER/apis/nobody/v1/x", successCondition: response.statusCode == 404, timeoutSeconds: 5}}
  - {name: say, inputs: {parameters: [{name: m}]}, container: {image: busybox, command: [echo], args: ["{{inputs.parameters.m}}"]}}
YAML
check "requests of a workflow" "$TIPHYS" submit "$DIR/ask.yaml" --wait
check "the type of their nodes" is ask version '"\(.type) \(.phase)"' "HTTP Succeeded"
check "the answer is the result" sh -c "'$TIPHYS' logs ask | grep -q '\"version\"'"
check "one that is no success" is ask gone '"\(.phase) \(.message)"' "Failed received non-2xx response code: 404"
check "one that wants it so" is ask wanted .phase Succeeded

printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {token: hidden-word}\n' >"$DIR/secret.yaml"
check "a Secret" "$TIPHYS" apply -f "$DIR/secret.yaml"
cat >"$DIR/hook.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: hooks}
spec: {webhook: {example: {port: "12731", endpoint: /example, method: POST}}}
YAML
check "somebody who listens" "$TIPHYS" apply -f "$DIR/hook.yaml"
cat >"$DIR/post.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: post}
spec:
  entrypoint: main
  templates:
  - name: main
    retryStrategy: {limit: 20, backoff: {duration: "1"}}
    http:
      url: http://127.0.0.1:12731/example
      method: POST
      headers: [{name: Content-Type, value: application/json}, {name: X-Token, valueFrom: {secretKeyRef: {name: login, key: token}}}]
      body: '{"from": "{{workflow.name}}"}'
      successCondition: response.body == "success"
YAML
check "a request with a secret is taken" "$TIPHYS" submit "$DIR/post.yaml" --wait
check "the secret is in no status" sh -c "curl -sf http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/post >'$DIR/post.json' && ! grep -q hidden-word '$DIR/post.json'"

# Somebody who never answers.
cat >"$DIR/silent.py" <<'PY'
import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(8)
open(sys.argv[1], "w").write(str(s.getsockname()[1]))
kept = []
while True:
    kept.append(s.accept())
PY
python3 "$DIR/silent.py" "$DIR/silent.port" &
SILENT=$!
check "a silent server" wait_for 10 test -s "$DIR/silent.port"
cat >"$DIR/hang.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: hang}
spec:
  entrypoint: main
  templates:
  - {name: main, http: {url: "http://127.0.0.1:$(cat "$DIR/silent.port")/", timeoutSeconds: 600}}
YAML
check "a request that hangs" "$TIPHYS" submit "$DIR/hang.yaml"
asked() { [ "$(node hang hang .phase)" = Pending ]; }
check "it waits" wait_for 10 asked
sleep 0.3
check "stop" "$TIPHYS" stop hang
ended() { [ "$(api hang | jq -r .status.phase)" = Failed ]; }
check "ends it" wait_for 10 ended
kill "$SILENT"
