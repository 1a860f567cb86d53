#!/bin/sh
# What a sensor gave up is kept with its events, over kill -9; put through its trigger again, it makes its object exactly once; deleted, it is gone.
. "$(dirname "$0")/../../support/story.sh"

start_target

check "the server starts" start_server
PORT=$(free_port)
cat >"$DIR/pipeline.yaml" <<YAML
$(hooks map call)
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: maker}
spec:
  dependencies:
  - {name: map, eventSourceName: hooks, eventName: map}
  - {name: call, eventSourceName: hooks, eventName: call}
  triggers:
  - template:
      name: map
      conditions: map
      k8s:
        source: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {name: taken}, data: {n: none}}}
        parameters:
        - {src: {dependencyName: map, dataKey: body}, dest: data.n}
        - {src: {dependencyName: map, dataKey: body}, dest: metadata.name}
  - template: {name: call, conditions: call, http: {url: "http://127.0.0.1:$TARGET/status/503"}}
    atLeastOnce: true
    retryStrategy: {steps: 2, duration: 10ms}
    policy: {status: {allow: [200]}}
  - template: {name: saved, conditions: call, http: {url: "http://127.0.0.1:$TARGET/status/502"}}
    atLeastOnce: true
    policy: {status: {allow: [200]}}
    dlqTrigger: {atLeastOnce: true, template: {name: catcher, http: {url: "http://127.0.0.1:$TARGET/caught"}}, policy: {status: {allow: [200]}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: taken}
data: {n: before}
YAML
check "apply" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
check "the endpoint comes up" hooks_are_up
check "the sensor runs" wait_for 10 grep -q 'sensor runs.*sensorName=maker' "$DIR/server.log"
letters() { "$TIPHYS" events dead-letter list -o json; }
count() { letters | jq ".items | map(select(.trigger == \"$1\")) | length"; }
has() { [ "$(count "$1")" -ge "$2" ]; }
hasnt() { [ "$(count "$1")" = 0 ]; }
id_of() { letters | jq -r "[.items[] | select(.trigger == \"$1\")][0].id"; }

check "nothing was given up yet" equals "$("$TIPHYS" events dead-letter list)" "No resources found"
check "an event whose object is there already" post map '"taken"'
check "becomes a dead letter" wait_for 10 has map 1
ID=$(id_of map)
check "the list tells of it" sh -c "'$TIPHYS' events dead-letter list | grep -q '$ID *maker *map *waiting *1 .*already exists'"
"$TIPHYS" events dead-letter get "$ID" -o json >"$DIR/letter"
check "it names its event" equals "$(jq -r '.events[0].id' "$DIR/letter")" "$(bus 'SELECT id FROM record LIMIT 1')"
check "and has its data" equals "$(jq -r '.events[0].data.body' "$DIR/letter")" taken
check "events are listed" sh -c "'$TIPHYS' events list | grep -q '$(jq -r '.events[0].id' "$DIR/letter").*hooks *map'"
check "and traced" sh -c "'$TIPHYS' events trace '$(jq -r '.events[0].id' "$DIR/letter")' | grep -q 'maker/map: .*already exists'"

check "an event whose call fails" post call 1
check "becomes one after its attempts" wait_for 10 has call 1
check "of which there were two" equals "$(letters | jq '.items[] | select(.trigger == "call").attempts')" 2
caught() { jq -r .path "$DIR/notes" | grep -q /caught; }
check "what a dlqTrigger takes" wait_for 10 caught
sleep 0.2
check "is none" hasnt saved

stop_server -KILL
check "the server starts again after kill -9" start_server
check "the endpoint comes up again" hooks_are_up
check "both are there" equals "$(count map) $(count call)" "1 1"

redriven() { [ "$(letters | jq -r ".items[] | select(.id == \"$1\") | \"\(.state) \(.redrives)\"")" = "$2" ]; }
check "a redrive while the object is there" "$TIPHYS" events redrive "$ID"
check "fails again" wait_for 10 redriven "$ID" "waiting 1"
check "the object's place is free" "$TIPHYS" delete cm taken
check "a redrive now" "$TIPHYS" events redrive "$ID"
check "takes the letter away" wait_for 10 hasnt map
check "and has made the object" equals "$("$TIPHYS" get cm taken -o json | jq -r .data.n)" taken
not_found() { ! "$TIPHYS" events redrive "$1" >"$DIR/answer" 2>&1 && grep -q 'Error: dead letter ".*" not found in namespace default' "$DIR/answer"; }
check "it cannot be redriven again" not_found "$ID"
check "delete the object" "$TIPHYS" delete cm taken
stop_server -KILL
check "the server starts once more" start_server
check "the endpoint comes up once more" hooks_are_up
sleep 0.3
check "the event does not fire again" sh -c "! '$TIPHYS' get cm taken"

CALL=$(id_of call)
check "another one is deleted" "$TIPHYS" events dead-letter delete "$CALL"
check "and gone" hasnt call
check "no letter, no id" not_found "$CALL"
for i in 1 2 3; do post call "$i" >/dev/null; done
check "three more" wait_for 10 has call 3
tries() { jq -r .path "$DIR/notes" | grep -c /status/503; }
BEFORE=$(tries)
tried() { [ "$(tries)" -ge $((BEFORE + 6)) ]; }
check "are redriven together" "$TIPHYS" events redrive --all
check "each with its attempts" wait_for 10 tried
all_wait() { [ "$(letters | jq -c '[.items[] | select(.trigger == "call") | [.state, .attempts]]')" = '[["waiting",4],["waiting",4],["waiting",4]]' ]; }
check "and wait again" wait_for 10 all_wait
check "all are deleted" "$TIPHYS" events dead-letter delete --all
check "none is left" equals "$("$TIPHYS" events dead-letter list)" "No resources found"
check "the sensor is deleted while one waits" post call 9
check "that one" wait_for 10 has call 1
check "delete it" "$TIPHYS" delete sensor maker
refused() { ! "$TIPHYS" events redrive --all >"$DIR/answer" 2>&1 && grep -q 'sensor default/maker runs no trigger call' "$DIR/answer"; }
check "no sensor, no redrive" wait_for 5 refused
