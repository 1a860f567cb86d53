#!/bin/sh
# Filters by expressions over the data: names for paths, "and" and "or", what cannot be evaluated drops the event and is told.
. "$(dirname "$0")/../../support/story.sh"

check "the server starts" start_server
PORT=$(free_port)
cat >"$DIR/pipeline.yaml" <<YAML
$(hooks in)
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: chooser}
spec:
  dependencies:
  - name: all
    eventSourceName: hooks
    eventName: in
    filters:
      exprs:
      - {expr: 'kind == "order" && total > 100', fields: [{path: body.kind, name: kind}, {path: body.total, name: total}]}
      - {expr: 'country in ("DE", "FR")', fields: [{path: body.country, name: country}]}
  - name: one
    eventSourceName: hooks
    eventName: in
    filters:
      exprLogicalOperator: or
      exprs:
      - {expr: 'missing == 1', fields: [{path: body.missing, name: missing}]}
      - {expr: 'kind =~ "^ord"', fields: [{path: body.kind, name: kind}]}
  - name: kinds
    eventSourceName: hooks
    eventName: in
    filtersLogicalOperator: or
    filters:
      exprs: [{expr: 'kind == "nothing"', fields: [{path: body.kind, name: kind}]}]
      data: [{path: body.total, type: number, comparator: ">", value: ["1000"]}]
  triggers:
  - template: {name: all, conditions: all, log: {}}
  - template: {name: one, conditions: one, log: {}}
  - template: {name: kinds, conditions: kinds, log: {}}
YAML
check "apply" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
check "the endpoint comes up" hooks_are_up
check "the sensor runs" wait_for 10 grep -q 'sensor runs.*sensorName=chooser' "$DIR/server.log"
has_fired() { [ "$(fired "$1")" -ge "$2" ]; }
last_id() { bus 'SELECT id FROM record ORDER BY seq DESC LIMIT 1'; }
has_trace() { "$TIPHYS" trace event "$(last_id)" >"$DIR/trace" && grep -qF -- "$1" "$DIR/trace"; }

check "an event of which all is true" post in '{"kind":"order","total":150,"country":"FR"}'
check "fires" wait_for 10 has_fired all 1
check "one is enough for the other" wait_for 10 has_fired one 1
check "no kind of filter lets it to the third" wait_for 10 has_trace "chooser/kinds: expr filter 'kind == \"nothing\"' is not true"
check "an event of which one is not true" post in '{"kind":"order","total":1500,"country":"US"}'
check "is told" wait_for 10 has_trace "chooser/all: expr filter 'country in (\"DE\", \"FR\")' is not true"
check "passes where one is enough" wait_for 10 has_fired one 2
check "and where one kind is" wait_for 10 has_fired kinds 1
check "an event that lacks a field" post in '{"kind":"bill","total":1}'
check "is dropped, with the reason of the one that failed" wait_for 10 has_trace "chooser/one: expr filter 'missing == 1': path 'body.missing' does not exist"
check "an event with a text for a number" post in '{"kind":"order","total":"many","country":"DE"}'
check "is dropped with the message of the expression" wait_for 10 has_trace "Value 'many' cannot be used with the comparator '>', it is not a number"
check "nothing else fired" equals "$(fired all) $(fired kinds)" "1 1"
