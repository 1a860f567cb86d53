/* Values of Secrets and ConfigMaps: found, missing, not base64, line feeds at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/value.h"
#include "tests/support/store_world.h"

struct world {
    struct store_world on;
    bool is_done;
};

static void on_done(void *ctx, const struct store_result *result, const struct err *err)
{
    (void) result;
    assert_int_equal(err->kind, ERR_NONE);
    ((struct world *) ctx)->is_done = true;
}

static void create(struct world *w, const char *text)
{
    struct store_txn *txn = store_txn_new(w->on.store);
    struct json doc;
    struct err err;

    assert_int_equal(json_parse(store_txn_arena(txn), str_from(text), &doc, &err), 0);
    store_txn_create(txn, &doc);
    w->is_done = false;
    assert_int_equal(store_commit(w->on.store, txn, on_done, w, &err), 0);
    while (!w->is_done)
        loop_run_once(w->on.loop, 10);
}

static int setup(void **state)
{
    struct world *w = NEW(struct world);

    store_world_open(&w->on);
    create(w, "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\","
              "\"namespace\":\"argo\",\"uid\":\"u1\"},\"data\":{\"plain\":\"aHVzaA==\","
              "\"line\":\"aHVzaAo=\",\"lines\":\"aHVzaAoK\",\"dos\":\"aHVzaA0K\","
              "\"blank\":\"IGh1c2gg\",\"empty\":\"\",\"broken\":\"***\"}}");
    create(w, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\","
              "\"namespace\":\"argo\",\"uid\":\"u2\"},\"data\":{\"plain\":\"open\","
              "\"line\":\"open\\n\",\"lines\":\"open\\n\\n\",\"empty\":\"\"}}");
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

struct value_row {
    const char *ns, *name, *key;
    const char *value; /* NULL: fails ... */
    enum err_kind kind;
    const char *error; /* ... with this part in its text */
};

static struct json selector(struct world *w, const struct value_row *row)
{
    struct json_object_builder b = {0};

    json_add_str(w->on.a, &b, STR("name"), str_from(row->name));
    json_add_str(w->on.a, &b, STR("key"), str_from(row->key));
    return json_object(&b);
}

static void check_failure(size_t i, const struct value_row *row, const struct err *err)
{
    if (row->value || err->kind != row->kind ||
        str_find(str_from(err->text), str_from(row->error)) == SIZE_MAX)
        fail_msg("row %zu: %s", i, err->text);
}

static void test_secrets(void **state)
{
    static const struct value_row rows[] = {
        {"argo", "s", "plain", "hush", 0, NULL},
        {"argo", "s", "line", "hush", 0, NULL},
        {"argo", "s", "lines", "hush\n", 0, NULL}, /* one only */
        {"argo", "s", "dos", "hush\r", 0, NULL},
        {"argo", "s", "blank", " hush ", 0, NULL},
        {"argo", "s", "empty", "", 0, NULL},
        {"argo", "s", "broken", NULL, ERR_INVALID, "secret 's'"},
        {"argo", "s", "none", NULL, ERR_NOT_FOUND, "secret 's' does not have the key 'none'"},
        {"argo", "c", "plain", NULL, ERR_NOT_FOUND, "secrets \"c\" not found"},
        {"other", "s", "plain", NULL, ERR_NOT_FOUND, "secrets \"s\" not found"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json what = selector(w, &rows[i]);
        struct secret value = {0};
        struct err err = {0};

        if (store_secret_value(w->on.store, str_from(rows[i].ns), &what, &value, &err) < 0)
            check_failure(i, &rows[i], &err);
        else if (!rows[i].value || !str_is(secret_reveal(&value), rows[i].value))
            fail_msg("row %zu: another value", i);
        assert_null(strstr(err.text, "hush"));
        secret_done(&value);
    }
}

static void test_config_maps(void **state)
{
    static const struct value_row rows[] = {
        {"argo", "c", "plain", "open", 0, NULL},
        {"argo", "c", "line", "open", 0, NULL},
        {"argo", "c", "lines", "open\n", 0, NULL},
        {"argo", "c", "empty", "", 0, NULL},
        {"argo", "c", "none", NULL, ERR_NOT_FOUND,
         "configmap 'c' does not have the key 'none'"},
        {"argo", "s", "plain", NULL, ERR_NOT_FOUND, "configmaps \"s\" not found"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct json what = selector(w, &rows[i]);
        struct str value = STR("untouched");
        struct err err = {0};

        if (store_config_value(w->on.store, w->on.a, str_from(rows[i].ns), &what, &value,
                               &err) < 0) {
            check_failure(i, &rows[i], &err);
            assert_true(str_is(value, "untouched"));
        } else if (!rows[i].value || !str_is(value, rows[i].value)) {
            fail_msg("row %zu: " STR_FMT, i, STR_ARG(value));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_secrets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_config_maps, setup, teardown),
    };

    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
