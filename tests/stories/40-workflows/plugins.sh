#!/bin/sh
# Templates without a pod on the real daemon: executor plugins (a process of the workflow's own, one that a ConfigMap describes, a URL), data templates over stored artifacts; templates of Argo 2; workflowDefaults.
. "$(dirname "$0")/../../support/story.sh"
api() { curl -sf "http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/$1"; }
node() { api "$1" | jq -r --arg n "$2" '.status.nodes[] | select(.displayName==$n) | "\(.type) \(.phase) \(.message // "")"'; }
gone() { ! kill -0 "$1" 2>/dev/null; }
PORT=$(free_port)
cat >"$DIR/plugin.py" <<'PY'
import http.server, json, os, sys
class Plugin(http.server.BaseHTTPRequestHandler):
    asked = 0
    def do_POST(self):
        args = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        what = args["template"]["plugin"]
        Plugin.asked += 1
        if "hello" in what:
            answer = {"node": {"phase": "Succeeded", "message": "Hello " + args["workflow"]["metadata"]["name"],
                               "outputs": {"parameters": [{"name": "count", "value": Plugin.asked}], "result": "said"}}}
        elif "later" in what and Plugin.asked < 3:
            answer = {"node": {"phase": "Running", "message": "not yet"}, "requeue": "10ms"}
        elif "later" in what:
            answer = {"node": {"phase": "Failed", "message": "asked %d times" % Plugin.asked}}
        else:
            answer = {}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())
    def log_message(self, *args):
        pass
open(sys.argv[2], "w").write(str(os.getpid()))
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Plugin).serve_forever()
PY
SERVER_FLAGS='--isolation process'
check "the server starts" start_server

cat >"$DIR/own.yaml" <<YAML
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: own}
spec:
  entrypoint: main
  executorPlugins:
  - metadata: {name: p}
    spec: {sidecar: {container: {name: p, image: python, command: [python3, $DIR/plugin.py, "$PORT", $DIR/pid], ports: [{containerPort: $PORT}], resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {cpu: 500m, memory: 256Mi}}, securityContext: {allowPrivilegeEscalation: false}}}}
  templates:
  - name: main
    steps: [[{name: hello, template: hello}], [{name: say, template: say, arguments: {parameters: [{name: count, value: "{{steps.hello.outputs.parameters.count}}{{steps.hello.outputs.result}}"}]}}]]
  - name: hello
    outputs: {parameters: [{name: count, valueFrom: {supplied: {}}}]}
    plugin: {hello: {}}
  - name: say
    inputs: {parameters: [{name: count}]}
    container: {image: busybox, command: [echo, "got {{inputs.parameters.count}}"]}
YAML
check "a plugin of the workflow's own answers" timeout 30 "$TIPHYS" submit "$DIR/own.yaml" --wait
check "its node has its words" equals "$(node own hello)" "Plugin Succeeded Hello own"
"$TIPHYS" logs own --no-color >"$DIR/own.txt"
check "and its outputs" contains "$DIR/own.txt" "got 1said"
check "its process ends with the workflow" wait_for 10 gone "$(cat "$DIR/pid")"

cat >"$DIR/map.yaml" <<YAML
apiVersion: v1
kind: ConfigMap
metadata: {name: of-map, labels: {workflows.argoproj.io/configmap-type: ExecutorPlugin}}
data:
  sidecar.container: |
    name: p
    image: python
    command: [python3, $DIR/plugin.py, "$PORT", $DIR/pid]
    ports: [{containerPort: $PORT}]
YAML
one() { printf 'apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: %s}\nspec: {entrypoint: main, templates: [{name: main, plugin: {%s: {}}}]}\n' "$1" "$2" >"$DIR/one.yaml"; }
one alone hello
check "without a plugin the node fails" sh -c "! timeout 20 '$TIPHYS' submit '$DIR/one.yaml' --wait"
check "in upstream's words" equals "$(node alone alone)" "Plugin Failed no plugin executed the template"
check "a ConfigMap describes one" "$TIPHYS" apply -f "$DIR/map.yaml"
one later later
check "one that is asked again fails in the end" sh -c "! timeout 30 '$TIPHYS' submit '$DIR/one.yaml' --wait"
check "as the plugin says" equals "$(node later later)" "Plugin Failed asked 3 times"
check "its process has ended" wait_for 10 gone "$(cat "$DIR/pid")"
one other other
check "what it does not know" sh -c "! timeout 30 '$TIPHYS' submit '$DIR/one.yaml' --wait"
check "no plugin has executed" equals "$(node other other)" "Plugin Failed no plugin executed the template"

check "a plugin that runs elsewhere" sh -c "'$TIPHYS' delete cm of-map >/dev/null 2>&1 || curl -sf -X DELETE 'http://$ARGO_SERVER/api/v1/namespaces/default/configmaps/of-map'"
python3 "$DIR/plugin.py" "$PORT" "$DIR/pid" &
PLUGIN=$!
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-url, labels: {workflows.argoproj.io/configmap-type: ExecutorPlugin}}\ndata: {url: "http://127.0.0.1:%s/"}\n' "$PORT" >"$DIR/url.yaml"
check "is known by its URL" "$TIPHYS" apply -f "$DIR/url.yaml"
one url hello
check "and answers" timeout 30 "$TIPHYS" submit "$DIR/one.yaml" --wait
check "as the others" equals "$(node url url)" "Plugin Succeeded Hello url"
kill "$PLUGIN"
wait "$PLUGIN" 2>/dev/null
one killed hello
check "one that was killed" sh -c "! timeout 40 '$TIPHYS' submit '$DIR/one.yaml' --wait"
check "is asked no more after some tries" sh -c "curl -sf 'http://$ARGO_SERVER/apis/argoproj.io/v1alpha1/namespaces/default/workflows/killed' | grep -qF 'Post \\\"http://127.0.0.1:$PORT/api/v1/template.execute\\\"'"

cat >"$DIR/data.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: data}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: make, template: make, arguments: {parameters: [{name: file, value: "{{item}}"}]}, withItems: [a.log, b.txt, c.log]}
    - - {name: list, template: list}
    - - {name: read, template: read, arguments: {parameters: [{name: key, value: "{{item}}"}]}, withParam: "{{steps.list.outputs.result}}"}
  - name: make
    inputs: {parameters: [{name: file}]}
    container: {image: busybox, command: [sh, -c, "echo in {{inputs.parameters.file}} >out"]}
    outputs: {artifacts: [{name: out, path: out, archive: {none: {}}, s3: {key: "logs/{{inputs.parameters.file}}"}}]}
  - name: list
    data: {source: {artifactPaths: {name: all, s3: {key: logs}}}, transformation: [{expression: 'filter(data, {# endsWith ".log"})'}]}
  - name: read
    inputs: {parameters: [{name: key}]}
    container: {image: busybox, command: [echo, "{{inputs.parameters.key}}"]}
YAML
check "stored artifacts are listed" timeout 30 "$TIPHYS" submit "$DIR/data.yaml" --wait
check "the list is the result" equals "$(api data | jq -r '.status.nodes[] | select(.displayName=="list") | .outputs.result')" '["logs/a.log","logs/c.log"]'

cat >"$DIR/old.yaml" <<'YAML'
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: old}
spec:
  entrypoint: main
  arguments: {parameters: [{name: who, value: argo2}]}
  templates:
  - {name: main, template: say, arguments: {parameters: [{name: who, value: "{{workflow.parameters.who}}"}]}}
  - name: say
    inputs: {parameters: [{name: who}]}
    container: {image: busybox, command: [echo, "hello {{inputs.parameters.who}}"]}
YAML
check "a template of Argo 2 runs" timeout 20 "$TIPHYS" submit "$DIR/old.yaml" --wait
"$TIPHYS" logs old --no-color >"$DIR/old.txt"
check "as one step" contains "$DIR/old.txt" "hello argo2"
"$TIPHYS" get old >"$DIR/old.txt"
check "with a warning" contains "$DIR/old.txt" "template main: a template that calls another one itself is of Argo 2; it runs as one step"

cat >"$DIR/defaults.yaml" <<'YAML'
apiVersion: v1
kind: ConfigMap
metadata: {name: workflow-controller-configmap, namespace: argo}
data:
  workflowDefaults: |
    metadata: {labels: {team: blue}}
    spec: {activeDeadlineSeconds: 77}
YAML
check "the controller's defaults" "$TIPHYS" apply -f "$DIR/defaults.yaml"
check "stand under a workflow" timeout 20 "$TIPHYS" submit "$DIR/old.yaml" --name under --wait
check "in its spec and its labels" equals "$(api under | jq -r '"\(.spec.activeDeadlineSeconds) \(.metadata.labels.team)"')" "77 blue"
