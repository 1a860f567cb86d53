/*
 * Tests of a container's environment: $(VAR) as Kubernetes expands it, envFrom, valueFrom, what
 * wins, what is refused, and bounds that a hostile manifest meets. No pod runs here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "pods/local/local_internal.h"

static int get_object(void *ctx, struct arena *a, struct str kind, struct str ns,
                      struct str name, const struct json **ret, struct err *err)
{
    static const struct {
        const char *kind, *name, *text;
    } objects[] = {
        {"ConfigMap", "c",
         "{\"data\":{\"color\":\"blue\",\"cost\":\"$(A) $$\",\"none\":\"\"}}"},
        {"ConfigMap", "d", "{\"data\":{\"color\":\"red\"}}"},
        {"ConfigMap", "empty", "{}"},
        {"ConfigMap", "binary", "{\"binaryData\":{\"k\":\"AAE=\"}}"},
        {"Secret", "s", "{\"data\":{\"password\":\"aHVudGVyMg==\",\"empty\":\"\"}}"},
        {"Secret", "torn", "{\"data\":{\"password\":\"aHVudGVyMg!\"}}"},
        {"Secret", "zero", "{\"data\":{\"k\":\"YQBi\"}}"},
    };
    struct json *doc = ARENA_NEW(a, struct json);

    (void) ctx;
    assert_true(str_is(ns, "argo"));
    *ret = doc;
    if (str_is(name, "broken"))
        return err_set(err, ERR_IO, "disk full");
    for (size_t i = 0; i < COUNT_OF(objects); i++)
        if (str_is(kind, objects[i].kind) && str_is(name, objects[i].name))
            return json_parse(a, str_from(objects[i].text), doc, err);
    return err_set(err, ERR_NOT_FOUND, "%s \"" STR_FMT "\" not found",
                   str_is(kind, "Secret") ? "secrets" : "configmaps", STR_ARG(name));
}

static void test_expand(void **state)
{
    static const struct {
        const char *text, *expanded;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"$", "$"},
        {"a$", "a$"},
        {"$$", "$"},
        {"$$$", "$$"},
        {"$$$$", "$$"},
        {"$(A)", "1"},
        {"-$(A)-", "-1-"},
        {"$(A)$(B)", "1two"},
        {"$$(A)", "$(A)"},
        {"$$$(A)", "$1"},
        {"$$$$(A)", "$$(A)"},
        {"$(A", "$(A"},
        {"$(", "$("},
        {"$()", "$()"},
        {"$(EMPTY)", ""},
        {"$(NOPE)", "$(NOPE)"},
        {"$(NOPE)$(A)", "$(NOPE)1"},
        {"$( A)", "$( A)"},
        {"$(a)", "$(a)"},
        {"$A", "$A"},
        {"${A}", "${A}"},
        {"$A$$", "$A$"},
        {"$x$(A)", "$x1"},
        {"$(REF)", "$(A)"},       /* a value is not expanded again */
        {"$(A$(B))", "$(A$(B))"}, /* a name ends at the first bracket, unknown: as it is */
        {"$(A$(B)", "$(A$(B)"},
        {"$(NO$$)", "$(NO$$)"},
        {"$((A))", "$((A))"},
        {"$(A))", "1)"},
        {")$(A)(", ")1("},
        {"$(odd name$)", "found"},
    };
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_map_ struct map vars = {0};
    struct str one = STR("1"), two = STR("two"), empty = STR(""), ref = STR("$(A)"),
               odd = STR("found");

    (void) state;
    map_put(&vars, STR("A"), &one);
    map_put(&vars, STR("B"), &two);
    map_put(&vars, STR("EMPTY"), &empty);
    map_put(&vars, STR("REF"), &ref);
    map_put(&vars, STR("odd name$"), &odd);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str got = environment_expand(a, str_from(cases[i].text), &vars);

        if (!str_is(got, cases[i].expanded))
            fail_msg("%s: \"" STR_FMT "\", not \"%s\"", cases[i].text, STR_ARG(got),
                     cases[i].expanded);
    }
}

/* Openings without an end: work grows with the text, not with its square. */
static void test_expand_many_openings(void **state)
{
    enum { OPENINGS = 1 << 20 };
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_map_ struct map vars = {0};
    char *text = arena_alloc(a, 2 * OPENINGS);
    struct str got;

    (void) state;
    for (size_t i = 0; i < OPENINGS; i++) {
        text[2 * i] = '$';
        text[2 * i + 1] = '(';
    }
    got = environment_expand(a, str_of(text, 2 * OPENINGS), &vars);
    assert_int_equal(got.len, 2 * OPENINGS);
    assert_memory_equal(got.ptr, text, got.len);
}

struct world {
    struct arena *arena;
    struct local runner;
    struct local_pod pod;
};

static int setup(void **state)
{
    struct arena *a = arena_new();
    struct world *w = ARENA_NEW(a, struct world);

    w->arena = a;
    w->runner = (struct local){.objects = {.get = get_object},
                               .root = str_cz(a, STR("/pods")),
                               .node_name = str_cz(a, STR("node-7"))};
    w->pod = (struct local_pod){.runner = &w->runner,
                                .dir = STR("argo/wf-pod"),
                                .req = {.uid = STR("u-1"),
                                        .ns = STR("argo"),
                                        .name = STR("wf-pod"),
                                        .workflow = STR("wf"),
                                        .node_id = STR("wf-123"),
                                        .service_account = STR("runner")}};
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    arena_free(((struct world *) *state)->arena);
    return 0;
}

/* What a container's variable has become; @ret is absent when there is none. */
static int variable(struct world *w, const char *container, const char *name, struct str *ret,
                    struct err *err)
{
    _cleanup_strbuf_ struct strbuf plan = STRBUF_INIT(POD_PLAN_MAX_BYTES);
    _cleanup_map_ struct map vars = {0};
    struct json doc;
    const struct str *found;

    if (json_parse(w->arena, str_from(container), &doc, err) < 0)
        fail_msg("%s: %s", container, err->text);
    if (environment_plan(&w->pod, &doc, w->arena, &plan, &vars, err) < 0)
        return -1;
    found = map_find(&vars, str_from(name));
    *ret = found ? *found : STR_NONE;
    return 0;
}

static void test_values(void **state)
{
    static const struct {
        const char *container, *name, *value; /* NULL: not set */
    } cases[] = {
        {"{}", "PATH",
         "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games"},
        {"{}", "HOME", "/root"},
        {"{}", "HOSTNAME", "wf-pod"},
        {"{}", "ARGO_CONTAINER_NAME", "main"},
        {"{}", "ARGO_NODE_ID", "wf-123"},
        {"{}", "ARGO_WORKFLOW_NAME", "wf"},
        {"{}", "ARGO_POD_NAME", "wf-pod"},
        {"{}", "ARGO_PROGRESS_FILE", "/pods/argo/wf-pod/progress"},
        {"{}", "SHELL", NULL}, /* nothing of the machine's own */
        {"{\"env\":[]}", "A", NULL},
        {"{\"env\":[{\"name\":\"A\",\"value\":\"x\"}]}", "A", "x"},
        {"{\"env\":[{\"name\":\"A\"}]}", "A", ""},
        {"{\"env\":[{\"name\":\"A\",\"value\":\"x\"},{\"name\":\"A\",\"value\":\"y\"}]}", "A",
         "y"},
        {"{\"env\":[{\"name\":\"HOME\",\"value\":\"/h\"}]}", "HOME", "/h"},
        {"{\"env\":[{\"name\":\"A\",\"value\":\"$(HOSTNAME)/a\"}]}", "A", "wf-pod/a"},
        {"{\"env\":[{\"name\":\"A\",\"value\":\"$(B)\"},{\"name\":\"B\",\"value\":\"b\"}]}",
         "A", "$(B)"}, /* only what comes before */
        {"{\"env\":[{\"name\":\"PATH\",\"value\":\"/x:$(PATH)\"}]}", "PATH",
         "/x:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games"},
        {"{\"envFrom\":[{\"configMapRef\":{\"name\":\"c\"}}]}", "color", "blue"},
        {"{\"envFrom\":[{\"configMapRef\":{\"name\":\"c\"}}]}", "cost", "$(A) $$"},
        {"{\"envFrom\":[{\"configMapRef\":{\"name\":\"c\"}}]}", "none", ""},
        {"{\"envFrom\":[{\"prefix\":\"P_\",\"configMapRef\":{\"name\":\"c\"}}]}", "P_color",
         "blue"},
        {"{\"envFrom\":[{\"prefix\":\"P_\",\"configMapRef\":{\"name\":\"c\"}}]}", "color",
         NULL},
        {"{\"envFrom\":[{\"secretRef\":{\"name\":\"s\"}}]}", "password", "hunter2"},
        {"{\"envFrom\":[{\"secretRef\":{\"name\":\"s\"}}]}", "empty", ""},
        {"{\"envFrom\":[{\"configMapRef\":{\"name\":\"c\"}},{\"configMapRef\":{\"name\":\"d\"}}"
         "]}",
         "color", "red"},
        {"{\"envFrom\":[{\"configMapRef\":{\"name\":\"c\"}}],\"env\":[{\"name\":\"color\","
         "\"value\":\"mine\"}]}",
         "color", "mine"},
        {"{\"envFrom\":[{\"configMapRef\":{\"name\":\"c\"}}],\"env\":[{\"name\":\"A\","
         "\"value\":\"$(color)\"}]}",
         "A", "blue"},
        {"{\"envFrom\":[{\"configMapRef\":{\"name\":\"empty\"}}]}", "color", NULL},
        {"{\"envFrom\":[{\"configMapRef\":{\"name\":\"binary\"}}]}", "k", NULL},
        {"{\"envFrom\":[{\"configMapRef\":{\"name\":\"gone\",\"optional\":true}}]}", "color",
         NULL},
        {"{\"envFrom\":[{\"secretRef\":{\"name\":\"gone\",\"optional\":true}}]}", "x", NULL},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":"
         "\"password\"}}}]}",
         "A", "hunter2"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"c\",\"key\":"
         "\"cost\"}}}]}",
         "A", "$(A) $$"},
        {"{\"env\":[{\"name\":\"A\",\"value\":\"old\"},{\"name\":\"A\",\"valueFrom\":{"
         "\"configMapKeyRef\":{\"name\":\"c\",\"key\":\"no\",\"optional\":true}}}]}",
         "A", "old"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"gone\","
         "\"key\":\"k\",\"optional\":true}}}]}",
         "A", NULL},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"gone\","
         "\"key\":\"k\",\"optional\":true}}}]}",
         "A", NULL},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata."
         "name\"}"
         "}}]}",
         "A", "wf-pod"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":"
         "\"metadata.namespace\"}}}]}",
         "A", "argo"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata."
         "uid\"}"
         "}}]}",
         "A", "u-1"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"spec."
         "nodeName\"}"
         "}}]}",
         "A", "node-7"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":"
         "\"spec.serviceAccountName\"}}}]}",
         "A", "runner"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"status."
         "podIP\"}"
         "}}]}",
         "A", "127.0.0.1"},
        {"{\"resources\":{\"limits\":{\"cpu\":\"1500m\"}},\"env\":[{\"name\":\"A\","
         "\"valueFrom\":{\"resourceFieldRef\":{\"resource\":\"limits.cpu\"}}}]}",
         "A", "2"},
        {"{\"resources\":{\"limits\":{\"cpu\":\"1500m\"}},\"env\":[{\"name\":\"A\","
         "\"valueFrom\":{\"resourceFieldRef\":{\"resource\":\"requests.cpu\",\"divisor\":"
         "\"1m\"}}}]}",
         "A", "1500"},
        {"{\"resources\":{\"requests\":{\"memory\":\"1500Ki\"}},\"env\":[{\"name\":\"A\","
         "\"valueFrom\":{\"resourceFieldRef\":{\"resource\":\"requests.memory\",\"divisor\":"
         "\"1Mi\"}}}]}",
         "A", "2"},
        {"{\"resources\":{\"requests\":{\"memory\":\"64Mi\"}},\"env\":[{\"name\":\"A\","
         "\"valueFrom\":{\"resourceFieldRef\":{\"resource\":\"requests.memory\"}}}]}",
         "A", "67108864"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"resourceFieldRef\":{\"resource\":"
         "\"requests.memory\"}}}]}",
         "A", "0"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata."
         "labels['x']\"}}}]}",
         "A", ""},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"metadata."
         "annotations['workflows.argoproj.io/node-id']\"}}}]}",
         "A", "wf-123"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str got = STR_NONE;
        struct err err;

        if (variable(w, cases[i].container, cases[i].name, &got, &err) < 0)
            fail_msg("%s: %s", cases[i].container, err.text);
        if (cases[i].value ? !str_is(got, cases[i].value) : !str_is_none(got))
            fail_msg("%s: %s is \"" STR_FMT "\"", cases[i].container, cases[i].name,
                     STR_ARG(got));
    }
}

static void test_refusals(void **state)
{
    static const struct {
        const char *container;
        enum err_kind kind;
        const char *text;
    } cases[] = {
        {"{\"envFrom\":[{\"configMapRef\":{\"name\":\"gone\"}}]}", ERR_NOT_FOUND,
         "envFrom: configmaps \"gone\" not found"},
        {"{\"envFrom\":[{\"configMapRef\":{\"name\":\"gone\",\"optional\":false}}]}",
         ERR_NOT_FOUND, "envFrom: configmaps \"gone\" not found"},
        {"{\"envFrom\":[{\"secretRef\":{\"name\":\"gone\"}}]}", ERR_NOT_FOUND,
         "envFrom: secrets \"gone\" not found"},
        {"{\"envFrom\":[{\"configMapRef\":{\"name\":\"broken\",\"optional\":true}}]}", ERR_IO,
         "envFrom: disk full"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"gone\","
         "\"key\":\"k\"}}}]}",
         ERR_NOT_FOUND, "env A: configmaps \"gone\" not found"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"c\",\"key\":"
         "\"k\"}}}]}",
         ERR_NOT_FOUND, "env A: couldn't find key k in ConfigMap argo/c"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"s\",\"key\":"
         "\"k\",\"optional\":false}}}]}",
         ERR_NOT_FOUND, "env A: couldn't find key k in Secret argo/s"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"secretKeyRef\":{\"name\":\"broken\","
         "\"key\":\"k\",\"optional\":true}}}]}",
         ERR_IO, "env A: disk full"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{}}]}", ERR_UNSUPPORTED,
         "env A: env valueFrom: only configMapKeyRef, secretKeyRef, fieldRef and "
         "resourceFieldRef are supported"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"resourceFieldRef\":{\"resource\":"
         "\"cpu\"}}}]}",
         ERR_INVALID, "env A: unsupported container resource : cpu"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"resourceFieldRef\":{\"resource\":"
         "\"limits.cpu\",\"containerName\":\"no\"}}}]}",
         ERR_INVALID, "env A: container no not found"},
        {"{\"resources\":{\"limits\":{\"cpu\":\"x\"}},\"env\":[{\"name\":\"A\",\"valueFrom\":{"
         "\"resourceFieldRef\":{\"resource\":\"limits.cpu\"}}}]}",
         ERR_INVALID,
         "env A: resourceFieldRef cpu: quantities must match the regular expression "
         "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":"
         "\"metadata.labels\"}}}]}",
         ERR_INVALID, "env A: field label not supported: \"metadata.labels\""},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"\"}}}]}",
         ERR_INVALID, "env A: field label not supported: \"\""},
        {"{\"env\":[{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":"
         "\"Metadata.name\"}}}]}",
         ERR_INVALID, "env A: field label not supported: \"Metadata.name\""},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str got;
        struct err err = {0};

        if (variable(w, cases[i].container, "A", &got, &err) == 0)
            fail_msg("%s: taken", cases[i].container);
        if (err.kind != cases[i].kind || strcmp(err.text, cases[i].text) != 0)
            fail_msg("%s: %d %s", cases[i].container, (int) err.kind, err.text);
    }
    {
        struct str got;
        struct err err = {0};

        assert_int_equal(
            variable(w, "{\"envFrom\":[{\"secretRef\":{\"name\":\"torn\"}}]}", "A", &got, &err),
            -1);
        assert_int_equal(err.kind, ERR_INVALID);
        assert_true(str_starts(str_from(err.text), STR("envFrom: secret torn: ")));
        assert_true(str_find(str_from(err.text), STR("hunter2")) == SIZE_MAX);
    }
}

/* Variables that double, then many of the largest: a limit, not the machine's memory. */
static void test_doubling(void **state)
{
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(1 << 20);
    struct world *w = *state;
    struct str got;
    struct err err = {0};

    strbuf_addz(&text, "{\"env\":[{\"name\":\"V0\",\"value\":\"0123456789abcdef\"}");
    for (int i = 1; i <= 16; i++)
        strbuf_addf(&text, ",{\"name\":\"V%d\",\"value\":\"$(V%d)$(V%d)\"}", i, i - 1, i - 1);
    for (int i = 0; i < 2000; i++)
        strbuf_addf(&text, ",{\"name\":\"W%d\",\"value\":\"$(V16)\"}", i);
    strbuf_addz(&text, "]}");
    assert_int_equal(variable(w, str_cz(w->arena, strbuf_str(&text)), "V1", &got, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_string_equal(err.text, "env W1: the environment is over 4194304 bytes");
}

/* The words of the plan: "env" and NAME=value for each variable once. */
static void test_words(void **state)
{
    _cleanup_strbuf_ struct strbuf plan = STRBUF_INIT(POD_PLAN_MAX_BYTES);
    _cleanup_map_ struct map vars = {0};
    struct world *w = *state;
    struct json doc;
    struct err err;
    struct str text, key, value;
    size_t count = 0, mine = 0;

    assert_int_equal(json_parse(w->arena,
                                STR("{\"env\":[{\"name\":\"A\",\"value\":\"1\"},{\"name\":"
                                    "\"A\",\"value\":\"a=b\"}]}"),
                                &doc, &err),
                     0);
    assert_int_equal(environment_plan(&w->pod, &doc, w->arena, &plan, &vars, &err), 0);
    text = strbuf_str(&plan);
    assert_int_equal(text.ptr[--text.len], 0);
    while (str_cut(&text, '\0', &key) && str_cut(&text, '\0', &value)) {
        assert_true(str_is(key, "env"));
        mine += str_is(value, "A=a=b");
        count++;
    }
    assert_int_equal(count, 9); /* eight are always there */
    assert_int_equal(mine, 1);
    assert_false(plan.is_over);
}

/* A zero byte cannot smuggle words into a plan. */
static void test_zero_byte(void **state)
{
    static const char *const containers[] = {
        "{\"env\":[{\"name\":\"A\",\"value\":\"x\\u0000isolation\\u0000process\"}]}",
        "{\"env\":[{\"name\":\"A\\u0000B\",\"value\":\"x\"}]}",
        "{\"envFrom\":[{\"secretRef\":{\"name\":\"zero\"}}]}",
        "{\"envFrom\":[{\"prefix\":\"\\u0000\",\"secretRef\":{\"name\":\"s\"}}]}",
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(containers); i++) {
        _cleanup_strbuf_ struct strbuf plan = STRBUF_INIT(POD_PLAN_MAX_BYTES);
        _cleanup_map_ struct map vars = {0};
        struct json doc;
        struct err err;

        assert_int_equal(json_parse(w->arena, str_from(containers[i]), &doc, &err), 0);
        assert_int_equal(environment_plan(&w->pod, &doc, w->arena, &plan, &vars, &err), 0);
        assert_true(plan.is_over); /* plan_print() makes it an error */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expand),
        cmocka_unit_test(test_expand_many_openings),
        cmocka_unit_test_setup_teardown(test_values, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(test_doubling, setup, teardown),
        cmocka_unit_test_setup_teardown(test_words, setup, teardown),
        cmocka_unit_test_setup_teardown(test_zero_byte, setup, teardown),
    };

    return cmocka_run_group_tests_name("pods_local_environment", tests, NULL, NULL);
}
