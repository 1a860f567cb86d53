#!/bin/sh
# Templates over events: dataTemplate and contextTemplate make names and arguments of workflows, a filter compares what its template makes; a template
# that fails falls back to key and value.
. "$(dirname "$0")/../../support/story.sh"

check "the server starts" start_server
PORT=$(free_port)
cat >"$DIR/pipeline.yaml" <<YAML
$(hooks in)
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: maker}
spec:
  dependencies:
  - name: dep
    eventSourceName: hooks
    eventName: in
    filters:
      data: [{path: body.ref, type: string, value: ["^main\$"], template: '{{ trimPrefix "refs/heads/" .Input }}'}]
  triggers:
  - template:
      name: make
      k8s:
        operation: create
        source:
          resource:
            apiVersion: argoproj.io/v1alpha1
            kind: Workflow
            metadata: {name: build}
            spec:
              entrypoint: main
              suspend: true
              arguments: {parameters: [{name: who}, {name: source}, {name: words}, {name: broken}, {name: gone}]}
              templates: [{name: main, container: {image: busybox, command: ["true"]}}]
        parameters:
        - {src: {dependencyName: dep, dataTemplate: '-{{ .Input.body.after | trunc 7 }}-{{ .Input.body.number }}'}, dest: metadata.name, operation: append}
        - {src: {dependencyName: dep, dataTemplate: '{{ range \$i, \$c := .Input.body.commits }}{{ if \$i }}, {{ end }}{{ \$c.author | title }}{{ end }}'}, dest: spec.arguments.parameters.0.value}
        - {src: {dependencyName: dep, contextTemplate: '{{ .Input.source }}/{{ .Input.subject | upper }}'}, dest: spec.arguments.parameters.1.value}
        - {src: {dependencyName: dep, dataTemplate: '{{ dict "n" (len .Input.body.commits) | toJson }}', useRawData: true}, dest: spec.arguments.parameters.2.value}
        - {src: {dependencyName: dep, dataTemplate: '{{ .Input.body.ref.deeper }}', dataKey: body.ref}, dest: spec.arguments.parameters.3.value}
        - {src: {dependencyName: dep, dataTemplate: '{{ .Input.body.nothing }}', value: fallback}, dest: spec.arguments.parameters.4.value}
YAML
check "apply" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
check "the endpoint comes up" hooks_are_up
check "the sensor runs" wait_for 10 grep -q 'sensor runs.*sensorName=maker' "$DIR/server.log"
check "an event of another branch" post in '{"ref":"refs/heads/topic","after":"0000000","number":1,"commits":[]}'
check "an event of the branch" post in '{"ref":"refs/heads/main","after":"9fceb02d0ae598e9","number":7,"commits":[{"author":"ann"},{"author":"bo"}]}'
has_workflow() { "$TIPHYS" get build-9fceb02-7 -o json >"$DIR/workflow.json" 2>/dev/null; }
check "makes a workflow with the name of the template" wait_for 10 has_workflow
argument() { jq -r --arg name "$1" '.spec.arguments.parameters[] | select(.name == $name) | .value' "$DIR/workflow.json"; }
check "a loop over the data" equals "$(argument who)" "Ann, Bo"
check "the attributes of the event" equals "$(argument source)" "hooks/IN"
check "what a template makes is a text, also raw" equals "$(argument words)" '{"n":2}'
check "a template that fails gives way to the key" equals "$(argument broken)" "refs/heads/main"
check "one that makes nothing to the value" equals "$(argument gone)" "fallback"
check "and nothing was made of the other branch" equals "$("$TIPHYS" list -o name | grep -c build-)" 1
