# Sourced by tests of transfers that go wrong: proxies that cut or hold connections, and what transfers leave behind.
# shellcheck shell=sh
PROXY_PIDS=""
touch "$DIR/secrets" # a line each, see cutting-proxy.py
# proxy NAME PORT: before a port, told by the files of $DIR/NAME; its own port is in $DIR/NAME/port.
proxy() {
    mkdir -p "$DIR/$1"
    cp "$DIR/secrets" "$DIR/$1/secrets"
    python3 "$ROOT/tests/support/cutting-proxy.py" "$2" "$DIR/$1" &
    PROXY_PIDS="$PROXY_PIDS $!"
    wait_for 10 test -s "$DIR/$1/port"
}
stop_proxies() {
    # shellcheck disable=SC2086 # a list of processes
    [ -z "$PROXY_PIDS" ] || kill -9 $PROXY_PIDS 2>/dev/null
    return 0
}
no_cuts_left() { [ ! -s "$DIR/$1/cuts" ] || { echo "left: $(cat "$DIR/$1/cuts")"; return 1; }; }

# Nothing of a transfer is left in the folders of the server.
no_leftovers() { ! find "$DIR/data/artifacts/.new" "$DIR/data/pods" -mindepth 1 \( -path '*/.new/*' -o -name artifacts -o -name inputs \) 2>/dev/null | grep .; }
