#!/bin/sh
# A queue on a real SQS server (moto): every message becomes one event and leaves the queue; a queue that is not there is told.
. "$(dirname "$0")/../../support/story.sh"

check "the queue service starts" start_moto
check "the server starts" start_server
sqs_source >"$DIR/source.yaml"
check "apply" "$TIPHYS" apply -f "$DIR/source.yaml"
check "a message is sent" sqs SendMessage "{\"QueueUrl\":\"$(queue_url)\",\"MessageBody\":\"sample message\"}"
check "it is on the bus" wait_for 20 bus_has 1
check "and leaves the queue" wait_for 20 queue_is_empty
bus 'SELECT payload FROM record' | jq -r .data_base64 | base64 -d >"$DIR/event"
check "its body is the message, base64 as upstream's" equals "$(jq -r .body "$DIR/event" | base64 -d)" "sample message"
for i in $(seq 30); do sqs SendMessage "{\"QueueUrl\":\"$(queue_url)\",\"MessageBody\":\"m$i\"}" >/dev/null; done
check "thirty more arrive" wait_for 30 bus_has 31
check "and leave the queue" wait_for 20 queue_is_empty
sed -e 's/queue: test$/queue: nobody/' -e 's/name: queue}/name: other}/' "$DIR/source.yaml" >"$DIR/other.yaml"
check "a source of a queue that is not there" "$TIPHYS" apply -f "$DIR/other.yaml"
check "is told in the log" wait_for 10 grep -q 'queue nobody' "$DIR/server.log"
sqs SendMessage "{\"QueueUrl\":\"$(queue_url)\",\"MessageBody\":\"again\"}" >/dev/null
check "and hinders nobody" wait_for 20 bus_has 32
