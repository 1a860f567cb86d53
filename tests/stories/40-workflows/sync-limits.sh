#!/bin/sh
# Locks of the database on the real daemon: limits by the CLI while workflows wait for them, over kill -9; what is said of a limit that is not there.
# shellcheck disable=SC2154 # DIR, TIPHYS
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
fails() { text=$1; shift; "$@" >"$DIR/fails" 2>&1 && { echo "it did not fail"; return 1; }; contains "$DIR/fails" "$text"; }
limit() { "$TIPHYS" sync "$@" --type database; }
says() { text=$1; shift; "$@" >"$DIR/says" 2>&1 || { cat "$DIR/says"; return 1; }; equals "$(cat "$DIR/says")" "$text"; }
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
status() { api "$1" | jq -r "$2"; }
is() { equals "$(status "$1" "$2")" "$3"; }
phase() { [ "$(status "$1" .status.phase)" = "$2" ]; }
shown() { printf 'Key: gate\nType: database\nNamespace: default\nLimit: %s' "$1"; }
# holder NAME PRIORITY LOCK: a workflow that holds a lock as a whole until a file is there.
holder() {
    cat >"$DIR/$1.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1}
spec:
  entrypoint: main
  priority: $2
  synchronization: {$3}
  templates:
  - {name: main, container: {image: busybox, command: [sh, -c], args: ['echo $1 >>$DIR/order; while [ ! -e $DIR/$1.go ]; do sleep 0.05; done']}}
YAML
    "$TIPHYS" submit "$DIR/$1.yaml" >/dev/null
}
GATE='semaphores: [{database: {key: gate}}]'
order() { equals "$(tr '\n' ' ' <"$DIR/order")" "$1"; }
check "the server starts" start_server

check "no limit" fails 'failed to get sync limit: Database sync limit not found in namespace "default".' limit get gate
check "none to change" fails 'failed to update sync limit: Database sync limit not found' limit update gate --limit 2
check "none to delete" fails 'failed to delete sync limit: Database sync limit not found' limit delete gate
check "a workflow that wants it" holder early 0 "$GATE"
check "fails" wait_for 10 phase early Failed
check "and says why" is early .status.message "Failed to acquire the synchronization lock. failed to initialize semaphore default/Database/gate with limit"
check "a limit" says "Sync limit created
$(shown 1)" limit create gate --limit 1
check "once" fails 'failed to create sync limit: Database sync limit already exists in namespace "default".' limit create gate --limit 1

check "one holds it" holder one 9 "$GATE"
check "it runs" wait_for 10 phase one Running
check "a second wants it" holder two 3 "$GATE"
check "a third" holder three 2 "$GATE"
check "a fourth" holder four 1 "$GATE"
for name in two three four; do check "$name waits" wait_for 10 phase $name Pending; done
check "the words" is four .status.message "Waiting for default/Database/gate lock (sem/default/gate). Lock status: 1/1"
check "who holds it" is two '.status.synchronization.semaphore.waiting[0] | "\(.semaphore) \(.holders[0])"' "default/Database/gate default/one"
check "the holder says so" is one '.status.synchronization.semaphore.holding[0] | "\(.semaphore) \(.holders[0])"' "default/Database/gate default/one"
check "one more may" says "Sync limit updated
$(shown 2)" limit update gate --limit 2
check "the most urgent does" wait_for 10 phase two Running
check "no other" phase three Pending
check "both have begun" wait_for 10 order "one two "
stop_server -KILL
check "the server starts again" start_server
check "the limit is kept" says "$(shown 2)" limit get gate
check "the holders run" wait_for 10 phase two Running
waits() { status "$1" .status.message | grep -qx "$2"; }
check "the others wait" wait_for 10 waits four "Waiting for default/Database/gate lock (sem/default/gate). Lock status: 2/2"
check "nobody else has begun" order "one two "
check "the limit is deleted while it is held" says "Sync limit deleted" limit delete gate
touch "$DIR/one.go"
check "it holds on: the next goes in" wait_for 10 phase three Running
check "and begins" wait_for 10 order "one two three "
check "no other" phase four Pending
stop_server -KILL
check "the server starts again" start_server
check "who waits is told that nobody knows it any more" wait_for 10 waits four "Failed to get semaphore limit for default/Database/gate"
check "those that hold it hold it" is three '.status.synchronization.semaphore.holding[0].holders[0]' default/three
check "it comes again, and is more" says "Sync limit created
$(shown 3)" limit create gate --limit 3
check "the last one goes on" wait_for 10 phase four Running
touch "$DIR/two.go" "$DIR/three.go" "$DIR/four.go"
for name in one two three four; do check "$name ends" timeout 20 "$TIPHYS" wait $name; done
check "in this order" order "one two three four "
check "nothing is left in its status" is four .status.synchronization null

check "a limit of another namespace" limit create far --limit 1 -n other
check "is not ours" fails "not found" limit get far
check "one that holds it" holder near 0 'semaphores: [{database: {key: far}, namespace: other}]'
check "runs" wait_for 10 phase near Running
check "by its name" is near '.status.synchronization.semaphore.holding[0].semaphore' other/Database/far
touch "$DIR/near.go"
check "to its end" timeout 20 "$TIPHYS" wait near

# Each run notes when it begins and ends; most is how many there were at a time.
most() { sort "$DIR/times" | awk '$2 == "+" {n++} $2 == "-" {n--} n > m {m = n} END {print m + 0}'; }
cat >"$DIR/pool.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: pool}
spec:
  entrypoint: main
  templates:
  - name: main
    steps: [[{name: work, template: work, withSequence: {count: "4"}}]]
  - name: work
    synchronization: {mutexes: [{name: gate, database: true}]}
    container: {image: busybox, command: [sh, -c], args: ['echo "\$(date +%s%N) +" >>$DIR/times; sleep 0.2; echo "\$(date +%s%N) -" >>$DIR/times']}
YAML
check "four share a mutex of the database" "$TIPHYS" submit "$DIR/pool.yaml" --wait
check "never more than one at a time" equals "$(most)" 1
check "all have run" equals "$(grep -c + "$DIR/times")" 4

cat >"$DIR/config.yaml" <<YAML
apiVersion: v1
kind: ConfigMap
metadata: {name: workflow-controller-configmap, namespace: argo}
data: {synchronization: '{controllerName: here, enableAPI: false}'}
YAML
check "an API that is switched off" "$TIPHYS" apply -f "$DIR/config.yaml"
check "says so" wait_for 10 fails "unsupported sync config type: DATABASE" limit get gate
check "and what has no effect is named in the log" contains "$DIR/server.log" synchronization.controllerName
