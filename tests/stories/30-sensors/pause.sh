#!/bin/sh
# A paused sensor fires nothing and loses nothing; a paused source takes nothing from its queue. Both over kill -9.
. "$(dirname "$0")/../../support/story.sh"

check "the queue service starts" start_moto
check "the server starts" start_server
PORT=$(free_port)
{
    cat <<YAML
$(hooks one)
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: maker}
spec:
  dependencies: [{name: dep, eventSourceName: hooks, eventName: one}]
  triggers:
  - template:
      name: map
      k8s:
        source: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {generateName: made-}, data: {n: none}}}
        parameters: [{src: {dependencyName: dep, dataKey: body}, dest: data.n}]
---
YAML
    sqs_source
} >"$DIR/pipeline.yaml"
check "apply" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
check "the endpoint comes up" hooks_are_up
made() { "$TIPHYS" get cm -o json | jq -r '.items[] | select(.metadata.name | startswith("made-")).data.n' | sort -n | tr '\n' ' '; }
has_made() { [ "$(made)" = "$1" ]; }
condition() { "$TIPHYS" get "$1" "$2" -o json | jq -r '.status.conditions[]? | select(.type == "Paused").status'; }
is_paused() { [ "$(condition "$1" "$2")" = True ]; }
goes_on() { [ -z "$(condition "$1" "$2")" ]; }

check "the sensor runs" wait_for 10 grep -q 'sensor runs.*sensorName=maker' "$DIR/server.log"
check "an event" post one 1
check "fires" wait_for 10 has_made "1 "
check "the sensor is paused" sh -c "'$TIPHYS' events pause sensor/maker | grep -qx 'sensor.argoproj.io/maker paused'"
check "which its status tells" wait_for 10 is_paused sensor maker
check "events are taken still" post one 2
check "more than one" post one 3
sleep 0.5
check "nothing fires" equals "$(made)" "1 "
stop_server -KILL
check "the server starts again after kill -9" start_server
check "the endpoint comes up again" hooks_are_up
check "one more" post one 4
sleep 0.5
check "it is paused still" equals "$(made)" "1 "
check "the sensor goes on" "$TIPHYS" events resume sensor/maker
check "with what came meanwhile, once each" wait_for 10 has_made "1 2 3 4 "
check "its status has forgotten" wait_for 10 goes_on sensor maker
check "a new event" post one 5
check "fires" wait_for 10 has_made "1 2 3 4 5 "

send() { sqs SendMessage "{\"QueueUrl\":\"$(queue_url)\",\"MessageBody\":\"{\\\"n\\\":$1}\"}" >/dev/null; }
of_queue() { bus "SELECT count(*) FROM record WHERE source = 'queue'"; }
queue_has_brought() { [ "$(of_queue)" = "$1" ]; }
check "a message" send 1
check "is taken from the queue" wait_for 20 queue_has_brought 1
check "the source is paused" "$TIPHYS" events pause eventsource/queue
check "which its status tells, too" wait_for 10 is_paused eventsource queue
sleep 1.5 # a poll that was broken off may still be given a message, which is seen again half a minute later
check "messages" send 2
check "stay" send 3
sleep 1.5
check "in the queue" equals "$(queue_length) $(of_queue)" "2 1"
stop_server -KILL
check "the server starts once more" start_server
check "the endpoint comes up once more" hooks_are_up
sleep 1
check "and there they are still" equals "$(queue_length) $(of_queue)" "2 1"
check "a paused webhook" "$TIPHYS" events pause es/hooks
check "is none" wait_for 10 sh -c "! curl -sf -m 5 -d 9 http://127.0.0.1:$PORT/one"
check "both go on" "$TIPHYS" events resume eventsource/queue es/hooks
check "with the messages" wait_for 20 queue_has_brought 3
check "and the endpoint" hooks_are_up
check "nothing else can pause" sh -c "'$TIPHYS' events pause wf/x 2>&1 | grep -q 'names nothing that can pause'"
check "nor what is not there" sh -c "'$TIPHYS' events pause sensor/nobody 2>&1 | grep -q 'not found'"
