"""estimated_duration_test.go: how long it will take, as the run before did."""
from world import check, row


@row("estimated_duration_test.go", "TestWorkflowTemplate")
def workflow_template(w):
    w.create("e2e/testdata/basic-workflowtemplate.yaml")
    for _ in range(2):
        w.submit_from("WorkflowTemplate", "basic").wait("Succeeded")
    check(w.status.get("estimatedDuration"), "none of the workflow")
    check(w.root.get("estimatedDuration"), "none of the node")
