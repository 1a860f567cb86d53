#!/bin/sh
# Faults from outside: a full disk, a locked database, a queue that is away. What was acknowledged is never lost, what
# cannot be stored is not acknowledged, and all goes on by itself when the fault is over.
if [ -z "${IN_OWN_MOUNTS:-}" ]; then
    [ "$(id -u)" = 0 ] && exec unshare -m env IN_OWN_MOUNTS=1 "$0" "$@"
    exec unshare -rm env IN_OWN_MOUNTS=1 "$0" "$@"
fi
. "$(dirname "$0")/../support/story.sh"
SERVER_FLAGS="--isolation process"

manifest() {
    hooks one
    workflow_sensor runner hooks one body.n
}

# post N: the status of sending event N; a daemon that waits for its disk does not answer: 000.
post() {
    curl -s -m "${2:-3}" -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' -d "{\"n\":\"$1\"}" "http://127.0.0.1:$PORT/one"
}
post_kept() { [ "$(post "$1")" = 200 ] && echo "$1" >>"$DIR/kept"; }
post_some() { for i in $(seq "$1" "$2"); do post_kept "$i" || return 1; done; }
kept_have_run() { sort -u "$DIR/kept" >"$DIR/want"; sort -u "$DIR/ran" 2>/dev/null | comm -23 "$DIR/want" - | grep -q . && return 1; return 0; }
is_alive() { kill -0 "$SERVER_PID"; }
fill_disk() { dd if=/dev/zero of="$DIR/data/ballast" bs=64k 2>/dev/null; dd if=/dev/zero of="$DIR/data/ballast2" bs=512 2>/dev/null; true; }
free_disk() { rm -f "$DIR/data/ballast" "$DIR/data/ballast2"; }
healthy() { curl -sf "http://127.0.0.1:$PORT/health"; }

# ---- the disk is full ----
mkdir "$DIR/data"
trap 'kill -9 $SERVER_PID 2>/dev/null; umount -l "$DIR/data"; finish; exit $((FAILED > 0))' EXIT
check "a small disk" mount -t tmpfs -o size=24m tmpfs "$DIR/data"
PORT=$(free_port)
check "the server starts on it" start_server
manifest >"$DIR/pipeline.yaml"
check "apply" "$TIPHYS" apply -f "$DIR/pipeline.yaml"
check "the endpoint comes up" wait_for 10 healthy
check "events are taken" post_some 1 10
check "and run" wait_for 30 kept_have_run
fill_disk
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late}\ndata: {a: b}\n' >"$DIR/late.yaml"
"$TIPHYS" apply -f "$DIR/late.yaml" >"$DIR/late.out" 2>&1 &
LATE=$!
refused=0
for i in $(seq 1001 1008); do
    # a page that was free may still take one: then it must be kept, too
    if [ "$(post "$i" 1)" = 200 ]; then echo "$i" >>"$DIR/kept"; else refused=$((refused + 1)); fi
done
check "on a full disk events are not acknowledged" test "$refused" -ge 1
check "the daemon lives" is_alive
check "and says what is wrong" wait_for 10 grep -qE 'cannot write.*(full|disk)' "$DIR/server.log"
free_disk
check "with room again events are taken" wait_for 20 post_kept 2001
check "the apply that waited is done, or was refused with a word" sh -c "wait_pid() { while kill -0 $LATE 2>/dev/null; do sleep 0.1; done; }; wait_pid; test -s '$DIR/late.out'"
check "all that was acknowledged runs" wait_for 30 kept_have_run
check "nothing of it twice" equals "$(ran_twice)" ""
stop_server -KILL
check "after kill -9 the server starts on that disk" start_server
check "the endpoint comes up again" wait_for 10 healthy
check "and takes events" post_kept 2002
check "which run" wait_for 30 kept_have_run
check "still nothing twice" equals "$(ran_twice)" ""

# ---- somebody locks a database ----
# hold FILE SECONDS: an exclusive lock from another process.
hold() { python3 -c '
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], timeout=10, isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
db.execute("ROLLBACK")' "$1" "$2" >"$DIR/held"; }
for db in bus state; do
    : >"$DIR/held"
    hold "$DIR/data/$db.db" 3 &
    HOLDER=$!
    check "$db.db is locked by another" wait_for 10 test -s "$DIR/held"
    began=$(date +%s%N)
    check "$db.db: an event waits for the lock, and is taken" test "$(post "lock-$db" 15)" = 200
    echo "lock-$db" >>"$DIR/kept"
    [ $db = bus ] && check "$db.db: not before it was free" test $(($(date +%s%N) - began)) -gt 1000000000
    wait $HOLDER
    check "$db.db: it runs" wait_for 30 kept_have_run
    check "$db.db: once" equals "$(ran_twice)" ""
done
stop_server

# ---- the queue is away ----
check "the queue service starts" start_moto
check "the server starts" start_server
sqs_source >"$DIR/source.yaml"
check "apply a queue's source" "$TIPHYS" apply -f "$DIR/source.yaml"
before=$(bus_count)
check "a message" sqs SendMessage "{\"QueueUrl\":\"$(queue_url)\",\"MessageBody\":\"one\"}"
check "arrives" wait_for 20 bus_has $((before + 1))
kill -9 "$MOTO_PID"
wait "$MOTO_PID" 2>/dev/null
check "the service goes away: the source says so" wait_for 30 grep -q 'event source failed and is opened again.*eventSourceName=queue' "$DIR/server.log"
check "webhooks go on meanwhile" post_kept 3001
"$ROOT/build/moto/bin/moto_server" -H 127.0.0.1 -p "$MOTO_PORT" >>"$DIR/moto.log" 2>&1 &
MOTO_PID=$!
check "the service comes back" wait_for 30 curl -sf "http://127.0.0.1:$MOTO_PORT/moto-api/"
make_queue test >/dev/null
check "a message" sqs SendMessage "{\"QueueUrl\":\"$(queue_url)\",\"MessageBody\":\"two\"}"
check "arrives by itself" wait_for 60 bus_has $((before + 3))
check "and leaves the queue" wait_for 30 queue_is_empty
check "all webhook events ran" wait_for 30 kept_have_run
