"""argo_server_test.go: who may come in and what the server says of itself; the HTTP API of events, limits and what is beside workflows."""
import http.client
import json
import os
import urllib.parse

from world import Failed, check, check_equal, check_in, row, run

FILE = "argo_server_test.go"
TOKEN = "e2e-master"
SAY = {"image": "argoproj/argosay:v2"}


class Answer:
    def __init__(self, reply):
        self.status, self.headers, self.bytes = reply.status, reply.headers, reply.read()
        self.text = self.bytes.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.text)

    def at(self, *path):
        """What stands at a path of members and indexes; None when there is nothing."""
        value = self.json
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value


def ask(w, method, path, body=None, query=None, want=200, token=TOKEN, headers=()):
    """One request; its Answer when it has the status that is wanted. @body: an object, or bytes as they are; @headers: pairs."""
    host = urllib.parse.urlparse(w.url)
    connection = http.client.HTTPConnection(host.hostname, host.port, timeout=60)
    try:
        connection.putrequest(method, path + ("?" + urllib.parse.urlencode(query) if query else ""))
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        connection.putheader("Content-Length", str(len(data)))
        if token and w.server.token:
            connection.putheader("Authorization", f"Bearer {token}")
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(data)
        answer = Answer(connection.getresponse())
    finally:
        connection.close()
    if answer.status != want:
        raise Failed(f"{method} {path} {query or ''}: have {answer.status}, want {want}: {answer.text[:600]}")
    return answer


def stream(w, path, is_end, query=None):
    """Reads an event stream up to the line that ends it; all its lines."""
    host = urllib.parse.urlparse(w.url)
    connection = http.client.HTTPConnection(host.hostname, host.port, timeout=60)
    headers = {"Accept": "text/event-stream", **({"Authorization": f"Bearer {TOKEN}"} if w.server.token else {})}
    lines = []
    try:
        connection.request("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""), headers=headers)
        reply = connection.getresponse()
        check_equal((reply.status, reply.headers["Content-Type"]), (200, "text/event-stream"))
        for line in reply:
            line = line.decode().strip()
            if not line or line.startswith(":"):
                continue
            lines.append(line)
            if is_end(line):
                return lines
    finally:
        connection.close()
    raise Failed(f"the stream {path} has ended with {lines[-3:]}")


def workflow(name=None, label="true", container=None, **meta):
    """A document of one container."""
    return {"metadata": {**({"name": name} if name else {}), "labels": {"workflows.argoproj.io/test": label}, **meta},
            "spec": {"entrypoint": "main", "templates": [{"name": "main", "container": {**SAY, **(container or {})}}]}}


def dressed(w, doc):
    return w.docs({"kind": "Workflow", **doc})[0]


# ---- the server ----

@row(FILE, "TestReadinessProbe")
def readiness(w):
    check_in("text/html", ask(w, "GET", "/").headers["Content-Type"])
    done = run("curl", "-s", "-o", "/dev/null", "--http2-prior-knowledge", "-w", "%{http_code} %{content_type} %{http_version}", w.url + "/")
    check_equal(done.out.split(";")[0].split()[:2], ["200", "text/html"])
    check_equal(done.out.split()[-1], "2")


LINK = ("http://logging-facility?namespace=${metadata.namespace}&workflowName=${metadata.name}&startedAt=${status.startedAt}"
        "&finishedAt=${status.finishedAt}")


@row(FILE, "TestInfo", config={"links": json.dumps([{"name": "Workflow Link", "scope": "workflow", "url": LINK}])}, token=TOKEN,
     flags=("--namespaced", "--managed-namespace", "argo"))
def info(w):
    answer = ask(w, "GET", "/api/v1/info")
    check_equal(answer.at("managedNamespace"), "argo")
    link = answer.at("links", 0)
    check_equal((link["name"], link["scope"], link["url"]), ("Workflow Link", "workflow", LINK))


@row(FILE, "TestVersion", token=TOKEN)
def version(w):
    answer = ask(w, "GET", "/api/v1/version")
    check(answer.at("version"), answer.text)
    check(answer.headers["Grpc-Metadata-Argo-Version"], "no header with the version")


@row(FILE, "TestMetricsForbidden", token=TOKEN)
def metrics_forbidden(w):
    ask(w, "GET", "/metrics", token=None, want=403)


@row(FILE, "TestMetricsOK", token=TOKEN)
def metrics(w):
    ask(w, "GET", "/api/v1/workflows/argo")  # as upstream's runs have done before; it is counted when it is over
    w.until("an operation is counted", lambda: "grpc_server" in ask(w, "GET", "/metrics").text, 10)
    text = ask(w, "GET", "/metrics").text
    for name in ("grpc_server_handling_seconds_bucket", "promhttp_metric_handler_requests_in_flight",
                 'promhttp_metric_handler_requests_total{code="500"}', "process_cpu_seconds_total", "process_resident_memory_bytes"):
        check_in(name, text)


@row(FILE, "TestRateLimitHeader", token=TOKEN, flags=("--api-rate-limit", "1000"))  # upstream's default
def rate_limit(w):
    headers = ask(w, "GET", "/api/v1/version").headers
    for name in ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"):
        check(headers[name], name)
    check_equal(headers["Retry-After"], None)


# ---- who comes in ----

@row(FILE, "TestGetUserInfo", token=TOKEN)
def user_info(w):
    ask(w, "GET", "/api/v1/userinfo")


@row(FILE, "TestOauth", token=TOKEN)
def oauth(w):
    ask(w, "GET", "/oauth2/redirect", want=501)
    ask(w, "GET", "/oauth2/callback", want=501)


@row(FILE, "TestUnauthorized", token=TOKEN)
def unauthorized(w):
    for headers in ([("Authorization", "Bearer test-token")], [("Authorization", "Basic Z2FyYmFnZTpnYXJiYWdl")]):
        answer = ask(w, "GET", "/api/v1/workflows/argo", token=None, headers=headers, want=401)
        check_equal(answer.headers["Grpc-Metadata-Argo-Version"], None)


@row(FILE, "TestCookieAuth", token=TOKEN)
def cookie(w):
    ask(w, "GET", "/api/v1/workflows/argo", token=None, headers=[("Cookie", f"authorization=Bearer {TOKEN}")])


@row(FILE, "TestMultiCookieAuth", token=TOKEN)
def cookies(w):
    ask(w, "GET", "/api/v1/workflows/argo", token=None,
        headers=[("Cookie", f'authorization=invalid1; authorization="Bearer {TOKEN}"; authorization=invalid2')])


def account_token(w, name):
    """A ServiceAccount and its token, by a Secret as upstream's runs make it."""
    path = "/api/v1/namespaces/argo"
    ask(w, "POST", f"{path}/serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}, want=201)
    return ask(w, "POST", f"{path}/serviceaccounts/{name}/token",
               {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}, want=201).at("status", "token")


@row(FILE, "TestPermission", token=TOKEN)
def permission(w):
    good, bad = account_token(w, "argotestgood"), account_token(w, "argotestbad")
    group = "/apis/rbac.authorization.k8s.io/v1/namespaces/argo"
    role = w.docs("e2e/testdata/argo-server-test-role.yaml")[0]
    ask(w, "POST", f"{group}/roles", role, want=201)
    ask(w, "POST", f"{group}/rolebindings", {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "argotest-role-binding"},
        "subjects": [{"kind": "ServiceAccount", "name": "argotestgood"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role["metadata"]["name"]}}, want=201)
    here, archive = "/api/v1/workflows/argo", "/api/v1/archived-workflows"
    mine = {"listOptions.labelSelector": "workflows.argoproj.io/test"}
    uid = ask(w, "POST", here, {"workflow": dressed(w, workflow("test-wf-good"))}, token=good).at("metadata", "uid")
    check_equal(len(ask(w, "GET", here, query=mine, token=good).at("items")), 1)
    for selector, count in (("!=argo", None), ("!=argo-excluded", 1), ("==argo", 1), ("=argo", 1)):
        items = ask(w, "GET", "/api/v1/workflows/", query={**mine, "listOptions.fieldSelector": "metadata.namespace" + selector}).at("items")
        check_equal(items and len(items), count, selector)
    w.name = "test-wf-good"
    w.until("archived", lambda: w.wf["metadata"]["labels"].get("workflows.argoproj.io/workflow-archiving-status") == "Archived")
    ask(w, "POST", here, {"workflow": dressed(w, workflow("test-wf-bad"))}, token=bad, want=403)
    ask(w, "GET", "/api/v1/workflows/", query={"listOptions.fieldSelector": "metadata.namespace!=argo-excluded"}, token=bad, want=403)
    ask(w, "GET", here, token=bad, want=403)
    ask(w, "DELETE", f"{here}/test-wf-good", token=bad, want=403)
    ask(w, "DELETE", f"{here}/test-wf-good", token=good)
    in_argo = {**mine, "listOptions.fieldSelector": "metadata.namespace=argo"}
    check(ask(w, "GET", archive, query=in_argo, token=good).at("items"), "nothing is in the archive")
    ask(w, "GET", archive, query=in_argo, token=bad, want=403)
    ask(w, "GET", f"{archive}/{uid}", token=good)
    ask(w, "GET", f"{archive}/{uid}", token=bad, want=403)
    ask(w, "GET", here, query=mine, token=good)
    ask(w, "GET", here, token=bad, want=403)
    ask(w, "GET", here, token="faketoken", want=401)
    ask(w, "DELETE", f"{archive}/{uid}", token=bad, want=403)
    ask(w, "DELETE", f"{archive}/{uid}", token=good)


# ---- events ----

def binding(name, event, submit):
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "WorkflowEventBinding", "metadata": {"name": name},
            "spec": {"event": event, "submit": submit}}


def dispatched(w, label, name):
    found = w.until("the workflow of the event", lambda: ask(
        w, "GET", "/api/v1/workflows/argo", query={"listOptions.labelSelector": f"{label}={name}"}).at("items"))
    w.name = found[0]["metadata"]["name"]
    w.wait("Succeeded")


@row(FILE, "TestSubmitWorkflowTemplateFromGithubWebhook", token=TOKEN)
def github_webhook(w):
    group = "/apis/rbac.authorization.k8s.io/v1/namespaces/argo"
    account_token(w, "github.com")
    ask(w, "POST", f"{group}/roles", {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "submit-workflow-template"},
        "rules": [{"apiGroups": ["argoproj.io"], "resources": ["workfloweventbindings"], "verbs": ["list"]},
                  {"apiGroups": ["argoproj.io"], "resources": ["workflowtemplates"], "verbs": ["get"]},
                  {"apiGroups": ["argoproj.io"], "resources": ["workflows"], "verbs": ["create"]}]}, want=201)
    ask(w, "POST", f"{group}/rolebindings", {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "github.com"},
        "subjects": [{"kind": "ServiceAccount", "name": "github.com"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "submit-workflow-template"}}, want=201)
    w.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "argo-workflows-webhook-clients"},
              "stringData": {"github.com": json.dumps({"type": "github", "secret": "shh!"})}})
    w.create({**workflow("github-webhook"), "kind": "WorkflowTemplate"})
    w.create(binding("github-webhook", {"selector": 'metadata["x-github-event"] == ["push"]'},
                     {"workflowTemplateRef": {"name": "github-webhook"}}))
    with open(os.path.join(w.corpus, "e2e/testdata/github-webhook-payload.json"), "rb") as payload:
        ask(w, "POST", "/api/v1/events/argo/", payload.read(), token=None, headers=[
            ("X-Github-Event", "push"),
            ("X-Hub-Signature-256", "sha256=dd6f6b41f6d0cb9523d6459032e164e220853b683a5e87892145b0eb0b84e0cd")])
    dispatched(w, "workflows.argoproj.io/workflow-template", "github-webhook")


@row(FILE, "TestSubmitWorkflowTemplateFromEvent", token=TOKEN)
def from_event(w):
    words = [{"name": "salutation", "value": "{{workflow.parameters.salutation}}"},
             {"name": "appellation", "value": "{{workflow.parameters.appellation}}"}]
    w.create({"kind": "WorkflowTemplate", "metadata": {"name": "event-consumer"}, "spec": {
        "entrypoint": "main", "arguments": {"parameters": [{"name": "salutation", "value": "hello"}]},
        "templates": [
            {"name": "main", "steps": [[{"name": "a", "template": "say", "arguments": {"parameters": words}}]]},
            {"name": "say", "inputs": {"parameters": [{"name": p["name"]} for p in words]},
             "container": {**SAY, "args": ["echo", "{{inputs.parameters.salutation}} {{inputs.parameters.appellation}}"]}}]}})
    w.create(binding("event-consumer", {"selector": 'payload.appellation != "" && metadata["x-argo-e2e"] == ["true"]'}, {
        "workflowTemplateRef": {"name": "event-consumer"},
        "arguments": {"parameters": [{"name": "appellation", "valueFrom": {"event": "payload.appellation"}}]}}))
    ask(w, "POST", "/api/v1/events/argo/", {"appellation": "Mr Chips"}, headers=[("X-Argo-E2E", "true")])
    dispatched(w, "workflows.argoproj.io/workflow-template", "event-consumer")
    check_equal([p["value"] for p in w.node("a")["inputs"]["parameters"]], ["hello", "Mr Chips"])


@row(FILE, "TestSubmitClusterWorkflowTemplateFromEvent", token=TOKEN)
def from_event_cluster(w):
    w.create({**workflow("event-consumer"), "kind": "ClusterWorkflowTemplate"})
    w.create(binding("event-consumer", {"selector": "true"}, {"workflowTemplateRef": {"name": "event-consumer", "clusterScope": True}}))
    ask(w, "POST", "/api/v1/events/argo/", {})
    dispatched(w, "workflows.argoproj.io/cluster-workflow-template", "event-consumer")


@row(FILE, "TestEventOnMalformedWorkflowEventBinding", token=TOKEN)
def malformed_binding(w):
    w.create({"kind": "WorkflowEventBinding", "metadata": {"name": "malformed"}, "spec": {"event": {"selector": ""}}})
    ask(w, "POST", "/api/v1/events/argo/", {}, want=500)
    events = w.until("its Event", lambda: w.events("malformed"))
    check_equal(len(events), 1)
    involved = events[0]["involvedObject"]
    check_equal((involved["kind"], involved["namespace"], events[0]["reason"]),
                ("WorkflowEventBinding", "argo", "WorkflowEventBindingError"))
    check_in(events[0]["message"], "failed to dispatch event: failed to evaluate workflow template expression: unexpected token EOF")


# ---- event sources and sensors ----

def life_of(w, path, member, doc, changed):
    """Creates, lists, watches, reads and changes an object of Argo Events; the last answer of reading it."""
    name = doc["metadata"]["name"]
    check(ask(w, "POST", f"/api/v1/{path}/argo", {member: doc}).at("metadata", "resourceVersion"), "no resourceVersion")
    check_equal(len(ask(w, "GET", f"/api/v1/{path}/argo").at("items")), 1)
    check_in(name, stream(w, f"/api/v1/stream/{path}/argo", lambda line: True)[0])

    def is_updated():
        """A controller here, which upstream's run has not, may write the status in between: then again, as the answer says."""
        there = ask(w, "GET", f"/api/v1/{path}/argo/{name}").json
        check_equal(there["metadata"]["name"], name)
        made = {**doc, "metadata": {**doc["metadata"], "resourceVersion": there["metadata"]["resourceVersion"]},
                "spec": {**doc["spec"], **changed}}
        try:
            return ask(w, "PUT", f"/api/v1/{path}/argo/{name}", {member: made})
        except Failed as wrong:
            check_in("the object has been modified", str(wrong))
            return None
    w.until("it is updated", is_updated)
    last = ask(w, "GET", f"/api/v1/{path}/argo/{name}")
    ask(w, "DELETE", f"/api/v1/{path}/argo/{name}")
    return last


@row(FILE, "TestEventSourcesService", token=TOKEN)
def event_sources(w):
    spec = {"calendar": {"example-with-interval": {"interval": "10s"}}}
    life_of(w, "event-sources", "eventsource", {"metadata": {"name": "test-event-source"}, "spec": spec}, {})


@row(FILE, "TestSensorService", token=TOKEN)
def sensors(w):
    spec = {"dependencies": [{"name": "test-dep", "eventSourceName": "calendar", "eventName": "example-with-interval"}],
            "triggers": [{"template": {"name": "log-trigger", "log": {"intervalSeconds": 20}}}]}
    last = life_of(w, "sensors", "sensor", {"metadata": {"name": "test-sensor"}, "spec": spec},
                   {"template": {"serviceAccountName": "default"}})
    check_equal(last.at("spec", "template", "serviceAccountName"), "default")


# ---- limits of locks ----

def limits(w, key, more, where, has_second_create):
    path = "/api/v1/sync/argo"

    def made(limit, **other):
        return {"key": key, "limit": limit, **more, **other}

    def has(answer, limit, name=key):
        check_equal((answer.at("key"), answer.at("limit")), (name, limit))
        for member in ("cmName",) if "cmName" in more else ("namespace",):
            check_equal(answer.at(member), more.get(member, "argo"))

    has(ask(w, "POST", path, made(100)), 100)
    if has_second_create:
        has(ask(w, "POST", path, made(100, key=f"{key}-exist")), 100, f"{key}-exist")
    else:
        ask(w, "POST", path, made(100), want=409)
    has(ask(w, "GET", f"{path}/{key}", query=where), 100)
    has(ask(w, "PUT", f"{path}/{key}", {"limit": 200, **more}), 200)
    ask(w, "POST", path, made(0, key=f"{key}-invalid"), want=400)
    ask(w, "GET", f"{path}/{key}-non-existent", query=where, want=404)
    ask(w, "DELETE", f"{path}/{key}", query=where)
    ask(w, "GET", f"{path}/{key}", query=where, want=404)
    ask(w, "PUT", f"{path}/{key}-non-existent", {"limit": 200, **more}, want=404)


@row(FILE, "TestSyncConfigmapService", token=TOKEN)
def sync_config_map(w):
    limits(w, "test-key", {"cmName": "test-sync-cm", "type": 0}, {"cmName": "test-sync-cm"}, True)
    ask(w, "POST", "/api/v1/sync/argo", {"key": "test-key", "limit": 0, "cmName": "test-sync-cm-invalid", "type": 0}, want=400)


@row(FILE, "TestSyncDatabaseService", token=TOKEN)
def sync_database(w):
    limits(w, "test-sync-db", {"type": 1}, {"type": 1}, False)
