"""functional_test.go: what a workflow does."""
import glob
import os
import time

from servers import archives, at, in_image, s3, web
from world import Refused, check, check_equal, check_in, flow, made, row, skip, value

SAY = '{image: "argoproj/argosay:v2"}'
EXIT = '{image: "argoproj/argosay:v2", args: [exit, "1"]}'

QUOTA = "a ResourceQuota: one machine has a room that pods wait for (their requests), and its administrator sets the daemon's limits"
skip("functional_test.go", "TestResourceQuota", QUOTA)
skip("functional_test.go", "TestTemplateLevelTimeoutWithForbidden", QUOTA)
skip("functional_test.go", "TestWorkflowInvalidServiceAccountError",
     "no executor writes results through the API in the pod's name, so a ServiceAccount cannot lack the right to")


@row("functional_test.go", "TestArchiveStrategies", isolation="host")
def archive_strategies(w):
    with s3(w) as place:
        w.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "artifact-repositories", "annotations": {
            "workflows.argoproj.io/default-artifact-repository": "store"}}, "data": {"store": f"""
s3:
  bucket: my-bucket
  endpoint: {place}
  insecure: true
  accessKeySecret: {{name: my-minio-cred, key: accesskey}}
  secretKeySecret: {{name: my-minio-cred, key: secretkey}}
"""}})
        w.run("e2e/testdata/archive-strategies.yaml")
        check_equal(w.status["artifactRepositoryRef"].get("key"), "store")


@row("functional_test.go", "TestDeletingPendingPod")
def deleting_pending_pod(w):
    w.submit("e2e/testdata/pending-workflow.yaml")

    def pending():
        return [p for p in w.pods() if p["status"]["phase"] == "Pending" and "deletionTimestamp" not in p["metadata"]]
    old = w.until("a pending pod", pending)[0]["metadata"]
    w.api("DELETE", f"/api/v1/namespaces/argo/pods/{old['name']}")
    time.sleep(1)
    new = w.until("another pending pod", pending)[0]["metadata"]
    check((new["name"], new["uid"] != old["uid"]) == (old["name"], True), old, new)
    check_equal(w.phase, "Running")


@row("functional_test.go", "TestWorkflowLevelErrorRetryPolicy")
def workflow_level_error_retry_policy(w):
    w.submit("e2e/testdata/retry-on-error-workflow.yaml").wait()
    check_equal(w.root["type"], "Retry")


@row("functional_test.go", "TestWorkflowMetadataLabelsFrom")
def workflow_metadata_labels_from(w):
    w.run(flow("metadata-", f"""
arguments: {{parameters: [{{name: foo, value: bar}}]}}
workflowMetadata: {{labelsFrom: {{my-label: {{expression: workflow.parameters.foo}}}}}}
templates: [{{name: main, container: {SAY}}}]
"""))
    check_equal(w.wf["metadata"]["labels"].get("my-label"), "bar")


def main_of(w):
    """The spec of the one pod, and its container main."""
    pods = w.pods()
    check_equal(len(pods), 1)
    return pods[0]["spec"], [c for c in pods[0]["spec"]["containers"] if c["name"] == "main"][0]


@row("functional_test.go", "TestJSONVariables")
def json_variables(w):
    w.run("e2e/testdata/json-variables.yaml")
    check_equal(main_of(w)[1]["args"], ["myLabelValue", "myAnnotationValue", "myParamValue"])


@row("functional_test.go", "TestWorkflowTTL")
def workflow_ttl(w):
    w.submit(flow("ttl-", f"""
ttlStrategy: {{secondsAfterCompletion: 0}}
templates: [{{name: main, container: {SAY}}}]
"""))

    def names():
        return [i["metadata"]["name"] for i in w.api("GET", "/apis/argoproj.io/v1alpha1/namespaces/argo/workflows")["items"]]
    end = time.monotonic() + 13
    while w.name in names():
        check(time.monotonic() < end, "it is still there")
        time.sleep(0.1)


@row("functional_test.go", "TestWorkflowRetention")
def workflow_retention(w):
    for _ in range(3):
        w.run("e2e/testdata/exit-1.yaml", "Failed")
        time.sleep(1.1)  # the ends are told apart by their seconds

    def failed():
        items = w.api("GET", "/apis/argoproj.io/v1alpha1/namespaces/argo/workflows")["items"]
        return len([i for i in items if i["status"].get("phase") == "Failed"])
    w.name = None
    w.until("two failed workflows", lambda: failed() == 2)


@row("functional_test.go", "TestContinueOnFail")
def continue_on_fail(w):
    w.run(flow("continue-on-fail-", f"""
parallelism: 2
templates:
- name: main
  steps:
  - - {{name: A, template: say}}
    - {{name: B, template: inner, continueOn: {{failed: true}}}}
  - - {{name: C, template: say}}
- name: inner
  dag: {{tasks: [{{name: B-1, template: fail}}]}}
- name: say
  container: {SAY}
- name: fail
  container: {EXIT}
"""))
    check_equal(len(w.nodes), 7)
    b = w.node("B")
    check_equal((b["phase"], len(b["children"]), len(b["outboundNodes"])), ("Failed", 1, 1))


@row("functional_test.go", "TestContinueOnFailDag")
def continue_on_fail_dag(w):
    w.run(flow("continue-on-fail-dag-", f"""
templates:
- name: main
  dag:
    failFast: false
    tasks:
    - {{name: F, template: fail, continueOn: {{failed: true}}}}
    - {{name: P, template: say, dependencies: [F]}}
- name: say
  container: {SAY}
- name: fail
  container: {EXIT}
"""))
    check_equal(w.phases("F", "P"), ["Failed", "Succeeded"])


@row("functional_test.go", "TestVolumeClaimTemplate", isolation="host")
def volume_claim_template(w):
    w.submit("e2e/testdata/volume-claim-template-workflow.yaml").wait()
    w.until("no claims", lambda: not w.api("GET", "/api/v1/namespaces/argo/persistentvolumeclaims")["items"], 15)


def reasons(w, count):
    """Events of the workflow as upstream has them; PodIsolation is our own."""
    def known():
        events = [e for e in w.events() if e["reason"] != "PodIsolation"]
        return events if len(events) >= count else None
    events = w.until(f"{count} events", known, 10)
    check_equal(len(events), count, [e["reason"] for e in events])
    return events


def check_node_events(w, end, last):
    name = w.name
    events = reasons(w, 4)
    check_equal([e["reason"] for e in events], ["WorkflowRunning", "WorkflowNodeRunning", f"WorkflowNode{end}", f"Workflow{end}"])
    check_in(f"Running node {name}", events[1]["message"])
    check_in(f"{end} node {name}", events[2]["message"])
    notes = events[2]["metadata"]["annotations"]
    check_equal(notes["workflows.argoproj.io/node-type"], "Pod")
    check_equal(notes["workflows.argoproj.io/node-name"], name)
    check_in(last, events[3]["message"])


@row("functional_test.go", "TestEventOnNodeFail")
def event_on_node_fail(w):
    w.submit("e2e/expectedfailures/failed-step-event.yaml").wait()
    check_node_events(w, "Failed", "exit code 1")


@row("functional_test.go", "TestEventOnWorkflowSuccess")
def event_on_workflow_success(w):
    w.submit("e2e/functional/success-event.yaml").wait()
    check_node_events(w, "Succeeded", "Workflow completed")


@row("functional_test.go", "TestEventOnPVCFail")
def event_on_pvc_fail(w):
    w.submit("e2e/expectedfailures/volumes-pvc-fail-event.yaml").wait()
    events = reasons(w, 2)
    check_equal([e["reason"] for e in events], ["WorkflowRunning", "WorkflowFailed"])
    check_in("pvc create error", events[1]["message"])


@row("functional_test.go", "TestArtifactRepositoryRef", isolation="host")
def artifact_repository_ref(w):
    with s3(w) as place:
        w.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "artifact-repositories"}, "data": {"my-key": f"""
s3:
  bucket: my-bucket
  endpoint: {place}
  insecure: true
  accessKeySecret: {{name: my-minio-cred, key: accesskey}}
  secretKeySecret: {{name: my-minio-cred, key: secretkey}}
"""}})
        w.run("e2e/testdata/artifact-repository-ref.yaml")
    ref = w.status["artifactRepositoryRef"]
    check_equal((ref.get("namespace"), ref.get("configMap"), ref.get("key"), ref.get("default", False)),
                ("argo", "artifact-repositories", "my-key", False))
    for s3_of in (w.node("generate")["outputs"]["artifacts"][0]["s3"], w.node("consume")["inputs"]["artifacts"][0]["s3"]):
        check(s3_of.get("key") and not s3_of.get("bucket"), s3_of)


PENDING = """
templates:
- name: main
  dag: {tasks: [{name: a, template: say}, {name: b, template: say}]}
- name: say
  %s
  container: {image: "argoproj/argosay:v2", args: [echo, a], resources: {requests: {cpu: "%%d"}}}
"""


def check_pending(w, retry, names):
    """In place of a quota that is taken away: all places are taken by another workflow until it is terminated."""
    cpus = os.cpu_count()
    holder = w.submit(flow("holder-", f"""
templates: [{{name: main, container: {{image: "argoproj/argosay:v2", args: [sleep, 300s], resources: {{requests: {{cpu: "{cpus}"}}}}}}}}]
""")).wait("Running").name
    w.until("the holder runs", lambda: w.root["phase"] == "Running")
    w.submit(flow("pending-", PENDING % retry % 1))
    for name in names:
        w.wait_node(name, "Pending")
    w.api("PUT", f"/api/v1/workflows/argo/{holder}/terminate", {"namespace": "argo", "name": holder})
    for name in names:
        w.wait_node(name, "Succeeded")
    w.wait("Succeeded")


@row("functional_test.go", "TestPendingRetryWorkflow")
def pending_retry_workflow(w):
    check_pending(w, "", ("a", "b"))


@row("functional_test.go", "TestPendingRetryWorkflowWithRetryStrategy")
def pending_retry_workflow_with_retry_strategy(w):
    check_pending(w, "retryStrategy: {limit: 1}", ("a(0)", "b(0)"))


@row("functional_test.go", "TestOptionalInputArtifacts", isolation="host")
def optional_input_artifacts(w):
    with s3(w) as place, web(lambda path: (404, "")) as url:
        def change(doc):
            at(place)(doc)
            doc["spec"]["templates"][0]["inputs"]["artifacts"][0]["http"]["url"] = url + "/not-found"
        w.submit("e2e/testdata/input-artifacts.yaml", change).wait()
        check_equal((w.phase, w.message), ("Succeeded", ""))


@row("functional_test.go", "TestOptionalOutputArtifacts", isolation="host")
def optional_output_artifacts(w):
    w.run("e2e/functional/output-artifact-optional.yaml")


@row("functional_test.go", "TestWorkflowTemplateRefWithExitHandler")
def workflow_template_ref_with_exit_handler(w):
    w.create("e2e/smoke/workflow-template-whalesay-template.yaml")
    w.run("e2e/testdata/workflow-template-ref-exithandler.yaml")
    check_equal(w.message, "")


@row("functional_test.go", "TestWorkflowTemplateRefWithExitHandlerError")
def workflow_template_ref_with_exit_handler_error(w):
    w.create(made("WorkflowTemplate", "with-exit-handler", f"""
onExit: gone
templates:
- {{name: main, container: {SAY}}}
- {{name: gone, templateRef: {{name: nonexistent, template: gone}}}}
"""))
    try:  # upstream makes it, then it fails with "invalid spec": what is wrong is told at once here
        w.submit(flow("exit-handler-", "workflowTemplateRef: {name: with-exit-handler}"))
        check(False, "it was made")
    except Refused as wrong:
        check_in("is invalid: templates.gone", str(wrong))
        check_in("template reference nonexistent.gone not found", str(wrong))


@row("functional_test.go", "TestWorkflowLifecycleHookWithWorkflowTemplate")
def workflow_lifecycle_hook_with_workflow_template(w):
    # Upstream's manifest has the hook in a template, which knows none; here it is where it has an effect.
    w.create(made("WorkflowTemplate", "exit-handler", """
templates:
- name: main
  inputs: {parameters: [{name: text}]}
  container: {image: "argoproj/argosay:v2", command: [cowsay], args: ["{{inputs.parameters.text}}"]}
"""))
    w.run(flow("hook-", f"""
hooks:
  exit: {{templateRef: {{name: exit-handler, template: main}}, arguments: {{parameters: [{{name: text, value: "hello world"}}]}}}}
templates: [{{name: main, container: {SAY}}}]
"""))
    check_equal(w.phases(f"{w.name}.onExit"), ["Succeeded"])
    check_equal(w.message, "")


@row("functional_test.go", "TestWorkflowHookParameterTemplates")
def workflow_hook_parameter_templates(w):
    w.run("e2e/testdata/workflow-hook-parameter.yaml")
    node = w.node("workflow-hook-parameter.onExit")
    check_equal((node["phase"], value(node), value(node, 1)), ("Succeeded", "Succeeded", "Succeeded"))


@row("functional_test.go", "TestParametrizableAds")
def parametrizable_ads(w):
    w.run(flow("ads-", """
arguments: {parameters: [{name: ads, value: "5"}]}
templates:
- name: main
  inputs: {parameters: [{name: ads}]}
  activeDeadlineSeconds: "{{inputs.parameters.ads}}"
  container: {image: "argoproj/argosay:v2", args: [sleep, 10s]}
"""), "Failed")
    check_equal(main_of(w)[0].get("activeDeadlineSeconds"), 5)


@row("functional_test.go", "TestParametrizableLimit")
def parametrizable_limit(w):
    w.run(flow("limit-", f"""
arguments: {{parameters: [{{name: limit, value: "1"}}]}}
templates:
- name: main
  inputs: {{parameters: [{{name: limit}}]}}
  retryStrategy: {{limit: "{{{{inputs.parameters.limit}}}}"}}
  container: {EXIT}
"""), "Failed")
    check_in("No more retries left", w.root.get("message", ""))
    check_equal(len(w.nodes), 3)


@row("functional_test.go", "TestTemplateLevelTimeout")
def template_level_timeout(w):
    w.run(flow("timeout-", """
templates:
- name: main
  steps:
  - - {name: first, template: sleep, arguments: {parameters: [{name: time, value: 5s}]}}
    - {name: second, template: sleep, arguments: {parameters: [{name: time, value: 10s}]}}
    - {name: third, template: sleep, arguments: {parameters: [{name: time, value: 15s}]}}
- name: sleep
  timeout: "{{inputs.parameters.time}}"
  inputs: {parameters: [{name: time}]}
  container: {image: "argoproj/argosay:v2", args: [sleep, 30s]}
"""), "Failed", 60)


@row("functional_test.go", "TestWorkflowPodSpecPatch")
def workflow_pod_spec_patch(w):
    w.run(flow("patch-", f"""
templates:
- name: main
  container: {SAY}
  podSpecPatch: '{{"terminationGracePeriodSeconds": 5, "containers": [{{"name": "main", "resources": {{"limits": {{"cpu": "100m"}}}}}},
    {{"name": "wait", "resources": {{"limits": {{"cpu": "101m"}}}}}}]}}'
"""))
    spec, main = main_of(w)
    check_equal(spec.get("terminationGracePeriodSeconds"), 5)
    check_equal(main["resources"].get("limits"), {"cpu": "100m"})  # there is no container of the executor to be limited


@row("functional_test.go", "TestOutputArtifactS3BucketCreationEnabled", isolation="host")
def output_artifact_s3_bucket_creation_enabled(w):
    with s3(w) as place:
        w.submit("e2e/testdata/output-artifact-with-s3-bucket-creation-enabled.yaml", at(place)).wait()
        check_equal((w.phase, w.message), ("Succeeded", ""))


@row("functional_test.go", "TestDataTransformation", isolation="host")
def data_transformation(w):
    with s3(w) as place:
        w.submit("e2e/testdata/data-transformation.yaml", at(place)).wait()
    check_equal((w.phase, w.message), ("Succeeded", ""))
    check_equal(w.node("get-artifact-path")["outputs"]["result"], '["foo/script.py","script.py"]')
    check(w.node("process-artifact(0:foo/script.py)") and w.node("process-artifact(1:script.py)"), "nodes of the loop")
    check(all((w.status.get("taskResultsCompletionStatus") or {}).values()), "task results")


@row("functional_test.go", "TestHTTPOutputs")
def http_outputs(w):
    with web(lambda path: (200, '{"swagger": "2.0", "paths": {}}\n' * 50)) as url:
        def change(doc):
            doc["spec"]["templates"][0]["dag"]["tasks"][0]["arguments"]["parameters"][0]["value"] = url + "/swagger.json"
        w.submit("e2e/testdata/http-outputs.yaml", change).wait()
    check_equal((w.phase, w.message), ("Succeeded", ""))
    result = w.node("http")["outputs"].get("result")
    check(result, "no result")
    check_equal(value(w.node("echo")), result)


@row("functional_test.go", "TestScriptAsNonRoot", isolation="image", flags=archives)
def script_as_non_root(w):
    w.submit(flow("script-", """
securityContext: {runAsUser: 1000, runAsGroup: 1000, runAsNonRoot: true}
templates:
- name: main
  script:
    image: argoproj/argosay:v2
    command: [bash]
    source: |
      id
      sleep 1
"""), in_image).wait()
    check_equal((w.phase, w.message), ("Succeeded", ""))
    check_in("uid=1000", w.log(w.name))


@row("functional_test.go", "TestTTY")
def tty(w):
    w.run("e2e/functional/tty.yaml")


@row("functional_test.go", "TestTemplateDefaultImage", isolation="host")
def template_default_image(w):
    w.run("e2e/functional/template-default-image.yaml")


@row("functional_test.go", "TestEntrypointName")
def entrypoint_name(w):
    w.create("e2e/functional/entrypointName-template.yaml")
    w.submit("e2e/functional/entrypointName-workflow.yaml").wait()
    check_equal((w.node("step")["phase"], value(w.node("step"))), ("Succeeded", "bar"))


@row("functional_test.go", "TestWithItemsWithHooks")
def with_items_with_hooks(w):
    w.run("e2e/smoke/with-items-with-hooks.yaml")


ONCE = "'if test -f seen; then exit 0; fi; touch seen; exit 1'"
SET = """
templates:
- name: main
  containerSet:
    %s
    containers:
    - {name: a, image: "argoproj/argosay:v2", command: [sh, -c], args: [""" + ONCE + """]}
"""


@row("functional_test.go", "TestContainerSetRetryFail")
def container_set_retry_fail(w):
    w.run(flow("set-retry-", SET % "retryStrategy: {retries: 2, duration: 5s}"))


@row("functional_test.go", "TestContainerSetRetrySuccess")
def container_set_retry_success(w):
    w.run(flow("set-no-retry-", SET % ""), "Failed")


@row("functional_test.go", "TestTerminateWorkflowWhileOnExitHandlerRunning")
def terminate_workflow_while_on_exit_handler_running(w):
    w.submit("e2e/functional/workflow-exit-handler-sleep.yaml").wait("Running")
    w.wait_node("workflow-exit-handler-sleep", "Succeeded")
    w.api("PUT", f"/api/v1/workflows/argo/{w.name}/terminate", {"namespace": "argo", "name": w.name})
    w.wait("Failed")
    check_equal({n["phase"] for n in w.nodes if n["type"] in ("StepGroup", "Steps")}, {"Failed"})


@row("functional_test.go", "TestWorkflowExitHandlerCrashEnsureNodeIsPresent")
def workflow_exit_handler_crash_ensure_node_is_present(w):
    w.run("e2e/expectedfailures/exit-handler-fail-missing-output.yaml", "Failed")
    exits = [n for n in w.nodes if n["displayName"].endswith(".onExit")]
    check_equal(len(exits), 1)
    check_equal(len(exits[0]["inputs"]["parameters"]), 1)
    check(value(exits[0]) is not None, exits[0])


def paused(w, source, *files):
    """Runs it: the container goes on where somebody makes these files, one after the other, as its pod's folder has them."""
    w.submit(f"e2e/functional/{source}.yaml")
    for file in files:
        folder = w.until("a paused container", lambda: glob.glob(os.path.join(w.server.dir, "data/**/ctr/main"), recursive=True))[0]
        w.until("a running pod", lambda: any(p["status"]["phase"] == "Running" for p in w.pods()))
        time.sleep(1)
        check_equal(w.phase, "Running")
        with open(os.path.join(folder, file), "w", encoding="ascii"):
            pass
    w.wait()
    check_equal(w.phase, "Succeeded")


@row("functional_test.go", "TestPauseBefore")
def pause_before(w):
    paused(w, "pause-before", "before")


@row("functional_test.go", "TestPauseAfter")
def pause_after(w):
    paused(w, "pause-after", "after")


@row("functional_test.go", "TestPauseAfterAndBefore")
def pause_after_and_before(w):
    paused(w, "pause-before-after", "before", "after")
