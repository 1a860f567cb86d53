/* Tests of operate_unpack_nodes(): tables of documents, and what becomes of them; what is
 * refused, bombs of text and of values among it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/mem.h"
#include "formats/base64.h"
#include "tests/support/gzipped.h"
#include "workflows/operate/operate.h"

/* base64 of gzip, as clients write it. */
static struct str packed(struct arena *a, struct str text)
{
    return base64_encode(a, gzipped(a, text, 6));
}

static struct json read_json(struct arena *a, struct str text)
{
    struct json ret;
    struct err err;

    if (json_parse(a, text, &ret, &err) < 0)
        fail_msg("%s", err.text);
    return ret;
}

/* A workflow whose status holds @members, and @text packed. */
static struct json document(struct arena *a, const char *members, struct str text)
{
    return read_json(a, str_printf(a, "{\"status\":{%s\"compressedNodes\":\"" STR_FMT "\"}}",
                                   members, STR_ARG(text)));
}

static void test_unpacked(void **state)
{
    static const struct {
        const char *members, *nodes, *want;
    } rows[] = {
        {"", "{}", "{\"status\":{\"nodes\":{}}}"},
        {"", "null", "{\"status\":{\"nodes\":{}}}"},
        {"", " {\"a\":{\"id\":\"a\"}}\n", "{\"status\":{\"nodes\":{\"a\":{\"id\":\"a\"}}}}"},
        {"\"phase\":\"Running\",", "{\"a\":{\"m\":\"\\\"[{,\"}}",
         "{\"status\":{\"phase\":\"Running\",\"nodes\":{\"a\":{\"m\":\"\\\"[{,\"}}}}"},
        /* those that were there are others */
        {"\"nodes\":{\"b\":{}},\"phase\":\"Error\",", "{\"a\":{}}",
         "{\"status\":{\"nodes\":{\"a\":{}},\"phase\":\"Error\"}}"},
        {"\"nodes\":null,", "{\"a\":{}}", "{\"status\":{\"nodes\":{\"a\":{}}}}"},
        /* what a node is, others look at */
        {"", "{\"a\":[1,{\"b\":2}]}", "{\"status\":{\"nodes\":{\"a\":[1,{\"b\":2}]}}}"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = document(a, rows[i].members, packed(a, str_from(rows[i].nodes)));
        struct str have;
        struct err err;

        if (operate_unpack_nodes(a, &doc, &err) != 1)
            fail_msg("row %zu: %s", i, err.text);
        have = json_text(a, &doc, JSON_COMPACT);
        if (!str_is(have, rows[i].want))
            fail_msg("row %zu: " STR_FMT, i, STR_ARG(have));
    }
}

/* Nothing is packed. */
static void test_left_alone(void **state)
{
    static const struct {
        const char *doc, *want; /* NULL: as it is */
    } rows[] = {
        {"{}", NULL},
        {"{\"status\":null}", NULL},
        {"{\"status\":{\"nodes\":{\"a\":{}}}}", NULL},
        {"{\"spec\":{\"compressedNodes\":\"x\"}}", NULL},
        /* the gate of fields says what is wrong with it */
        {"{\"status\":{\"compressedNodes\":7}}", NULL},
        {"{\"status\":{\"compressedNodes\":[\"x\"]}}", NULL},
        {"{\"status\":{\"compressedNodes\":\"\",\"nodes\":{\"a\":{}}}}",
         "{\"status\":{\"nodes\":{\"a\":{}}}}"},
        {"{\"status\":{\"compressedNodes\":null,\"nodes\":{\"a\":{}}}}",
         "{\"status\":{\"nodes\":{\"a\":{}}}}"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct json doc = read_json(a, str_from(rows[i].doc));
        struct str have;
        struct err err;

        assert_int_equal(operate_unpack_nodes(a, &doc, &err), rows[i].want != NULL);
        have = json_text(a, &doc, JSON_COMPACT);
        if (!str_is(have, rows[i].want ? rows[i].want : rows[i].doc))
            fail_msg("row %zu: " STR_FMT, i, STR_ARG(have));
    }
}

static void check_refused(struct arena *a, struct str text, const char *want)
{
    struct json doc = document(a, "\"nodes\":{\"a\":{}},", text);
    struct str before = json_text(a, &doc, JSON_COMPACT);
    struct err err;

    assert_int_equal(operate_unpack_nodes(a, &doc, &err), -1);
    assert_string_equal(err.text, want);
    assert_int_equal(err.kind, ERR_RULE);
    assert_true(str_eq(json_text(a, &doc, JSON_COMPACT), before));
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *want; /* text: with a ~, what is packed; else as it stands there */
    } rows[] = {
        {"H4s?", "illegal base64 data at input byte 3"},
        {"H4sIA", "illegal base64 data at input byte 5"},
        {"H4s", "gzip: unexpected EOF"},
        {"H4sIAAAAAAAA", "gzip: unexpected EOF"},
        {"eyJhIjp7fX0=", "gzip: incorrect header check"},
        {"~", "JSON: unexpected end of JSON input (line 1, column 1)"},
        {"~[]", "it holds no object of nodes"},
        {"~\"a\"", "it holds no object of nodes"},
        {"~{\"a\":}", "JSON: invalid character '}' looking for beginning of value (line 1, "
                      "column 6)"},
        {"~{}{}", "JSON: invalid character '{' after top-level value (line 1, column 3)"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str text = str_from(rows[i].text),
                   want =
                       str_printf(a, "status.compressedNodes: Invalid value: %s", rows[i].want);

        if (str_starts(text, STR("~")))
            text = packed(a, str_skip(text, 1));
        check_refused(a, text, str_cz(a, want));
    }
}

static struct str repeated(char *at, const char *first, const char *each, size_t bytes)
{
    size_t used = strlen(first), len = strlen(each);

    memcpy(at, first, used);
    for (; used + len <= bytes; used += len)
        memcpy(at + used, each, len);
    return str_of(at, used);
}

/* What is small and unpacks to much, or to many values, takes no memory. */
static void test_bombs(void **state)
{
    static const struct {
        const char *first, *each, *want;
        size_t bytes;
    } rows[] = {
        {"", " ", "Too long: may not unpack to more than 33554432 bytes",
         NODES_WRITTEN_MAX_BYTES + 1},
        {"{\"a\":[0", ",0", "Too many: may not hold more than 1000000 values",
         2 * NODES_WRITTEN_MAX_VALUES + 8},
        {"{\"a\":\"\\\\\\\"\",\"b\":[{}", ",{}",
         "Too many: may not hold more than 1000000 values", 3 * NODES_WRITTEN_MAX_VALUES + 20},
    };
    char *text = mem_alloc(NODES_WRITTEN_MAX_BYTES + 1);

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str bomb = packed(a, repeated(text, rows[i].first, rows[i].each, rows[i].bytes));

        assert_true(bomb.len < 100000);
        check_refused(a, bomb,
                      str_cz(a, str_printf(a, "status.compressedNodes: %s", rows[i].want)));
    }
    free(text);
}

/* Nesting ends where that of any document does. */
static void test_nesting(void **state)
{
    static char text[2 * JSON_DEPTH_MAX + 8];
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    repeated(text, "{\"a\":", "[", JSON_DEPTH_MAX + 6);
    check_refused(a, packed(a, str_of(text, JSON_DEPTH_MAX + 6)),
                  "status.compressedNodes: Invalid value: JSON: document is nested deeper "
                  "than 512 levels");
}

/* As much as is allowed is taken: a text with what looks like values counts as one. */
static void test_largest(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    char *text = mem_alloc(NODES_WRITTEN_MAX_BYTES + 1);
    struct json doc;
    struct err err;

    (void) state;
    repeated(text, "{\"a\":\"", "[{,", NODES_WRITTEN_MAX_BYTES);
    memcpy(text + NODES_WRITTEN_MAX_BYTES - 4, "  \"}", 4);
    doc = document(a, "", packed(a, str_of(text, NODES_WRITTEN_MAX_BYTES)));
    if (operate_unpack_nodes(a, &doc, &err) != 1)
        fail_msg("%s", err.text);
    assert_int_equal(json_str(json_path(&doc, "status", "nodes", "a", NULL)).len,
                     NODES_WRITTEN_MAX_BYTES - 8);
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unpacked), cmocka_unit_test(test_left_alone),
        cmocka_unit_test(test_refused),  cmocka_unit_test(test_bombs),
        cmocka_unit_test(test_nesting),  cmocka_unit_test(test_largest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
