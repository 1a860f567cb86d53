"""resource_template_test.go: templates that make objects and wait for them."""
import json

from world import check, check_equal, flow, row, value

WAIT = "successCondition: status.phase == Succeeded, failureCondition: status.phase == Failed"


def workflow(w):
    """The manifest of a Workflow, dressed: nobody dresses what is a text."""
    return json.dumps(json.dumps(w.docs(flow("inner-", 'templates: [{name: main, container: {image: "argoproj/argosay:v2"}}]'))[0]))


def pod(w):
    container = w.docs({"container": {"image": "argoproj/argosay:v2", "name": "say"}})[0]["container"]
    return json.dumps(json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "inner-"},
                                  "spec": {"containers": [container], "restartPolicy": "Never"}}))


@row("resource_template_test.go", "TestResourceTemplateWithWorkflow")
def with_workflow(w):
    w.run(flow("resource-", f"""
templates: [{{name: main, resource: {{action: create, setOwnerReference: true, {WAIT}, manifest: {workflow(w)}}}}}]
"""))


@row("resource_template_test.go", "TestResourceTemplateWithPod")
def with_pod(w):
    w.run(flow("resource-", f"""
templates: [{{name: main, resource: {{action: create, setOwnerReference: true, {WAIT}, manifest: {pod(w)}}}}}]
"""))


@row("resource_template_test.go", "TestResourceTemplateWithArtifact", isolation="host")
def with_artifact(w):
    w.run(flow("resource-", f"""
templates:
- name: main
  inputs: {{artifacts: [{{name: manifest, path: /tmp/manifest.yaml, raw: {{data: {pod(w)}}}}}]}}
  resource: {{action: create, {WAIT}, manifestFrom: {{artifact: {{name: manifest}}}}}}
"""))


@row("resource_template_test.go", "TestResourceTemplateWithOutputs")
def with_outputs(w):
    def change(doc):
        of = doc["spec"]["templates"][0]["resource"]
        of["manifest"] = of["manifest"].replace("image: argoproj/argosay:v2", "image: argoproj/argosay:v2\n    command: ['true']")
    w.submit("e2e/testdata/resource-templates/outputs.yaml", change).wait()
    check_equal((w.phase, w.message), ("Succeeded", ""))
    check_equal((value(w.root, 0, "outputs"), value(w.root, 1, "outputs")), ("my-pod", "my-pod"))
    check(all((w.status.get("taskResultsCompletionStatus") or {}).values()), "task results")


@row("resource_template_test.go", "TestResourceTemplateAutomountServiceAccountTokenDisabled")
def automount_disabled(w):
    w.run(flow("resource-", f"""
serviceAccountName: argo
automountServiceAccountToken: false
executor: {{serviceAccountName: default}}
templates: [{{name: main, resource: {{action: create, setOwnerReference: true, {WAIT}, manifest: {workflow(w)}}}}}]
"""))


@row("resource_template_test.go", "TestResourceTemplateFailed")
def failed(w):
    w.run("e2e/testdata/resource-templates/failed.yaml", "Failed")
