"""run_as_not_root_test.go: containers of somebody else than root; that asks for isolation image."""
import servers
from world import check_equal, row, value


@row("run_as_not_root_test.go", "TestRunAsNonRootWorkflow", isolation="image", flags=servers.archives)
def run_as_non_root(w):
    w.submit("e2e/smoke/runasnonroot-workflow.yaml", servers.in_image).wait()
    check_equal((w.phase, w.message), ("Succeeded", ""))


@row("run_as_not_root_test.go", "TestRunAsNonRootWithOutputParams", isolation="image", flags=servers.archives)
def with_output_params(w):
    w.submit("e2e/smoke/runasnonroot-output-params-pipeline.yaml", servers.in_image).wait()
    check_equal((w.phase, w.message), ("Succeeded", ""))
    check_equal(value(w.root, "test", "outputs"), "test test")
