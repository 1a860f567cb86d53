#!/bin/sh
# Probes and hooks on the real daemon, in each isolation that this machine lets us have: a daemon step is ready when its probe says so, also over kill -9; who does not live is ended; hooks of start and end.
. "$(dirname "$0")/../../support/story.sh"
. "$(dirname "$0")/../../support/images.sh"

served() {
    cat <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1}
spec:
  entrypoint: main
  volumes: [{name: v, hostPath: {path: $DIR/shared}}]
  templates:
  - name: main
    steps:
    - - {name: server, template: server}
    - - {name: client, template: client}
    - - {name: last, template: last}
  - name: server
    daemon: true
    container:
      image: "$IMAGE"
      command: [sh, -c, 'sleep 1000 & wait']
      volumeMounts: [{name: v, mountPath: $DIR/shared}]
      readinessProbe: {exec: {command: [sh, -c, 'test -e $DIR/shared/$1.up || { echo not up; exit 1; }']}, periodSeconds: 1, timeoutSeconds: 20}
  - {name: client, container: {image: "$IMAGE", command: [sh, -c, 'echo served']}}
  - {name: last, container: {image: "$IMAGE", command: [sh, -c, 'until test -e $DIR/shared/$1.go; do sleep 0.05; done'], volumeMounts: [{name: v, mountPath: $DIR/shared}]}}
YAML
}
node() { api "$1" | jq -r ".status.nodes[] | select(.displayName == \"$2\") | $3"; }
is() { [ "$(node "$1" "$2" "$3")" = "$4" ]; }

# one_of WORD: all of it in one isolation.
one_of() {
    SERVER_FLAGS="--isolation $1 --image-archives $DIR --host-path $DIR/shared"
    check "the server starts in isolation $1" start_server
    served "$1" >"$DIR/$1.yaml"
    check "a daemon that is not ready" "$TIPHYS" submit "$DIR/$1.yaml"
    check "is pending, with what its probe says" wait_for 60 is "$1" server '"\(.phase) \(.message)"' "Pending Readiness probe failed: not up"
    check "nothing follows" equals "$(node "$1" client .phase)" ""
    stop_server -KILL
    check "the daemon starts again" start_server
    check "it is still pending" is "$1" server '"\(.phase) \(.message)"' "Pending Readiness probe failed: not up"
    touch "$DIR/shared/$1.up"
    check "when it is ready the next step runs" wait_for 60 is "$1" client .phase Succeeded
    check "and the step is a daemon" is "$1" server '"\(.phase) \(.daemoned) \(.message)"' "Running true null"
    rm "$DIR/shared/$1.up"
    stop_server -KILL
    check "after another kill -9" start_server
    check "it is ready as before" is "$1" server '"\(.phase) \(.daemoned)"' "Running true"
    touch "$DIR/shared/$1.go"
    check "the workflow succeeds" timeout 60 "$TIPHYS" wait "$1"

    run "dead-$1" "container: {image: \"$IMAGE\", command: [sh, -c, 'sleep 1000 & wait'], livenessProbe: {exec: {command: ['false']}, failureThreshold: 2, periodSeconds: 1, timeoutSeconds: 20}}" >/dev/null 2>&1
    check "who does not live is ended" equals "$(message "dead-$1")" "Failed main: Error (exit code 143): Container main failed liveness probe"
    run "retry-$1" "retryStrategy: {limit: 1}" \
        "container: {image: \"$IMAGE\", command: [sh, -c, 'test {{retries}} = 1 || sleep 1000'], livenessProbe: {exec: {command: [sh, -c, 'false']}, failureThreshold: 1, initialDelaySeconds: 2, timeoutSeconds: 20}}" >/dev/null 2>&1
    check "and may be tried again" is "retry-$1" "retry-$1" .phase Succeeded
    check "hooks of start and end" run "hooks-$1" 'volumes: [{name: v, emptyDir: {}}]' \
        "container: {image: \"$IMAGE\", command: [sh, -c, 'until test -e /v/started; do sleep 0.05; done; cat /v/started'], volumeMounts: [{name: v, mountPath: /v}], lifecycle: {postStart: {exec: {command: [sh, -c, 'echo begun >/v/started.tmp; mv /v/started.tmp /v/started']}}}}" \
        "sidecars: [{name: side, image: \"$IMAGE\", command: [sh, -c, 'trap \"cat /v/stop; exit 0\" TERM; while :; do sleep 0.05; done'], volumeMounts: [{name: v, mountPath: /v}], lifecycle: {preStop: {exec: {command: [sh, -c, 'echo ending >/v/stop']}}}}]"
    check "the first before the container goes on" equals "$(logs_of "hooks-$1" -c main)" "begun"
    check "the second before SIGTERM" equals "$(logs_of "hooks-$1" -c side | grep ending)" "ending"
    stop_server
}

mkdir "$DIR/shared"
IMAGE=busybox
if [ "$("$TIPHYS" doctor 2>/dev/null | grep -c 'isolation host')" -gt 0 ] || [ "$(id -u)" = 0 ]; then
    one_of host
fi
if [ "$(id -u)" = 0 ] && command -v skopeo >/dev/null && { command -v crun || command -v runc; } >/dev/null; then
    make_root "$DIR/root"
    image base '{"Cmd":["sh"],"Env":["PATH=/bin"]}' "$DIR/root" >/dev/null
    skopeo --insecure-policy copy --quiet "oci:$DIR/layout:base" "oci-archive:$DIR/base.tar"
    IMAGE=oci-archive:base.tar
    one_of image
fi

# Isolation process: a server that is asked by HTTP.
IMAGE=python
SERVER_FLAGS='--isolation process'
check "the server starts in isolation process" start_server
PORT=$(free_port)
cat >"$DIR/serve.py" <<'PY'
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        good = self.path == "/healthz" and os.path.exists(sys.argv[2]) and self.headers["X-Who"] == "probe"
        self.send_response(200 if good else 503); self.end_headers()
    def log_message(self, *args): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
PY
cat >"$DIR/web.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: web}
spec:
  entrypoint: main
  templates:
  - name: main
    steps: [[{name: server, template: server}], [{name: client, template: client}]]
  - name: server
    daemon: true
    container:
      image: python
      command: [python3, $DIR/serve.py, "$PORT", $DIR/shared/web.up]
      ports: [{name: web, containerPort: $PORT}]
      startupProbe: {tcpSocket: {port: web}, periodSeconds: 1, failureThreshold: 60}
      readinessProbe: {httpGet: {port: web, path: /healthz, httpHeaders: [{name: X-Who, value: probe}]}, periodSeconds: 1}
  - {name: client, container: {image: busybox, command: [echo, served]}}
YAML
check "a web server" "$TIPHYS" submit "$DIR/web.yaml"
check "that is not ready" wait_for 60 is web server '"\(.phase) \(.message)"' "Pending Readiness probe failed: HTTP probe failed with statuscode: 503"
touch "$DIR/shared/web.up"
check "and then is" timeout 60 "$TIPHYS" wait web
check "its step has ended with the others" is web server '"\(.phase) \(.daemoned)"' "Succeeded null"
cat >"$DIR/grpc.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: grpc}
spec:
  entrypoint: main
  templates:
  - {name: main, container: {image: x, command: [x], readinessProbe: {grpc: {port: 1}}}}
YAML
check "what is not there is refused" sh -c "! '$TIPHYS' submit '$DIR/grpc.yaml' 2>'$DIR/refused.txt'"
check "with its field" contains "$DIR/refused.txt" 'readinessProbe.grpc: "grpc" is not supported yet'
