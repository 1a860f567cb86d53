"""signals_test.go: what ends containers."""
from servers import archives, in_image
from world import check, check_equal, check_in, flow, row


def shut(w, manifest, how, limit_s=120):
    """Submits, waits for a running pod of each node that is to run, stops or terminates it, waits for its end."""
    w.submit(manifest)
    w.until("a running pod", lambda: any(p["status"]["phase"] == "Running" for p in w.pods()))
    w.api("PUT", f"/api/v1/workflows/argo/{w.name}/{how}", {"namespace": "argo", "name": w.name})
    w.wait(limit_s=limit_s)


@row("signals_test.go", "TestStopBehavior")
def stop_behavior(w):
    shut(w, "e2e/functional/stop-terminate.yaml", "stop")
    check(w.phase in ("Failed", "Error"), w.phase)
    check(w.node("A")["phase"] in ("Failed", "Error"), w.node("A"))
    check_equal(w.phases("A.onExit", f"{w.name}.onExit"), ["Succeeded", "Succeeded"])


@row("signals_test.go", "TestStopBehaviorWithDaemon")
def stop_behavior_with_daemon(w):
    shut(w, "e2e/functional/stop-terminate-daemon.yaml", "stop")
    check(w.phase in ("Failed", "Error"), w.phase)
    check_equal(w.phases("Daemon"), ["Succeeded"])


@row("signals_test.go", "TestTerminateBehavior")
def terminate_behavior(w):
    shut(w, "e2e/functional/stop-terminate.yaml", "terminate")
    check(w.phase in ("Failed", "Error"), w.phase)
    check(w.node("A")["phase"] in ("Failed", "Error"), w.node("A"))
    check_equal(w.phases("A.onExit", f"{w.name}.onExit"), [None, None])


@row("signals_test.go", "TestDoNotCreatePodsUnderStopBehavior")
def do_not_create_pods_under_stop_behavior(w):
    shut(w, "e2e/functional/stop-terminate-2.yaml", "stop")
    check_equal(w.phase, "Failed")
    check_equal(w.phases("A", "B"), ["Failed", None])


@row("signals_test.go", "TestSidecars")
def sidecars(w):
    w.run("e2e/testdata/sidecar-workflow.yaml", limit_s=120)


@row("signals_test.go", "TestInjectedSidecar")
def injected_sidecar(w):
    w.run(flow("injected-", """
podSpecPatch: |
  terminationGracePeriodSeconds: 3
  containers:
  - name: wait
  - name: main
  - {name: sidecar, image: "argoproj/argosay:v1", command: [sh, -c], args: ["sleep 999"]}
templates: [{name: main, container: {image: "argoproj/argosay:v1"}}]
"""), limit_s=120)


@row("signals_test.go", "TestSubProcess")
def sub_process(w):
    w.submit("e2e/testdata/subprocess-workflow.yaml").wait()


@row("signals_test.go", "TestSignaled")
def signaled(w):
    w.run("e2e/testdata/signaled-workflow.yaml", "Failed")
    check_in("(exit code 143)", w.message)


@row("signals_test.go", "TestSignaledContainerSet", isolation="image", flags=archives)
def signaled_container_set(w):
    w.submit("e2e/testdata/signaled-container-set-workflow.yaml", in_image).wait(limit_s=120)
    check_equal(w.phase, "Failed")
    check_in("(exit code 137)", w.message)
    one, two = w.node("one"), w.node("two")
    check_equal((one["phase"], two["phase"]), ("Failed", "Failed"))
    check_in("(exit code 137)", one.get("message", ""))
    check_in("(exit code 143)", two.get("message", ""))
