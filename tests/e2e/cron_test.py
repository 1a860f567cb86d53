"""cron_test.go: CronWorkflows of each policy. Where upstream waits for minutes, schedules are @every few seconds: what is told apart is
the policy; the rows about a minute keep it."""
import datetime
import os
import zoneinfo

from world import Refused, check, check_equal, check_match, row

FILE = "cron_test.go"
SAY = {"image": "argoproj/argosay:v2"}
LONG = {"args": ["sleep", "300s"]}
FAILS = {"args": ["exit", "1"]}
COMPLETED = "workflows.argoproj.io/completed"


def cron(w, name, schedules, container=None, **spec):
    w.create({"kind": "CronWorkflow", "metadata": {"name": name}, "spec": {
        "schedules": schedules, "startingDeadlineSeconds": 0, "successfulJobsHistoryLimit": 4, "failedJobsHistoryLimit": 2,
        "workflowMetadata": {"labels": {"workflows.argoproj.io/test": "true"}},
        "workflowSpec": {"podGC": {"strategy": "OnPodCompletion"}, "entrypoint": "main",
                         "templates": [{"name": "main", "container": {**SAY, **(container or {})}}]}, **spec}})


def flows(w, name):
    """Those that are there; Argo's API would list the archived, too."""
    items = w.api("GET", f"{w.server.path('Workflow')}?labelSelector=workflows.argoproj.io/cron-workflow={name}")["items"]
    return sorted(items, key=lambda i: i["metadata"]["creationTimestamp"])


def wait_for(w, name, phase, but=()):
    """The first workflow of it in a phase that is none of those names; its name."""
    def found():
        return [i["metadata"]["name"] for i in flows(w, name) if i.get("status", {}).get("phase") == phase and i["metadata"]["name"] not in but]
    return w.until(f"a workflow of {name} {phase}", found, 150)[0]


def state(w, name):
    doc = w.get("CronWorkflow", name)
    return doc, doc.get("status", {})


def age_s(time):
    then = datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
    return (datetime.datetime.now(datetime.timezone.utc) - then).total_seconds()


def check_scheduled(w, name, latest):
    doc, status = state(w, name)
    check_equal(doc["metadata"]["annotations"]["cronworkflows.argoproj.io/last-used-schedule"], latest)
    check(age_s(status["lastScheduledTime"]) < 60, status)


@row(FILE, "TestBasic/TestBasic")
def basic(w):
    cron(w, "basic", ["* * * * *"])
    wait_for(w, "basic", "Succeeded")
    check_scheduled(w, "basic", "* * * * *")


@row(FILE, "TestBasic/TestBasicTimezone")
def timezone(w):
    at = datetime.datetime.now(zoneinfo.ZoneInfo("Pacific/Niue")) + datetime.timedelta(minutes=1)
    schedule = f"{at.minute} {at.hour} * * *"
    cron(w, "zoned", [schedule], timezone="Pacific/Niue")
    wait_for(w, "zoned", "Succeeded")
    check_scheduled(w, "zoned", f"CRON_TZ=Pacific/Niue {schedule}")


@row(FILE, "TestBasic/TestMultipleWithTimezone")
def several(w):
    cron(w, "several", ["* * * * *", "0 1 * * *"], timezone="America/Los_Angeles")
    wait_for(w, "several", "Succeeded")
    check_scheduled(w, "several", "CRON_TZ=America/Los_Angeles * * * * *,CRON_TZ=America/Los_Angeles 0 1 * * *")


@row(FILE, "TestBasic/TestSuspend")
def suspend(w):
    cron(w, "stands", ["* * * * *"])
    w.api("PUT", "/api/v1/cron-workflows/argo/stands/suspend", {"name": "stands", "namespace": "argo"})
    check_equal(state(w, "stands")[0]["spec"].get("suspend"), True)


@row(FILE, "TestBasic/TestResume")
def resume(w):
    cron(w, "goes", ["* * * * *"], suspend=True)
    w.api("PUT", "/api/v1/cron-workflows/argo/goes/resume", {"name": "goes", "namespace": "argo"})
    check(not state(w, "goes")[0]["spec"].get("suspend"), "it is suspended")


@row(FILE, "TestBasic/TestBasicForbid")
def forbid(w):
    cron(w, "forbid", ["@every 3s"], LONG, concurrencyPolicy="Forbid")
    wait_for(w, "forbid", "Running")
    first = state(w, "forbid")[1]["lastScheduledTime"]
    w.until("two times have gone by", lambda: age_s(first) > 8, 20)
    status = state(w, "forbid")[1]
    check_equal((len(status["active"]), len(flows(w, "forbid")), status["lastScheduledTime"]), (1, 1, first))


@row(FILE, "TestBasic/TestBasicAllow")
def allow(w):
    cron(w, "allow", ["@every 4s"], LONG, concurrencyPolicy="Allow")
    w.until("two workflows", lambda: len(flows(w, "allow")) == 2 and len(state(w, "allow")[1].get("active") or []) == 2)


@row(FILE, "TestBasic/TestBasicReplace")
def replace(w):
    cron(w, "replace", ["@every 4s"], LONG, concurrencyPolicy="Replace")
    first = wait_for(w, "replace", "Running")
    wait_for(w, "replace", "Running", [first])
    status = state(w, "replace")[1]
    check_equal(len(status["active"]), 1)
    check(status["active"][0]["name"] != first, "the older one is active")
    check(age_s(status["lastScheduledTime"]) < 60, status)


def keeps_one(w, name, phase, container, **limits):
    cron(w, name, ["@every 3s"], container, concurrencyPolicy="Forbid", **limits)
    first = wait_for(w, name, phase)
    wait_for(w, name, phase, [first])

    def kept():
        ended = [i for i in flows(w, name) if i["metadata"].get("labels", {}).get(COMPLETED) == "true"]
        return ended if len(ended) == 1 and ended[0]["metadata"]["name"] != first else None
    left = w.until("one is kept", kept)
    check(age_s(left[0]["status"]["finishedAt"]) < 60, left)


@row(FILE, "TestBasic/TestSuccessfulJobHistoryLimit")
def successful_history(w):
    keeps_one(w, "succeeds", "Succeeded", None, successfulJobsHistoryLimit=1, failedJobsHistoryLimit=1)


@row(FILE, "TestBasic/TestFailedJobHistoryLimit")
def failed_history(w):
    keeps_one(w, "fails", "Failed", FAILS, failedJobsHistoryLimit=1)


def stops(w, name, container, expression, succeeded, failed):
    cron(w, name, ["@every 3s"], container, concurrencyPolicy="Allow", stopStrategy={"expression": expression})
    w.until("it has stopped", lambda: state(w, name)[1].get("phase") == "Stopped")
    doc, status = state(w, name)
    check_equal((status.get("succeeded", 0), status.get("failed", 0)), (succeeded, failed))
    check_equal(doc["metadata"]["labels"]["cronworkflows.argoproj.io/completed"], "true")


@row(FILE, "TestBasic/TestStoppingConditionWithSucceeded")
def stops_when_succeeded(w):
    stops(w, "enough", None, "cronworkflow.succeeded >= 1", 1, 0)


@row(FILE, "TestBasic/TestStoppingConditionWithFailed")
def stops_when_failed(w):
    stops(w, "too-much", FAILS, "cronworkflow.failed >= 1", 0, 1)


@row(FILE, "TestBasic/TestCronWorkflowFromWorkflowTemplateHasLabel")
def from_template(w):
    w.create({"kind": "WorkflowTemplate", "metadata": {"name": "workflow-template-cron"},
              "spec": {"entrypoint": "main", "templates": [{"name": "main", "container": SAY}]}})
    w.create({"kind": "CronWorkflow", "metadata": {"name": "from-template"}, "spec": {
        "schedules": ["@every 3s"], "startingDeadlineSeconds": 59, "workflowSpec": {"workflowTemplateRef": {"name": "workflow-template-cron"}}}})
    w.submit_from("cronworkflow", "from-template")
    check_equal(w.wf["metadata"]["labels"]["workflows.argoproj.io/workflow-template"], "workflow-template-cron")
    w.name = w.until("its run", lambda: flows(w, "from-template"))[0]["metadata"]["name"]
    check_equal(w.wf["metadata"]["labels"]["workflows.argoproj.io/workflow-template"], "workflow-template-cron")


@row(FILE, "TestBasic")
def all_of_it(w):
    """Its thirteen parts are rows of their own; here they stand side by side in one daemon."""
    cron(w, "runs", ["@every 2s"])
    cron(w, "stands", ["@every 2s"], suspend=True)
    wait_for(w, "runs", "Succeeded")
    check_equal(flows(w, "stands"), [])


def kubectl_refuses(w, source, text):
    """What kubectl apply says of a file of the corpus."""
    try:
        w.server.create(w.docs(os.path.join("e2e", source))[0])
    except Refused as wrong:
        check_match(text, str(wrong))
        return
    check(False, source, "was taken")


@row(FILE, "TestMalformedCronWorkflow")
def malformed(w):
    kubectl_refuses(w, "testdata/malformed/malformed-cronworkflow.yaml", "spec.workflowSpec.arguments.parameters: expected (a )?list")
