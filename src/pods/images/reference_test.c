/* Tests of names of images: what Kubernetes reads into them, what is refused with which words,
 * that a printed name parses to itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pods/images/reference.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_good_names(void **state)
{
    static const struct {
        const char *text, *whole, *skopeo;
    } rows[] = {
        {"alpine", "docker.io/library/alpine:latest",
         "docker://docker.io/library/alpine:latest"},
        {"alpine:3.23", "docker.io/library/alpine:3.23",
         "docker://docker.io/library/alpine:3.23"},
        {"argoproj/argosay:v2", "docker.io/argoproj/argosay:v2",
         "docker://docker.io/argoproj/argosay:v2"},
        {"docker.io/alpine", "docker.io/library/alpine:latest",
         "docker://docker.io/library/alpine:latest"},
        {"index.docker.io/alpine", "docker.io/library/alpine:latest",
         "docker://docker.io/library/alpine:latest"},
        {"quay.io/a/b/c:x", "quay.io/a/b/c:x", "docker://quay.io/a/b/c:x"},
        {"localhost/a", "localhost/a:latest", "docker://localhost/a:latest"},
        {"localhost:5000/a_b/c__d", "localhost:5000/a_b/c__d:latest",
         "docker://localhost:5000/a_b/c__d:latest"},
        {"127.0.0.1:5000/x-y:t", "127.0.0.1:5000/x-y:t", "docker://127.0.0.1:5000/x-y:t"},
        {"[::1]:5000/x:t", "[::1]:5000/x:t", "docker://[::1]:5000/x:t"},
        {"Host/x", "Host/x:latest", "docker://Host/x:latest"},
        {"a@sha256:" HEX64, "docker.io/library/a@sha256:" HEX64,
         "docker://docker.io/library/a@sha256:" HEX64},
        {"a:t@sha256:" HEX64, "docker.io/library/a:t@sha256:" HEX64,
         "docker://docker.io/library/a@sha256:" HEX64},
        {"oci-archive:/d/x.tar", "oci-archive:/d/x.tar", "oci-archive:/d/x.tar"},
        {"oci-archive:x.tar:v1", "oci-archive:x.tar:v1", "oci-archive:x.tar:v1"},
        {"docker-archive:x.tar:a/b:c", "docker-archive:x.tar:a/b:c",
         "docker-archive:x.tar:a/b:c"},
        {"oci:folder", "oci:folder", "oci:folder"},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct image_reference ref, again;
        struct err err;
        struct str whole;

        if (image_reference_parse(a, str_from(rows[i].text), &ref, &err) < 0)
            fail_msg("row %zu: %s", i, err.text);
        whole = image_reference_print(a, &ref);
        assert_string_equal(str_cz(a, whole), rows[i].whole);
        assert_string_equal(str_cz(a, image_reference_skopeo(a, &ref, STR(""))),
                            rows[i].skopeo);
        assert_int_equal(image_reference_parse(a, whole, &again, &err), 0);
        assert_true(str_eq(image_reference_print(a, &again), whole));
    }
}

static void test_pinned(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct image_reference ref;
    struct err err;

    (void) state;
    assert_int_equal(image_reference_parse(a, STR("alpine:3"), &ref, &err), 0);
    assert_string_equal(str_cz(a, image_reference_skopeo(a, &ref, STR("sha256:" HEX64))),
                        "docker://docker.io/library/alpine@sha256:" HEX64);
}

static void test_bad_names(void **state)
{
    static const char *const tag =
        "its tag must be at most 128 letters, digits, '_', '.' and '-', the first neither '.' "
        "nor '-'";
    static const char *const path = "the repository must be parts of small letters and digits, "
                                    "with single dots, one or two "
                                    "underscores, or dashes between them";
    static const char *const host = "the registry must be a host name with an optional port";
    static const char *const digest =
        "its digest must be as sha256: with 64 hexadecimal digits";
    const struct {
        const char *text, *why;
    } rows[] = {
        {"Alpine", path},
        {"a b", path},
        {"a//b", path},
        {"/a", path},
        {"a/", path},
        {"a/-b", path},
        {"a/b-", path},
        {"a/b..c", path},
        {"a/b___c", path},
        {"../x", host},
        {"a:", tag},
        {"a:-x", tag},
        {"a:.x", tag},
        {"a:x y", tag},
        {"a@", digest},
        {"a@sha256:12", digest},
        {"a@sha256:" HEX64 "0", digest},
        {"a@md5", digest},
        {"host:port/x", host},
        {"host:99999/x", host},
        {"-h.x/y", host},
        {"a..b/y", host},
        {"[::1/x", host},
        {"[::g]/x", host},
        {"docker://alpine", host},
        {"--help", path},
        {"oci:", "names no file or folder"},
        {"oci-archive:x:", "names no image behind the last colon"},
        {"oci:a\nb", "holds a control character"},
        {"Placeholder for an image", path},
    };

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct image_reference ref;
        struct err err;
        struct str want = str_printf(a, "image \"%s\": %s", rows[i].text, rows[i].why);

        if (image_reference_parse(a, str_from(rows[i].text), &ref, &err) == 0)
            fail_msg("row %zu, %s, is good", i, rows[i].text);
        assert_string_equal(err.text, want.ptr);
        assert_int_equal(err.kind, ERR_INVALID);
    }
}

static void test_no_name(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct image_reference ref;
    struct err err;

    (void) state;
    assert_int_equal(image_reference_parse(a, STR(""), &ref, &err), -1);
    assert_string_equal(err.text, "the container names no image");
    assert_int_equal(image_reference_parse(a, STR("a\0b"), &ref, &err), -1);
    assert_string_equal(err.text, "the name of an image holds a zero byte");
}

/* One byte over each bound is refused, the bound is not. */
static void test_bounds(void **state)
{
    _cleanup_arena_ struct arena *a = arena_new();
    char text[600];
    struct image_reference ref;
    struct err err;

    (void) state;
    memset(text, 'a', sizeof(text));
    memcpy(text, "h.x/", 4);
    assert_int_equal(image_reference_parse(a, str_of(text, 255), &ref, &err), 0);
    assert_int_equal(image_reference_parse(a, str_of(text, 256), &ref, &err), -1);
    assert_non_null(strstr(err.text, "its name is longer than 255 bytes"));
    memcpy(text, "a:", 2);
    memset(text + 2, 'b', 2);
    assert_int_equal(image_reference_parse(a, str_of(text, 2 + 128), &ref, &err), 0);
    assert_int_equal(image_reference_parse(a, str_of(text, 2 + 129), &ref, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_names), cmocka_unit_test(test_pinned),
        cmocka_unit_test(test_bad_names),  cmocka_unit_test(test_no_name),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
