"""executor_plugins_test.go: templates that a plugin runs."""
import json
import socket

from world import check, check_equal, check_in, flow, row, value

PROGRAM = """import json
from http.server import BaseHTTPRequestHandler, HTTPServer
class Plugin(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["template"]["plugin"]
        outputs = {"parameters": [{"name": "foo", "value": "bar" * (9000 if "massive" in asked else 1)}]}
        answer = {"node": {"phase": "Succeeded", "message": "Hello template!", "outputs": outputs}} if WORD in asked else {}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())
HTTPServer(("127.0.0.1", PORT), Plugin).serve_forever()
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def give(w, word):
    """A plugin of the namespace that knows one word."""
    port = free_port()
    program = PROGRAM.replace("PORT", str(port)).replace("WORD", repr(word))
    container = {"name": f"{word}-executor-plugin", "image": "python", "command": ["/usr/bin/python3", "-c", program],
                 "ports": [{"containerPort": port}]}
    w.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {
        "name": f"{word}-executor-plugin", "labels": {"workflows.argoproj.io/configmap-type": "ExecutorPlugin"}},
              "data": {"sidecar.container": json.dumps(container)}})


@row("executor_plugins_test.go", "TestTemplateExecutor")
def template_executor(w):
    """There is no agent and no task set: the controller asks the plugin's process, a pod of the workflow, itself."""
    give(w, "hello")
    w.run("e2e/testdata/plugins/executor/template-executor-workflow.yaml")
    check_in("Hello", w.root.get("message", ""))
    check_equal(len(w.root["outputs"]["parameters"]), 1)


@row("executor_plugins_test.go", "TestCompressedTemplateExecutor_WorkflowTaskSetIsProperlyCleaned")
def massive_outputs(w):
    give(w, "massive")
    w.run("e2e/testdata/plugins/executor/massive-executor-workflow.yaml")
    nodes = [n for n in w.nodes if n["type"] == "Plugin"]
    check_equal(len(nodes), 15)
    check(all(len(value(n, where="outputs")) == 27000 for n in nodes), "outputs are whole")


@row("executor_plugins_test.go", "TestWorkflowLevelTemplateExecutor")
def workflow_level(w):
    port = free_port()

    def change(doc):
        container = doc["spec"]["executorPlugins"][0]["spec"]["sidecar"]["container"]
        container["command"] = ["/usr/bin/python3", "-c"]
        container["args"] = [container["args"][0].replace("4356", str(port))]
        container["ports"][0]["containerPort"] = port
        container["securityContext"] = {"allowPrivilegeEscalation": False}
    w.submit("e2e/testdata/plugins/executor/workflow-level-template-executor-workflow.yaml", change).wait()
    check_equal((w.phase, w.message), ("Succeeded", ""))
    check_in("Workflow-level hello", w.root.get("message", ""))
    check_equal(w.root["outputs"]["parameters"], [{"name": "workflow-level-foo", "value": "workflow-level-bar"}])
