#!/bin/sh
# What people do to workflows that run: suspend, resume, stop, terminate, on the real daemon with real pods.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
API() { echo "http://$ARGO_SERVER/api/v1/workflows/default/$1"; }
status() { curl -sf "$(API "$1")" | jq -r "$2"; }
is() { equals "$(status "$1" "$2")" "$3"; }
# nodes NAME: "displayName type phase" of each node, sorted.
nodes() { status "$1" '.status.nodes[] | "\(.displayName) \(.type) \(.phase)"' | LC_ALL=C sort | tr '\n' ';'; }
says() { text=$1; shift; equals "$("$@" 2>&1)" "$text"; }
fails() { text=$1; shift; "$@" >"$DIR/fails" 2>&1 && { echo "it did not fail"; return 1; }; contains "$DIR/fails" "$text"; }

# flow NAME: two steps of which the first waits for a file, and an exit handler that writes one.
flow() {
    cat >"$DIR/$1.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1, labels: {story: operations}}
spec:
  entrypoint: main
  onExit: bye
  templates:
  - name: main
    steps: [[{name: first, template: wait}], [{name: second, template: say}]]
  - {name: wait, container: {image: busybox, command: [sh, -c], args: ['while [ ! -e $DIR/$1.go ]; do sleep 0.05; done']}}
  - {name: say, container: {image: busybox, command: [echo, hello]}}
  - {name: bye, container: {image: busybox, command: [touch, $DIR/$1.bye]}}
YAML
    "$TIPHYS" submit "$DIR/$1.yaml" >/dev/null && wait_for 20 first_is "$1" Running
}
first_is() { nodes "$1" | grep -q "first Pod $2;"; }
check "the server starts" start_server

check "a workflow runs" flow held
check "suspend" says "workflow held suspended" "$TIPHYS" suspend held
touch "$DIR/held.go"
check "what runs ends" wait_for 20 first_is held Succeeded
check "nothing new begins" equals "$(nodes held)" "[0] StepGroup Succeeded;[1] StepGroup Running;first Pod Succeeded;held Steps Running;"
check "it is seen" sh -c "'$TIPHYS' get held | grep -q '^Status: *Running (Suspended)'"
stop_server -KILL
check "the server starts again" start_server
check "it is still held" is held '"\(.spec.suspend) \(.status.phase)"' "true Running"
check "resume" says "workflow held resumed" "$TIPHYS" resume held
check "it goes on to its end" timeout 20 "$TIPHYS" wait held
check "all of it" equals "$(nodes held)" "[0] StepGroup Succeeded;[1] StepGroup Succeeded;first Pod Succeeded;held Steps Succeeded;held.onExit Pod Succeeded;second Pod Succeeded;"
check "suspend of what has ended" fails "failed to suspend held: cannot suspend completed workflows" "$TIPHYS" suspend held
check "resume of it changes nothing" says "workflow held resumed" "$TIPHYS" resume held

check "another runs" flow stopped
check "stop" says "workflow stopped stopped" "$TIPHYS" stop stopped
check "it fails" fails "stopped Failed at" timeout 20 "$TIPHYS" wait stopped
check "its message" is stopped .status.message "Stopped with strategy 'Stop'"
check "its exit handler has run" test -e "$DIR/stopped.bye"
check "the tree" equals "$(nodes stopped)" "[0] StepGroup Failed;first Pod Failed;stopped Steps Failed;stopped.onExit Pod Succeeded;"
check "why its pod failed" is stopped '.status.nodes[] | select(.displayName == "first").message' "workflow shutdown with strategy:  Stop"
check "stop of what has ended" fails 'cannot shutdown a completed workflow: workflow: "stopped", namespace: "default"' "$TIPHYS" stop stopped

check "a third runs" flow ended
check "a dry run" says "workflow ended terminated (dry-run)" "$TIPHYS" terminate ended --dry-run
check "changes nothing" first_is ended Running
check "terminate, after suspend" sh -c "'$TIPHYS' suspend ended && '$TIPHYS' terminate ended"
check "it fails, too" fails "ended Failed at" timeout 20 "$TIPHYS" wait ended
check "its message" is ended .status.message "Stopped with strategy 'Terminate'"
check "no exit handler" test ! -e "$DIR/ended.bye"

check "by selector" flow chosen
check "those that have ended stand in the way, as upstream" fails "cannot shutdown a completed workflow" "$TIPHYS" stop -l story=operations,workflows.argoproj.io/completed=true
check "stop" says "workflow chosen stopped" "$TIPHYS" stop -l story=operations,workflows.argoproj.io/completed!=true
check "its end" fails "chosen Failed at" timeout 20 "$TIPHYS" wait chosen
stop_server
