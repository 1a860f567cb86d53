/*
 * Tests of commands for people, most of which ask no server: explain, cron preview, convert,
 * executor-plugin build, auth token; and of cron backfill, sync, and who is asked as whom.
 */
#include "cli/world_test.h"

#include "cli/convert.h"
#include "formats/yaml.h"

static void write_text(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    size_t len = strlen(text);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t) len);
    close(fd);
}

static struct str read_text(struct arena *a, const char *name)
{
    char bytes[16384];
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t len;

    assert_true(fd >= 0);
    len = read(fd, bytes, sizeof(bytes));
    close(fd);
    assert_true(len >= 0);
    return str_copy(a, str_of(bytes, (size_t) len));
}

/* A command line, the end of its output (all of it when it begins with "="), its errors. */
struct said {
    const char *line, *out, *err;
};

static void check_said(const struct said *c)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct outcome o = run(a, c->line);
    bool is_good = c->out[0] == '=' ? str_is(o.out, c->out + 1)
                                    : str_find(o.out, str_from(c->out)) != SIZE_MAX;

    if (!is_good || !str_is(o.err, c->err ? c->err : "") || o.code != (c->err ? 1 : 0))
        fail_msg("%s: code %d\n" STR_FMT "----\n" STR_FMT, c->line, o.code, STR_ARG(o.out),
                 STR_ARG(o.err));
}

static void test_explain(void **state)
{
    static const struct said cases[] = {
        {"tiphys explain wf.spec.entrypoint",
         "=GROUP:      argoproj.io\nKIND:       Workflow\nVERSION:    v1alpha1\n\nFIELD: "
         "entrypoint <string>\n\nDESCRIPTION:\n    Template that runs first.\n",
         NULL},
        {"tiphys explain Workflow.spec.templates[0].steps", "FIELD: steps <[][]WorkflowStep>\n",
         NULL},
        {"tiphys explain workflows", "  spec\t<WorkflowSpec> -required-\n", NULL},
        {"tiphys explain cm", "KIND:       ConfigMap\nVERSION:    v1\n", NULL},
        {"tiphys explain sensor.spec.triggers.template.k8s.operation", "    Default: create\n",
         NULL},
        {"tiphys explain sensor.spec.triggers.template.k8s.operation",
         "    One of: create, update, patch, delete", NULL},
        {"tiphys explain wf.status", "    Written by the system\n", NULL},
        {"tiphys explain wf.spec.templates --recursive",
         "    retryStrategy\t<ContainerSetRetryStrategy>\n      duration\t<string>\n", NULL},
        {"tiphys explain wf --recursive", "(see above)\n", NULL},
        {"tiphys explain wf.spec.templats", "",
         "Error: wf.spec has no field \"templats\": did you mean \"templates\"?\n"},
        {"tiphys explain wf.templates", "",
         "Error: wf has no field \"templates\": did you mean wf.spec.templates?\n"},
        {"tiphys explain wf.spec.entrypoint.x", "",
         "Error: wf.spec.entrypoint has no field \"x\"\n"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct outcome o;

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_said(&cases[i]);
    o = run(a, "tiphys explain nothing");
    assert_int_equal(o.code, 1);
    assert_true(str_starts(o.err, STR("Error: no kind \"nothing\": want one of Workflow, ")));
    o = run(a, "argo explain wf");
    assert_true(str_starts(o.err, STR("Error: unknown command \"explain\" for \"argo\"\n")));
}

/* ---- cron preview ---- */

/* Words of a command line with blanks in them cannot be cut at blanks: the schedule comes from
 * here. */
static struct outcome preview(struct arena *a, const char *schedule, const char *zone,
                              const char *from, const char *count)
{
    const char *const argv[] = {"tiphys", "cron", "preview", schedule, "--timezone", zone,
                                "--from", from,   "-n",      count,    NULL};

    return run_words(a, argv);
}

/* TLS towards a server without it: what is wrong is told, not that there is none. */
static void test_tls_to_a_plain_server(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct outcome o;

    (void) state;
    o = run(a, "tiphys list --secure");
    assert_int_equal(o.code, 1);
    assert_true(str_starts(o.err, STR("Error: the server speaks no TLS: leave out --secure, "
                                      "ARGO_SECURE and https://: GET https://")));
}

static void test_preview(void **state)
{
    static const struct {
        const char *schedule, *zone, *from, *count, *out;
    } cases[] = {
        {"0 9 * * MON-FRI", "UTC", "2026-01-02T10:00:00Z", "2",
         "Mon Jan 05 2026 09:00:00  +0000 UTC   2026-01-05T09:00:00Z\n"
         "Tue Jan 06 2026 09:00:00  +0000 UTC   2026-01-06T09:00:00Z\n"},
        {"30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", "2",
         "Sat Mar 28 2026 02:30:00  +0100 CET   2026-03-28T01:30:00Z\n"
         "Sun Mar 29 2026 02:30:00  -           -                     skipped: the clock jumps "
         "over it\n"
         "Mon Mar 30 2026 02:30:00  +0200 CEST  2026-03-30T00:30:00Z\n"},
        {"*/20 * * * *", "Europe/Berlin", "2026-03-29T00:50:00Z", "1",
         "Sun Mar 29 2026 02:00:00  -           -                     skipped: the clock jumps "
         "over it and 2 more\n"
         "Sun Mar 29 2026 03:00:00  +0200 CEST  2026-03-29T01:00:00Z\n"},
        {"30 2 * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", "3",
         "Sun Oct 25 2026 02:30:00  +0200 CEST  2026-10-25T00:30:00Z  the clock shows it "
         "twice: "
         "first\n"
         "Sun Oct 25 2026 02:30:00  +0100 CET   2026-10-25T01:30:00Z  the clock shows it "
         "twice: "
         "second\n"
         "Mon Oct 26 2026 02:30:00  +0100 CET   2026-10-26T01:30:00Z\n"},
        {"@every 90s", "Europe/Berlin", "2026-03-29T00:59:00Z", "2",
         "Sun Mar 29 2026 03:00:30  +0200 CEST  2026-03-29T01:00:30Z\n"
         "Sun Mar 29 2026 03:02:00  +0200 CEST  2026-03-29T01:02:00Z\n"},
    };
    static const struct {
        const char *schedule, *zone, *from, *count, *err;
    } wrong[] = {
        {"61 * * * *", "UTC", "2026-01-02T00:00:00Z", "1",
         "Error: cron schedule 61 * * * * is malformed: end of range (61) above maximum (59): "
         "61\n"},
        {"* * * * *", "Mars/Olympus", "2026-01-02T00:00:00Z", "1",
         "Error: --timezone: unknown time zone Mars/Olympus\n"},
        {"* * * * *", "UTC", "yesterday", "1",
         "Error: --from yesterday is no time: want one like 2026-03-29T00:00:00Z\n"},
        {"0 0 30 2 *", "UTC", "2026-01-02T00:00:00Z", "1",
         "Error: it does not come due within five years\n"},
        {"CRON_TZ=Asia/Seoul 0 9 * * *", "UTC", "2026-01-02T00:00:00Z", "1",
         "Error: the schedule names a time zone itself: a CronWorkflow with both is refused\n"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct outcome o =
            preview(a, cases[i].schedule, cases[i].zone, cases[i].from, cases[i].count);

        if (o.code != 0 || !str_is(o.out, cases[i].out))
            fail_msg("case %zu: " STR_FMT STR_FMT, i, STR_ARG(o.out), STR_ARG(o.err));
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct outcome o =
            preview(a, wrong[i].schedule, wrong[i].zone, wrong[i].from, wrong[i].count);

        if (o.code != 1 || o.out.len > 0 || !str_is(o.err, wrong[i].err))
            fail_msg("case %zu: " STR_FMT STR_FMT, i, STR_ARG(o.out), STR_ARG(o.err));
    }
    {
        _cleanup_arena_ struct arena *a = arena_new();
        static const char *const argv[] = {
            "tiphys",     "cron",          "preview", "30 2 29 3 *",
            "-o",         "json",          "--from",  "2026-03-01T00:00:00Z",
            "--timezone", "Europe/Berlin", "-n",      "1",
            NULL};
        struct outcome o = run_words(a, argv);

        assert_true(str_is(o.out, "[\n  {\n    \"time\": \"2026-03-29T02:30:00\",\n    "
                                  "\"skipped\": true,\n    \"twice\": false\n  },\n  {\n    "
                                  "\"time\": \"2027-03-29T02:30:00+02:00\",\n    \"skipped\": "
                                  "false,\n    \"twice\": false\n  }\n]\n"));
        o = run_words(a, (const char *const[]){"tiphys", "cron", "preview",
                                               "CRON_TZ=Asia/Seoul 0 9 * * *", "--from",
                                               "2026-01-02T00:00:00Z", "-n", "1", NULL});
        assert_true(
            str_is(o.out, "Sat Jan 03 2026 09:00:00  +0900 KST   2026-01-03T00:00:00Z\n"));
        o = run_words(a, (const char *const[]){"tiphys", "cron", "preview", "0", "9", "*", "*",
                                               "*", "-n", "1", NULL});
        assert_true(str_is(
            o.err, "Error: a schedule is one argument: put it in quotes, as '30 4 * * 1-5'\n"));
        o = preview(a, "* * * * *", "UTC", "2026-01-02T00:00:00Z", "0");
        assert_true(
            str_starts(o.err, STR("Error: --count 0 is not within 1 and 10000\nUsage:")));
    }
}

/* ---- render ---- */

static const char flow_text[] =
    "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {generateName: f-, labels: "
    "{team: a}}\nspec:\n  entrypoint: main\n  arguments: {parameters: [{name: who, value: "
    "you}]}\n  templates:\n  - name: main\n    inputs: {parameters: [{name: who}]}\n    "
    "steps:\n"
    "    - - name: a\n        template: say\n        arguments: {parameters: [{name: text, "
    "value: "
    "'{{inputs.parameters.who}} {{workflow.labels.team}}'}]}\n"
    "    - - name: each\n        template: say\n        withItems: [1, 2, 3, 4]\n        "
    "arguments: {parameters: [{name: text, value: '{{item}}'}]}\n"
    "    - - {name: lost, templateRef: {name: lib, template: x}}\n"
    "      - {name: again, template: main}\n"
    "      - {name: filter, template: say, when: '{{=len(steps.a.outputs.result) > 1}}', "
    "withItems: [x]}\n"
    "    - - {name: loud, template: say, arguments: {parameters: [{name: text, value: "
    "'{{=sprig.upper(inputs.parameters.who)}} {{workflow.parameters.gone}}'}]}}\n"
    "      - {name: dice, template: say, when: '{{=sprig.randInt(1, 2) > 1}}'}\n"
    "  - name: say\n    inputs: {parameters: [{name: text, value: none}]}\n    container: "
    "{image: "
    "i, args: ['{{inputs.parameters.text}} {{steps.a.outputs.result}}']}\n";

static void test_render(void **state)
{
    static const char *const parts[] = {
        "---\n# f-* (template main)\n# {{inputs.parameters.who}} = me   <- -p who\n"
        "# {{workflow.labels.team}} = a   <- metadata.labels\n",
        "---\n# f-*[0].a (template say)\n"
        "# {{inputs.parameters.text}} = me a   <- argument of the call: "
        "{{inputs.parameters.who}} "
        "{{workflow.labels.team}}\n"
        "# {{steps.a.outputs.result}}   <- not known before it runs\n"
        "container:\n  args:\n  - me a {{steps.a.outputs.result}}\n",
        "---\n# f-*[1].each(0:1) (template say)\n"
        "# {{inputs.parameters.text}} = 1   <- argument of the call: {{item}}\n",
        "---\n# f-*[1].each(2:3) (template say)\n",
        "---\n# f-*[1].each (template say): 1 more items\n",
        "---\n# f-*[2].lost: template \"x\" of \"lib\" is in none of the given files\n",
        "---\n# f-*[2].again (template main): it calls itself: shown once\n",
        "# {{inputs.parameters.text}} = none   <- default of the template\n",
        "# {{=len(steps.a.outputs.result) > 1}}   <- evaluated when it runs\n",
        "# {{=sprig.upper(inputs.parameters.who)}} = ME   <- evaluated\n",
        "# {{workflow.parameters.gone}}   <- no value is given: -p gone=VALUE\n",
        "# {{=sprig.randInt(1, 2) > 1}}   <- evaluated when it runs\n",
        "---\n# f-*[3].loud (template say)\n"
        "# {{inputs.parameters.text}} = ME {{workflow.parameters.gone}}   <- argument of the call: "
        "{{=sprig.upper(inputs.parameters.who)}} {{workflow.parameters.gone}}\n",
    };
    static const struct said wrong[] = {
        {"tiphys render flow.yaml --entrypoint z", "=", "Error: template name 'z' undefined\n"},
        {"tiphys render none.yaml", "=", "Error: open none.yaml: No such file or directory\n"},
        {"tiphys render map.yaml", "=", "Error: no workflow found in given files\n"},
        {"tiphys render ref.yaml", "=",
         "Error: template \"lib\" is in none of the given files: give its file, too\n"},
        {"tiphys render template.yaml", "=",
         "Error: there is no entrypoint: give --entrypoint\n"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    struct outcome o;
    struct json v;
    struct err err;

    (void) state;
    write_text("flow.yaml", flow_text);
    write_text("map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n");
    write_text("ref.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: "
                           "w}\nspec: {workflowTemplateRef: {name: lib}}\n");
    write_text(
        "template.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: "
        "lib}\nspec:\n  templates: [{name: x, container: {image: '{{workflow.name}}'}}]\n");
    o = run(a, "tiphys render flow.yaml -p who=me");
    assert_int_equal(o.code, 0);
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (str_find(o.out, str_from(parts[i])) == SIZE_MAX)
            fail_msg("no part %zu in\n" STR_FMT, i, STR_ARG(o.out));
    o = run(a, "tiphys render ref.yaml template.yaml --entrypoint x -o json");
    assert_int_equal(json_parse(a, o.out, &v, &err), 0);
    assert_true(str_is(json_text(a, json_item(&v, 0), JSON_COMPACT),
                       "{\"name\":\"w\",\"template\":\"x\",\"substitutions\":[{\"tag\":"
                       "\"{{workflow.name}}\",\"value\":\"w\",\"source\":\"metadata.name\"}],"
                       "\"rendered\":{\"name\":\"x\",\"container\":{\"image\":\"w\"}}}"));
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        check_said(&wrong[i]);
    unlink("flow.yaml");
    unlink("map.yaml");
    unlink("ref.yaml");
    unlink("template.yaml");
}

/* ---- convert ---- */

static void test_convert_document(void **state)
{
    static const char *const cases[][2] = {
        {"{kind: CronWorkflow, spec: {schedule: '* * * * *', schedules: [a], workflowSpec: "
         "{entrypoint: m, synchronization: {mutex: {name: x}}}}}",
         "{\"kind\":\"CronWorkflow\",\"spec\":{\"schedules\":[\"* * * * *\"],\"workflowSpec\":{"
         "\"entrypoint\":\"m\",\"synchronization\":{\"mutexes\":[{\"name\":\"x\"}]}}}}"},
        {"{kind: CronWorkflow, spec: {schedule: '', schedules: [a], workflowSpec: {}}}",
         "{\"kind\":\"CronWorkflow\",\"spec\":{\"schedules\":[\"a\"],\"workflowSpec\":{}}}"},
        {"{kind: Workflow, spec: {synchronization: {mutex: {name: b}, mutexes: [{name: a}], "
         "semaphore: {configMapKeyRef: {name: c, key: k}}}, podPriority: 1}}",
         "{\"kind\":\"Workflow\",\"spec\":{\"synchronization\":{\"mutexes\":[{\"name\":\"a\"},{"
         "\"name\":\"b\"}],\"semaphores\":[{\"configMapKeyRef\":{\"key\":\"k\",\"name\":\"c\"}}"
         "]"
         "}}}"},
        {"{kind: WorkflowTemplate, spec: {templates: [{name: m, synchronization: {mutex: "
         "{name: "
         "x}}}, {name: o}]}}",
         "{\"kind\":\"WorkflowTemplate\",\"spec\":{\"templates\":[{\"name\":\"m\","
         "\"synchronization\":{\"mutexes\":[{\"name\":\"x\"}]}},{\"name\":\"o\"}]}}"},
        {"{kind: ConfigMap, mutex: 1, data: {a: b}}",
         "{\"data\":{\"a\":\"b\"},\"kind\":\"ConfigMap\",\"mutex\":1}"},
        {"{kind: Workflow}", "{\"kind\":\"Workflow\"}"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc, made;
        struct str got;
        struct err err;

        assert_int_equal(yaml_parse(a, str_from(cases[i][0]), &doc, &err), 0);
        made = convert_document(a, &doc);
        got = json_text(a, &made, JSON_SORT_KEYS);
        if (!str_is(got, cases[i][1]))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(got));
    }
}

static void test_convert(void **state)
{
    static const struct said cases[] = {
        {"argo convert old.yaml",
         "=---\napiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata:\n  name: "
         "c\nspec:"
         "\n  schedules:\n  - 0 0 * * *\n  workflowSpec:\n    entrypoint: m\n---\nkind: "
         "Other\n",
         NULL},
        {"argo convert old.yaml -o json",
         "={\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"CronWorkflow\",\"metadata\":{"
         "\"name\":\"c\"},\"spec\":{\"workflowSpec\":{\"entrypoint\":\"m\"},\"schedules\":[\"0 "
         "0 "
         "* * *\"]}}\n{\"kind\":\"Other\"}\n",
         NULL},
        {"argo convert nobody.yaml", "=",
         "Error: open nobody.yaml: No such file or directory\n"},
    };

    (void) state;
    write_text("old.yaml",
               "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: "
               "c}\nspec:\n  schedule: 0 0 * * *\n  workflowSpec: {entrypoint: m}\n"
               "---\nkind: Other\n");
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_said(&cases[i]);
    unlink("old.yaml");
}

/* ---- executor-plugin ---- */

#define PLUGIN(ports)                                                                    \
    "apiVersion: argoproj.io/v1alpha1\nkind: ExecutorPlugin\nmetadata:\n  name: hello\n" \
    "  annotations: {workflows.argoproj.io/description: Says hello, "                    \
    "workflows.argoproj.io/version: '>= v3.3'}\nspec:\n  sidecar:\n    "                 \
    "automountServiceAccountToken: true\n    container:\n      image: python\n" ports    \
    "      resources: {requests: {cpu: 1}, limits: {cpu: 1}}\n      securityContext: "   \
    "{runAsNonRoot: true}\n"

static void test_plugin(void **state)
{
    static const struct said good = {"argo executor-plugin build plugin/",
                                     "=plugin/hello-executor-plugin-configmap.yaml created\n"
                                     "plugin/README.md created\n",
                                     NULL},
                             wrong = {"argo executor-plugin build plugin", "=",
                                      "Error: sidecar is invalid: at least one port is "
                                      "mandatory\n"},
                             twice = {"argo executor-plugin build plugin", "=",
                                      "Error: plugin hello has more than one server.* file\n"};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    assert_int_equal(mkdir("plugin", 0700), 0);
    write_text("plugin/plugin.yaml", PLUGIN("      ports: [{containerPort: 80}]\n"));
    write_text("plugin/server.py", "print(1)\n");
    check_said(&good);
    assert_true(
        str_is(read_text(a, "plugin/hello-executor-plugin-configmap.yaml"),
               "# This is an auto-generated file. DO NOT EDIT\n"
               "apiVersion: v1\ndata:\n  sidecar.automountServiceAccountToken: \"true\"\n"
               "  sidecar.container: |\n    args:\n    - |\n      print(1)\n    image: "
               "python\n    ports:\n    - containerPort: 80\n    resources:\n      limits:"
               "\n        cpu: 1\n      requests:\n        cpu: 1\n    securityContext:\n"
               "      runAsNonRoot: true\nkind: ConfigMap\nmetadata:\n  annotations:\n    "
               "workflows.argoproj.io/description: Says hello\n    "
               "workflows.argoproj.io/version: '>= v3.3'\n  labels:\n    "
               "workflows.argoproj.io/configmap-type: ExecutorPlugin\n  name: "
               "hello-executor-plugin\n"));
    assert_true(str_find(read_text(a, "plugin/README.md"),
                         STR("# hello\n\n* Needs: >= v3.3\n* Image: python\n\nSays hello\n")) !=
                SIZE_MAX);
    write_text("plugin/server.js", "1\n");
    check_said(&twice);
    unlink("plugin/server.js");
    write_text("plugin/plugin.yaml", PLUGIN(""));
    check_said(&wrong);
    unlink("plugin/plugin.yaml");
    unlink("plugin/server.py");
    unlink("plugin/README.md");
    unlink("plugin/hello-executor-plugin-configmap.yaml");
    rmdir("plugin");
}

/* ---- as whom ---- */

static const char config[] =
    "apiVersion: v1\nkind: Config\ncurrent-context: dev\n"
    "clusters:\n- name: here\n  cluster: {server: 'https://one:6443/', certificate-authority: "
    "ca.crt, tls-server-name: tls, proxy-url: 'http://proxy'}\n"
    "- name: there\n  cluster: {server: 'https://two', certificate-authority-data: Q0E=, "
    "insecure-skip-tls-verify: true}\n"
    "contexts:\n- name: dev\n  context: {cluster: here, user: me, namespace: mine}\n"
    "- name: ops\n  context: {cluster: there, user: cert}\n"
    "- name: lost\n  context: {cluster: nowhere, user: me}\n"
    "users:\n- name: me\n  user: {token: secret}\n"
    "- name: cert\n  user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}\n"
    "- name: basic\n  user: {username: u, password: p}\n"
    "- name: program\n  user: {exec: {command: aws}}\n"
    "- name: bad\n  user: {client-key-data: '?'}\n";

static void test_auth_token(void **state)
{
    static const struct said cases[] = {
        {"argo auth token --token abc", "=Bearer abc\n", NULL},
        {"argo auth token --token Basic\tx", "=Bearer Basic\tx\n", NULL},
        {"argo auth token --username me --password word", "=Basic bWU6d29yZA==\n", NULL},
        {"argo auth token --kubeconfig config", "=Bearer secret\n", NULL},
        {"argo auth token --kubeconfig config --user basic", "=Basic dTpw\n", NULL},
        {"argo auth token", "=",
         "Error: invalid configuration: no configuration has been provided: set ARGO_TOKEN, or "
         "give --token or --kubeconfig\n"},
        {"argo auth token --kubeconfig config --context x", "=",
         "Error: config: context \"x\" does not exist\n"},
        {"argo auth token --kubeconfig nofile", "=",
         "Error: open nofile: No such file or directory\n"},
        {"argo auth token --context x", "=",
         "Error: --context: there is no configuration of kubectl: give --kubeconfig\n"},
    };

    (void) state;
    setenv("HOME", "/nonexistent", 1);
    unsetenv("KUBECONFIG");
    write_text("config", config);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_said(&cases[i]);
    setenv("ARGO_TOKEN", "Bearer v2:x", 1);
    check_said(&(struct said){"argo auth token", "=Bearer v2:x\n", NULL});
    unsetenv("ARGO_TOKEN");
    setenv("KUBECONFIG", ":config", 1);
    check_said(&(struct said){"argo auth token", "=Bearer secret\n", NULL});
    unsetenv("KUBECONFIG");
    unlink("config");
}

/* Where calls go and what they carry, by a configuration and by flags. */
static void test_connection(void **state)
{
    struct fake *f = *state;
    _cleanup_arena_ struct arena *a = arena_new();
    static const struct answer answers[] = {{200, LIST("")}, {0}};
    struct str text = str_printf(a,
                                 "current-context: dev\nclusters: [{name: c, cluster: {server: "
                                 "'http://127.0.0.1:%u'}}]\ncontexts: [{name: dev, context: "
                                 "{cluster: c, user: u, namespace: mine}}]\nusers: [{name: u, "
                                 "user: {token: t}}]\n",
                                 http_server_port(f->server));
    struct outcome o;

    write_text("config", text.ptr);
    setenv("ARGO_SERVER", "127.0.0.1:1", 1);
    f->answers = answers;
    f->at = 0;
    strbuf_reset(&f->requests);
    o = run(a, "argo list --kubeconfig config --as me --as-group a --instanceid i");
    assert_true(str_is(o.err, ""));
    assert_true(str_is(strbuf_str(&f->requests),
                       "GET " WITH_ARCHIVE("mine", "500",
                                           "workflows.argoproj.io%2Fcontroller-instanceid%3Di",
                                           "") "\n"));
    assert_true(strstr(f->headers, "auth=Bearer t ") != NULL);
    f->at = 0;
    strbuf_reset(&f->requests);
    o = run(a, str_cz(a, str_printf(a, "argo list --server http://127.0.0.1:%u/ -n x",
                                    http_server_port(f->server))));
    assert_true(str_is(o.err, ""));
    assert_true(str_starts(strbuf_str(&f->requests), STR("GET /api/v1/workflows/x?")));
    unlink("config");
    setenv("ARGO_SERVER", str_printf(a, "127.0.0.1:%u", http_server_port(f->server)).ptr, 1);
}

static void test_instance(void **state)
{
    static const struct command_case cases[] = {
        {"argo get w --instanceid i",
         {{200, WORKFLOW("w", "")}},
         "GET ~workflows/w\n",
         "",
         "Error: 'w' is not managed by the current Argo Server: it belongs to another instance "
         "than --instanceid i\n",
         1},
        {"argo template list --instanceid i",
         {{200, LIST("")}},
         "GET "
         "~workflowtemplates?labelSelector=workflows.argoproj.io%2Fcontroller-instanceid%3Di"
         "\n",
         "NAME\n",
         NULL,
         0},
    };

    CHECK_ALL(cases);
}

/* ---- cron backfill ---- */

#define CRON                                                                                \
    "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"CronWorkflow\",\"metadata\":{"     \
    "\"name\":\"daily\",\"namespace\":\"default\",\"uid\":\"u\"},\"spec\":{\"schedules\":[" \
    "\"0 "                                                                                  \
    "2 * * *\"],\"workflowSpec\":{\"entrypoint\":\"m\",\"serviceAccountName\":\"{{x}}\"}}}"
#define PERIOD "--format 2006-01-02 --start 2026-01-01 --end 2026-01-03"

static void test_backfill(void **state)
{
    struct fake *f = *state;
    static const struct command_case cases[] = {
        {"argo cron backfill daily --format 2006-01-02 --start 2026-01-01 --end 2026-01-01",
         {{200, CRON}},
         "GET ~cronworkflows/daily\n",
         "There is no suitable scheduling time.\n",
         NULL,
         0},
        {"argo cron backfill daily",
         {{0}},
         "",
         "",
         "Error: start date should not be empty\n",
         1},
        {"argo cron backfill daily --start monday",
         {{0}},
         "",
         "",
         "Error: parsing time \"monday\" as \"Mon, 02 Jan 2006 15:04:05 MST\": cannot parse "
         "\"day\" as \", \"\n",
         1},
    };
    static const struct answer answers[] = {{200, CRON},
                                            {201, WORKFLOW("backfill-wf-1", "")},
                                            {201, WORKFLOW("backfill-wf-2", "")},
                                            {0}};
    _cleanup_arena_ struct arena *a = arena_new();
    struct str rest, line;
    struct json doc;
    struct outcome o;
    struct err err;

    CHECK_ALL(cases);
    f->answers = answers;
    f->at = 0;
    strbuf_reset(&f->requests);
    o = run(a, "argo cron backfill daily --name b --maxworkflowcount 1 --argname when " PERIOD);
    assert_true(str_is(o.out,
                       "Created b Backfill task for Cronworkflow daily \n"
                       "==================================================\n"
                       "Backfill Period :\nStart Time : 2026-01-01 \n  End Time : 2026-01-03 \n"
                       "Total Backfill Schedule: 2 \n"
                       "==================================================\n"
                       "Backfill Workflows: \n   NAMESPACE\t WORKFLOW: \n1. default \t "
                       "backfill-wf-1 \n2. default \t backfill-wf-2 \n"));
    rest = str_copy(a, strbuf_str(&f->requests));
    assert_true(str_cut(&rest, '\n', &line) && str_cut(&rest, '\n', &line));
    assert_true(str_starts(line, STR("POST ~workflows {")));
    assert_int_equal(json_parse(a, str_skip(line, 16), &doc, &err), 0);
    {
        const struct json *templates = json_path(&doc, "spec", "templates", NULL),
                          *step = json_item(
                              json_item(json_get(json_item(templates, 0), STR("steps")), 0), 0);
        struct str manifest =
            json_str(json_path(json_item(templates, 1), "resource", "manifest", NULL));

        assert_true(str_is(json_str(json_get(step, STR("withParam"))),
                           "[\"2026-01-01 02:00:00 +0000 UTC\"]"));
        assert_true(str_is(
            manifest,
            "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
            "\"generateName\":\"daily-backfill-b-\",\"namespace\":\"default\",\"labels\":{"
            "\"workflows.argoproj.io/cron-workflow\":\"daily\"}},\"spec\":{\"entrypoint\":"
            "\"m\",\"serviceAccountName\":\"\\u007b\\u007bx}}\",\"arguments\":{\"parameters\":"
            "[{\"name\":\"when\",\"value\":\"{{inputs.parameters.backfillscheduletime}}\"}]},"
            "\"priority\":2147483647,\"synchronization\":{\"mutexes\":[{\"name\":\"b\"}]}}}"));
    }
    o = run(a, "argo cron backfill");
    assert_int_equal(o.code, 0);
    assert_true(str_find(o.out, STR("argo cron backfill cronwf [flags]")) != SIZE_MAX);
}

/* ---- sync ---- */

#define LIMIT(count)                                                                          \
    "{\"cmName\":\"m\",\"key\":\"k\",\"limit\":" count ",\"namespace\":\"default\",\"type\":" \
    "\"CONFIGMAP\"}"
#define SHOWN(count) \
    "Key: k\nType: configmap\nConfigMap Name: m\nNamespace: default\nLimit: " count "\n"

#define ROW(count) \
    "{\"namespace\":\"default\",\"key\":\"k\",\"limit\":" count ",\"type\":\"DATABASE\"}"
#define ROW_SHOWN(count) "Key: k\nType: database\nNamespace: default\nLimit: " count "\n"

static void test_sync(void **state)
{
    static const struct command_case cases[] = {
        {"argo sync create k --type ConfigMap --cm-name m --limit 3",
         {{200, LIMIT("3")}},
         "POST /api/v1/sync/default " LIMIT("3") "\n",
         "Sync limit created\n" SHOWN("3"),
         NULL,
         0},
        {"argo sync update k --type configmap --cm-name m --limit 4",
         {{200, LIMIT("4")}},
         "PUT /api/v1/sync/default/k " LIMIT("4") "\n",
         "Sync limit updated\n" SHOWN("4"),
         NULL,
         0},
        {"argo sync get k --type configmap --cm-name m",
         {{200, LIMIT("4")}},
         "GET /api/v1/sync/default/k?type=CONFIGMAP&cmName=m\n",
         SHOWN("4"),
         NULL,
         0},
        {"argo sync delete k --type database",
         {{200, "{}"}},
         "DELETE /api/v1/sync/default/k?type=DATABASE&cmName=\n",
         "Sync limit deleted\n",
         NULL,
         0},
        {"argo sync get k --type database",
         {{200, "{\"type\":1,\"key\":\"k\",\"limit\":1,\"namespace\":\"n\"}"}},
         "GET /api/v1/sync/default/k?type=DATABASE&cmName=\n",
         "Key: k\nType: database\nNamespace: n\nLimit: 1\n",
         NULL,
         0},
        {"argo sync create k --type database --limit 3",
         {{200, ROW("3")}},
         "POST /api/v1/sync/default {\"cmName\":\"\",\"key\":\"k\",\"limit\":3,\"namespace\":"
         "\"default\",\"type\":\"DATABASE\"}\n",
         "Sync limit created\n" ROW_SHOWN("3"),
         NULL,
         0},
        {"argo sync update k --type DATABASE --limit 4",
         {{200, ROW("4")}},
         "PUT /api/v1/sync/default/k {\"cmName\":\"\",\"key\":\"k\",\"limit\":4,\"namespace\":"
         "\"default\",\"type\":\"DATABASE\"}\n",
         "Sync limit updated\n" ROW_SHOWN("4"),
         NULL,
         0},
        {"argo sync delete k --type database",
         {{404, MESSAGE("Database sync limit not found in namespace 'default'.")}},
         "DELETE /api/v1/sync/default/k?type=DATABASE&cmName=\n",
         "",
         "Error: failed to delete sync limit: Database sync limit not found in namespace "
         "'default'.\n",
         1},
        {"argo sync get k --type configmap --cm-name m",
         {{404, MESSAGE("no such key")}},
         "GET /api/v1/sync/default/k?type=CONFIGMAP&cmName=m\n",
         "",
         "Error: failed to get sync limit: no such key\n",
         1},
    };
    static const char *const wrong[][2] = {
        {"argo sync create k", "Error: required flag(s) \"limit\", \"type\" not set\n"},
        {"argo sync get k", "Error: required flag(s) \"type\" not set\n"},
        {"argo sync get k --type x",
         "Error: --type must be either 'database' or 'configmap'\n"},
        {"argo sync get k --type configmap",
         "Error: --cm-name is required when type is configmap\n"},
        {"argo sync get --type database", "Error: accepts 1 arg(s), received 0\n"},
    };

    CHECK_ALL(cases);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct outcome o = run(a, wrong[i][0]);

        if (o.code != 1 || !str_starts(o.err, str_from(wrong[i][1])))
            fail_msg("%s: " STR_FMT, wrong[i][0], STR_ARG(o.err));
    }
}

static int enter_folder(void **state)
{
    static char folder[] = "/tmp/people_test.XXXXXX";

    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    return start_fake(state);
}

static int leave_folder(void **state)
{
    char folder[4096];

    assert_non_null(getcwd(folder, sizeof(folder)));
    rmdir(folder);
    return stop_fake(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tls_to_a_plain_server),
                                       cmocka_unit_test(test_explain),
                                       cmocka_unit_test(test_preview),
                                       cmocka_unit_test(test_render),
                                       cmocka_unit_test(test_convert_document),
                                       cmocka_unit_test(test_convert),
                                       cmocka_unit_test(test_plugin),
                                       cmocka_unit_test(test_auth_token),
                                       cmocka_unit_test(test_connection),
                                       cmocka_unit_test(test_instance),
                                       cmocka_unit_test(test_backfill),
                                       cmocka_unit_test(test_sync)};

    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
