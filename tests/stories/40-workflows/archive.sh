#!/bin/sh
# The archive on the real daemon: switched on by the controller's ConfigMap, it keeps what has ended when the Workflow itself is
# gone; lists, filters, labels, deletion, resubmission and retry by the commands and the HTTP API.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
api() { curl -sf "http://$ARGO_SERVER$1"; }
code() { curl -s -o "$DIR/body" -w '%{http_code}' "$@"; }
live() { api "/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
status_of() { live "$1" | jq -r '.metadata.labels["workflows.argoproj.io/workflow-archiving-status"]'; }
is_status() { [ "$(status_of "$1")" = "$2" ]; }
archived() { api "/api/v1/archived-workflows?${1:-}" | jq -r '[(.items // [])[].metadata.name] | sort | join(" ")'; }
# flow NAME COLOR COMMAND [TTL]
flow() {
    cat >"$DIR/$1.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1, labels: {color: $2}}
spec:
  entrypoint: main
  ${4:+ttlStrategy: {secondsAfterCompletion: $4\}}
  archiveLogs: true
  templates:
  - name: main
    steps:
    - - {name: first, template: run, arguments: {parameters: [{name: command, value: "echo hello from $1"}]}}
    - - {name: second, template: run, arguments: {parameters: [{name: command, value: "$3"}]}}
  - name: run
    inputs: {parameters: [{name: command}]}
    container: {image: busybox, command: [sh, -c, "{{inputs.parameters.command}}"]}
YAML
    "$TIPHYS" submit "$DIR/$1.yaml" --wait >/dev/null
    return 0
}
config() {
    cat >"$DIR/config.yaml" <<YAML
apiVersion: v1
kind: ConfigMap
metadata: {name: workflow-controller-configmap, namespace: argo}
data:
  persistence: |
    archive: $1
    archiveTTL: 30d
    archiveLabelSelector: {matchExpressions: [{key: color, operator: NotIn, values: [none]}]}
YAML
    "$TIPHYS" apply -f "$DIR/config.yaml"
}
check "the server starts" start_server
check "one from before the archive" flow before red true
check "the archive is switched on" config true
sleep 1
check "one that succeeds" flow good red true
check "one that fails" flow bad blue "test -f $DIR/mended"
check "one that goes at once" flow short red true 0
check "one whose labels keep it out" flow none none true
check "it is archived" wait_for 10 is_status good Archived
check "the failed one, too" wait_for 10 is_status bad Archived
check "what goes at once is archived before" wait_for 10 sh -c "! curl -sf http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/short"
check "the others are not" equals "$(archived)" "bad good short"

check "by label" equals "$(archived 'listOptions.labelSelector=color%3Dred')" "good short"
check "by phase" equals "$(archived 'listOptions.labelSelector=workflows.argoproj.io/phase%3DFailed')" "bad"
check "by name" equals "$(archived 'listOptions.fieldSelector=metadata.name%3Dgood')" "good"
check "by part of the name" equals "$(archived 'listOptions.fieldSelector=metadata.name%3Doo&nameFilter=Contains')" "good"
check "by prefix" equals "$(archived 'namePrefix=s')" "short"
check "by namespace" equals "$(archived 'namespace=other')" ""
check "by time" equals "$(archived 'listOptions.fieldSelector=spec.startedAt%3C2020-01-01T00:00:00Z')" ""
check "and by time again" equals "$(archived 'listOptions.fieldSelector=spec.startedAt%3E2020-01-01T00:00:00Z')" "bad good short"
page=$(api '/api/v1/archived-workflows?listOptions.limit=1&listOptions.fieldSelector=ext.showRemainingItemCount%3Dtrue')
check "a page says where the next one begins" equals "$(echo "$page" | jq -r '.metadata.continue')" 1
check "and how much is left" equals "$(echo "$page" | jq -r '.metadata.remainingItemCount')" 2
check "the next page" equals "$(api '/api/v1/archived-workflows?listOptions.limit=2&listOptions.continue=1' | jq '.items | length')" 2
check "an unknown requirement" equals "$(code "http://$ARGO_SERVER/api/v1/archived-workflows?listOptions.fieldSelector=spec.entrypoint%3Dx")" 400
check "with the original's text" contains "$DIR/body" 'unsupported requirement spec.entrypoint=x'
check "a forged token" equals "$(code "http://$ARGO_SERVER/api/v1/archived-workflows?listOptions.continue=x")" 400

uid=$(api '/api/v1/archived-workflows?listOptions.fieldSelector=metadata.name%3Dgood' | jq -r '.items[0].metadata.uid')
check "whole, with its nodes" equals "$(api "/api/v1/archived-workflows/$uid" | jq '.status.nodes | length')" 5
check "its label says what it is" equals "$(api "/api/v1/archived-workflows/$uid" |
    jq -r '.metadata.labels["workflows.argoproj.io/workflow-archiving-status"]')" Persisted
check "one that is not there" equals "$(code "http://$ARGO_SERVER/api/v1/archived-workflows/nothing")" 404
check "label keys" equals "$(api /api/v1/archived-workflows-label-keys | jq -r '.items | index("color") != null')" true
check "label values" equals "$(api '/api/v1/archived-workflows-label-values?listOptions.labelSelector=color' | jq -c .items)" '["blue","red"]'

argo() { "$TIPHYS" "$@"; }
argo archive list >"$DIR/list"
check "the command's columns" sh -c "head -1 '$DIR/list' | tr -s ' ' | grep -q '^NAMESPACE NAME STATUS AGE DURATION PRIORITY MESSAGE UID$'"
check "its rows" equals "$(wc -l <"$DIR/list")" 4
argo archive get good >"$DIR/get"
check "get by name" contains "$DIR/get" "Namespace:           default"
check "get by uid" sh -c "'$TIPHYS' archive get $uid | grep -q '^Name:                good$'"
check "label keys by command" sh -c "'$TIPHYS' archive list-label-keys | grep -qx color"
check "label values by command" equals "$(argo archive list-label-values -l color | tr '\n' ' ')" "blue red "

check "list has what is in the archive alone" sh -c "'$TIPHYS' list -o name | grep -qx short"
check "a live one is listed as archived" equals "$(argo list -o json | jq -r '.[] | select(.metadata.name == "good").metadata.labels["workflows.argoproj.io/workflow-archiving-status"]')" Persisted
check "and what is live once" equals "$(argo list -o name | grep -cx good)" 1
check "get finds it there" sh -c "'$TIPHYS' get short | grep -q '✔ second'"
check "and logs" sh -c "'$TIPHYS' logs short | grep -q 'hello from short'"
check "delete does not" equals "$(argo delete short)" "Workflow 'short' not found"

check "a live one is not retried from there" equals "$(code -X PUT -d '{"namespace":"default"}' "http://$ARGO_SERVER/api/v1/archived-workflows/$(
    api '/api/v1/archived-workflows?listOptions.fieldSelector=metadata.name%3Dbad' | jq -r '.items[0].metadata.uid')/retry")" 409
check "with the original's text" contains "$DIR/body" 'Workflow already exists on cluster, use argo retry bad instead'
check "the live one is deleted" argo delete bad
touch "$DIR/mended"
archived_uid=$(api '/api/v1/archived-workflows?listOptions.fieldSelector=metadata.name%3Dbad' | jq -r '.items[0].metadata.uid')
check "it is retried from the archive" argo archive retry bad --wait
check "once: the run before stays, its name is taken" equals "$(code -X PUT -d '{"namespace":"default"}' "http://$ARGO_SERVER/api/v1/archived-workflows/$archived_uid/retry")" 409
check "it succeeds" equals "$(live bad | jq -r .status.phase)" Succeeded
check "its first step was not run again" equals "$(live bad | jq '[.status.nodes[] | select(.type == "Pod" and .phase == "Succeeded")] | length')" 2
check "it is archived anew" wait_for 10 is_status bad Archived
check "beside the run before" equals "$(archived 'listOptions.fieldSelector=metadata.name%3Dbad')" "bad bad"
check "the newest is found by its name" sh -c "'$TIPHYS' archive get bad | grep -q 'Succeeded'"

check "resubmitted from the archive" sh -c "'$TIPHYS' archive resubmit short --wait -o name | grep -q '^short-'"
check "deleted by uid" equals "$(argo archive delete "$uid")" "Archived workflow '$uid' deleted"
check "by name" equals "$(argo archive delete short)" "Archived workflow 'short' deleted"
check "the second time it is not there" sh -c "! '$TIPHYS' archive delete short"
stop_server -KILL
check "the server starts again" start_server
check "the archive is as it was" equals "$(archived 'namePrefix=b')" "bad bad"
