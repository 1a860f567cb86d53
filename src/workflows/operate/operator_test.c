/*
 * Tests of orders about stored Workflows: what each leaves in the store, refusals, marks that
 * keep an effect from happening twice, others who write meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/store_world.h"
#include "workflows/operate/operator.h"
#include "workflows/operate/stored.h"

struct world {
    struct store_world on;
    struct workflow_submitter submitter;
    struct workflow_operator operator;
};

static int setup(void **state)
{
    struct world *w = NEW(struct world);

    store_world_open(&w->on);
    workflow_submitter_init(&w->submitter, w->on.store);
    workflow_operator_init(&w->operator, w->on.store, &w->submitter);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    store_world_close(&w->on);
    free(w);
    return 0;
}

/* ---- workflows ---- */

#define SPEC                                                                               \
    "\"entrypoint\":\"a\",\"templates\":[{\"name\":\"a\",\"suspend\":{}}],\"arguments\":{" \
    "\"parameters\":[{\"name\":\"p\",\"value\":\"1\"}]}"

/* A workflow with one node, of that phase both. */
static void add(struct world *w, const char *name, const char *phase)
{
    struct store_txn *txn = store_txn_new(w->on.store);
    struct json doc;
    struct err err;
    struct str text = str_printf(
        w->on.a,
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{\"name\":"
        "\"%s\",\"namespace\":\"argo\",\"uid\":\"uid-%s\"},\"spec\":{" SPEC
        "},\"status\":{\"phase\":\"%s\"}}",
        name, name, phase);

    assert_int_equal(json_parse(w->on.a, text, &doc, &err), 0);
    store_txn_create(txn, &doc);
    store_txn_node(
        txn, str_printf(w->on.a, "uid-%s", name), str_from(name), 1,
        str_printf(w->on.a,
                   "{\"id\":\"%s\",\"name\":\"%s\",\"displayName\":\"%s\",\"type\":\"Suspend\","
                   "\"templateName\":\"a\",\"phase\":\"%s\"}",
                   name, name, name, phase));
    store_world_commit(w->on.store, txn);
}

static struct json read_doc(struct world *w, const char *name)
{
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("argo"),
                                  str_from(name)};
    const struct store_object *o;
    struct json doc;
    struct err err;

    assert_int_equal(store_get(w->on.store, &key, &o, &err), 0);
    assert_int_equal(json_parse(w->on.a, str_copy(w->on.a, o->doc), &doc, &err), 0);
    store_object_unref(o);
    return doc;
}

static size_t count_workflows(struct world *w)
{
    const struct store_query q = {.group = STR("argoproj.io"), .kind = STR("Workflow")};
    struct store_list list;
    struct err err;
    size_t count;

    assert_int_equal(store_list(w->on.store, w->on.a, &q, &list, &err), 0);
    count = list.len;
    store_list_done(&list);
    return count;
}

static int order(struct world *w, enum workflow_operation operation, const char *name,
                 const char *mark, struct err *err)
{
    const struct workflow_order o = {.operation = operation,
                                     .ns = STR("argo"),
                                     .name = str_from(name),
                                     .selector = STR(""),
                                     .message = STR(""),
                                     .once_mark = str_from(mark)};
    const struct store_object *made;

    if (w->operator.operate(&w->operator, & o, &made, err) < 0)
        return -1;
    store_object_unref(made);
    return 0;
}

/* ---- cases ---- */

static void test_what_orders_leave(void **state)
{
    static const struct {
        enum workflow_operation operation;
        const char *name, *phase;
        const char *member, *want; /* of the spec, as JSON */
        const char *error;
    } cases[] = {
        {WORKFLOW_SUSPEND, "a", "Running", "suspend", "true", NULL},
        {WORKFLOW_SUSPEND, "b", "Succeeded", NULL, NULL, "completed"},
        {WORKFLOW_STOP, "c", "Running", "shutdown", "\"Stop\"", NULL},
        {WORKFLOW_TERMINATE, "d", "Running", "shutdown", "\"Terminate\"", NULL},
        {WORKFLOW_TERMINATE, "e", "Failed", NULL, NULL, "completed"},
        {WORKFLOW_RESUME, "f", "Running", "suspend", NULL, NULL},
        {WORKFLOW_RETRY, "g", "Running", NULL, NULL, "Cannot retry"},
        {WORKFLOW_RETRY, "h", "Failed", "shutdown", NULL, NULL},
        {WORKFLOW_RESUBMIT, "i", "Failed", "shutdown", NULL, NULL},
    };
    struct world *w = *state;
    struct err err = {0};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct json *value;
        struct json doc;
        int rc;

        add(w, cases[i].name, cases[i].phase);
        rc = order(w, cases[i].operation, cases[i].name, "", &err);
        if (cases[i].error) {
            if (rc == 0 || !strstr(err.text, cases[i].error))
                fail_msg("case %zu: %s", i, rc == 0 ? "taken" : err.text);
            continue;
        }
        if (rc < 0)
            fail_msg("case %zu: %s", i, err.text);
        doc = read_doc(w, cases[i].name);
        value = json_path(&doc, "spec", cases[i].member, NULL);
        if ((value != NULL) != (cases[i].want != NULL) ||
            (value && !str_is(json_text(w->on.a, value, JSON_COMPACT), cases[i].want)))
            fail_msg("case %zu: " STR_FMT, i, STR_ARG(json_text(w->on.a, &doc, JSON_COMPACT)));
    }
    assert_int_equal(count_workflows(w), COUNT_OF(cases) + 1); /* one resubmitted */
    assert_int_equal(order(w, WORKFLOW_STOP, "nobody", "", &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* With a mark each happens once, whatever becomes of the workflow in between. */
static void test_marks(void **state)
{
    struct world *w = *state;
    struct store_txn *txn;
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("argo"), STR("a")};
    struct store_result result;
    struct json doc;
    struct err err = {0};

    add(w, "a", "Running");
    assert_int_equal(order(w, WORKFLOW_SUSPEND, "a", "m1", &err), 0);
    assert_int_equal(order(w, WORKFLOW_RESUME, "a", "m2", &err), 0);
    assert_int_equal(order(w, WORKFLOW_SUSPEND, "a", "m1", &err), 0); /* was done */
    doc = read_doc(w, "a");
    assert_null(json_path(&doc, "spec", "suspend", NULL));
    assert_int_equal(order(w, WORKFLOW_RESUME, "a", "m3", &err), 0); /* nothing to be done */
    assert_int_equal(order(w, WORKFLOW_SUSPEND, "a", "", &err), 0);
    assert_int_equal(order(w, WORKFLOW_RESUME, "a", "m3", &err), 0); /* that counts, too */
    doc = read_doc(w, "a");
    assert_non_null(json_path(&doc, "spec", "suspend", NULL));
    assert_int_equal(order(w, WORKFLOW_RESUBMIT, "a", "m4", &err), 0);
    assert_int_equal(order(w, WORKFLOW_RESUBMIT, "a", "m4", &err), 0);
    assert_int_equal(count_workflows(w), 2);
    assert_int_equal(order(w, WORKFLOW_TERMINATE, "a", "m5", &err), 0);
    txn = store_txn_new(w->on.store);
    store_txn_delete(txn, &key, STR(""), 0);
    assert_int_equal(store_commit_wait(w->on.store, txn, &result, &err), 0);
    assert_int_equal(order(w, WORKFLOW_TERMINATE, "a", "m5", &err), 0); /* it is gone */
    assert_int_equal(order(w, WORKFLOW_RESUBMIT, "a", "m4", &err), 0);
    assert_int_equal(count_workflows(w), 1);
    assert_int_equal(order(w, WORKFLOW_TERMINATE, "a", "m6", &err), -1);
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

/* What the order carries comes to the operation. */
static void test_what_orders_say(void **state)
{
    static const struct str parameters[] = {STR_INIT("p=2")};
    struct world *w = *state;
    struct workflow_order o = {.operation = WORKFLOW_RESUBMIT,
                               .ns = STR("argo"),
                               .name = STR("a"),
                               .parameters = parameters,
                               .parameter_count = 1};
    const struct store_object *made;
    struct err err = {0};

    add(w, "a", "Failed");
    assert_int_equal(w->operator.operate(&w->operator, & o, &made, &err), 0);
    assert_int_not_equal(str_find(made->doc, STR("\"value\":\"2\"")), SIZE_MAX);
    assert_true(str_starts(made->key.name, STR("a-")));
    store_object_unref(made);
    o.is_memoized = true;
    assert_int_equal(w->operator.operate(&w->operator, & o, &made, &err), 0);
    assert_int_not_equal(str_find(made->doc, STR("\"value\":\"2\"")), SIZE_MAX);
    assert_true(str_starts(made->key.name, STR("a-")));
    store_object_unref(made);
    add(w, "b", "Running");
    o = (struct workflow_order){.operation = WORKFLOW_STOP,
                                .ns = STR("argo"),
                                .name = STR("b"),
                                .selector = STR("displayName=b"),
                                .message = STR("no")};
    assert_int_equal(w->operator.operate(&w->operator, & o, &made, &err), 0);
    store_object_unref(made);
    o.selector = STR("displayName=z");
    assert_int_equal(w->operator.operate(&w->operator, & o, &made, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
}

/* ---- somebody who is faster ---- */

struct rival {
    struct world *w;
    int wins; /* how often */
    int calls;
};

static int apply_late(const void *ctx, struct operate_workflow *wf, struct err *err)
{
    struct rival *rival = (struct rival *) (uintptr_t) ctx;

    rival->calls++;
    if (rival->wins-- > 0) {
        struct store_txn *txn = store_txn_new(rival->w->on.store);
        struct json doc = json_set_path(wf->arena, &wf->doc, json_string(STR("x")), "metadata",
                                        "labels", "r", NULL);
        struct store_result result;

        store_txn_update(txn, &doc, 0);
        if (store_commit_wait(rival->w->on.store, txn, &result, err) < 0)
            return -1;
        store_object_unref(result.object);
    }
    return operate_suspend(wf, err);
}

static void test_somebody_is_faster(void **state)
{
    struct world *w = *state;
    struct rival rival = {.w = w, .wins = 2};
    struct operate_stored of = {{STR("argoproj.io"), STR("Workflow"), STR("argo"), STR("a")},
                                apply_late,
                                &rival,
                                STR("")};
    const struct store_object *o;
    struct json doc;
    struct err err = {0};

    add(w, "a", "Running");
    assert_int_equal(operate_stored_run(w->on.store, w->on.a, &of, &o, &err), 0);
    store_object_unref(o);
    assert_int_equal(rival.calls, 3);
    doc = read_doc(w, "a");
    assert_true(str_is(json_str(json_path(&doc, "metadata", "labels", "r", NULL)), "x"));
    assert_non_null(json_path(&doc, "spec", "suspend", NULL));
    rival = (struct rival){.w = w, .wins = 1000};
    of.key.name = STR("b");
    add(w, "b", "Running");
    assert_int_equal(operate_stored_run(w->on.store, w->on.a, &of, &o, &err), -1);
    assert_int_equal(err.kind, ERR_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_orders_leave, setup, teardown),
        cmocka_unit_test_setup_teardown(test_marks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_orders_say, setup, teardown),
        cmocka_unit_test_setup_teardown(test_somebody_is_faster, setup, teardown),
    };

    return cmocka_run_group_tests_name("operator", tests, NULL, NULL);
}
