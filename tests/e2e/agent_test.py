"""agent_test.go: HTTP templates."""
import datetime

from servers import web
from world import check, check_equal, flow, row

SPEC = """
templates:
- name: main
  steps:
  - %s
- name: get
  inputs: {parameters: [{name: path}]}
  http: {url: "%s{{inputs.parameters.path}}"}
- name: is-201
  inputs: {parameters: [{name: path}]}
  http: {url: "%s{{inputs.parameters.path}}", successCondition: "response.statusCode == 201"}
- name: contains-google
  inputs: {parameters: [{name: path}]}
  http: {url: "%s{{inputs.parameters.path}}", successCondition: 'response.body contains "google"'}
"""


def step(name, template, path):
    return f'{{name: {name}, template: {template}, arguments: {{parameters: [{{name: path, value: "{path}"}}]}}}}'


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


@row("agent_test.go", "TestParallel")
def parallel(w):
    with web(lambda path: (200, "ok")) as url:
        steps = "[" + ", ".join(step(name, "get", "/") for name in ("one", "two", "three", "four")) + "]"
        w.run(flow("parallel-", SPEC % (steps, url, url, url)))
    check(seconds(w.status["finishedAt"]) - seconds(w.status["startedAt"]) < 10, w.status["startedAt"], w.status["finishedAt"])
    nodes = [n for n in w.nodes if n["type"] == "HTTP"]
    check_equal(len(nodes), 4)
    check_equal(len({n["startedAt"] for n in nodes}), 1)
    ends = [seconds(n["finishedAt"]) for n in nodes]
    check(max(ends) - min(ends) < 2, ends)


@row("agent_test.go", "TestStatusCondition")
def status_condition(w):
    def answer(path):
        return int(path.rsplit("/", 1)[1]) if "status" in path else 200, "this is google" if path == "/google" else ""
    names = ["is-201-fails", "is-201-succeeds", "contains-google-fails", "contains-google-succeeds"]
    paths = ["/status/200", "/status/201", "/status/200", "/google"]
    with web(answer) as url:
        steps = "[" + ", ".join(step(n, n.rsplit("-", 1)[0], p) for n, p in zip(names, paths)) + "]"
        w.run(flow("condition-", SPEC % (steps, url, url, url)), "Failed")
    check_equal(w.phases(*names), ["Failed", "Succeeded", "Failed", "Succeeded"])
