/*
 * Tests of whole commands that send manifests or change what there is: the program runs against
 * a server that answers what a case says, and must send exactly these requests, print exactly
 * this, and end with this code.
 */
#include "cli/world_test.h"

/* ---- commands with files ---- */

static const char flow[] =
    "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: w}\n"
    "spec:\n  entrypoint: m\n  templates: [{name: m, container: {image: i}}]\n";
static const char template_text[] =
    "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: t}\n"
    "spec: {templates: [{name: m, container: {image: i}}]}\n";

#define FLOW                                                                                  \
    " {\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{\"name\":" \
    "\"w\"},\"spec\":{\"entrypoint\":\"m\",\"templates\":[{\"name\":\"m\",\"container\":{"    \
    "\"image\":\"i\"}}]}}\n"
#define TEMPLATE                                                                               \
    " {\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"WorkflowTemplate\",\"metadata\":{"   \
    "\"name\":\"t\"},\"spec\":{\"templates\":[{\"name\":\"m\",\"container\":{\"image\":\"i\"}" \
    "}]}}\n"

#define SOURCE(more)                                                                 \
    " {\"apiVersion\":\"argoproj.io/"                                                \
    "v1alpha1\",\"kind\":\"EventSource\",\"metadata\":{\"name\":"                    \
    "\"b\"" more                                                                     \
    "},\"spec\":{\"webhook\":{\"a\":{\"port\":\"1\",\"endpoint\":\"/a\",\"method\":" \
    "\"POST\"}}}}\n"
#define CRON(more)                                                                           \
    " {\"apiVersion\":\"argoproj.io/"                                                        \
    "v1alpha1\",\"kind\":\"CronWorkflow\",\"metadata\":{\"name\":"                           \
    "\"c\"},\"spec\":{\"schedules\":[\"* * * * *\"],\"workflowSpec\":{\"entrypoint\":\"m\"," \
    "\"templates\":[{\"name\":\"m\",\"container\":{\"image\":\"i\"}}]}" more "}}\n"

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_submit(void **state)
{
    static const struct command_case cases[] = {
        {"argo submit flow.yaml -o name",
         {{201, WORKFLOW("w", "")}},
         "POST ~workflows" FLOW,
         "w\n",
         NULL,
         0},
        {"argo submit flow.yaml -o name --server-dry-run",
         {{201, WORKFLOW("w", "")}},
         "POST ~workflows?dryRun=All" FLOW,
         "w\n",
         NULL,
         0},
        {"argo submit flow.yaml -o name --dry-run", {{0}}, "", "w\n", NULL, 0},
        {"argo submit flow.yaml --dry-run",
         {{0}},
         "",
         "",
         "Error: --dry-run should have an output option\n",
         1},
        {"argo submit flow.yaml --wait --watch",
         {{0}},
         "",
         "",
         "Error: --wait cannot be combined with --watch\n",
         1},
        {"argo submit flow.yaml flow.yaml --watch",
         {{0}},
         "",
         "",
         "Error: cannot watch more than one workflow\n",
         1},
        {"argo submit template.yaml",
         {{0}},
         "",
         "",
         "Error: no workflow found in given files\n",
         1},
        {"argo submit", {{0}}, "", "", "Error: no workflow found in given files\n", 1},
        {"tiphys submit template.yaml",
         {{0}},
         "",
         "",
         "Error: no workflow found in given files: template.yaml holds a WorkflowTemplate, "
         "which "
         "'tiphys apply -f template.yaml' creates\n",
         1},
        {"tiphys submit both.yaml -o name",
         {{201, WORKFLOW("w", "")}},
         "POST ~workflows" FLOW,
         "w\n",
         "Warning: both.yaml: the ConfigMap \"limits\" is not created: submit makes workflows "
         "alone, 'tiphys apply -f both.yaml' all\n",
         0},
        {"tiphys submit slip.yaml",
         {{0}},
         "",
         "",
         "Error: no workflow found in given files: slip.yaml: there is no kind \"WorkFlow\", "
         "did "
         "you mean \"Workflow\"?\n",
         1},
        {"tiphys submit flow.yaml -o name -p whoo=x",
         {{201, WORKFLOW("w", "")}},
         "POST ~workflows"
         " {\"apiVersion\":\"argoproj.io/"
         "v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{\"name\":"
         "\"w\"},\"spec\":{\"entrypoint\":\"m\",\"templates\":[{\"name\":\"m\",\"container\":{"
         "\"image\":\"i\"}}],\"arguments\":{\"parameters\":[{\"name\":\"whoo\",\"value\":\"x\"}"
         "]"
         "}}}\n",
         "w\n",
         "Warning: -p whoo: the workflow has no argument of that name\n",
         0},
        {"tiphys submit --from wftmpl/t -o name -p whoo=x -p who=y -p used=z",
         {{200,
           "{\"spec\":{\"arguments\":{\"parameters\":[{\"name\":\"who\"}]},\"templates\":[{"
           "\"name\":\"{{workflow.parameters.used}}\"}]}}"},
          {201, WORKFLOW("w", "")}},
         "GET ~workflowtemplates/t\nPOST ~workflows"
         " {\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
         "\"generateName\":\"t-\"},\"spec\":{\"workflowTemplateRef\":{\"name\":\"t\"},"
         "\"arguments\":{\"parameters\":[{\"name\":\"whoo\",\"value\":\"x\"},{\"name\":\"who\","
         "\"value\":\"y\"},{\"name\":\"used\",\"value\":\"z\"}]}}}\n",
         "w\n",
         "Warning: -p whoo: the workflow has no argument of that name, did you mean \"who\"?\n",
         0},
        {"tiphys submit flow.yaml -o name",
         {{400,
           MESSAGE("no: spec.arguments.x.value or spec.arguments.x.valueFrom is required")}},
         "POST ~workflows" FLOW,
         "",
         "Error: failed to submit workflow: no: spec.arguments.x.value or "
         "spec.arguments.x.valueFrom is required: give it with -p x=VALUE\n",
         1},
        {"argo submit broken.yaml",
         {{0}},
         "",
         "",
         "Error: yaml file is not valid: index=0: broken.yaml:2:1: did not find expected node "
         "content "
         "while parsing a flow node\n",
         1},
        {"argo submit loose.yaml",
         {{0}},
         "",
         "",
         "Error: loose.yaml:7:1: more: unknown field \"more\"\n",
         1},
        {"argo submit loose.yaml --strict=false -o name",
         {{201, WORKFLOW("w", "")}},
         "POST ~workflows" FLOW,
         "w\n",
         NULL,
         0},
        {"argo submit flow.yaml -o name",
         {{400, MESSAGE("not so")}},
         "POST ~workflows" FLOW,
         "",
         "Error: failed to submit workflow: not so\n",
         1},
        {"argo submit flow.yaml -o name --wait",
         {{201, WORKFLOW("w", "")},
          {200, WORKFLOW("w", ENDED("Failed"))},
          {200, WORKFLOW("w", ENDED("Failed"))}},
         "POST ~workflows" FLOW "GET ~workflows/w\nGET ~workflows/w\n",
         "w\n",
         NULL,
         1},
        {"argo submit flow.yaml -o name --log",
         {{201, WORKFLOW("w", "")},
          {200, WORKFLOW("w", ENDED("Succeeded"))},
          {200, WORKFLOW("w", ENDED("Succeeded"))},
          {200, WORKFLOW("w", ENDED("Succeeded"))},
          {200, WORKFLOW("w", ENDED("Succeeded"))}},
         "POST ~workflows" FLOW "GET ~workflows/w\nGET ~workflows/w\nGET ~workflows/w\nGET "
         "~workflows/w\n",
         "w\n",
         NULL,
         0},
        {"argo submit --from wftmpl/t --name n -o name",
         {{201, WORKFLOW("n", "")}},
         "POST ~workflows {\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\","
         "\"metadata\":{\"generateName\":\"t-\",\"name\":\"n\"},\"spec\":{"
         "\"workflowTemplateRef\":"
         "{\"name\":\"t\"}}}\n",
         "n\n",
         NULL,
         0},
    };

    CHECK_ALL(cases);
}

static void test_templates(void **state)
{
    static const struct command_case cases[] = {
        {"argo template create template.yaml -o name",
         {{201, OBJECT("WorkflowTemplate", "t")}},
         "POST ~workflowtemplates" TEMPLATE,
         "t\n",
         NULL,
         0},
        {"argo template update template.yaml -o name",
         {{200, OBJECT("WorkflowTemplate", "t")}},
         "PUT ~workflowtemplates/t" TEMPLATE,
         "t\n",
         NULL,
         0},
        {"argo template create template.yaml",
         {{409, MESSAGE("already exists")}},
         "POST ~workflowtemplates" TEMPLATE,
         "",
         "Error: failed to create workflow template: already exists\n",
         1},
        {"argo template create flow.yaml",
         {{0}},
         "",
         "",
         "Error: No workflow template found in given files\n",
         1},
        {"argo cwft create template.yaml",
         {{0}},
         "",
         "",
         "Error: No cluster workflow template found in given files\n",
         1},
        {"argo template list",
         {{200,
           LIST(OBJECT("WorkflowTemplate", "long-name") "," OBJECT("WorkflowTemplate", "b"))}},
         "GET ~workflowtemplates\n",
         "NAME\nlong-name   \nb           \n",
         NULL,
         0},
        {"argo template list -A -l a=b",
         {{200, LIST(OBJECT("WorkflowTemplate", "t"))}},
         "GET /apis/argoproj.io/v1alpha1/workflowtemplates?labelSelector=a%3Db\n",
         "NAMESPACE   NAME\ndefault     t   \n",
         NULL,
         0},
        {"argo cluster-template list -o name",
         {{200, LIST(OBJECT("ClusterWorkflowTemplate", "t"))}},
         "GET /apis/argoproj.io/v1alpha1/clusterworkflowtemplates\n",
         "t\n",
         NULL,
         0},
        {"argo template delete a b",
         {{200, "{}"}, {404, MESSAGE("no b")}},
         "DELETE ~workflowtemplates/a\nDELETE ~workflowtemplates/b\n",
         "WorkflowTemplate 'a' deleted\n",
         "Error: no b\n",
         1},
        {"argo cluster-template delete --all",
         {{200, LIST(OBJECT("ClusterWorkflowTemplate", "t"))}, {200, "{}"}},
         "GET /apis/argoproj.io/v1alpha1/clusterworkflowtemplates\nDELETE /apis/argoproj.io/"
         "v1alpha1/clusterworkflowtemplates/t\n",
         "ClusterWorkflowTemplate 't' deleted\n",
         NULL,
         0},
        {"argo template get t -o name",
         {{200, OBJECT("WorkflowTemplate", "t")}},
         "GET ~workflowtemplates/t\n",
         "t\n",
         NULL,
         0},
        {"argo template lint template.yaml -o simple",
         {{0}},
         "",
         "no linting errors found!\n",
         NULL,
         0},
        {"argo template lint flow.yaml -o simple",
         {{0}},
         "",
         "found nothing to lint in the specified paths, failing...\n",
         NULL,
         1},
        {"argo lint uses.yaml -o simple", /* no file holds it: the server is asked */
         {{200, "{\"apiVersion\":\"argoproj.io/"
                "v1alpha1\",\"kind\":\"WorkflowTemplate\",\"metadata\":{"
                "\"name\":\"t\"},\"spec\":{\"entrypoint\":\"m\",\"templates\":[{\"name\":\"m\","
                "\"suspend\":{}}]}}"}},
         "GET ~workflowtemplates/t\n",
         "no linting errors found!\n",
         NULL,
         0},
        {"argo lint flow.yaml template.yaml --kinds wf",
         {{0}},
         "",
         "✔ no linting errors found!\n",
         NULL,
         0},
    };

    CHECK_ALL(cases);
}

/* Manifests of the web. */
static void test_addresses(void **state)
{
    static const struct {
        const char *line;
        struct answer answers[ANSWERS_MAX];
        const char *requests, *out, *err;
    } cases[] = {
        {"argo submit http://%s/a/flow.yaml -o name",
         {{200, flow}, {201, WORKFLOW("w", "")}},
         "GET /a/flow.yaml\nPOST ~workflows" FLOW,
         "w\n",
         ""},
        {"tiphys apply -f http://%s/t.yaml",
         {{200, template_text}, {201, OBJECT("WorkflowTemplate", "t")}},
         "GET /t.yaml\nPOST ~workflowtemplates" TEMPLATE,
         "workflowtemplate.argoproj.io/t created\n",
         ""},
        {"argo submit http://%s/nobody",
         {{404, "no such file"}},
         "GET /nobody\n",
         "",
         "Error: GET http://%s/nobody: status 404\n"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    const char *server = getenv("ARGO_SERVER");

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str line = STR(""), said = STR(""), rest = str_from(cases[i].line), part;
        struct command_case c = {.requests = cases[i].requests, .out = cases[i].out};

        for (; str_cut(&rest, '%', &part); rest = str_is_none(rest) ? rest : str_skip(rest, 1))
            line = str_printf(a, STR_FMT STR_FMT "%s", STR_ARG(line), STR_ARG(part),
                              str_is_none(rest) ? "" : server);
        rest = str_from(cases[i].err);
        for (; str_cut(&rest, '%', &part); rest = str_is_none(rest) ? rest : str_skip(rest, 1))
            said = str_printf(a, STR_FMT STR_FMT "%s", STR_ARG(said), STR_ARG(part),
                              str_is_none(rest) ? "" : server);
        memcpy(c.answers, cases[i].answers, sizeof(c.answers));
        c.line = line.ptr;
        c.err = said.ptr;
        c.code = said.len > 0;
        check(*state, &c);
    }
}

static void test_apply(void **state)
{
    static const struct command_case cases[] = {
        {"tiphys apply -f template.yaml",
         {{201, OBJECT("WorkflowTemplate", "t")}},
         "POST ~workflowtemplates" TEMPLATE,
         "workflowtemplate.argoproj.io/t created\n",
         NULL,
         0},
        {"tiphys apply template.yaml",
         {{409, MESSAGE("already exists")},
          {200, OBJECT("WorkflowTemplate", "t")},
          {200, OBJECT("WorkflowTemplate", "t")}},
         "POST ~workflowtemplates" TEMPLATE "GET ~workflowtemplates/t\n"
         "PUT ~workflowtemplates/t" TEMPLATE,
         "workflowtemplate.argoproj.io/t configured\n",
         NULL,
         0},
        {"tiphys apply template.yaml", /* the server's own members do not count */
         {{409, MESSAGE("already exists")},
          {200,
           "{\"kind\":\"WorkflowTemplate\",\"apiVersion\":\"argoproj.io/v1alpha1\","
           "\"metadata\":{\"name\":\"t\",\"uid\":\"u\",\"resourceVersion\":\"7\"},\"spec\":{"
           "\"templates\":[{\"name\":\"m\",\"container\":{\"image\":\"i\"}}]}}"}},
         "POST ~workflowtemplates" TEMPLATE "GET ~workflowtemplates/t\n",
         "workflowtemplate.argoproj.io/t unchanged\n",
         NULL,
         0},
        {"tiphys apply source.yaml", /* a pause in between is seen */
         {{409, MESSAGE("already exists")},
          {200, "{\"kind\":\"EventSource\",\"metadata\":{\"resourceVersion\":\"7\"}}"},
          {409, MESSAGE("the object has been modified")},
          {200, "{\"kind\":\"EventSource\",\"metadata\":{\"resourceVersion\":\"8\","
                "\"annotations\":{\"tiphys/paused\":\"true\"}}}"},
          {200, OBJECT("EventSource", "b")}},
         "POST ~eventsources" SOURCE("") "GET ~eventsources/b\nPUT ~eventsources/b" SOURCE(
             ",\"resourceVersion\":"
             "\"7\"") "GET "
                      "~eventsources/b\nPUT ~eventsources/b" SOURCE(
                          ",\"annotations\":{\"tiphys/"
                          "paused\":\"true\"},\"resourceVersion\":\"8\""),
         "eventsource.argoproj.io/b configured: it stays paused until 'tiphys events resume'\n",
         NULL,
         0},
        {"tiphys apply cron.yaml", /* it went in between */
         {{409, MESSAGE("already exists")}, {404, MESSAGE("gone")}},
         "POST ~cronworkflows" CRON("") "GET ~cronworkflows/c\n",
         "",
         "Error: cron.yaml: gone\n",
         1},
        {"tiphys apply source.yaml", /* a pause stays */
         {{409, MESSAGE("already exists")},
          {200, "{\"kind\":\"EventSource\",\"metadata\":{\"annotations\":{\"tiphys/"
                "paused\":\"true\"}}}"},
          {200, OBJECT("EventSource", "b")}},
         "POST ~eventsources" SOURCE("") "GET ~eventsources/b\nPUT ~eventsources/b" SOURCE(
             ",\"annotations\":{\"tiphys/paused\":\"true\"}"),
         "eventsource.argoproj.io/b configured: it stays paused until 'tiphys events resume'\n",
         NULL,
         0},
        {"tiphys apply cron.yaml", /* a suspension, too */
         {{409, MESSAGE("already exists")},
          {200, "{\"kind\":\"CronWorkflow\",\"spec\":{\"suspend\":true}}"},
          {200, OBJECT("CronWorkflow", "c")}},
         "POST ~cronworkflows" CRON("") "GET ~cronworkflows/c\nPUT ~cronworkflows/c" CRON(
             ",\"suspend\":true"),
         "cronworkflow.argoproj.io/c configured: it stays suspended, as the manifest does not "
         "say: 'tiphys cron resume'\n",
         NULL,
         0},
        {"tiphys apply cron.yaml",
         {{409, MESSAGE("already exists")},
          {200, "{\"kind\":\"CronWorkflow\",\"spec\":{\"suspend\":false}}"},
          {200, OBJECT("CronWorkflow", "c")}},
         "POST ~cronworkflows" CRON("") "GET ~cronworkflows/c\nPUT ~cronworkflows/c" CRON(""),
         "cronworkflow.argoproj.io/c configured\n",
         NULL,
         0},
        {"tiphys apply template.yaml flow.yaml",
         {{400, MESSAGE("not so")}, {201, WORKFLOW("w", "")}},
         "POST ~workflowtemplates" TEMPLATE "POST ~workflows" FLOW,
         "workflow.argoproj.io/w created\n",
         "Error: template.yaml: not so\n",
         1},
        {"tiphys apply empty.yaml", {{0}}, "", "", "Error: no objects passed to apply\n", 1},
        {"tiphys apply broken.yaml template.yaml", /* one does not hinder the others */
         {{201, OBJECT("WorkflowTemplate", "t")}},
         "POST ~workflowtemplates" TEMPLATE,
         "workflowtemplate.argoproj.io/t created\n",
         "Error: broken.yaml:2:1: did not find expected node content while parsing a flow "
         "node\n",
         1},
        {"tiphys apply nobody.yaml",
         {{0}},
         "",
         "",
         "Error: open nobody.yaml: No such file or directory\n",
         1},
        {"tiphys delete -f template.yaml",
         {{200, "{}"}},
         "DELETE ~workflowtemplates/t\n",
         "workflowtemplate.argoproj.io \"t\" deleted\n",
         NULL,
         0},
        {"tiphys delete flow.yaml template.yaml",
         {{404, MESSAGE("no w")}, {200, "{}"}},
         "DELETE ~workflows/w\nDELETE ~workflowtemplates/t\n",
         "workflowtemplate.argoproj.io \"t\" deleted\n",
         "Error: no w\n",
         1},
    };

    CHECK_ALL(cases);
}

#define API(name, verb) "PUT /api/v1/workflows/default/" name "/" verb " "

static void test_operate(void **state)
{
    static const struct command_case cases[] = {
        {"argo suspend a b",
         {{200, WORKFLOW("a", "")}, {200, WORKFLOW("b", "")}},
         API("a", "suspend") "{}\n" API("b", "suspend") "{}\n",
         "workflow a suspended\nworkflow b suspended\n",
         NULL,
         0},
        {"argo suspend", {{0}}, "", "", NULL, 0},
        {"argo suspend a b",
         {{400, MESSAGE("cannot suspend completed workflows")}},
         API("a", "suspend") "{}\n",
         "",
         "Error: failed to suspend a: cannot suspend completed workflows\n",
         1},
        {"argo resume a -n x/y",
         {{200, WORKFLOW("a", "")}},
         "PUT /api/v1/workflows/x%2Fy/a/resume {}\n",
         "workflow a resumed\n",
         NULL,
         0},
        {"argo resume @latest --node-field-selector displayName==a,phase!=b",
         {{200, WORKFLOW("a", "")}},
         API("%40latest", "resume") "{\"nodeFieldSelector\":\"displayName=a,phase!=b\"}\n",
         "workflow @latest resumed\n",
         NULL,
         0},
        {"argo resume a --node-field-selector displayName",
         {{0}},
         "",
         "",
         "Error: unable to parse node field selector 'displayName': invalid selector: "
         "'displayName'; can't understand 'displayName'\n",
         1},
        {"argo stop @latest a a",
         {{200, WORKFLOW("newest", "")}, {200, WORKFLOW("a", "")}},
         API("%40latest", "stop") "{}\n" API("a", "stop") "{}\n",
         "workflow newest stopped\nworkflow a stopped\n",
         NULL,
         0},
        {"argo stop a --message late --node-field-selector id=x",
         {{200, WORKFLOW("a", "")}},
         API("a", "stop") "{\"nodeFieldSelector\":\"id=x\",\"message\":\"late\"}\n",
         "workflow a stopped\n",
         NULL,
         0},
        {"argo stop -l a=b w --dry-run",
         {{200, LIST(WORKFLOW("v", "") "," WORKFLOW("w", ""))}},
         "GET ~workflows" LABELS("a%3Db") "\n",
         "workflow v stopped (dry-run)\nworkflow w stopped (dry-run)\n",
         NULL,
         0},
        {"argo stop --field-selector metadata.name=w",
         {{200, LIST(WORKFLOW("w", ""))}, {200, WORKFLOW("w", "")}},
         "GET "
         "~workflows?limit=500&labelSelector=&fieldSelector=metadata.name%3Dw&continue=\n" API(
             "w", "stop") "{}\n",
         "workflow w stopped\n",
         NULL,
         0},
        {"argo terminate a b",
         {{200, WORKFLOW("a", "")}, {400, MESSAGE("it has ended")}},
         API("a", "terminate") "{}\n" API("b", "terminate") "{}\n",
         "workflow a terminated\n",
         "Error: it has ended\n",
         1},
        {"argo terminate -l a --dry-run",
         {{200, LIST("")}},
         "GET ~workflows" LABELS("a") "\n",
         "",
         NULL,
         0},
        {"argo node set w -p a=1 -p b=\"x\\n\" -p c=\"q --node-field-selector displayName=d",
         {{200, WORKFLOW("w", "")}},
         API("w", "set") "{\"outputParameters\":\"{\\\"a\\\":\\\"1\\\",\\\"b\\\":"
                         "\\\"x\\\\n\\\",\\\"c\\\":\\\"\\\\\\\"q\\\"}\","
                         "\"nodeFieldSelector\":\"displayName=d\"}\n",
         "workflow values set\n",
         NULL,
         0},
        {"argo node set w -m hello --phase Failed --node-field-selector id=x",
         {{200, WORKFLOW("w", "")}},
         API("w", "set") "{\"nodeFieldSelector\":\"id=x\",\"message\":\"hello\",\"phase\":"
                         "\"Failed\"}\n",
         "workflow values set\n",
         NULL,
         0},
        {"argo node set w -p a",
         {{0}},
         "",
         "",
         "Error: expected parameter of the form: NAME=VALUE. Received: a\n",
         1},
        {"argo retry w -o name",
         {{200, WORKFLOW("w", "")}},
         API("w", "retry") "{}\n",
         "w\n",
         NULL,
         0},
        {"argo retry a b -o name --restart-successful --node-field-selector id==x -p a=1 -p "
         "b=2",
         {{200, WORKFLOW("a", "")}, {400, MESSAGE("no")}},
         API("a", "retry") "{\"nodeFieldSelector\":\"id=x\",\"restartSuccessful\":true,"
                           "\"parameters\":[\"a=1\",\"b=2\"]}\n" API(
                               "b", "retry") "{\"nodeFieldSelector\":\"id=x\","
                                             "\"restartSuccessful\":true,\"parameters\":["
                                             "\"a=1\",\"b=2\"]}\n",
         "a\n",
         "Error: no\n",
         1},
        {"argo retry w -o name --node-field-selector id",
         {{0}},
         "",
         "",
         "Error: unable to parse node field selector 'id': invalid selector: 'id'; can't "
         "understand 'id'\n",
         1},
        {"argo logs w --previous",
         {{200, WORKFLOW("w", "")}},
         "GET ~workflows/w\n",
         "",
         "previous terminated container \"main\" not found: a step that is tried again has "
         "another "
         "pod; leave --previous out\n",
         0},
        {"argo resubmit w --memoized -o name",
         {{200, WORKFLOW("w-2", "")}},
         "PUT /api/v1/workflows/default/w/resubmit {\"memoized\":true}\n",
         "w-2\n",
         NULL,
         0},
        {"argo resubmit w -o name -p a=1 --priority 5",
         {{200, WORKFLOW("w-new", "")}},
         API("w", "resubmit") "{\"parameters\":[\"a=1\"]}\n",
         "w-new\n",
         NULL,
         0},
        {"argo resubmit -l a -o name",
         {{200, LIST("")}},
         "GET ~workflows" LABELS("a") "\n",
         "",
         NULL,
         0},
        {"argo node get w", {{0}}, "", "", "Error: unknown action 'get'\n", 1},
    };

    CHECK_ALL(cases);
}

#define LETTERS "/tiphys/v1/namespaces/default/dead-letters"
#define LETTER(id)                                                                   \
    "{\"id\":\"" id                                                                  \
    "\",\"namespace\":\"default\",\"state\":\"waiting\",\"time\":\"T1\",\"sensor\":" \
    "\"s\",\"trigger\":\"t\",\"error\":\"no\\nluck\",\"attempts\":2}"

static void test_events(void **state)
{
    static const struct command_case cases[] = {
        {"tiphys events list --limit 2",
         {{200, "{\"items\":[{\"id\":\"x\",\"namespace\":\"default\",\"eventSource\":\"src\","
                "\"eventName\":\"e\",\"stored\":\"T1\"}]}"}},
         "GET /tiphys/v1/namespaces/default/events?limit=2\n",
         "ID   EVENTSOURCE   EVENT   STORED\nx    src           e       T1\n",
         NULL,
         0},
        {"tiphys events list -A -o json",
         {{200, "{\"items\":[]}"}},
         "GET /tiphys/v1/events?limit=100\n",
         "{\n  \"items\": []\n}\n",
         NULL,
         0},
        {"tiphys events dead-letter list",
         {{200, "{\"items\":[" LETTER("a") "]}"}},
         "GET " LETTERS "\n",
         "ID   SENSOR   TRIGGER   STATE     ATTEMPTS   TIME   ERROR\n"
         "a    s        t         waiting   2          T1     no luck\n",
         NULL,
         0},
        {"tiphys events dead-letter list -A",
         {{200, "{\"items\":[" LETTER("a") "]}"}},
         "GET /tiphys/v1/dead-letters\n",
         "NAMESPACE   ID   SENSOR   TRIGGER   STATE     ATTEMPTS   TIME   ERROR\n"
         "default     a    s        t         waiting   2          T1     no luck\n",
         NULL,
         0},
        {"tiphys events dead-letter list",
         {{200, "{\"items\":[]}"}},
         "GET " LETTERS "\n",
         "No resources found\n",
         NULL,
         0},
        {"tiphys events dead-letter get a",
         {{200, "{\"id\":\"a\"}"}},
         "GET " LETTERS "/a\n",
         "id: a\n",
         NULL,
         0},
        {"tiphys events dead-letter get long",
         {{404, MESSAGE("no such letter")},
          {200, "{\"items\":[" LETTER("short") "," LETTER("longest") "]}"},
          {200, "{\"id\":\"longest\"}"}},
         "GET " LETTERS "/long\nGET " LETTERS "\nGET " LETTERS "/longest\n",
         "id: longest\n",
         NULL,
         0},
        {"tiphys events redrive long",
         {{404, MESSAGE("no such letter")},
          {200, "{\"items\":[" LETTER("longer") "," LETTER("longest") "]}"}},
         "POST " LETTERS "/long/redrive\nGET " LETTERS "\n",
         "",
         "Error: \"long\" is the beginning of 2 ids: give more of it\n",
         1},
        {"tiphys events redrive longe",
         {{404, MESSAGE("no such letter")},
          {200, "{\"items\":[" LETTER("longest") "]}"},
          {200, "{}"}},
         "POST " LETTERS "/longe/redrive\nGET " LETTERS "\nPOST " LETTERS "/longest/redrive\n",
         "dead letter 'longest' is redriven\n",
         NULL,
         0},
        {"tiphys events redrive other",
         {{404, MESSAGE("no such letter")}, {200, "{\"items\":[]}"}},
         "POST " LETTERS "/other/redrive\nGET " LETTERS "\n",
         "",
         "Error: no such letter\n",
         1},
        {"tiphys events dead-letter delete a b",
         {{404, MESSAGE("no such letter")}, {200, "{}"}},
         "DELETE " LETTERS "/a\nDELETE " LETTERS "/b\n",
         "dead letter 'b' deleted\n",
         "Error: no such letter\n",
         1},
        {"tiphys events redrive a -n other",
         {{200, "{}"}},
         "POST /tiphys/v1/namespaces/other/dead-letters/a/redrive\n",
         "dead letter 'a' is redriven\n",
         NULL,
         0},
        {"tiphys events redrive --all",
         {{200, "{\"items\":[" LETTER("a") "," LETTER("b") "]}"}, {200, "{}"}, {200, "{}"}},
         "GET " LETTERS "\nPOST " LETTERS "/a/redrive\nPOST " LETTERS "/b/redrive\n",
         "dead letter 'a' is redriven\ndead letter 'b' is redriven\n",
         NULL,
         0},
        {"tiphys events pause sensor/s es/e",
         {{200, "{\"metadata\":{\"annotations\":{\"a\":\"b\"}}}"},
          {409, MESSAGE("changed")},
          {200, "{\"metadata\":{}}"},
          {200, "{}"},
          {200, "{\"metadata\":{\"annotations\":{\"tiphys/paused\":\"true\"}}}"}},
         "GET ~sensors/s\nPUT ~sensors/s {\"metadata\":{\"annotations\":{\"a\":\"b\","
         "\"tiphys/paused\":\"true\"}}}\nGET ~sensors/s\nPUT ~sensors/s "
         "{\"metadata\":{\"annotations\":{\"tiphys/paused\":\"true\"}}}\nGET "
         "~eventsources/e\n",
         "sensor.argoproj.io/s paused\neventsource.argoproj.io/e paused\n",
         NULL,
         0},
        {"tiphys events resume sensor/s",
         {{200, "{\"metadata\":{\"annotations\":{\"a\":\"b\",\"tiphys/paused\":\"true\"}}}"},
          {200, "{}"}},
         "GET ~sensors/s\nPUT ~sensors/s {\"metadata\":{\"annotations\":{\"a\":\"b\"}}}\n",
         "sensor.argoproj.io/s resumed\n",
         NULL,
         0},
        {"tiphys events pause sensor/s",
         {{404, MESSAGE("no such sensor")}},
         "GET ~sensors/s\n",
         "",
         "Error: no such sensor\n",
         1},
        {"tiphys events redrive --all",
         {{200, "{\"items\":[]}"}},
         "GET " LETTERS "\n",
         "No resources found\n",
         NULL,
         0},
    };

    CHECK_ALL(cases);
}

static void test_others(void **state)
{
    static const struct command_case cases[] = {
        {"tiphys trace event a/b",
         {{200,
           "{\"id\":\"a/b\",\"namespace\":\"n\",\"eventSource\":\"es\",\"eventName\":\"e\","
           "\"stored\":\"T1\",\"sequence\":7,\"steps\":[{\"time\":\"T2\",\"stage\":\"fired\","
           "\"subject\":\"s/t\",\"detail\":{\"result\":\"created w\"}},{\"time\":\"T3\","
           "\"stage\":\"failed\",\"subject\":\"s/u\",\"detail\":{\"error\":\"no luck\"}}]}"}},
         "GET /tiphys/v1/events/a%2Fb\n",
         "event      a/b\nsource     n/es e\nstored     T1 as 7\nfired      T2 s/t: created w\n"
         "failed     T3 s/u: no luck\n",
         NULL,
         0},
        {"tiphys trace event abcd",
         {{404, MESSAGE("no event")},
          {200, "{\"items\":[{\"id\":\"abce\"},{\"id\":\"abcdef\"}]}"},
          {200, "{\"id\":\"abcdef\",\"namespace\":\"n\",\"eventSource\":\"es\",\"eventName\":"
                "\"e\",\"stored\":\"T1\",\"sequence\":7,\"steps\":[],\"note\":\"why\"}"}},
         "GET /tiphys/v1/events/abcd\nGET "
         "/tiphys/v1/namespaces/default/events?limit=10000\nGET /tiphys/v1/events/abcdef\n",
         "event      abcdef\nsource     n/es e\nstored     T1 as 7\nnothing    why\n",
         NULL,
         0},
        {"tiphys trace event abc",
         {{404, MESSAGE("no event")}},
         "GET /tiphys/v1/events/abc\n",
         "",
         "Error: no event\n",
         1},
        {"tiphys trace event x -o yaml",
         {{200, "{\"id\":\"x\"}"}},
         "GET /tiphys/v1/events/x\n",
         "id: x\n",
         NULL,
         0},
        {"tiphys events trace x -o yaml",
         {{200, "{\"id\":\"x\"}"}},
         "GET /tiphys/v1/events/x\n",
         "id: x\n",
         NULL,
         0},
        {"argo version --short",
         {{200, "{\"version\":\"v9\"}"}},
         "GET /api/v1/version\n",
         "argo: v" TIPHYS_VERSION "\nargo-server: v9\n",
         NULL,
         0},
        {"tiphys version --short",
         {{404, MESSAGE("no")}},
         "GET /api/v1/version\n",
         "tiphys: v" TIPHYS_VERSION "\n",
         NULL,
         0},
        {"argo list -o name --argo-base-href argo/",
         {{200, LIST("")}},
         "GET /argo" ALL_OF("default") "\n",
         "No workflows found\n",
         NULL,
         0},
        {"argo list --request-timeout never",
         {{0}},
         "",
         "",
         "Error: --request-timeout never is no duration: want one like 30s\n",
         1},
    };

    CHECK_ALL(cases);
}

/* ---- where calls go ---- */

/* Flags go before the environment, that before what is built in. */
static void test_settings(void **state)
{
    static const struct {
        const char *variable, *value; /* of the environment, or NULL */
        struct command_case command;
        const char *headers; /* how they begin */
    } cases[] = {
        {NULL,
         NULL,
         {"argo list -o name",
          {{200, LIST("")}},
          "GET " ALL_OF("default") "\n",
          "No workflows found\n",
          NULL,
          0},
         "auth= x= "},
        {"ARGO_TOKEN",
         "abc",
         {"argo list -o name",
          {{200, LIST("")}},
          "GET " ALL_OF("default") "\n",
          "No workflows found\n",
          NULL,
          0},
         "auth=Bearer abc x= "},
        {"ARGO_TOKEN",
         "abc",
         {"argo list -o name --token Basic=xyz",
          {{200, LIST("")}},
          "GET " ALL_OF("default") "\n",
          "No workflows found\n",
          NULL,
          0},
         "auth=Bearer Basic=xyz x= "},
        {"ARGO_TOKEN",
         "Bearer v2:abc",
         {"argo list -o name -H X-Mine:1,Y:2",
          {{200, LIST("")}},
          "GET " ALL_OF("default") "\n",
          "No workflows found\n",
          NULL,
          0},
         "auth=Bearer v2:abc x=1 "},
        {"ARGO_NAMESPACE",
         "mine",
         {"argo list -o name",
          {{200, LIST("")}},
          "GET " ALL_OF("mine") "\n",
          "No workflows found\n",
          NULL,
          0},
         "auth= x= "},
        {"ARGO_NAMESPACE",
         "mine",
         {"argo -n yours list -o name",
          {{200, LIST("")}},
          "GET " ALL_OF("yours") "\n",
          "No workflows found\n",
          NULL,
          0},
         "auth= x= "},
        {"ARGO_BASE_HREF",
         "/argo",
         {"argo list -o name",
          {{200, LIST("")}},
          "GET /argo" ALL_OF("default") "\n",
          "No workflows found\n",
          NULL,
          0},
         "auth= x= "},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fake *f = *state;

        if (cases[i].variable)
            setenv(cases[i].variable, cases[i].value, 1);
        check(f, &cases[i].command);
        if (cases[i].variable)
            unsetenv(cases[i].variable);
        if (strncmp(f->headers, cases[i].headers, strlen(cases[i].headers)) != 0)
            fail_msg("case %zu: %s", i, f->headers);
    }
}

/* Command lines that are wrong: what is said first, and that the usage stands below it. */
static void test_usage_errors(void **state)
{
    static const struct {
        const char *line, *error, *usage;
    } cases[] = {
        {"argo nobody", "Error: unknown command \"nobody\" for \"argo\"\n",
         "Run 'argo --help' for usage.\n"},
        {"tiphys lsit",
         "Error: unknown command \"lsit\" for \"tiphys\"\n\nDid you mean this?\n", "\tlist\n"},
        {"argo template lits", "Error: unknown command \"lits\" for \"argo template\"\n",
         "Run 'argo template --help' for usage.\n"},
        {"argo list --nope", "Error: unknown flag: --nope\n", "Usage:\n  argo list [flags]\n"},
        {"argo list -o", "Error: flag needs an argument: 'o' in -o\n", "Usage:\n  argo list"},
        {"argo lint", "Error: requires at least 1 arg(s), only received 0\n",
         "Usage:\n  argo lint FILE... [flags]\n"},
        {"argo logs", "Error: accepts between 1 and 2 arg(s), received 0\n",
         "Usage:\n  argo logs WORKFLOW [POD] [flags]\n"},
        {"argo watch", "Error: accepts 1 arg(s), received 0\n", "Usage:\n  argo watch"},
        {"argo delete", "Error: requires either a workflow or other argument\n",
         "Usage:\n  argo delete [--dry-run]"},
        {"argo delete -f x", "Error: unknown shorthand flag: 'f' in -f\n",
         "Usage:\n  argo delete"},
        {"argo submit --from a/b c", "Error: cannot combine --from with file arguments\n",
         "Usage:\n  argo submit"},
        {"tiphys submit", "Error: requires a file, - for standard input, or --from\n",
         "tiphys submit [FILE... | --from kind/name] [flags]"},
        {"tiphys wait", "Error: requires at least 1 workflow\n",
         "tiphys wait [WORKFLOW...] [flags]"},
        {"tiphys suspend", "Error: requires at least 1 workflow\n",
         "tiphys suspend WORKFLOW1 WORKFLOW2... [flags]"},
        {"tiphys apply", "Error: requires a manifest: apply -f FILE\n",
         "Usage:\n  tiphys apply"},
        {"tiphys events pause wf/x",
         "Error: \"wf/x\" names nothing that can pause: want eventsource/NAME or sensor/NAME\n",
         "Usage:\n  tiphys events pause KIND/NAME..."},
        {"tiphys events pause sensor/",
         "Error: \"sensor/\" names nothing that can pause: want eventsource/NAME or "
         "sensor/NAME\n",
         "Usage:\n  tiphys events pause KIND/NAME..."},
        {"tiphys events redrive", "Error: give ids of dead letters, or --all, not both\n",
         "Usage:\n  tiphys events redrive [ID... | --all]"},
        {"tiphys events dead-letter delete x --all",
         "Error: give ids of dead letters, or --all, not both\n",
         "Usage:\n  tiphys events dead-letter delete [ID... | --all]"},
        {"tiphys trace workflow x", "Error: unknown thing to trace \"workflow\": want event\n",
         "Usage:\n  tiphys trace event ID"},
        {"argo server --port 70000", "Error: --port 70000 is not a number from 0 to 65535\n",
         "Usage:\n  argo server"},
        {"argo stop --message m", "Error: requires either selector or workflow\n",
         "Usage:\n  argo stop WORKFLOW WORKFLOW2... [flags]\n"},
        {"argo retry", "Error: requires either node field selector or workflow\n",
         "Usage:\n  argo retry [WORKFLOW...] [flags]\n"},
        {"argo node set", "Error: requires at least 2 arg(s), only received 1\n",
         "Usage:\n  argo node ACTION WORKFLOW FLAGS"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct outcome o = run(a, cases[i].line);

        (void) state;
        if (o.code != 1 || o.out.len > 0 || !str_starts(o.err, str_from(cases[i].error)) ||
            str_find(o.err, str_from(cases[i].usage)) == SIZE_MAX)
            fail_msg("%s: code %d\n" STR_FMT, cases[i].line, o.code, STR_ARG(o.err));
    }
}

/* A folder with the manifests that cases name; tests run in it. */
static int enter_folder(void **state)
{
    static char folder[] = "/tmp/commands_test.XXXXXX";
    char loose[1024];

    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    snprintf(loose, sizeof(loose), "%smore: 1\n", flow);
    write_text("flow.yaml", flow);
    write_text("template.yaml", template_text);
    write_text("uses.yaml",
               "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: u}\n"
               "spec: {workflowTemplateRef: {name: t}}\n");
    write_text("loose.yaml", loose);
    write_text("broken.yaml", "kind: [\n");
    snprintf(loose, sizeof(loose),
             "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: limits}\n---\n%s", flow);
    write_text("both.yaml", loose);
    write_text("source.yaml", SOURCE(""));
    write_text("cron.yaml", CRON(""));
    write_text("empty.yaml", "# nothing\n");
    write_text("slip.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: WorkFlow\n");
    return start_fake(state);
}

static int leave_folder(void **state)
{
    static const char *const names[] = {
        "flow.yaml",  "template.yaml", "uses.yaml", "loose.yaml",  "broken.yaml",
        "empty.yaml", "slip.yaml",     "both.yaml", "source.yaml", "cron.yaml"};
    char folder[4096];

    assert_non_null(getcwd(folder, sizeof(folder)));
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(names[i]);
    rmdir(folder);
    return stop_fake(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_submit),       cmocka_unit_test(test_templates),
        cmocka_unit_test(test_apply),        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_operate),      cmocka_unit_test(test_events),
        cmocka_unit_test(test_others),       cmocka_unit_test(test_settings),
        cmocka_unit_test(test_usage_errors),
    };

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
