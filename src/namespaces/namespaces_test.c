/* Tests of namespaces: those in use are listed, one that is deleted is emptied and goes, and
 * nothing begins in it meanwhile. */
#include "namespaces/namespaces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "objects/object.h"
#include "tests/support/store_world.h"

enum { TURNS_MAX = 2000, AGAIN_MS = 5 };

struct world {
    char path[64];
    struct arena *a;
    struct loop *loop;
    struct store *store;
    struct workers *workers;
    struct namespaces *n;
};

static void open_world(struct world *w)
{
    struct err err;

    w->loop = loop_new(&err);
    w->workers = workers_new(w->loop, 2, &err);
    assert_non_null(w->workers);
    w->store = store_open(&(struct store_options){.path = w->path, .loop = w->loop}, &err);
    assert_non_null(w->store);
}

static void begin(struct world *w)
{
    w->n = namespaces_new(&(struct namespaces_options){
        .loop = w->loop, .store = w->store, .workers = w->workers, .again_ms = AGAIN_MS});
    namespaces_start(w->n);
}

static void close_world(struct world *w)
{
    if (w->n)
        namespaces_stop(w->n);
    namespaces_free(TAKE(w->n));
    store_close(w->store);
    workers_free(w->workers);
    loop_free(w->loop);
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);

    snprintf(w->path, sizeof(w->path), "/tmp/tiphys-namespaces-XXXXXX");
    assert_non_null(mkdtemp(w->path));
    w->a = arena_new();
    open_world(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm",
                                        "state.lock"};
    struct world *w = *state;

    close_world(w);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(str_printf(w->a, "%s/%s", w->path, names[i]).ptr);
    rmdir(w->path);
    arena_free(w->a);
    free(w);
    return 0;
}

/* ---- objects ---- */

static struct json prepared(struct world *w, const char *text, const char *ns)
{
    static uint64_t bits[2];
    struct json doc, made = {0};
    struct err err;

    bits[0]++;
    if (json_parse(w->a, str_copy(w->a, str_from(text)), &doc, &err) < 0 ||
        object_prepare(w->a,
                       object_kind_find(json_get_str(&doc, STR("apiVersion")),
                                        json_get_str(&doc, STR("kind"))),
                       &doc, str_from(ns), 1700000000000, (const uint8_t *) bits, &made,
                       &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return made;
}

static int try_create(struct world *w, const char *text, const char *ns, struct err *err)
{
    const struct json doc = prepared(w, text, ns);
    struct store_txn *txn = store_txn_new(w->store);
    struct store_result result;

    store_txn_create(txn, &doc);
    err->kind = ERR_NONE;
    if (store_commit_wait(w->store, txn, &result, err) < 0)
        return -1;
    store_object_unref(result.object);
    return 0;
}

static void create(struct world *w, const char *text, const char *ns)
{
    struct err err;

    if (try_create(w, text, ns, &err) < 0)
        fail_msg("%s: %s", text, err.text);
}

#define CONFIG_MAP(name) \
    "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"" name "\"}}"
#define SECRET(name) \
    "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"" name "\"}}"
#define NAMESPACE(name) \
    "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"" name "\"}}"
#define HELD_WORKFLOW                                                                      \
    "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Workflow\",\"metadata\":{"        \
    "\"name\":\"held\",\"finalizers\":[\"workflows.argoproj.io/artifact-gc\"]},\"spec\":{" \
    "\"entrypoint\":\"main\"}}"

static struct store_key key_of(const char *kind, const char *ns, const char *name)
{
    return (struct store_key){str_is(str_from(kind), "Workflow") ? STR("argoproj.io") : STR(""),
                              str_from(kind), str_from(ns), str_from(name)};
}

static void delete_it(struct world *w, const char *kind, const char *ns, const char *name)
{
    const struct store_key key = key_of(kind, ns, name);
    struct store_txn *txn = store_txn_new(w->store);

    store_txn_delete(txn, &key, STR(""), 0);
    store_world_commit(w->store, txn);
}

static bool is_there(struct world *w, const char *kind, const char *ns, const char *name)
{
    const struct store_key key = key_of(kind, ns, name);
    const struct store_object *o;
    struct err err;

    if (store_get(w->store, &key, &o, &err) < 0)
        return false;
    store_object_unref(o);
    return true;
}

static struct json shown(struct world *w, const char *kind, const char *ns, const char *name)
{
    const struct store_key key = key_of(kind, ns, name);
    const struct store_object *o;
    struct json doc;
    struct err err;

    assert_int_equal(store_get(w->store, &key, &o, &err), 0);
    assert_int_equal(json_parse(w->a, str_copy(w->a, o->doc), &doc, &err), 0);
    store_object_unref(o);
    return doc;
}

static void wait_for(struct world *w, const char *name, bool want)
{
    for (int i = 0; i < TURNS_MAX && is_there(w, "Namespace", "", name) != want; i++)
        loop_run_once(w->loop, AGAIN_MS);
    if (is_there(w, "Namespace", "", name) != want)
        fail_msg("namespace %s is %sthere", name, want ? "not " : "");
}

static struct str phase_of(struct world *w, const char *name)
{
    struct json doc = shown(w, "Namespace", "", name);

    return json_str(json_path(&doc, "status", "phase", NULL));
}

/* ---- begin ---- */

static void test_in_use(void **state)
{
    struct world *w = *state;
    struct json doc;

    create(w, CONFIG_MAP("a"), "early");
    begin(w);
    wait_for(w, "default", true);
    wait_for(w, "early", true);
    create(w, CONFIG_MAP("a"), "late");
    wait_for(w, "late", true);
    create(w, CONFIG_MAP("b"), "late");
    doc = shown(w, "Namespace", "", "late");
    assert_true(str_is(phase_of(w, "late"), "Active"));
    assert_true(str_is(object_label(&doc, STR("kubernetes.io/metadata.name")), "late"));
    assert_true(str_eq(json_text(w->a, json_get(&doc, STR("spec")), JSON_COMPACT),
                       STR("{\"finalizers\":[\"kubernetes\"]}")));
    assert_false(str_is_empty(object_uid(&doc)));
}

/* What is there already is not made again. */
static void test_of_before(void **state)
{
    struct world *w = *state;
    struct json before, after;

    create(w, NAMESPACE("mine"), "");
    create(w, CONFIG_MAP("a"), "mine");
    before = shown(w, "Namespace", "", "mine");
    begin(w);
    wait_for(w, "default", true);
    after = shown(w, "Namespace", "", "mine");
    assert_true(json_equal(&before, &after));
}

/* ---- end ---- */

static void test_end(void **state)
{
    struct world *w = *state;
    struct err err;

    create(w, NAMESPACE("team"), "");
    create(w, CONFIG_MAP("a"), "team");
    create(w, SECRET("s"), "team");
    create(w, CONFIG_MAP("a"), "other");
    delete_it(w, "Namespace", "", "team");
    assert_true(str_is(phase_of(w, "team"), "Terminating"));
    assert_int_equal(try_create(w, CONFIG_MAP("new"), "team", &err), -1);
    assert_int_equal(err.kind, ERR_DENIED);
    assert_string_equal(err.text,
                        "configmaps \"new\" is forbidden: unable to create new content in "
                        "namespace team because it is being terminated");
    begin(w);
    wait_for(w, "team", false);
    assert_false(is_there(w, "ConfigMap", "team", "a"));
    assert_false(is_there(w, "Secret", "team", "s"));
    assert_true(is_there(w, "ConfigMap", "other", "a"));
    create(w, CONFIG_MAP("new"), "team"); /* it begins anew */
    wait_for(w, "team", true);
    assert_true(str_is(phase_of(w, "team"), "Active"));
}

/* More than one page, and one that goes with its owner. */
static void test_many(void **state)
{
    struct world *w = *state;
    struct store_txn *txn = store_txn_new(w->store);
    struct json doc;

    for (int i = 0; i < NAMESPACES_PAGE_MAX * 2 + 3; i++) {
        struct str owner =
            i % 3 == 0 || i == 1
                ? STR("")
                : str_printf(w->a,
                             ",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":"
                             "\"ConfigMap\",\"name\":\"c1\",\"uid\":\"" STR_FMT "\"}]",
                             STR_ARG(object_uid(&doc)));
        struct json made = prepared(
            w,
            str_printf(w->a,
                       "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":"
                       "\"c%d\"" STR_FMT "}}",
                       i, STR_ARG(owner))
                .ptr,
            "team");

        if (i <= 1)
            doc = made;
        store_txn_create(txn, &made);
    }
    store_world_commit(w->store, txn);
    begin(w);
    wait_for(w, "team", true);
    delete_it(w, "Namespace", "", "team");
    wait_for(w, "team", false);
    assert_false(is_there(w, "ConfigMap", "team", "c0"));
    assert_false(is_there(w, "ConfigMap", "team", "c1002"));
}

static void give_up(struct world *w)
{
    struct json doc = shown(w, "Workflow", "team", "held");
    struct json meta = json_without(w->a, json_get(&doc, STR("metadata")), STR("finalizers"));
    struct store_txn *txn = store_txn_new(w->store);

    doc = json_set(w->a, &doc, STR("metadata"), meta);
    store_txn_update(txn, &doc, 0);
    store_world_commit(w->store, txn);
}

static bool says(struct world *w, const char *text)
{
    struct json doc = shown(w, "Namespace", "", "team");

    return str_find(json_text(w->a, &doc, JSON_COMPACT), str_from(text)) != SIZE_MAX;
}

/* A workflow that artifactGC holds: its Secret stays until it has gone, the conditions say so.
 */
static void test_held(void **state)
{
    struct world *w = *state;
    struct json before, after;

    create(w, NAMESPACE("team"), "");
    create(w, HELD_WORKFLOW, "team");
    create(w, SECRET("keys"), "team");
    begin(w);
    delete_it(w, "Namespace", "", "team");
    for (int i = 0; i < TURNS_MAX && !says(w, "NamespaceFinalizersRemaining"); i++)
        loop_run_once(w->loop, AGAIN_MS);
    assert_true(says(w, "Some resources are remaining: workflows.argoproj.io has 1 resource "
                        "instances"));
    assert_true(says(w, "Some content in the namespace has finalizers remaining: "
                        "workflows.argoproj.io/artifact-gc in 1 resource instances"));
    before = shown(w, "Namespace", "", "team");
    for (int i = 0; i < 20; i++)
        loop_run_once(w->loop, AGAIN_MS);
    after = shown(w, "Namespace", "", "team");
    assert_true(json_equal(&before, &after)); /* it is not written again and again */
    assert_true(is_there(w, "Workflow", "team", "held"));
    assert_true(is_there(w, "Secret", "team", "keys"));
    give_up(w);
    wait_for(w, "team", false);
    assert_false(is_there(w, "Secret", "team", "keys"));
}

/* The end goes on after a restart. */
static void test_restart(void **state)
{
    struct world *w = *state;

    create(w, NAMESPACE("team"), "");
    create(w, HELD_WORKFLOW, "team");
    create(w, CONFIG_MAP("a"), "team");
    begin(w);
    delete_it(w, "Namespace", "", "team");
    for (int i = 0; i < TURNS_MAX && !says(w, "NamespaceFinalizersRemaining"); i++)
        loop_run_once(w->loop, AGAIN_MS);
    close_world(w);
    open_world(w);
    assert_true(str_is(phase_of(w, "team"), "Terminating"));
    give_up(w);
    begin(w);
    wait_for(w, "team", false);
    assert_false(is_there(w, "ConfigMap", "team", "a"));
}

/* A Namespace of before they had finalizers is emptied, too. */
static void test_old(void **state)
{
    struct world *w = *state;
    struct json doc = prepared(w, NAMESPACE("team"), "");
    struct store_txn *txn = store_txn_new(w->store);

    doc = json_without(w->a, &doc, STR("spec"));
    store_txn_create(txn, &doc);
    store_world_commit(w->store, txn);
    create(w, CONFIG_MAP("a"), "team");
    delete_it(w, "Namespace", "", "team");
    delete_it(w, "Namespace", "", "team"); /* asked for twice */
    assert_true(is_there(w, "Namespace", "", "team"));
    begin(w);
    wait_for(w, "team", false);
    assert_false(is_there(w, "ConfigMap", "team", "a"));
}

/* Somebody else's finalizer of the spec holds it, empty. */
static void test_foreign_finalizer(void **state)
{
    struct world *w = *state;
    struct err err;

    create(w,
           "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"team\"},"
           "\"spec\":{\"finalizers\":[\"kubernetes\",\"example.com/x\"]}}",
           "");
    create(w, CONFIG_MAP("a"), "team");
    delete_it(w, "Namespace", "", "team");
    assert_int_equal(namespaces_empty(w->store, STR("team"), clock_wall(), &err), 0);
    assert_false(is_there(w, "ConfigMap", "team", "a"));
    assert_true(says(w, "\"finalizers\":[\"example.com/x\"]"));
    assert_int_equal(namespaces_empty(w->store, STR("none"), clock_wall(), &err), 0);
}

/* What may be left out is, and the rest of its transaction is carried out. */
static void test_optional(void **state)
{
    struct world *w = *state;
    struct store_txn *txn;
    struct store_result result;
    struct json left = prepared(w, CONFIG_MAP("left"), "team");
    struct json made = prepared(w, CONFIG_MAP("made"), "other");
    struct err err;

    create(w, NAMESPACE("team"), "");
    delete_it(w, "Namespace", "", "team");
    txn = store_txn_new(w->store);
    store_txn_create_if_open(txn, &left);
    store_txn_create_if_open(txn, &made);
    assert_int_equal(store_commit_wait(w->store, txn, &result, &err), 0);
    assert_true(str_is(result.object->key.name, "made"));
    store_object_unref(result.object);
    assert_false(is_there(w, "ConfigMap", "team", "left"));
    assert_true(is_there(w, "ConfigMap", "other", "made"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_in_use, setup, teardown),
        cmocka_unit_test_setup_teardown(test_of_before, setup, teardown),
        cmocka_unit_test_setup_teardown(test_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_held, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_old, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign_finalizer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_optional, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
