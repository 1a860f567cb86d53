"""hooks_test.go: lifecycle hooks and exit handlers."""
from servers import web
from world import check, check_equal, flow, row

SAY = '{image: "argoproj/argosay:v2", command: [sh, -c], args: ["sleep 1; argosay"]}'
FAIL = '{image: "argoproj/argosay:v2", command: [sh, -c], args: ["sleep 1; argosay; exit 1"]}'


def hooks(of, *phases):
    """Hooks of @of (workflow, steps['x'] ...), each named by its phase."""
    return "{" + ", ".join(f"{p.lower()}: {{expression: '{of}.status == \"{p}\"', template: hook}}" for p in phases) + "}"


def templates(body, main=SAY):
    return f"templates:\n- {{name: main, {body}}}\n- {{name: work, container: {main}}}\n- {{name: hook, container: {SAY}}}\n"


def check_hooks(w, *names):
    """Each hook is a node that has succeeded and is flagged as one."""
    for name in names:
        found = [n for n in w.nodes if n["name"].endswith(name)]
        check_equal(len(found), 1, name)
        check_equal((found[0]["phase"], (found[0].get("nodeFlag") or {}).get("hooked")), ("Succeeded", True), name)


@row("hooks_test.go", "TestWorkflowLevelHooksSuccessVersion")
def workflow_level_success(w):
    w.run(flow("hooks-", f"hooks: {hooks('workflow', 'Running', 'Succeeded')}\n" + templates("steps: [[{name: one, template: work}]]")))
    check_hooks(w, ".hooks.running", ".hooks.succeeded")


@row("hooks_test.go", "TestWorkflowLevelHooksFailVersion")
def workflow_level_fail(w):
    w.run(flow("hooks-", f"hooks: {hooks('workflow', 'Running', 'Failed')}\n" + templates("steps: [[{name: one, template: work}]]", FAIL)),
          "Failed")
    check_hooks(w, ".hooks.running", ".hooks.failed")


def one(kind, name, *phases, more=""):
    of = f'{kind}["{name}"]'
    return f"{{name: {name}, template: work{more}, hooks: {hooks(of, *phases)}}}"


@row("hooks_test.go", "TestTemplateLevelHooksStepSuccessVersion")
def step_success(w):
    first, second = (one("steps", f"step-{i}", "Running", "Succeeded") for i in (1, 2))
    w.run(flow("hooks-", templates(f"steps: [[{first}], [{second}]]")))
    check_hooks(w, "step-1.hooks.running", "step-1.hooks.succeeded", "step-2.hooks.running", "step-2.hooks.succeeded")


@row("hooks_test.go", "TestTemplateLevelHooksStepFailVersion")
def step_fail(w):
    w.run(flow("hooks-", templates(f"steps: [[{one('steps', 'step-1', 'Running', 'Failed')}]]", FAIL)), "Failed")
    check_hooks(w, "step-1.hooks.running", "step-1.hooks.failed")


@row("hooks_test.go", "TestTemplateLevelHooksDagSuccessVersion")
def dag_success(w):
    first = one("tasks", "step-1", "Running", "Succeeded")
    second = one("tasks", "step-2", "Running", "Succeeded", more=", dependencies: [step-1]")
    w.run(flow("hooks-", templates(f"dag: {{tasks: [{first}, {second}]}}")))
    check_hooks(w, "step-1.hooks.running", "step-1.hooks.succeeded", "step-2.hooks.running", "step-2.hooks.succeeded")


@row("hooks_test.go", "TestTemplateLevelHooksDagFailVersion")
def dag_fail(w):
    w.run(flow("hooks-", templates(f"dag: {{tasks: [{one('tasks', 'step-1', 'Running', 'Failed')}]}}", FAIL)), "Failed")
    check_hooks(w, "step-1.hooks.running", "step-1.hooks.failed")


@row("hooks_test.go", "TestTemplateLevelHooksDagHasDependencyVersion")
def dag_has_dependency(w):
    first = one("tasks", "A", "Running", "Succeeded")
    second = one("tasks", "B", "Running", "Succeeded", more=", dependencies: [A]")
    w.run(flow("hooks-", templates(f"dag: {{tasks: [{first}, {second}]}}", FAIL)), "Failed")
    check_equal(w.status["progress"], "1/2")
    check_hooks(w, "A.hooks.running")
    check_equal(w.phases("B"), ["Omitted"])


LONG = '- {name: hook, container: {image: "argoproj/argosay:v2", args: [sleep, 2s]}}'


@row("hooks_test.go", "TestWorkflowLevelHooksWaitForTriggeredHook")
def workflow_waits_for_triggered_hook(w):
    w.run(flow("hooks-", f"""
hooks: {hooks('workflow', 'Running', 'Failed')}
templates:
- {{name: main, steps: [[{{name: one, template: work}}]]}}
- {{name: work, container: {SAY}}}
{LONG}
"""))
    check_equal(w.status["progress"], "2/2")
    check_hooks(w, ".hooks.running")


@row("hooks_test.go", "TestTemplateLevelHooksWaitForTriggeredHook")
def step_waits_for_triggered_hook(w):
    w.run(flow("hooks-", f"""
templates:
- {{name: main, steps: [[{one('steps', 'job', 'Running', 'Failed')}]]}}
- {{name: work, container: {{image: "argoproj/argosay:v2", args: [sleep, 5s]}}}}
{LONG}
"""))
    check_equal(w.status["progress"], "2/2")
    check_hooks(w, "job.hooks.running")


@row("hooks_test.go", "TestTemplateLevelHooksWaitForTriggeredHookAndRespectSynchronization")
def hooks_respect_synchronization(w):
    w.run(flow("hooks-", f"""
templates:
- {{name: main, steps: [[{one('steps', 'job', 'Running', 'Succeeded')}]]}}
- {{name: work, container: {{image: "argoproj/argosay:v2", args: [sleep, 2s]}}}}
- name: hook
  synchronization: {{mutexes: [{{name: job}}]}}
  container: {{image: "argoproj/argosay:v2", args: [sleep, 4s]}}
"""))
    check_equal(w.status["progress"], "3/3")
    check_hooks(w, "job.hooks.running", "job.hooks.succeeded")
    first, second = (w.node(f"job.hooks.{name}") for name in ("running", "succeeded"))
    check(second["finishedAt"] > first["finishedAt"], "both held the mutex")


@row("hooks_test.go", "TestWorkflowLevelHooksWithRetry")
def workflow_level_with_retry(w):
    w.run(flow("hooks-retry", f"""
hooks: {hooks('workflow', 'Failed', 'Running')}
templates:
- name: work
  retryStrategy: {{limit: 1}}
  container: {{image: "argoproj/argosay:v2", command: [sh, -c], args: ["sleep 1; exit 1"]}}
- {{name: hook, container: {{image: "argoproj/argosay:v2"}}}}
"""), "Failed")
    check_equal(w.status["progress"], "2/4")
    check_hooks(w, "hooks-retry.hooks.running", "hooks-retry.hooks.failed")
    for name in ("running", "failed"):
        check(not w.node(f"hooks-retry.hooks.{name}")["nodeFlag"].get("retried"), name)
    check_equal((w.root["phase"], w.root["type"], w.root.get("nodeFlag")), ("Failed", "Retry", None))
    for i in (0, 1):
        node = w.node(f"hooks-retry({i})")
        check_equal((node["phase"], node["nodeFlag"].get("hooked", False), node["nodeFlag"].get("retried")), ("Failed", False, True))


@row("hooks_test.go", "TestTemplateLevelHooksWithRetry", isolation="host")
def template_level_with_retry(w):
    w.run(flow("hooks-artifact", f"""
templates:
- name: main
  steps:
  - - {one('steps', 'build', 'Running', 'Succeeded', 'Failed')}
  - - name: print
      template: print
      arguments: {{artifacts: [{{name: text, from: "{{{{steps.build.outputs.artifacts.text}}}}"}}]}}
- name: work
  retryStrategy: {{limit: 2}}
  outputs: {{artifacts: [{{name: text, path: /tmp/made.txt}}]}}
  script:
    image: argoproj/argosay:v2
    command: [sh]
    source: |
      sleep 1
      echo made > /tmp/made.txt
      [ "{{{{retries}}}}" = 2 ]
- {{name: hook, container: {{image: "argoproj/argosay:v2", args: [echo, hook]}}}}
- name: print
  inputs: {{artifacts: [{{name: text, path: /tmp/text}}]}}
  container: {{image: "argoproj/argosay:v2", args: [cat, /tmp/text]}}
"""))
    retry = [n for n in w.nodes if n["type"] == "Retry"]
    check_equal([n["phase"] for n in retry], ["Succeeded"])
    first = w.node("build(0)")
    check(first["id"] in retry[0]["children"] and not first["nodeFlag"].get("hooked"), first)
    check_hooks(w, "build.hooks.running", "build.hooks.succeeded")
    for name in ("running", "succeeded"):
        check(w.node(f"build.hooks.{name}")["id"] in retry[0]["children"], name)
    check_equal(w.phases("print"), ["Succeeded"])


def check_exit_after_deadline(w, name, handler):
    w.submit(flow(name, f"""
activeDeadlineSeconds: 1
hooks: {{exit: {{template: handler}}}}
templates:
- {{name: main, steps: [[{{name: sleep, template: sleep}}]]}}
- {{name: sleep, container: {{image: "argoproj/argosay:v2", args: [sleep, 5s]}}}}
{handler}
""")).wait()
    node = w.node(f"{name}.onExit")
    check_equal((w.phase, node["phase"], node["nodeFlag"].get("hooked")), ("Failed", "Succeeded", True))


@row("hooks_test.go", "TestExitHandlerWithWorkflowLevelDeadline")
def exit_handler_with_deadline(w):
    check_exit_after_deadline(w, "deadline", "- {name: handler, steps: [[{name: sleep, template: sleep}]]}")


@row("hooks_test.go", "TestHttpExitHandlerWithWorkflowLevelDeadline")
def http_exit_handler_with_deadline(w):
    with web(lambda path: (200, "{}")) as url:
        check_exit_after_deadline(w, "deadline", f"""
- {{name: handler, steps: [[{{name: http, template: http}}]]}}
- {{name: http, http: {{url: "{url}/get"}}}}
""")
