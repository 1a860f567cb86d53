"""estimated_duration_test.go: how long it will take, as the run before did."""
from world import check, row


@row("estimated_duration_test.go", "TestWorkflowTemplate")
def workflow_template(w):
    template = w.docs("e2e/testdata/basic-workflowtemplate.yaml")[0]
    template["spec"]["templates"][0]["container"]["args"] = ["sleep", "2s"]  # a pod of ours is no second of its own
    w.create(template)
    for _ in range(2):
        w.submit_from("WorkflowTemplate", "basic").wait("Succeeded")
    check(w.status.get("estimatedDuration"), "none of the workflow")
    check(w.root.get("estimatedDuration"), "none of the node")
