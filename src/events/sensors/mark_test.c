/* Marks: the same firing has the same one, on every machine and in every run; others differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "events/sensors/mark.h"

struct sample {
    const char *uid, *trigger;
    const char *events[4]; /* dependency, id, dependency, id */
};

static struct str mark_of(struct arena *a, const struct sample *s)
{
    struct trigger_event events[2] = {0};
    struct json_object_builder ids[2] = {0};
    struct json contexts[2];
    size_t count = 0;

    for (; count < 2 && s->events[2 * count]; count++) {
        json_add_str(a, &ids[count], STR("id"), str_from(s->events[2 * count + 1]));
        contexts[count] = json_object(&ids[count]);
        events[count] = (struct trigger_event){.dependency = str_from(s->events[2 * count]),
                                               .context = &contexts[count]};
    }
    return mark_of_firing(a, str_from(s->uid), str_from(s->trigger), events, count);
}

static void test_known(void **state)
{
    const struct sample s = {"u", "t", {"d", "1"}};
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    /* printf %s '1:u1:t1:d1:1' | sha256sum */
    assert_string_equal(str_cz(a, mark_of(a, &s)),
                        "ae1306c34978491b46d0a9125451edf10e5442738ba52783cd90814c06ec457f");
}

static void test_differ(void **state)
{
    static const struct sample samples[] = {
        {"u", "t", {NULL}},
        {"u", "t", {"d", "1"}},
        {"u", "t", {"d", "2"}},
        {"u", "t", {"d", "1", "e", "2"}},
        {"u", "t", {"d", "2", "e", "1"}},
        {"u", "t", {"e", "1"}},
        {"u", "s", {"d", "1"}},
        {"v", "t", {"d", "1"}},
        {"u", "t1:d", {"1", ""}},
        {"ut", "", {"d", "1"}},
    };
    _cleanup_arena_ struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        struct str mark = mark_of(a, &samples[i]);

        assert_int_equal(mark.len, 64);
        assert_true(str_eq(mark, mark_of(a, &samples[i])));
        for (size_t k = 0; k < i; k++)
            assert_false(str_eq(mark, mark_of(a, &samples[k])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known),
                                       cmocka_unit_test(test_differ)};

    return cmocka_run_group_tests_name("mark", tests, NULL, NULL);
}
