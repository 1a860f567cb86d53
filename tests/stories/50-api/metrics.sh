#!/bin/sh
# /metrics under the originals' names, and the probes: what a webhook event, its triggers and its workflow leave in the numbers.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
check "the server starts" start_server
PORT=$(free_port)
workflow_sensor runner hooks example body.message >"$DIR/pipeline.yaml"
cat >>"$DIR/pipeline.yaml" <<YAML
---
$(hooks example)
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: {name: caller}
spec:
  dependencies: [{name: dep, eventSourceName: hooks, eventName: example}]
  triggers:
  - template: {name: nobody, http: {url: "http://127.0.0.1:9/", method: POST, payload: [{src: {dependencyName: dep, dataKey: body}, dest: m}]}}
YAML
cat >"$DIR/template.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: lib}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: busybox, command: ["true"]}
YAML
scrape() { curl -sf "http://$ARGO_SERVER/metrics" >"$DIR/metrics"; }
has() { scrape && contains "$DIR/metrics" "$1"; }
code() { curl -s -o "$DIR/body" -w '%{http_code}' "$@"; }
events='{event_name="example",eventsource_name="hooks",namespace="default"}'
runner='{namespace="default",sensor_name="runner",trigger_name="run"}'
nobody='{namespace="default",sensor_name="caller",trigger_name="nobody"}'

check "apply" "$TIPHYS" apply -f "$DIR/pipeline.yaml" -f "$DIR/template.yaml"
check "the endpoint comes up" hooks_are_up
check "the sensors run" wait_for 10 has "argo_events_action_triggered_total$nobody 0"
check "series are there before the first event" has "argo_events_events_sent_total$events 0"
check "the event service runs" has 'argo_events_event_service_running_total{eventsource_name="hooks",namespace="default"} 1'
check "an event" curl -sf -H 'Content-Type: application/json' -d '{"message":"a"}' "http://127.0.0.1:$PORT/example"
check "what is no JSON is refused" equals "$(code -H 'Content-Type: application/json' -d '{' "http://127.0.0.1:$PORT/example")" 400
check "the workflow ends" wait_for 30 has_succeeded 1
check "sent" has "argo_events_events_sent_total$events 1"
check "failed to process" has "argo_events_events_processing_failed_total$events 1"
check "how long it took" has "argo_events_event_processing_duration_milliseconds_count$events 1"
check "triggered" wait_for 10 has "argo_events_action_triggered_total$runner 1"
check "actions are timed" has "argo_events_action_duration_milliseconds_count$runner 1"
check "an action failed" wait_for 10 has "argo_events_action_failed_total$nobody 1"
check "for good" has "argo_events_action_retries_failed_total$nobody 1"
check "workflows by phase" has 'argo_workflows_total_count{namespace="default",phase="Succeeded"} 1'
check "new workflows" has 'argo_workflows_total_count{namespace="default",phase="New"} 1'
check "nothing runs any more" wait_for 10 has 'argo_workflows_gauge{phase="Running"} 0'
check "it is counted where it is stored" has 'argo_workflows_gauge{phase="Succeeded"} 1'
check "pods" has 'argo_workflows_pods_total_count{namespace="default",phase="Succeeded"} 1'
check "no pod is left" wait_for 10 has 'argo_workflows_pods_gauge{phase="Running"} 0'
check "decisions are timed" contains "$DIR/metrics" 'argo_workflows_operation_duration_seconds_bucket{le="+Inf"}'
check "a workflow of a template" "$TIPHYS" submit --from workflowtemplate/lib --wait
check "is counted by the template" wait_for 10 has 'argo_workflows_workflowtemplate_triggered_total{cluster_scope="false",name="lib",namespace="default",phase="Succeeded"} 1'
check "from when it was new" has 'argo_workflows_workflowtemplate_triggered_total{cluster_scope="false",name="lib",namespace="default",phase="New"} 1'
check "with its runtime" has 'argo_workflows_workflowtemplate_runtime_count{cluster_scope="false",name="lib",namespace="default"} 1'
check "log messages" has 'argo_workflows_log_messages{level="error"}'
check "by the originals' names of levels" has 'argo_workflows_log_messages{level="warning"}'
check "the bus" contains "$DIR/metrics" 'tiphys_bus_published_total 1'
check "the type is Prometheus' text" sh -c "curl -sfI -X GET 'http://$ARGO_SERVER/metrics' | grep -qi '^content-type: text/plain; version=0.0.4'"
check "each line is a comment or a sample" sh -c "! grep -Evq '^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\\{[^ ].*\\})? [0-9.e+-]+|[a-z_]+_bucket\\{.*\\} [0-9]+)\$' '$DIR/metrics'"
check "written to, it is refused" equals "$(code -d x "http://$ARGO_SERVER/metrics")" 405

for probe in livez healthz readyz; do
    check "/$probe" equals "$(curl -sf "http://$ARGO_SERVER/$probe")" ok
done
curl -sf "http://$ARGO_SERVER/readyz?verbose" >"$DIR/verbose"
check "/readyz?verbose" equals "$(tr '\n' ' ' <"$DIR/verbose")" "[+]loop ok [+]store ok [+]bus ok readyz check passed "

stop_server
SERVER_FLAGS='--isolation process --token secret'
start_closed() {
    rm -f "$DIR/data/port"
    # shellcheck disable=SC2086 # a list of flags
    "$TIPHYS" server --port 0 --data "$DIR/data" $SERVER_FLAGS >>"$DIR/server.log" 2>&1 &
    SERVER_PID=$!
    wait_for 20 test -s "$DIR/data/port"
    ARGO_SERVER=127.0.0.1:$(cat "$DIR/data/port")
}
check "a server with a token" start_closed
check "probes need none" wait_for 10 curl -sf "http://$ARGO_SERVER/livez"
check "metrics need it" equals "$(code "http://$ARGO_SERVER/metrics")" 403
check "with it they are shown" equals "$(code -H 'Authorization: Bearer secret' "http://$ARGO_SERVER/metrics")" 200
stop_server
export ARGO_SERVER_METRICS_AUTH=false
check "a server with ARGO_SERVER_METRICS_AUTH=false" start_closed
check "shows them to everybody" wait_for 10 curl -sf "http://$ARGO_SERVER/metrics"
check "and nothing else" equals "$(code "http://$ARGO_SERVER/api/v1/info")" 401
