#!/bin/sh
# Kill -9 around what a Job and a CronJob store: afterwards each index has run once, each time has one Job, and all is counted.
. "$(dirname "$0")/../support/crash.sh"
SERVER_FLAGS='--isolation process'
api() { curl -sf "http://$ARGO_SERVER/apis/batch/v1/namespaces/default/$1"; }
send() { curl -sf -H 'Content-Type: application/yaml' --data-binary "@$2" "http://$ARGO_SERVER/apis/batch/v1/namespaces/default/$1"; }
is_complete() { api jobs/work | jq -e '.status.conditions[]? | select(.type == "Complete" and .status == "True")'; }
cat >"$DIR/job.yaml" <<YAML
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  completions: 6
  parallelism: 3
  completionMode: Indexed
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: c, image: busybox, command: [sh, -c, 'echo \$JOB_COMPLETION_INDEX >>$DIR/ran; sleep 0.4']}
YAML
cat >"$DIR/cron.yaml" <<YAML
apiVersion: batch/v1
kind: CronJob
metadata: {name: tick}
spec:
  schedule: "@every 1s"
  jobTemplate:
    spec:
      backoffLimit: 0
      template:
        spec:
          restartPolicy: Never
          containers:
          - {name: c, image: busybox, command: [sh, -c, 'echo ran >>$DIR/ticked']}
YAML

for point in jobs.commit.before:1 jobs.commit.before:2 jobs.commit.before:3 jobs.commit.before:5 store.commit.before:4 store.commit.after:4 store.done.before:6 pods.stage.before_send:2 pods.report.before:2; do
    rm -rf "$DIR/data" "$DIR/ran"
    start_with_fault "$point"
    send jobs "$DIR/job.yaml" >/dev/null
    dies_there "${point%:*}"
    check "$point: it starts again" start_server
    api jobs/work >/dev/null || send jobs "$DIR/job.yaml" >/dev/null
    check "$point: the job completes" wait_for 30 is_complete
    check "$point: each index has run once" equals "$(sort "$DIR/ran" | tr '\n' ' ')" "0 1 2 3 4 5 "
    check "$point: each is counted" equals "$(api jobs/work | jq -r '"\(.status.succeeded) \(.status.failed // 0) \(.status.completedIndexes)"')" "6 0 0-5"
    stop_server -KILL
done

ran() { [ -s "$DIR/ticked" ]; }
ended() { api jobs | jq -e '[.items[] | select(.status.succeeded != 1)] | length == 0'; }
point=jobs.cron.commit.before
rm -rf "$DIR/data"
start_with_fault "$point:1"
send cronjobs "$DIR/cron.yaml" >/dev/null
dies_there "$point"
check "$point: it starts again" start_server
api cronjobs/tick >/dev/null || send cronjobs "$DIR/cron.yaml" >/dev/null
check "$point: its time is run" wait_for 20 ran
check "$point: the jobs end" wait_for 20 ended
check "$point: a job ran once" equals "$(grep -c ran "$DIR/ticked")" "$(api jobs | jq '.items | length')"
stop_server -KILL
