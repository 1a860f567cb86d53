#!/bin/sh
# The Argo REST API as its clients use it: a workflow is created, followed, watched, read and deleted with nothing but curl.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
check "the server starts" start_server
API="http://$ARGO_SERVER/api/v1"

# call METHOD PATH [BODY]: the answer is in $DIR/answer, its status in $STATUS.
call() {
    STATUS=$(curl -s -o "$DIR/answer" -w '%{http_code}' -X "$1" ${3:+-H 'Content-Type: application/json' -d "$3"} "$API$2")
}
answers() { # STATUS METHOD PATH [BODY]
    want=$1
    shift
    call "$@"
    [ "$STATUS" = "$want" ] || { echo "$STATUS, not $want:"; cat "$DIR/answer"; return 1; }
}
value() { jq -r "$1" "$DIR/answer"; }
phase_is() { call GET "/workflows/argo/$1" && equals "$(value .status.phase)" "$2"; }

cat >"$DIR/workflow.json" <<'JSON'
{"namespace": "argo", "serverDryRun": false, "workflow": {
  "metadata": {"name": "hello", "namespace": "argo", "creationTimestamp": null, "labels": {"team": "a"}},
  "spec": {"entrypoint": "main", "arguments": {}, "templates": [
    {"name": "main", "inputs": {}, "outputs": {}, "metadata": {}, "steps": [
      [{"name": "first", "template": "say", "arguments": {"parameters": [{"name": "word", "value": "one <&>"}]}}],
      [{"name": "second", "template": "say", "arguments": {"parameters": [{"name": "word", "value": "two"}]}}]]},
    {"name": "say", "inputs": {"parameters": [{"name": "word"}]}, "outputs": {}, "metadata": {"labels": {"kind": "voice"}},
     "container": {"name": "", "image": "busybox", "resources": {}, "command": ["sh", "-c"],
                   "args": ["echo {{inputs.parameters.word}} | tr a-z A-Z; sleep 0.3; echo end"]}}]},
  "status": {"startedAt": null, "finishedAt": null}}}
JSON
sed -i "s/echo {{inputs.parameters.word}}/echo '{{inputs.parameters.word}}'/" "$DIR/workflow.json"
BODY=$(cat "$DIR/workflow.json")

check "lint of a good workflow" answers 200 POST /workflows/argo/lint "$BODY"
check "lint of a bad one" answers 400 POST /workflows/argo/lint "$(echo "$BODY" | sed 's/"entrypoint": "main"/"entrypoint": "nothing"/')"
check "its error is the gateway's" equals "$(value '.code, .message' | tr '\n' ' ')" "3 request:3:26: template name 'nothing' undefined "
check "nothing was created" answers 404 GET /workflows/argo/hello

curl -sN -H 'Accept: text/event-stream' "$API/workflow-events/argo" >"$DIR/events" &
WATCH_PID=$!
check "a watch of one that there is not ends" answers 404 GET "/workflow-events/argo?listOptions.fieldSelector=metadata.name%3Dhello"
check "create" answers 200 POST /workflows/argo "$BODY"
curl -sN "$API/workflow-events/argo?listOptions.fieldSelector=metadata.name%3Dhello&fields=result.type,result.object.metadata.name,result.object.status.phase" >"$DIR/lines" &
LINES_PID=$!
check "it has an identity" sh -c "jq -e '.metadata.uid and .metadata.resourceVersion' '$DIR/answer'"
check "a second one of that name is refused" answers 409 POST /workflows/argo "$BODY"
check "with its code" equals "$(value .code)" 6

check "its logs are followed to the end" sh -c "timeout 30 curl -sN '$API/workflows/argo/hello/log?logOptions.container=main&logOptions.follow=true' >'$DIR/followed'"
check "every line came" equals "$(jq -r .result.content "$DIR/followed" | tr '\n' ' ')" "ONE <&> end TWO end "
check "it succeeds" wait_for 20 phase_is hello Succeeded
check "its nodes are there" equals "$(value '[.status.nodes[] | select(.type == "Pod") | .displayName] | join(" ")')" "first second"
POD=$(jq -r 'first(.result.podName)' "$DIR/followed" | head -1)
check "the log again, in order" sh -c "curl -s '$API/workflows/argo/hello/log' | jq -r .result.content | tr '\n' ' ' | grep -qx 'ONE <&> end TWO end '"
check "of one pod, its tail" equals "$(curl -s "$API/workflows/argo/hello/$POD/log?logOptions.tailLines=1")" "{\"result\":{\"content\":\"end\",\"podName\":\"$POD\"}}"
check "by the label of a pod, filtered, as events" equals "$(curl -s -H 'Accept: text/event-stream' "$API/workflows/argo/hello/log?selector=kind%3Dvoice&grep=TWO" | head -1 | cut -c1-36)" 'data: {"result":{"content":"TWO","po'

check "the watch told of the end" wait_for 10 grep -q '"phase":"Succeeded"' "$DIR/events"
check "as server-sent events" equals "$(head -c 39 "$DIR/events")" 'data: {"result":{"type":"ADDED","object'
check "with whole workflows" sh -c "sed -n 's/^data: //p' '$DIR/events' | tail -1 | jq -e '.result.object.status.nodes | length == 5'"
check "the list has it" answers 200 GET "/workflows/?listOptions.labelSelector=team%3Da&fields=items.metadata.name,items.status.phase"
check "with the fields that were asked for" equals "$(jq -c . "$DIR/answer")" '{"items":[{"metadata":{"name":"hello"},"status":{"phase":"Succeeded"}}]}'
check "the newest" answers 200 GET /workflows/argo/@latest

check "a template" answers 200 POST /workflow-templates/argo "$(echo "$BODY" | jq -c '{template: {metadata: {name: "lib"}, spec: .workflow.spec}}')"
check "is submitted" answers 200 POST /workflows/argo/submit '{"resourceKind": "WorkflowTemplate", "resourceName": "lib", "submitOptions": {"generateName": "from-lib-", "labels": "via=api"}}'
MADE=$(value .metadata.name)
check "it succeeds, too" wait_for 30 phase_is "$MADE" Succeeded

check "a long one" answers 200 POST /workflows/argo "$(echo "$BODY" | sed 's/"name": "hello"/"name": "long"/; s/sleep 0.3/sleep 30/')"
check "runs" wait_for 20 phase_is long Running
fds() { find "/proc/$SERVER_PID/fd" | wc -l; }
follow() { curl -sN --max-time "$1" "$API/workflows/argo/long/log?logOptions.follow=true"; }
follow 1 >"$DIR/cut"
check "a follower sees what there is" grep -q '"content":"ONE' "$DIR/cut"
# Connections to the store are kept: only what grows with each follower is one that was left behind.
FDS=$(fds)
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do follow 0.2 >/dev/null; done
no_more_fds() { [ "$(fds)" -lt $((FDS + 12)) ]; }
check "and leaves nothing behind when it goes" wait_for 20 no_more_fds
check "it is deleted while it runs" answers 200 DELETE /workflows/argo/long

check "delete" answers 200 DELETE /workflows/argo/hello
check "it is gone" answers 404 GET /workflows/argo/hello
check "the watch told of it" wait_for 10 grep -q '"type":"DELETED"' "$DIR/lines"
check "line by line, masked" equals "$(tail -1 "$DIR/lines" | jq -c '[.result.type, (.result.object | keys)]')" '["DELETED",["metadata","status"]]'
check "what is not built says so" answers 501 GET "/stream/sensors/argo/logs"
check "with its code" equals "$(jq -c . "$DIR/answer")" '{"code":12,"message":"SensorsLogs is not supported yet"}'
check "what is nowhere is not implemented, as upstream's gateway says" answers 501 GET /pigeons
check "version" answers 200 GET /version
check "every answer tells it, too" sh -c "curl -s -D- -o /dev/null '$API/userinfo' | grep -qi '^Grpc-Metadata-Argo-Version: v'"
check "a watch ends when its time is over" timeout 10 curl -sfN "$API/workflow-events/argo?listOptions.timeoutSeconds=1"
check "so does kubectl's" timeout 10 curl -sfN "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/workflows?watch=true&timeoutSeconds=1"
kill "$WATCH_PID" "$LINES_PID" 2>/dev/null
stop_server
