/*
 * What argo's decoder says of a document, made from the field tables. Pure. See lint.h.
 *
 * The original turns YAML into JSON first, which sorts the members of each object: strict
 * decoding therefore tells of unknown fields in order of their names.
 */
#include "cli/lint.h"

#include <stdlib.h>

enum { WORDS_MAX = 100 }; /* as the original: more are not told */

struct strict {
    struct arena *a;
    VEC(struct str) words;
};

static int compare_members(const void *left, const void *right)
{
    const struct json_member *const *a = left, *const *b = right;

    return str_cmp((*a)->key, (*b)->key);
}

static struct str below(struct arena *a, struct str path, struct str name)
{
    return str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(path), path.len ? "." : "",
                      STR_ARG(name));
}

static void check_object(struct strict *s, const struct shape *shape, const struct json *v,
                         struct str path);

static void check_value(struct strict *s, const struct field *row, const struct json *v,
                        struct str path)
{
    if (row->item == FIELD_LIST) /* steps decode themselves, without strictness */
        return;
    if (v->type == JSON_ARRAY) {
        for (uint32_t i = 0; i < v->count; i++)
            check_value(s, row, &v->items[i],
                        str_printf(s->a, STR_FMT "[%u]", STR_ARG(path), i));
        return;
    }
    if (v->type != JSON_OBJECT)
        return;
    if (row->type != FIELD_MAP) {
        check_object(s, row->shape, v, path);
        return;
    }
    for (uint32_t i = 0; i < v->count; i++)
        check_object(s, row->shape, &v->members[i].value, below(s->a, path, v->members[i].key));
}

static void tell(struct strict *s, const char *what, struct str path)
{
    if (s->words.len < WORDS_MAX)
        VEC_APUSH(s->a, &s->words,
                  str_printf(s->a, "%s field \"" STR_FMT "\"", what, STR_ARG(path)));
}

static void check_object(struct strict *s, const struct shape *shape, const struct json *v,
                         struct str path)
{
    VEC(const struct json_member *) sorted = {0};

    if (!json_is(v, JSON_OBJECT) || (!shape->fields && !shape->inlined))
        return;
    for (uint32_t i = 0; i < v->count; i++)
        VEC_APUSH(s->a, &sorted, &v->members[i]);
    if (sorted.len > 1)
        qsort(sorted.at, sorted.len, sizeof(sorted.at[0]), compare_members);
    for (size_t i = 0; i < sorted.len; i++) {
        const struct json_member *m = sorted.at[i];
        const struct field *row = field_find(shape, m->key);
        struct str place = below(s->a, path, m->key);

        if (!row)
            row = shape->rest;
        if (!row)
            tell(s, "unknown", place);
        else if (i > 0 && str_eq(sorted.at[i - 1]->key, m->key))
            tell(s, "duplicate", place);
        else if (row->shape)
            check_value(s, row, &m->value, place);
    }
}

struct str lint_strict_words(struct arena *a, const struct object_document *doc)
{
    struct strict s = {.a = a};
    struct str text = STR("strict decoding error: ");

    check_object(&s, doc->kind->shape, &doc->value, STR(""));
    for (size_t i = 0; i < s.words.len; i++)
        text = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(text), i ? ", " : "",
                          STR_ARG(s.words.at[i]));
    return s.words.len > 0 ? text : STR_NONE;
}
