/* Tests of lines that are kept for other watches: found by all of the key, the oldest goes,
 * references outlive it, many threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "api/core/told.h"
#include "base/limits.h"
#include "base/mem.h"

static const int table, plain; /* formats */

static const struct store_object *object(int number)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct json doc = json_null();
    struct str name = str_printf(a, "c%d", number);
    struct str uid = str_printf(a, "u%d", number);

    doc = json_set_path(a, &doc, json_string(STR("v1")), "apiVersion", NULL);
    doc = json_set_path(a, &doc, json_string(STR("ConfigMap")), "kind", NULL);
    doc = json_set_path(a, &doc, json_string(name), "metadata", "name", NULL);
    doc = json_set_path(a, &doc, json_string(STR("ns")), "metadata", "namespace", NULL);
    doc = json_set_path(a, &doc, json_string(uid), "metadata", "uid", NULL);
    return store_object_of(&doc);
}

static struct told_key key_of(const struct store_object *o)
{
    return (struct told_key){
        .object = o, .type = STORE_MODIFIED, .format = &plain, .fields = STR("")};
}

static bool holds(struct told_lines *l, const struct told_key *key, const char *want)
{
    struct told_line *line = told_find(l, key);
    bool is = line && want && str_is(told_text(line), want);

    told_unref(line);
    return want ? is : !line;
}

static void test_all_of_the_key(void **state)
{
    const struct store_object *one = object(1), *other = object(1);
    const struct object_kind *kind = object_kind_find(STR("v1"), STR("ConfigMap"));
    struct told_lines *l = told_new();
    struct told_key key = key_of(one), rows[5];

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        rows[i] = key;
    rows[0].object = other; /* of the same content */
    rows[1].type = STORE_ADDED;
    rows[2].format = &table;
    rows[3].kind = kind;
    rows[4].fields = STR("metadata.name");
    assert_true(holds(l, &key, NULL));
    told_keep(l, &key, STR("line"));
    assert_true(holds(l, &key, "line"));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[16];

        assert_true(holds(l, &rows[i], NULL));
        snprintf(text, sizeof(text), "line %zu", i);
        told_keep(l, &rows[i], str_from(text));
        assert_true(holds(l, &rows[i], text));
        assert_true(holds(l, &key, "line"));
    }
    told_clear(l);
    assert_true(holds(l, &key, NULL) && holds(l, &rows[4], NULL));
    store_object_unref(one);
    store_object_unref(other);
    told_free(l);
}

/* The fields of a key are the line's own. */
static void test_copies(void **state)
{
    char text[] = "line", fields[] = "spec";
    const struct store_object *o = object(1);
    struct told_lines *l = told_new();
    struct told_key key = key_of(o);

    (void) state;
    key.fields = str_from(fields);
    told_keep(l, &key, str_from(text));
    memset(text, 'x', 4);
    memset(fields, 'x', 4);
    key.fields = STR("spec");
    assert_true(holds(l, &key, "line"));
    told_free(l);
    store_object_unref(o);
}

static void test_oldest_goes(void **state)
{
    const struct store_object *all[WATCH_TOLD_MAX + 1];
    struct told_lines *l = told_new();
    struct told_line *first = NULL;

    (void) state;
    for (int i = 0; i <= WATCH_TOLD_MAX; i++) {
        struct told_key key;

        all[i] = object(i);
        key = key_of(all[i]);
        if (i == WATCH_TOLD_MAX)
            first =
                told_find(l, &(struct told_key){all[0], STORE_MODIFIED, &plain, NULL, STR("")});
        told_keep(l, &key, STR("line"));
    }
    for (int i = 0; i <= WATCH_TOLD_MAX; i++) {
        struct told_key key = key_of(all[i]);

        assert_true(holds(l, &key, i == 0 ? NULL : "line"));
    }
    assert_non_null(first);
    told_free(l);
    for (int i = 0; i <= WATCH_TOLD_MAX; i++)
        store_object_unref(all[i]);
    assert_true(str_is(told_text(first), "line")); /* whoever has it, has it */
    told_unref(first);
}

/* What is large is not kept, what is as large as allowed is. */
static void test_large(void **state)
{
    const struct store_object *o = object(1);
    struct told_lines *l = told_new();
    struct told_key key = key_of(o);
    char *text = mem_alloc(WATCH_TOLD_MAX_BYTES + 2);

    (void) state;
    memset(text, 'x', WATCH_TOLD_MAX_BYTES + 1);
    told_keep(l, &key, str_of(text, WATCH_TOLD_MAX_BYTES + 1));
    assert_true(holds(l, &key, NULL));
    text[WATCH_TOLD_MAX_BYTES] = '\0';
    told_keep(l, &key, str_of(text, WATCH_TOLD_MAX_BYTES));
    assert_true(holds(l, &key, text));
    told_free(l);
    told_free(NULL);
    free(text);
    store_object_unref(o);
}

/* ---- threads ---- */

enum { THREADS = 4, OBJECTS = 200, ROUNDS = 50 };

static struct {
    struct told_lines *lines;
    const struct store_object *objects[OBJECTS];
    unsigned wrong, found;
} many;

/* All tell the same events; a line says which one it is of. */
static void *tell(void *ctx)
{
    (void) ctx;
    for (int n = 0; n < ROUNDS * OBJECTS; n++) {
        const struct told_key key = key_of(many.objects[n % OBJECTS]);
        struct told_line *line = told_find(many.lines, &key);

        if (!line) {
            told_keep(many.lines, &key, key.object->key.name);
            continue;
        }
        __atomic_add_fetch(&many.found, 1, __ATOMIC_RELAXED);
        if (!str_eq(told_text(line), key.object->key.name))
            __atomic_add_fetch(&many.wrong, 1, __ATOMIC_RELAXED);
        told_unref(line);
        if (n % 1000 == 999)
            told_clear(many.lines);
    }
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[THREADS];

    (void) state;
    many.lines = told_new();
    for (int i = 0; i < OBJECTS; i++)
        many.objects[i] = object(i);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, tell, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(many.wrong, 0);
    told_free(many.lines);
    for (int i = 0; i < OBJECTS; i++)
        store_object_unref(many.objects[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_the_key), cmocka_unit_test(test_copies),
        cmocka_unit_test(test_oldest_goes),    cmocka_unit_test(test_large),
        cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
