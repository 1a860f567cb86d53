"""daemon_pod_test.go: pods that others need while they run."""
from world import check, check_equal, flow, made, row

SPEC = """
templates:
- name: main
  dag:
    tasks:
    - {name: server, template: server}
    - {name: client, template: client, dependencies: [server]}
- name: server
  daemon: true
  container: {image: "argoproj/argosay:v2", args: [sleep, 100s]}
- name: client
  container: {image: "argoproj/argosay:v2"}
"""


@row("daemon_pod_test.go", "TestWorkflowCompletesIfContainsDaemonPod")
def workflow_completes(w):
    w.submit(flow("daemon-", SPEC)).wait()
    check(w.status.get("finishedAt"), "no finishedAt")


@row("daemon_pod_test.go", "TestDaemonFromWorkflowTemplate")
def from_workflow_template(w):
    w.create(made("WorkflowTemplate", "daemon", SPEC))
    w.submit_from("WorkflowTemplate", "daemon").wait("Succeeded")


@row("daemon_pod_test.go", "TestDaemonFromClusterWorkflowTemplate")
def from_cluster_workflow_template(w):
    w.create(made("ClusterWorkflowTemplate", "daemon", SPEC))
    w.submit_from("ClusterWorkflowTemplate", "daemon").wait("Succeeded")


@row("daemon_pod_test.go", "TestDaemonTemplateRef")
def template_ref(w):
    w.create(made("WorkflowTemplate", "suite", """
templates:
- name: main
  steps: [[{name: database, template: database}], [{name: run, template: run}]]
- {name: run, container: {image: "argoproj/argosay:v2"}}
- {name: database, daemon: true, container: {name: database, image: "argoproj/argosay:v2", args: [sleep, 100s]}}
"""))
    w.create(made("WorkflowTemplate", "pipeline", """
templates:
- name: main
  dag:
    tasks:
    - {name: build, template: build}
    - {name: suite, depends: build, templateRef: {name: suite, template: main}}
- {name: build, container: {image: "argoproj/argosay:v2"}}
"""))
    for name in ("suite", "pipeline"):
        w.submit_from("WorkflowTemplate", name).wait("Succeeded")


@row("daemon_pod_test.go", "TestMarkDaemonedPodSucceeded")
def mark_daemoned_pod_succeeded(w):
    w.run("e2e/testdata/daemoned-pod-completed.yaml")
    check_equal(w.phases("daemoned"), ["Succeeded"])


@row("daemon_pod_test.go", "TestDaemonPodRetry")
def daemon_pod_retry(w):
    w.run(flow("daemon-retry-", """
templates:
- name: main
  dag:
    tasks:
    - {name: daemoned, template: daemoned}
    - {name: client, template: client, dependencies: [daemoned]}
- name: daemoned
  daemon: true
  retryStrategy: {limit: 2}
  container:
    image: argoproj/argosay:v2
    command: [bash, -c]
    args: ['if [ "{{retries}}" = 0 ]; then sleep 10; else sleep 120; fi; exit 1']
- name: client
  container: {image: "argoproj/argosay:v2", command: [bash, -c], args: ["sleep 15; echo bye"]}
"""))
    check_equal(w.phases("daemoned(0)", "daemoned(1)"), ["Failed", "Succeeded"])
