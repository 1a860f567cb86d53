"""ns_parallelism_test.go: how many workflows of a namespace run at a time."""
from world import check_equal, flow, row

LABEL = "workflows.argoproj.io/parallelism-limit"
SPEC = 'templates: [{name: main, container: {image: "argoproj/argosay:v2", command: [sleep], args: ["60"]}}]'


@row("ns_parallelism_test.go", "TestNamespaceParallelism")
def namespace_parallelism(w):
    w.api("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argo", "labels": {LABEL: "1"}}})
    w.submit(flow("first-", SPEC)).wait("Running")
    w.submit(flow("second-", SPEC)).wait("Pending")
    check_equal(w.message, "Workflow processing has been postponed because too many workflows are already running")
