"""progress_test.go: what is told of how far it is."""
from world import check_equal, row


@row("progress_test.go", "TestDefaultProgress")
def default_progress(w):
    w.run("e2e/testdata/basic-workflow.yaml")
    check_equal((w.status["progress"], w.root["progress"]), ("1/1", "1/1"))


@row("progress_test.go", "TestLoggedProgress")
def logged_progress(w):
    w.submit("e2e/testdata/progress-workflow.yaml").wait("Running")
    for far in ("0/100", "50/100"):
        w.until(far, lambda far=far: (w.root.get("progress"), (w.node("progress") or {}).get("progress")) == (far, far), 60)
    w.wait("Succeeded")
    check_equal(w.root["progress"], "100/100")
