#!/bin/sh
# Files of a folder -> bus -> sensor -> a workflow that gets the file's name; a folder that comes later; what is not built is refused.
. "$(dirname "$0")/../../support/story.sh"

SERVER_FLAGS="--isolation process"
check "the server starts" start_server
mkdir "$DIR/in"
cat >"$DIR/pipeline.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: files}
spec:
  file:
    made: {eventType: CREATE, watchPathConfig: {directory: $DIR/in/, pathRegexp: '[.]csv$'}, metadata: {of: made}}
    gone: {eventType: REMOVE, watchPathConfig: {directory: $DIR/in/, path: one.csv}}
    later: {eventType: CREATE, watchPathConfig: {directory: $DIR/later/, path: x}}
---
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: watcher}
spec:
  dependencies:
  - {name: made, eventSourceName: files, eventName: made}
  - {name: gone, eventSourceName: files, eventName: gone}
  - {name: later, eventSourceName: files, eventName: later}
  triggers:
  - template: {name: made, conditions: made, log: {}}
  - template: {name: gone, conditions: gone, log: {}}
  - template: {name: later, conditions: later, log: {}}
---
YAML
workflow_sensor runner files made name >>"$DIR/pipeline.yaml"
check "apply" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
check "the sources run" wait_for 10 grep -q 'event source runs.*eventName=gone' "$DIR/server.log"
check "the sensors run" wait_for 10 grep -q 'sensor runs.*sensorName=runner' "$DIR/server.log"
has_fired() { [ "$(fired "$1")" -ge "$2" ]; }
echo 1 >"$DIR/in/one.csv"
echo 1 >"$DIR/in/one.txt"
check "a file that is made fires" wait_for 10 has_fired made 1
check "with its name, number and metadata" grep -qF "{\\\"name\\\":\\\"$DIR/in/one.csv\\\",\\\"op\\\":1,\\\"metadata\\\":{\\\"of\\\":\\\"made\\\"}}" "$DIR/server.log"
check "a workflow gets the name" wait_for 20 contains "$DIR/ran" "$DIR/in/one.csv"
rm "$DIR/in/one.txt" "$DIR/in/one.csv"
check "a file that is removed fires" wait_for 10 has_fired gone 1
check "others fired nothing" equals "$(fired made) $(fired gone)" "1 1"
mkdir "$DIR/later"
sleep 2.2
touch "$DIR/later/x"
check "a folder that comes later is found" wait_for 10 has_fired later 1
cat >"$DIR/polling.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: polling}
spec:
  file:
    made: {eventType: CREATE, polling: true, watchPathConfig: {directory: /tmp/, path: x}}
YAML
"$TIPHYS" apply -f "$DIR/polling.yaml" >"$DIR/refused" 2>&1
check "polling is refused with its path" contains "$DIR/refused" 'spec.file.made.polling: "polling" is not supported yet'
