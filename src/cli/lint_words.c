/*
 * What argo's decoder says of a document, made from the field tables. Pure. See lint.h.
 *
 * The original turns YAML into JSON first, which sorts the members of each object: strict
 * decoding therefore tells of unknown fields in order of their names.
 */
#include "cli/lint.h"

#include <stdlib.h>

enum { WORDS_MAX = 100 }; /* as the original: more are not told */

/* ---- strict decoding ---- */

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

/* ---- types ---- */

static struct str go_type(struct arena *a, const struct field *row, enum field_type type)
{
    if (type == row->item && (type == FIELD_LIST || type == FIELD_MAP)) /* steps */
        return type == FIELD_LIST ? STR("[]v1alpha1.ParallelSteps") : STR("interface {}");
    switch (type) {
    case FIELD_BOOL:
        return STR("bool");
    case FIELD_I64:
        return STR("int64");
    case FIELD_F64:
        return STR("float64");
    case FIELD_LIST:
        return str_printf(a, "[]" STR_FMT, STR_ARG(go_type(a, row, row->item)));
    case FIELD_MAP:
        return str_printf(a, "map[string]" STR_FMT, STR_ARG(go_type(a, row, row->item)));
    case FIELD_OBJECT:
    case FIELD_OBJECT_PTR:
        return str_printf(a, "v1alpha1.%s", row->shape->name);
    case FIELD_STR:
    case FIELD_INT_OR_STR:
    case FIELD_ANY_STR:
    case FIELD_NUMBER:
    case FIELD_QUANTITY:
    case FIELD_DURATION_MS:
    case FIELD_TIME:
    case FIELD_BYTES:
    case FIELD_ENUM:
    case FIELD_ANY:
        break;
    }
    return STR("string");
}

static const char *json_type_name(const struct json *v)
{
    static const char *const names[] = {
        [JSON_NULL] = "null",     [JSON_BOOL] = "bool",   [JSON_NUMBER] = "number",
        [JSON_STRING] = "string", [JSON_ARRAY] = "array", [JSON_OBJECT] = "object"};

    return names[v->type];
}

/* A part of a path, "templates[0]": its name, and the value that it leads to. */
static const struct json *step(const struct json *v, struct str part, struct str *ret_name)
{
    struct str rest = part;

    str_cut(&rest, '[', ret_name);
    v = json_get(v, *ret_name);
    while (!str_is_none(rest)) {
        struct str index;
        uint64_t at = 0;

        str_cut(&rest, ']', &index);
        v = parse_u64(index, &at) ? json_item(v, (size_t) at) : NULL;
        if (!str_starts(rest, STR("[")))
            break;
        rest = str_skip(rest, 1);
    }
    return v;
}

struct str lint_type_words(struct arena *a, const struct object_document *doc,
                           const struct field_fault *fault)
{
    const struct shape *shape = doc->kind->shape;
    const struct json *v = &doc->value;
    const struct field *row = NULL;
    const char *holder = shape->name;
    struct str rest = fault->path, part, path = STR("");

    while (shape && str_cut(&rest, '.', &part)) {
        struct str name;
        const struct field *next;

        v = step(v, part, &name);
        next = field_find(shape, name);
        if (!next)
            break;
        row = next;
        holder = shape->name;
        shape = row->shape;
        path = below(a, path, name);
    }
    if (!row || !v)
        return str_printf(a, STR_FMT ": " STR_FMT, STR_ARG(fault->path), STR_ARG(fault->text));
    return str_printf(
        a, "json: cannot unmarshal %s into Go struct field %s." STR_FMT " of type " STR_FMT,
        json_type_name(v), holder, STR_ARG(path),
        STR_ARG(go_type(a, row, str_ends(fault->path, STR("]")) ? row->item : row->type)));
}
