#!/bin/sh
# Parameters of a trigger's template: one that can be put in fires, one that cannot fails alone and is settled.
. "$(dirname "$0")/../../support/story.sh"

check "the server starts" start_server
PORT=$(free_port)
cat >"$DIR/pipeline.yaml" <<YAML
$(hooks in)
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: watcher}
spec:
  dependencies: [{name: dep, eventSourceName: hooks, eventName: in}]
  triggers:
  - template: {name: good, log: {}}
    parameters: [{src: {dependencyName: dep, dataKey: body.n, useRawData: true}, dest: log.intervalSeconds}]
  - template: {name: bad, log: {}}
    parameters: [{src: {dependencyName: dep, dataKey: body.text, useRawData: true}, dest: log.intervalSeconds}]
YAML
check "apply" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
check "the endpoint comes up" hooks_are_up
check "the sensor runs" wait_for 10 grep -q 'sensor runs.*sensorName=watcher' "$DIR/server.log"
lines() { grep -c "$1" "$DIR/server.log"; }
has_lines() { [ "$(lines "$1")" -ge "$2" ]; }
check "an event" post in '{"n":1,"text":"x"}'
check "fires the trigger whose number is one" wait_for 10 has_lines 'fired a trigger.*triggerName=good ' 1
check "fails the one whose number is a text" wait_for 10 has_lines 'a trigger failed.*triggerName=bad .*parameters' 1
check "another event" post in '{"n":2,"text":"y"}'
check "finds both going on" wait_for 10 has_lines 'a trigger failed.*triggerName=bad .*parameters' 2
check "and fires the good one again" wait_for 10 has_lines 'fired a trigger.*triggerName=good ' 2
check "the bad one never fired" equals "$(lines 'fired a trigger.*triggerName=bad ')" 0
