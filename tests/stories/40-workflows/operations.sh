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

# A workflow that asks: it waits for an answer, which the next step uses; another pause ends by itself.
cat >"$DIR/ask.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: ask-}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: nap, template: nap}
    - - {name: ask, template: ask}
      - {name: other, template: ask}
    - - {name: use, template: say, arguments: {parameters: [{name: word, value: "{{steps.ask.outputs.parameters.answer}} {{steps.other.outputs.parameters.answer}}"}]}}
  - {name: nap, suspend: {duration: 1s}}
  - name: ask
    suspend: {}
    outputs: {parameters: [{name: answer, valueFrom: {supplied: {}, default: maybe}}]}
  - {name: say, inputs: {parameters: [{name: word}]}, container: {image: busybox, command: [echo, "{{inputs.parameters.word}}"]}}
YAML
ask() { NAME=$("$TIPHYS" submit "$DIR/ask.yaml" -o name) && wait_for 20 asks; }
asks() { nodes "$NAME" | grep -q "ask Suspend Running;.*other Suspend Running;"; }
check "a workflow asks" ask
check "after its pause" sh -c "! '$TIPHYS' get $NAME | grep -q 'nap.*Running'"
check "it is seen" sh -c "'$TIPHYS' get $NAME | grep -q '^Status: *Running (Suspended)'"
check "an answer" says "workflow values set" "$TIPHYS" node set "$NAME" --output-parameter answer=yes --node-field-selector displayName=ask
check "a second answer is refused" fails "cannot set output parameter 'answer' because it does not use valueFrom.raw or it was already set" "$TIPHYS" node set "$NAME" -p answer=no --node-field-selector displayName=ask
check "nobody else is asked" fails "no suspend nodes matching nodeFieldSelector: displayName=use" "$TIPHYS" node set "$NAME" -p answer=no --node-field-selector displayName=use
check "one goes on" says "workflow $NAME resumed" "$TIPHYS" resume "$NAME" --node-field-selector displayName=ask
check "the other waits" sh -c "'$TIPHYS' get $NAME | grep -q 'other.*ask'"
stop_server -KILL
check "the server starts again" start_server
check "it still waits" wait_for 10 sh -c "curl -sf '$(API "$NAME")' | jq -e '[.status.nodes[] | select(.phase == \"Running\" and .type == \"Suspend\").displayName] == [\"other\"]'"
check "resume" says "workflow $NAME resumed" "$TIPHYS" resume "$NAME"
check "to its end" timeout 20 "$TIPHYS" wait "$NAME"
check "the answers were used" sh -c "'$TIPHYS' logs $NAME | grep -q ': yes maybe$'"
check "another asks" ask
check "no is an answer" says "workflow $NAME stopped" "$TIPHYS" stop "$NAME" --node-field-selector displayName=ask --message 'not today'
check "it waits for the other" says "workflow $NAME resumed" "$TIPHYS" resume "$NAME"
check "it fails" fails "$NAME Failed at" timeout 20 "$TIPHYS" wait "$NAME"
check "why" is "$NAME" '.status.nodes[] | select(.displayName == "ask").message' "not today"
check "a third asks" ask
check "stop" says "workflow $NAME stopped" "$TIPHYS" stop "$NAME"
check "it fails at once" fails "$NAME Failed at" timeout 20 "$TIPHYS" wait "$NAME"
check "as upstream" is "$NAME" '[.status.message] + [.status.nodes[] | select(.type == "Suspend" and .phase == "Failed").message] | unique | join(" ")' "Stopped with strategy 'Stop'"

# A workflow that fails until a file is there: it is retried, then submitted again.
cat >"$DIR/flaky.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: flaky, labels: {kind: flaky}}
spec:
  entrypoint: main
  arguments: {parameters: [{name: word, value: one}]}
  templates:
  - name: main
    dag:
      tasks:
      - {name: before, template: count}
      - {name: fails, template: check, depends: before}
      - {name: after, template: count, depends: fails}
  - {name: count, container: {image: busybox, command: [sh, -c], args: ['echo {{node.name}} {{workflow.parameters.word}} >>$DIR/flaky.ran']}}
  - {name: check, container: {image: busybox, command: [sh, -c], args: ['echo tried; test -e $DIR/flaky.ok']}}
YAML
submit() { "$TIPHYS" submit "$DIR/flaky.yaml" >/dev/null; timeout 20 "$TIPHYS" wait flaky >/dev/null; [ "$(status flaky .status.phase)" = Failed ]; }
retry() { timeout 30 "$TIPHYS" retry "$@" --wait >"$DIR/retry.out" 2>&1; }
check "a workflow fails" submit
check "retry of it fails again" fails "" sh -c "timeout 20 '$TIPHYS' retry flaky --wait"
check "in the same way" equals "$(nodes flaky)" "after Skipped Omitted;before Pod Succeeded;fails Pod Failed;flaky DAG Failed;"
touch "$DIR/flaky.ok"
check "retry, when the cause is gone" retry flaky -p word=two
check "it succeeds" equals "$(nodes flaky)" "after Pod Succeeded;before Pod Succeeded;fails Pod Succeeded;flaky DAG Succeeded;"
check "what had succeeded did not run again; the new parameter is used" equals "$(tr '\n' ';' <"$DIR/flaky.ran")" "flaky.before one;flaky.after two;"
check "its end is told" is flaky '[.status.phase, .status.progress, .metadata.labels["workflows.argoproj.io/completed"], (.status.conditions[] | select(.type == "Completed").status)] | join(" ")' "Succeeded 3/3 true True"
check "its log is the new one" equals "$("$TIPHYS" logs flaky | grep -c tried)" 1
check "retry of what succeeded" fails "To retry a succeeded workflow, set the options restartSuccessful and nodeFieldSelector" "$TIPHYS" retry flaky
check "with a selector" retry flaky --restart-successful --node-field-selector displayName=after
check "one step ran again" equals "$(tr '\n' ';' <"$DIR/flaky.ran")" "flaky.before one;flaky.after two;flaky.after two;"
stop_server
check "the server starts again" start_server
check "it is still ended" is flaky .status.phase Succeeded
again() { NEW=$("$TIPHYS" resubmit flaky -p word=three -o name) && timeout 20 "$TIPHYS" wait "$NEW"; }
check "resubmit" again
check "its name is new" sh -c "echo '$NEW' | grep -qx 'flaky-.....'"
check "where it comes from" is "$NEW" '.metadata.labels | .kind + " " + .["workflows.argoproj.io/resubmitted-from-workflow"]' "flaky flaky"
check "all of it ran" sh -c "grep -c three '$DIR/flaky.ran' | grep -qx 2"
check "it is listed" equals "$("$TIPHYS" list --resubmitted -o name)" "$NEW"
check "memoized is for what failed" fails "workflow must be Failed/Error to resubmit in memoized mode" "$TIPHYS" resubmit flaky --memoized

# The results of before are taken over: "make" and the loop do not run again, what needs their outputs has them.
rm -f "$DIR/flaky.ok"
cat >"$DIR/results.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: results}
spec:
  entrypoint: main
  arguments: {parameters: [{name: word, value: one}]}
  templates:
  - name: main
    steps:
    - - {name: make, template: make}
      - {name: each, template: make, withItems: [1, 2]}
    - - name: use
        template: use
        arguments: {parameters: [{name: text, value: '{{steps.make.outputs.result}} {{steps.each.outputs.result}}'}]}
  - {name: make, script: {image: busybox, command: [sh], source: 'echo "{{node.name}}" >>$DIR/results.ran; echo 7'}}
  - name: use
    inputs: {parameters: [{name: text}]}
    container: {image: busybox, command: [sh, -c], args: ['echo "{{workflow.parameters.word}} {{inputs.parameters.text}}" >>$DIR/results.used; test -e $DIR/flaky.ok']}
YAML
"$TIPHYS" submit "$DIR/results.yaml" >/dev/null
timeout 20 "$TIPHYS" wait results >/dev/null
check "results are made, then it fails" sh -c "test \$(wc -l <'$DIR/results.ran') = 3 && grep -q '^one 7 .7,7.' '$DIR/results.used'"
touch "$DIR/flaky.ok"
memoized() { NEW=$("$TIPHYS" resubmit results --memoized -p word=two -o name) && timeout 20 "$TIPHYS" wait "$NEW"; }
check "resubmit it memoized" memoized
check "what had succeeded did not run again" sh -c "test \$(wc -l <'$DIR/results.ran') = 3"
check "its results are used, and the new parameter" equals "$(tail -1 "$DIR/results.used")" "$(sed -n 's/^one/two/p' "$DIR/results.used")"
check "it succeeds" is "$NEW" .status.phase Succeeded
check "its nodes say whose they are" is "$NEW" '.status.nodes[] | select(.displayName == "make") | [.type, .phase, .message[0:22], .outputs.result] | join(" ")' "Skipped Skipped original pod: results- 7"
check "where it comes from" is "$NEW" '.metadata.labels["workflows.argoproj.io/resubmitted-from-workflow"]' results
stop_server
