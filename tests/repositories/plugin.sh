#!/bin/sh
# Artifact plugins: a grpcio server that the program starts itself.
. "$(dirname "$0")/../support/repository.sh"
KIND=plugin
WITHOUT="login kill"
"$ROOT/tools/install-grpcio" >"$DIR/why" 2>&1 || { skip "all cases" "grpcio cannot be installed: $(tail -1 "$DIR/why")"; exit; }
STORE=$DIR/store
mkdir "$STORE"
touch "$DIR/notes"
cat >"$DIR/drivers.yaml" <<YAML
apiVersion: v1
kind: ConfigMap
metadata: {name: workflow-controller-configmap, namespace: argo}
data:
  artifactDrivers: |
    - {name: py, command: ["$ROOT/build/grpcio/bin/python", "$ROOT/tests/support/artifact-plugin.py", "$STORE", "$DIR/notes"]}
YAML
place() { echo "plugin: {name: py, configuration: \"${HOW:-mine}\", key: \"$1\"}"; }
give() { mkdir -p "$(dirname "$STORE/$1")" && cat >"$STORE/$1"; }
stored() { cat "$STORE/$1"; }
listed() { (cd "$STORE" && find . -type f | sed 's/^\.\///' | grep "^$1" | sort | tr '\n' ' '); }
MISSING_SAYS='plugin py load failed: rpc error: code = NotFound desc = nothing is stored at files/missing$'
# The program is killed while it holds a call in the middle of 50 MB; it is started again, and the call made again.
program() { sed -n 's/.*program of an artifact plugin was started.*pid=\([0-9]*\).*/\1/p' "$DIR/server.log" | tail -1; }
killed() {
    rm -f "$STORE/held"
    HOW="hold $STORE/held"
    if [ "$1" = get ]; then
        flow "$1-killed" "$(input b big/got)" "md5sum </tmp/b"
    else
        flow "$1-killed" "$(output b big/put)" "yes 0123456789 | head -c $BIG_BYTES >/tmp/b"
    fi
    HOW=""
    submit "$1-killed" && wait_for 30 test -e "$STORE/held" && kill -9 "$(program)"
}
begin_alone
row "its driver" "$TIPHYS" apply "$DIR/drivers.yaml"
cases
start_server
row "50 MB are stored" store_big
for way in get put; do
    row "$way: the plugin is killed in the middle of 50 MB" killed $way
    row "$way: it recovers" ends $way-killed Succeeded
    row "nothing is left behind" nothing_is_left
done
row "what was got is whole" eval 'equals "$(said get-killed)" "$BIG_SUM  - "'
row "what was put is whole" is_whole big/put
HOW=die
row "get: a plugin that dies each time is a clear error" eval 'fails get-dies "$(input b big/got)" true && tells get-dies "^init: Error \(exit code 64\): artifact b failed to load: plugin py load failed: socket "'
row "put: the same" eval 'fails put-dies "$(output b big/dies)" "echo x >/tmp/b" && tells put-dies "^wait: Error \(exit code 64\): plugin py save failed: socket "'
row "nothing is left behind of them" nothing_is_left
stop_server
