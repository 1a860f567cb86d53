/* Tests of deletion: finalizers, owners and what goes with them, in the store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/store_world.h"

enum { TURNS_MAX = 4000 };

struct world {
    struct store_world on;
    struct err err; /* of the last commit */
    bool is_done, has_object;
    unsigned deleted; /* events */
    struct store_watch *watch;
};

static void on_event(void *ctx, const struct store_event *event)
{
    struct world *w = ctx;

    w->deleted += event->type == STORE_DELETED;
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);
    const struct store_query q = {.group = STR(""), .kind = STR("ConfigMap"), .ns = STR("")};

    store_world_open(&w->on);
    w->watch = store_watch_open(w->on.store, &q, 0, on_event, NULL, w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    store_watch_close(w->watch);
    store_world_close(&w->on);
    free(w);
    return 0;
}

static void on_done(void *ctx, const struct store_result *result, const struct err *err)
{
    struct world *w = ctx;

    w->err = *err;
    w->has_object = result->object != NULL;
    w->is_done = true;
}

static void commit(struct world *w, struct store_txn *txn)
{
    struct err err;

    w->is_done = false;
    assert_int_equal(store_commit(w->on.store, txn, on_done, w, &err), 0);
    for (int i = 0; i < TURNS_MAX && !w->is_done; i++)
        loop_run_once(w->on.loop, 5);
    assert_true(w->is_done);
}

static struct store_key key_of(const char *name)
{
    return (struct store_key){STR(""), STR("ConfigMap"), STR("ns"), str_from(name)};
}

/* "name" with uid "u-name", owned by the names of @owners, with the finalizers of @finalizers;
 * both lists are separated by blanks. */
static struct json map_of(struct world *w, const char *name, const char *owners,
                          const char *finalizers)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(10000);
    struct str rest = str_from(owners), word;
    struct json doc;
    struct err err;
    bool is_first = true;

    strbuf_addf(&b,
                "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"%s\","
                "\"namespace\":\"ns\",\"uid\":\"u-%s\",\"ownerReferences\":[",
                name, name);
    while (str_cut(&rest, ' ', &word) && word.len > 0) {
        strbuf_addf(&b,
                    "%s{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"name\":\"" STR_FMT
                    "\",\"uid\":\"u-" STR_FMT "\"}",
                    is_first ? "" : ",", STR_ARG(word), STR_ARG(word));
        is_first = false;
    }
    strbuf_addz(&b, "],\"finalizers\":[");
    rest = str_from(finalizers);
    is_first = true;
    while (str_cut(&rest, ' ', &word) && word.len > 0) {
        strbuf_addf(&b, "%s\"" STR_FMT "\"", is_first ? "" : ",", STR_ARG(word));
        is_first = false;
    }
    strbuf_addz(&b, "]}}");
    assert_int_equal(json_parse(w->on.a, str_copy(w->on.a, strbuf_str(&b)), &doc, &err), 0);
    return doc;
}

static void create(struct world *w, const char *name, const char *owners,
                   const char *finalizers)
{
    struct store_txn *txn = store_txn_new(w->on.store);
    struct json doc = map_of(w, name, owners, finalizers);

    store_txn_create(txn, &doc);
    commit(w, txn);
    assert_int_equal(w->err.kind, ERR_NONE);
}

static void update(struct world *w, const char *name, const char *owners,
                   const char *finalizers)
{
    struct store_txn *txn = store_txn_new(w->on.store);
    struct json doc = map_of(w, name, owners, finalizers);

    store_txn_update(txn, &doc, 0);
    commit(w, txn);
    assert_int_equal(w->err.kind, ERR_NONE);
}

static void delete (struct world *w, const char *name, enum store_propagation how)
{
    struct store_txn *txn = store_txn_new(w->on.store);
    const struct store_key key = key_of(name);

    store_txn_delete_as(txn, &key, STR(""), 0, how);
    commit(w, txn);
    assert_int_equal(w->err.kind, ERR_NONE);
}

/* The text of an object, or absent. */
static struct str text_of(struct world *w, const char *name)
{
    const struct store_key key = key_of(name);
    const struct store_object *o;
    struct str text;
    struct err err;

    if (store_get(w->on.store, &key, &o, &err) < 0)
        return STR_NONE;
    text = str_copy(w->on.a, o->doc);
    store_object_unref(o);
    return text;
}

static bool has(struct world *w, const char *name, const char *part)
{
    return str_find(text_of(w, name), str_from(part)) != SIZE_MAX;
}

static bool is_gone(struct world *w, const char *name)
{
    return str_is_none(text_of(w, name));
}

static void test_finalizers(void **state)
{
    struct world *w = *state;

    create(w, "a", "", "x y");
    delete (w, "a", STORE_BACKGROUND);
    assert_true(w->has_object);
    assert_true(has(w, "a", "\"deletionTimestamp\":\"20"));
    /* asked again: nothing is written */
    delete (w, "a", STORE_BACKGROUND);
    assert_false(w->has_object);
    /* nobody can take the deletion back */
    update(w, "a", "", "y");
    assert_true(has(w, "a", "\"deletionTimestamp\":\"20"));
    assert_true(has(w, "a", "\"finalizers\":[\"y\"]"));
    update(w, "a", "", "");
    assert_false(w->has_object);
    assert_true(is_gone(w, "a"));
    assert_int_equal(w->deleted, 1);
    /* without finalizers nothing waits */
    create(w, "b", "", "");
    delete (w, "b", STORE_BACKGROUND);
    assert_true(is_gone(w, "b"));
}

static void test_background(void **state)
{
    struct world *w = *state;

    create(w, "a", "", "");
    create(w, "b", "a", "");
    create(w, "c", "b", "");
    create(w, "d", "a c", "");
    create(w, "e", "", "");
    create(w, "f", "a e", "");
    create(w, "g", "a", "x");
    delete (w, "a", STORE_BACKGROUND);
    assert_true(is_gone(w, "a") && is_gone(w, "b") && is_gone(w, "c") && is_gone(w, "d"));
    assert_false(is_gone(w, "e"));
    /* another owner is there: only the reference goes */
    assert_true(has(w, "f", "u-e"));
    assert_false(has(w, "f", "u-a"));
    /* it has a finalizer: it is asked */
    assert_true(has(w, "g", "deletionTimestamp"));
    assert_int_equal(w->deleted, 4);
    /* the reference is what counts, not the name */
    create(w, "a", "", "");
    update(w, "e", "a", "");
    update(w, "e", "", "");
    delete (w, "a", STORE_BACKGROUND);
    assert_false(is_gone(w, "e"));
}

static void test_orphan(void **state)
{
    struct world *w = *state;

    create(w, "a", "", "");
    create(w, "b", "a", "");
    create(w, "c", "b", "");
    delete (w, "a", STORE_ORPHAN);
    assert_true(is_gone(w, "a"));
    assert_false(has(w, "b", "u-a"));
    assert_true(has(w, "c", "u-b"));
}

static void test_foreground(void **state)
{
    struct world *w = *state;

    create(w, "a", "", "");
    create(w, "b", "a", "");
    delete (w, "a", STORE_FOREGROUND);
    assert_true(is_gone(w, "a") && is_gone(w, "b"));
    /* a dependent waits, and its owner for it */
    create(w, "a", "", "");
    create(w, "b", "a", "x");
    create(w, "c", "a", "");
    delete (w, "a", STORE_FOREGROUND);
    assert_true(has(w, "a", "foregroundDeletion"));
    assert_true(has(w, "b", "deletionTimestamp"));
    assert_true(is_gone(w, "c"));
    update(w, "b", "a", "");
    assert_true(is_gone(w, "a") && is_gone(w, "b"));
    /* nobody depends on it: it goes at once */
    create(w, "d", "", "");
    delete (w, "d", STORE_FOREGROUND);
    assert_true(is_gone(w, "d"));
}

/* An owner stays when the last that it owns goes, whatever finalizers it has. */
static void test_owner_stays(void **state)
{
    struct world *w = *state;

    create(w, "a", "", "");
    create(w, "b", "a", "");
    delete (w, "b", STORE_BACKGROUND);
    assert_true(is_gone(w, "b") && !is_gone(w, "a"));
    create(w, "c", "", "x");
    create(w, "d", "c", "");
    delete (w, "d", STORE_BACKGROUND);
    assert_true(is_gone(w, "d") && has(w, "c", "\"x\""));
}

/* A circle of owners ends, too. */
static void test_circle(void **state)
{
    struct world *w = *state;

    create(w, "a", "b", "");
    create(w, "b", "a", "");
    create(w, "c", "c", "");
    delete (w, "a", STORE_BACKGROUND);
    delete (w, "c", STORE_BACKGROUND);
    assert_true(is_gone(w, "a") && is_gone(w, "b") && is_gone(w, "c"));
}

/* All is over when the commit is: a store that is opened again has nothing left to do. */
static void test_one_commit(void **state)
{
    struct world *w = *state;
    char name[16];

    create(w, "a", "", "");
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "d%d", i);
        create(w, name, "a", "");
    }
    w->deleted = 0;
    delete (w, "a", STORE_BACKGROUND);
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "d%d", i);
        assert_true(is_gone(w, name));
    }
    assert_int_equal(w->deleted, 201);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_finalizers), TEST(test_background),  TEST(test_orphan),
        TEST(test_foreground), TEST(test_owner_stays), TEST(test_circle),
        TEST(test_one_commit),
    };

    return cmocka_run_group_tests_name("removal", tests, NULL, NULL);
}
