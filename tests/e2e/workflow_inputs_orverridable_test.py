"""workflow_inputs_orverridable_test.go: an argument beats what an input says itself."""
from world import check_equal, config_map, flow, row, value


def check_argument(w, argument, own):
    for name, text in (("own", "input-value"), ("given", "arg-value")):
        doc = config_map(name, key=text)
        doc["metadata"]["labels"] = {"workflows.argoproj.io/configmap-type": "Parameter"}
        w.create(doc)
    w.run(flow("override-", f"""
arguments: {{parameters: [{{name: message, {argument}}}]}}
templates:
- name: main
  inputs: {{parameters: [{{name: message, {own}}}]}}
  container: {{image: "argoproj/argosay:v2", args: [echo, "{{{{inputs.parameters.message}}}}"]}}
"""))
    check_equal(value(w.root), "arg-value")
    check_equal(w.log(w.name).strip(), "arg-value")


OWN = "valueFrom: {configMapKeyRef: {name: own, key: key}}"
GIVEN = "valueFrom: {configMapKeyRef: {name: given, key: key}}"


@row("workflow_inputs_orverridable_test.go", "TestArgsValueParamsOverrideInputParamsValueFrom")
def value_beats_value_from(w):
    check_argument(w, "value: arg-value", OWN)


@row("workflow_inputs_orverridable_test.go", "TestArgsValueFromParamsOverrideInputParamsValueFrom")
def value_from_beats_value_from(w):
    check_argument(w, GIVEN, OWN)


@row("workflow_inputs_orverridable_test.go", "TestArgsValueParamsOverrideInputParamsValue")
def value_beats_value(w):
    check_argument(w, "value: arg-value", "value: input-value")


@row("workflow_inputs_orverridable_test.go", "TestArgsValueFromParamsOverrideInputParamsValue")
def value_from_beats_value(w):
    check_argument(w, GIVEN, "value: input-value")
