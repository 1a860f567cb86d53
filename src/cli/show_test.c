/* Tests of what the commands show of workflows: facts, the tree in argo's shape, the list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/show.h"
#include "cli/show_cron.h"

/* 2026-01-02T05:00:00Z */
static const struct wall now = {.ms = 1767330000000};

static struct json parse(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", err.text, text);
    return v;
}

static void assert_text(struct strbuf *b, const char *want)
{
    if (!str_is(strbuf_str(b), want))
        fail_msg("got:\n" STR_FMT "want:\n%s", STR_ARG(strbuf_str(b)), want);
    strbuf_reset(b);
}

/* ---- facts ---- */

static const char full[] =
    "{\"metadata\":{\"name\":\"w\",\"namespace\":\"argo\",\"creationTimestamp\":\"2026-01-"
    "02T03:00:00Z\"},"
    "\"spec\":{\"arguments\":{\"parameters\":[{\"name\":\"p\",\"value\":\"v\"},{\"name\":\"n\","
    "\"value\":3},{\"name\":\"none\"}]}},"
    "\"status\":{\"phase\":\"Failed\",\"message\":\"child failed\","
    "\"startedAt\":\"2026-01-02T03:00:01Z\",\"finishedAt\":\"2026-01-02T03:01:06Z\","
    "\"progress\":\"1/2\",\"resourcesDuration\":{\"cpu\":9,\"memory\":6},"
    "\"conditions\":[{\"type\":\"PodRunning\",\"status\":\"False\"},{\"type\":\"SpecWarning\","
    "\"status\":\"True\",\"message\":\"old\"}],"
    "\"outputs\":{\"parameters\":[{\"name\":\"out\",\"value\":\"42\"}]},"
    "\"nodes\":{\"w\":{\"id\":\"w\",\"name\":\"w\",\"displayName\":\"w\",\"type\":\"Pod\","
    "\"templateName\":\"main\",\"phase\":\"Failed\",\"startedAt\":\"2026-01-02T03:00:01Z\","
    "\"finishedAt\":\"2026-01-02T03:00:03Z\",\"message\":\"Error (exit\\ncode 1)\","
    "\"hostNodeName\":\"vm\",\"resourcesDuration\":{\"cpu\":2},"
    "\"outputs\":{\"artifacts\":[{\"name\":\"log\"},{\"name\":\"x\"}]}}}}}";

static const char full_want[] =
    "Name:                w\n"
    "Namespace:           argo\n"
    "ServiceAccount:      unset (will run with the default ServiceAccount)\n"
    "Status:              Failed\n"
    "Message:             child failed\n"
    "Conditions:          \n"
    " PodRunning          False\n"
    "⚠ SpecWarning      old\n" /* as Go's %-20s: bytes of the sign count */
    "Created:             Fri Jan 02 03:00:00 +0000 (2 hours ago)\n"
    "Started:             Fri Jan 02 03:00:01 +0000 (1 hour ago)\n"
    "Finished:            Fri Jan 02 03:01:06 +0000 (1 hour ago)\n"
    "Duration:            1 minute 5 seconds\n"
    "Progress:            1/2\n"
    "ResourcesDuration:   9s*(1 cpu),6s*(100Mi memory)\n"
    "Parameters:          \n"
    "  p:                 v\n"
    "  n:                 3\n"
    "Output Parameters:   \n"
    "  out:               42\n"
    "\n"
    "STEP  TEMPLATE  PODNAME  DURATION  MESSAGE\n"
    " ✖ w  main      w        2s        Error (exit code 1)  \n";

static void test_facts(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct show_options options = {.now = now};
    struct json workflow = parse(a, full);

    (void) state;
    show_workflow(a, &b, &workflow, &options);
    assert_text(&b, full_want);
    options.detail = SHOW_WIDE;
    show_tree(a, &b, &workflow, &options);
    assert_text(&b, "\nSTEP  TEMPLATE  PODNAME  DURATION  ARTIFACTS  MESSAGE              "
                    "RESOURCESDURATION  NODENAME\n"
                    " ✖ w  main      w        2s        log,x      Error (exit code 1)  "
                    "2s*(1 cpu)         vm\n");
    options.detail = SHOW_SHORT;
    show_workflow(a, &b, &workflow, &options);
    assert_text(&b, "STEP  TEMPLATE  PODNAME  DURATION  MESSAGE              NODENAME\n"
                    " ✖ w  main      w        2s        Error (exit code 1)  vm\n");
    options = (struct show_options){.now = now, .has_color = true};
    show_tree(a, &b, &workflow, &options);
    assert_text(&b,
                "\n\x1b[39mSTEP\x1b[0m  TEMPLATE  PODNAME  DURATION  MESSAGE\n"
                " \x1b[31m✖\x1b[0m w  main      w        2s        Error (exit code 1)  \n");
}

static void test_facts_of_a_new_one(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    const struct show_options options = {.now = now};
    struct json workflow = parse(
        a, "{\"metadata\":{\"name\":\"w\",\"namespace\":\"n\",\"creationTimestamp\":"
           "\"2026-01-02T05:00:00Z\"},\"spec\":{\"workflowTemplateRef\":{\"name\":\"t\"}}}");

    (void) state;
    show_workflow(a, &b, &workflow, &options);
    assert_text(&b, "Name:                w\n"
                    "Namespace:           n\n"
                    "ServiceAccount:      unset\n"
                    "Status:              Pending\n"
                    "Created:             Fri Jan 02 05:00:00 +0000 (now)\n"
                    "Progress:            \n");
    show_template(a, &b, &workflow, &options);
    assert_text(&b, "Name:                w\n"
                    "Namespace:           n\n"
                    "Created:             Fri Jan 02 05:00:00 +0000 (now)\n");
}

static void test_phases(void **state)
{
    static const struct {
        const char *doc, *want;
        bool is_ended;
    } cases[] = {
        {"{}", "Pending", false},
        {"{\"status\":{\"phase\":\"\"}}", "Pending", false},
        {"{\"status\":{\"phase\":\"Running\"}}", "Running", false},
        {"{\"spec\":{\"suspend\":true},\"status\":{\"phase\":\"Running\"}}",
         "Running (Suspended)", false},
        {"{\"status\":{\"phase\":\"Running\",\"nodes\":{\"x\":{\"type\":\"Suspend\",\"phase\":"
         "\"Running\"}}}}",
         "Running (Suspended)", false},
        {"{\"status\":{\"phase\":\"Running\",\"nodes\":{\"x\":{\"type\":\"Suspend\",\"phase\":"
         "\"Succeeded\"}}}}",
         "Running", false},
        {"{\"status\":{\"phase\":\"Failed\"}}", "Failed", true},
        {"{\"spec\":{\"shutdown\":\"Stop\"},\"status\":{\"phase\":\"Failed\"}}",
         "Failed (Terminated)", true},
        {"{\"spec\":{\"shutdown\":\"Stop\"},\"status\":{\"phase\":\"Succeeded\"}}", "Succeeded",
         true},
        {"{\"status\":{\"phase\":\"Error\"}}", "Error", true},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = parse(a, cases[i].doc);

        assert_true(str_is(show_phase(&doc), cases[i].want));
        assert_int_equal(show_is_ended(&doc), cases[i].is_ended);
    }
}

static void test_ages(void **state)
{
    static const struct {
        const char *from, *to, *want;
    } cases[] = {
        {"2026-01-02T05:00:00Z", NULL, "0s"},
        {"2026-01-02T04:59:59Z", NULL, "1s"},
        {"2026-01-02T04:59:01Z", NULL, "59s"},
        {"2026-01-02T04:58:59Z", NULL, "1m"},
        {"2026-01-02T04:00:01Z", NULL, "59m"},
        {"2026-01-02T04:00:00Z", NULL, "1h"},
        {"2026-01-01T05:00:00Z", NULL, "1d"},
        {"2025-12-01T05:00:00Z", NULL, "32d"},
        {"2026-01-02T06:00:00Z", NULL, "0s"}, /* a clock that is ahead */
        {"2026-01-02T04:00:00Z", "2026-01-02T04:00:07Z", "7s"},
        {"2026-01-02T04:00:00Z", "", "1h"},
        {"", NULL, "0s"},
        {"yesterday", NULL, "0s"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str got = show_age(a, str_from(cases[i].from), str_from(cases[i].to), now);

        if (!str_is(got, cases[i].want))
            fail_msg("%s: got " STR_FMT ", want %s", cases[i].from, STR_ARG(got),
                     cases[i].want);
    }
}

static void test_times(void **state)
{
    static const struct {
        const char *time, *want;
    } cases[] = {
        {"2026-01-02T05:00:00Z", "Fri Jan 02 05:00:00 +0000 (now)"},
        {"2026-01-02T04:59:59Z", "Fri Jan 02 04:59:59 +0000 (1 second ago)"},
        {"2026-01-02T04:57:00Z", "Fri Jan 02 04:57:00 +0000 (3 minutes ago)"},
        {"2025-12-25T05:00:00Z", "Thu Dec 25 05:00:00 +0000 (1 week ago)"},
        {"2026-01-02T07:00:00Z", "Fri Jan 02 07:00:00 +0000 (2 hours from now)"},
        {"2026-01-02T07:00:00+02:00", "Fri Jan 02 05:00:00 +0000 (now)"},
        {"0001-01-01T00:00:00Z", "Mon Jan 01 00:00:00 +0000 (a long while ago)"},
        {"9999-01-01T00:00:00Z", "Fri Jan 01 00:00:00 +0000 (a long while from now)"},
        {"", ""},
        {"soon", ""},
    };
    const struct show_options options = {.now = now};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str got = show_time(a, str_from(cases[i].time), &options);

        if (!str_is(got, cases[i].want))
            fail_msg("%s: got " STR_FMT, cases[i].time, STR_ARG(got));
    }
}

/* ---- trees ---- */

/* Nodes as lines "id type phase boundary children second": "-" is none; the display name is the
 * id. The workflow is called w. */
static struct json make_workflow(struct arena *a, const char *lines)
{
    struct str rest = str_from(lines), line;
    struct json nodes = json_object(&(struct json_object_builder){0});
    struct json doc = parse(a, "{\"metadata\":{\"name\":\"w\"},\"status\":{}}");

    while (str_cut(&rest, '\n', &line)) {
        struct str cells[6] = {0}, children = STR(""), child;

        if (str_is_empty(line))
            continue;
        for (size_t i = 0; i < COUNT_OF(cells); i++)
            assert_true(str_cut(&line, ' ', &cells[i]));
        while (str_cut(&cells[4], ',', &child))
            if (!str_is(child, "-"))
                children = str_printf(a, STR_FMT "%s\"" STR_FMT "\"", STR_ARG(children),
                                      children.len ? "," : "", STR_ARG(child));
        nodes = json_set(
            a, &nodes, cells[0],
            parse(a, str_printf(a,
                                "{\"id\":\"" STR_FMT "\",\"name\":\"" STR_FMT
                                "\",\"displayName\":\"" STR_FMT "\",\"type\":\"" STR_FMT
                                "\",\"phase\":\"" STR_FMT "\",\"boundaryID\":\"" STR_FMT
                                "\",\"children\":[" STR_FMT
                                "],\"startedAt\":\"2026-01-02T04:00:" STR_FMT "Z\"}",
                                STR_ARG(cells[0]), STR_ARG(cells[0]), STR_ARG(cells[0]),
                                STR_ARG(cells[1]), STR_ARG(cells[2]),
                                STR_ARG(str_is(cells[3], "-") ? STR("") : cells[3]),
                                STR_ARG(children), STR_ARG(cells[5]))
                         .ptr));
    }
    return json_set_path(a, &doc, nodes, "status", "nodes", NULL);
}

/* The first column of the tree's rows, without the blanks before it. */
static struct str steps_of(struct arena *a, const struct strbuf *b)
{
    struct str rest = strbuf_str(b), line, text = STR("");

    str_cut(&rest, '\n', &line); /* an empty line and the headings come first */
    str_cut(&rest, '\n', &line);
    while (str_cut(&rest, '\n', &line) && !(str_is_none(rest) && str_is_empty(line))) {
        line = str_trim(line);
        text = str_printf(a, STR_FMT STR_FMT "\n", STR_ARG(text),
                          STR_ARG(str_trim(str_head(line, str_find(line, STR("  "))))));
    }
    return text;
}

static const struct tree_case {
    const char *name, *nodes, *want;
} tree_cases[] = {
    {"nothing without the root's node", "x Pod Succeeded - - 01\n", ""},
    {"one pod", "w Pod Running - - 01\n", "● w\n"},
    {"phases",
     "w DAG Running - - 01\na Pod Pending w - 01\nb Pod Running w - 02\nc Pod Succeeded w - "
     "03\n"
     "d Skipped Skipped w - 04\ne Pod Failed w - 05\nf Pod Error w - 06\ng Suspend Running w - "
     "07\nh Suspend Succeeded w - 08\n",
     "● w\n├─◷ a\n├─● b\n├─✔ c\n├─○ d\n├─✖ e\n├─⚠ f\n├─ǁ g\n└─✔ h\n"},
    {"steps: groups are joints",
     "w Steps Succeeded - g0 01\ng0 StepGroup Succeeded w a 01\ng1 StepGroup Succeeded w b,c,d "
     "02\na Pod Succeeded w g1 01\nb Pod Succeeded w - 02\nc Pod Succeeded w - 02\nd Pod "
     "Succeeded w - 02\n",
     "✔ w\n├───✔ a\n└─┬─✔ b\n├─✔ c\n└─✔ d\n"},
    {"a retry with one attempt is hidden",
     "w Steps Succeeded - g 01\ng StepGroup Succeeded w r 01\nr Retry Succeeded w r(0) "
     "01\nr(0) "
     "Pod Succeeded w - 01\n",
     "✔ w\n└───✔ r(0)\n"},
    {"with two it is not",
     "w Steps Failed - g 01\ng StepGroup Failed w r 01\nr Retry Failed w r(0),r(1) 01\nr(0) "
     "Pod "
     "Failed w - 01\nr(1) Pod Failed w - 02\n",
     "✖ w\n└───✖ r\n├─✖ r(0)\n└─✖ r(1)\n"},
    {"task groups and containers are not drawn, omitted nodes neither",
     "w DAG Succeeded - - 01\nt TaskGroup Succeeded w t(0),t(1) 01\nt(0) Pod Succeeded w - 01\n"
     "t(1) Pod Succeeded w - 01\no Skipped Omitted w - 02\nk Container Succeeded w - 02\n",
     "✔ w\n├─✔ t(0)\n├─✔ t(1)\n"},
    {"order: time, then number, then name",
     "w DAG Succeeded - - 01\nz Pod Succeeded w - 01\nx(10:a) Pod Succeeded w - 02\nx(9:b) Pod "
     "Succeeded w - 02\nb Pod Succeeded w - 03\na Pod Succeeded w - 03\n",
     "✔ w\n├─✔ z\n├─✔ x(9:b)\n├─✔ x(10:a)\n├─✔ a\n└─✔ b\n"},
    {"boundaries inside each other",
     "w DAG Running - - 01\ni DAG Running w - 01\np Pod Running i - 01\nq Pod Pending w - 02\n",
     "● w\n├─● i\n│ └─● p\n└─◷ q\n"},
    {"the exit handler is a second tree",
     "w Pod Succeeded - - 01\nw.onExit Pod Succeeded - - 02\n", "✔ w\n\n✔ w.onExit\n"},
    {"an unknown boundary hides a node", "w DAG Running - - 01\na Pod Running nobody - 01\n",
     "● w\n"},
    {"a node that is its own child ends", "w Retry Running - w,w 01\n", "● w\n"},
};

static void test_trees(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF(tree_cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
        const struct show_options options = {.now = now};
        struct json workflow = make_workflow(a, tree_cases[i].nodes);

        show_tree(a, &b, &workflow, &options);
        if (!str_is(steps_of(a, &b), tree_cases[i].want))
            fail_msg("%s: got:\n" STR_FMT "(from:\n" STR_FMT ")", tree_cases[i].name,
                     STR_ARG(steps_of(a, &b)), STR_ARG(strbuf_str(&b)));
    }
}

static void test_tree_exactly(void **state)
{
    static const char nodes[] =
        "w Steps Failed - g0 01\ng0 StepGroup Succeeded w a 01\n"
        "g1 StepGroup Failed w b,c 02\na Pod Succeeded w g1 01\n"
        "b Pod Failed w - 02\nc DAG Succeeded w - 02\nx Pod Succeeded c - 03\n";
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct show_options options = {.now = {.ms = 1767326410000}};
    struct json workflow = make_workflow(a, nodes);
    struct selector failed;
    struct err err;

    (void) state;
    options.is_ascii = true;
    show_tree(a, &b, &workflow, &options);
    assert_text(&b, "\nSTEP                TEMPLATE  PODNAME       DURATION  MESSAGE\n"
                    " Failed w                                               \n"
                    " |---Succeeded a              w-3826002220  9s          \n"
                    " `-+-Failed b                 w-3876335077  8s          \n"
                    "   `-Succeeded c                                        \n"
                    "     `-Succeeded x            w-4245442695  7s          \n");
    options.is_ascii = false;
    assert_int_equal(selector_parse_fields(a, STR("phase=Failed"), &failed, &err), 0);
    options.nodes = &failed;
    show_tree(a, &b, &workflow, &options);
    assert_text(&b, "\nSTEP      TEMPLATE  PODNAME       DURATION  MESSAGE\n"
                    " ✖ w                                          \n"
                    " └─┬─✖ b            w-3876335077  8s          \n");
}

/* Workflows that call themselves are deep; a tree of 3000 levels is drawn whole. */
static void test_deep(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf lines = STRBUF_INIT(1 << 20), b = STRBUF_INIT(64 << 20);
    const struct show_options options = {.now = now};
    enum { DEPTH = 3000 };
    struct json workflow;
    struct str rest, line;
    size_t count = 0;

    (void) state;
    strbuf_addz(&lines, "w DAG Running - - 01\nn0 DAG Running w - 01\n");
    for (int i = 1; i < DEPTH; i++)
        strbuf_addf(&lines, "n%d DAG Running n%d - 01\n", i, i - 1);
    workflow = make_workflow(a, lines.ptr);
    show_tree(a, &b, &workflow, &options);
    rest = strbuf_str(&b);
    while (str_cut(&rest, '\n', &line))
        count += str_find(line, STR("●")) != SIZE_MAX;
    assert_int_equal(count, DEPTH + 1);
}

/* ---- lists ---- */

static const char *const list_docs[] = {
    "{\"metadata\":{\"name\":\"long-name\",\"namespace\":\"a\",\"creationTimestamp\":"
    "\"2026-01-02T04:00:00Z\"},\"spec\":{\"priority\":7,\"arguments\":{\"parameters\":[{"
    "\"name\":"
    "\"p\",\"value\":\"0123456789012345678901234567890123456789012345678901234567890\"},{"
    "\"name\":"
    "\"n\",\"value\":3}]}},\"status\":{\"phase\":\"Failed\",\"message\":\"a\\nb\","
    "\"startedAt\":"
    "\"2026-01-02T04:00:00Z\",\"finishedAt\":\"2026-01-02T04:00:05Z\",\"nodes\":{\"1\":{"
    "\"type\":"
    "\"Pod\",\"phase\":\"Failed\"},\"2\":{\"type\":\"Pod\",\"phase\":\"Running\"},\"3\":{"
    "\"type\":\"Pod\"},\"4\":{\"type\":\"DAG\",\"phase\":\"Running\"}}}}",
    "{\"metadata\":{\"name\":\"x\",\"namespace\":\"b\",\"creationTimestamp\":"
    "\"2026-01-02T04:59:30Z\"},\"spec\":{}}",
};

static void test_list(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct json docs[2] = {parse(a, list_docs[0]), parse(a, list_docs[1])};
    const struct json *rows[2] = {&docs[0], &docs[1]};
    struct show_list_options options = {.now = now};

    (void) state;
    show_list(a, &b, rows, 2, &options);
    assert_text(&b, "NAME        STATUS    AGE   DURATION   PRIORITY   MESSAGE\n"
                    "long-name   Failed    1h    5s         7          a b\n"
                    "x           Pending   30s   0s         0          \n");
    options.has_namespace = options.is_wide = true;
    show_list(a, &b, rows, 2, &options);
    assert_text(
        &b, "NAMESPACE   NAME        STATUS    AGE   DURATION   PRIORITY   MESSAGE   P/R/C   "
            "PARAMETERS\n"
            "a           long-name   Failed    1h    5s         7          a b       1/1/1   "
            "p=01234567890123456789012345678901...678901234567890,n=3\n"
            "b           x           Pending   30s   0s         0                    0/0/0   "
            "\n");
    options = (struct show_list_options){.now = now, .is_headless = true};
    show_list(a, &b, rows + 1, 1, &options);
    assert_text(&b, "x   Pending   30s   0s   0   \n");
    show_list(a, &b, rows, 0, &options);
    assert_text(&b, "No workflows found\n");
}

/* ---- cron workflows ---- */

static const char cron_full[] =
    "{\"metadata\":{\"name\":\"c\",\"namespace\":\"argo\",\"creationTimestamp\":\"2026-01-"
    "02T03:00:00Z\"},\"spec\":{\"schedules\":[\"30 14 * * *\",\"0 15 * * *\"],\"timezone\":"
    "\"Asia/Seoul\",\"startingDeadlineSeconds\":0,\"concurrencyPolicy\":\"Forbid\",\"suspend\":"
    "true,\"workflowSpec\":{\"arguments\":{\"parameters\":[{\"name\":\"p\",\"value\":\"a\\nb\"}"
    ","
    "{\"name\":\"n\",\"value\":3},{\"name\":\"none\"}]}}},\"status\":{\"lastScheduledTime\":"
    "\"2026-01-02T04:00:00Z\",\"active\":[{\"name\":\"c-1\"},{\"name\":\"c-2\"}],"
    "\"conditions\":"
    "[{\"type\":\"SubmissionError\",\"status\":\"True\",\"message\":\"no\"}]}}";
static const char cron_small[] =
    "{\"metadata\":{\"name\":\"small-one\",\"namespace\":\"argo\",\"creationTimestamp\":"
    "\"2026-01-02T04:59:00Z\"},\"spec\":{\"schedules\":[\"0 0 30 2 *\"],\"workflowSpec\":{}}}";

static void test_cron(void **state)
{
    const struct show_options options = {.now = now};
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct json doc = parse(a, cron_full);

    (void) state;
    show_cron(a, &b, &doc, &options);
    assert_text(&b, "Name:                          c\n"
                    "Namespace:                     argo\n"
                    "Created:                       Fri Jan 02 03:00:00 +0000 (2 hours ago)\n"
                    "Schedules:                     30 14 * * *,0 15 * * *\n"
                    "Suspended:                     true\n"
                    "Timezone:                      Asia/Seoul\n"
                    "StartingDeadlineSeconds:       0\n"
                    "ConcurrencyPolicy:             Forbid\n"
                    "LastScheduledTime:             Fri Jan 02 04:00:00 +0000 (1 hour ago)\n"
                    "NextScheduledTime:             Fri Jan 02 05:30:00 +0000 (30 minutes from "
                    "now) (assumes workflow-controller is in UTC)\n"
                    "Active Workflows:              c-1, c-2\n"
                    "Conditions:                    \n"
                    "\u2716 SubmissionError              no\n" /* as Go pads: by characters */
                    "Workflow Parameters:           \n"
                    "  p:                           a b\n"
                    "  n:                           3\n");
    doc = parse(a, cron_small);
    show_cron(a, &b, &doc, &options);
    assert_text(&b, "Name:                          small-one\n"
                    "Namespace:                     argo\n"
                    "Created:                       Fri Jan 02 04:59:00 +0000 (1 minute ago)\n"
                    "Schedules:                     0 0 30 2 *\n"
                    "Suspended:                     false\n");
}

static void test_cron_cells(void **state)
{
    const struct show_options options = {.now = now};
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct json doc = parse(a, cron_full);

    (void) state;
    show_cron_cells(a, &b, &doc, &options);
    assert_text(&b, "\t2h\t1h\t30m\t30 14 * * *,0 15 * * *\tAsia/Seoul\ttrue");
    doc = parse(a, cron_small);
    show_cron_cells(a, &b, &doc, &options);
    assert_text(&b, "\t1m\tN/A\tN/A\t0 0 30 2 *\t\tfalse");
    doc = parse(a, "{\"metadata\":{\"creationTimestamp\":\"2026-01-02T04:59:00Z\"},\"spec\":"
                   "{\"schedules\":[\"* * * * *\",\"bad\"]}}");
    show_cron_cells(a, &b, &doc, &options);
    assert_text(&b, "\t1m\tN/A\tN/A\t* * * * *,bad\t\tfalse");
}

static void test_colors(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    assert_true(str_is(show_colored(a, STR("x"), SHOW_RED), "\x1b[31mx\x1b[0m"));
    assert_int_equal(show_color_of(STR("")), SHOW_GREEN);
    assert_int_equal(show_color_of(STR("a")), SHOW_YELLOW); /* 97 % 6 */
    assert_int_equal(show_color_of(STR("ab")), SHOW_MAGENTA);
}

static void test_resources(void **state)
{
    static const char *const rows[][2] = {
        {"{}", ""},
        {"null", ""},
        {"{\"cpu\":9,\"memory\":6}", "9s*(1 cpu),6s*(100Mi memory)"},
        {"{\"ephemeral-storage\":61}", "1m1s*(10Gi ephemeral-storage)"},
        {"{\"cpu\":9223372036}", "2562047h47m16s*(1 cpu)"},
        {"{\"cpu\":9223372037}", "-2562047h47m16.709551616s*(1 cpu)"},
        {"{\"cpu\":\"x\"}", ""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc;
        struct err err;

        assert_int_equal(json_parse(a, str_from(rows[i][0]), &doc, &err), 0);
        assert_string_equal(str_cz(a, show_resources(a, &doc)), rows[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_resources),
                                       cmocka_unit_test(test_facts),
                                       cmocka_unit_test(test_facts_of_a_new_one),
                                       cmocka_unit_test(test_phases),
                                       cmocka_unit_test(test_ages),
                                       cmocka_unit_test(test_times),
                                       cmocka_unit_test(test_trees),
                                       cmocka_unit_test(test_tree_exactly),
                                       cmocka_unit_test(test_deep),
                                       cmocka_unit_test(test_list),
                                       cmocka_unit_test(test_cron),
                                       cmocka_unit_test(test_cron_cells),
                                       cmocka_unit_test(test_colors)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
