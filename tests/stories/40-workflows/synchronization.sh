#!/bin/sh
# Locks on the real daemon: mutexes and semaphores of nodes and workflows, what is seen of them, over kill -9; never more at a time than allowed.
. "$(dirname "$0")/../../support/story.sh"
SERVER_FLAGS='--isolation process'
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
status() { api "$1" | jq -r "$2"; }
is() { equals "$(status "$1" "$2")" "$3"; }
# Each run notes when it begins and ends; most is how many there were at a time.
most() { sort "$DIR/times" | awk '$2 == "+" {n++} $2 == "-" {n--} n > m {m = n} END {print m + 0}'; }
check "the server starts" start_server

printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: limits}\ndata: {two: "2", one: "1"}\n' >"$DIR/limits.yaml"
check "a ConfigMap with limits" "$TIPHYS" apply -f "$DIR/limits.yaml"
cat >"$DIR/pool.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: pool}
spec:
  entrypoint: main
  templates:
  - name: main
    steps: [[{name: work, template: work, withSequence: {count: "8"}}]]
  - name: work
    synchronization: {semaphores: [{configMapKeyRef: {name: limits, key: two}}]}
    container: {image: busybox, command: [sh, -c], args: ['echo "\$(date +%s%N) +" >>$DIR/times; sleep 0.3; echo "\$(date +%s%N) -" >>$DIR/times']}
YAML
check "eight share a semaphore of two" "$TIPHYS" submit "$DIR/pool.yaml" --wait
check "never more than two at a time" equals "$(most)" 2
check "all have run" equals "$(grep -c + "$DIR/times")" 8
check "nothing is left in its status" is pool .status.synchronization null

# lock NAME PRIORITY: a workflow that holds a mutex as a whole until a file is there.
lock() {
    cat >"$DIR/$1.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1}
spec:
  entrypoint: main
  priority: $2
  synchronization: {mutexes: [{name: gate}]}
  templates:
  - {name: main, container: {image: busybox, command: [sh, -c], args: ['echo $1 >>$DIR/order; while [ ! -e $DIR/$1.go ]; do sleep 0.05; done']}}
YAML
    "$TIPHYS" submit "$DIR/$1.yaml" >/dev/null
}
runs() { [ "$(status "$1" .status.phase)" = Running ]; }
waits() { [ "$(status "$1" .status.phase)" = Pending ]; }
check "one holds a mutex" lock first 0
check "it runs" wait_for 10 runs first
check "another wants it" lock second 0
sleep 1.1
check "a third" lock third 0
check "and one that is urgent" lock urgent 5
check "they wait" wait_for 10 waits urgent
check "the words" is second .status.message "Waiting for default/Mutex/gate lock. Lock status: 0/1"
check "who holds it" is second '.status.synchronization.mutex.waiting[0].holder' default/first
check "the holder says so" is first '.status.synchronization.mutex.holding[0] | "\(.mutex) \(.holder)"' "default/Mutex/gate default/first"
stop_server -KILL
check "the server starts again" start_server
check "the holder runs" wait_for 10 runs first
sleep 0.5
check "nobody else does" equals "$(tr '\n' ' ' <"$DIR/order")" "first "
touch "$DIR/first.go"
check "then the urgent one" wait_for 10 runs urgent
stop_server -KILL
touch "$DIR/urgent.go"
check "the server starts again" start_server
check "then the older one" wait_for 10 runs second
check "the third waits" waits third
check "one that holds it is deleted" "$TIPHYS" delete second
check "the third goes on" wait_for 10 runs third
touch "$DIR/third.go"
check "to its end" timeout 20 "$TIPHYS" wait third
check "in this order" equals "$(tr '\n' ' ' <"$DIR/order")" "first urgent second third "

sed -e 's/name: pool/name: later/' -e 's/name: limits, key: two/name: nobody, key: two/' -e 's/count: "8"/count: "1"/' "$DIR/pool.yaml" >"$DIR/later.yaml"
check "a limit that is not there" "$TIPHYS" submit "$DIR/later.yaml"
said() { status later '.status.nodes[].message' | grep -qx "Failed to get semaphore limit for default/ConfigMap/nobody/two"; }
check "is waited for" wait_for 10 said
sed 's/name: limits/name: nobody/' "$DIR/limits.yaml" >"$DIR/nobody.yaml"
check "it comes" "$TIPHYS" apply -f "$DIR/nobody.yaml"
check "and all goes on" timeout 20 "$TIPHYS" wait later
