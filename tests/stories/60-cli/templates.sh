#!/bin/sh
# template and cluster-template: create, get, list, update, delete; submit --from; -f and labels.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
check "the server starts" start_server
cat >"$DIR/t.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: lib, labels: {team: x}}
spec:
  entrypoint: say
  arguments: {parameters: [{name: who, value: nobody}, {name: what, value: hello}]}
  templates:
  - name: say
    container: {image: busybox, command: [echo], args: ["{{workflow.parameters.what}} {{workflow.parameters.who}}"]}
YAML
sed 's/kind: WorkflowTemplate/kind: ClusterWorkflowTemplate/; s/name: lib/name: clib/' "$DIR/t.yaml" >"$DIR/c.yaml"
run() { "$TIPHYS" "$@" >"$DIR/stdout" 2>"$DIR/stderr"; }

check "create" run template create "$DIR/t.yaml"
check "shows it" sh -c "grep -q '^Name:                lib$' '$DIR/stdout' && grep -q '^Namespace:           default$' '$DIR/stdout'"
check "twice is an error" sh -c "! '$TIPHYS' template create '$DIR/t.yaml'"
check "of the other kind there is none in it" sh -c "! '$TIPHYS' cluster-template create '$DIR/t.yaml' 2>'$DIR/stderr' && grep -q 'No cluster workflow template found in given files' '$DIR/stderr'"
check "a cluster template" equals "$("$TIPHYS" cwft create "$DIR/c.yaml" -o name)" clib
check "list" equals "$("$TIPHYS" template list -o name)" lib
check "by label" equals "$("$TIPHYS" template list -l team=z -o name)" ""
check "the table" sh -c "'$TIPHYS' template list -A | head -1 | grep -qx 'NAMESPACE   NAME'"
check "get" sh -c "'$TIPHYS' wftmpl get lib -o json | jq -e '.spec.entrypoint == \"say\"'"
sed -i 's/value: nobody/value: somebody/' "$DIR/t.yaml"
check "update" run template update "$DIR/t.yaml"
check "is seen" sh -c "'$TIPHYS' template get lib -o yaml | grep -q somebody"
check "one that is not there" sh -c "! '$TIPHYS' template get nobody 2>'$DIR/stderr' && grep -q '\"nobody\" not found' '$DIR/stderr'"

printf 'who: file\nwhat: bye\n' >"$DIR/p.yaml"
made=$("$TIPHYS" submit --from wftmpl/lib -f "$DIR/p.yaml" -p who=flag -l a=b,c=d --priority 3 -o name)
check "a workflow from it" "$TIPHYS" wait "$made"
check "-p goes before -f" equals "$("$TIPHYS" logs "$made")" "$made: bye flag"
check "labels and priority" sh -c "'$TIPHYS' get '$made' -o json | jq -e '.metadata.labels.a == \"b\" and .metadata.labels.c == \"d\" and .spec.priority == 3'"
check "it is listed by its label" equals "$("$TIPHYS" list -l a=b,c=d -o name)" "$made"
check "from a cluster template" "$TIPHYS" submit --from cwft/clib --name fromc --wait
check "--from and files" sh -c "! '$TIPHYS' submit --from cwft/clib x.yaml 2>'$DIR/stderr' && grep -q 'cannot combine --from with file arguments' '$DIR/stderr'"
check "delete" equals "$("$TIPHYS" template delete lib)" "WorkflowTemplate 'lib' deleted"
check "delete all" equals "$("$TIPHYS" cluster-template delete --all)" "ClusterWorkflowTemplate 'clib' deleted"
check "nothing is left" equals "$("$TIPHYS" template list -o name)$("$TIPHYS" cwft list -o name)" ""
stop_server
