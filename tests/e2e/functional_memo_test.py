"""functional_test.go: templates that are not run again."""
from world import check, flow, row

SPEC = """
templates:
- name: twice
  steps:
  - - {name: first, template: kept, arguments: {parameters: [{name: text, value: same}]}}
  - - {name: second, template: kept, arguments: {parameters: [{name: text, value: same}]}}
- name: kept
  inputs: {parameters: [{name: text}]}
  memoize:
    key: "{{inputs.parameters.text}}"
    maxAge: 10s
    cache: {configMap: {name: memo-of-e2e}}
  %s
- name: say
  inputs: {parameters: [{name: text}]}
  container: {image: "argoproj/argosay:v2", command: [echo], args: ["{{inputs.parameters.text}}"]}
"""
CALL = '{name: inner, template: say, arguments: {parameters: [{name: text, value: "{{inputs.parameters.text}}"}]}}'
STEPS = f"steps: [[{CALL}]]"
DAG = f"dag: {{tasks: [{CALL}]}}"
OUTPUT = '\n  outputs: {parameters: [{name: said, valueFrom: {parameter: "{{%s.inner.outputs.result}}"}}]}'


def check_hit(w, body):
    w.run(flow("memoized-", SPEC % body))
    check(any((n.get("memoizationStatus") or {}).get("hit") for n in w.nodes), "no hit", w.nodes)


@row("functional_test.go", "TestStepLevelMemoize")
def step_level_memoize(w):
    check_hit(w, STEPS + OUTPUT % "steps")


@row("functional_test.go", "TestStepLevelMemoizeNoOutput")
def step_level_memoize_no_output(w):
    check_hit(w, STEPS)


@row("functional_test.go", "TestDAGLevelMemoize")
def dag_level_memoize(w):
    check_hit(w, DAG + OUTPUT % "tasks")


@row("functional_test.go", "TestDAGLevelMemoizeNoOutput")
def dag_level_memoize_no_output(w):
    check_hit(w, DAG)
