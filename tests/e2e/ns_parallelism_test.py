"""ns_parallelism_test.go: how many workflows of a namespace run at a time."""
from world import check_equal, flow, row

LABEL = "workflows.argoproj.io/parallelism-limit"
SPEC = 'templates: [{name: main, container: {image: "argoproj/argosay:v2", command: [sleep], args: ["60"]}}]'


@row("ns_parallelism_test.go", "TestNamespaceParallelism")
def namespace_parallelism(w):
    namespace = w.until("the namespace", lambda: [n for n in w.api("GET", "/api/v1/namespaces")["items"] if n["metadata"]["name"] == "argo"])[0]
    namespace["metadata"].setdefault("labels", {})[LABEL] = "1"
    w.api("PUT", "/api/v1/namespaces/argo", namespace)
    w.submit(flow("first-", SPEC)).wait("Running")
    w.submit(flow("second-", SPEC)).wait("Pending")
    check_equal(w.message, "Workflow processing has been postponed because too many workflows are already running")
