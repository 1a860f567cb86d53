#!/bin/sh
# Scripts of a dependency: one changes the data that filters and triggers see, one decides which events pass.
. "$(dirname "$0")/../../support/story.sh"

check "the server starts" start_server
PORT=$(free_port)
cat >"$DIR/pipeline.yaml" <<YAML
$(hooks in)
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: watcher}
spec:
  dependencies:
  - name: dep
    eventSourceName: hooks
    eventName: in
    transform:
      script: |-
        event.body.total = 0
        for _, n in ipairs(event.body.prices) do event.body.total = event.body.total + n end
        event.body.name = string.upper(event.body.name)
        return event
    filters:
      script: return event.body.total > 10
  triggers:
  - template: {name: shop, log: {}}
---
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: programs}
spec:
  dependencies:
  - name: dep
    eventSourceName: hooks
    eventName: in
    transform: {jq: "{order: .body.name, most: (.body.prices | max), all: [.body.prices[] | . * 2]}"}
    filters: {data: [{path: most, type: number, comparator: ">", value: ["10"]}]}
  triggers:
  - template: {name: programmed, log: {}}
---
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: endless}
spec:
  dependencies:
  - {name: dep, eventSourceName: hooks, eventName: in, transform: {jq: "def f: f; f"}}
  triggers:
  - template: {name: never, log: {}}
YAML
check "apply" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
check "the endpoint comes up" hooks_are_up
check "the sensor runs" wait_for 10 grep -q 'sensor runs.*sensorName=endless' "$DIR/server.log"
has() { grep -q "$1" "$DIR/server.log"; }
check "a small order" post in '{"name":"small","prices":[1,2]}'
check "an order whose script fails" post in '{"name":"broken"}'
check "a large order" post in '{"name":"large","prices":[15,5]}'
check "fires for the large one" wait_for 10 has 'fired a trigger.*triggerName=shop '
check "with the data that the script made" wait_for 10 has 'total[^0-9]*20'
check "all of it" has 'LARGE'
check "the program of jq fires, too" wait_for 10 has 'fired a trigger.*triggerName=programmed .*[[]30,10[]]'
check "with sorted keys" has '"all.*"most.*"order'
check "what never ends is dropped" equals "$(grep -c 'triggerName=never' "$DIR/server.log")" 0
check "the small one never fired" equals "$(grep -c 'SMALL' "$DIR/server.log")" 0
check "the server still runs" curl -sf "http://127.0.0.1:$PORT/health"
