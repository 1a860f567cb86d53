"""cli_test.go: what argo prints, and the way in and out of workflows by it."""
import datetime
import json
import os
import shutil
import tempfile

import certificates
import yaml
from world import Refused, check, check_equal, check_in, check_match, check_not_in, row

BASIC = "e2e/smoke/basic.yaml"
LABEL = ("-l", "workflows.argoproj.io/test=true")
HEADINGS = ("Name:", "Namespace:", "ServiceAccount:", "Status:", "Created:")
TEMPLATE_HEADINGS = ("Name:", "Namespace:", "Created:")
FILE = "cli_test.go"


def raw(w, source):
    """A file as it is in the corpus, for commands that run nothing."""
    return os.path.join(w.corpus, "e2e", source)


def says(done, *parts):
    """The command has succeeded and said all of them."""
    check_equal(done.code, 0, done.text)
    for part in parts:
        check_in(part, done.text)
    return done


def refuses(done, *parts):
    check_equal(done.code, 1, done.text)
    for part in parts:
        check_in(part, done.text)
    return done


def slow(doc):
    """Its container is still there when a command comes."""
    doc["spec"]["templates"][0]["container"]["args"] = ["sleep", "60"]


def flows(w, **labels):
    """Those that are there; Argo's API would list the archived, too."""
    selector = ",".join(f"{k}={v}" for k, v in labels.items())
    return w.api("GET", f"{w.server.path('Workflow')}?labelSelector={selector}")["items"]


@row(FILE, "TestCompletion")
def completion(w):
    says(w.cli("completion", "bash"), "bash completion for argo")


@row(FILE, "TestLogLevels")
def log_levels(w):
    says(w.cli("-v", "list"), "CLI version")
    says(w.cli("--loglevel=debug", "list"), "CLI version")


def kubeconfig(w):
    """Flags of a command in Kubernetes mode: with a kubeconfig that names the daemon, as a person of kubectl has one."""
    path = os.path.join(w.server.dir, "kubeconfig")
    with open(path, "w", encoding="ascii") as text:
        json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "here", "users": [{"name": "me", "user": {}}],
                   "clusters": [{"name": "here", "cluster": {"server": w.url}}],
                   "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me", "namespace": w.ns}}]}, text)
    return "--kubeconfig", path


@row(FILE, "TestGLogLevels")
def glog_levels(w):
    flags = kubeconfig(w)
    says(w.cli("-v", "list", *flags), "Config loaded from file")
    check_not_in("Config loaded from file", says(w.cli("--loglevel=debug", "list", *flags)).text)
    says(w.cli("--gloglevel=6", "list", *flags), "Config loaded from file")


@row(FILE, "TestVersion")
def version(w):
    lines = says(w.cli("version")).text.split("\n")
    check_equal(len(lines), 17, lines)
    words = ("BuildDate:", "GitCommit:", "GitTreeState:", "GitTag:", "GoVersion:", "Compiler:", "Platform:")
    for line, word in zip(lines, ("argo:", *words, "argo-server:", *words)):
        check_in(word, line)
    check_not_in("argo: v0.0.0+unknown", "\n".join(lines))
    check_not_in("  BuildDate: 1970-01-01T00:00:00Z", "\n".join(lines))
    lines = says(w.cli("version", "--short")).text.split("\n")
    check_equal(len(lines), 3, lines)
    check_in("argo:", lines[0])
    check_in("argo-server:", lines[1])


@row(FILE, "TestGRPC")
def grpc(w):
    says(w.cli("list", env={"ARGO_HTTP1": "false"}))


@row(FILE, "TestKUBE")
def kube(w):
    says(w.cli("list", *kubeconfig(w), env={"ARGO_SERVER": "", "ARGO_NAMESPACE": ""}))


@row(FILE, "TestSubmitDryRun")
def submit_dry_run(w):
    done = says(w.cli("submit", w.path(BASIC), "--dry-run", "-o", "yaml", *LABEL), "generateName: basic")
    check_not_in("uid:", done.text)
    check_equal(flows(w), [])


@row(FILE, "TestSubmitInvalidWf")
def submit_invalid(w):
    done = w.cli("submit", raw(w, "smoke/basic-invalid.yaml"), *LABEL)
    check(done.code != 0, "exit code", done.code)
    check_in("yaml file is not valid", done.text)
    check_in("index=0", done.text)


@row(FILE, "TestSubmitServerDryRun")
def submit_server_dry_run(w):
    says(w.cli("submit", w.path(BASIC), "--server-dry-run", "-o", "yaml", *LABEL), "name: basic", "uid:")
    check_equal(flows(w), [])


def dry_run_of_a_template(w, flag):
    name = "workflow-template-whalesay-template"
    w.create(f"e2e/smoke/{name}.yaml")
    done = says(w.cli("submit", flag, "--from", f"workflowtemplate/{name}", "-o", "yaml", *LABEL), f"generateName: {name}-")
    check_equal(flows(w, **{"workflows.argoproj.io/workflow-template": name}), [])
    return done.text


@row(FILE, "TestSubmitWorkflowTemplateDryRun")
def template_dry_run(w):
    check_not_in("uid:", dry_run_of_a_template(w, "--dry-run"))


@row(FILE, "TestSubmitWorkflowTemplateServerDryRun")
def template_server_dry_run(w):
    check_in("uid:", dry_run_of_a_template(w, "--server-dry-run"))


@row(FILE, "TestLogs")
def logs(w):
    w.submit(BASIC)
    w.until("its node", lambda: w.node(w.name))
    hello, name = ":) Hello Argo!", w.name
    says(w.cli("logs", name, "--follow"), hello)
    says(w.cli("logs", name, name, "--follow"), hello)
    w.wait()
    ended = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1)
    for flag in (f"--since-time={ended.isoformat(timespec='seconds')}", "--tail=0", "--grep=no"):
        check_not_in(hello, says(w.cli("logs", name, flag)).text)
    w.until("a second without a line", lambda: hello not in says(w.cli("logs", name, "--since=1s")).text, 20)
    says(w.cli("logs", name, "--tail=10"), hello)
    says(w.cli("logs", name, name, "-c", "main"), hello)
    check_not_in(hello, says(w.cli("logs", name, name, "-c", "wait")).text)  # nothing runs beside main here


@row(FILE, "TestLogProblems")
def log_problems(w):
    w.submit("e2e/testdata/log-problems.yaml")
    w.until("a running pod", lambda: any(n["type"] == "Pod" and n["phase"] in ("Running", "Succeeded") for n in w.nodes))
    for flags in (("--follow",), ()):
        lines = [line for line in says(w.cli("logs", "@latest", *flags)).text.split("\n") if line]
        check_equal([line.split()[-1] for line in lines], ["one", "two", "three", "four", "five"])
        w.wait()


@row(FILE, "TestParametersFile")
def parameters_file(w):
    path = os.path.join(w.server.dir, "parameters.yaml")
    with open(path, "w", encoding="ascii") as text:
        text.write("message: hello")
    says(w.cli("submit", w.path("e2e/testdata/parameters-workflow.yaml"), *LABEL, f"--parameter-file={path}"),
         "message:           hello")


@row(FILE, "TestRoot")
def root(w):
    says(w.cli("submit", w.path("e2e/testdata/basic-workflow.yaml"), *LABEL), *HEADINGS)
    says(w.cli("list"), "NAME", "STATUS", "AGE", "DURATION", "PRIORITY")
    check_not_in("NAME", says(w.cli("list", "-o", "name")).text)
    says(w.cli("list", "-o", "wide"), "PARAMETERS")
    check_equal(len(json.loads(says(w.cli("list", "-o", "json")).out)), 1)
    check_equal(len(yaml.safe_load(says(w.cli("list", "-o", "yaml")).out)), 1)
    says(w.cli("get", "@latest"), *HEADINGS)
    says(w.cli("delete", "@latest"))
    w.create("e2e/cron/basic.yaml")
    when = "2006-01-02T15:04:05-07:00"
    done = says(w.cli("submit", "--from", "cronworkflow/test-cron-wf-basic", "--scheduled-time", when, *LABEL),
                "Name:                test-cron-wf-basic-")
    w.name = done.out.split()[1]
    w.wait("Succeeded")
    check_equal(w.wf["metadata"]["annotations"]["workflows.argoproj.io/scheduled-time"], when)


@row(FILE, "TestSubmitClusterWorkflowTemplate")
def submit_cluster_template(w):
    name = "cluster-workflow-template-whalesay-template"
    w.create(f"e2e/smoke/{name}.yaml")
    says(w.cli("submit", "--from", f"clusterworkflowtemplate/{name}", "--name", "my-wf", *LABEL))
    w.name = "my-wf"
    w.wait("Succeeded")


@row(FILE, "TestWorkflowSuspendResume")
def suspend_resume(w):
    w.submit("e2e/testdata/sleep-3s.yaml")
    w.until("its start", lambda: w.phase)
    says(w.cli("suspend", "@latest"), "workflow @latest suspended")
    says(w.cli("resume", "@latest"), "workflow @latest resumed")
    w.wait("Succeeded")


@row(FILE, "TestNodeSuspendResume")
def node_suspend_resume(w):
    w.submit("e2e/testdata/node-suspend.yaml").wait_node("suspend1", "Running")
    selector = "--node-field-selector"
    says(w.cli("resume", "@latest", selector, "inputs.parameters.tag.value=suspend1-tag1"), "workflow @latest resumed")
    w.wait_node("suspend2", "Running")
    done = says(w.cli("stop", "@latest", selector, "inputs.parameters.tag.value=suspend2-tag1", "--message", "because"))
    check_match("workflow node-suspend-.* stopped", done.text)
    w.wait("Failed")
    check_match("child 'node-suspend-.*' failed", w.message)


@row(FILE, "TestWorkflowStop")
def stop(w):
    w.submit(BASIC, slow)
    check_match("workflow basic-.* stopped", says(w.cli("stop", "@latest")).text)


@row(FILE, "TestWorkflowStopDryRun")
def stop_dry_run(w):
    w.submit("e2e/testdata/basic-workflow.yaml")
    says(w.cli("stop", "--dry-run", "basic"), "workflow basic stopped (dry-run)")
    check_not_in("shutdown", w.wf["spec"])


def by_selector(w, verb, said, *flags):
    w.submit("e2e/testdata/basic-workflow.yaml", slow)
    check_match(f"workflow basic-?.* {said}", says(w.cli(verb, *flags)).text)


@row(FILE, "TestWorkflowStopBySelector")
def stop_by_selector(w):
    by_selector(w, "stop", "stopped", "--selector", LABEL[1])


@row(FILE, "TestWorkflowStopByFieldSelector")
def stop_by_field_selector(w):
    by_selector(w, "stop", "stopped", "--field-selector", "metadata.namespace=argo")


@row(FILE, "TestWorkflowTerminate")
def terminate(w):
    w.submit(BASIC, slow)
    check_match("workflow basic-.* terminated", says(w.cli("terminate", "@latest")).text)


@row(FILE, "TestWorkflowTerminateDryRun")
def terminate_dry_run(w):
    w.submit("e2e/testdata/basic-workflow.yaml")
    says(w.cli("terminate", "--dry-run", "@latest"), "workflow @latest terminated (dry-run)")
    check_not_in("shutdown", w.wf["spec"])


@row(FILE, "TestWorkflowTerminateBySelector")
def terminate_by_selector(w):
    by_selector(w, "terminate", "terminated", "--selector", LABEL[1])


@row(FILE, "TestWorkflowTerminateByFieldSelector")
def terminate_by_field_selector(w):
    by_selector(w, "terminate", "terminated", "--field-selector", "metadata.namespace=argo")


@row(FILE, "TestWorkflowWait")
def wait(w):
    w.submit(BASIC)
    check_match("basic-.* Succeeded", says(w.cli("wait", w.name)).text)


@row(FILE, "TestWorkflowWatch")
def watch(w):
    w.submit(BASIC)
    says(w.cli("watch", "@latest"), "Name: ")


@row(FILE, "TestWorkflowCopyArtifact", isolation="host", with_s3=True)
def copy_artifact(w):
    def created(done):
        says(done)
        return {name for name in ("main.log", "hello_world.tgz", "bye_world.tgz") if f'Created "{name}"' in done.text}

    everything = {"main.log", "hello_world.tgz", "bye_world.tgz"}
    folder = tempfile.mkdtemp(prefix="tiphys-e2e.")
    try:
        w.submit("e2e/testdata/basic-artifact-workflow.yaml").wait("Succeeded")
        out = os.path.join(folder, "out")
        check_equal(created(w.cli("cp", "@latest", out)), everything)
        check_equal(created(w.cli("cp", "@latest", out, "--template-name", "bye")), {"main.log", "bye_world.tgz"})
        check_equal(created(w.cli("cp", "@latest", out, "--artifact-name", "hello_world")), {"hello_world.tgz"})
        check_equal(created(w.cli("cp", "@latest", folder, "--path", "/{templateName}/{artifactName}/")), everything)
        for name in ("bye", "hello"):
            path = os.path.join(folder, name, f"{name}_world", f"{name}_world.tgz")
            check(os.path.getsize(path) > 0, path)
    finally:
        shutil.rmtree(folder)


@row(FILE, "TestResourceTemplateStopAndTerminate")
def resource_template_stop(w):
    docs = w.docs("e2e/functional/resource-template.yaml")
    made = docs[0]["spec"]["templates"][1]["resource"]
    child = yaml.safe_load(made["manifest"])
    child["spec"]["templates"][0].pop("resources")  # a field that templates do not have: kubectl refuses it, too
    made["manifest"] = yaml.safe_dump(w.docs(child)[0])
    for name, verb, said in (("resource-tmpl-wf", "stop", "stopped"), ("resource-tmpl-wf-1", "terminate", "terminated")):
        says(w.cli("submit", w.path(docs[0]), "--name", name, *LABEL), "Pending")
        w.name = name
        w.wait_node("a", "Running")
        says(w.cli("get", name), "Running")
        says(w.cli(verb, name), f"workflow {name} {said}")
        w.wait()
        says(w.cli("get", name), f"Stopped with strategy '{verb.capitalize()}'")
        says(w.cli("delete", name), "deleted")


@row(FILE, "TestAuthToken")
def auth_token(w):
    check(says(w.cli("auth", "token", env={"ARGO_TOKEN": "Bearer a-token"})).out.strip(), "nothing was said")


@row(FILE, "TestArgoSetOutputs", token="admin")
def set_outputs(w):
    w.submit("""
kind: Workflow
metadata: {generateName: suspend-template-}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: approve, template: approve}
      - {name: approve-no-vars, template: approve-no-vars}
    - - {name: release, template: say, arguments: {parameters: [{name: message, value: "{{steps.approve.outputs.parameters.message}}"}]}}
  - name: approve
    suspend: {}
    outputs: {parameters: [{name: message, valueFrom: {supplied: {}}}]}
  - {name: approve-no-vars, suspend: {}}
  - name: say
    inputs: {parameters: [{name: message}]}
    container: {image: "argoproj/argosay:v2", args: [echo, "{{inputs.parameters.message}}"]}
""").wait_node("approve", "Running")

    def set_node(name, *what):
        return w.cli("node", "set", "@latest", *what, "--node-field-selector", f"displayName={name}")

    message = ("--output-parameter", 'message="Hello, World!"')
    refuses(w.cli("resume", "@latest"), "has not been set and does not have a default value")
    says(set_node("approve", *message), "workflow values set")
    refuses(set_node("approve", *message), "it was already set")
    refuses(set_node("approve-no-vars", *message), "cannot set output parameters because node is not expecting any raw parameters")
    says(set_node("approve", "--message", "Test message"), "workflow values set")
    says(w.cli("resume", "@latest"), "workflow @latest resumed")
    w.wait("Succeeded")
    check_equal(w.node("release")["inputs"]["parameters"][0]["value"], "Hello, World!")
    check_match(r"^Test message; Resumed by: map\[User:.+\]$", w.node("approve")["message"])


@row(FILE, "TestPluginStruct")
def plugin_struct(w):
    w.submit("e2e/testdata/plugins/executor/template-executor-workflow.yaml")
    wf = yaml.safe_load(says(w.cli("get", "@latest", "-o", "yaml", env={"ARGO_HTTP1": "false"})).out)
    check_equal(wf["spec"]["templates"][0]["plugin"], {"hello": {}})
    w.api("POST", f"/api/v1/workflows/{w.ns}/lint", {"workflow": {**wf, "kind": "Workflow", "status": {}}})


@row(FILE, "TestWorkflowConvert")
def convert(w):
    cron = raw(w, "testdata/convert/convert-legacy-cron.yaml")
    done = says(w.cli("convert", cron), "schedules:", "- 0 0 * * *")
    check_not_in('schedule: "0 0 * * *"', done.text)
    says(w.cli("convert", raw(w, "testdata/convert/convert-legacy-sync.yaml")), "semaphores:", "mutexes:", "name: my-config",
         "name: test-mutex", "name: template-config", "name: template-mutex")
    line = says(w.cli("convert", "-o", "json", cron)).out.strip().split("\n")[0]
    check_equal(json.loads(line)["spec"]["schedules"], ["0 0 * * *"])
    with open(cron, encoding="utf-8") as text:
        says(w.cli("convert", "-", stdin=text.read()), "schedules:", "- 0 0 * * *")
    says(w.cli("convert", raw(w, "smoke/basic.yaml")), "kind: Workflow")


@row(FILE, "TestClientCerts")
def client_certs(w):
    with certificates.Asking(w.server.dir) as server:
        for flag in ("--argo-http1=false", "--argo-http1"):
            server.serials.clear()
            w.cli("--argo-server", server.address, "--client-certificate", server.path("client.crt"), "--client-key",
                  server.path("client.key"), "--certificate-authority", server.path("ca.crt"), "--secure", "version", flag)
            check_equal(set(server.serials), {server.serial})


@row(FILE, "TestTokenArg", token="secret-of-the-test")
def token_arg(w):
    """A user of the kubeconfig who has a token that is none; the one that is given counts."""
    path = kubeconfig(w)[1]
    with open(path, encoding="utf-8") as text:
        config = yaml.safe_load(text)
    config["users"] = [*config.get("users", []), {"name": "fake_token_user", "user": {"token": "sample"}}]
    with open(path, "w", encoding="utf-8") as text:
        yaml.safe_dump(config, text)
    env = {"ARGO_SERVER": "", "ARGO_TOKEN": "", "KUBECONFIG": path}
    for token in ([], ["--token", "badtoken"]):
        bad = w.cli("list", "--user", "fake_token_user", *token, env=env)
        check(bad.code != 0, bad.text)
        check_in("token not valid", bad.text)
    says(w.cli("list", "--user", "fake_token_user", "--token", "secret-of-the-test", env=env))
