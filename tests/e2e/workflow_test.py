"""workflow_test.go: deadlines, names and resources of pods."""
from world import check, check_equal, check_in, flow, row


@row("workflow_test.go", "TestWorkflowFailedWhenAllPodSetFailedFromPending")
def all_failed(w):
    w.run(flow("deadline-", """
templates:
- name: main
  steps: [[{name: fanout, template: sleep, withItems: [1, 2, 3, 4], arguments: {parameters: [{name: item, value: "{{item}}"}]}}]]
- name: sleep
  activeDeadlineSeconds: 2
  inputs: {parameters: [{name: item}]}
  container: {image: "argoproj/argosay:v2", imagePullPolicy: Always, command: [sh, -c], args: ["echo {{inputs.parameters.item}}; sleep 20"]}
"""), "Failed")
    pods = [n for n in w.nodes if n["type"] == "Pod"]
    check_equal([n["displayName"] for n in sorted(pods, key=lambda n: n["name"])], [f"fanout({i}:{i + 1})" for i in range(4)])
    for node in pods:
        check_equal(node["phase"], "Failed")
        check_in("Pod was active on the node longer than the specified deadline", node.get("message", ""))


@row("workflow_test.go", "TestWorkflowInlinePodName")
def inline_pod_name(w):
    w.run(flow("inline-", """
templates:
- name: main
  steps: [[{name: a, inline: {container: {image: "argoproj/argosay:v2", command: [cowsay], args: [foo]}}}]]
"""))
    check("--" not in w.pods()[0]["metadata"]["name"], w.pods()[0]["metadata"]["name"])


@row("workflow_test.go", "TestWorkflowPodResources")
def pod_resources(w):
    w.run(flow("resources-", """
podResources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: "1", memory: 256Mi}}
templates: [{name: main, container: {image: "argoproj/argosay:v2"}}]
"""))
    check_equal(w.pods()[0]["spec"].get("resources"),
                {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}})
