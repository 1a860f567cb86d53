"""argo_server_test.go: the HTTP API of workflows, what they are made of, their archive and their artifacts."""
import datetime
import json

from argo_server_test import FILE, SAY, TOKEN, ask, dressed, stream, workflow
from world import check, check_equal, check_in, row

HERE = "/api/v1/workflows/argo"
ARCHIVE = "/api/v1/archived-workflows"
STATUS = "workflows.argoproj.io/workflow-archiving-status"
TEST = "workflows.argoproj.io/test"


def create(w, name=None, label="true", container=None, **meta):
    made = ask(w, "POST", HERE, {"workflow": dressed(w, workflow(name, label, container, **meta))}).json
    w.name = made["metadata"]["name"]
    return w.name, made["metadata"]["uid"]


def archived(w, name):
    w.name = name
    w.until("archived", lambda: w.wf["metadata"].get("labels", {}).get(STATUS) == "Archived")


def listed(w, path, **query):
    """The items of a list; None when there are none, as upstream has it."""
    return ask(w, "GET", path, query={k.replace("_", "."): v for k, v in query.items()}).at("items")


@row(FILE, "TestLintWorkflow", token=TOKEN)
def lint(w):
    ask(w, "POST", f"{HERE}/lint", {"workflow": workflow("test")})


@row(FILE, "TestHintWhenWorkflowExists", token=TOKEN)
def exists(w):
    create(w, "hint")
    check_in("already exists", ask(w, "POST", HERE, {"workflow": workflow("hint")}, want=409).text)


@row(FILE, "TestCreateWorkflowDryRun", token=TOKEN)
def dry_run(w):
    answer = ask(w, "POST", HERE, {"createOptions": {"dryRun": ["All"]}, "workflow": workflow("test")})
    check(answer.at("metadata"), answer.text)
    check_equal(answer.at("metadata", "uid"), None)
    check_equal(listed(w, HERE), None)


@row(FILE, "TestWorkflowService", token=TOKEN)
def service(w):
    name, uid = create(w, label="subject-1", container={"args": ["sleep", "10s"]}, generateName="test-")
    w.wait("Running")
    mine = {"listOptions.labelSelector": f"{TEST}=subject-1"}
    answer = ask(w, "GET", HERE, query=mine)
    check_equal(len(answer.at("items")), 1)
    check(answer.at("items", 0, "status", "nodes"), "a list without nodes")
    answer = ask(w, "GET", HERE, query={**mine, "fields": "-items.status.nodes,items.status.finishedAt,items.status.startedAt"})
    check(answer.at("metadata") is not None, "a list without metadata")
    check_equal(len(answer.at("items")), 1)
    status = answer.at("items", 0, "status")
    check("phase" in status and "nodes" not in status, status)
    one = f"{HERE}/{name}"
    check(ask(w, "GET", one).at("status", "nodes"), "no nodes")
    ask(w, "GET", f"{HERE}/not-found", want=404)
    check(ask(w, "GET", one, query={"uid": uid}).at("status", "nodes"), "no nodes by uid")
    status = ask(w, "GET", one, query={"fields": "status.phase"}).at("status")
    check("phase" in status and "nodes" not in status, status)
    ask(w, "PUT", f"{one}/suspend")
    check_equal(ask(w, "GET", one).at("spec", "suspend"), True)
    ask(w, "PUT", f"{one}/resume")
    check("suspend" not in ask(w, "GET", one).at("spec"), "it is still suspended")
    ask(w, "PUT", f"{one}/terminate")
    w.wait()
    check_equal(ask(w, "GET", one).at("status", "message"), "Stopped with strategy 'Terminate'")
    check(ask(w, "PUT", f"{one}/resubmit", {"memoized": True}).at("metadata", "name"), "no name")
    ask(w, "DELETE", one)
    ask(w, "DELETE", f"{HERE}/not-found", want=404)


def bob_and_alice(w):
    """Two archived workflows: their names and uids."""
    made = [create(w, label="subject-1", container={"args": ["sleep", "0s"]}, generateName=f"test-{who}-") for who in ("bob", "alice")]
    for name, _ in made:
        archived(w, name)
    return made


def check_names(w, path, both, rows):
    """@rows: what metadata.name is compared with, the further parameters, the names that are listed."""
    uids = dict(both)
    for selector, more, names in rows:
        items = listed(w, path, **{"listOptions.fieldSelector": f"metadata.name{selector}", **more})
        check_equal(sorted(i["metadata"]["uid"] for i in items) if items is not None else None,
                    sorted(uids[n] for n in names) if names else None, path, selector, more)


def rows_of_names(bob, alice):
    contains, prefix, exact = {"nameFilter": "Contains"}, {"nameFilter": "Prefix"}, {"nameFilter": "Exact"}
    return [("=alice", contains, [alice]), ("=void", contains, None), ("=test-bob", prefix, [bob]), ("=bob", prefix, None),
            (f"={alice}", exact, [alice]), ("=test-alice", exact, None), (f"={bob}", {}, [bob]), (f"=={bob}", {}, [bob]),
            ("=test", contains, [alice, bob])]


def all_persisted(w, path):
    def is_so():
        items = listed(w, path, **{"listOptions.labelSelector": f"{TEST}=subject-1"}) or []
        return [i["metadata"]["labels"].get(STATUS) for i in items] == ["Persisted"] * 2
    w.until("both Persisted", is_so)


@row(FILE, "TestWorkflowServiceListArchived", token=TOKEN)
def list_with_archived(w):
    both = bob_and_alice(w)
    (bob, _), (alice, _) = both
    all_persisted(w, HERE)
    check_names(w, HERE, both, rows_of_names(bob, alice))


@row(FILE, "TestWorkflowArchiveServiceList", token=TOKEN)
def list_archive(w):
    both = bob_and_alice(w)
    (bob, _), (alice, _) = both
    all_persisted(w, ARCHIVE)
    check_names(w, ARCHIVE, both, rows_of_names(bob, alice) + [
        ("=bob", {"namePrefix": "test", "nameFilter": "Contains"}, [bob]), ("=bob", {"namePrefix": "test", "nameFilter": "Exact"}, None),
        ("=test", {"namePrefix": "bob", "nameFilter": "Prefix"}, None), ("=test", {"namePrefix": "test", "nameFilter": "Prefix"}, [bob, alice])])
    differs = [(f"!={alice}", {"nameFilter": "NotEquals"}, [bob]), ("!=nomatch", {"nameFilter": "NotEquals"}, [bob, alice]),
               (f"!={alice}", {"nameFilter": "Contains"}, [bob])]
    for path in (HERE, ARCHIVE):
        check_names(w, path, both, differs)


@row(FILE, "TestCronWorkflowService", token=TOKEN)
def cron_service(w):
    path = "/api/v1/cron-workflows/argo"

    def doc(schedule, **meta):
        return {"cronWorkflow": {"metadata": {"name": "test", **meta}, "spec": {
            "schedules": [schedule], "workflowSpec": dressed(w, workflow("x"))["spec"]}}}

    ask(w, "POST", path, doc("* * * * *", labels={TEST: "subject-2"}))
    check_equal(ask(w, "PUT", f"{path}/test/suspend").at("spec", "suspend"), True)
    check("suspend" not in ask(w, "PUT", f"{path}/test/resume").at("spec"), "it is still suspended")
    check_equal(len(listed(w, path, **{"listOptions.labelSelector": f"{TEST}=subject-2"})), 1)
    ask(w, "GET", f"{path}/not-found", want=404)
    version = ask(w, "GET", f"{path}/test").at("metadata", "resourceVersion")
    answer = ask(w, "PUT", f"{path}/test", doc("1 * * * *", resourceVersion=version, labels={TEST: "true"}))
    check_equal(answer.at("spec", "schedules", 0), "1 * * * *")
    ask(w, "DELETE", f"{path}/test")


@row(FILE, "TestWorkflowTemplateService", token=TOKEN)
def template_service(w):
    path = "/api/v1/workflow-templates/argo"
    ask(w, "POST", f"{path}/lint", {"template": workflow("test")})
    ask(w, "POST", path, {"template": workflow("test", "subject-3")})
    w.create("e2e/smoke/workflow-template-whalesay-template.yaml")
    check_equal(len(listed(w, path, **{"listOptions.labelSelector": f"{TEST}=subject-3"})), 1)
    ask(w, "GET", f"{path}/not-found", want=404)
    version = ask(w, "GET", f"{path}/test").at("metadata", "resourceVersion")
    changed = workflow("test", resourceVersion=version)
    check_equal(ask(w, "PUT", f"{path}/test", {"template": changed}).at("spec", "templates", 0, "container", "image"), SAY["image"])
    ask(w, "DELETE", f"{path}/test")


@row(FILE, "TestSubmitWorkflowFromResource", token=TOKEN)
def from_resource(w):
    def submit(kind):
        ask(w, "POST", f"{HERE}/submit", {"resourceKind": kind, "resourceName": "test", "submitOptions": {"labels": f"{TEST}=true"}})

    template = {"template": workflow("test")}
    ask(w, "POST", "/api/v1/workflow-templates/argo", template)
    submit("WorkflowTemplate")
    ask(w, "POST", "/api/v1/cron-workflows/argo", {"cronWorkflow": {"metadata": {"name": "test"}, "spec": {
        "schedules": ["* * * * *"], "workflowSpec": workflow("test")["spec"]}}})
    submit("cronworkflow")
    ask(w, "POST", "/api/v1/cluster-workflow-templates", template)
    submit("ClusterWorkflowTemplate")


@row(FILE, "TestWorkflowServiceStream", token=TOKEN)
def streams(w):
    w.submit("e2e/smoke/basic.yaml")
    w.until("its start", lambda: w.phase)
    stream(w, "/api/v1/workflow-events/argo", lambda line: "Succeeded" in line,
           {"listOptions.fieldSelector": f"metadata.name={w.name}"})
    stream(w, "/api/v1/stream/events/argo", lambda line: "WorkflowRunning" in line,
           {"listOptions.fieldSelector": f"involvedObject.kind=Workflow,involvedObject.name={w.name}"})
    log = {"logOptions.container": "main", "logOptions.tailLines": "3"}
    for path, more in ((f"/{w.name}/log", {}), ("/log", {"podName": w.name})):
        lines = stream(w, f"{HERE}/{w.name}{path}", lambda line: "data: " in line, {**log, **more})
        check_equal(json.loads(lines[-1].split("data: ")[1])["result"]["podName"], w.name)


def hours(count):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=count)).strftime("%Y-%m-%dT%H:%M:%SZ")


@row(FILE, "TestArchivedWorkflowService", token=TOKEN)
def archive_service(w):
    check_equal(listed(w, ARCHIVE), None)
    made = {}
    for who, label, container in (
            ("archie", "1", {"args": ["echo", "hello \\u0001F44D"]}), ("betty", "2", {}),
            ("jughead", "3", {"command": ["sh", "-c"], "args": ["echo intentional failure; exit 1"]})):
        made[who] = create(w, container=container, generateName=f"{who}-", labels={TEST: "true", "foo": label})
    for name, _ in made.values():
        archived(w, name)
    check_equal(len(listed(w, ARCHIVE)), 3)
    here = {"listOptions.fieldSelector": "metadata.namespace=argo"}
    for selector, count in (("!foo", None), ("foo=1", 1), ("foo==1", 1), ("foo in (1)", 1), ("foo!=1", 2), ("foo notin (1)", 2),
                            ("foo", 3), ("foo>0", 3), ("foo>1", 2), ("foo<1", None), ("foo<2", 1)):
        items = listed(w, ARCHIVE, **here, **{"listOptions.labelSelector": f"{TEST},{selector}"})
        check_equal(items and len(items), count, selector)
    answer = ask(w, "GET", ARCHIVE, query={**here, "listOptions.labelSelector": TEST, "listOptions.limit": 1, "listOptions.offset": 1})
    check_equal((len(answer.at("items")), answer.at("metadata", "continue")), (1, "1"))
    for selector, count in ((f"spec.startedAt>{hours(-1)},spec.startedAt<{hours(1)}", 2), (f"spec.startedAt>{hours(1)}", None)):
        items = listed(w, ARCHIVE, **{"listOptions.labelSelector": TEST, "listOptions.limit": 2,
                                      "listOptions.fieldSelector": f"metadata.namespace=argo,{selector}"})
        check_equal(items and len(items), count, selector)
    (name, uid), (failed, failed_uid) = made["archie"], made["jughead"]
    ask(w, "GET", f"{ARCHIVE}/not-found", want=404)
    answer = ask(w, "GET", f"{ARCHIVE}/{uid}")
    check_equal((answer.at("metadata", "name"), answer.at("spec", "templates", 0, "container", "args", 1),
                 answer.at("metadata", "labels", STATUS)), (name, "hello \\u0001F44D", "Persisted"))
    check_equal(ask(w, "GET", f"{HERE}/{name}").at("metadata", "labels", STATUS), "Archived")
    ask(w, "DELETE", f"{HERE}/{failed}")
    check(ask(w, "PUT", f"{ARCHIVE}/{failed_uid}/retry", {"namespace": "argo"}).at("metadata", "name"), "no name")
    ask(w, "PUT", f"{ARCHIVE}/{failed_uid}/retry", {"namespace": "argo"}, want=409)
    check(ask(w, "PUT", f"{ARCHIVE}/{uid}/resubmit", {"namespace": "argo", "memoized": False}).at("metadata", "name"), "no name")
    ask(w, "DELETE", f"{ARCHIVE}/{uid}")
    ask(w, "DELETE", f"{ARCHIVE}/{uid}", want=404)
    check(ask(w, "GET", "/api/v1/archived-workflows-label-keys").at("items"), "no keys")
    check_equal(len(ask(w, "GET", "/api/v1/archived-workflows-label-values", query={"listOptions.labelSelector": TEST}).at("items")), 1)


@row(FILE, "TestPostgresNullBytes", token=TOKEN)
def null_bytes(w):
    name, uid = create(w, container={"command": ["true"], "args": ["echo", "hello \0"]}, generateName="archie-")
    w.wait()
    archived(w, name)
    check_equal(ask(w, "GET", f"{ARCHIVE}/{uid}").at("spec", "templates", 0, "container", "args", 1), "hello \0")


# ---- artifacts ----

def stopping(w, docs):
    """Those containers that are upstream's own CLI call this one."""
    for doc in docs:
        for template in doc["spec"]["templates"]:
            container = template.get("container", {})
            if "argocli" in container.get("image", ""):
                container.update(image="busybox", command=[w.argo()])
                container["env"] = [{"name": "ARGO_SERVER", "value": w.url.split("//")[1]}, {"name": "ARGO_TOKEN", "value": f"Bearer {TOKEN}"}]
        doc["spec"].pop("serviceAccountName", None)
        doc["spec"].pop("executor", None)
    return docs


@row(FILE, "TestArtifactServerArchivedWorkflow", isolation="host", with_s3=True, token=TOKEN)
def artifact_of_archived(w):
    w.submit("e2e/testdata/artifact-passing-workflow.yaml").wait("Succeeded")
    archived(w, w.name)
    node, uid = w.node("generate-artifact")["id"], w.wf["metadata"]["uid"]
    check_in(":) Hello Argo!", ask(w, "GET", f"/artifact-files/argo/archived-workflows/{uid}/{node}/outputs/hello").text)


@row(FILE, "TestArtifactServerArchivedStoppedWorkflow", isolation="host", with_s3=True, token=TOKEN)
def artifact_of_stopped(w):
    for doc in stopping(w, w.docs("e2e/testdata/artifact-workflow-stopped.yaml")):
        w.submit(doc)
    w.wait()
    archived(w, w.name)
    node, uid = w.node("create-artifact")["id"], w.wf["metadata"]["uid"]
    for name, text in (("local-artifact", "testing"), ("global-artifact", "testing global")):
        check_in(text, ask(w, "GET", f"/artifact-files/argo/archived-workflows/{uid}/{node}/outputs/{name}").text)


@row(FILE, "TestRetryStoppedButIncompleteWorkflow", isolation="host", with_s3=True, token=TOKEN)
def retry_stopped(w):
    for doc in stopping(w, w.docs("e2e/testdata/retry-on-stopped.yaml")):
        w.submit(doc)
    w.wait("Failed")
    check(ask(w, "PUT", f"{HERE}/{w.name}/retry").at("metadata", "name"), "no name")


@row(FILE, "TestArtifactServer", isolation="host", with_s3=True, token=TOKEN)
def artifact_server(w):
    w.submit("e2e/testdata/artifact-workflow.yaml").wait("Succeeded")
    archived(w, w.name)
    name, uid = w.name, w.wf["metadata"]["uid"]
    outputs = f"/artifact-files/argo/workflows/{name}/{name}/outputs"
    hello = ":) Hello Argo!"

    def has(path, *texts):
        answer = ask(w, "GET", path)
        for text in texts:
            check_in(text, answer.text)
        return answer

    for answer in (has(f"/artifacts/argo/{name}/{name}/main-file", hello), has(f"{outputs}/main-file", hello),
                   has(f"{outputs}/out/", '<a href="./subdirectory/">subdirectory/</a>'),
                   has(f"{outputs}/out/subdirectory/", '<a href="./sub-file-1">sub-file-1</a>', '<a href="./sub-file-2">sub-file-2</a>'),
                   has(f"{outputs}/out/subdirectory/sub-file-1", hello)):
        check_equal(answer.headers["Content-Security-Policy"],
                    "sandbox allow-same-origin; base-uri 'none'; default-src 'none'; img-src 'self'; style-src 'self' 'unsafe-inline'")
        check_equal(answer.headers["X-Frame-Options"], "SAMEORIGIN")
    ask(w, "GET", f"{outputs}/not-a-file", want=500)
    ask(w, "DELETE", f"{HERE}/{name}")
    by_uid = f"/artifacts-by-uid/{uid}/{name}/main-file"
    has(by_uid, hello)
    ask(w, "GET", by_uid, token=None, headers=[("Cookie", f"authorization=Bearer {TOKEN}")])
    has(f"/artifact-files/argo/archived-workflows/{uid}/{name}/outputs/main-file", hello)
