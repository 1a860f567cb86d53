/* See field_go.h. Types that decode themselves (quantities, times, texts of any kind) are taken
 * as they are. */
#include "objects/field_go.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/vec.h"
#include "formats/anystring.h"
#include "formats/gofloat.h"
#include "formats/goquote.h"
#include "formats/gotime.h"
#include "formats/quantity.h"
#include "objects/field_go_internal.h"
#include "objects/field_internal.h"

enum { UNKNOWN_MAX = 100 };

struct go_checker {
    struct arena *a;
    struct err *err;
    enum field_go_mode mode;
    bool is_wrong;         /* a value does not fit: err says which */
    bool is_final;         /* what decodes itself has failed, which is told before all else */
    const char *holder;    /* inside of steps, the type that holds them; else NULL */
    struct strbuf unknown; /* what is said of fields */
    size_t unknown_count;
};

/* Where a value stands: of indices only the strict decoder tells. */
struct go_place {
    const struct go_place *up;
    struct str name;
    size_t index; /* SIZE_MAX: a member */
    bool is_embedded, is_key;
};

static void print_place(struct strbuf *b, const struct go_place *at, bool has_indices)
{
    if (!at)
        return;
    print_place(b, at->up, has_indices);
    if (at->index != SIZE_MAX) {
        if (has_indices)
            strbuf_addf(b, "[%zu]", at->index);
    } else if (has_indices ? !at->is_embedded : !at->is_key) {
        strbuf_addf(b, "%s" STR_FMT, b->len ? "." : "", STR_ARG(at->name));
    }
}

static struct str place_text(struct arena *a, const struct go_place *at, bool has_indices)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);

    print_place(&b, at, has_indices);
    return str_copy(a, strbuf_str(&b));
}

/* ---- Go's names of types ---- */

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

/* Two shapes of hooks are one type. */
static const char *go_name(const struct shape *shape)
{
    return strcmp(shape->name, "ExitHook") == 0 ? "LifecycleHook" : shape->name;
}

/* What the type of a field is called inside of @owner, without its package. */
static const char *part_name(const char *owner, const struct field *row)
{
    const char *named = field_go_named(owner, row->name);

    if (named && strchr(named, '.'))
        return strchr(named, '.') + 1;
    if (row->shape->rest) /* a map, which is told of as what holds it */
        return owner;
    return go_name(row->shape);
}

static const char *whole_of(const struct field *row)
{
    static const char *const small[] = {"containerPort",
                                        "connectionTimeoutSeconds",
                                        "defaultMode",
                                        "failedJobsHistoryLimit",
                                        "failureThreshold",
                                        "hostPort",
                                        "initialDelaySeconds",
                                        "lun",
                                        "markDeletionAfterDays",
                                        "markInfrequentAccessAfterDays",
                                        "maxExpirationSeconds",
                                        "maxReplicas",
                                        "mode",
                                        "partition",
                                        "partitions",
                                        "periodSeconds",
                                        "port",
                                        "priority",
                                        "replicas",
                                        "secondsAfterCompletion",
                                        "secondsAfterFailure",
                                        "secondsAfterSuccess",
                                        "steps",
                                        "successThreshold",
                                        "successfulJobsHistoryLimit",
                                        "timeoutSeconds",
                                        "weight",
                                        NULL};

    return is_one_of(row->name, small) ? "int32" : "int64";
}

static struct str type_text(struct arena *a, const char *owner, const struct field *row,
                            enum field_type type);

static struct str item_text(struct arena *a, const char *owner, const struct field *row)
{
    static const char *const pointers[] = {"mutexes", "prometheus", "semaphores", NULL};
    bool is_pointer = is_one_of(row->name, pointers) ||
                      (strcmp(owner, "Prometheus") == 0 && strcmp(row->name, "labels") == 0);

    if (strcmp(row->name, "withItems") == 0)
        return STR("v1alpha1.Item");
    return str_concat(a, is_pointer ? STR("*") : STR(""), type_text(a, owner, row, row->item));
}

static struct str list_text(struct arena *a, const char *owner, const struct field *row)
{
    const char *named = field_go_list(owner, row->name);

    if (named)
        return str_from(named);
    if (row->type == FIELD_MAP)
        return str_concat(a, STR("map[string]"), type_text(a, owner, row, row->item));
    if (strcmp(row->name, "artifacts") == 0)
        return STR("v1alpha1.Artifacts");
    return row->item == FIELD_LIST ? STR("[]v1alpha1.ParallelSteps")
                                   : str_concat(a, STR("[]"), item_text(a, owner, row));
}

static struct str type_text(struct arena *a, const char *owner, const struct field *row,
                            enum field_type type)
{
    const char *named = field_go_named(owner, row->name);

    if (type == FIELD_LIST || type == FIELD_MAP)
        return list_text(a, owner, row);
    if (named)
        return str_from(named);
    switch (type) {
    case FIELD_BOOL:
        return STR("bool");
    case FIELD_I64:
    case FIELD_DURATION_MS:
        return str_from(whole_of(row));
    case FIELD_F64:
        return STR("float64");
    case FIELD_OBJECT:
    case FIELD_OBJECT_PTR:
        return str_printf(a, "%s.%s", field_go_package(go_name(row->shape)),
                          go_name(row->shape));
    case FIELD_INT_OR_STR:
        return STR("int32");
    case FIELD_STR:
    case FIELD_ANY_STR:
    case FIELD_NUMBER:
    case FIELD_QUANTITY:
    case FIELD_TIME:
    case FIELD_BYTES:
    case FIELD_ENUM:
    case FIELD_ANY:
    case FIELD_LIST:
    case FIELD_MAP:
        break;
    }
    return STR("string");
}

/* ---- the check ---- */

static struct str kind_text(struct arena *a, const struct json *v, bool wants_number)
{
    static const char *const names[] = {
        [JSON_NULL] = "null",     [JSON_BOOL] = "bool",   [JSON_NUMBER] = "number",
        [JSON_STRING] = "string", [JSON_ARRAY] = "array", [JSON_OBJECT] = "object"};

    if (v->type == JSON_NUMBER && wants_number)
        return str_printf(a, "number " STR_FMT, STR_ARG(json_number(v)));
    return str_from(names[v->type]);
}

static void wrong(struct go_checker *c, const char *owner, struct str type,
                  const struct json *v, const struct go_place *at)
{
    bool wants_number = str_starts(type, STR("int32")) || str_starts(type, STR("int64")) ||
                        str_starts(type, STR("float"));

    if (c->is_wrong)
        return;
    c->is_wrong = true;
    err_set(c->err, ERR_INVALID,
            "json: cannot unmarshal " STR_FMT " into Go struct field %s." STR_FMT
            " of type " STR_FMT,
            STR_ARG(kind_text(c->a, v, wants_number)), c->holder ? c->holder : owner,
            STR_ARG(place_text(c->a, at, false)), STR_ARG(type));
}

static bool is_whole(const char *owner, const struct field *row, enum field_type type,
                     const struct json *v)
{
    const char *named = field_go_named(owner, row->name);
    bool is_small =
        type == FIELD_INT_OR_STR || strcmp(named ? named : whole_of(row), "int32") == 0;
    int64_t n;

    return json_i64(v, &n) && str_find_char(json_number(v), '.') == SIZE_MAX &&
           (!is_small || (n >= INT32_MIN && n <= INT32_MAX));
}

static bool fits(const char *owner, const struct field *row, enum field_type type,
                 const struct json *v)
{
    switch (type) {
    case FIELD_STR:
    case FIELD_ENUM:
    case FIELD_BYTES:
        return v->type == JSON_STRING;
    case FIELD_BOOL:
        return v->type == JSON_BOOL;
    case FIELD_I64:
        return is_whole(owner, row, type, v);
    case FIELD_INT_OR_STR:
        return v->type == JSON_STRING || is_whole(owner, row, type, v);
    case FIELD_F64:
        return v->type == JSON_NUMBER;
    case FIELD_OBJECT:
    case FIELD_OBJECT_PTR:
    case FIELD_MAP:
        return v->type == JSON_OBJECT;
    case FIELD_LIST:
        return v->type == JSON_ARRAY;
    case FIELD_ANY_STR:
    case FIELD_NUMBER:
    case FIELD_QUANTITY:
    case FIELD_DURATION_MS:
    case FIELD_TIME:
    case FIELD_ANY:
        break;
    }
    return true; /* it decodes itself */
}

/* Types that decode themselves and have an opinion: whether it was told. */
static bool check_own(struct go_checker *c, const char *owner, const struct field *row,
                      enum field_type type, const struct json *v, const struct go_place *at)
{
    bool is_plugin = strcmp(owner, "Template") == 0 && strcmp(row->name, "plugin") == 0;
    struct str text = v->type == JSON_NUMBER ? json_number(v) : json_str(v);
    struct quantity quantity;
    struct gotime time;
    struct err err;

    if (type == FIELD_QUANTITY && quantity_parse(text, &quantity, &err) < 0)
        *c->err = err;
    else if (type == FIELD_TIME && v->type != JSON_STRING)
        wrong(c, owner, STR("string"), v, at);
    else if (type == FIELD_TIME && gotime_parse_rfc3339(text, &time, &err) < 0)
        *c->err = err;
    else if (is_plugin && v->type != JSON_OBJECT)
        wrong(c, owner, STR("map[string]interface {}"), v, at);
    else if (is_plugin && v->count != 1)
        err_set(c->err, ERR_INVALID, "expected exactly one key, got %u", v->count);
    else
        return false;
    c->is_wrong = c->is_final = true;
    return true;
}

static void note_unknown(struct go_checker *c, const char *what, const struct go_place *at)
{
    if (c->mode != FIELD_GO_STRICT || c->holder || c->unknown_count++ >= UNKNOWN_MAX)
        return;
    strbuf_addf(&c->unknown, "%s%s field ", c->unknown.len ? ", " : "", what);
    go_quote_add(&c->unknown, place_text(c->a, at, true));
}

static int compare_members(const void *left, const void *right)
{
    const struct json_member *const *a = left, *const *b = right;
    int order = str_cmp((*a)->key, (*b)->key);

    return order ? order : (*a < *b ? -1 : 1);
}

/* The members in the order of their names; of the same name in theirs. */
static const struct json_member **sorted(struct arena *a, const struct json *v)
{
    uint32_t count = v->type == JSON_OBJECT ? v->count : 0;
    const struct json_member **list = ARENA_ARRAY(a, const struct json_member *, count + 1);

    for (uint32_t i = 0; i < count; i++)
        list[i] = &v->members[i];
    if (count > 1)
        qsort(list, count, sizeof(const struct json_member *), compare_members);
    return list;
}

static void check_object(struct go_checker *c, const struct shape *shape, const char *name,
                         const struct json *v, const struct go_place *at);

static void check_value(struct go_checker *c, const char *owner, const struct field *row,
                        enum field_type type, const struct json *v, const struct go_place *at);

static const struct field *find_exact(const struct shape *shape, struct str name,
                                      const struct shape **ret_owner);

/* The members' names come first. */
static void check_step_names(struct go_checker *c, const char *owner, const struct field *row,
                             const struct json *step, const struct go_place *at)
{
    const struct json_member **list = sorted(c->a, step);
    const struct shape *unused;

    if (step->type != JSON_OBJECT && step->type != JSON_NULL)
        wrong(c, owner, STR("map[string]interface {}"), step, at);
    for (uint32_t i = 0; step->type == JSON_OBJECT && !c->is_wrong && i < step->count; i++)
        if (!find_exact(row->shape, list[i]->key, &unused)) {
            c->is_wrong = c->is_final = true;
            err_set(c->err, ERR_INVALID, "json: unknown field \"" STR_FMT "\"",
                    STR_ARG(list[i]->key));
        }
}

/* Groups of steps decode themselves: what they hold is decoded without strictness, and the type
 * that is told of is the one outside. */
static void check_steps(struct go_checker *c, const char *owner, const struct field *row,
                        const struct json *v, const struct go_place *at)
{
    const char *holder = c->holder;
    const struct json *group, *step;

    c->holder = holder ? holder : owner;
    for (size_t i = 0; !c->is_final && (group = json_item(v, i)) != NULL; i++) {
        bool was_wrong = c->is_wrong;

        c->is_wrong = false;
        if (group->type != JSON_ARRAY && group->type != JSON_NULL)
            wrong(c, owner, STR("[]map[string]interface {}"), group, at);
        for (size_t k = 0; (step = json_item(group, k)) != NULL; k++)
            check_step_names(c, owner, row, step, at);
        for (size_t k = 0; (step = json_item(group, k)) != NULL; k++)
            check_value(c, owner, row, FIELD_OBJECT, step, at);
        c->is_final = c->is_wrong;
        c->is_wrong |= was_wrong;
    }
    c->holder = holder;
}

static void check_value(struct go_checker *c, const char *owner, const struct field *row,
                        enum field_type type, const struct json *v, const struct go_place *at)
{
    if (v->type == JSON_NULL || c->is_final || check_own(c, owner, row, type, v, at))
        return;
    if (!fits(owner, row, type, v)) {
        wrong(c, owner, type_text(c->a, owner, row, type), v, at);
    } else if (type == FIELD_OBJECT || type == FIELD_OBJECT_PTR) {
        check_object(c, row->shape, part_name(owner, row), v, at);
    } else if (type == FIELD_LIST && row->item == FIELD_LIST) {
        check_steps(c, owner, row, v, at);
    } else if (type == FIELD_LIST) {
        for (uint32_t i = 0; i < v->count; i++) {
            struct go_place place = {.up = at, .index = i};

            check_value(c, owner, row, row->item, &v->items[i], &place);
        }
    } else if (type == FIELD_MAP) {
        const struct json_member **list = sorted(c->a, v);

        for (uint32_t i = 0; i < v->count; i++) {
            struct go_place place = {
                .up = at, .name = list[i]->key, .index = SIZE_MAX, .is_key = true};

            check_value(c, owner, row, row->item, &list[i]->value, &place);
        }
    }
}

/* The row of a name, and the type that has it, which may be one that the shape inlines. */
static const struct field *find_exact(const struct shape *shape, struct str name,
                                      const struct shape **ret_owner)
{
    for (; shape; shape = shape->inlined) {
        *ret_owner = shape;
        for (const struct field *row = shape->fields; row && row->name; row++)
            if (str_is(name, row->name))
                return row->flags & FIELD_LEGACY ? NULL : row;
        if (shape->rest)
            return shape->rest;
    }
    return NULL;
}

/* find_exact(); where Go is not strict, a name in any case will do. */
static const struct field *find_row(const struct shape *shape, struct str name,
                                    enum field_go_mode mode, const struct shape **ret_owner)
{
    const struct field *found = find_exact(shape, name, ret_owner);

    for (; !found && mode != FIELD_GO_STRICT && shape; shape = shape->inlined) {
        *ret_owner = shape;
        for (const struct field *row = shape->fields; row && row->name; row++)
            if (str_eq_nocase(name, str_from(row->name)) && !(row->flags & FIELD_LEGACY))
                return row;
    }
    return found;
}

/* The parts of Go's type that lead to the field, when it is not the type's own; else NULL. */
static const char *embedded_name(struct arena *a, const struct shape *shape,
                                 const struct shape *owner, const char *type, struct str field,
                                 bool is_root)
{
    static const char *const ours[] = {"Call", "Hook", NULL}; /* Go has their fields twice */
    const char *last = field_go_part(owner == shape ? type : owner->name, str_cz(a, field));
    struct str names = strcmp(type, "ArtifactPaths") == 0 ? STR("Artifact") : STR("");

    if (is_root && (str_is(field, "apiVersion") || str_is(field, "kind")))
        return "TypeMeta";
    while (shape != owner && shape->inlined) {
        shape = shape->inlined;
        if (!is_one_of(shape->name, ours))
            names = str_printf(a, STR_FMT "%s%s", STR_ARG(names), names.len ? "." : "",
                               shape->name);
    }
    if (last)
        names = str_printf(a, STR_FMT "%s%s", STR_ARG(names), names.len ? "." : "", last);
    return names.len > 0 ? str_cz(a, names) : NULL;
}

static void check_object(struct go_checker *c, const struct shape *shape, const char *name,
                         const struct json *v, const struct go_place *at)
{
    const struct json_member **list = sorted(c->a, v);

    if (!shape->fields && !shape->inlined)
        return;
    for (uint32_t i = 0; i < v->count; i++) {
        const struct shape *owner = shape;
        const struct field *row = find_row(shape, list[i]->key, c->mode, &owner);
        const char *part =
            row ? embedded_name(c->a, shape, owner, name, list[i]->key, !at) : NULL;
        struct go_place embedded = {.up = at,
                                    .name = str_from(part ? part : ""),
                                    .index = SIZE_MAX,
                                    .is_embedded = true};
        struct go_place place = {.up = part ? &embedded : at,
                                 .name =
                                     row && !owner->rest ? str_from(row->name) : list[i]->key,
                                 .index = SIZE_MAX,
                                 .is_key = owner->rest != NULL};

        if (!row)
            note_unknown(c, "unknown", &place);
        else if (i > 0 && str_eq(list[i - 1]->key, list[i]->key))
            note_unknown(c, "duplicate", &place);
        if (row)
            check_value(c, name, row, row->type, &list[i]->value, &place);
    }
}

struct str field_go_fault(struct arena *a, const struct shape *shape, const struct json *value,
                          enum field_go_mode mode)
{
    struct err err = {0};
    struct go_checker c = {
        .a = a, .err = &err, .mode = mode, .unknown = STRBUF_INIT(MANIFEST_MAX_BYTES)};
    struct str text = STR_NONE;

    if (value->type == JSON_OBJECT) {
        check_object(&c, shape, go_name(shape), value, NULL);
    } else if (value->type != JSON_NULL) {
        c.is_wrong = true;
        err_set(
            &err, ERR_INVALID, "json: cannot unmarshal " STR_FMT " into Go value of type %s.%s",
            STR_ARG(kind_text(a, value, false)), field_go_package(shape->name), shape->name);
    }
    if (c.is_wrong)
        text = str_copy(a, str_from(err.text));
    else if (c.unknown_count > 0)
        text = str_concat(a, STR("strict decoding error: "), strbuf_str(&c.unknown));
    strbuf_done(&c.unknown);
    return text;
}

int field_go_check(struct arena *a, const struct shape *shape, const struct json *value,
                   enum field_go_mode mode, struct err *err)
{
    struct str text = field_go_fault(a, shape, value, mode);

    return str_is_none(text) ? 0 : err_set(err, ERR_INVALID, STR_FMT, STR_ARG(text));
}

/* ---- what was decoded ---- */

/* sigs.k8s.io/yaml makes text of what is none, where text is wanted. */
static struct json text_of_yaml(struct arena *a, const struct json *v)
{
    struct str digits = v->type == JSON_NUMBER ? json_number(v) : STR("");
    char text[GO_FLOAT_TEXT_SIZE];
    int64_t whole;
    double n;

    if (v->type == JSON_BOOL)
        return json_string(v->is_true ? STR("true") : STR("false"));
    if (v->type != JSON_NUMBER)
        return *v;
    if (parse_i64(digits, &whole) || !json_f64(v, &n))
        return json_string(digits);
    go_float_text(n, text);
    return json_string(str_copy(a, str_from(text)));
}

static struct json object_of(struct arena *a, const struct shape *shape,
                             const struct json *value, enum field_go_mode mode, bool is_root);

/* What null becomes in a list or map: the zero of its type, if that is no pointer. */
static struct json zero_of(const struct field *row)
{
    static const char *const pointers[] = {"labels", "mutexes", "prometheus", "semaphores",
                                           NULL};

    switch (row->item) {
    case FIELD_STR:
    case FIELD_ENUM:
    case FIELD_ANY_STR:
        return json_string(STR(""));
    case FIELD_OBJECT:
        return row->type == FIELD_LIST && is_one_of(row->name, pointers)
                   ? json_null()
                   : json_object(&(struct json_object_builder){0});
    case FIELD_BOOL:
    case FIELD_I64:
    case FIELD_F64:
    case FIELD_INT_OR_STR:
    case FIELD_NUMBER:
    case FIELD_QUANTITY:
    case FIELD_DURATION_MS:
    case FIELD_TIME:
    case FIELD_BYTES:
    case FIELD_ANY:
    case FIELD_OBJECT_PTR:
    case FIELD_LIST:
    case FIELD_MAP:
        break;
    }
    return json_null();
}

static struct json value_of(struct arena *a, const struct field *row, enum field_type type,
                            const struct json *v, enum field_go_mode mode)
{
    struct json_array_builder list = {0};
    struct json_object_builder map = {0};

    struct quantity quantity;
    struct err err;

    if (type == FIELD_ANY_STR && v->type != JSON_NULL)
        return json_string(any_string(a, v));
    if (mode == FIELD_GO_YAML && (type == FIELD_STR || type == FIELD_ENUM))
        return text_of_yaml(a, v);
    if (type == FIELD_QUANTITY &&
        quantity_parse(v->type == JSON_NUMBER ? json_number(v) : json_str(v), &quantity,
                       &err) == 0)
        return json_string(quantity_print(a, &quantity));
    if ((type == FIELD_OBJECT || type == FIELD_OBJECT_PTR) && v->type == JSON_OBJECT)
        return object_of(a, row->shape, v, mode, false);
    if (type == FIELD_LIST && v->type == JSON_ARRAY) {
        for (uint32_t i = 0; i < v->count; i++) {
            struct json inner = v->items[i];

            if (row->item == FIELD_LIST && inner.type == JSON_ARRAY) {
                struct json_array_builder deep = {0};

                for (uint32_t k = 0; k < inner.count; k++)
                    json_push(a, &deep,
                              value_of(a, row, FIELD_OBJECT, &inner.items[k], FIELD_GO_LAX));
                json_push(a, &list, json_array(&deep));
            } else {
                json_push(a, &list,
                          inner.type == JSON_NULL ? zero_of(row)
                                                  : value_of(a, row, row->item, &inner, mode));
            }
        }
        return json_array(&list);
    }
    if (type != FIELD_MAP || v->type != JSON_OBJECT)
        return *v;
    for (uint32_t i = 0; i < v->count; i++)
        json_add(a, &map, v->members[i].key,
                 v->members[i].value.type == JSON_NULL
                     ? zero_of(row)
                     : value_of(a, row, row->item, &v->members[i].value, mode));
    return json_object(&map);
}

/* Of the parts of a type that it embeds, sigs.k8s.io/yaml does not know what they want. */
static enum field_go_mode mode_of(struct arena *a, const struct shape *shape,
                                  const struct shape *owner, struct str name,
                                  enum field_go_mode mode, bool is_root)
{
    return mode == FIELD_GO_YAML &&
                   embedded_name(a, shape, owner, go_name(shape), name, is_root)
               ? FIELD_GO_LAX
               : mode;
}

static struct json object_of(struct arena *a, const struct shape *shape,
                             const struct json *value, enum field_go_mode mode, bool is_root)
{
    struct json_object_builder b = {0};

    if (value->type != JSON_OBJECT && value->type != JSON_NULL)
        return *value;
    if (!shape->fields && !shape->inlined)
        return *value;
    for (uint32_t i = 0; value->type == JSON_OBJECT && i < value->count; i++) {
        const struct json_member *member = &value->members[i];
        const struct shape *owner;
        const struct field *row = find_row(shape, member->key, mode, &owner);

        if (row && row == owner->rest && row->shape && member->value.type == JSON_NULL)
            json_add(a, &b, member->key, json_object(&(struct json_object_builder){0}));
        else if (row && member->value.type != JSON_NULL &&
                 json_get(value, member->key) == &member->value)
            json_add(a, &b,
                     find_exact(shape, member->key, &owner) ? member->key : str_from(row->name),
                     value_of(a, row, row->type, &member->value,
                              mode_of(a, shape, owner, member->key, mode, is_root)));
    }
    return json_object(&b);
}

struct json field_go_value(struct arena *a, const struct shape *shape, const struct json *value,
                           enum field_go_mode mode)
{
    return object_of(a, shape, value, mode, true);
}
