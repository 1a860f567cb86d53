#!/bin/sh
# Changes of objects become events, each once: also those from while the server was down, and over kill -9 in the middle.
. "$(dirname "$0")/../../support/story.sh"

check "the server starts" start_server
cat >"$DIR/pipeline.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: objects}
spec:
  resource:
    maps:
      namespace: default
      group: ""
      version: v1
      resource: configmaps
      eventTypes: [ADD, UPDATE, DELETE]
      filter:
        prefix: in-
        labels: [{key: team, operation: in, value: "a,b"}]
        fields: [{key: data.n, operation: "!=", value: "^secret"}]
---
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: teller}
spec:
  dependencies: [{name: dep, eventSourceName: objects, eventName: maps}]
  triggers:
  - template:
      name: tell
      k8s:
        source: {resource: {apiVersion: v1, kind: ConfigMap, metadata: {generateName: told-}, data: {type: "", name: "", "n": "", old: ""}}}
        parameters:
        - {src: {dependencyName: dep, dataKey: type}, dest: data.type}
        - {src: {dependencyName: dep, dataKey: body.metadata.name}, dest: data.name}
        - {src: {dependencyName: dep, dataKey: body.data.n}, dest: data.n}
        - {src: {dependencyName: dep, dataKey: oldBody.data.n, value: none}, dest: data.old}
YAML
map() { # NAME TEAM N
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "%s", labels: {team: "%s"}}\ndata: {"n": "%s"}\n' "$1" "$2" "$3" | "$TIPHYS" apply -f - >/dev/null
}
told() { "$TIPHYS" get cm -o json | jq -r '[.items[] | select(.metadata.name | startswith("told-")).data | "\(.type) \(.name) \(.n)<\(.old)"] | sort | join(",")'; }
is_told() { [ "$(told)" = "$1" ]; }

check "an object that is there" map in-1 a one
check "apply" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
check "the source runs" wait_for 10 grep -q "event source runs.*eventSourceName=objects" "$DIR/server.log"
sleep 1
"$TIPHYS" events list -o json >"$DIR/events"
check "the object that is there is an event" equals "$(jq '.items | length' "$DIR/events")" 1
check "another object" map in-2 b one
check "is told" wait_for 10 sh -c "'$TIPHYS' get cm -o json | jq -e '[.items[].data | select(.name == \"in-2\" and .type == \"ADD\")] | length == 1'"
BEFORE=$(told)
check "objects that are not meant" map out-1 a one
check "by their labels" map in-3 c one
check "by their fields" map in-4 a secret-1
check "a change" map in-2 b two
check "is told with what was before" wait_for 10 sh -c "'$TIPHYS' get cm -o json | jq -e '[.items[].data | select(.type == \"UPDATE\" and .n == \"two\" and .old == \"one\")] | length == 1'"
sleep 0.3
check "and nothing else" equals "$(told)" "$BEFORE,UPDATE in-2 two<one"

check "the source pauses" "$TIPHYS" events pause eventsource/objects
sleep 0.3
check "a change meanwhile" map in-1 a two
check "a new one" map in-5 a one
check "one goes" "$TIPHYS" delete cm in-2
stop_server -KILL
check "the server starts again after kill -9" start_server
sleep 0.3
check "nothing is told" equals "$(told)" "$BEFORE,UPDATE in-2 two<one"
check "the source goes on" "$TIPHYS" events resume eventsource/objects
has() { "$TIPHYS" get cm -o json | jq -e "[.items[].data | select(.type == \"$1\" and .name == \"$2\" and .n == \"$3\")] | length == $4"; }
check "the change is told" wait_for 10 has UPDATE in-1 two 1
check "the new one" wait_for 10 has ADD in-5 one 1
check "the one that has gone" wait_for 10 has DELETE in-2 two 1

for i in $(seq 20); do
    map "in-many-$i" a one
    [ "$i" = 10 ] && { stop_server -KILL; start_server; }
done
check "objects around another kill -9" wait_for 20 has ADD in-many-20 one 1
all_are_told() { [ "$("$TIPHYS" get cm -o json | jq -r '[.items[].data | select(.type == "ADD" and (.name | startswith("in-many-"))).name] | length')" -ge 20 ]; }
check "are all told" wait_for 20 all_are_told
sleep 0.5
check "none twice" equals "$("$TIPHYS" get cm -o json | jq -r '[.items[].data | select(.type == "ADD" and (.name | startswith("in-many-"))).name] | sort | length, (unique | length)' | tr '\n' ' ')" "20 20 "
