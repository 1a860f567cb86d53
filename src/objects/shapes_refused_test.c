/*
 * Nothing is silently ignored: every field that Argo knows and nobody carries out is refused at
 * its path, with its name and "is not supported yet". The paths come from the tables of all
 * kinds, so that a row cannot be forgotten here; OBJECTS_REFUSED_PRINT prints them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "objects/object.h"
#include "objects/shapes.h"

enum { REFUSED_MIN = 150, DEPTH_MAX = 40 };

struct walk {
    struct arena *a;
    const struct object_kind *kind;
    struct map seen; /* shapes, by address */
    const struct field *row[DEPTH_MAX];
    size_t depth;
    size_t refused;
};

static struct json one_of(struct arena *a, struct json item)
{
    struct json_array_builder b = {0};

    json_push(a, &b, item);
    return json_array(&b);
}

static struct json member_of(struct arena *a, struct str name, struct json value)
{
    struct json_object_builder b = {0};

    json_add(a, &b, name, value);
    return json_object(&b);
}

/* Something that a field of this type can be set to. */
static struct json some_value(struct arena *a, enum field_type type, const struct field *row)
{
    struct str choices = str_from(row->choices ? row->choices : ""), choice;

    switch (type) {
    case FIELD_BOOL:
        return json_bool(true);
    case FIELD_I64:
    case FIELD_F64:
    case FIELD_NUMBER:
    case FIELD_INT_OR_STR:
        return json_int(a, 1);
    case FIELD_ENUM:
        str_cut(&choices, '|', &choice);
        return json_string(choice);
    case FIELD_TIME:
        return json_string(STR("2026-01-02T03:04:05Z"));
    case FIELD_DURATION_MS:
        return json_string(STR("1s"));
    case FIELD_BYTES:
        return json_string(STR("eA=="));
    case FIELD_STR:
    case FIELD_ANY_STR:
    case FIELD_QUANTITY:
    case FIELD_ANY:
        return json_string(STR("1"));
    case FIELD_OBJECT:
    case FIELD_OBJECT_PTR:
        return row->flags & FIELD_PRESENT_MEANS ? json_object(&(struct json_object_builder){0})
                                                : member_of(a, STR("x"), json_bool(true));
    case FIELD_LIST:
        return one_of(a, some_value(a, row->item == FIELD_LIST ? FIELD_BOOL : row->item, row));
    case FIELD_MAP:
        return member_of(a, STR("k"), some_value(a, row->item, row));
    }
    return json_null();
}

/* The value inside of the objects, lists and maps that lead to it. */
static struct json document(struct walk *w, struct json value)
{
    struct arena *a = w->a;

    for (size_t i = w->depth; i-- > 0;) {
        const struct field *row = w->row[i];

        if (i + 1 < w->depth && row->type == FIELD_LIST)
            value = one_of(a, row->item == FIELD_LIST ? one_of(a, value) : value);
        else if (i + 1 < w->depth && row->type == FIELD_MAP)
            value = member_of(a, STR("k"), value);
        value = member_of(a, str_from(row->name), value);
    }
    return value;
}

static struct str path_of(struct walk *w)
{
    struct str text = STR("");

    for (size_t i = 0; i < w->depth; i++) {
        const struct field *row = w->row[i];
        bool is_last = i + 1 == w->depth;

        text = str_printf(w->a, STR_FMT "%s%s%s", STR_ARG(text), i > 0 ? "." : "", row->name,
                          is_last || row->type < FIELD_LIST ? ""
                          : row->type == FIELD_MAP          ? ".k"
                          : row->item == FIELD_LIST         ? "[0][0]"
                                                            : "[0]");
    }
    return text;
}

static void expect_refusal(struct walk *w, struct json value, struct str want)
{
    struct json doc = document(w, value);
    struct field_faults faults = {0};
    struct str path = path_of(w);

    w->refused++;
    if (getenv("OBJECTS_REFUSED_PRINT"))
        printf("%s " STR_FMT ": " STR_FMT "\n", w->kind->kind, STR_ARG(path), STR_ARG(want));
    field_check(w->a, w->kind->shape, &doc, STR(""), &faults);
    for (size_t i = 0; i < faults.len; i++)
        if (faults.at[i].kind == ERR_UNSUPPORTED && str_eq(faults.at[i].path, path) &&
            str_eq(faults.at[i].text, want))
            return;
    for (size_t i = 0; i < faults.len; i++)
        printf("found: " STR_FMT ": " STR_FMT "\n", STR_ARG(faults.at[i].path),
               STR_ARG(faults.at[i].text));
    fail_msg("%s " STR_FMT ": not refused with: " STR_FMT, w->kind->kind, STR_ARG(path),
             STR_ARG(want));
}

static void walk_shape(struct walk *w, const struct shape *shape);

static void look_at(struct walk *w, const struct field *row)
{
    struct str unbuilt = str_from(row->unbuilt ? row->unbuilt : ""), choice;

    assert_true(w->depth < DEPTH_MAX);
    w->row[w->depth++] = row;
    if (row->flags & FIELD_UNSUPPORTED)
        expect_refusal(w, some_value(w->a, row->type, row),
                       str_printf(w->a, "\"%s\" is not supported yet%s%s", row->name,
                                  row->since ? "; " : "", row->since ? row->since : ""));
    while (str_cut(&unbuilt, '|', &choice))
        if (choice.len > 0)
            expect_refusal(w, json_string(str_is(choice, "*") ? STR("other") : choice),
                           str_printf(w->a, "%s " STR_FMT " is not supported yet", row->name,
                                      STR_ARG(str_is(choice, "*") ? STR("other") : choice)));
    if (row->shape && !(row->flags & (FIELD_UNSUPPORTED | FIELD_NO_OP | FIELD_STATUS)))
        walk_shape(w, row->shape);
    w->depth--;
}

static void walk_shape(struct walk *w, const struct shape *shape)
{
    struct str key = str_printf(w->a, "%p", (const void *) shape);

    if (map_put(&w->seen, key, w))
        return;
    for (const struct shape *s = shape; s; s = s->inlined)
        for (const struct field *row = s->fields; row && row->name; row++)
            look_at(w, row);
    if (shape->rest)
        look_at(w, shape->rest);
}

static void test_every_unbuilt_field_is_refused(void **state)
{
    size_t count, refused = 0;
    const struct object_kind *kinds = object_kinds(&count);

    (void) state;
    for (size_t i = 0; i < count; i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct walk w = {.a = a, .kind = &kinds[i]};

        if (kinds[i].is_unbuilt)
            continue; /* refused as a whole */
        map_init_borrowed(&w.seen);
        walk_shape(&w, kinds[i].shape);
        map_done(&w.seen);
        refused += w.refused;
    }
    assert_true(refused >= REFUSED_MIN); /* fewer with what is built: then this goes down */
}

static void test_every_unbuilt_kind_is_refused(void **state)
{
    size_t count, refused = 0;
    const struct object_kind *kinds = object_kinds(&count);

    (void) state;
    for (size_t i = 0; i < count; i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct object_document doc = {
            .source = STR("x"), .text = STR(""), .kind = &kinds[i], .value = json_null()};
        struct field_faults faults = {0};
        bool is_told = false;

        if (!kinds[i].is_unbuilt)
            continue;
        doc.value = member_of(a, STR("kind"), json_string(str_from(kinds[i].kind)));
        object_check(a, &doc, &faults);
        for (size_t k = 0; k < faults.len; k++)
            is_told =
                is_told || (faults.at[k].kind == ERR_UNSUPPORTED &&
                            str_eq(faults.at[k].text,
                                   str_printf(a, "%s is not supported yet", kinds[i].kind)));
        if (!is_told)
            fail_msg("%s is not refused", kinds[i].kind);
        refused++;
    }
    assert_true(refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_unbuilt_field_is_refused),
        cmocka_unit_test(test_every_unbuilt_kind_is_refused),
    };

    return cmocka_run_group_tests_name("objects: what is refused", tests, NULL, NULL);
}
