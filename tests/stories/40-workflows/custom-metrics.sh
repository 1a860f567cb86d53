#!/bin/sh
# Metrics that manifests define, on the real daemon: counters with labels, gauges in real time, histograms; a wrong one is a condition and nothing more.
. "$(dirname "$0")/../../support/story.sh"
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
scrape() { curl -sf "http://$ARGO_SERVER/metrics" >"$DIR/metrics.txt"; }
shows() { scrape && grep -qxF -- "$1" "$DIR/metrics.txt"; }
grows() { scrape && grep -q '^argo_workflows_took{name="whole"} [1-9]' "$DIR/metrics.txt"; }
SERVER_FLAGS='--isolation process'
check "the server starts" start_server

cat >"$DIR/metrics.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: counted}
spec:
  entrypoint: main
  metrics:
    prometheus:
    - {name: took, help: seconds, labels: [{key: name, value: whole}], gauge: {realtime: true, value: "{{workflow.duration}}"}}
    - {name: ended, help: ends by status, labels: [{key: status, value: "{{workflow.status}}"}], counter: {value: "1"}}
  templates:
  - name: main
    steps: [[{name: say, template: say, arguments: {parameters: [{name: n, value: "{{item}}"}]}, withItems: [2, 5, 9]}], [{name: wait, template: wait}]]
  - name: say
    inputs: {parameters: [{name: n}]}
    container: {image: busybox, command: [sh, -c, "echo {{inputs.parameters.n}} >out"]}
    outputs: {parameters: [{name: out, valueFrom: {path: out}}]}
    metrics:
      prometheus:
      - {name: values, help: what was said, histogram: {value: "{{outputs.parameters.out}}", buckets: [1, 4, 6]}}
      - {name: wrong, help: not there, counter: {value: "{{outputs.parameters.none}}"}}
  - name: wait
    container: {image: busybox, command: [sh, -c, "until test -e $DIR/go || ! test -d $DIR; do sleep 0.05; done"]}
YAML
sed -i 's/{name: n, value/{name: number, value/; s/\[{name: n}\]/[{name: number}]/; s/inputs.parameters.n}}/inputs.parameters.number}}/' "$DIR/metrics.yaml"
check "a workflow with metrics" "$TIPHYS" submit "$DIR/metrics.yaml"
check "its time grows while it runs" wait_for 15 grows
touch "$DIR/go"
check "it ends" timeout 20 "$TIPHYS" wait counted
check "the end is counted" shows 'argo_workflows_ended{status="Succeeded"} 1'
check "values are observed" shows 'argo_workflows_values_bucket{le="6"} 2'
check "all of them" shows 'argo_workflows_values_count 3'
check "the help is the manifest's" shows '# HELP argo_workflows_values what was said'
check "a wrong one is a condition" sh -c "curl -sf 'http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/counted' | jq -r '.status.conditions[] | select(.type==\"MetricsError\") | .message' | grep -qF 'unable to substitute parameters for metric '"
"$TIPHYS" get counted >"$DIR/get.txt"
check "that people see" contains "$DIR/get.txt" "MetricsError"
