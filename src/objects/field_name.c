/*
 * objects/field_name.c - rows by name, and the mends for names that are not there.
 *
 * A name that a shape does not know is, in this order: content of an empty member beside it
 * (`template:` with `name:` below at the same column); content of the last item of the list
 * above it
 * (`- name: x` with `container:` at the list's column); a misspelling of a known name; or
 * unknown. Distances are Damerau-Levenshtein over lower-case letters. Pure functions, any
 * thread.
 */
#include "objects/field_internal.h"

enum { NAME_MAX_BYTES = 64 };

struct str field_place_text(struct arena *a, struct str root, const struct field_place *at)
{
    struct str before;

    if (!at)
        return root;
    before = field_place_text(a, root, at->up);
    if (str_is_none(at->name))
        return str_printf(a, STR_FMT "[%zu]", STR_ARG(before), at->index);
    return str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(before), before.len > 0 ? "." : "",
                      STR_ARG(at->name));
}

bool field_rows_next(const struct shape **shape, const struct field **row)
{
    static const struct field none[] = {{0}};

    *row = *row ? *row + 1 : (*shape)->fields ? (*shape)->fields : none;
    while (!(*row)->name) {
        if (!(*shape)->inlined)
            return false;
        *shape = (*shape)->inlined;
        *row = (*shape)->fields ? (*shape)->fields : none;
    }
    return true;
}

const struct field *field_find(const struct shape *shape, struct str name)
{
    const struct field *row = NULL;

    while (field_rows_next(&shape, &row))
        if (str_is(name, row->name))
            return row;
    return NULL;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Edits between two names of at most NAME_MAX_BYTES; a swap of neighbours is one edit. */
static unsigned distance(struct str a, struct str b)
{
    unsigned rows[3][NAME_MAX_BYTES + 1] = {{0}};

    for (unsigned j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a.len; i++) {
        unsigned *above = rows[(i - 1) % 3], *row = rows[i % 3], *before = rows[(i + 1) % 3];

        row[0] = i;
        for (unsigned j = 1; j <= b.len; j++) {
            bool is_same = lower(a.ptr[i - 1]) == lower(b.ptr[j - 1]);

            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (is_same ? 0 : 1));
            if (i > 1 && j > 1 && lower(a.ptr[i - 1]) == lower(b.ptr[j - 2]) &&
                lower(a.ptr[i - 2]) == lower(b.ptr[j - 1]))
                row[j] = min3(row[j], before[j - 2] + 1, UINT32_MAX);
        }
    }
    return rows[a.len % 3][b.len];
}

static bool ends_nocase(struct str s, struct str end)
{
    return s.len >= end.len && str_eq_nocase(str_skip(s, s.len - end.len), end);
}

/* A known name that the written one ends with comes last. */
unsigned field_farness(struct str name, struct str known)
{
    enum { SUFFIX_MIN_BYTES = 3, SUFFIX_FARNESS = 100 };
    unsigned edits, allowed = name.len <= 4 ? 1 : name.len <= 7 ? 2 : 3;

    if (name.len > NAME_MAX_BYTES || known.len > NAME_MAX_BYTES)
        return UINT32_MAX;
    edits = distance(name, known);
    if (edits <= allowed && edits < known.len)
        return edits;
    if ((known.len >= SUFFIX_MIN_BYTES && ends_nocase(name, known)) ||
        (name.len >= SUFFIX_MIN_BYTES && ends_nocase(known, name)))
        return SUFFIX_FARNESS + (unsigned) known.len;
    return UINT32_MAX;
}

const struct field *field_nearest(const struct shape *shape, struct str name)
{
    const struct field *row = NULL, *nearest = NULL;
    unsigned best = UINT32_MAX;

    while (field_rows_next(&shape, &row)) {
        unsigned far = field_farness(name, str_from(row->name));

        if (far < best) {
            best = far;
            nearest = row;
        }
    }
    return nearest;
}

static const struct shape *object_shape(const struct field *row)
{
    return row && (row->type == FIELD_OBJECT || row->type == FIELD_OBJECT_PTR) ? row->shape
                                                                               : NULL;
}

/* The shape of a list's items, when they are objects. */
static const struct shape *item_shape(const struct field *row)
{
    return row && row->type == FIELD_LIST && row->item == FIELD_OBJECT ? row->shape : NULL;
}

static bool knows(const struct shape *shape, struct str name)
{
    return shape && field_find(shape, name);
}

uint32_t field_stray_host(const struct field_stray *s)
{
    const struct json_member *members = s->object->members;
    struct str name = members[s->index].key;

    for (uint32_t i = 0; i < s->object->count; i++)
        if (members[i].value.type == JSON_NULL &&
            knows(object_shape(field_find(s->shape, members[i].key)), name))
            return i;
    return UINT32_MAX;
}

struct str field_host_text(struct arena *a, const struct shape *shape,
                           const struct json *object, uint32_t host)
{
    enum { NAMED_MAX = 8 };
    struct str name = object->members[host].key, beside = STR(""), column = STR("it");
    unsigned count = 0;

    for (uint32_t i = 0; i < object->count && count < NAMED_MAX; i++) {
        struct field_stray s = {.shape = shape, .object = object, .index = i};

        if (field_find(shape, object->members[i].key) || field_stray_host(&s) != host)
            continue;
        count++;
        if (beside.len > 0)
            column = STR("them");
        beside = str_printf(a, STR_FMT "%s\"" STR_FMT "\"", STR_ARG(beside),
                            beside.len > 0 ? ", " : "", STR_ARG(object->members[i].key));
    }
    return str_printf(a,
                      "\"" STR_FMT "\" is empty and " STR_FMT " beside it: indent " STR_FMT
                      " by two more spaces to stand inside \"" STR_FMT "\"",
                      STR_ARG(name),
                      STR_ARG(str_printf(a, STR_FMT " %s", STR_ARG(beside),
                                         str_is(column, "it") ? "stands" : "stand")),
                      STR_ARG(column), STR_ARG(name));
}

/* The list above the stray member whose items know its name, or NULL. */
static const struct json_member *list_above(const struct field_stray *s)
{
    const struct json_member *members = s->object->members;

    for (uint32_t i = s->index; i-- > 0;)
        if (json_is(&members[i].value, JSON_ARRAY) && members[i].value.count > 0 &&
            knows(item_shape(field_find(s->shape, members[i].key)), members[s->index].key))
            return &members[i];
    return NULL;
}

/* What Argo Workflows 4 has as lists only: `convert` knows the same names. */
static bool was_single(struct str name, const struct field *near)
{
    static const char *const names[][2] = {
        {"schedule", "schedules"}, {"mutex", "mutexes"}, {"semaphore", "semaphores"}};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_is(name, names[i][0]) && strcmp(near->name, names[i][1]) == 0)
            return true;
    return false;
}

struct str field_stray_text(struct arena *a, const struct field_stray *s)
{
    struct str name = s->object->members[s->index].key;
    const struct json_member *list = list_above(s);
    const struct field *near = field_nearest(s->shape, name);

    if (list)
        return str_printf(
            a,
            "\"" STR_FMT "\" belongs to an item of \"" STR_FMT
            "\": indent it, and what stands below it, to the column of the item's "
            "first word (behind the \"- \")",
            STR_ARG(name), STR_ARG(list->key));
    if (near && was_single(name, near))
        return str_printf(a,
                          "unknown field \"" STR_FMT
                          "\", did you mean \"%s\"? That is a list; 'convert' rewrites "
                          "manifests of Argo Workflows 3",
                          STR_ARG(name), near->name);
    if (near)
        return str_printf(a, "unknown field \"" STR_FMT "\", did you mean \"%s\"?",
                          STR_ARG(name), near->name);
    return str_printf(a, "unknown field \"" STR_FMT "\"", STR_ARG(name));
}
