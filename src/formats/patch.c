/* Merge patches and JSON patches. See patch.h. */
#include "formats/patch_internal.h"

#include "base/limits.h"

static bool is_container(const struct json *v)
{
    return json_is(v, JSON_OBJECT) || json_is(v, JSON_ARRAY);
}

/* ---- members of an object ---- */

static size_t place_of(const struct patch_members *m, struct str key)
{
    return (size_t) (uintptr_t) map_find(&m->places, key);
}

void patch_members_of(struct arena *a, struct patch_members *m, const struct json *doc)
{
    map_init_borrowed(&m->places);
    for (uint32_t i = 0; json_is(doc, JSON_OBJECT) && i < doc->count; i++)
        patch_members_put(a, m, doc->members[i].key, doc->members[i].value);
}

const struct json *patch_members_find(const struct patch_members *m, struct str key)
{
    size_t place = place_of(m, key);

    return place > 0 ? &m->of.at[place - 1].value : NULL;
}

void patch_members_put(struct arena *a, struct patch_members *m, struct str key,
                       struct json value)
{
    size_t place = place_of(m, key);

    if (place > 0) {
        m->of.at[place - 1].value = value;
        return;
    }
    json_add(a, &m->of, key, value);
    map_put(&m->places, key, (void *) (uintptr_t) m->of.len); /* NOLINT: a number */
}

void patch_members_drop(struct patch_members *m, struct str key)
{
    size_t place = (size_t) (uintptr_t) map_take(&m->places, key);

    if (place > 0)
        m->of.at[place - 1].key = STR_NONE;
}

struct json patch_members_object(struct patch_members *m)
{
    size_t len = 0;

    for (size_t i = 0; i < m->of.len; i++)
        if (!str_is_none(m->of.at[i].key))
            m->of.at[len++] = m->of.at[i];
    m->of.len = len;
    return json_object(&m->of);
}

void patch_members_done(struct patch_members *m)
{
    map_done(&m->places);
}

/* ---- merge patch ---- */

static struct json merged(struct arena *a, const struct json *doc, const struct json *patch);

static struct json merged_object(struct arena *a, const struct json *doc,
                                 const struct json *patch)
{
    _cleanup_members_ struct patch_members m = {0};
    _cleanup_members_ struct patch_members changes = {
        0}; /* of a key's values the last counts */

    patch_members_of(a, &m, doc);
    patch_members_of(a, &changes, patch);
    for (size_t i = 0; i < changes.of.len; i++) {
        const struct json_member *p = &changes.of.at[i];

        if (p->value.type == JSON_NULL)
            patch_members_drop(&m, p->key);
        else
            patch_members_put(a, &m, p->key,
                              merged(a, patch_members_find(&m, p->key), &p->value));
    }
    return patch_members_object(&m);
}

/* What a patch makes where no object was: nulls of its objects are gone, those of lists too. */
static struct json pruned(struct arena *a, const struct json *v)
{
    struct json_array_builder b = {0};

    if (v->type == JSON_OBJECT)
        return merged_object(a, NULL, v);
    if (v->type != JSON_ARRAY)
        return *v;
    for (uint32_t i = 0; i < v->count; i++)
        json_push(a, &b, pruned(a, &v->items[i]));
    return json_array(&b);
}

static struct json merged(struct arena *a, const struct json *doc, const struct json *patch)
{
    if (!json_is(doc, JSON_OBJECT))
        return pruned(a, patch);
    return patch->type == JSON_OBJECT ? merged_object(a, doc, patch) : *patch;
}

int patch_merge(struct arena *a, const struct json *doc, const struct json *patch,
                struct json *ret, struct err *err)
{
    if (!is_container(patch))
        return err_set(err, ERR_INVALID, "a merge patch must be an object");
    if (doc->type == JSON_NULL)
        return err_set(err, ERR_INVALID, "only an object can be patched");
    *ret = patch->type == JSON_ARRAY ? pruned(a, patch) : merged(a, doc, patch);
    return 0;
}

/* ---- JSON patch: paths ---- */

enum edit_verb { EDIT_ADD, EDIT_REPLACE, EDIT_REMOVE };

/* A patch on its way. */
struct work {
    struct arena *a;
    size_t looked_bytes; /* of values that were gone through to see how deep they are */
};

struct edit {
    struct work *w;
    enum edit_verb verb;
    struct json value;
};

/* The next name of a pointer, unescaped. */
static struct str take_name(struct arena *a, struct str *rest)
{
    struct str raw, left = str_skip(*rest, 1);
    char *to;
    size_t len = 0;

    if (!str_cut(&left, '/', &raw))
        raw = STR("");
    *rest = str_is_none(left) ? STR("") : str_of(left.ptr - 1, left.len + 1);
    if (str_find_char(raw, '~') == SIZE_MAX)
        return raw;
    to = arena_alloc_raw(a, raw.len + 1);
    for (size_t i = 0; i < raw.len; i++) {
        bool is_escape = raw.ptr[i] == '~' && i + 1 < raw.len &&
                         (raw.ptr[i + 1] == '0' || raw.ptr[i + 1] == '1');

        to[len++] = !is_escape ? raw.ptr[i] : raw.ptr[i + 1] == '0' ? '~' : '/';
        i += is_escape;
    }
    return str_of(to, len);
}

/* An index below @count; from the end when it is negative. */
static int index_of(struct str name, uint32_t count, uint32_t *ret, struct err *err)
{
    int64_t index;

    if (!parse_i64(name, &index))
        return err_set(err, ERR_INVALID, "\"" STR_FMT "\" is not an index of an array",
                       STR_ARG(str_head(name, 60)));
    if (index < -(int64_t) count || index >= (int64_t) count)
        return err_set(err, ERR_INVALID, "index %lld is not in the array of %u items",
                       (long long) index, count);
    *ret = (uint32_t) (index < 0 ? index + count : index);
    return 0;
}

/* The value of one name; 1, 0 when an object has no such member, or -1. */
static int child_of(const struct json *v, struct str name, const struct json **ret,
                    struct err *err)
{
    uint32_t index;

    if (v->type == JSON_OBJECT) {
        *ret = json_get(v, name);
        return *ret != NULL;
    }
    if (v->type != JSON_ARRAY)
        return err_set(err, ERR_INVALID, "\"" STR_FMT "\" is looked for in a plain value",
                       STR_ARG(str_head(name, 60)));
    if (index_of(name, v->count, &index, err) < 0)
        return -1;
    *ret = &v->items[index];
    return 1;
}

static int check_pointer(struct str path, struct err *err)
{
    if (str_is_empty(path) || path.ptr[0] == '/')
        return 0;
    return err_set(err, ERR_INVALID, "a path begins with \"/\"");
}

/* 1, 0 when the last name is missing, or -1. */
static int value_at(struct arena *a, const struct json *doc, struct str path,
                    const struct json **ret, struct err *err)
{
    int found = 1;

    if (check_pointer(path, err) < 0)
        return -1;
    *ret = doc;
    while (found > 0 && !str_is_empty(path))
        found = child_of(*ret, take_name(a, &path), ret, err);
    if (found == 0 && !str_is_empty(path))
        return err_set(err, ERR_INVALID, "the path does not exist");
    return found;
}

/* ---- JSON patch: changes ---- */

/* A copy of an array with @cut items less and @put (or none) in their place. */
static struct json array_spliced(struct arena *a, const struct json *v, uint32_t at,
                                 uint32_t cut, const struct json *put)
{
    struct json made = *v;
    struct json *items = arena_alloc_raw(a, sizeof(*items) * ((size_t) v->count + 1));
    uint32_t len = 0;

    for (uint32_t i = 0; i < at; i++)
        items[len++] = v->items[i];
    if (put)
        items[len++] = *put;
    for (uint32_t i = at + cut; i < v->count; i++)
        items[len++] = v->items[i];
    made.items = items;
    made.count = len;
    return made;
}

static int edit_array(const struct edit *e, const struct json *v, struct str name,
                      struct json *ret, struct err *err)
{
    bool is_add = e->verb == EDIT_ADD;
    uint32_t index = v->count;

    if (!(is_add && str_is(name, "-")) &&
        index_of(name, v->count + (is_add ? 1 : 0), &index, err) < 0)
        return -1;
    *ret = array_spliced(e->w->a, v, index, is_add ? 0 : 1,
                         e->verb == EDIT_REMOVE ? NULL : &e->value);
    return 0;
}

static int edit_last(const struct edit *e, const struct json *v, struct str name,
                     struct json *ret, struct err *err)
{
    if (v->type == JSON_ARRAY)
        return edit_array(e, v, name, ret, err);
    if (v->type != JSON_OBJECT)
        return err_set(err, ERR_INVALID, "the path goes into a plain value");
    if (e->verb != EDIT_REMOVE) {
        *ret = json_set(e->w->a, v, str_copy(e->w->a, name), e->value);
        return 0;
    }
    if (!json_get(v, name))
        return err_set(err, ERR_INVALID, "the path does not exist");
    *ret = json_without(e->w->a, v, name);
    return 0;
}

/* Recurses by names of the path, whose values exist: JSON_DEPTH_MAX bounds it. */
static int edit_at(const struct edit *e, const struct json *v, struct str rest,
                   struct json *ret, struct err *err)
{
    struct str name = take_name(e->w->a, &rest);
    const struct json *child;
    struct json made;
    uint32_t index = 0;
    int found;

    if (str_is_empty(rest))
        return edit_last(e, v, name, ret, err);
    found = child_of(v, name, &child, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return err_set(err, ERR_INVALID, "the path does not exist");
    if (edit_at(e, child, rest, &made, err) < 0)
        return -1;
    if (v->type == JSON_OBJECT) {
        *ret = json_set(e->w->a, v, name, made);
        return 0;
    }
    if (index_of(name, v->count, &index, err) < 0)
        return -1;
    *ret = array_spliced(e->w->a, v, index, 1, &made);
    return 0;
}

/* Recurses no deeper than @levels. */
static bool is_deeper(struct work *w, const struct json *v, size_t levels)
{
    w->looked_bytes += sizeof(*v);
    if (!is_container(v))
        return false;
    if (levels == 0)
        return true;
    for (uint32_t i = 0; i < v->count; i++)
        if (is_deeper(w, v->type == JSON_ARRAY ? &v->items[i] : &v->members[i].value,
                      levels - 1))
            return true;
    return false;
}

static int check_depth(const struct edit *e, struct str path, struct err *err)
{
    size_t levels = 0;

    for (size_t i = 0; i < path.len; i++)
        levels += path.ptr[i] == '/';
    if (levels > JSON_DEPTH_MAX || is_deeper(e->w, &e->value, JSON_DEPTH_MAX - levels))
        return err_set(err, ERR_LIMIT, "the document would have more than %d levels",
                       JSON_DEPTH_MAX);
    return 0;
}

static int edit_document(const struct edit *e, struct json *doc, struct str path,
                         struct err *err)
{
    if (check_pointer(path, err) < 0 || check_depth(e, path, err) < 0)
        return -1;
    if (!str_is_empty(path))
        return edit_at(e, doc, path, doc, err);
    if (e->verb != EDIT_REPLACE || !is_container(&e->value))
        return err_set(err, ERR_INVALID,
                       "the whole document can only be replaced, by an object or an array");
    *doc = e->value;
    return 0;
}

/* ---- JSON patch: operations ---- */

static struct json value_of(const struct json *op)
{
    const struct json *v = json_get(op, STR("value"));

    return v ? *v : json_null();
}

static int run_edit(struct work *w, struct json *doc, const struct json *op,
                    enum edit_verb verb, struct err *err)
{
    const struct edit e = {w, verb, value_of(op)};

    return edit_document(&e, doc, json_get_str(op, STR("path")), err);
}

static int run_add(struct work *w, struct json *doc, const struct json *op, struct err *err)
{
    return run_edit(w, doc, op, EDIT_ADD, err);
}

static int run_replace(struct work *w, struct json *doc, const struct json *op, struct err *err)
{
    return run_edit(w, doc, op, EDIT_REPLACE, err);
}

static int run_remove(struct work *w, struct json *doc, const struct json *op, struct err *err)
{
    return run_edit(w, doc, op, EDIT_REMOVE, err);
}

static int from_of(const struct json *op, struct str *ret, struct err *err)
{
    *ret = json_get_str(op, STR("from"));
    return str_is_none(*ret) ? err_set(err, ERR_INVALID, "it has no \"from\"") : 0;
}

static int run_move(struct work *w, struct json *doc, const struct json *op, struct err *err)
{
    struct edit e = {.w = w, .verb = EDIT_REMOVE};
    const struct json *v;
    struct str from;

    if (from_of(op, &from, err) < 0 || value_at(w->a, doc, from, &v, err) < 0)
        return -1;
    e.value = v ? *v : json_null();
    if (edit_document(&e, doc, from, err) < 0)
        return -1;
    e.verb = EDIT_ADD;
    return edit_document(&e, doc, json_get_str(op, STR("path")), err);
}

/* A deep copy, so that the limit sees what it costs: copies of copies double. */
static int run_copy(struct work *w, struct json *doc, const struct json *op, struct err *err)
{
    struct edit e = {.w = w, .verb = EDIT_ADD, .value = json_null()};
    const struct json *v;
    struct str from;
    int found;

    if (from_of(op, &from, err) < 0)
        return -1;
    found = value_at(w->a, doc, from, &v, err);
    if (found < 0)
        return -1;
    if (found > 0)
        e.value = json_clone(w->a, v);
    return edit_document(&e, doc, json_get_str(op, STR("path")), err);
}

/* Values are the same when their texts are, but for the order of members. */
static int run_test(struct work *w, struct json *doc, const struct json *op, struct err *err)
{
    const struct json wanted = value_of(op), none = json_null();
    const struct json *v;
    int found = value_at(w->a, doc, json_get_str(op, STR("path")), &v, err);

    if (found < 0)
        return -1;
    if (found == 0)
        v = &none;
    if (str_eq(json_text(w->a, v, JSON_SORT_KEYS), json_text(w->a, &wanted, JSON_SORT_KEYS)))
        return 0;
    return err_set(err, ERR_INVALID, "the value is another");
}

static int run_operation(struct work *w, struct json *doc, const struct json *op,
                         struct err *err)
{
    static const struct {
        const char *name;
        int (*run)(struct work *w, struct json *doc, const struct json *op, struct err *err);
    } verbs[] = {{"add", run_add},       {"copy", run_copy},       {"move", run_move},
                 {"remove", run_remove}, {"replace", run_replace}, {"test", run_test}};
    struct str name = json_get_str(op, STR("op"));

    if (!json_is(op, JSON_OBJECT))
        return err_set(err, ERR_INVALID, "it is not an object");
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        if (str_is(name, verbs[i].name))
            return str_is_none(json_get_str(op, STR("path")))
                       ? err_set(err, ERR_INVALID, "it has no \"path\"")
                       : verbs[i].run(w, doc, op, err);
    return err_set(err, ERR_INVALID,
                   "its op is \"" STR_FMT
                   "\", it must be add, copy, move, remove, replace or test",
                   STR_ARG(str_head(name, 60)));
}

static int run_all(struct work *w, struct json *doc, const struct json *patch, struct err *err)
{
    size_t begun = arena_bytes(w->a);

    for (uint32_t i = 0; i < patch->count; i++) {
        const struct json *op = &patch->items[i];

        if (run_operation(w, doc, op, err) < 0)
            return err_wrap(err, "operation %u (" STR_FMT " " STR_FMT ")", i,
                            STR_ARG(str_head(json_get_str(op, STR("op")), 20)),
                            STR_ARG(str_head(json_get_str(op, STR("path")), 80)));
        if (arena_bytes(w->a) - begun + w->looked_bytes > PATCH_WORK_MAX_BYTES)
            return err_set(err, ERR_LIMIT, "the patch takes more than %d bytes of work",
                           PATCH_WORK_MAX_BYTES);
    }
    return 0;
}

int patch_json(struct arena *a, const struct json *doc, const struct json *patch,
               struct json *ret, struct err *err)
{
    struct json made = *doc;
    struct work w = {.a = a};

    if (!is_container(doc))
        return err_set(err, ERR_INVALID, "only an object can be patched");
    if (patch->type != JSON_NULL && patch->type != JSON_ARRAY)
        return err_set(err, ERR_INVALID, "a JSON patch must be an array of operations");
    if (patch->type == JSON_ARRAY && patch->count > PATCH_OPERATIONS_MAX)
        return err_set(err, ERR_LIMIT, "the patch has %u operations, at most %d are allowed",
                       patch->count, PATCH_OPERATIONS_MAX);
    if (patch->type == JSON_ARRAY && run_all(&w, &made, patch, err) < 0)
        return -1;
    *ret = made;
    return 0;
}

/* ---- any patch ---- */

int patch_apply(struct arena *a, enum patch_type type, const struct patch_target *target,
                const struct json *patch, struct json *ret, struct err *err)
{
    switch (type) {
    case PATCH_MERGE:
        return patch_merge(a, target->doc, patch, ret, err);
    case PATCH_JSON:
        return patch_json(a, target->doc, patch, ret, err);
    case PATCH_STRATEGIC:
        return patch_strategic(a, target, patch, ret, err);
    }
    return err_set(err, ERR_INTERNAL, "a patch of no type");
}

struct json patch_overlay(struct arena *a, const struct json *doc, const struct json *top)
{
    struct json made = *doc;

    if (doc->type != JSON_OBJECT || top->type != JSON_OBJECT)
        return *top;
    for (uint32_t i = 0; i < top->count; i++) {
        const struct json_member *m = &top->members[i];
        const struct json *below = json_get(&made, m->key);

        made =
            json_set(a, &made, m->key, below ? patch_overlay(a, below, &m->value) : m->value);
    }
    return made;
}
