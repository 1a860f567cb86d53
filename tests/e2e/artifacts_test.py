"""artifacts_test.go: artifacts in S3 and by a plugin: mounts, passing, logs, and their garbage collection."""
import gzip
import json
import os
import signal
import socket
import subprocess

import s3
from world import ROOT, check, check_equal, check_in, row, skip

FILE = "artifacts_test.go"
DATA = "e2e/testdata"
FINALIZER = "workflows.argoproj.io/artifact-gc"
LOCK = s3.LOCK


def with_plugin(w):
    """Settings of a controller whose plugin `test` keeps files in a folder (upstream's: in a bucket)."""
    with LOCK:
        subprocess.run([os.path.join(ROOT, "tools/install-grpcio")], check=True, stdout=subprocess.DEVNULL)
    os.mkdir(store(w))
    w.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "artifact-repositories", "annotations": {
        "workflows.argoproj.io/default-artifact-repository": "default-v1"}}, "data": {
            "default-v1": w.s3.repository(), "plugin-v1": json.dumps({"archiveLogs": True, "plugin": {
                "name": "test", "configuration": "of the repository", "keyFormat": "{{workflow.name}}/{{pod.name}}"}})}})
    driver = {"name": "test", "image": "argoproj/plugin", "command": [
        os.path.join(ROOT, "build/grpcio/bin/python"), os.path.join(ROOT, "tests/support/artifact-plugin.py"), store(w),
        os.path.join(w.server.dir, "plugin-notes")]}
    return {"artifactDrivers": json.dumps([driver])}


def store(w):
    return os.path.join(w.server.dir, "plugin-store")


def by(driver):
    """Registers a row with its driver: s3 or plugin."""
    def take(test, **more):
        return row(FILE, test, isolation="host", with_s3=True, **({"config": with_plugin} if driver == "plugin" else {}), **more)
    return take


in_s3, in_plugin = by("s3"), by("plugin")


def stored(w, artifact):
    """What is kept of an artifact of a status, unpacked when it is; None when it is not there."""
    place = artifact.get("s3") or artifact.get("plugin")
    return content(w, place["key"], place.get("bucket", "my-bucket"), "plugin" in artifact)


def content(w, key, bucket="my-bucket", is_plugins=False):
    if is_plugins:
        path = os.path.join(store(w), key)
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            data = file.read()
    else:
        data = w.s3.object(key, bucket)
    return data if data is None or data[:2] != b"\x1f\x8b" else gzip.decompress(data)


def artifact(w, name, node=None):
    found = [a for n in w.nodes for a in (n.get("outputs") or {}).get("artifacts") or []
             if a["name"] == name and node in (None, n.get("displayName"), n.get("templateName"))]
    check(found, f"no artifact {name} of {node}")
    return found[0]


def check_stored(w, text, name, node=None, is_plugins=False):
    a = artifact(w, name, node)
    check(not is_plugins or "plugin" in a, a)
    data = stored(w, a)
    check(data is not None, "nothing is stored of", a)
    check_in(text.encode(), data)


def succeeds(w, source):
    w.submit(f"{source}.yaml").wait("Succeeded")


# ---- mounts and passing ----

@in_s3("TestInputOnMount")
def input_on_mount(w):
    succeeds(w, f"{DATA}/input-on-mount-workflow")


@in_s3("TestOutputOnMount")
def output_on_mount(w):
    succeeds(w, f"{DATA}/output-on-mount-workflow")


@in_plugin("TestOutputOnMountPlugin")
def output_on_mount_plugin(w):
    succeeds(w, f"{DATA}/output-on-mount-plugin-workflow")
    check_stored(w, "hi", "out-0", is_plugins=True)


@in_plugin("TestInputOnMountPlugin")
def input_on_mount_plugin(w):
    succeeds(w, f"{DATA}/input-on-mount-plugin-workflow")
    check_equal((w.node("create-artifact")["phase"], w.node("read-artifact")["phase"]), ("Succeeded", "Succeeded"))
    check_stored(w, "hello plugin mount", "artifact", "create-artifact", True)


@in_plugin("TestOutputOnInputPlugin")
def output_on_input_plugin(w):
    succeeds(w, f"{DATA}/output-on-input-plugin-workflow")
    check_stored(w, "hi", "out-0", is_plugins=True)


@in_s3("TestOutputOnInput")
def output_on_input(w):
    succeeds(w, f"{DATA}/output-on-input-workflow")


@in_s3("TestArtifactPassing")
def passing(w):
    succeeds(w, "e2e/smoke/artifact-passing")


@in_plugin("TestArtifactPassingPlugin")
def passing_plugin(w):
    succeeds(w, f"{DATA}/artifact-passing-plugin-workflow")


@in_plugin("TestGlobalArtifactPassing")
def global_passing(w):
    for source, key, text in (("global-artifact-passing", "globalArtifact", "01"),
                              ("complex-global-artifact-passing", "finalTestUpdate", "Updated testUpdate"),
                              ("global-artifact-passing-plugin", "globalArtifactPlugin", "01"),
                              ("complex-global-artifact-passing-plugin", "finalTestUpdatePlugin", "Updated testUpdate")):
        for doc in w.docs(f"{DATA}/{source}.yaml"):
            for template in doc["spec"]["templates"]:  # another user than ours wants isolation image
                template.pop("securityContext", None)
            doc["spec"].pop("securityContext", None)
            w.submit(doc).wait("Succeeded")
        data = content(w, key, "my-bucket-3", source.endswith("plugin"))
        check_equal((data or b"").decode().strip(), text, source)


@in_s3("TestSameInputOutputPathOptionalArtifact")
def same_path(w):
    succeeds(w, f"{DATA}/same-input-output-path-optional")


@in_plugin("TestSameInputOutputPathOptionalArtifactPlugin")
def same_path_plugin(w):
    succeeds(w, f"{DATA}/same-input-output-path-optional-plugin")


@in_s3("TestOutputResult")
def output_result(w):
    succeeds(w, f"{DATA}/output-result-workflow")
    outputs = w.node("a")["outputs"]
    check("exitCode" in outputs and "result" in outputs, outputs)


@in_s3("TestExitHandlerWithParameterizedGlobalArtifacts")
def parameterized_globals(w):
    succeeds(w, f"{DATA}/exit-handler-parameterized-global-artifacts")
    check_equal(w.node("printer")["phase"], "Succeeded")
    text = w.cli("logs", w.name, "printer").out + w.cli("logs", w.name).out
    check_in("Have car", text)
    check_in("Have bike", text)


def check_default(w):
    values = [p.get("value") for n in w.nodes for p in (n.get("outputs") or {}).get("parameters") or []]
    check_in("Default value", values)


@in_s3("TestDefaultParameterOutputs")
def default_outputs(w):
    w.submit("""
kind: Workflow
metadata: {generateName: default-params-}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: one, template: make}
    - - {name: two, template: make, when: "True == False"}
    outputs: {parameters: [{name: nested, valueFrom: {default: Default value, parameter: "{{steps.two.outputs.parameters.made}}"}}]}
  - name: make
    container: {image: "argoproj/argosay:v2", args: [echo, text, /tmp/made.txt]}
    outputs: {parameters: [{name: made, valueFrom: {path: /tmp/made.txt}}]}
""").wait("Succeeded")
    check_default(w)


@in_plugin("TestDefaultParameterOutputsPlugin")
def default_outputs_plugin(w):
    succeeds(w, f"{DATA}/default-params-plugin-workflow")
    check_default(w)


# ---- logs ----

@in_s3("TestMainLog")
def main_log(w):
    succeeds(w, f"{DATA}/basic-workflow")
    check_stored(w, ":) Hello Argo!", "main-logs")
    w.submit("e2e/expectedfailures/timeouts-step.yaml").wait("Failed")
    check_stored(w, "123", "main-logs")


@in_plugin("TestMainLogPlugin")
def main_log_plugin(w):
    succeeds(w, f"{DATA}/main-log-plugin-workflow")
    check_stored(w, ":) Hello Argo Plugin Logs!", "main-logs", is_plugins=True)
    w.submit("e2e/expectedfailures/timeouts-step-plugin.yaml").wait("Failed")
    check_stored(w, "123", "main-logs", is_plugins=True)


def resource_log(w, **spec):
    child = w.docs({"kind": "Workflow", "metadata": {"generateName": "hello-world-"}, "spec": {
        **spec, "entrypoint": "main", "templates": [{"name": "main", "container": {
            "image": "argoproj/argosay:v2", "command": ["sh", "-c"], "args": ["echo", ":) Hello Argo!"]}}]}})[0]
    w.submit({"kind": "Workflow", "metadata": {"generateName": "resource-tmpl-wf-"}, "spec": {**spec, "entrypoint": "main", "templates": [
        {"name": "main", "resource": {"action": "create", "successCondition": "status.phase == Succeeded", "setOwnerReference": True,
                                      "manifest": json.dumps(child)}}]}}).wait("Succeeded")
    check(stored(w, artifact(w, "main-logs")) is not None, "no log is stored")


REF = {"artifactRepositoryRef": {"configMap": "artifact-repositories", "key": "plugin-v1"}}


@in_s3("TestResourceLog")
def resource_logs(w):
    resource_log(w)


@in_plugin("TestResourceLogPlugin")
def resource_logs_plugin(w):
    resource_log(w, **REF)


def container_set(w, **spec):
    say = {"image": "argoproj/argosay:v2"}
    w.submit({"kind": "Workflow", "metadata": {"generateName": "containerset-logs-"}, "spec": {**spec, "entrypoint": "main", "templates": [
        {"name": "main", "containerSet": {"containers": [{"name": name, **say} for name in ("a", "b")]}}]}}).wait("Succeeded")
    return w.node(w.name)["outputs"]


@in_s3("TestContainersetLogs")
def container_set_logs(w):
    outputs = container_set(w)
    check_equal(outputs, {"artifacts": [{"name": f"{c}-logs", "s3": {"key": f"{w.name}/{w.name}/{c}.log"}} for c in ("a", "b")]})


@in_plugin("TestContainersetLogsPlugin")
def container_set_logs_plugin(w):
    outputs = container_set(w, **REF)
    check_equal([(a["name"], a["plugin"]["key"]) for a in outputs["artifacts"]],
                [(f"{c}-logs", f"{w.name}/{w.name}/{c}.log") for c in ("a", "b")])
    for a in outputs["artifacts"]:
        check_in(b"hello argo", stored(w, a))


# ---- git and volumes ----

def repository(w):
    """A repository with a README.md and two commits on master, in place of one of the network."""
    path = os.path.join(w.server.dir, "repository")
    for command in (["git", "init", "-q", "-b", "master", path], ["git", "-C", path, "add", "."],
                    ["git", "-C", path, "commit", "-q", "--allow-empty", "-m", "one"],
                    ["git", "-C", path, "commit", "-q", "--allow-empty", "-m", "two"]):
        if "add" in command:
            with open(os.path.join(path, "README.md"), "w", encoding="ascii") as text:
                text.write("# read me\n")
        subprocess.run(["git", "-c", "user.name=e2e", "-c", "user.email=e2e@localhost", *command[1:]], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    daemon = subprocess.Popen(["git", "daemon", "--reuseaddr", "--listen=127.0.0.1", f"--port={port}", "--export-all",
                               f"--base-path={w.server.dir}", w.server.dir], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              start_new_session=True)
    w.until("git daemon", lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
    return daemon, f"git://127.0.0.1:{port}/repository"


def git_template(w, where, **template):
    daemon, url = repository(w)
    git = {"repo": url, "revision": "master", "depth": 1}
    w.submit({"kind": "Workflow", "metadata": {"generateName": "git-"}, "spec": {"entrypoint": "main", "templates": [
        {"name": "main", "inputs": {"artifacts": [{"name": "source", "path": where, "git": git}]}, **template}]}})
    try:
        w.wait("Succeeded")
    finally:
        os.killpg(daemon.pid, signal.SIGTERM)
        daemon.wait()


@in_s3("TestGitArtifactDepthClone")
def git_depth(w):
    git_template(w, "/tmp/git", container={"image": "argoproj/argosay:v2", "command": ["sh", "-c"], "workingDir": "/tmp/git",
                                           "args": ["ls -l; git -c safe.directory=* rev-list --count HEAD"]})


@in_s3("TestGitArtifactAtWorkingDir")
def git_working_dir(w):
    git_template(w, "/tmp/git", script={"image": "argoproj/argosay:v2", "command": ["sh"], "workingDir": "/tmp/git",
                                        "source": "set -eu\npwd\ntest -f README.md\n"})


@in_s3("TestArtifactEphemeralVolume")
def ephemeral(w):
    w.submit("""
kind: Workflow
metadata: {generateName: artifact-volume-claim-}
spec:
  entrypoint: main
  volumeClaimTemplates:
  - {metadata: {name: vol}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}}
  templates:
  - name: main
    inputs: {artifacts: [{name: input, path: /tmp/input/input.txt, raw: {data: abc}}]}
    container:
      image: argoproj/argosay:v2
      command: [sh, -c]
      args: ["ls -l"]
      workingDir: /tmp
      volumeMounts: [{name: vol, mountPath: /tmp}]
""").wait("Succeeded")


# ---- garbage collection ----

def has_finalizer(w):
    return FINALIZER in (w.wf["metadata"].get("finalizers") or [])


def dressed_cli(w, source):
    """Upstream's own CLI, which some steps run, is this program."""
    docs = w.docs(source)
    for doc in docs:
        for template in doc["spec"]["templates"]:
            container = template.get("container", {})
            if "argocli" in container.get("image", ""):
                container.update(image="busybox", command=[w.argo()])
                container["env"] = [{"name": "ARGO_SERVER", "value": w.url.split("//")[1]}]
    return docs


def self_delete(w, source):
    for doc in dressed_cli(w, f"{DATA}/artifactgc/{source}.yaml"):
        w.submit(doc)
    check(has_finalizer(w), "no finalizer")
    w.until("it is deleted", lambda: w.name not in [
        i["metadata"]["name"] for i in w.api("GET", "/apis/argoproj.io/v1alpha1/namespaces/argo/workflows")["items"]])


@in_s3("TestDeleteWorkflow")
def delete_workflow(w):
    self_delete(w, "artgc-dag-wf-self-delete")


@in_plugin("TestDeleteWorkflowPlugin")
def delete_workflow_plugin(w):
    self_delete(w, "artgc-dag-wf-self-delete-plugin")


ON = [("my-bucket-2", "on-completion", True, False), ("my-bucket-2", "on-deletion", False, True)]
WRITTEN = [("artifact-written", "present"), ("some-artifacts-not-written", "present")]
CASES = [  # manifest, has it GC, must it succeed, (bucket, key, gone at the end, gone at deletion), pods of GC at the end
    ("artgc-multi-strategy-multi-anno", True, True, [
        ("my-bucket-2", "first-on-completion-1", True, False), ("my-bucket-3", "first-on-completion-2", True, False),
        ("my-bucket-3", "first-no-deletion", False, False), ("my-bucket-3", "second-on-deletion", False, True),
        ("my-bucket-2", "second-on-completion", True, False)], 2),
    ("artgc-from-template", True, True, ON, 1), ("artgc-from-template-2", True, True, ON, 1), ("artgc-step-wf-tmpl", True, True, ON, 1),
    ("artgc-step-wf-tmpl-2", True, True, [ON[0], ("my-bucket-2", "on-deletion", False, False)], 1),
    ("artgc-from-ref-template", True, True, ON, 1), ("artgc-step-wf-tmpl-no-gc", False, True, [], 0),
    ("artgc-non-optional-artifact-not-written", True, False, WRITTEN, 0),
    ("artgc-optional-artifact-not-written", True, True, WRITTEN, 0), ("artgc-artifact-not-written-failed", True, False, [], 0)]


def place_of(w, expected):
    """bucket, key, gone at the end, gone at deletion"""
    if len(expected) == 4:
        return expected
    a = artifact(w, expected[1], expected[0])
    return "my-bucket", (a.get("s3") or a.get("plugin"))["key"], False, True


def collect(w, case, is_plugins):
    source, has_gc, must_succeed, expected, pods = case
    w.submit(f"{DATA}/artifactgc/{source}{'-plugin' if is_plugins else ''}.yaml").wait()
    check_equal(has_finalizer(w) or pods > 0, has_gc, source, "finalizer")
    check(w.phase == "Succeeded" or not must_succeed, source, w.phase, w.message)
    places = [place_of(w, e) for e in expected]
    if pods:  # upstream waits for its pods of GC; here the server deletes by itself, and what it has deleted says so
        w.until(f"{source}: all of the end are gone",
                lambda: all(content(w, key, bucket, is_plugins) is None for bucket, key, at_end, _ in places if at_end))
    for bucket, key, at_end, _ in places:
        check_equal(content(w, key, bucket, is_plugins) is None, at_end, source, key, "at the end")
    w.api("DELETE", f"/api/v1/workflows/argo/{w.name}")
    w.until(f"{source} is deleted", lambda: w.name not in [
        i["metadata"]["name"] for i in w.api("GET", "/apis/argoproj.io/v1alpha1/namespaces/argo/workflows")["items"]])
    for bucket, key, at_end, at_deletion in places:
        check_equal(content(w, key, bucket, is_plugins) is None, at_end or at_deletion, source, key, "after deletion")


@in_plugin("TestArtifactGC")
def artifact_gc(w):
    for name in ("template", "template-2", "template-ref-template", "template-no-gc"):
        for kind in ("", "-plugin"):
            w.create(f"{DATA}/artifactgc/artgc-{name}{kind}.yaml")
    for case in CASES:
        for is_plugins in (False, True):
            collect(w, case, is_plugins)


@in_s3("TestStoppedWorkflow")
def stopped(w):
    for source in ("artgc-dag-wf-stopped", "artgc-dag-wf-stopped-pod-gc-on-pod-completion"):
        keys = ("on-deletion-wf-stopped-1", "on-deletion-wf-stopped-2")
        check_equal([content(w, key, "my-bucket-3") for key in keys], [None, None])
        for doc in dressed_cli(w, f"{DATA}/artifactgc/{source}.yaml"):
            w.submit(doc)
        w.until("both artifacts", lambda: all(content(w, key, "my-bucket-3") is not None for key in keys))
        w.wait()
        w.api("DELETE", f"/api/v1/workflows/argo/{w.name}")
        w.until("both are gone", lambda: all(content(w, key, "my-bucket-3") is None for key in keys))


skip(FILE, "TestInsufficientRole", "the server itself deletes artifacts: there is no pod of GC whose ServiceAccount could lack a right")
