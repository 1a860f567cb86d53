"""malformed_resources_test.go: what is malformed is refused, and hinders nothing else."""
from cron_test import kubectl_refuses
from world import Refused, check_match, row

FILE = "malformed_resources_test.go"
BAD, GOOD = "testdata/malformed", "e2e/testdata/wellformed"
TEXT = "spec.arguments.parameters: expected (a )?list"


@row(FILE, "TestMalformedWorkflow")
def workflow(w):
    kubectl_refuses(w, f"{BAD}/malformed-workflow.yaml", TEXT)


def good_one_works(w, kind, ref):
    kubectl_refuses(w, f"{BAD}/malformed-{kind}.yaml", TEXT)
    w.create(f"{GOOD}/wellformed-{kind}.yaml")
    w.submit(f"{GOOD}/wellformed-workflow-with-{ref}-ref.yaml").wait("Succeeded")


def reference_is_lost(w, kind, ref):
    kubectl_refuses(w, f"{BAD}/malformed-{kind}.yaml", TEXT)
    try:  # upstream creates it, in Error at once; here it is not even created
        w.submit(f"{GOOD}/wellformed-workflow-with-malformed-{ref}-ref.yaml").wait("Error")
    except Refused as wrong:
        check_match('"malformed" not found', str(wrong))
    else:
        check_match('"malformed" not found', w.message)


@row(FILE, "TestMalformedWorkflowTemplate")
def template(w):
    good_one_works(w, "workflowtemplate", "workflow-template")


@row(FILE, "TestMalformedWorkflowTemplateRef")
def template_ref(w):
    reference_is_lost(w, "workflowtemplate", "workflow-template")


@row(FILE, "TestMalformedClusterWorkflowTemplate")
def cluster_template(w):
    good_one_works(w, "clusterworkflowtemplate", "cluster-workflow-template")


@row(FILE, "TestMalformedClusterWorkflowTemplateRef")
def cluster_template_ref(w):
    reference_is_lost(w, "clusterworkflowtemplate", "cluster-workflow-template")
