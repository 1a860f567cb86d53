/* Tests of forms with files: boundaries, names, parts of any bytes, what is cut off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/multipart.h"

static void test_boundaries(void **state)
{
    static const struct {
        const char *type, *boundary;
    } cases[] = {
        {"multipart/form-data; boundary=abc", "abc"},
        {"Multipart/Form-Data;charset=x ; Boundary=\"a b;c\"; d=e", "a b;c"},
        {"multipart/form-data; a=\"; boundary=no\"; boundary=yes", "yes"},
        {"multipart/form-data", NULL},
        {"multipart/form-data; boundary=", NULL},
        {"multipart/form-data; boundary", NULL},
        {"multipart/mixed; boundary=a", NULL},
        {"application/json", NULL},
        {"", NULL},
        {"multipart/form-data; "
         "boundary=12345678901234567890123456789012345678901234567890123456789012345678901",
         NULL},
    };
    struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct str got;
        struct err err;
        int result = multipart_boundary(a, str_from(cases[i].type), &got, &err);

        if (cases[i].boundary ? result < 0 || !str_is(got, cases[i].boundary)
                              : result == 0 || err.kind != ERR_INVALID)
            fail_msg("%s: %d", cases[i].type, result);
    }
    arena_free(a);
}

#define PART(headers, bytes) "--b\r\n" headers "\r\n\r\n" bytes "\r\n"
#define FILE_PART(rest, bytes) \
    PART("Content-Disposition: form-data; name=\"file\"; filename=" rest, bytes)

static void test_parts(void **state)
{
    static const struct {
        const char *body, *bytes, *file_name; /* bytes NULL: file_name is the error's */
    } cases[] = {
        {FILE_PART("\"f.txt\"", "one\r\ntwo") "--b--\r\n", "one\r\ntwo", "f.txt"},
        {FILE_PART("\"f\"", "") "--b--", "", "f"},
        {"--b\r\nContent-Disposition: form-data; name=file; filename=f\r\n\r\n--b--", "", "f"},
        {"before\r\n" FILE_PART("f", "x") "--b--", "x", "f"},
        {PART("Content-Disposition: form-data; name=\"file\"", "text")
             FILE_PART("\"f\"", "--b-not-the-end") "--b--",
         "--b-not-the-end", "f"},
        {PART("content-disposition:form-data;name=file;filename=\"a\\\"b\"", "x") "--b--", "x",
         "a\"b"},
        {FILE_PART("\"C:\\dir\\f\"", "x") "--b--", "x", "C:\\dir\\f"},
        {FILE_PART("\"f\"\r\nContent-Type: text/plain", "x") "--b--", "x", "f"},
        {FILE_PART("\"f\"", "first") FILE_PART("\"g\"", "second") "--b--", "first", "f"},
        {PART("Content-Disposition: form-data; name=\"other\"; filename=\"f\"", "x") "--b--",
         NULL, "the form has no file \"file\""},
        {"--b\r\n\r\nbare\r\n--b--", NULL, "the form has no file \"file\""},
        {FILE_PART("\"f\"", "x"), NULL, "the form is cut off"},
        {"--b\r\nContent-Disposition: form-data", NULL, "have no end"},
        {"--b", NULL, "have no end"},
        {"--c--", NULL, "has no part of the boundary \"b\""},
        {"", NULL, "has no part of the boundary \"b\""},
    };
    struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct multipart_part part;
        struct err err = {0};
        int result =
            multipart_find(a, str_from(cases[i].body), STR("b"), STR("file"), &part, &err);

        if (!cases[i].bytes) {
            if (result == 0 || err.kind != ERR_INVALID || !strstr(err.text, cases[i].file_name))
                fail_msg("case %zu: %s", i, err.text);
        } else if (result < 0 || !str_is(part.bytes, cases[i].bytes) ||
                   !str_is(part.file_name, cases[i].file_name)) {
            fail_msg("case %zu: %s", i, err.text);
        }
    }
    arena_free(a);
}

/* Bytes of every value go through. */
static void test_binary(void **state)
{
    static const char head[] =
        "--b\r\nContent-Disposition: form-data; name=file; filename=f\r\n\r\n";
    char body[sizeof(head) + 256 + 16];
    struct arena *a = arena_new();
    struct multipart_part part;
    struct err err;
    size_t len = sizeof(head) - 1;

    (void) state;
    memcpy(body, head, len);
    for (size_t i = 0; i < 256; i++)
        body[len++] = (char) i;
    memcpy(body + len, "\r\n--b--", 7);
    assert_int_equal(
        multipart_find(a, str_of(body, len + 7), STR("b"), STR("file"), &part, &err), 0);
    assert_int_equal(part.bytes.len, 256);
    assert_memory_equal(part.bytes.ptr, body + sizeof(head) - 1, 256);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_boundaries),
                                       cmocka_unit_test(test_parts),
                                       cmocka_unit_test(test_binary)};

    return cmocka_run_group_tests_name("multipart", tests, NULL, NULL);
}
