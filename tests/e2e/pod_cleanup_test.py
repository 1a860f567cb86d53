"""pod_cleanup_test.go: which pods stay when they have ended."""
from world import check_equal, flow, made, row

LABEL = "\n  metadata: {labels: {evicted: 'true'}}"
SELECTOR = ", labelSelector: {matchLabels: {evicted: 'true'}}"


def check_pod(w, strategy, is_failing, is_there, more="", label=""):
    """Runs one pod under a strategy; is it listed afterwards?"""
    gc = f"podGC: {{strategy: {strategy}{more}}}\n" if strategy else ""
    args = '[exit, "1"]' if is_failing else "[]"
    w.run(flow("cleanup-", f"""
{gc}templates:
- name: main{label}
  container: {{image: "argoproj/argosay:v2", args: {args}}}
"""), "Failed" if is_failing else "Succeeded")
    check_stays(w, is_there)


def check_stays(w, is_there):
    if is_there:
        w.until("the ended pod", lambda: [p["metadata"]["labels"].get("workflows.argoproj.io/completed") for p in w.pods()] == ["true"], 10)
        check_equal([p["status"]["phase"] for p in w.pods()], [w.phase])
    else:
        w.until("no pods", lambda: not w.pods(), 15)


@row("pod_cleanup_test.go", "TestNone")
def none(w):
    check_pod(w, None, False, True)


@row("pod_cleanup_test.go", "TestOnPodCompletion")
def on_pod_completion(w):
    check_pod(w, "OnPodCompletion", True, False)
    check_pod(w, "OnPodCompletion", False, False)


@row("pod_cleanup_test.go", "TestOnPodCompletionLabelSelected")
def on_pod_completion_label_selected(w):
    check_pod(w, "OnPodCompletion", True, False, SELECTOR, LABEL)
    check_pod(w, "OnPodCompletion", False, True, SELECTOR)


@row("pod_cleanup_test.go", "TestOnPodSuccess")
def on_pod_success(w):
    check_pod(w, "OnPodSuccess", True, True)
    check_pod(w, "OnPodSuccess", False, False)


@row("pod_cleanup_test.go", "TestOnPodSuccessLabelNotMatch")
def on_pod_success_label_not_match(w):
    check_pod(w, "OnPodSuccess", False, True, SELECTOR)


@row("pod_cleanup_test.go", "TestOnPodSuccessLabelMatch")
def on_pod_success_label_match(w):
    check_pod(w, "OnPodSuccess", True, True, SELECTOR)
    check_pod(w, "OnPodSuccess", False, False, SELECTOR, LABEL)


@row("pod_cleanup_test.go", "TestOnWorkflowCompletion")
def on_workflow_completion(w):
    check_pod(w, "OnWorkflowCompletion", True, False)


@row("pod_cleanup_test.go", "TestOnWorkflowCompletionLabelNotMatch")
def on_workflow_completion_label_not_match(w):
    check_pod(w, "OnWorkflowCompletion", True, True, SELECTOR)


@row("pod_cleanup_test.go", "TestOnWorkflowCompletionLabelMatch")
def on_workflow_completion_label_match(w):
    check_pod(w, "OnWorkflowCompletion", True, False, SELECTOR, LABEL)


@row("pod_cleanup_test.go", "TestOnWorkflowSuccess")
def on_workflow_success(w):
    check_pod(w, "OnWorkflowSuccess", False, False)


@row("pod_cleanup_test.go", "TestOnWorkflowSuccessLabelNotMatch")
def on_workflow_success_label_not_match(w):
    check_pod(w, "OnWorkflowSuccess", False, True, SELECTOR)


@row("pod_cleanup_test.go", "TestOnWorkflowSuccessLabelMatch")
def on_workflow_success_label_match(w):
    check_pod(w, "OnWorkflowSuccess", False, False, SELECTOR, LABEL)


@row("pod_cleanup_test.go", "TestOnWorkflowTemplate")
def on_workflow_template(w):
    w.create(made("WorkflowTemplate", "cleanup", """
podGC: {strategy: OnWorkflowCompletion}
templates: [{name: main, container: {image: "argoproj/argosay:v2"}}]
"""))
    w.submit_from("WorkflowTemplate", "cleanup").wait("Succeeded")
    check_stays(w, False)
