"""suspend_test.go: what is to be supplied in time."""
from world import check_equal, check_in, flow, row, value

SPEC = """
templates:
- name: main
  steps:
  - - {name: approve, template: approve}
  - - {name: release, template: say, arguments: {parameters: [{name: text, value: "{{steps.approve.outputs.parameters.message}}"}]}}
- name: approve
  suspend: {duration: 5s}
  outputs: {parameters: [{name: message, valueFrom: {%s supplied: {}}}]}
- name: say
  inputs: {parameters: [{name: text}]}
  container: {image: docker/whalesay, command: [cowsay], args: ["{{inputs.parameters.text}}"]}
"""


@row("suspend_test.go", "TestSuspendNodeTimeoutWithoutDefaultValue")
def without_default(w):
    w.run(flow("suspend-", SPEC % ""), "Failed")
    wrong = "raw output parameter 'message' has not been set and does not have a default value"
    check_in(wrong, w.message + " ".join(n.get("message", "") for n in w.nodes))


@row("suspend_test.go", "TestSuspendNodeTimeoutWithDefaultValue")
def with_default(w):
    w.run(flow("suspend-", SPEC % "default: default message,"))
    check_equal(w.status["progress"], "2/2")
    approve, release = w.node("approve"), w.node("release")
    check_equal((approve["phase"], len(approve["outputs"]["parameters"]), value(approve, "message", "outputs")),
                ("Succeeded", 1, "default message"))
    check_equal((release["phase"], len(release["inputs"]["parameters"]), value(release, "text")), ("Succeeded", 1, "default message"))
