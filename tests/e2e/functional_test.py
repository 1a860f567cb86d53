"""functional_test.go: what a workflow does."""
from world import check_equal, row


@row("functional_test.go", "TestDAGEmptyParam")
def dag_empty_param(w):
    w.submit("""
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: dag-empty-}
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: sleep, template: say, withParam: "[]"}
      - {name: after, template: say, dependencies: [sleep]}
  - name: say
    container: {image: "argoproj/argosay:v2"}
""").wait()
    check_equal(w.phase, "Succeeded")
    check_equal(len(w.nodes), 3)
    sleep = w.node("sleep")
    check_equal((sleep["phase"], sleep.get("message")), ("Skipped", "Skipped, empty params"))
