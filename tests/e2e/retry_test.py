"""retry_test.go: attempts."""
import datetime

from world import check, check_equal, check_in, flow, row, skip

skip("retry_test.go", "TestRetryNodeAntiAffinity", "one machine is the only node: there is no other to go to")
FAIL = '{image: "argoproj/argosay:v2", args: [exit, "1"]}'


@row("retry_test.go", "TestRetryLimit")
def retry_limit(w):
    w.run(flow("retry-limit", f"""
templates:
- name: main
  retryStrategy: {{limit: 0, backoff: {{duration: 2s, factor: 2, maxDuration: 5m}}}}
  container: {FAIL}
"""), "Failed")
    check_equal((w.message, w.status["progress"]), ("No more retries left", "0/1"))
    check_equal((w.root["phase"], w.root["type"], w.root.get("nodeFlag")), ("Failed", "Retry", None))
    node = w.node("retry-limit(0)")
    check_equal((node["phase"], node["nodeFlag"].get("retried")), ("Failed", True))


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@row("retry_test.go", "TestRetryBackoff")
def retry_backoff(w):
    """With a limit that is a text, and one that is a number: beside each other."""
    names = []
    for limit in ("'10'", "10"):
        names.append(w.submit(flow("backoff-", f"""
templates:
- name: main
  retryStrategy: {{limit: {limit}, backoff: {{duration: 10s, maxDuration: 1m}}}}
  container: {FAIL}
""")).name)
    for name in names:
        w.name = name
        w.wait(limit_s=90)
        check_equal(w.phase, "Failed")
        check(2 < len(w.nodes) <= 10, len(w.nodes), "nodes")
        starts = sorted(seconds(n["startedAt"]) for n in w.nodes if n["type"] == "Pod")
        check(all(b - a >= 9 for a, b in zip(starts, starts[1:])), starts)


@row("retry_test.go", "TestWorkflowTemplateWithRetryStrategyInContainerSet")
def container_set_with_retry_strategy(w):
    w.create("e2e/testdata/workflow-template-with-containerset.yaml")
    w.run(flow("of-container-set", "workflowTemplateRef: {name: containerset-with-retrystrategy}"), "Failed")
    pod = w.pods()[0]["metadata"]["name"]
    check_equal(w.log(pod, "c1").count("hi"), 1)
    check_in("executable file not found in $PATH", w.log(pod, "c2") + w.node("c2").get("message", ""))
    check_equal(w.log(pod, "c3").count("intentional failure"), 2)
