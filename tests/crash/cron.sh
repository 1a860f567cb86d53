#!/bin/sh
# Kill -9 around the submission of a scheduled workflow: afterwards no time has run twice, every run ends, and the status has counted each.
. "$(dirname "$0")/../support/crash.sh"
SERVER_FLAGS='--isolation process'
field() { "$TIPHYS" cron get ticks -o json | jq -r "$1"; }
is_idle() { [ "$(field '.status.active | length')" = 0 ] && [ "$(succeeded)" = "$(workflows)" ]; }
names() { state "SELECT name FROM object WHERE kind = 'Workflow' ORDER BY name"; }
cat >"$DIR/ticks.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: ticks}
spec:
  schedules: ["@every 1s"]
  startingDeadlineSeconds: 60
  successfulJobsHistoryLimit: 100
  workflowSpec:
    entrypoint: main
    templates:
    - name: main
      container: {image: busybox, command: [sh, -c], args: ['echo "\$1" >>$DIR/ran; sleep 0.7', main, '{{workflow.name}}']}
YAML

for point in cron.submit.before cron.submit.after store.commit.before store.commit.after store.done.before; do
    rm -rf "$DIR/data" "$DIR/ran"
    start_server
    "$TIPHYS" cron create "$DIR/ticks.yaml" >/dev/null
    check "$point: the first run" wait_for 10 has_succeeded 1
    stop_server -KILL
    start_with_fault "$point:2"
    dies_there "$point"
    before=$(workflows)
    check "$point: it starts again" start_server
    more() { [ "$(workflows)" -ge $((before + 2)) ]; }
    check "$point: it goes on" wait_for 10 more
    "$TIPHYS" cron suspend ticks >/dev/null
    check "$point: all runs end" wait_for 20 is_idle
    check "$point: every run is counted" equals "$(field .status.succeeded)" "$(workflows)"
    check "$point: none has failed" equals "$(field '.status.failed // 0')" 0
    check "$point: what ran are the workflows" equals "$(sort "$DIR/ran" | tr '\n' ' ')" "$(names | tr '\n' ' ')"
    check "$point: the last time is that of the last run" equals "$(field '.status.lastScheduledTime | fromdate')" "$(names | tail -1 | sed 's/ticks-//')"
    stop_server -KILL
done
