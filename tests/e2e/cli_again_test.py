"""cli_test.go: workflows that are deleted, retried and submitted again by commands, and the archive of them."""
from cli_test import BASIC, FILE, HEADINGS, LABEL, flows, refuses, says
from world import check, check_equal, check_in, check_match, check_not_in, row

TEST = ("-l", "workflows.argoproj.io/test")
EXIT_1 = "e2e/testdata/exit-1.yaml"


def named(w, part):
    """The only node whose name holds it."""
    found = [n for n in w.nodes if part in n["name"]]
    check_equal(len(found), 1, part)
    return found[0]


# ---- delete ----

@row(FILE, "TestWorkflowDeleteByName")
def delete_by_name(w):
    w.submit(BASIC)
    check_match("Workflow 'basic-.*' deleted", says(w.cli("delete", w.name)).text)
    check_equal(flows(w), [])


@row(FILE, "TestWorkflowDeleteByFieldSelector")
def delete_by_field_selector(w):
    w.submit(BASIC)
    check_match("Workflow 'basic-.*' deleted", says(w.cli("delete", "--field-selector", f"metadata.name={w.name}")).text)


@row(FILE, "TestWorkflowDeleteDryRun")
def delete_dry_run(w):
    says(w.cli("delete", "--dry-run", "basic"), "Workflow 'basic' deleted (dry-run)")


@row(FILE, "TestWorkflowDeleteNothing")
def delete_nothing(w):
    w.submit(BASIC)
    done = refuses(w.cli("delete"), "requires either a workflow or other argument")
    check_not_in("' deleted", done.text)
    check_equal(len(flows(w)), 1)


@row(FILE, "TestWorkflowDeleteNotFound")
def delete_not_found(w):
    says(w.cli("delete", "not-found"), "Workflow 'not-found' not found")


@row(FILE, "TestWorkflowDeleteAll")
def delete_all(w):
    w.submit(BASIC)
    check_match("Workflow 'basic-.*' deleted", says(w.cli("delete", "--all", *TEST)).text)


@row(FILE, "TestWorkflowDeleteCompleted")
def delete_completed(w):
    w.submit("e2e/testdata/sleep-3s.yaml")
    check_not_in("deleted", says(w.cli("delete", "--completed", *TEST)).text)
    w.wait()
    says(w.cli("delete", "--completed", *TEST), "deleted")


@row(FILE, "TestWorkflowDeleteResubmitted")
def delete_resubmitted(w):
    w.submit(EXIT_1).wait()
    says(w.cli("resubmit", "--memoized", "@latest"), *HEADINGS)
    says(w.cli("delete", "--resubmitted", *TEST), "deleted")


@row(FILE, "TestWorkflowDeleteOlder")
def delete_older(w):
    w.submit(BASIC).wait()
    check_not_in("deleted", says(w.cli("delete", "--older", "1d", *TEST)).text)
    says(w.cli("delete", "--older", "0s", *TEST), "deleted")


@row(FILE, "TestWorkflowDeleteByPrefix")
def delete_by_prefix(w):
    w.submit(BASIC)
    check_not_in("deleted", says(w.cli("delete", "--prefix", "missing-prefix", *TEST)).text)
    says(w.cli("delete", "--prefix", "basic", *TEST), "deleted")


# ---- retry ----

@row(FILE, "TestWorkflowRetry")
def retry(w):
    w.submit("e2e/testdata/retry-test.yaml").wait_node("steps-inner-step2", "Running")
    check_match("workflow retry-test-.* terminated", says(w.cli("terminate", "@latest")).text)
    w.wait("Failed")
    ended = w.status["finishedAt"]
    first = w.node("steps-inner-step1")
    says(w.cli("retry", "@latest", "--restart-successful", "--node-field-selector", "templateName==steps-inner"), "Name:", "Namespace:")
    w.wait_node("steps-inner-step2", "Running")
    check(w.node("steps-outer-step1")["finishedAt"] <= ended, "the outer step was run again")
    again = w.node("steps-inner-step1")
    check(ended <= again["finishedAt"] and first["startedAt"] <= again["startedAt"], "the inner step was not run again")


@row(FILE, "TestWorkflowRetryFailedWorkflow", isolation="host")
def retry_failed(w):
    w.submit("e2e/testdata/fail-first-pass-second.yaml").wait("Failed")
    says(w.cli("retry", "-l", "workflows.argoproj.io/workflow=fail-first-pass-second-workflow", "--namespace=argo"))
    w.wait("Succeeded")


@row(FILE, "TestWorkflowRetryNestedDag")
def retry_nested_dag(w):
    w.submit("e2e/testdata/retry-nested-dag-test.yaml").wait("Failed")
    says(w.cli("retry", w.name, "--restart-successful", "--node-field-selector",
               "name=retry-nested-dag.dag1-step2.dag2-step1.dag3-step1"), "Name:", "Namespace:")
    w.wait("Failed")
    for name in ("dag3-step1", "dag3-step2", "dag3-step3"):
        check_equal(w.node(name)["phase"], "Succeeded", name)


@row(FILE, "TestWorkflowRetryWithRecreatedPVC", isolation="host")
def retry_with_recreated_claim(w):
    w.submit("e2e/testdata/retry-with-recreated-pvc-test.yaml").wait("Failed")
    says(w.cli("retry", w.name), "Name:", "Namespace:")
    w.wait("Failed")
    check_equal((w.node("print")["phase"], w.node("print")["message"]), ("Failed", "main: Error (exit code 1)"))


@row(FILE, "TestRetryWorkflowWithContinueOn")
def retry_with_continue_on(w):
    for doc in w.docs("e2e/testdata/retry-workflow-with-continueon.yaml"):  # called a template there, and submitted as a workflow
        w.submit({**doc, "kind": "Workflow"})
    w.wait("Failed")
    check_equal(len(w.nodes), 7)
    says(w.cli("retry", w.name), "Name:", "Namespace:")
    w.wait("Failed")
    check_equal(len(w.nodes), 7)
    check_equal(len(named(w, ".success")["children"]), 2)


@row(FILE, "TestRetryWorkflowWithFailedExitHandler")
def retry_with_failed_exit_handler(w):
    w.submit("e2e/testdata/retry-workflow-with-failed-exit-handler.yaml").wait("Failed")
    check_equal(len(w.nodes), 2)
    says(w.cli("retry", w.name), "Name:", "Namespace:")
    w.wait("Failed")
    check_equal(len(w.nodes), 2)
    check_equal(w.node(w.name)["phase"], "Succeeded")
    check_equal(named(w, ".onExit")["phase"], "Failed")
    check_in("exit code 1", named(w, ".onExit")["message"])


@row(FILE, "TestRetryOmit")
def retry_omit(w):
    w.submit("e2e/testdata/retry-omit.yaml").wait("Failed")
    check_equal(w.node("O")["phase"], "Omitted")
    says(w.cli("retry", "@latest"))


# ---- resubmit ----

@row(FILE, "TestWorkflowResubmit")
def resubmit(w):
    w.submit(EXIT_1).wait()
    says(w.cli("resubmit", "--memoized", "@latest"), *HEADINGS)


@row(FILE, "TestWorkflowResubmitDAGWithDependencies")
def resubmit_dag(w):
    w.submit("e2e/testdata/resubmit-dag-with-dependencies.yaml").wait("Failed")
    w.name = says(w.cli("resubmit", "--memoized", "@latest"), *HEADINGS).out.split()[1]
    w.wait("Failed")
    check_equal(len(w.nodes), 5)
    check_equal(named(w, ".A")["type"], "Skipped")
    check_in("original pod", named(w, ".A")["message"])
    check_equal(named(w, ".B")["phase"], "Failed")
    check_in("exit code 1", named(w, ".B")["message"])
    for name in (".C", ".D"):
        check_equal(named(w, name)["type"], "Skipped")
        check_in("omitted: depends condition not met", named(w, name)["message"])


@row(FILE, "TestWorkflowResubmitByLabelSelector")
def resubmit_by_label(w):
    w.submit(EXIT_1).wait()
    says(w.cli("resubmit", "--selector", "workflows.argoproj.io/test=true"), *HEADINGS)


@row(FILE, "TestWorkflowResubmitByFieldSelector")
def resubmit_by_field(w):
    w.submit(EXIT_1).wait()
    says(w.cli("resubmit", "--field-selector", "metadata.namespace=argo"), *HEADINGS)


# ---- archive ----

def archived(w):
    return w.wf["metadata"].get("labels", {}).get("workflows.argoproj.io/workflow-archiving-status") == "Archived"


@row(FILE, "TestArchive")
def archive(w):
    w.submit(BASIC).wait()
    w.until("archived", lambda: archived(w))
    uid = w.wf["metadata"]["uid"]
    lines = says(w.cli("archive", "list", "--chunk-size", "1")).out.split("\n")
    for column, value in (("NAMESPACE", "argo"), ("NAME", w.name), ("STATUS", "Succeeded"), ("UID", uid)):
        check_in(column, lines[0].split())
        check_in(value, lines[1].split())
    says(w.cli("archive", "get", uid), *HEADINGS, "Started:", "Finished:", "Duration:")
    says(w.cli("archive", "get", "--uid", uid), "Name:")
    says(w.cli("archive", "get", "--name", w.name), "Name:")
    refuses(w.cli("archive", "get", "--name", uid), "not found")
    says(w.cli("archive", "delete", uid), "Archived workflow", "deleted")


@row(FILE, "TestArchiveLabel")
def archive_label(w):
    name = "workflow-template-whalesay-template"
    w.create(f"e2e/smoke/{name}.yaml")
    w.name = says(w.cli("submit", "--from", f"workflowtemplate/{name}", *LABEL)).out.split()[1]
    w.wait("Succeeded")
    w.until("archived", lambda: archived(w))
    check_in("workflows.argoproj.io/test", says(w.cli("archive", "list-label-keys")).out.split("\n"))
    check_equal(says(w.cli("archive", "list-label-values", *TEST)).out.split("\n")[0], "true")
