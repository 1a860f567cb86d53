#!/bin/sh
# Artifact plugins: a grpcio server that is started by its command, and one that listens already; files, folders, lists, downloads,
# artifactGC, a default repository; what goes wrong is told, and what has died is started again.
. "$(dirname "$0")/../../support/story.sh"
"$ROOT/tools/install-grpcio" >"$DIR/install.log" 2>&1 || { cat "$DIR/install.log"; exit 1; }
PYTHON=$ROOT/build/grpcio/bin/python
PLUGIN=$ROOT/tests/support/artifact-plugin.py
THERE=""
# The processes of programs that the server started as plugin py.
programs() { sed -n 's/.*program of an artifact plugin was started.*name=py.*pid=\([0-9]*\).*/\1/p' "$DIR/server.log"; }
trap 'kill -9 $THERE $(programs | tail -1) 2>/dev/null; finish; exit $((FAILED > 0))' EXIT
field() { "$TIPHYS" get "$1" -o json | jq -r "$2"; }
node() { field "$1" "[.status.nodes[] | select(.displayName == \"$2\")][0] | $3"; }
message() { field "$1" '[.status.nodes[] | select(.type == "Pod") | .message][0]'; }
calls() { jq -rs "[.[] | $1] | join(\" \")" "$DIR/notes"; }
failed_with() { "$TIPHYS" submit "$1" --wait; [ "$("$TIPHYS" get "$2" -o json | jq -r .status.phase)" = Error ]; }
drivers() {
    cat <<YAML
apiVersion: v1
kind: ConfigMap
metadata: {name: workflow-controller-configmap, namespace: argo}
data:
  artifactDrivers: |
    - {name: py, image: "example/py:1", command: ["$PYTHON", "$PLUGIN", "$DIR/store", "$DIR/notes"]}
    - {name: there, socket: "$DIR/there"}
    - {name: nobody, socket: "$DIR/nobody", connectionTimeoutSeconds: 1}
    - {name: image, image: "example/py:1"}
    - {name: broken, command: [sh, -c, "echo no configuration >&2; exit 3"]}
    - {name: lost, command: [/nowhere/plugin]}
  artifactRepository: |
    plugin: {name: py, configuration: "of the repository", keyFormat: "repo/{{workflow.name}}"}
YAML
}
# reader NAME PLACE: a workflow that prints an artifact.
reader() {
    cat <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: $1}
spec:
  entrypoint: main
  templates:
  - name: main
    inputs: {artifacts: [{name: in, path: /in, ${3:-} plugin: {$2}}]}
    container: {image: busybox, command: [sh, -c, "cat /in || true"]}
YAML
}
submit_reader() { reader "$@" >"$DIR/$1.yaml" && "$TIPHYS" submit "$DIR/$1.yaml" --wait; }
fails() { ! submit_reader "$@"; }

mkdir "$DIR/store"
touch "$DIR/notes"
check "the server starts" start_server
drivers >"$DIR/drivers.yaml"
check "the controller learns of drivers" "$TIPHYS" apply "$DIR/drivers.yaml"

cat >"$DIR/pass.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: pass}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: make, template: make}
    - - {name: use, template: use, arguments: {artifacts: [{name: file, from: "{{steps.make.outputs.artifacts.file}}"}, {name: folder, from: "{{steps.make.outputs.artifacts.folder}}"}, {name: packed, from: "{{steps.make.outputs.artifacts.packed}}"}, {name: own, from: "{{steps.make.outputs.artifacts.own}}"}]}}
      - {name: list, template: list}
  - name: make
    outputs:
      artifacts:
      - {name: file, path: /tmp/file.txt, archive: {none: {}}, plugin: {name: py, configuration: "mine", key: some/file.txt}}
      - {name: folder, path: /tmp/folder, archive: {none: {}}, plugin: {name: py, configuration: "mine", key: some/folder}}
      - {name: packed, path: /tmp/folder, plugin: {name: py, configuration: "mine", key: some/packed.tgz}}
      - {name: own, path: /tmp/file.txt}
    container: {image: busybox, command: [sh, -c, "mkdir -p /tmp/folder/sub; echo one >/tmp/folder/sub/f; echo two >/tmp/folder/g; echo hello >/tmp/file.txt"]}
  - name: use
    inputs:
      artifacts: [{name: file, path: /in/file}, {name: folder, path: /in/folder}, {name: packed, path: /in/packed}, {name: own, path: /in/own}]
    container: {image: busybox, command: [sh, -c, "cat /in/file /in/folder/sub/f /in/folder/g /in/packed/sub/f /in/own; stat -c %a /in/file"]}
  - name: list
    data: {source: {artifactPaths: {name: all, plugin: {name: py, configuration: "mine", key: some/folder}}}, transformation: [{expression: "map(data, {# + '!'})"}]}
YAML
check "artifacts go through a plugin that is started" "$TIPHYS" submit "$DIR/pass.yaml" --wait
check "and arrive" equals "$("$TIPHYS" logs pass --no-color | grep use | sed 's/^[^:]*: //' | tr '\n' ' ')" "hello one two one hello 666 "
check "a list" equals "$(node pass list .outputs.result)" '["some/folder/g!","some/folder/sub/f!"]'
check "the plugin holds them" equals "$(cat "$DIR/store/some/file.txt" "$DIR/store/some/folder/sub/f")" "hello
one"
check "the default repository is the plugin's" equals "$(node pass make '.outputs.artifacts[] | select(.name == "own") | .plugin.key')" repo/pass/own.tgz
check "with its configuration" equals "$(calls 'select(.method == "Save" and .name == "own") | .configuration')" "of the repository"
check "the plugin hears all of an artifact" equals "$(calls 'select(.method == "Save" and .name == "file") | .plugin, .key, .configuration, .path')" "py some/file.txt mine /tmp/file.txt"
check "one program serves all" equals "$(grep -c 'program of an artifact plugin was started' "$DIR/server.log")" 1

NODE=$(node pass make .id)
url() { echo "http://$ARGO_SERVER/artifacts/default/pass/$NODE/$1"; }
check "a download" equals "$(curl -sf "$(url file)")" hello
check "comes as a stream" equals "$(calls 'select(.method == "OpenStream") | .key')" some/file.txt
check "a folder is packed" equals "$(curl -sf "$(url folder)" | tar xzO folder/sub/f)" one
head -c 5000000 /dev/urandom >"$DIR/store/some/file.txt"
curl -sf "$(url file)" >"$DIR/big"
check "a large one is whole" cmp "$DIR/big" "$DIR/store/some/file.txt"
touch "$DIR/store/half"
check "a plugin that dies in a stream" equals "$(curl -s -o "$DIR/half" -w '%{http_code}' "$(url file)")" 503
check "is told" contains "$DIR/half" "plugin py open stream failed"
rm "$DIR/store/half"
check "and started again" equals "$(curl -sf "$(url file)" | cksum)" "$(cksum <"$DIR/store/some/file.txt")"

"$PYTHON" "$PLUGIN" "$DIR/store" "$DIR/notes" "$DIR/there" >"$DIR/there.log" 2>&1 &
THERE=$!
check "another server listens" wait_for 20 test -S "$DIR/there"
check "a plugin that runs already" submit_reader there "name: there, configuration: c, key: some/folder/g" "mode: 0644,"
check "is asked" equals "$(calls 'select(.plugin == "there") | .method')" Load
check "is read" equals "$("$TIPHYS" logs there --no-color | sed 's/^[^:]*: //')" two
check "an error that it tells" fails tells 'name: there, configuration: "fail the disk is full", key: some/folder/g'
check "is the node's" equals "$(message tells)" "init: Error (exit code 64): artifact in failed to load: plugin there load failed: the disk is full"
check "an error of gRPC" fails grpc 'name: there, configuration: missing, key: some/folder/g'
check "is the node's, too" equals "$(message grpc)" "init: Error (exit code 64): artifact in failed to load: plugin there load failed: rpc error: code = NotFound desc = no such thing: 100% sure"
check "what is not there may be optional" submit_reader optional "name: there, configuration: c, key: some/nothing" "optional: true,"
check "nobody listens" fails nobody "name: nobody, configuration: c, key: x"
check "and it says so in time" sh -c "'$TIPHYS' get nobody -o json | jq -r .status.message | grep -q 'timeout waiting for plugin nobody connection to become ready within 1000 ms: connect to socket $DIR/nobody: No such file or directory'"
check "an image alone" fails image "name: image, configuration: c, key: x"
check "is refused" sh -c "'$TIPHYS' get image -o json | jq -r .status.message | grep -q 'artifact driver \"image\" has an image alone: on this machine it needs command'"
check "a program that ends at once" fails broken "name: broken, configuration: c, key: x"
check "its last words are told" sh -c "'$TIPHYS' get broken -o json | jq -r .status.message | grep -q 'its program ended by exit code 3 before it answered: no configuration'"
check "a program that is not there" fails lost "name: lost, configuration: c, key: x"
check "is named" sh -c "'$TIPHYS' get lost -o json | jq -r .status.message | grep -q 'start /nowhere/plugin: No such file or directory'"
check "a driver that nobody knows" fails unknown "name: unknown, configuration: c, key: x"
check "is named, too" sh -c "'$TIPHYS' get unknown -o json | jq -r .status.message | grep -q 'artifact driver unknown not found'"
check "a plugin that dies in a call" fails dies "name: py, configuration: die, key: some/folder/g"
check "fails the node" sh -c "'$TIPHYS' get dies -o json | jq -r .status.message | grep -q 'plugin py load failed'"

cat >"$DIR/gc.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: gc}
spec:
  entrypoint: main
  artifactGC: {strategy: OnWorkflowCompletion}
  templates:
  - name: main
    outputs: {artifacts: [{name: f, path: /f, archive: {none: {}}, plugin: {name: py, key: gc/f}}]}
    container: {image: busybox, command: [sh, -c, "echo x >/f"]}
YAML
check "one that is to go" "$TIPHYS" submit "$DIR/gc.yaml" --wait
check "goes" wait_for 10 sh -c "grep -q '\"Delete\".*gc/f' '$DIR/notes' && ! test -e '$DIR/store/gc/f'"

PID=$(programs | tail -1)
check "the program runs" kill -0 "$PID"
kill -9 "$SERVER_PID"
wait "$SERVER_PID" 2>/dev/null
check "after a kill -9 the server starts" start_server
check "what it had left ends" wait_for 20 sh -c "! kill -0 $PID"
check "and a new one serves" submit_reader again "name: py, configuration: c, key: some/folder/g"
PID=$(programs | tail -1)
stop_server
check "a server that ends takes it along" sh -c "! kill -0 $PID"
