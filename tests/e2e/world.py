"""The world of one upstream end-to-end test: a daemon with the settings of upstream's runs, and words to use it.

A test is a function with a row of e2e.tsv above it, and says with check() what the row expects:

    @row("functional_test.go", "TestContinueOnFail")
    def continue_on_fail(w):
        w.submit("e2e/functional/continue-on-fail.yaml").wait()
        check_equal(w.phase, "Succeeded")

Manifests are read from the corpus (TIPHYS_CONFORMANCE) or written in the test; they are never copied here. Containers get what their
image would give (entrypoint, commands on PATH) as tools/conformance does it. A row that a lone machine cannot have is named by
skip() with the reason.
"""
import importlib.machinery
import importlib.util
import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.request

import yaml

import s3

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ARGO = os.path.join(ROOT, "build/conformance/bin/argo")
WAIT_S = 90
TESTS, SKIPS = {}, {}
CONFIG = {  # upstream's settings in these runs
    "workflowDefaults": "spec: {activeDeadlineSeconds: 300}\nmetadata: {labels: {default-label: thisLabelIsFromWorkflowDefaults}}\n",
    "retentionPolicy": "{completed: 10, failed: 2, errored: 2}",
    "persistence": "{archive: true}",
}


def link_argo():
    """Beside the commands that stand in for images', so that containers find it, too."""
    os.makedirs(os.path.dirname(ARGO), exist_ok=True)
    if not os.path.islink(ARGO):
        os.symlink("../../tiphys", ARGO)


def load_conformance():
    loader = importlib.machinery.SourceFileLoader("conformance", os.path.join(ROOT, "tools/conformance"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("conformance", loader))
    loader.exec_module(module)
    return module


link_argo()
conformance = load_conformance()
Refused = conformance.Refused


class Failed(Exception):
    """What a row expects is not so."""


def row(file, test, isolation="process", config=None, with_s3=False, token=None, flags=()):
    """Registers the test of a row. @isolation: host, when it writes outside of its working directory; @config: further or other keys
    of the controller's ConfigMap, or a function that makes them of the world; @with_s3: the repository of artifacts is upstream's, in an S3 server; @token: the
    daemon asks for tokens, this one may do all; @flags: of the daemon, further ones, or a
    function that gives them."""
    def register(fn):
        assert (file, test) not in TESTS, (file, test)
        TESTS[file, test] = (fn, isolation, config or {}, with_s3, token, flags)
        return fn
    return register


def skip(file, test, why):
    SKIPS[file, test] = why


def check(is_so, *said):
    if not is_so:
        raise Failed(" ".join(str(s) for s in said))


def check_equal(have, want, *said):
    check(have == want, *said, f"have {have!r}, want {want!r}")


def check_in(part, whole):
    check(part in whole, f"{part!r} is not in {whole!r}")


def made(kind, name, spec):
    """An object of argoproj.io; @name with a - at its end: generateName; @spec: its spec as YAML, whose first template is the entrypoint
    when it names none."""
    spec = yaml.safe_load(spec)
    if "templates" in spec:
        spec.setdefault("entrypoint", spec["templates"][0]["name"])
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": {"generateName" if name.endswith("-") else "name": name},
            "spec": spec}


def flow(name, spec):
    return made("Workflow", name, spec)


def config_map(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def value(node, parameter=0, where="inputs"):
    """The value of a node's parameter, by its place or its name; None when it has none."""
    parameters = ((node or {}).get(where) or {}).get("parameters") or []
    found = [p for i, p in enumerate(parameters) if parameter in (i, p["name"])]
    return found[0].get("value") if found else None


def check_not_in(part, whole):
    check(part not in whole, f"{part!r} is in {whole!r}")


def check_match(pattern, whole):
    check(re.search(pattern, whole), f"nothing of {whole!r} is {pattern!r}")


def run(*command):
    """A command of the machine. Done."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


class Done:
    """A command that has ended: code, out (stdout), err, text (both)."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err, self.text = code, out, err, out + err


class World:
    def __init__(self, corpus, isolation, config, with_s3=False, token=None, flags=()):
        self.corpus, self.name, self.ns = corpus, None, "argo"
        self.server = conformance.Server(isolation, token=token, more=flags() if callable(flags) else flags)
        self.url = self.server.url
        self.s3 = s3.shared() if with_s3 else None
        data = {**CONFIG, **(config(self) if callable(config) else config)}
        if self.s3:
            data.setdefault("artifactRepository", self.s3.repository())
            self.create(s3.SECRET)
        self.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "workflow-controller-configmap"}, "data": data})

    def close(self):
        self.server.stop()

    # ---- manifests ----

    def docs(self, source):
        """Documents of a path in the corpus, of a text in YAML, or the object itself; containers are dressed."""
        if isinstance(source, dict):
            docs = [source]
        elif "\n" in source:
            docs = [d for d in yaml.safe_load_all(source) if isinstance(d, dict)]
        else:
            docs = conformance.load(os.path.join(self.corpus, source))
        text = json.dumps(docs)
        if self.s3:
            text = text.replace("minio:9000", self.s3.endpoint)
        docs = [conformance.dress(d) for d in json.loads(text)]
        for doc in docs:  # upstream's runs call it so when a manifest does not say
            doc.setdefault("kind", "Workflow")
            doc.setdefault("apiVersion", "argoproj.io/v1alpha1")
        return docs

    @staticmethod
    def labelled(doc):
        """As upstream's runs label what they create."""
        doc["metadata"].setdefault("labels", {}).setdefault("workflows.argoproj.io/test", "true")
        return doc

    def create(self, source):
        """Creates each document; the last one as it was made."""
        made = None
        for doc in self.docs(source):
            made = self.server.create(self.labelled(doc))
        return made

    def submit(self, source, change=None):
        """Creates all that it holds; the Workflow is the one that is spoken of from then on. @change(doc) may alter it before."""
        for doc in self.docs(source):
            if doc["kind"] == "Workflow" and change:
                change(doc)
            made = self.server.create(self.labelled(doc))
            if doc["kind"] == "Workflow":
                self.name = made["metadata"]["name"]
        return self

    def run(self, source, phase="Succeeded", limit_s=WAIT_S):
        """Submits, waits for its end, checks its phase."""
        self.submit(source).wait(limit_s=limit_s)
        status = self.status
        check_equal(status.get("phase"), phase, status.get("message", ""))
        return self

    def submit_from(self, kind, name, **options):
        """POST /workflows/{ns}/submit with resourceKind and resourceName."""
        made = self.api("POST", f"/api/v1/workflows/{self.ns}/submit",
                        {"namespace": self.ns, "resourceKind": kind, "resourceName": name, "submitOptions": options})
        self.name = made["metadata"]["name"]
        return self

    # ---- looking ----

    def api(self, method, path, body=None):
        """An answer of the API as an object; Refused with its message when it is none of 2xx."""
        return self.server.call(method, path, body)

    def get(self, kind, name):
        return self.api("GET", f"{self.server.path(kind)}/{name}")

    @property
    def wf(self):
        return self.get("Workflow", self.name)

    @property
    def status(self):
        return self.wf.get("status", {})

    @property
    def phase(self):
        return self.status.get("phase", "")

    @property
    def message(self):
        return self.status.get("message", "")

    @property
    def nodes(self):
        return list((self.status.get("nodes") or {}).values())

    def node(self, name):
        """The node with that displayName (or name), or None."""
        found = [n for n in self.nodes if name in (n.get("displayName"), n.get("name"))]
        return found[0] if found else None

    def output(self, node, parameter):
        for p in ((self.node(node) or {}).get("outputs") or {}).get("parameters") or []:
            if p["name"] == parameter:
                return p.get("value")
        return None

    def phases(self, *names):
        """The phases of nodes, None for one that there is not."""
        return [(self.node(n) or {}).get("phase") for n in names]

    @property
    def root(self):
        return self.status["nodes"][self.name]

    def events(self, involved=None):
        """Events of core/v1 on an object (the workflow), oldest first."""
        items = self.api("GET", f"/api/v1/namespaces/{self.ns}/events")["items"]
        return [e for e in items if e["involvedObject"]["name"] == (involved or self.name)]

    def pods(self):
        items = self.api("GET", f"/api/v1/namespaces/{self.ns}/pods")["items"]
        return [p for p in items if p["metadata"].get("labels", {}).get("workflows.argoproj.io/workflow") == self.name]

    def log(self, pod, container="main"):
        """What a container of a pod wrote, as kubectl logs has it."""
        url = f"{self.url}/api/v1/namespaces/{self.ns}/pods/{pod}/log?container={container}"
        try:
            with urllib.request.urlopen(url, timeout=30) as reply:
                return reply.read().decode()
        except urllib.error.HTTPError as wrong:
            raise Refused(wrong.read().decode()) from None

    # ---- waiting ----

    def until(self, what, is_so, limit_s=WAIT_S):
        """Waits for a condition; what it gave."""
        end, pause = time.monotonic() + limit_s, 0.02
        while True:
            got = is_so()
            if got:
                return got
            if time.monotonic() > end:
                raise Failed(f"waited {limit_s} s for: {what}; phase {self.phase if self.name else '-'}, "
                             f"{conformance.summary(self.status) if self.name else ''}")
            time.sleep(pause)
            pause = min(pause * 1.3, 0.3)

    def wait(self, phase=None, limit_s=WAIT_S):
        """Until the workflow has completed, or is in a phase."""
        def is_there():
            return self.phase == phase if phase else self.phase in conformance.ENDED
        self.until(f"phase {phase or 'of an end'}", is_there, limit_s)
        return self

    def wait_node(self, name, phase, limit_s=WAIT_S):
        self.until(f"node {name} {phase}", lambda: (self.node(name) or {}).get("phase") == phase, limit_s)
        return self

    # ---- commands ----

    def cli(self, *args, stdin=None, env=None, limit_s=WAIT_S):
        """argo ARGS against the daemon; files of the corpus are given by path(). Done."""
        full = {**os.environ, "ARGO_SERVER": self.url.split("//")[1], "ARGO_NAMESPACE": self.ns, "ARGO_SECURE": "false", "TZ": "UTC",
                "NO_COLOR": "1", **({"ARGO_TOKEN": f"Bearer {self.server.token}"} if self.server.token else {}), **(env or {})}
        done = subprocess.run([self.argo(), *args], input=stdin, env=full, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.PIPE, timeout=limit_s, check=False)
        return Done(done.returncode, done.stdout, done.stderr)

    @staticmethod
    def argo():
        """The program by upstream's name: it speaks of itself as upstream's does."""
        return ARGO

    def path(self, source):
        """A file with dressed documents, for commands that read one."""
        path = os.path.join(self.server.dir, f"manifest-{time.monotonic_ns()}.yaml")
        with open(path, "w", encoding="utf-8") as text:
            yaml.safe_dump_all(self.docs(source), text)
        return path
