#!/bin/sh
# list with its filters, delete in argo's way, get of other kinds as kubectl does, delete of manifests.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
check "the server starts" start_server
flow() {
    cat <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1, labels: {app: $2}}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: busybox, command: [sh, -c, "$3"]}
YAML
}
flow good-1 x true >"$DIR/1.yaml"
flow good-2 v true >"$DIR/2.yaml"
flow bad-1 x 'exit 3' >"$DIR/3.yaml"
flow long-1 v 'sleep 30' >"$DIR/4.yaml"
check "several files at once" sh -c "'$TIPHYS' submit '$DIR/1.yaml' '$DIR/2.yaml' '$DIR/3.yaml' '$DIR/4.yaml' -o name >'$DIR/names'"
check "in their order" equals "$(tr '\n' ' ' <"$DIR/names")" "good-1 good-2 bad-1 long-1 "
"$TIPHYS" wait good-1 good-2 bad-1 >"$DIR/waited" 2>&1
check "wait tells each" contains "$DIR/waited" "bad-1 Failed at "

names() { "$TIPHYS" list -o name "$@" | sort | tr '\n' ' '; }
check "completed" equals "$(names --completed)" "bad-1 good-1 good-2 "
check "running" equals "$(names --running)" "long-1 "
check "the running one comes first" equals "$("$TIPHYS" list -o name | head -1)" long-1
check "by phase" equals "$(names --status Failed,Error)" "bad-1 "
check "by prefix" equals "$(names --prefix good)" "good-1 good-2 "
check "by label" equals "$(names -l app=x)" "bad-1 good-1 "
check "by field" equals "$(names --field-selector metadata.name=good-2)" "good-2 "
check "since" equals "$(names --since 10m --prefix good-1)" "good-1 "
check "older" equals "$(names --older 10m)" "No workflows found "
check "in small pages" equals "$(names --chunk-size 1)" "bad-1 good-1 good-2 long-1 "
check "the table" sh -c "'$TIPHYS' list | head -1 | grep -qE '^NAME +STATUS +AGE +DURATION +PRIORITY +MESSAGE$'"
check "wide" sh -c "'$TIPHYS' list -o wide --prefix bad | grep -qE '^bad-1 +Failed .* 0/0/1'"
check "no headers" sh -c "test \$('$TIPHYS' list --no-headers | wc -l) = 4"
check "a plain list" sh -c "'$TIPHYS' list -o json | jq -e 'length == 4'"
check "both ways at once" sh -c "! '$TIPHYS' list --completed --running"

check "kinds have their columns" sh -c "'$TIPHYS' get wf | head -1 | grep -qE '^NAME +STATUS +AGE +MESSAGE'"
check "namespaces" sh -c "'$TIPHYS' get wf -A | head -1 | grep -q '^NAMESPACE'"
check "two by name" sh -c "test \$('$TIPHYS' get wf good-1 good-2 -o name | wc -l) = 2"

check "a dry run" equals "$("$TIPHYS" delete good-1 --dry-run)" "Workflow 'good-1' deleted (dry-run)"
check "by name, and one that is not there" equals "$("$TIPHYS" delete good-1 nobody)" "Workflow 'good-1' deleted
Workflow 'nobody' not found"
check "by filter" equals "$("$TIPHYS" delete --status Failed)" "Workflow 'bad-1' deleted"
check "what is young stays" equals "$("$TIPHYS" delete --older 1d)" "No resources found"
check "the objects of a manifest" equals "$("$TIPHYS" delete -f "$DIR/2.yaml")" 'workflow.argoproj.io "good-2" deleted'
check "by kind and name" equals "$("$TIPHYS" delete wf long-1)" 'workflow.argoproj.io "long-1" deleted'
check "all that is left" equals "$("$TIPHYS" delete --all)" "No resources found"
stop_server
