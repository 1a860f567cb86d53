# Sourced by crash tests instead of story.sh: the build with crash points in it, and servers that die at one.
# shellcheck shell=sh
. "$(dirname "$0")/../support/story.sh"
TIPHYS=${TIPHYS_FAULTS:-$ROOT/build/faults/src/daemon/tiphys}

server_is_dead() { ! kill -0 "$SERVER_PID" 2>/dev/null; }

# start_with_fault POINT:N: a server that dies at its Nth pass of the point.
start_with_fault() {
    TIPHYS_FAULT=$1
    export TIPHYS_FAULT
    start_server
    unset TIPHYS_FAULT
}

# Dead by SIGKILL, not by a fault of its own.
was_killed() {
    wait_for "${1:-10}" server_is_dead || return 1
    wait "$SERVER_PID" 2>/dev/null
    equals $? 137
}

# dies_there POINT [SECONDS]: checks that it has, and notes the point for tools/crash.
dies_there() {
    was_killed "${2:-10}" >/dev/null 2>&1
    killed=$?
    check "$1: the daemon was killed there" test $killed = 0
    [ $killed = 0 ] && [ -n "${CRASH_POINTS:-}" ] && echo "$1" >>"$CRASH_POINTS"
    return 0
}

# Posts 1, 2, 3 … to the endpoint "one" until the daemon is dead; the numbers that were acknowledged are in $DIR/sent.
send_until_death() {
    : >"$DIR/sent"
    for i in $(seq 50); do
        post one "$i" >/dev/null || break
        echo "$i" >>"$DIR/sent"
        sleep 0.02
    done
}

# die_firing POINT SENSOR MANIFEST: a new server runs the sensor, another one dies at the point while events come in, a third one starts.
die_firing() {
    rm -rf "$DIR/data" "$DIR/server.log"
    start_server
    "$TIPHYS" apply -f "$3" >/dev/null
    check "$1: the endpoint comes up" hooks_are_up
    check "$1: the sensor runs" wait_for 10 grep -q "sensor runs.*sensorName=$2" "$DIR/server.log"
    stop_server -KILL
    start_with_fault "$1:5"
    hooks_are_up
    send_until_death
    dies_there "$1"
    check "$1: some events were acknowledged" test "$(wc -l <"$DIR/sent")" -ge 4
    check "$1: it starts again" start_server
}
