/*
 * Tests of what flags do to workflows: the options of submit, leaving unknown fields out,
 * labels of pods and lines of logs, durations of filters. And of the whole program's help.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/vec.h"
#include "cli/help.h"
#include "cli/logs.h"
#include "cli/select.h"
#include "cli/submit_options.h"

static const struct cli_flag submit_flags[] = {SUBMIT_OPTION_FLAGS, {0}};

static struct json parse(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", err.text, text);
    return v;
}

/* A command line of words cut at blanks. */
static struct cli make_cli(struct arena *a, const char *line)
{
    const struct flag_tables tables = {.own = submit_flags, .global = cli_global_flags()};
    struct cli cli = {.arena = a, .program = "tiphys"};
    VEC(const char *) words = {0};
    struct str rest = str_from(line), word;
    struct err err;

    while (str_cut(&rest, ' ', &word))
        if (word.len > 0)
            VEC_APUSH(a, &words, str_cz(a, word));
    assert_int_equal(flags_read(a, &tables, words.at, words.len, &cli.flags, &err), 0);
    return cli;
}

/* ---- submit ---- */

static void test_submit_options(void **state)
{
    static const struct {
        const char *line, *doc, *want;
    } cases[] = {
        {"", "{}", "{\"spec\":{}}"},
        {"--entrypoint m --serviceaccount sa --priority 7", "{\"spec\":{\"entrypoint\":\"x\"}}",
         "{\"spec\":{\"entrypoint\":\"m\",\"serviceAccountName\":\"sa\",\"priority\":7}}"},
        {"--priority=0", "{\"spec\":{}}", "{\"spec\":{\"priority\":0}}"},
        {"-p a=1 -p b=x=y",
         "{\"spec\":{\"arguments\":{\"parameters\":[{\"name\":\"a\",\"value\":\"0\"},{\"name\":"
         "\"c\",\"value\":\"2\"}]}}}",
         "{\"spec\":{\"arguments\":{\"parameters\":[{\"name\":\"a\",\"value\":\"1\"},{\"name\":"
         "\"b\",\"value\":\"x=y\"},{\"name\":\"c\",\"value\":\"2\"}]}}}"},
        {"--name n", "{\"metadata\":{\"generateName\":\"g-\"}}",
         "{\"metadata\":{\"generateName\":\"g-\",\"name\":\"n\"},\"spec\":{}}"},
        {"--generate-name h-", "{\"metadata\":{\"name\":\"n\"}}",
         "{\"metadata\":{\"generateName\":\"h-\"},\"spec\":{}}"},
        {"-l a=b,c=", "{\"metadata\":{\"labels\":{\"a\":\"x\",\"z\":\"1\"}}}",
         "{\"metadata\":{\"labels\":{\"a\":\"b\",\"z\":\"1\",\"c\":\"\"}},\"spec\":{}}"},
        {"--scheduled-time 2026-01-02T03:04:05Z", "{}",
         "{\"spec\":{},\"metadata\":{\"annotations\":{\"workflows.argoproj.io/scheduled-time\":"
         "\"2026-01-02T03:04:05Z\"}}}"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct cli cli = make_cli(a, cases[i].line);
        struct json doc = parse(a, cases[i].doc), want = parse(a, cases[i].want);
        struct err err;

        if (submit_options(&cli, &doc, &err) < 0)
            fail_msg("%s: %s", cases[i].line, err.text);
        if (!json_equal(&doc, &want))
            fail_msg("%s: got " STR_FMT, cases[i].line, STR_ARG(json_text(a, &doc, 0)));
    }
}

static void test_submit_errors(void **state)
{
    static const struct {
        const char *line, *want;
    } cases[] = {
        {"-p a", "expected parameter of the form: NAME=VALUE. Received: a"},
        {"-l a", "expected labels of the form: NAME1=VALUE2,NAME2=VALUE2. Received: a"},
        {"-l =b", "expected labels of the form: NAME1=VALUE2,NAME2=VALUE2. Received: =b"},
        {"--scheduled-time soon", "scheduled-time contains invalid time.RFC3339 format. (e.g.: "
                                  "`2006-01-02T15:04:05-07:00`)"},
        {"-f /nobody.yaml", "--parameter-file /nobody.yaml: open /nobody.yaml: No such file or "
                            "directory"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct cli cli = make_cli(a, cases[i].line);
        struct json doc = parse(a, "{}");
        struct err err = {0};

        assert_int_equal(submit_options(&cli, &doc, &err), -1);
        assert_string_equal(err.text, cases[i].want);
    }
}

static void test_parameter_file(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    char path[] = "/tmp/options_test.XXXXXX";
    static const char text[] = "a: from-file\nb: 3\nc: true\nd: {x: [1]}\ne: \"007\"\n";
    int fd = mkstemp(path);
    struct cli cli = make_cli(a, str_printf(a, "-f %s -p a=from-flag", path).ptr);
    struct json doc = parse(a, "{}"),
                want =
                    parse(a, "{\"spec\":{\"arguments\":{\"parameters\":[{\"name\":\"b\","
                             "\"value\":\"3\"},{\"name\":\"c\",\"value\":\"true\"},{\"name\":"
                             "\"d\",\"value\":\"{\\\"x\\\":[1]}\"},{\"name\":\"e\",\"value\":"
                             "\"007\"},{\"name\":\"a\",\"value\":\"from-flag\"}]}}}");
    struct err err;

    (void) state;
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    assert_int_equal(submit_options(&cli, &doc, &err), 0);
    if (!json_equal(&doc, &want))
        fail_msg("got " STR_FMT, STR_ARG(json_text(a, &doc, 0)));
    unlink(path);
}

static void test_from(void **state)
{
    static const struct {
        const char *from, *want;
        enum err_kind kind;
    } cases[] = {
        {"wftmpl/t",
         "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
         "\"generateName\":\"t-\"},\"spec\":{\"workflowTemplateRef\":{\"name\":\"t\"}}}",
         ERR_NONE},
        {"clusterworkflowtemplate/t",
         "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"
         "\"generateName\":\"t-\"},\"spec\":{\"workflowTemplateRef\":{\"name\":\"t\","
         "\"clusterScope\":true}}}",
         ERR_NONE},
        {"cronwf/",
         "resource identifier 'cronwf/' is malformed. Should be `kind/name`, e.g. "
         "cronwf/hello-world-cwf",
         ERR_INVALID},
        {"t",
         "resource identifier 't' is malformed. Should be `kind/name`, e.g. "
         "cronwf/hello-world-cwf",
         ERR_INVALID},
        {"secret/t",
         "resource kind 'secret' is not supported: want one of cronwf, wftmpl, cwft",
         ERR_INVALID},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct cli cli = make_cli(a, "");
        struct json doc, want;
        struct err err = {0};
        int result = submit_template_document(&cli, cases[i].from, &doc, &err);

        assert_int_equal(err.kind, cases[i].kind);
        if (result < 0) {
            assert_string_equal(err.text, cases[i].want);
            continue;
        }
        want = parse(a, cases[i].want);
        assert_true(json_equal(&doc, &want));
    }
}

/* ---- unknown fields ---- */

static void test_without_unknown(void **state)
{
    static const struct {
        const char *doc, *want;
    } cases[] = {
        {"{\"kind\":\"Workflow\",\"spec\":{\"entrypoint\":\"m\",\"entrypont\":\"x\"}}",
         "{\"kind\":\"Workflow\",\"spec\":{\"entrypoint\":\"m\"}}"},
        {"{\"spec\":{\"templates\":[{\"name\":\"m\",\"nmae\":1,\"container\":{\"image\":\"i\","
         "\"imge\":\"x\",\"env\":[{\"name\":\"A\",\"vlue\":\"b\"}]}}]},\"more\":true}",
         "{\"spec\":{\"templates\":[{\"name\":\"m\",\"container\":{\"image\":\"i\",\"env\":[{"
         "\"name\":\"A\"}]}}]}}"},
        /* lists of lists, templates inside of steps */
        {"{\"spec\":{\"templates\":[{\"steps\":[[{\"name\":\"a\",\"x\":1,\"inline\":{"
         "\"script\":{\"y\":2,\"source\":\"s\"}}}]]}]}}",
         "{\"spec\":{\"templates\":[{\"steps\":[[{\"name\":\"a\",\"inline\":{\"script\":{"
         "\"source\":\"s\"}}}]]}]}}"},
        /* names of one's own are no fields */
        {"{\"metadata\":{\"labels\":{\"mine\":\"x\"}},\"spec\":{\"nodeSelector\":{\"any\":"
         "\"y\"}}}",
         "{\"metadata\":{\"labels\":{\"mine\":\"x\"}},\"spec\":{\"nodeSelector\":{\"any\":"
         "\"y\"}}}"},
        /* of another type than the table's: left for the check to refuse */
        {"{\"spec\":[1]}", "{\"spec\":[1]}"},
    };
    const struct object_kind *kind =
        object_kind_find(STR("argoproj.io/v1alpha1"), STR("Workflow"));

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = parse(a, cases[i].doc), want = parse(a, cases[i].want),
                    got = cli_without_unknown(a, kind->shape, &doc);

        if (!json_equal(&got, &want))
            fail_msg("case %zu: got " STR_FMT, i, STR_ARG(json_text(a, &got, 0)));
    }
}

/* ---- logs and filters ---- */

static void test_pod_labels(void **state)
{
    static const char workflow[] =
        "{\"metadata\":{\"name\":\"w\"},\"spec\":{\"podMetadata\":{\"labels\":{\"all\":\"1\","
        "\"who\":\"spec\"}},\"templates\":[{\"name\":\"t\",\"metadata\":{\"labels\":{\"who\":"
        "\"t\"}}}]},\"status\":{\"storedTemplates\":{\"namespaced/y/"
        "u\":{\"name\":\"u\",\"metadata\":{"
        "\"labels\":{\"from\":\"ref\"}}}}}}";
    static const struct {
        const char *node, *want;
    } cases[] = {
        {"{\"templateName\":\"t\",\"phase\":\"Running\"}",
         "{\"workflows.argoproj.io/workflow\":\"w\",\"workflows.argoproj.io/completed\":"
         "\"false\",\"all\":\"1\",\"who\":\"t\"}"},
        {"{\"templateRef\":{\"name\":\"y\",\"template\":\"u\"},\"phase\":\"Failed\"}",
         "{\"workflows.argoproj.io/workflow\":\"w\",\"workflows.argoproj.io/"
         "completed\":\"true\","
         "\"all\":\"1\",\"who\":\"spec\",\"from\":\"ref\"}"},
        {"{\"templateName\":\"gone\"}",
         "{\"workflows.argoproj.io/workflow\":\"w\",\"workflows.argoproj.io/completed\":"
         "\"false\",\"all\":\"1\",\"who\":\"spec\"}"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = parse(a, workflow), node = parse(a, cases[i].node),
                    want = parse(a, cases[i].want), got = logs_pod_labels(a, &doc, &node);

        if (!json_equal(&got, &want))
            fail_msg("case %zu: got " STR_FMT, i, STR_ARG(json_text(a, &got, 0)));
    }
}

static void test_log_lines(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct logs_options options = {0};

    (void) state;
    assert_true(str_is(logs_line(a, STR("pod-1"), STR("hello"), &options), "pod-1: hello\n"));
    assert_true(str_is(logs_line(a, STR("pod-1"), STR(""), &options), "pod-1: \n"));
    options.has_color = true;
    assert_true(str_is(logs_line(a, STR("a"), STR("x"), &options), "\x1b[33ma: x\x1b[0m\n"));
}

/* ---- lines ---- */

static void add_bracketed(void *ctx, struct str line)
{
    strbuf_addf(ctx, "[" STR_FMT "]", STR_ARG(line));
}

static void test_lines(void **state)
{
    static const struct {
        const char *chunks[5];
        const char *want, *partial;
    } cases[] = {
        {{"a\nb\n"}, "[a][b]", ""},
        {{"a", "b", "\n", "c"}, "[ab]", "c"},
        {{"\n\n"}, "[][]", ""},
        {{"a\n", "b\nc", "\nd\n"}, "[a][b][c][d]", ""},
        {{"no end"}, "", "no end"},
        /* a line over the maximum is dropped, what comes behind it is read */
        {{"0123456789012345", "67890123456789", "x\nnext\n"}, "[x][next]", ""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_strbuf_ struct strbuf partial = STRBUF_INIT(20), seen = STRBUF_INIT(1000);

        for (size_t k = 0; k < 5 && cases[i].chunks[k]; k++)
            call_lines(&partial, str_from(cases[i].chunks[k]), add_bracketed, &seen);
        if (!str_is(strbuf_str(&seen), cases[i].want) ||
            !str_is(strbuf_str(&partial), cases[i].partial))
            fail_msg("case %zu: got " STR_FMT " and \"" STR_FMT "\"", i,
                     STR_ARG(strbuf_str(&seen)), STR_ARG(strbuf_str(&partial)));
    }
}

static void test_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t want_ms; /* -1: refused */
    } cases[] = {{"10s", 10000},     {"5m", 300000}, {"3h", 10800000}, {"2d", 172800000},
                 {"1h30m", 5400000}, {"0s", 0},      {"", -1},         {"d", -1},
                 {"5", -1},          {"-5m", -1},    {"5x", -1},       {"1.5d", -1},
                 {"99999999d", -1}};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t ms = -1;
        struct err err;
        int result = select_duration(str_from(cases[i].text), &ms, &err);

        if (ms != cases[i].want_ms || (result < 0) != (ms < 0))
            fail_msg("\"%s\": got %lld", cases[i].text, (long long) ms);
        if (result < 0)
            assert_non_null(strstr(err.text, "invalid since format"));
    }
}

/* ---- the program ---- */

static struct str suggestions(struct arena *a, const char *program, const char *group,
                              const char *word)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);

    help_suggest(a, &b, program, group, str_from(word));
    return str_copy(a, strbuf_str(&b));
}

static void test_suggestions(void **state)
{
    static const struct {
        const char *program, *group, *word, *want;
    } cases[] = {
        {"argo", "", "submot", "\nDid you mean this?\n\tsubmit\n"},
        {"argo", "", "templ", "\nDid you mean this?\n\ttemplate\n"},
        {"argo", "", "SUBMIT", "\nDid you mean this?\n\tresubmit\n\tsubmit\n"},
        {"argo", "", "nothing-like-it", ""},
        {"argo", "", "aply", ""}, /* not a command of argo */
        {"tiphys", "", "aply", "\nDid you mean this?\n\tapply\n"},
        {"argo", "template", "lits", "\nDid you mean this?\n\tlint\n\tlist\n"},
        {"argo", "", "", ""},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str got = suggestions(a, cases[i].program, cases[i].group, cases[i].word);

        if (!str_is(got, cases[i].want))
            fail_msg("%s: got \"" STR_FMT "\"", cases[i].word, STR_ARG(got));
    }
}

/* The commands of argo, all of them, and nothing else. */
static void test_surface(void **state)
{
    static const char *const argo[] = {"archive",    "auth",    "cluster-template",
                                       "completion", "convert", "cp",
                                       "cron",       "delete",  "executor-plugin",
                                       "get",        "help",    "lint",
                                       "list",       "logs",    "node",
                                       "resubmit",   "resume",  "retry",
                                       "server",     "stop",    "submit",
                                       "suspend",    "sync",    "template",
                                       "terminate",  "version", "wait",
                                       "watch"};
    size_t count, at = 0;
    const struct cli_command *const *all = cli_commands(&count);

    (void) state;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            assert_true(strcmp(all[i - 1]->name, all[i]->name) < 0);
        if (!strchr(all[i]->name, ' ') && help_is_shown("argo", all[i]))
            assert_string_equal(all[i]->name, argo[at++]);
        assert_true(all[i]->summary[0] != '\0');
    }
    assert_int_equal(at, COUNT_OF(argo));
}

static void test_help(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    size_t count;
    const struct cli_command *const *all = cli_commands(&count);

    (void) state;
    for (size_t i = 0; i < count; i++) {
        if (!help_is_shown("argo", all[i]))
            continue;
        strbuf_reset(&b);
        help_print(a, &b, "argo", all[i]);
        assert_non_null(strstr(b.ptr, "Usage:\n  argo "));
        assert_non_null(strstr(b.ptr, "\nGlobal Flags:\n"));
        assert_null(strstr(b.ptr, "tiphys ")); /* names in texts are argo's */
        if (help_has_commands(all[i]))
            assert_non_null(strstr(b.ptr, "\nAvailable Commands:\n"));
    }
    strbuf_reset(&b);
    help_print(a, &b, "tiphys", NULL);
    assert_non_null(strstr(b.ptr, "  apply "));
    assert_non_null(strstr(b.ptr, "--kubeconfig"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_submit_options),  cmocka_unit_test(test_submit_errors),
        cmocka_unit_test(test_parameter_file),  cmocka_unit_test(test_from),
        cmocka_unit_test(test_without_unknown), cmocka_unit_test(test_pod_labels),
        cmocka_unit_test(test_log_lines),       cmocka_unit_test(test_lines),
        cmocka_unit_test(test_durations),       cmocka_unit_test(test_suggestions),
        cmocka_unit_test(test_surface),         cmocka_unit_test(test_help)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
