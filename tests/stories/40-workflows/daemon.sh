#!/bin/sh
# Steps that go on beside what follows, on the real daemon: their address, their end with the steps around, over kill -9.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
node() { api "$1" | jq -r ".status.nodes[] | select(.displayName == \"$2\") | $3"; }
is() { equals "$(node "$1" "$2" "$3")" "$4"; }
check "the server starts" start_server
cat >"$DIR/serve.py" <<'PY'
import socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(8)
open(sys.argv[1], "w").write(str(s.getsockname()[1]))
while True:
    c, _ = s.accept(); c.sendall(b"hello\n"); c.close()
PY
cat >"$DIR/served.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: served}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: server, template: server}
    - - {name: client, template: client, arguments: {parameters: [{name: ip, value: "{{steps.server.ip}}"}]}}
    - - {name: last, template: wait}
  - {name: server, daemon: true, container: {image: python, command: [python3, $DIR/serve.py, $DIR/port]}}
  - name: client
    inputs: {parameters: [{name: ip}]}
    retryStrategy: {limit: 20, backoff: {duration: "1"}}
    container:
      image: python
      command: [python3, -c]
      args: ['import socket; s = socket.create_connection(("{{inputs.parameters.ip}}", int(open("$DIR/port").read()))); print(s.recv(6).decode())']
  - {name: wait, container: {image: busybox, command: [sh, -c], args: ['while [ ! -e $DIR/go ]; do sleep 0.05; done']}}
YAML
check "a workflow with a server" "$TIPHYS" submit "$DIR/served.yaml"
runs() { [ "$(node served last .phase)" = Running ]; }
check "its client was served" wait_for 60 runs
check "the server goes on" is served server '"\(.phase) \(.daemoned) \(.podIP)"' "Running true 127.0.0.1"
stop_server -KILL
check "the daemon starts again" start_server
check "it still does" is served server '"\(.phase) \(.daemoned)"' "Running true"
touch "$DIR/go"
check "the workflow succeeds" timeout 20 "$TIPHYS" wait served
check "and its server with it" is served server '"\(.phase) \(.daemoned)"' "Succeeded null"
gone() { ! python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(open(sys.argv[1]).read())))' "$DIR/port" 2>/dev/null; }
check "which runs no longer" wait_for 20 gone
