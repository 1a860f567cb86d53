#!/bin/sh
# Failed triggers: attempts as the retryStrategy says, also over kill -9; dead letters; rate limits; conditions that are reset by time.
. "$(dirname "$0")/../../support/story.sh"

start_target

check "the server starts" start_server
PORT=$(free_port)
URL=http://127.0.0.1:$TARGET
RESET=$(date -u -d '1 minute ago' '+%M %H * * *')
cat >"$DIR/pipeline.yaml" <<YAML
$(hooks in left right many)
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: caller}
spec:
  dependencies:
  - {name: dep, eventSourceName: hooks, eventName: in}
  - {name: left, eventSourceName: hooks, eventName: left}
  - {name: right, eventSourceName: hooks, eventName: right}
  - {name: many, eventSourceName: hooks, eventName: many}
  triggers:
  - template: {name: flaky, conditions: dep, http: {url: "$URL/flaky?fail_first=2", payload: [{src: {dependencyName: dep, dataKey: body}, dest: a}]}}
    atLeastOnce: true
    retryStrategy: {steps: 5, duration: 200ms, factor: 1, jitter: 0}
    policy: {status: {allow: [200]}}
  - template: {name: always, conditions: dep, http: {url: "$URL/status/503"}}
    atLeastOnce: true
    retryStrategy: {steps: 3, duration: 100ms, factor: 3, jitter: 0}
    policy: {status: {allow: [200]}}
    dlqTrigger:
      template: {name: dead, http: {url: "$URL/dead?fail_first=1", payload: [{src: {dependencyName: dep, dataKey: body}, dest: a}]}}
      atLeastOnce: true
      retryStrategy: {steps: 2, duration: 10ms}
      policy: {status: {allow: [200]}}
  - template: {name: idle, conditions: dep, http: {url: "$URL/status/502"}}
    retryStrategy: {steps: 3, duration: 10ms}
    policy: {status: {allow: [200]}}
  - template: {name: slow, conditions: dep, http: {url: "$URL/slow?fail_first=1"}}
    atLeastOnce: true
    retryStrategy: {steps: 3, duration: 1h, jitter: 0}
    policy: {status: {allow: [200]}}
  - template: {name: limited, conditions: many, http: {url: "$URL/limited"}}
    rateLimit: {unit: Second, requestsPerUnit: 5}
  - template: {name: both, conditions: left && right, conditionsReset: [{byTime: {cron: "$RESET", timezone: UTC}}], log: {}}
  - template: {name: lasting, conditions: left && right, log: {}}
YAML
check "apply" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
check "the endpoint comes up" hooks_are_up
check "the sensor runs" wait_for 10 grep -q 'sensor runs.*sensorName=caller' "$DIR/server.log"
check "a strategy without atLeastOnce is told to have no effect" grep -q 'retryStrategy has no effect.*triggerName=idle' "$DIR/server.log"
count() { jq -s "[.[] | select(.path | startswith(\"$1\"))] | length" "$DIR/notes"; }
has() { [ "$(count "$1")" -ge "$2" ]; }
gaps() { jq -sc "[.[] | select(.path | startswith(\"$1\")) | .at_ms] | [.[1:], .[:-1]] | transpose | map(.[0] - .[1])" "$DIR/notes"; }
about() { echo "$1" | jq -e "length == ($2 | length) and ([., $2] | transpose | all(.[0] >= .[1] - 5 and .[0] < .[1] + 400))" || { echo "gaps $1, wanted $2"; return 1; }; }
check "an event" post in 1
check "a flaky server gets it at the third attempt" wait_for 10 has /flaky 3
check "which the pauses tell" about "$(gaps /flaky)" "[200, 200]"
check "one that always fails is tried three times" wait_for 10 has /status/503 3
check "with growing pauses" about "$(gaps /status/503)" "[100, 300]"
check "then the dead letter is sent, which is tried again, too" wait_for 10 has /dead 2
check "with the event" equals "$(jq -r 'select(.path | startswith("/dead")) | .body' "$DIR/notes" | tail -1)" '{"a":"1"}'
check "what was given up is told" wait_for 5 grep -q 'a trigger failed.*triggerName=always.*failed after retries.*status 503 is not allowed' "$DIR/server.log"
sleep 0.3
check "the flaky one is left alone now" equals "$(count /flaky)" 3
check "there was no fourth attempt" equals "$(count /status/503)" 3
check "nor one more without atLeastOnce" equals "$(count /status/502)" 1
ID=$(bus 'SELECT id FROM record LIMIT 1')
has_trace() { "$TIPHYS" trace event "$ID" >"$DIR/trace" && grep -qF -- "$1" "$DIR/trace"; }
check "the trace tells of the failure" wait_for 10 has_trace 'caller/always: failed after retries'
check "and of the dead letter" has_trace "caller/dead: POST $URL/dead: 200"

check "one that waits for an hour has been tried once" equals "$(count /slow)" 1
stop_server -KILL
check "the server starts again after kill -9" start_server
check "the endpoint comes up again" hooks_are_up
check "what waited is tried again: it was not settled" wait_for 10 has /slow 2
sleep 0.3
check "what was settled is not" equals "$(count /flaky) $(count /status/503) $(count /dead)" "3 3 2"

start=$(date +%s%3N)
for i in 1 2 3 4; do post many "$i" >/dev/null; done
check "four events at once" wait_for 10 has /limited 4
last=$(jq -s '[.[] | select(.path == "/limited") | .at_ms] | last' "$DIR/notes")
check "go out five a second" [ $((last - start)) -ge 600 ]

has_fired() { [ "$(fired "$1")" -ge "$2" ]; }
check "an event that waits for another" post left 1
sleep 0.3
stop_server -KILL
bus "UPDATE record SET at = at - 300000 WHERE event = 'left'"
check "the server starts again, after a reset that it has not seen" start_server
check "the endpoint comes up again" hooks_are_up
check "the other event" post right 1
check "fires what is not reset" wait_for 10 has_fired lasting 2
check "and not what is" equals "$(fired both)" 0
check "a new pair" post left 2
check "fires it" wait_for 10 has_fired both 2
