"""expr_lang_test.go: names and functions of expressions."""
from world import check_equal, flow, row, value


@row("expr_lang_test.go", "TestShadowedExprFunctionsAsTaskNames")
def shadowed_functions(w):
    w.run(flow("shadowed-", """
templates:
- name: main
  dag: {tasks: [{name: split, template: say}, {name: map, template: say, depends: split}]}
- {name: say, container: {image: "argoproj/argosay:v2", command: [echo], args: [foo]}}
"""))
    check_equal(w.phases("split", "map"), ["Succeeded", "Succeeded"])


@row("expr_lang_test.go", "TestItemInSprigExpr")
def item_in_sprig(w):
    w.run(flow("sprig-", """
templates:
- name: main
  steps:
  - - name: print-message-loop
      template: say
      withItems: [example]
      arguments: {parameters: [{name: text, value: "{{=sprig.upper(item)}}"}]}
- name: say
  inputs: {parameters: [{name: text}]}
  container: {image: "argoproj/argosay:v2", command: [echo], args: ["{{inputs.parameters.text}}"]}
"""))
    check_equal(value(w.node("print-message-loop(0:example)")), "EXAMPLE")
