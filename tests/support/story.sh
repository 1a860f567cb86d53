# Sourced by stories and crash tests: a server of one's own in a temporary folder, TAP output, clean-up of what was started.
# shellcheck shell=sh
set -u
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
[ -d "$ROOT/tests/support" ] || ROOT=$(cd "$(dirname "$0")/../../.." && pwd)
TIPHYS=${TIPHYS:-$ROOT/build/tiphys}
DIR=$(mktemp -d "${TMPDIR:-/tmp}/tiphys-story.XXXXXX")
SERVER_PID=""
MOTO_PID=""
TARGET_PID=""
COUNT=0
FAILED=0

finish() {
    [ -n "$SERVER_PID" ] && kill -9 "$SERVER_PID" 2>/dev/null
    [ -n "$MOTO_PID" ] && kill -9 "$MOTO_PID" 2>/dev/null
    [ -n "$TARGET_PID" ] && kill -9 "$TARGET_PID" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$DIR"
    echo "1..$COUNT"
    [ "$FAILED" -eq 0 ]
}
trap 'finish; exit $((FAILED > 0))' EXIT

# check NAME COMMAND...: ok when the command succeeds.
check() {
    name=$1
    shift
    COUNT=$((COUNT + 1))
    if "$@" >"$DIR/out" 2>&1; then
        echo "ok $COUNT - $name"
    else
        FAILED=$((FAILED + 1))
        echo "not ok $COUNT - $name"
        sed 's/^/# /' "$DIR/out" | tail -20
        [ -f "$DIR/server.log" ] && tail -5 "$DIR/server.log" | sed 's/^/# server: /'
    fi
}

# contains FILE TEXT / lacks FILE TEXT
contains() { grep -qF -- "$2" "$1" || { echo "no \"$2\" in:"; cat "$1"; return 1; }; }
lacks() { ! grep -qF -- "$2" "$1" || { echo "\"$2\" in:"; cat "$1"; return 1; }; }
equals() { [ "$1" = "$2" ] || { echo "got \"$1\", wanted \"$2\""; return 1; }; }

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
    limit=$(($(date +%s) + $1))
    shift
    while ! "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -ge "$limit" ] && { echo "not within the time: $*"; return 1; }
        sleep 0.05
    done
}

start_server() {
    rm -f "$DIR/data/port"
    # shellcheck disable=SC2086 # a list of flags
    "$TIPHYS" server --open --port 0 --data "$DIR/data" ${SERVER_FLAGS:-} >>"$DIR/server.log" 2>&1 &
    SERVER_PID=$!
    wait_for 20 sh -c "test -s '$DIR/data/port' || ! kill -0 $SERVER_PID" || return 1
    [ -s "$DIR/data/port" ] || { echo "the server did not start"; return 1; }
    ARGO_SERVER=127.0.0.1:$(cat "$DIR/data/port")
    export ARGO_SERVER
    wait_for 20 sh -c "curl -sf http://$ARGO_SERVER/healthz || ! kill -0 $SERVER_PID"
}

stop_server() {
    kill "${1:--TERM}" "$SERVER_PID" 2>/dev/null
    wait "$SERVER_PID" 2>/dev/null
    SERVER_PID=""
    return 0
}

# A port below those that the kernel gives to what connects, so that nothing takes it before its server is up.
free_port() {
    python3 -c '
import random, socket
while True:
    port = random.randrange(18000, 32000)
    try:
        socket.socket().bind(("127.0.0.1", port))
    except OSError:
        continue
    print(port)
    break'
}

# A server at port $TARGET that notes in $DIR/notes what it is asked.
start_target() {
    TARGET=$(free_port)
    touch "$DIR/notes"
    python3 "$ROOT/tests/support/http-target.py" "$TARGET" "$DIR/notes" &
    TARGET_PID=$!
}

# hooks ENDPOINT...: an EventSource with these endpoints at $PORT, each an event of its name; the end of its document.
hooks() {
    printf 'apiVersion: argoproj.io/v1alpha1\nkind: EventSource\nmetadata: {name: hooks}\nspec:\n  webhook:\n'
    for endpoint in "$@"; do
        printf '    %s: {port: "%s", endpoint: /%s, method: POST}\n' "$endpoint" "$PORT" "$endpoint"
    done
    echo '---'
}
hooks_are_up() { wait_for 10 curl -sf "http://127.0.0.1:$PORT/health"; }

# post ENDPOINT JSON: an event for one of them.
post() { curl -sf -m 5 -H 'Content-Type: application/json' -d "$2" "http://127.0.0.1:$PORT/$1"; }

# How often the trigger has fired, by the server's log.
fired() { grep -c "fired a trigger.*triggerName=$1 " "$DIR/server.log"; }

start_moto() {
    MOTO_PORT=$(free_port)
    "$ROOT/build/moto/bin/moto_server" -H 127.0.0.1 -p "$MOTO_PORT" >"$DIR/moto.log" 2>&1 &
    MOTO_PID=$!
    wait_for 30 curl -sf "http://127.0.0.1:$MOTO_PORT/moto-api/" || return 1
    make_queue test
}

# sqs ACTION JSON: one call of the queue service, as anybody's tool would make it.
sqs() {
    curl -sf -H 'Content-Type: application/x-amz-json-1.0' -H "X-Amz-Target: AmazonSQS.$1" \
        -H 'Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=x' \
        -d "$2" "http://127.0.0.1:$MOTO_PORT/"
}

# make_queue NAME: a new one, which the other functions use from then on.
make_queue() {
    QUEUE=$1
    sqs CreateQueue "{\"QueueName\":\"$QUEUE\"}"
}

queue_url() { echo "http://127.0.0.1:$MOTO_PORT/123456789012/$QUEUE"; }

# Messages that the queue still holds, seen or not.
queue_length() {
    sqs GetQueueAttributes "{\"QueueUrl\":\"$(queue_url)\",\"AttributeNames\":[\"All\"]}" |
        jq -r '.Attributes | (.ApproximateNumberOfMessages | tonumber) + (.ApproximateNumberOfMessagesNotVisible | tonumber)'
}

sqs_source() {
    cat <<YAML
apiVersion: v1
kind: Secret
metadata: {name: aws}
data: {id: QUtJRA==, key: c2VjcmV0}
---
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: queue}
spec:
  sqs:
    example:
      region: us-east-1
      queue: $QUEUE
      waitTimeSeconds: 1
      endpoint: http://127.0.0.1:$MOTO_PORT/
      accessKey: {name: aws, key: id}
      secretKey: {name: aws, key: key}
YAML
}

bus() { sqlite3 -cmd '.timeout 5000' "$DIR/data/bus.db" "$1"; }
bus_count() { bus 'SELECT count(*) FROM record'; }
bus_has() { [ "$(bus_count)" -ge "$1" ]; }
queue_is_empty() { [ "$(queue_length)" = 0 ]; }

# workflow_sensor NAME SOURCE EVENT DATA_KEY: each event submits a Workflow whose step appends the value to $DIR/ran (isolation process).
workflow_sensor() {
    cat <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: $1}
spec:
  dependencies:
  - {name: dep, eventSourceName: $2, eventName: $3}
  triggers:
  - template:
      name: run
      k8s:
        operation: submit
        source:
          resource:
            apiVersion: argoproj.io/v1alpha1
            kind: Workflow
            metadata: {generateName: run-}
            spec:
              entrypoint: main
              arguments: {parameters: [{name: message, value: none}]}
              templates:
              - name: main
                inputs: {parameters: [{name: message}]}
                container:
                  image: busybox
                  command: [sh, -c]
                  args: ['echo "\$1" >>$DIR/ran', main, '{{inputs.parameters.message}}']
        parameters:
        - src: {dependencyName: dep, dataKey: $4}
          dest: spec.arguments.parameters.0.value
YAML
}

state() { sqlite3 -cmd '.timeout 5000' "$DIR/data/state.db" "$1"; }
workflows() { state "SELECT count(*) FROM object WHERE kind = 'Workflow'"; }
succeeded() { state "SELECT count(*) FROM object WHERE kind = 'Workflow' AND phase = 'Succeeded'"; }
has_succeeded() { [ "$(succeeded)" -ge "$1" ]; }
ran() { sort "$DIR/ran" 2>/dev/null | uniq | wc -l; }
ran_twice() { sort "$DIR/ran" 2>/dev/null | uniq -d; }
