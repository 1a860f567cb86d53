"""cli_test.go: lint, and the commands of templates, cron workflows and limits of locks."""
import os
import shutil

from cli_test import BASIC, FILE, LABEL, TEMPLATE_HEADINGS, raw, refuses, says
from world import check, check_equal, check_in, check_not_in, row

FINE = "no linting errors found"
WHALESAY = "smoke/workflow-template-whalesay-template.yaml"
CLUSTER = "cluster-workflow-template-whalesay-template"
CRON_HEADINGS = ("Name:", "Namespace:", "Created:", "Schedules:", "Suspended:", "StartingDeadlineSeconds:", "ConcurrencyPolicy:")
CRON_COLUMNS = ("NAME", "AGE", "LAST RUN", "SCHEDULES", "SUSPENDED")
BASIC_CRON = "test-cron-wf-basic"


@row(FILE, "TestWorkflowLint")
def lint(w):
    def lints(*args):
        return w.cli("lint", *args[:-1], raw(w, args[-1]))

    for path in ("smoke/basic.yaml", "smoke/empty-template-steps.yaml", "testdata/exit-1.yaml"):
        says(lints(path), FINE)
    for path, said in (
            ("empty-parameter-dag", "templates.abc.tasks.a templates.whalesay inputs.parameters.message was not supplied"),
            ("empty-parameter-steps", "templates.abc.steps[0].a templates.whalesay inputs.parameters.message was not supplied"),
            ("misreference-template-name", "templates.steps-with-misreference.steps[1].hello2 template name 'hell0' undefined")):
        refuses(lints(f"expectedfailures/{path}.yaml"), said, "1 linting errors found!")
    w.create(f"e2e/{WHALESAY}")
    says(lints("smoke/hello-world-workflow-tmpl.yaml"), FINE)
    says(lints("testdata/workflow-template-nested-template.yaml"), FINE)
    folder = os.path.join(w.server.dir, "folder")
    os.mkdir(folder)
    shutil.copy(raw(w, "smoke/basic.yaml"), os.path.join(folder, "my-workflow.yaml"))
    says(w.cli("lint", folder), FINE)
    done = lints("--kinds", "wf", "testdata/workflow-template-nested-template.yaml")
    check_not_in("Usage:", refuses(done, "found nothing to lint in the specified paths, failing...").text)
    refuses(lints("testdata/malformed/malformed-workflowtemplate-2.yaml"), "spec.templates[0].name is required",
            "1 linting errors found!")
    says(lints("--kinds", "cronwf", "cron/cron-and-malformed-template.yaml"), FINE)


@row(FILE, "TestWorkflowOfflineLint")
def offline_lint(w):
    says(w.cli("lint", "--offline=true", "--kinds=workflows", raw(w, "smoke/basic.yaml"), env={"ARGO_SERVER": ""}), FINE)


@row(FILE, "TestTemplateCommands")
def template_commands(w):
    def template(*args):
        return w.cli("template", *args)

    first, second = w.path("e2e/testdata/basic-workflowtemplate.yaml"), w.path("e2e/testdata/basic-workflowtemplate-update.yaml")
    refuses(template("lint"), "Error: requires at least 1 arg(s), only received 0", "Usage:")
    says(template("lint", raw(w, "testdata/basic-workflowtemplate.yaml")), f"{FINE}!")
    refuses(template("lint", raw(w, "testdata/workflow-templates")), "invalid-workflowtemplate.yaml",
            'unknown field "spec.entrypoints"', "linting errors found!")
    says(template("create", first), *TEMPLATE_HEADINGS)
    says(template("list"), "NAME")
    refuses(template("get", "not-found"), '"not-found" not found')
    says(template("get", "basic"), *TEMPLATE_HEADINGS)
    says(w.cli("submit", "--from", "workflowtemplate/basic"), *TEMPLATE_HEADINGS)
    says(template("update", second), *TEMPLATE_HEADINGS)
    says(template("get", "basic", "-o", "yaml"), "entrypoint: main-2", "name: main-2")
    says(template("update", first), *TEMPLATE_HEADINGS)
    done = says(template("get", "basic", "-o", "yaml"), "entrypoint: main", "name: main")
    check_not_in("main-2", done.text)
    says(template("delete", "basic"))


@row(FILE, "TestClusterTemplateCommands")
def cluster_template_commands(w):
    def template(*args):
        return says(w.cli("cluster-template", *args), CLUSTER)

    template("create", w.path(f"e2e/smoke/{CLUSTER}.yaml"))
    template("get", CLUSTER)
    template("update", w.path(f"e2e/smoke/{CLUSTER}-update.yaml"))
    check_in("Updated: {{inputs.parameters.message}}", template("get", CLUSTER, "-o", "yaml").out)
    template("update", w.path(f"e2e/smoke/{CLUSTER}-update-parameters.yaml"))
    check_in("thanks", template("get", CLUSTER, "-o", "yaml").out)
    template("list")
    template("delete", CLUSTER)


@row(FILE, "TestWorkflowTemplateRefSubmit")
def template_ref_submit(w):
    says(w.cli("template", "create", w.path(f"e2e/{WHALESAY}")), *TEMPLATE_HEADINGS)
    says(w.cli("submit", w.path("e2e/testdata/workflow-template-ref.yaml"), *LABEL), *TEMPLATE_HEADINGS)
    says(w.cli("cluster-template", "create", w.path(f"e2e/smoke/{CLUSTER}.yaml")), "Name:", "Created:")
    says(w.cli("submit", w.path("e2e/testdata/cluster-workflow-template-ref.yaml"), *LABEL), *TEMPLATE_HEADINGS)


@row(FILE, "TestCronCommands")
def cron_commands(w):
    def cron(verb, *args):
        return w.cli("cron", verb, *args)

    basic = w.path("e2e/cron/basic.yaml")
    says(cron("lint", raw(w, "cron/basic.yaml")), f"{FINE}!")
    says(w.cli("lint", raw(w, "cron/basic.yaml")), f"{FINE}!")
    refuses(cron("lint", raw(w, "testdata/workflow-template-nested-template.yaml")),
            "found nothing to lint in the specified paths, failing...")
    says(cron("lint", raw(w, "cron/cron-and-malformed-template.yaml")), f"{FINE}!")
    says(w.cli("template", "create", w.path("e2e/cron/cron-backfill-template.yaml")))
    says(cron("lint", raw(w, "cron")), f"{FINE}!")
    says(w.cli("template", "delete", "job"))
    says(cron("create", basic), *CRON_HEADINGS)
    says(cron("delete", BASIC_CRON))
    says(cron("create", basic, "--schedule", "1 2 3 * *", *LABEL), "Schedules:                     1 2 3 * *")
    for path, words in (("basic-update", ("startingDeadlineSeconds: 10", "successfulJobsHistoryLimit: 5",
                                          "failedJobsHistoryLimit: 3", "argosay")),
                        ("basic-update-template", ("whalesay",))):
        says(cron("update", w.path(f"e2e/cron/{path}.yaml")), "Schedules:                     5 5 5 * *")
        says(cron("get", BASIC_CRON, "-o", "yaml"), "5 5 5 * *", "Replace", *words)
    says(cron("create", w.path("e2e/cron/param.yaml"), "-p", 'message="bar test passed"', *LABEL), "bar test passed")
    for flag, value in (("--name", "basic-cron-wf-overridden-name"), ("--generate-name", "basic-cron-wf-overridden-generate-name-")):
        check_in(f"Name:{value}", says(cron("create", basic, flag, value, *LABEL)).out.replace(" ", ""))
    says(cron("list"), *CRON_COLUMNS)
    says(cron("create", w.path("e2e/cron/cron-workflow-with-labels.yaml")))
    says(cron("create", basic, "--name", "cron-wf-without-labels"))
    done = says(cron("list", "-l client=importantclient"), *CRON_COLUMNS, "test-cwf-with-labels")
    check_not_in("cron-wf-without-labels", done.text)
    says(cron("suspend", BASIC_CRON), f"CronWorkflow '{BASIC_CRON}' suspended")
    says(cron("resume", BASIC_CRON), f"CronWorkflow '{BASIC_CRON}' resumed")
    refuses(cron("get", "not-found"), '"not-found" not found')
    says(cron("get", BASIC_CRON), *CRON_HEADINGS)
    says(cron("create", w.path("e2e/cron/multiple-schedules.yaml")), "Schedules:                     * * * * *,*/2 * * * *")


@row(FILE, "TestCronWorkflowsBackfillCommands", isolation="host")
def backfill(w):
    says(w.cli("template", "create", w.path("e2e/cron/cron-backfill-template.yaml")), *TEMPLATE_HEADINGS)
    says(w.cli("cron", "create", w.path("e2e/cron/cron-daily-job.yaml")), "Schedules:                     0 2 * * *")

    def fill(end, *more):
        return w.cli("cron", "backfill", "daily-job", "--start", "Wed, 21 Oct 2024 15:28:00 GMT", "--end", end, "--argname", "date", *more)

    says(fill("Wed, 21 Oct 2024 16:28:00 GMT"), "There is no suitable scheduling time.")
    says(fill("Sat, 24 Oct 2024 15:28:00 GMT", "--parallel", "true"), "Backfill task for Cronworkflow daily-job", "Backfill Period :",
         "Start Time : Wed, 21 Oct 2024 15:28:00 GMT", "End Time : Sat, 24 Oct 2024 15:28:00 GMT", "Total Backfill Schedule: 3")
    name = w.until("the workflow", lambda: [line for line in says(w.cli("list", "-o", "name")).out.split() if "backfill-wf" in line])[0]
    says(w.cli("watch", name), *(f"2024-10-{day} 02:00:00 +0000 GMT" for day in (22, 23, 24)), "Status:              Succeeded")
    says(w.cli("delete", "--prefix", "backfill-wf"))


def sync_commands(w, key, place, words):
    for verb, flags, said in (("create", ("--limit", "1000"), "created"), ("get", (), None),
                              ("update", ("--limit", "2000"), "updated")):
        limit = "2000" if verb == "update" else "1000"
        done = says(w.cli("sync", verb, key, *place, *flags), f"Key: {key}", *words, "Namespace: argo", f"Limit: {limit}")
        if said:
            check_in(f"Sync limit {said}", done.text)
    says(w.cli("sync", "delete", key, *place), "Sync limit deleted")


@row(FILE, "TestConfigMapSyncCLI")
def sync_config_map(w):
    sync_commands(w, "test-key", ("--type", "configmap", "--cm-name", "test-sync-configmap"),
                  ("Type: configmap", "ConfigMap Name: test-sync-configmap"))


@row(FILE, "TestDBSyncCLI")
def sync_database(w):
    sync_commands(w, "test-db-limit-key", ("--type", "database"), ("Type: database",))
