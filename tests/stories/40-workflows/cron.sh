#!/bin/sh
# CronWorkflows: the commands; runs at their times, policies, history; kill -9 runs no time twice; what is deleted takes its runs along.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
run() { "$TIPHYS" "$@" >"$DIR/stdout" 2>"$DIR/stderr"; }
field() { "$TIPHYS" cron get "$1" -o json | jq -r "$2"; }
of_cron() { "$TIPHYS" list -l "workflows.argoproj.io/cron-workflow=$1" -o name | sort; }
count_of() { of_cron "$1" | grep -c '^[a-z0-9-]*$'; } # and not "No workflows found"
has() { [ "$(count_of "$1")" -ge "$2" ]; }
has_none() { [ "$(count_of "$1")" = 0 ]; }
is() { [ "$(field "$1" "$2")" = "$3" ]; }
has_ran() { [ "$(ran)" -ge "$1" ]; }
# cron NAME SECONDS MORE: each second a run that writes its name and takes so long
cron() {
    cat <<YAML
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: $1, labels: {team: x}}
spec:
  schedules: ["@every 1s"]
  $3
  workflowMetadata: {labels: {from: cron}}
  workflowSpec:
    entrypoint: main
    arguments: {parameters: [{name: what, value: nothing}]}
    templates:
    - name: main
      container: {image: busybox, command: [sh, -c], args: ['echo "\$1" >>$DIR/ran; sleep $2', main, '{{workflow.name}}']}
YAML
}

check "the server starts" start_server
cron ticks 0 'startingDeadlineSeconds: 30' >"$DIR/ticks.yaml"
check "lint" sh -c "'$TIPHYS' cron lint '$DIR/ticks.yaml' | grep -q 'no linting errors found!'"
sed 's/@every 1s/61 * * * */' "$DIR/ticks.yaml" >"$DIR/bad.yaml"
check "a wrong schedule is told" sh -c "! '$TIPHYS' cron lint '$DIR/bad.yaml' >'$DIR/lint' 2>&1 && grep -qF 'cron schedule 61 * * * * is malformed: end of range (61) above maximum (59): 61' '$DIR/lint'"
check "and refused" sh -c "! '$TIPHYS' cron create '$DIR/bad.yaml' 2>'$DIR/stderr' && grep -q 'is malformed' '$DIR/stderr'"
check "create" run cron create "$DIR/ticks.yaml" -p what=something -l team=y
check "shows its name" contains "$DIR/stdout" "Name:                          ticks"
check "its schedules" contains "$DIR/stdout" "Schedules:                     @every 1s"
check "that it goes" contains "$DIR/stdout" "Suspended:                     false"
check "its deadline" contains "$DIR/stdout" "StartingDeadlineSeconds:       30"
check "twice is an error" sh -c "! '$TIPHYS' cron create '$DIR/ticks.yaml' 2>'$DIR/stderr' && grep -q 'already exists' '$DIR/stderr'"
check "it runs" wait_for 10 has_ran 2
check "get" run cron get ticks
check "tells the last time" contains "$DIR/stdout" "LastScheduledTime:             "
check "and the next" contains "$DIR/stdout" " (assumes workflow-controller is in UTC)"
check "and the parameters" contains "$DIR/stdout" "  what:                        something"
check "list" run cron list -A
check "has argo's columns" sh -c "head -1 '$DIR/stdout' | grep -qE '^NAMESPACE +NAME +AGE +LAST RUN +NEXT RUN +SCHEDULES +TIMEZONE +SUSPENDED$'"
check "and the row" sh -c "grep -qE '^default +ticks +[0-9]+s +[0-9]+s +[0-9]+s +@every 1s +false$' '$DIR/stdout'"
check "by label" equals "$("$TIPHYS" cwf list -l team=y -o name)" ticks
check "by another label" equals "$("$TIPHYS" cwf list -l team=x -o name)" ""
check "the status counts" wait_for 10 is ticks '.status.succeeded >= 3' true
one=$(of_cron ticks | head -1)
check "a run has the time in its name" sh -c "'$TIPHYS' get '$one' -o json | jq -e '(.metadata.annotations[\"workflows.argoproj.io/scheduled-time\"] | fromdate) == (.metadata.name | ltrimstr(\"ticks-\") | tonumber)'"
check "the labels, and its owner" sh -c "'$TIPHYS' get '$one' -o json | jq -e '.metadata.labels.from == \"cron\" and .metadata.ownerReferences[0].name == \"ticks\" and .metadata.ownerReferences[0].controller'"
check "suspend" equals "$("$TIPHYS" cron suspend ticks)" "CronWorkflow 'ticks' suspended"
check "what runs ends" wait_for 10 is ticks '.status.active | length' 0
check "three are kept" equals "$(count_of ticks)" 3
before=$(ran)
sleep 2
check "nothing runs while it is suspended" equals "$(ran)" "$before"
check "by hand it does" "$TIPHYS" submit --from cronwf/ticks --name by-hand --wait
check "as one of its own" sh -c "'$TIPHYS' get by-hand -o json | jq -e '.metadata.labels[\"workflows.argoproj.io/cron-workflow\"] == \"ticks\" and .spec.arguments.parameters[0].value == \"something\"'"
check "from one that is not there" sh -c "! '$TIPHYS' submit --from cronwf/nobody 2>'$DIR/stderr' && grep -q '\"nobody\" not found' '$DIR/stderr'"
check "resume" equals "$("$TIPHYS" cron resume ticks)" "CronWorkflow 'ticks' resumed"
check "it runs again" wait_for 10 has_ran $((before + 2))

# Kill -9, again and again: no time runs twice, what was missed is made up for.
for i in 1 2 3; do
    sleep 0.$((i * 3))
    stop_server -KILL
    check "the server starts after kill -9 ($i)" start_server
    before=$(ran)
    check "it goes on ($i)" wait_for 10 has_ran $((before + 2))
done
check "no time ran twice" equals "$(ran_twice)" ""
check "delete" equals "$("$TIPHYS" cron delete ticks)" "CronWorkflow 'ticks' deleted"
check "its workflows go with it" wait_for 10 has_none ticks
check "what is not there is told" sh -c "! '$TIPHYS' cron get ticks 2>'$DIR/stderr' && grep -q '\"ticks\" not found' '$DIR/stderr'"

cron waits 30 'concurrencyPolicy: Forbid' >"$DIR/waits.yaml"
check "Forbid" run cron create "$DIR/waits.yaml"
check "runs one" wait_for 10 has waits 1
sleep 2.5
check "and no other beside it" equals "$(count_of waits)" 1
check "it is active" is waits '.status.active | length' 1
sed 's/Forbid/Replace/' "$DIR/waits.yaml" >"$DIR/replace.yaml"
check "update to Replace" run cron update "$DIR/replace.yaml"
check "is seen" contains "$DIR/stdout" "ConcurrencyPolicy:             Replace"
first=$(of_cron waits | head -1)
is_ended() { [ "$("$TIPHYS" get "$1" -o json | jq -r .status.phase)" = Failed ] || ! "$TIPHYS" get "$1" >/dev/null 2>&1; }
check "the next one takes its place" wait_for 10 is_ended "$first"
check "one is active" wait_for 10 is waits '.status.active | length' 1
check "another schedule on the command line" run cron create "$DIR/waits.yaml" --name yearly --schedule '0 0 29 2 *'
check "is taken" is yearly '.spec.schedules | join(" ")' '0 0 29 2 *'
check "all are deleted" run cron delete --all
check "both" equals "$(grep -c deleted "$DIR/stdout")" 2
check "and their workflows" wait_for 10 has_none waits
