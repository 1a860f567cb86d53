#!/bin/sh
# MESSAGES SQS messages, each of which submits a Workflow, while the daemon is killed with -9 five times: each message is on the bus
# exactly once, each has exactly one Workflow, all succeed, no step runs twice.
. "$(dirname "$0")/../support/story.sh"
MESSAGES=${MESSAGES:-200}
SERVER_FLAGS='--isolation process'

check "the queue service starts" start_moto
check "the server starts" start_server
sqs_source >"$DIR/source.yaml"
echo --- >>"$DIR/source.yaml"
workflow_sensor runner queue example body >>"$DIR/source.yaml"
check "apply" "$TIPHYS" apply -f "$DIR/source.yaml"
(
    for i in $(seq "$MESSAGES"); do sqs SendMessage "{\"QueueUrl\":\"$(queue_url)\",\"MessageBody\":\"m$i\"}" >/dev/null; done
    touch "$DIR/sent"
) &
for round in 1 2 3 4 5; do
    wait_for 60 bus_has $((round * MESSAGES / 12))
    stop_server -KILL
    check "starts after kill $round" start_server
done
check "all messages were sent" wait_for 300 test -e "$DIR/sent"
# What the killed daemon had received and not deleted comes back when its visibility ends: the test does not wait two minutes.
while [ "$(bus 'SELECT count(DISTINCT id) FROM record')" -lt "$MESSAGES" ] && [ "$(date +%s)" -lt $(($(stat -c %Y "$DIR/sent") + 200)) ]; do sleep 1; done
check "every message is on the bus" equals "$(bus 'SELECT count(DISTINCT id) FROM record')" "$MESSAGES"
check "exactly once" equals "$(bus_count)" "$MESSAGES"
check "every message's workflow succeeds" wait_for 120 has_succeeded "$MESSAGES"
check "exactly one workflow a message" equals "$(workflows)" "$MESSAGES"
check "every step ran" equals "$(ran)" "$MESSAGES"
check "no step ran twice" equals "$(ran_twice)" ""
