/*
 * Tests of whole commands that look at what there is or delete it: the program runs against a
 * server that answers what a case says, and must send exactly these requests, print exactly
 * this, and end with this code.
 */
#include "cli/world_test.h"

#define WRITTEN(name, second, version)                                       \
    "{\"metadata\":{\"name\":\"" name                                        \
    "\",\"namespace\":\"default\",\"creationTimestamp\":\"2026-01-02T03:04:" \
    "" second "Z\",\"resourceVersion\":\"" version "\"}}"

static void test_delete(void **state)
{
    static const struct command_case cases[] = {
        {"argo delete a b",
         {{200, "{}"}, {200, "{}"}},
         "DELETE ~workflows/a\nDELETE ~workflows/b\n",
         "Workflow 'a' deleted\nWorkflow 'b' deleted\n",
         NULL,
         0},
        {"argo delete a -n x/y",
         {{200, "{}"}},
         "DELETE /apis/argoproj.io/v1alpha1/namespaces/x%2Fy/workflows/a\n",
         "Workflow 'a' deleted\n",
         NULL,
         0},
        {"argo delete a b",
         {{404, MESSAGE("gone")}, {200, "{}"}},
         "DELETE ~workflows/a\nDELETE ~workflows/b\n",
         "Workflow 'a' not found\nWorkflow 'b' deleted\n",
         NULL,
         0},
        {"argo delete a",
         {{403, MESSAGE("you may not")}},
         "DELETE ~workflows/a\n",
         "",
         "Error: you may not\n",
         1},
        {"argo delete a --dry-run", {{0}}, "", "Workflow 'a' deleted (dry-run)\n", NULL, 0},
        {"argo delete --all",
         {{200, LIST("")}},
         "GET ~workflows" QUERY "\n",
         "No resources found\n",
         NULL,
         0},
        {"argo delete --completed --resubmitted --status Failed,Error -l a=b",
         {{200, LIST(WORKFLOW("w", ""))}, {200, "{}"}},
         "GET ~workflows" LABELS(
             "a%3Db%2Cworkflows.argoproj.io%2Fphase%20in%20%28Failed%2CError%29%2Cworkflows."
             "argoproj.io%2Fcompleted%3Dtrue%2Cworkflows.argoproj.io%2Fresubmitted-from-"
             "workflow") "\nDELETE ~workflows/w\n",
         "Workflow 'w' deleted\n",
         NULL,
         0},
        {"argo delete --prefix b",
         {{200, LIST(WORKFLOW("a", "") "," WORKFLOW("b", ""))}, {200, "{}"}},
         "GET ~workflows" QUERY "\nDELETE ~workflows/b\n",
         "Workflow 'b' deleted\n",
         NULL,
         0},
        {"argo delete --older 1d",
         {{200,
           LIST(WORKFLOW("a", ENDED("Failed")) "," WORKFLOW("b", "\"phase\":\"Running\""))},
          {200, "{}"}},
         "GET ~workflows" QUERY "\nDELETE ~workflows/a\n",
         "Workflow 'a' deleted\n",
         NULL,
         0},
        {"argo delete @latest",
         {{200, LIST(WORKFLOW("a", ""))}, {200, "{}"}},
         "GET ~workflows\nDELETE ~workflows/a\n",
         "Workflow 'a' deleted\n",
         NULL,
         0},
        {"argo delete @latest", /* of one second's the last written */
         {{200, LIST(WRITTEN("a", "05", "9") "," WRITTEN("b", "05", "11") "," WRITTEN(
                    "c", "05", "10") "," WRITTEN("d", "04", "12"))},
          {200, "{}"}},
         "GET ~workflows\nDELETE ~workflows/b\n",
         "Workflow 'b' deleted\n",
         NULL,
         0},
        {"argo delete @latest",
         {{200, LIST("")}},
         "GET ~workflows\n",
         "",
         "Error: no workflow found in namespace default\n",
         1},
        {"tiphys delete es hooks",
         {{200, "{}"}},
         "DELETE ~eventsources/hooks\n",
         "eventsource.argoproj.io \"hooks\" deleted\n",
         NULL,
         0},
        {"argo delete es hooks",
         {{200, "{}"}, {200, "{}"}},
         "DELETE ~workflows/es\nDELETE ~workflows/hooks\n",
         "Workflow 'es' deleted\nWorkflow 'hooks' deleted\n",
         NULL,
         0},
        {"tiphys delete cm a -n n",
         {{404, MESSAGE("configmaps \\\"a\\\" not found")}},
         "DELETE /api/v1/namespaces/n/configmaps/a\n",
         "",
         "Error: configmaps \"a\" not found\n",
         1},
    };

    CHECK_ALL(cases);
}

static void test_list(void **state)
{
    static const struct command_case cases[] = {
        {"argo list",
         {{200, LIST("")}},
         "GET " ALL_OF("default") "\n",
         "No workflows found\n",
         NULL,
         0},
        {"argo list -o json",
         {{200, LIST("")}},
         "GET " ALL_OF("default") "\n",
         "[]\n",
         NULL,
         0},
        {"argo list -o name",
         {{200, LIST("")}},
         "GET " ALL_OF("default") "\n",
         "No workflows found\n",
         NULL,
         0},
        /* unfinished before finished, what ended last before what ended first */
        {"argo list -o name",
         {{200, LIST(WORKFLOW("old", ENDED("Failed")) "," WORKFLOW(
                    "new", "\"phase\":\"Succeeded\",\"finishedAt\":\"2026-01-02T05:00:"
                           "00Z\"") "," WORKFLOW("run", "\"phase\":\"Running\""))}},
         "GET " ALL_OF("default") "\n",
         "run\nnew\nold\n",
         NULL,
         0},
        {"argo list -A --running -o name",
         {{200, LIST(WORKFLOW("w", ""))}},
         "GET " WITH_ARCHIVE("", "500", "workflows.argoproj.io%2Fcompleted%21%3Dtrue", "") "\n",
         "w\n",
         NULL,
         0},
        {"argo list -o name --chunk-size 1",
         {{200, "{\"metadata\":{\"continue\":\"a b\"},\"items\":[" WORKFLOW("x", "") "]}"},
          {200, LIST(WORKFLOW("y", ""))}},
         "GET " WITH_ARCHIVE("default", "1", "", "") "\nGET " WITH_ARCHIVE("default", "1", "",
                                                                           "") "a%20b\n",
         "x\ny\n",
         NULL,
         0},
        {"argo list --since 10m -o name",
         {{200, LIST(WORKFLOW("w", ""))}},
         "GET " ALL_OF("default") "\n",
         "No workflows found\n",
         NULL,
         0},
        {"argo list --since soon",
         {{0}},
         "",
         "",
         "Error: invalid since format 'soon'. Expected format <duration><unit> (e.g. 3h)\n",
         1},
        {"argo list --completed --running",
         {{0}},
         "",
         "",
         "Error: --completed and --running cannot be used together\n",
         1},
        {"argo list --field-selector metadata.name=w -o name",
         {{200, LIST(WORKFLOW("w", ""))}},
         "GET " WITH_ARCHIVE("default", "500", "", "metadata.name%3Dw") "\n",
         "w\n",
         NULL,
         0},
        {"argo list",
         {{401, MESSAGE("who are you?")}},
         "GET " ALL_OF("default") "\n",
         "",
         "Error: who are you?\n",
         1},
        {"argo list",
         {{500, "<html>"}},
         "GET " ALL_OF("default") "\n",
         "",
         "Error: the server answered 500: <html>\n",
         1},
        {"argo list",
         {{200, "no JSON"}},
         "GET " ALL_OF("default") "\n",
         "",
         "Error: answer of the server: invalid character 'o' in literal null (expecting 'u') "
         "(line 1, column 2)\n",
         1},
    };

    CHECK_ALL(cases);
}

#define UID "0a1b2c3d-0000-1111-2222-333344445555"
#define KEPT(name)                                                                  \
    "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"default\",\"uid\":\"" UID \
    "\",\"creationTimestamp\":\"2026-01-02T03:04:05Z\"},\"status\":{" ENDED("Failed") "}}"
#define KEPT_LIST(labels, fields)                                                         \
    "GET /api/v1/archived-workflows?namespace=default&listOptions.limit=500&listOptions." \
    "labelSelector=" labels "&listOptions.fieldSelector=" fields "&listOptions.continue="

static void test_archive(void **state)
{
    static const struct command_case cases[] = {
        {"argo archive list",
         {{200, "{\"metadata\":{},\"items\":null}"}},
         KEPT_LIST("", "") "\n",
         "No workflows found\n",
         NULL,
         0},
        {"argo archive list -o json",
         {{200, "{\"metadata\":{},\"items\":null}"}},
         KEPT_LIST("", "") "\n",
         "[]\n",
         NULL,
         0},
        {"argo archive list -l a=b -o name",
         {{200, "{\"metadata\":{\"continue\":\"1\"},\"items\":[" KEPT("x") "]}"},
          {200, LIST(KEPT("y"))}},
         KEPT_LIST("a%3Db", "") "\n" KEPT_LIST("a%3Db", "") "1\n",
         "x\ny\n",
         NULL,
         0},
        {"argo archive get " UID " -o yaml",
         {{200, "{\"a\":1}"}},
         "GET /api/v1/archived-workflows/" UID "\n",
         "a: 1\n",
         NULL,
         0},
        {"argo archive get " UID " --name -o yaml",
         {{200, "{\"a\":1}"}},
         ARCHIVED(UID),
         "a: 1\n",
         NULL,
         0},
        {"argo archive get w --uid -o json",
         {{404, MESSAGE("not found")}},
         "GET /api/v1/archived-workflows/w\n",
         "",
         "Error: not found\n",
         1},
        {"argo archive get w --uid --name",
         {{0}},
         "",
         "",
         "Error: --name and --uid cannot be used together\n",
         1},
        {"argo archive delete w " UID,
         {{200, "{}"}, {200, "{}"}},
         "DELETE /api/v1/archived-workflows/?namespace=default&name=w\n"
         "DELETE /api/v1/archived-workflows/" UID "\n",
         "Archived workflow 'w' deleted\nArchived workflow '" UID "' deleted\n",
         NULL,
         0},
        {"argo archive list-label-keys",
         {{200, "{\"items\":[\"a\",\"b\"]}"}},
         "GET /api/v1/archived-workflows-label-keys\n",
         "a\nb\n",
         NULL,
         0},
        {"argo archive list-label-values -l a/b",
         {{200, "{}"}},
         "GET /api/v1/archived-workflows-label-values?listOptions.labelSelector=a%2Fb\n",
         "",
         NULL,
         0},
        {"argo archive list-label-values",
         {{0}},
         "",
         "",
         "Error: label selector must not be empty\n",
         1},
        {"argo archive resubmit w -p a=b -o name",
         {{200, KEPT("w")}, {200, WORKFLOW("w-2", "")}},
         ARCHIVED("w") "PUT /api/v1/archived-workflows/" UID
                       "/resubmit {\"parameters\":[\"a=b\"]}\n",
         "w-2\n",
         NULL,
         0},
        /* the argument is among those selected: once */
        {"argo archive retry w -l a=b -o name",
         {{200, LIST(KEPT("w"))}, {200, KEPT("w")}, {200, WORKFLOW("w", "")}},
         KEPT_LIST("a%3Db", "") "\n" ARCHIVED("w") "PUT /api/v1/archived-workflows/" UID
                                                   "/retry {}\n",
         "w\n",
         NULL,
         0},
        {"argo archive retry w",
         {{200, KEPT("w")}, {409, MESSAGE("it is live")}},
         ARCHIVED("w") "PUT /api/v1/archived-workflows/" UID "/retry {}\n",
         "",
         "Error: it is live\n",
         1},
    };

    CHECK_ALL(cases);
}

static void test_get(void **state)
{
    static const struct command_case cases[] = {
        {"argo get w -o name",
         {{200, WORKFLOW("w", "")}},
         "GET ~workflows/w\n",
         "w\n",
         NULL,
         0},
        {"argo get a b -o name",
         {{200, WORKFLOW("a", "")}, {200, WORKFLOW("b", "")}},
         "GET ~workflows/a\nGET ~workflows/b\n",
         "a\nb\n",
         NULL,
         0},
        {"argo get w",
         {{404, MESSAGE("workflows.argoproj.io \\\"w\\\" not found")}},
         "GET ~workflows/w\n" ARCHIVED("w"),
         "",
         "Error: workflows.argoproj.io \"w\" not found\n",
         1},
        {"argo get w -o yaml",
         {{200, "{\"b\":1,\"a\":\"x\"}"}},
         "GET ~workflows/w\n",
         "a: x\nb: 1\n",
         NULL,
         0},
        {"argo get w --status Failed --node-field-selector phase=Failed",
         {{200, WORKFLOW("w", "")}},
         "GET ~workflows/w\n",
         "",
         "Error: cannot use both --status and --node-field-selector\n",
         1},
        {"argo get w --node-field-selector x",
         {{200, WORKFLOW("w", "")}},
         "GET ~workflows/w\n",
         "",
         "Error: selector is invalid: invalid selector: 'x'; can't understand 'x'\n",
         1},
        {"argo get wf",
         {{404, MESSAGE("no")}},
         "GET ~workflows/wf\n" ARCHIVED("wf"),
         "",
         "Error: no\n",
         1},
        {"argo get wf -o name",
         {{404, MESSAGE("no")}, {200, WORKFLOW("wf", "")}},
         "GET ~workflows/wf\n" ARCHIVED("wf"),
         "wf\n",
         NULL,
         0},
        {"tiphys get es -o name",
         {{200, LIST(OBJECT("EventSource", "a") "," OBJECT("EventSource", "b"))}},
         "GET ~eventsources\n",
         "eventsource.argoproj.io/a\neventsource.argoproj.io/b\n",
         NULL,
         0},
        {"tiphys get es -A",
         {{200, LIST("")}},
         "GET /apis/argoproj.io/v1alpha1/eventsources\n",
         "",
         "No resources found\n",
         0},
        {"tiphys get secret -l a=b",
         {{200, LIST("")}},
         "GET /api/v1/namespaces/default/secrets?labelSelector=a%3Db\n",
         "",
         "No resources found in default namespace.\n",
         0},
        {"tiphys get ns",
         {{200, LIST("")}},
         "GET /api/v1/namespaces\n",
         "",
         "No resources found\n",
         0},
        {"tiphys get cm a -A",
         {{0}},
         "",
         "",
         "Error: a resource cannot be retrieved by name across all namespaces\n",
         1},
        {"tiphys get cm a -o short",
         {{200, OBJECT("ConfigMap", "a")}},
         "GET /api/v1/namespaces/default/configmaps/a\n",
         "",
         "Error: -o short is for workflows by name only\n",
         1},
    };

    CHECK_ALL(cases);
}

static void test_wait_and_watch(void **state)
{
    static const struct command_case cases[] = {
        {"argo wait w",
         {{200, WORKFLOW("w", ENDED("Succeeded"))}, {200, WORKFLOW("w", ENDED("Succeeded"))}},
         "GET ~workflows/w\nGET ~workflows/w\n",
         "w Succeeded at 2026-01-02 03:04:07 +0000 UTC\n",
         NULL,
         0},
        {"argo wait w",
         {{200, WORKFLOW("w", ENDED("Failed"))}, {200, WORKFLOW("w", ENDED("Failed"))}},
         "GET ~workflows/w\nGET ~workflows/w\n",
         "w Failed at 2026-01-02 03:04:07 +0000 UTC\n",
         NULL,
         1},
        {"tiphys wait w",
         {{200, WORKFLOW("w", ENDED("Failed") ",\"message\":\"no\\nluck\"")},
          {200, WORKFLOW("w", ENDED("Failed") ",\"message\":\"no\\nluck\"")}},
         "GET ~workflows/w\nGET ~workflows/w\n",
         "w Failed at 2026-01-02 03:04:07 +0000 UTC: no luck\n",
         NULL,
         1},
        {"argo wait w",
         {{200, WORKFLOW("w", ENDED("Failed") ",\"message\":\"no luck\"")},
          {200, WORKFLOW("w", ENDED("Failed") ",\"message\":\"no luck\"")}},
         "GET ~workflows/w\nGET ~workflows/w\n",
         "w Failed at 2026-01-02 03:04:07 +0000 UTC\n",
         NULL,
         1},
        {"tiphys list --status failed",
         {{0}},
         "",
         "",
         "Error: --status: no phase \"failed\": want Pending, Running, Succeeded, Failed or "
         "Error\n",
         1},
        /* it is fetched again until it has ended */
        {"argo wait w",
         {{200, WORKFLOW("w", "")},
          {200, WORKFLOW("w", "\"phase\":\"Running\"")},
          {200, WORKFLOW("w", ENDED("Error"))}},
         "GET ~workflows/w\nGET ~workflows/w\nGET ~workflows/w\n",
         "w Error at 2026-01-02 03:04:07 +0000 UTC\n",
         NULL,
         1},
        {"argo wait x w",
         {{404, MESSAGE("no x")},
          {404, MESSAGE("not found")},
          {200, WORKFLOW("w", ENDED("Succeeded"))},
          {200, WORKFLOW("w", ENDED("Succeeded"))}},
         "GET ~workflows/x\n" ARCHIVED("x") "GET ~workflows/w\nGET ~workflows/w\n",
         "w Succeeded at 2026-01-02 03:04:07 +0000 UTC\n",
         "Error: no x\n",
         1},
        {"argo wait x --ignore-not-found",
         {{404, MESSAGE("no x")}},
         "GET ~workflows/x\n" ARCHIVED("x"),
         "",
         NULL,
         0},
        {"argo wait", {{0}}, "", "", NULL, 0},
        {"argo watch x",
         {{404, MESSAGE("no x")}},
         "GET ~workflows/x\n" ARCHIVED("x"),
         "",
         "Error: no x\n",
         1},
    };

    CHECK_ALL(cases);
}

/* A line for each change, then the whole, whose ages nobody knows here. */
static void test_watch_to_its_end(void **state)
{
    static const struct answer answers[] = {{200, WORKFLOW("w", "")},
                                            {200, WORKFLOW("w", "\"phase\":\"Running\"")},
                                            {503, MESSAGE("busy")},
                                            {200, WORKFLOW("w", ENDED("Failed"))},
                                            {0}};
    _cleanup_arena_ struct arena *a = arena_new();
    struct fake *f = *state;
    struct outcome o;

    f->answers = answers;
    f->at = 0;
    strbuf_reset(&f->requests);
    o = run(a, "argo watch w");
    assert_int_equal(o.code, 0);
    assert_true(str_is(strbuf_str(&f->requests),
                       "GET ~workflows/w\nGET ~workflows/w\nGET ~workflows/w\nGET "
                       "~workflows/w\n"));
    assert_true(
        str_starts(o.out, STR("                     w Running\n2026-01-02T03:04:07Z w Failed\n"
                              "Name:                w\n")));
    assert_true(str_find(o.out, STR("\nStatus:              Failed\n")) != SIZE_MAX);
}

#define NODES                                                                                 \
    ",\"nodes\":{\"w\":{\"id\":\"w\",\"name\":\"w\",\"type\":\"Pod\",\"templateName\":\"t\"," \
    "\"phase\":\"Succeeded\"},\"v\":{\"id\":\"v\",\"name\":\"w.v\",\"type\":\"Pod\","         \
    "\"templateName\":\"t\",\"phase\":\"Failed\"}}"
#define LOG(pod, more) \
    "GET /api/v1/namespaces/default/pods/" pod "/log?container=main" more "\n"
#define V "w-t-558317850"

static void test_logs(void **state)
{
    static const struct command_case cases[] = {
        {"argo logs w", /* in the order of times, whichever pod they are of */
         {{200, WORKFLOW("w", ENDED("Failed") NODES)},
          {200, "2026-01-02T03:04:05Z one\n2026-01-02T03:04:07Z three\n"},
          {200, "2026-01-02T03:04:06Z two\n2026-01-02T03:04:08Z \n"}},
         "GET ~workflows/w\n" LOG("w", "&timestamps=true") LOG(V, "&timestamps=true"),
         "w: one\n" V ": two\nw: three\n" V ": \n",
         NULL,
         0},
        {"argo logs w w --tail 2 --since 1m30s -c wait --timestamps",
         {{200, WORKFLOW("w", ENDED("Failed") NODES)}, {200, "2026-01-02T03:04:05Z one\n"}},
         "GET ~workflows/w\nGET "
         "/api/v1/namespaces/default/pods/w/log?container=wait&tailLines=2&"
         "sinceSeconds=90&timestamps=true\n",
         "w: 2026-01-02T03:04:05Z one\n",
         NULL,
         0},
        {"tiphys logs w w -c foo", /* a container that is not there is told */
         {{200, WORKFLOW("w", ENDED("Failed") NODES)},
          {200, ""},
          {200, "{\"spec\":{\"containers\":[{\"name\":\"main\"},{\"name\":\"side\"}],"
                "\"initContainers\":[{\"name\":\"first\"}]}}"}},
         "GET ~workflows/w\nGET "
         "/api/v1/namespaces/default/pods/w/log?container=foo&timestamps=true\n"
         "GET /api/v1/namespaces/default/pods/w\n",
         "",
         "Error: container foo is not valid for pod w: it has main, side, first\n",
         1},
        {"tiphys logs w w -c side",
         {{200, WORKFLOW("w", ENDED("Failed") NODES)},
          {200, ""},
          {200, "{\"spec\":{\"containers\":[{\"name\":\"main\"},{\"name\":\"side\"}]}}"}},
         "GET ~workflows/w\nGET "
         "/api/v1/namespaces/default/pods/w/log?container=side&timestamps=true\n"
         "GET /api/v1/namespaces/default/pods/w\n",
         "",
         NULL,
         0},
        {"argo logs w w --since-time 2026-01-02T03:04:05+01:00",
         {{200, WORKFLOW("w", ENDED("Failed") NODES)}, {404, MESSAGE("not begun")}},
         "GET ~workflows/w\n" LOG("w", "&sinceTime.seconds=1767319445&timestamps=true"),
         "",
         NULL,
         0},
        {"argo logs w x",
         {{200, WORKFLOW("w", ENDED("Failed") NODES)}},
         "GET ~workflows/w\n",
         "",
         "Error: workflow w has no pod \"x\": it has w, w-t-558317850\n",
         1},
        {"argo logs w --grep ^t[wh] ",
         {{200, WORKFLOW("w", ENDED("Failed") NODES)},
          {200, "2026-01-02T03:04:05Z one\n2026-01-02T03:04:07Z three\n"},
          {200, "2026-01-02T03:04:06Z two"}},
         "GET ~workflows/w\n" LOG("w", "&timestamps=true") LOG(V, "&timestamps=true"),
         V ": two\nw: three\n",
         NULL,
         0},
        {"argo logs w --grep (",
         {{0}},
         "",
         "",
         "Error: --grep (: error parsing regexp: missing closing ): `(`\n",
         1},
        {"argo logs w --since 1m --since-time 2026-01-02T03:04:05Z",
         {{0}},
         "",
         "",
         "Error: --since-time and --since cannot be used together\n",
         1},
        {"argo logs w -l workflows.argoproj.io/workflow=z",
         {{200, WORKFLOW("w", ENDED("Failed") NODES)}},
         "GET ~workflows/w\n",
         "",
         NULL,
         0},
        {"argo logs w w -f", /* what had ended is printed at once */
         {{200, WORKFLOW("w", ENDED("Failed") NODES)},
          {200, WORKFLOW("w", ENDED("Failed") NODES)},
          {200, "2026-01-02T03:04:05Z one\n"}},
         "GET ~workflows/w\nGET ~workflows/w\n" LOG("w", "&timestamps=true"),
         "w: one\n",
         NULL,
         0},
    };

    CHECK_ALL(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delete),         cmocka_unit_test(test_list),
        cmocka_unit_test(test_archive),        cmocka_unit_test(test_get),
        cmocka_unit_test(test_wait_and_watch), cmocka_unit_test(test_watch_to_its_end),
        cmocka_unit_test(test_logs),
    };

    return cmocka_run_group_tests(tests, start_fake, stop_fake);
}
