#!/bin/sh
# Objects through the commands: created, shown, brought up to date, removed; what is wrong is told with its place.
. "$(dirname "$0")/../../support/story.sh"

check "the server starts" start_server
cat >"$DIR/good.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: hello, labels: {team: a}}
spec: {entrypoint: main, templates: [{name: main, container: {image: busybox, command: [echo]}}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {color: blue}
YAML
check "apply creates" sh -c "'$TIPHYS' apply -f '$DIR/good.yaml' >'$DIR/applied'"
check "and says so" contains "$DIR/applied" "workflowtemplate.argoproj.io/hello created"
check "apply again" sh -c "'$TIPHYS' apply -f '$DIR/good.yaml' >'$DIR/applied'"
check "changes nothing" contains "$DIR/applied" "configmap/settings unchanged"
sed 's/blue/green/' "$DIR/good.yaml" >"$DIR/green.yaml"
check "apply of a change" sh -c "'$TIPHYS' apply -f '$DIR/green.yaml' >'$DIR/applied'"
check "brings up to date" contains "$DIR/applied" "configmap/settings configured"
check "and leaves the others" contains "$DIR/applied" "workflowtemplate.argoproj.io/hello unchanged"
check "and back" "$TIPHYS" apply -f "$DIR/good.yaml"
check "get as YAML" sh -c "'$TIPHYS' get wftmpl hello -o yaml >'$DIR/shown'"
check "shows what was given" contains "$DIR/shown" "entrypoint: main"
check "get by label" sh -c "'$TIPHYS' get workflowtemplates -l team=a -o name >'$DIR/shown'"
check "finds it" contains "$DIR/shown" "workflowtemplate.argoproj.io/hello"
"$TIPHYS" get workflowtemplates -l team=b >"$DIR/shown" 2>&1
check "and nothing else" contains "$DIR/shown" "No resources found in default namespace."
printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: Wrong}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: right}\n' >"$DIR/mixed.yaml"
"$TIPHYS" apply -f "$DIR/mixed.yaml" >"$DIR/applied" 2>&1
check "a wrong object fails the command" equals $? 1
check "its error names file, line and column" contains "$DIR/applied" "mixed.yaml:3:18: metadata.name: name \"Wrong\" has upper-case letters"
check "the others go on" contains "$DIR/applied" "configmap/right created"
printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a}\nspec:\n  entrypoin: main\n  volumes: [{name: v, nfs: {server: s, path: /}}]\n' >"$DIR/strict.yaml"
"$TIPHYS" apply -f "$DIR/strict.yaml" >"$DIR/applied" 2>&1
check "an unknown field gets the nearest name" contains "$DIR/applied" 'strict.yaml:5:3: spec.entrypoin: unknown field "entrypoin", did you mean "entrypoint"?'
check "what is not carried out yet is refused" contains "$DIR/applied" 'strict.yaml:6:23: spec.volumes[0].nfs: "nfs" is not supported yet'
printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {user: me}\n' >"$DIR/secret.yaml"
check "a secret with texts" sh -c "'$TIPHYS' apply -f '$DIR/secret.yaml' && '$TIPHYS' apply -f '$DIR/secret.yaml' && '$TIPHYS' get secret login -o yaml >'$DIR/shown'"
check "keeps them in base64" contains "$DIR/shown" "user: bWU="
printf 'a: 1\n b: 2\n' >"$DIR/broken.yaml"
"$TIPHYS" apply -f "$DIR/broken.yaml" >"$DIR/applied" 2>&1
check "broken YAML is told with its place" contains "$DIR/applied" "broken.yaml:2:"
check "delete" sh -c "'$TIPHYS' delete wftmpl hello >'$DIR/shown'"
"$TIPHYS" get wftmpl hello >"$DIR/shown" 2>&1
check "then it is gone" contains "$DIR/shown" 'workflowtemplates.argoproj.io "hello" not found'
stop_server -KILL
check "the server starts again after kill -9" start_server
check "and kept everything" sh -c "'$TIPHYS' get cm settings -o yaml >'$DIR/shown' && grep -q 'color: blue' '$DIR/shown'"
