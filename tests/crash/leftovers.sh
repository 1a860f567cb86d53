#!/bin/sh
# Kill -9 while something is taken away, or before: a workflow whose time is over, the folders of one that is gone, what a pod made that has ended. In the end all are gone, once.
. "$(dirname "$0")/../support/crash.sh"
SERVER_FLAGS='--isolation process'
# flow NAME SECONDS: a workflow that is to go so long after its end.
flow() {
    cat >"$DIR/$1.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1}
spec:
  entrypoint: main
  ttlStrategy: {secondsAfterCompletion: $2}
  templates:
  - name: main
    container: {image: busybox, command: [sh, -c, "echo $1 >>$DIR/ran; echo out >file"]}
    outputs: {parameters: [{name: file, valueFrom: {path: file}}]}
YAML
    "$TIPHYS" submit "$DIR/$1.yaml" --wait >/dev/null 2>&1
}
is_gone() { [ "$(state "SELECT count(*) FROM object WHERE name = '$1' AND kind = 'Workflow'")" = 0 ]; }
folders() { find "$DIR/data/pods" -mindepth 1 -path "*$1*" 2>/dev/null | wc -l; }
folders_are_gone() { [ "$(folders "$1")" = 0 ] && [ "$(find "$DIR/data/pods" -mindepth 1 -maxdepth 1 -name '.*' -type d | wc -l)" = 0 ]; }

point=ttl.delete.before
start_server
check "$point: one that stays" flow stays 600
stop_server -KILL
start_with_fault "$point:1"
flow goes 1
dies_there "$point" 20
check "$point: it is still there" equals "$(state "SELECT count(*) FROM object WHERE name = 'goes' AND phase = 'Succeeded'")" 1
check "$point: it starts again" start_server
check "$point: it goes then" wait_for 20 is_gone goes
check "$point: the other one stays" equals "$(state "SELECT count(*) FROM object WHERE name = 'stays'")" 1
check "$point: no step ran twice" equals "$(ran_twice)" ""

point=pods.sweep.moved
check "$point: its pod has left a folder" test "$(folders stays)" -gt 0
check "$point: it is deleted" "$TIPHYS" delete stays
stop_server -KILL
start_with_fault "$point:1"
dies_there "$point" 20
check "$point: it starts again" start_server
check "$point: nothing is left of it" wait_for 20 folders_are_gone stays
check "$point: a workflow of the same name runs" flow stays 600
check "$point: and has a folder of its own" test "$(folders stays)" -gt 0
stop_server -KILL

# The end of a workflow is on disk, its pod's folder is as the pod left it.
point=engine.act.before
rm -rf "$DIR/data"
start_server
cat >"$DIR/ends.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: ends}
spec:
  entrypoint: main
  templates:
  - name: main
    script: {image: busybox, command: [sh], source: 'touch $DIR/up; until test -e $DIR/go; do sleep 0.05; done; echo said; echo out >file'}
    outputs: {parameters: [{name: file, valueFrom: {path: file}}]}
YAML
runs() { [ "$(state "SELECT count(*) FROM object WHERE name = 'ends' AND phase = 'Running'")" = 1 ]; }
litter() { find "$DIR/data/pods" -name outputs -o -name script -o -name cwd; }
has_none() { [ -z "$(litter)" ]; }
check "$point: a workflow is taken" "$TIPHYS" submit "$DIR/ends.yaml"
check "$point: it runs" wait_for 10 test -e "$DIR/up"
check "$point: and is known to" wait_for 10 runs
stop_server -KILL
touch "$DIR/go"
check "$point: the pod ends meanwhile" wait_for 10 sh -c "find '$DIR/data/pods' -path '*outputs/0' | grep -q ."
start_with_fault "$point:2"
dies_there "$point" 20
check "$point: the workflow has ended" equals "$(state "SELECT phase FROM object WHERE name = 'ends'")" Succeeded
check "$point: its pod's outputs are left" test -n "$(litter)"
check "$point: it starts again" start_server
check "$point: they go" wait_for 10 has_none
check "$point: the log stays" sh -c "'$TIPHYS' logs ends --no-color | grep -q said"
