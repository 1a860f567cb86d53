#!/bin/sh
# Commands for people on the real daemon: limits of locks, runs of a schedule's past, old manifests, plugins, and what explains.
# shellcheck disable=SC2154 # DIR, TIPHYS
. "$(dirname "$0")/../../support/story.sh"
fails() { text=$1; shift; "$@" >"$DIR/fails" 2>&1 && { echo "it did not fail"; return 1; }; contains "$DIR/fails" "$text"; }
says() { text=$1; shift; "$@" >"$DIR/says" 2>&1 || { cat "$DIR/says"; return 1; }; contains "$DIR/says" "$text"; }
SERVER_FLAGS="--isolation process"
check "server starts" start_server

limit() { "$TIPHYS" sync "$@" --type configmap --cm-name limits; }
check "a limit" says "Sync limit created" limit create workflow --limit 1
check "is there" says "Limit: 1" limit get workflow
check "in a ConfigMap" equals "$(curl -sf "http://$ARGO_SERVER/api/v1/namespaces/default/configmaps/limits" | jq -r .data.workflow)" 1
check "once" fails "sync limit cannot be created as it already exists" limit create workflow --limit 1
check "another limit in it" says "Limit: 3" limit create other --limit 3
check "a higher one" says "Sync limit updated" limit update workflow --limit 2
cat >"$DIR/locked.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: locked}
spec:
  entrypoint: main
  synchronization: {semaphores: [{configMapKeyRef: {name: limits, key: workflow}}]}
  templates: [{name: main, container: {image: busybox, command: ['true']}}]
YAML
check "a workflow takes it" sh -c "'$TIPHYS' submit '$DIR/locked.yaml' --wait"
check "gone" says "Sync limit deleted" limit delete workflow
check "is gone" fails "key workflow not found in configmap default/limits" limit get workflow
check "the other is not" says "Limit: 3" limit get other
check "none in the database" fails "Database sync limit not found in namespace \"default\"." "$TIPHYS" sync get workflow --type database

cat >"$DIR/cron.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: daily}
spec:
  schedules: ["0 2 * * *"]
  suspend: true
  workflowSpec:
    entrypoint: main
    arguments: {parameters: [{name: day}]}
    templates:
    - name: main
      container: {image: busybox, command: [sh, -c], args: ['echo "{{workflow.parameters.day}}" >>$DIR/days']}
YAML
check "a schedule" "$TIPHYS" cron create "$DIR/cron.yaml"
backfill() { "$TIPHYS" cron backfill daily --format 2006-01-02 --start 2026-01-01 --argname day "$@"; }
check "nothing in a day" says "There is no suitable scheduling time." backfill --end 2026-01-01
check "three days of its past" says "Total Backfill Schedule: 3" backfill --end 2026-01-04 --name past
check "are run" wait_for 30 sh -c "test \"\$(wc -l <'$DIR/days')\" = 3"
check "each with its time" equals "$(sort "$DIR/days" | tr '\n' ';')" "2026-01-01 02:00:00 +0000 UTC;2026-01-02 02:00:00 +0000 UTC;2026-01-03 02:00:00 +0000 UTC;"
check "by one workflow" wait_for 20 sh -c "'$TIPHYS' list -o name -l workflows.argoproj.io/backfill=daily --status Succeeded | grep -q '^backfill-wf-'"
check "under its name" sh -c "test \$('$TIPHYS' list -o name --prefix daily-backfill-past- | wc -l) = 3"
stop_server
unset ARGO_SERVER

printf 'apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: old}\nspec: {schedule: 0 0 * * *, workflowSpec: {entrypoint: m, templates: [{name: m, container: {image: i}}]}}\n' >"$DIR/old.yaml"
check "an old manifest is none of today" fails 'unknown field "spec.schedule"' "$TIPHYS" lint "$DIR/old.yaml"
check "until it is converted" sh -c "'$TIPHYS' convert '$DIR/old.yaml' | '$TIPHYS' lint -"
check "what a field is" says "FIELD: dependencies <[]string>" "$TIPHYS" explain wf.spec.templates.dag.tasks.dependencies
check "a field that is not there" fails 'did you mean "template"?' "$TIPHYS" explain wf.spec.templates.dag.tasks.templat
check "when a schedule comes due" says "skipped: the clock jumps over it" "$TIPHYS" cron preview '30 2 * * *' --timezone Europe/Berlin --from 2026-03-28T12:00:00Z -n 1
check "what a workflow becomes" says '# {{workflow.parameters.day}} = monday   <- -p day' "$TIPHYS" render "$DIR/cron.yaml" -p day=monday
