#!/bin/sh
# Webhook -> bus -> sensor -> log trigger: conditions over two endpoints, filters, what waits survives kill -9, wrong sensors are told.
. "$(dirname "$0")/../../support/story.sh"

check "the server starts" start_server
PORT=$(free_port)
cat >"$DIR/pipeline.yaml" <<YAML
$(hooks left right)
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: watcher}
spec:
  dependencies:
  - {name: left, eventSourceName: hooks, eventName: left}
  - {name: right, eventSourceName: hooks, eventName: right}
  - {name: never, eventSourceName: hooks, eventName: left, filters: {context: {type: calendar}}}
  - {name: one, eventSourceName: hooks, eventName: left, filters: {data: [{path: body.n, type: number, value: ["1"]}]}}
  triggers:
  - template: {name: any, conditions: left || right, log: {}}
  - template: {name: both, conditions: left && right, log: {}}
  - template: {name: filtered, conditions: never, log: {}}
  - template: {name: picky, conditions: one, log: {}}
---
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: wrong}
spec:
  dependencies: [{name: left, eventSourceName: hooks, eventName: left}]
  triggers:
  - template: {name: t, conditions: left && nobody, log: {}}
YAML
cat >"$DIR/later.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: later}
spec:
  dependencies: [{name: left, eventSourceName: hooks, eventName: left}]
  triggers:
  - template: {name: t, openWhisk: {host: x}}
YAML
check "apply" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
check "the endpoints come up" hooks_are_up
check "the sensor runs" wait_for 10 grep -q 'sensor runs.*sensorName=watcher' "$DIR/server.log"
status_of() { "$TIPHYS" get sensor "$1" -o json | jq -r '.status.conditions[1] | .status + " " + (.message // "")'; }
has_status() { [ -n "$(status_of "$1")" ] && [ "$(status_of "$1")" != "null " ]; }
check "a wrong sensor has a status" wait_for 10 has_status wrong
check "which tells what is wrong" equals "$(status_of wrong)" 'False spec.triggers[0]: conditions: unknown name nobody (1:17)
 | left  + "&&" +  nobody
 | ................^'
"$TIPHYS" apply -f "$DIR/later.yaml" >"$DIR/later" 2>&1
check "what is not built yet is refused with its path" contains "$DIR/later" 'spec.triggers[0].template.openWhisk: "openWhisk" is not supported yet'
has_fired() { [ "$(fired "$1")" -ge "$2" ]; }
check "an event on the left" post left '{"n":1}'
check "fires any" wait_for 10 has_fired any 1
check "and what its data are picked for" wait_for 10 has_fired picky 1
check "and not both" equals "$(fired both)" 0
stop_server -KILL
check "the server starts again after kill -9" start_server
check "the endpoints come up again" hooks_are_up
check "an event on the right" post right '{"n":2}'
check "fires both: what waited was kept" wait_for 10 has_fired both 2
check "with the data of both" sh -c "grep 'triggerName=both' '$DIR/server.log' | grep -q 'dependencyName=left' && grep 'triggerName=both' '$DIR/server.log' | grep -q 'dependencyName=right'"
check "the filter let nothing through" equals "$(fired filtered)" 0
before=$(fired any)
stop_server -KILL
check "the server starts once more" start_server
check "a last event" sh -c "for i in \$(seq 100); do curl -sf -H 'Content-Type: application/json' -d 3 http://127.0.0.1:$PORT/left && exit 0; sleep 0.05; done; exit 1"
check "fires once more" wait_for 10 has_fired any $((before + 1))
check "what had fired did not fire again" equals "$(fired any)" $((before + 1))
ID=$(grep 'triggerName=any' "$DIR/server.log" | head -1 | sed 's/.*eventID=\([0-9a-f]*\).*/\1/')
check "trace tells the way of an event" sh -c "'$TIPHYS' trace event '$ID' >'$DIR/trace'"
check "its source" contains "$DIR/trace" "source     default/hooks left"
check "the trigger that it fired" sh -c "grep -q 'watcher/any: logged' '$DIR/trace'"
check "why another waited" sh -c "grep -q 'watcher/both: waits for other events' '$DIR/trace'"
check "and why a filter said no" contains "$DIR/trace" 'watcher/filtered: context filter: type is "webhook", not "calendar"'
LAST=$(grep 'triggerName=any' "$DIR/server.log" | tail -1 | sed 's/.*eventID=\([0-9a-f]*\).*/\1/')
"$TIPHYS" trace event "$LAST" >"$DIR/trace"
check "and why data were not picked" contains "$DIR/trace" "watcher/picky: data filter: path 'body.n' does not exist"
check "the data filter let one through" equals "$(fired picky)" 1
"$TIPHYS" trace event nobody >"$DIR/trace" 2>&1
check "an unknown event is told" contains "$DIR/trace" 'event "nobody" not found'
