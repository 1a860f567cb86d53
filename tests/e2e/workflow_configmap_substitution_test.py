"""workflow_configmap_substitution_test.go: inputs that are values of ConfigMaps."""
from world import check_equal, config_map, flow, row, value


def spec(argument, ref):
    return f"""
arguments: {{parameters: [{argument}]}}
templates:
- name: main
  inputs: {{parameters: [{{name: text, valueFrom: {{{ref}}}}}]}}
  container: {{image: "argoproj/argosay:v2", args: [echo, "{{{{inputs.parameters.text}}}}"]}}
"""


def give(w):
    doc = config_map("texts", msg="hello world")
    doc["metadata"]["labels"] = {"workflows.argoproj.io/configmap-type": "Parameter"}
    w.create(doc)


BY_NAME = spec("{name: map, value: texts}", 'configMapKeyRef: {name: "{{ workflow.parameters.map }}", key: msg}')


@row("workflow_configmap_substitution_test.go", "TestKeySubstitution")
def key_substitution(w):
    give(w)
    w.run(flow("key-", spec("{name: which, value: msg}", 'configMapKeyRef: {name: texts, key: "{{ workflow.parameters.which }}"}')))
    check_equal(w.log(w.name).strip(), "hello world")


@row("workflow_configmap_substitution_test.go", "TestNameSubstitution")
def name_substitution(w):
    give(w)
    w.run(flow("name-", BY_NAME))
    check_equal(w.log(w.name).strip(), "hello world")


@row("workflow_configmap_substitution_test.go", "TestInvalidNameParameterSubstitution")
def invalid_name_parameter_substitution(w):
    w.run(flow("name-", BY_NAME), "Error")


@row("workflow_configmap_substitution_test.go", "TestDefaultParamValueWhenNotFound")
def default_param_value_when_not_found(w):
    give(w)
    w.run(flow("default-", spec("{name: unused, value: x}", "default: default-val, configMapKeyRef: {name: texts, key: gone}")))
    check_equal(w.log(w.name).strip(), "default-val")


@row("workflow_configmap_substitution_test.go", "TestGlobalArgDefaultCMParamValueWhenNotFound", isolation="host")
def global_arg_default_when_not_found(w):
    w.run(flow("global-", """
arguments: {parameters: [{name: text, valueFrom: {default: default value, configMapKeyRef: {name: gone, key: gone}}}]}
templates:
- name: main
  container: {image: "argoproj/argosay:v2", command: [sh, -c], args: ["echo -n {{workflow.parameters.text}} > /tmp/message.txt"]}
  outputs: {parameters: [{name: message, valueFrom: {path: /tmp/message.txt}}]}
"""))
    check_equal(value(w.root, where="outputs"), "default value")
