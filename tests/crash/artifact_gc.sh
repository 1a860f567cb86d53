#!/bin/sh
# Kill -9 between the deletion of artifacts and its being stored: afterwards the workflow tells the truth and goes.
. "$(dirname "$0")/../support/crash.sh"
SERVER_FLAGS='--isolation process'
cat >"$DIR/w.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  entrypoint: main
  artifactGC: {strategy: OnWorkflowDeletion}
  templates:
  - name: main
    script: {image: busybox, command: [sh], source: "echo one >one; echo two >two"}
    outputs:
      artifacts:
      - {name: early, path: one, archive: {none: {}}, s3: {key: w/one}, artifactGC: {strategy: OnWorkflowCompletion}}
      - {name: late, path: two, archive: {none: {}}, s3: {key: w/two}}
YAML
files() { find "$DIR/data/artifacts/default" -type f 2>/dev/null | sed 's/.*\///' | sort | tr '\n' ' '; }
files_are() { [ "$(files)" = "$1" ]; }
deleted() { "$TIPHYS" get w -o json | jq -r '[.status.nodes[].outputs.artifacts[] | select(.deleted).name] | join(" ")'; }
deleted_is() { [ "$(deleted)" = "$1" ]; }
has_gone() { ! "$TIPHYS" get w >/dev/null 2>&1; }

point=artifact_gc.settle.before
start_with_fault "$point:1"
"$TIPHYS" submit "$DIR/w.yaml" >/dev/null 2>&1
dies_there "$point"
check "$point: the artifact has gone" files_are "two "
check "$point: it starts again" start_server
check "$point: its node says so now" wait_for 10 deleted_is early
stop_server -KILL
start_with_fault "$point:1"
"$TIPHYS" delete w >/dev/null 2>&1
dies_there "$point"
check "$point: it starts once more" start_server
check "$point: the workflow goes" wait_for 10 has_gone
check "$point: with all its artifacts" files_are ""
stop_server
