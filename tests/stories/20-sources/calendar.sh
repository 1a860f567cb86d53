#!/bin/sh
# Calendar -> bus -> sensor: moments of an interval, what is kept in the ConfigMap, moments that passed while the server was down.
. "$(dirname "$0")/../../support/story.sh"

check "the server starts" start_server
cat >"$DIR/pipeline.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: cal}
spec:
  calendar:
    plain: {interval: 1s, metadata: {of: plain}}
    kept:
      interval: 1s
      timezone: America/New_York
      persistence: {catchup: {enabled: true, maxDuration: 1m}, configMap: {name: moments, createIfNotExist: true}}
    excluded: {interval: 1s, exclusionDates: ["EXDATE:$(date -u +%Y%m%d)T000000Z,$(date -u -d tomorrow +%Y%m%d)T000000Z"]}
---
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: watcher}
spec:
  dependencies:
  - {name: plain, eventSourceName: cal, eventName: plain}
  - {name: kept, eventSourceName: cal, eventName: kept}
  - {name: excluded, eventSourceName: cal, eventName: excluded}
  triggers:
  - template: {name: plain, conditions: plain, log: {}}
  - template: {name: kept, conditions: kept, log: {}}
  - template: {name: excluded, conditions: excluded, log: {}}
---
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata: {name: wrong}
spec:
  calendar:
    often: {interval: 10ms}
YAML
check "apply" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
has_fired() { [ "$(fired "$1")" -ge "$2" ]; }
check "moments fire" wait_for 10 has_fired plain 2
check "with their time and metadata" sh -c "grep 'triggerName=plain' '$DIR/server.log' | grep -qE 'eventTime.*[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]+ \+0000 UTC m=\+[0-9]+\.[0-9]{9}.*metadata.*of.*plain'"
check "those of the calendar that keeps them, too" wait_for 10 has_fired kept 2
check "and not on excluded days" equals "$(fired excluded)" 0
status_of() { "$TIPHYS" get eventsource "$1" -o json | jq -r '.status.conditions[1].message // ""'; }
has_status() { [ -n "$(status_of "$1")" ]; }
check "a beat that is too fast is told" wait_for 10 has_status wrong
check "with what would be right" equals "$(status_of wrong)" "spec.calendar.often: interval: must be a second at least"
kept() { "$TIPHYS" get configmap moments -o json | jq -r '.data["cal.kept"]'; }
check "the last moment is kept" sh -c "echo '$(kept)' | jq -e '.eventTime | test(\"UTC m=\")'"
stop_server -KILL
before=$(fired kept)
sleep 3
check "the server starts again after kill -9" start_server
overdue() { grep 'triggerName=kept' "$DIR/server.log" | grep -cE 'eventTime.*-0[45]00 E[DS]T'; }
has_overdue() { [ "$(overdue)" -ge "$1" ]; }
check "moments that passed meanwhile fire" wait_for 10 has_overdue 2
check "and new ones" wait_for 10 has_fired kept $((before + 4))
stop_server
bus "SELECT id FROM record WHERE event = 'kept'" | sort | uniq -d >"$DIR/twice"
check "no moment is stored twice" equals "$(cat "$DIR/twice")" ""
