/* Arguments of argoWorkflow triggers: what flags of the argo command come to mean, what is
 * refused and with which words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "events/triggers/workflow_args.h"

static struct str joined(struct arena *a, const struct str *list, size_t count)
{
    struct str text = STR("");

    for (size_t i = 0; i < count; i++)
        text =
            str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(text), i ? "|" : "", STR_ARG(list[i]));
    return text;
}

/* What was read, as one text. */
static struct str shown(struct arena *a, const struct workflow_verb *verb,
                        const struct workflow_args *args)
{
    const struct workflow_submit_options *s = &args->submit;
    const struct workflow_order *o = &args->order;

    if (workflow_verb_submits(verb))
        return str_printf(
            a, "entry=%.*s name=%.*s gen=%.*s labels=%.*s sa=%.*s ann=%.*s prio=%d,%d p=%.*s",
            STR_ARG(s->entrypoint), STR_ARG(s->name), STR_ARG(s->generate_name),
            STR_ARG(s->labels), STR_ARG(s->service_account), STR_ARG(s->annotations),
            s->has_priority, s->priority,
            STR_ARG(joined(a, s->parameters, s->parameter_count)));
    return str_printf(a, "op=%d nodes=%.*s msg=%.*s restart=%d memo=%d p=%.*s",
                      (int) o->operation, STR_ARG(o->selector), STR_ARG(o->message),
                      o->restarts_successful, o->is_memoized,
                      STR_ARG(joined(a, o->parameters, o->parameter_count)));
}

static const struct {
    const char *verb, *args, *want; /* behind "error: " the text */
} cases[] = {
    {"submit", NULL, "entry= name= gen= labels= sa= ann= prio=0,0 p="},
    {"", "[\"-p\",\"a=b c\",\"--parameter=d=e,f\"]",
     "entry= name= gen= labels= sa= ann= prio=0,0 p=a=b c|d=e,f"},
    {"submit",
     "[\"--priority\",\"5\",\"--entrypoint\",\"x\",\"--name\",\"n\",\"--generate-name\",\"g-\","
     "\"-l\",\"a=1,b=2\",\"--serviceaccount\",\"s\",\"-o\",\"json\",\"--strict=false\"]",
     "entry=x name=n gen=g- labels=a=1,b=2 sa=s ann= prio=1,5 p="},
    {"submit-from", "[\"--scheduled-time\",\"2026-01-02T03:04:05Z\"]",
     "entry= name= gen= labels= sa= "
     "ann=workflows.argoproj.io/scheduled-time=2026-01-02T03:04:05Z prio=0,0 p="},
    {"suspend", "[]", "op=0 nodes= msg= restart=0 memo=0 p="},
    {"resume", "[\"--node-field-selector\",\"displayName==a\"]",
     "op=1 nodes=displayName=a msg= restart=0 memo=0 p="},
    {"stop", "[\"--message\",\"no more\",\"--node-field-selector=displayName=a\"]",
     "op=2 nodes=displayName=a msg=no more restart=0 memo=0 p="},
    {"terminate", "[]", "op=3 nodes= msg= restart=0 memo=0 p="},
    {"retry",
     "[\"--restart-successful\",\"--node-field-selector\",\"name=x\",\"-p\",\"a=1\",\"-pb=2\"]",
     "op=4 nodes=name=x msg= restart=1 memo=0 p=a=1|b=2"},
    {"resubmit", "[\"--memoized\",\"-p\",\"a=1\",\"--priority\",\"3\"]",
     "op=5 nodes= msg= restart=0 memo=1 p=a=1"},
    {"submit", "[\"--x\"]", "error: unknown flag: --x"},
    {"suspend", "[\"-p\",\"a=1\"]", "error: unknown shorthand flag: 'p' in -p"},
    {"submit", "[\"--priority\",\"high\"]",
     "error: invalid argument \"high\" for \"--priority\" flag: strconv.ParseInt: parsing "
     "\"high\": invalid syntax"},
    {"submit", "[\"--name\"]", "error: flag needs an argument: --name"},
    {"submit", "[\"--wait\"]", "error: --wait is not supported yet"},
    {"retry", "[\"-w\"]", "error: --wait is not supported yet"},
    {"submit", "[\"-f\",\"file\"]", "error: --parameter-file is not supported yet"},
    {"terminate", "[\"-l\",\"a=b\"]", "error: --selector is not supported yet"},
    {"stop", "[\"--dry-run\"]", "error: --dry-run is not supported yet"},
    {"resume", "[\"other\"]",
     "error: \"other\" is no flag: more workflows than the one of the source are not supported "
     "yet"},
    {"submit", "[\"--help\"]", "error: help is none of a trigger's flags"},
};

static void test_args(void **state)
{
    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        const struct workflow_verb *verb = workflow_verb_find(str_from(cases[i].verb));
        struct workflow_args args;
        struct json list = json_null();
        struct err err = {0};
        struct str have;

        assert_non_null(verb);
        if (cases[i].args)
            assert_int_equal(json_parse(a, str_from(cases[i].args), &list, &err), 0);
        have = workflow_args_read(a, verb, cases[i].args ? &list : NULL, &args, &err) < 0
                   ? str_printf(a, "error: %s", err.text)
                   : shown(a, verb, &args);
        if (!str_is(have, cases[i].want))
            fail_msg("case %zu\n  want %s\n  got  " STR_FMT, i, cases[i].want, STR_ARG(have));
    }
}

static void test_what_is_wrong_with_values(void **state)
{
    static const char *const bad[][2] = {
        {"submit", "[\"--scheduled-time\",\"tomorrow\"]"},
        {"resume", "[\"--node-field-selector\",\"a=b=c\"]"},
        {"retry", "[\"--node-field-selector\",\"!\"]"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct workflow_args args;
        struct json list;
        struct err err = {0};

        assert_int_equal(json_parse(a, str_from(bad[i][1]), &list, &err), 0);
        if (workflow_args_read(a, workflow_verb_find(str_from(bad[i][0])), &list, &args,
                               &err) == 0)
            fail_msg("case %zu was taken", i);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_true(err.text[0]);
    }
}

static void test_verbs(void **state)
{
    static const char *const none[] = {"Submit", "bogus", "list", "submit "};

    (void) state;
    for (size_t i = 0; i < COUNT_OF(none); i++)
        assert_null(workflow_verb_find(str_from(none[i])));
    assert_true(workflow_verb_submits(workflow_verb_find(STR("submit-from"))));
    assert_false(workflow_verb_submits(workflow_verb_find(STR("resubmit"))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_args),
        cmocka_unit_test(test_what_is_wrong_with_values),
        cmocka_unit_test(test_verbs),
    };

    return cmocka_run_group_tests_name("workflow_args", tests, NULL, NULL);
}
