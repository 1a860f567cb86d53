/*
 * objects/field_check.c - is a value what its shape says?
 *
 * One walk over the value in document order; every fault gets its path, its position and what
 * would be right. Null is absence, as Go's decoder has it; null in a list is not. What the
 * system writes (FIELD_STATUS) and what stands inside a refused member is checked for its form
 * only: "not supported yet" is said once, at the outermost member. Texts with {{tags}} are not
 * held against choices, they are filled in later. Depth is bounded by JSON_DEPTH_MAX. Any
 * thread.
 */
#include "base/limits.h"
#include "base/map.h"
#include "base/vec.h"
#include "formats/base64.h"
#include "formats/duration.h"
#include "objects/field_internal.h"

enum { MEMBERS_QUADRATIC_MAX = 16 };

struct checker {
    struct arena *a;
    struct field_faults *faults;
    struct str root;
    unsigned mute; /* levels inside which "not supported yet" is not said */
    bool is_full;  /* nothing more is told: do not look for nearest names */
};

static void add_fault(struct checker *c, const struct field_place *at, struct field_fault fault)
{
    size_t max = c->faults->max > 0 ? c->faults->max : FIELD_FAULTS_MAX;

    if (c->faults->len >= max) {
        c->is_full = true;
        return;
    }
    fault.path = field_place_text(c->a, c->root, at);
    VEC_APUSH(c->a, c->faults, fault);
}

static void invalid(struct checker *c, const struct field_place *at, const struct json *v,
                    struct str text)
{
    add_fault(c, at, (struct field_fault){.kind = ERR_INVALID, .pos = v->pos, .text = text});
}

static void invalid_type(struct checker *c, const struct field_place *at, const struct json *v,
                         struct str text)
{
    add_fault(c, at,
              (struct field_fault){
                  .kind = ERR_INVALID, .what = FIELD_WRONG_TYPE, .pos = v->pos, .text = text});
}

static void unsupported(struct checker *c, const struct field_place *at, uint32_t pos,
                        struct str text)
{
    add_fault(c, at, (struct field_fault){.kind = ERR_UNSUPPORTED, .pos = pos, .text = text});
}

static void unknown(struct checker *c, const struct field_place *at, uint32_t pos,
                    struct str text)
{
    add_fault(c, at,
              (struct field_fault){
                  .kind = ERR_INVALID, .what = FIELD_UNKNOWN, .pos = pos, .text = text});
}

static void duplicate(struct checker *c, const struct field_place *at,
                      const struct json_member *member)
{
    struct str text = str_printf(c->a, "duplicate field \"" STR_FMT "\"", STR_ARG(member->key));

    add_fault(c, at,
              (struct field_fault){.kind = ERR_INVALID,
                                   .what = FIELD_DUPLICATE,
                                   .pos = member->key_pos,
                                   .text = text});
}

static void wrong_type(struct checker *c, const struct field_place *at, const struct json *v,
                       const char *expected)
{
    struct str hint = STR("");

    if (v->type == JSON_NUMBER && strcmp(expected, "text") == 0)
        hint =
            str_printf(c->a, ": write it in quotes, \"" STR_FMT "\"", STR_ARG(json_number(v)));
    if (v->type == JSON_BOOL && strcmp(expected, "text") == 0)
        hint = STR(": write it in quotes");
    invalid_type(c, at, v,
                 str_printf(c->a, "expected %s, found " STR_FMT STR_FMT, expected,
                            STR_ARG(field_describe(c->a, v)), STR_ARG(hint)));
}

static bool is_whole(const struct json *v)
{
    int64_t n;

    return json_i64(v, &n) && str_find_char(json_number(v), '.') == SIZE_MAX;
}

static void check_i64(struct checker *c, const struct field *row, const struct json *v,
                      const struct field_place *at)
{
    int64_t n = 0;

    if (!is_whole(v) || !json_i64(v, &n))
        wrong_type(c, at, v, "a whole number");
    else if ((row->min != 0 || row->max != 0) && (n < row->min || n > row->max))
        invalid(c, at, v,
                str_printf(c->a, "%lld is not within %lld and %lld", (long long) n,
                           (long long) row->min, (long long) row->max));
}

static struct str choices_text(struct arena *a, const char *choices)
{
    struct str rest = str_from(choices), choice, text = STR("");

    while (str_cut(&rest, '|', &choice))
        text = str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(text), text.len > 0 ? ", " : "",
                          STR_ARG(choice));
    return text;
}

/* Filled in later, so its value cannot be judged now. */
static bool has_tag(struct str text)
{
    return str_find(text, STR("{{")) != SIZE_MAX;
}

static void check_enum(struct checker *c, const struct field *row, const struct json *v,
                       const struct field_place *at)
{
    struct str text = json_str(v);

    if (v->type != JSON_STRING) {
        wrong_type(c, at, v, "text");
        return;
    }
    if (text.len == 0 || field_has_choice(row->choices, text) || has_tag(text))
        return;
    if (!row->unbuilt ||
        (strcmp(row->unbuilt, "*") != 0 && !field_has_choice(row->unbuilt, text)))
        invalid(c, at, v,
                str_printf(c->a, "expected one of " STR_FMT ", found " STR_FMT,
                           STR_ARG(choices_text(c->a, row->choices)),
                           STR_ARG(field_describe(c->a, v))));
    else if (c->mute == 0)
        unsupported(
            c, at, v->pos,
            str_printf(c->a, "%s " STR_FMT " is not supported yet", row->name, STR_ARG(text)));
}

static void check_duration(struct checker *c, const struct json *v,
                           const struct field_place *at)
{
    struct err err;
    int64_t ns;

    if (v->type == JSON_NUMBER ? !is_whole(v) : v->type != JSON_STRING)
        wrong_type(c, at, v, "a duration");
    else if (v->type == JSON_STRING && v->count > 0 && !has_tag(json_str(v)) &&
             duration_parse(json_str(v), &ns, &err) < 0)
        invalid(c, at, v, str_copy(c->a, str_from(err.text)));
}

static void check_bytes(struct checker *c, const struct json *v, const struct field_place *at)
{
    struct str bytes;
    struct err err;

    if (v->type != JSON_STRING)
        wrong_type(c, at, v, "base64 text");
    else if (base64_decode(c->a, json_str(v), &bytes, &err) < 0)
        invalid(c, at, v, str_printf(c->a, "not base64: %s", err.text));
}

static void check_form(struct checker *c, const struct json *v, const struct field_place *at,
                       const char *expected, bool is_right)
{
    if (!is_right)
        wrong_type(c, at, v, expected);
}

static void check_scalar(struct checker *c, const struct field *row, enum field_type type,
                         const struct json *v, const struct field_place *at)
{
    bool is_text = v->type == JSON_STRING, is_number = v->type == JSON_NUMBER;

    switch (type) {
    case FIELD_STR:
        check_form(c, v, at, "text", is_text);
        return;
    case FIELD_BOOL:
        check_form(c, v, at, "true or false", v->type == JSON_BOOL);
        return;
    case FIELD_I64:
        check_i64(c, row, v, at);
        return;
    case FIELD_F64:
    case FIELD_NUMBER:
        check_form(c, v, at, "a number", is_number || (type == FIELD_NUMBER && is_text));
        return;
    case FIELD_INT_OR_STR:
        check_form(c, v, at, "a whole number or text", is_text || is_whole(v));
        return;
    case FIELD_ANY_STR:
        if (!is_text && !is_number && v->type != JSON_BOOL) /* Go takes it for an empty text */
            invalid(c, at, v,
                    str_printf(c->a, "expected text, found " STR_FMT,
                               STR_ARG(field_describe(c->a, v))));
        return;
    case FIELD_QUANTITY:
        check_form(c, v, at, "a quantity such as 100m or 1.5Gi",
                   field_is_quantity(is_number ? json_number(v) : json_str(v)));
        return;
    case FIELD_TIME:
        check_form(c, v, at, "a time such as 2026-01-02T03:04:05Z", field_is_time(json_str(v)));
        return;
    case FIELD_DURATION_MS:
        check_duration(c, v, at);
        return;
    case FIELD_BYTES:
        check_bytes(c, v, at);
        return;
    case FIELD_ENUM:
        check_enum(c, row, v, at);
        return;
    case FIELD_ANY:
    case FIELD_OBJECT:
    case FIELD_OBJECT_PTR:
    case FIELD_LIST:
    case FIELD_MAP:
        return;
    }
}

static void check_value(struct checker *c, const struct field *row, enum field_type type,
                        const struct json *v, const struct field_place *at);

static void check_list(struct checker *c, const struct field *row, enum field_type item,
                       const struct json *v, const struct field_place *at)
{
    if (v->type != JSON_ARRAY) {
        const char *mend = item == FIELD_LIST ? ": begin each item with \"- \"" : "";

        if (item == FIELD_OBJECT && v->type == JSON_OBJECT && at && str_is_none(at->name))
            mend = ": begin it with \"- - \", or \"- \" below the dash of the item before";
        else if (v->type == JSON_OBJECT)
            mend = ": begin each item with \"- \"";
        invalid_type(c, at, v,
                     str_printf(c->a, "expected a list, found " STR_FMT "%s",
                                STR_ARG(field_describe(c->a, v)), mend));
        return;
    }
    for (uint32_t i = 0; i < v->count; i++) {
        struct field_place place = {.up = at, .index = i};

        if (v->items[i].type == JSON_NULL && item != FIELD_ANY)
            invalid(c, &place, &v->items[i], STR("the list item is empty"));
        else if (item == FIELD_LIST)
            check_list(c, row, FIELD_OBJECT, &v->items[i], &place);
        else
            check_value(c, row, item, &v->items[i], &place);
    }
}

/* Is there a member of the same name further up? */
static bool is_repeated(const struct json *v, uint32_t index, struct map *seen)
{
    struct str key = v->members[index].key;

    if (v->count > MEMBERS_QUADRATIC_MAX)
        return map_put(seen, key, seen) != NULL;
    for (uint32_t i = 0; i < index; i++)
        if (str_eq(v->members[i].key, key))
            return true;
    return false;
}

static void check_map(struct checker *c, const struct field *row, const struct json *v,
                      const struct field_place *at)
{
    _cleanup_map_ struct map seen = {0};

    map_init_borrowed(&seen);
    if (v->type != JSON_OBJECT) {
        wrong_type(c, at, v, "an object of names and values");
        return;
    }
    for (uint32_t i = 0; i < v->count; i++) {
        const struct json_member *member = &v->members[i];
        struct field_place place = {.up = at, .name = member->key};

        if (is_repeated(v, i, &seen))
            duplicate(c, &place, member);
        check_value(c, row, row->item, &member->value, &place);
    }
}

/* Something is asked for: not null, false, "" nor an empty list; {} only where it has a
 * meaning. */
static bool is_meant(const struct field *row, const struct json *v)
{
    switch ((enum json_type) v->type) {
    case JSON_NULL:
        return false;
    case JSON_BOOL:
        return v->is_true;
    case JSON_NUMBER:
        return true;
    case JSON_STRING:
    case JSON_ARRAY:
        return v->count > 0;
    case JSON_OBJECT:
        return v->count > 0 || (row->flags & FIELD_PRESENT_MEANS) != 0;
    }
    return true;
}

static void check_member(struct checker *c, const struct field *row,
                         const struct json_member *member, const struct field_place *at)
{
    bool is_refused = (row->flags & FIELD_UNSUPPORTED) != 0 && is_meant(row, &member->value);
    bool is_quiet = is_refused || (row->flags & (FIELD_STATUS | FIELD_NO_OP)) != 0;

    if (is_refused && c->mute == 0)
        unsupported(c, at, member->key_pos,
                    str_printf(c->a, "\"" STR_FMT "\" is not supported yet%s%s",
                               STR_ARG(member->key), row->since ? "; " : "",
                               row->since ? row->since : ""));
    c->mute += is_quiet;
    if (member->value.type != JSON_NULL)
        check_value(c, row, row->type, &member->value, at);
    c->mute -= is_quiet;
}

/* A stray member: one fault for all that belong into the same empty member, else one for each.
 */
static void check_stray(struct checker *c, const struct field_stray *s,
                        const struct field_place *at)
{
    const struct json_member *members = s->object->members;
    uint32_t host = field_stray_host(s);
    struct field_place place = {.up = at ? at->up : NULL};

    if (host == UINT32_MAX) {
        unknown(c, at, members[s->index].key_pos, field_stray_text(c->a, s));
        return;
    }
    for (uint32_t i = 0; i < s->index; i++) {
        struct field_stray earlier = {.shape = s->shape, .object = s->object, .index = i};

        if (!field_find(s->shape, members[i].key) && field_stray_host(&earlier) == host)
            return;
    }
    place.name = members[host].key;
    unknown(c, &place, members[host].key_pos, field_host_text(c->a, s->shape, s->object, host));
}

static void check_required(struct checker *c, const struct shape *shape, const struct json *v,
                           const struct field_place *at)
{
    const struct field *row = NULL;

    while (field_rows_next(&shape, &row)) {
        struct field_place place = {.up = at, .name = str_from(row->name)};
        const struct json *member = row->flags & FIELD_REQUIRED ? json_get(v, place.name) : v;

        if (!member || member->type == JSON_NULL)
            invalid(c, &place, v, STR("is required"));
    }
}

static void check_object(struct checker *c, const struct shape *shape, const struct json *v,
                         const struct field_place *at)
{
    _cleanup_map_ struct map seen = {0};

    map_init_borrowed(&seen);
    if (v->type != JSON_OBJECT) {
        wrong_type(c, at, v, str_cz(c->a, str_printf(c->a, "an object (%s)", shape->name)));
        return;
    }
    if (!shape->fields && !shape->inlined)
        return;
    for (uint32_t i = 0; i < v->count; i++) {
        const struct json_member *member = &v->members[i];
        const struct field *found = field_find(shape, member->key);
        const struct field *row = found ? found : shape->rest;
        struct field_place place = {.up = at, .name = member->key};
        struct field_stray stray = {.shape = shape, .object = v, .index = i};

        if (row && is_repeated(v, i, &seen))
            duplicate(c, &place, member);
        if (row)
            check_member(c, row, member, &place);
        else if (!c->is_full)
            check_stray(c, &stray, &place);
    }
    check_required(c, shape, v, at);
}

static void check_value(struct checker *c, const struct field *row, enum field_type type,
                        const struct json *v, const struct field_place *at)
{
    if (v->type == JSON_NULL)
        return;
    if (type == FIELD_OBJECT || type == FIELD_OBJECT_PTR)
        check_object(c, row->shape, v, at);
    else if (type == FIELD_LIST)
        check_list(c, row, row->item, v, at);
    else if (type == FIELD_MAP)
        check_map(c, row, v, at);
    else
        check_scalar(c, row, type, v, at);
}

bool field_check(struct arena *a, const struct shape *shape, const struct json *value,
                 struct str path, struct field_faults *faults)
{
    struct checker c = {.a = a, .faults = faults, .root = path};
    size_t before = faults->len;

    check_object(&c, shape, value, NULL);
    return faults->len == before;
}
