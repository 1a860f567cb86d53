"""workflow_template_test.go and cluster_workflow_template_test.go: workflows of templates of both scopes."""
from world import check, check_equal, check_in, row

FILE, CLUSTER_FILE = "workflow_template_test.go", "cluster_workflow_template_test.go"
DATA, SMOKE = "e2e/testdata", "e2e/smoke"
WHALESAY = "workflow-template-whalesay-template"


def from_template(w, name, is_cluster=False):
    ref = {"name": name, **({"clusterScope": True} if is_cluster else {})}
    return w.submit({"kind": "Workflow", "metadata": {"generateName": "of-template-"}, "spec": {"workflowTemplateRef": ref}})


def nested(w, name, **scope):
    w.submit({"kind": "Workflow", "metadata": {"generateName": "nested-"}, "spec": {"entrypoint": "main", "templates": [
        {"name": "main", "steps": [[{"name": "call", "templateRef": {"name": name, "template": "whalesay-template", **scope},
                                     "arguments": {"parameters": [{"name": "message", "value": "hello from nested"}]}}]]}]}})
    w.wait("Succeeded")


def claims(w):
    return w.api("GET", "/api/v1/namespaces/argo/persistentvolumeclaims")["items"]


@row(FILE, "TestNestedWorkflowTemplate")
def nested_template(w):
    w.create(f"{SMOKE}/{WHALESAY}.yaml")
    w.create(f"{DATA}/workflow-template-nested-template.yaml")
    nested(w, "workflow-template-nested-template")


@row(CLUSTER_FILE, "TestNestedClusterWorkflowTemplate")
def nested_cluster_template(w):
    w.create(f"{SMOKE}/cluster-{WHALESAY}.yaml")
    w.create(f"{DATA}/cluster-workflow-template-nested-template.yaml")
    nested(w, "cluster-workflow-template-nested-template", clusterScope=True)


@row(CLUSTER_FILE, "TestClusterWorkflowFromWorkflowTemplateHasLabel")
def cluster_label(w):
    w.create(f"{SMOKE}/cluster-{WHALESAY}.yaml")
    from_template(w, f"cluster-{WHALESAY}", True).wait("Succeeded")
    check_equal(w.wf["metadata"]["labels"]["workflows.argoproj.io/cluster-workflow-template"], f"cluster-{WHALESAY}")


@row(FILE, "TestWorkflowFromWorkflowTemplateHasLabel")
def label(w):
    w.create({"kind": "WorkflowTemplate", "metadata": {"name": "label-test"}, "spec": {
        "entrypoint": "main", "templates": [{"name": "main", "container": {"image": "argoproj/argosay:v2"}}]}})
    from_template(w, "label-test").wait("Succeeded")
    check_equal(w.wf["metadata"]["labels"]["workflows.argoproj.io/workflow-template"], "label-test")


def submit_template(w, source):
    """Creates the template of a file and submits it as the API does."""
    for doc in w.docs(source):
        doc["kind"] = "WorkflowTemplate"
        w.create(doc)
    return w.submit_from("WorkflowTemplate", doc["metadata"]["name"]).wait("Succeeded")


@row(FILE, "TestSubmitWorkflowTemplateWithEnum")
def enum(w):
    submit_template(w, f"{DATA}/workflow-template-with-enum-values.yaml")


@row(FILE, "TestSubmitWorkflowTemplateWorkflowMetadataSubstitution")
def metadata(w):
    submit_template(w, f"{DATA}/workflow-template-sub-test.yaml")
    check_equal(w.pods()[0]["spec"]["containers"][0]["args"], ["echo", "myLabelArg", "thisLabelIsFromWorkflowDefaults"])


@row(FILE, "TestSubmitWorkflowTemplateResourceUnquotedExpressions")
def expressions(w):
    submit_template(w, f"{DATA}/workflow-template-with-resource-expr.yaml")


@row(FILE, "TestSubmitWorkflowTemplateWithParallelStepsRequiringPVC", isolation="host")
def claims_in_parallel(w):
    submit_template(w, f"{DATA}/loops-steps-limited-parallelism-pvc.yaml")
    w.until("the claims are deleted", lambda: not claims(w))


def invalid(w, name, text):
    w.create(f"{DATA}/{name}.yaml")
    from_template(w, name).wait("Error")
    check_in(text, w.message)
    w.until("the claim is deleted", lambda: not claims(w))


@row(FILE, "TestWorkflowTemplateInvalidOnExit", isolation="host")
def invalid_exit(w):
    invalid(w, "workflow-template-invalid-onexit", "error in exit template execution")


@row(FILE, "TestWorkflowTemplateInvalidEntryPoint", isolation="host")
def invalid_entry(w):
    invalid(w, "workflow-template-invalid-entrypoint", "error in entry template execution")


@row(FILE, "TestWorkflowTemplateWithHook")
def hook(w):
    doc = w.docs(f"{DATA}/workflow-templates/success-hook.yaml")[0]
    doc["spec"]["templates"][0]["container"]["args"] = ["sleep 1; argosay"]  # it stands in the image's root there
    w.create(doc)
    from_template(w, "hook").wait("Succeeded")
    for name in ("hooks.running", "hooks.succeed"):
        found = [n for n in w.nodes if name in n["name"]]
        check(found and all(n["phase"] == "Succeeded" for n in found), name, found)
