/* Managers of fields. See managed.h. */
#include "objects/managed.h"

#include "base/limits.h"
#include "base/vec.h"
#include "objects/shapes.h"

#include <stdlib.h>

#define MANAGED STR("managedFields")

/* One entry of managedFields. */
struct entry {
    struct str manager, operation, api_version, subresource, time;
    struct field_set set;
};

struct entries {
    struct entry *at;
    size_t len, room;
};

/* ---- schema ---- */

/* Lists below the spec of Argo's kinds are one field each, as with their CRDs. */
static void argo_member(const void *shape, struct str name, struct patch_member *ret)
{
    (void) shape;
    if (str_is(name, "metadata"))
        ret->inner = field_patch_schema(&shape_object_meta);
}

static struct patch_schema schema_of(const struct object_kind *kind)
{
    if (strcmp(kind->group, "argoproj.io") == 0)
        return (struct patch_schema){.shape = kind->shape, .member = argo_member};
    return field_patch_schema(kind->shape);
}

/* ---- entries ---- */

static const struct json *managed_of(const struct json *doc)
{
    const struct json *list = json_get(json_get(doc, STR("metadata")), MANAGED);

    return json_is(list, JSON_ARRAY) ? list : NULL;
}

static struct entries read_entries(struct arena *a, const struct json *doc)
{
    const struct json *list = managed_of(doc);
    struct entries made = {0};

    for (uint32_t i = 0; list && i < list->count; i++) {
        const struct json *v = &list->items[i];

        VEC_APUSH(
            a, &made,
            ((struct entry){json_get_str(v, STR("manager")), json_get_str(v, STR("operation")),
                            json_get_str(v, STR("apiVersion")),
                            json_get_str(v, STR("subresource")), json_get_str(v, STR("time")),
                            field_set_parse(a, json_get(v, STR("fieldsV1")))}));
    }
    return made;
}

static struct json entry_value(struct arena *a, const struct entry *e)
{
    struct json_object_builder b = {0};

    json_add_str(a, &b, STR("manager"), e->manager);
    json_add_str(a, &b, STR("operation"), e->operation);
    json_add_str(a, &b, STR("apiVersion"), e->api_version);
    json_add_str(a, &b, STR("time"), e->time);
    json_add(a, &b, STR("fieldsType"), json_string(STR("FieldsV1")));
    json_add(a, &b, STR("fieldsV1"), field_set_json(a, &e->set));
    json_add_str(a, &b, STR("subresource"), e->subresource);
    return json_object(&b);
}

static struct json without_managed(struct arena *a, const struct json *doc)
{
    struct json meta;

    if (!json_get(json_get(doc, STR("metadata")), MANAGED))
        return *doc;
    meta = json_without(a, json_get(doc, STR("metadata")), MANAGED);
    return json_set(a, doc, STR("metadata"), meta);
}

/* Applied ones first, then by age, name and version. Times in whole seconds sort as texts. */
static int order_of(const void *left, const void *right)
{
    const struct entry *x = left, *y = right;
    int order = str_cmp(x->operation, y->operation);

    if (order == 0)
        order = str_cmp(x->time, y->time);
    if (order == 0)
        order = str_cmp(x->manager, y->manager);
    if (order == 0)
        order = str_cmp(x->api_version, y->api_version);
    return order ? order : str_cmp(x->subresource, y->subresource);
}

static void sort_entries(struct entries *entries)
{
    if (entries->len > 1)
        qsort(entries->at, entries->len, sizeof(*entries->at), order_of);
}

static struct json with_entries(struct arena *a, const struct json *doc,
                                struct entries *entries)
{
    struct json_array_builder list = {0};

    sort_entries(entries);
    for (size_t i = 0; i < entries->len; i++)
        if (!field_set_is_empty(&entries->at[i].set))
            json_push(a, &list, entry_value(a, &entries->at[i]));
    if (list.len == 0)
        return without_managed(a, doc);
    return json_set_path(a, doc, json_array(&list), "metadata", "managedFields", NULL);
}

/* Of one object; its group is always the same. */
static bool is_of_version(const struct entry *e, const struct object_kind *kind)
{
    size_t slash = str_find_char(e->api_version, '/');

    return str_is(slash == SIZE_MAX ? e->api_version : str_skip(e->api_version, slash + 1),
                  kind->version);
}

/* Who applies has one entry, whatever the version. */
static bool is_writer(const struct entry *e, const struct managed_writer *w,
                      const char *operation)
{
    return str_eq(e->manager, w->manager) && str_is(e->operation, operation) &&
           (strcmp(operation, "Apply") == 0 || is_of_version(e, w->kind)) &&
           str_eq(str_is_none(e->subresource) ? STR("") : e->subresource, w->subresource);
}

/* ---- what is tracked ---- */

/* Not what identifies an object or what the system alone writes. */
static struct json tracked(struct arena *a, const struct managed_writer *w,
                           const struct json *doc)
{
    static const char *const own[] = {
        "name", "namespace",  "creationTimestamp", "selfLink",
        "uid",  "generation", "managedFields",     "resourceVersion"};
    struct json_object_builder b = {0};
    bool is_status = str_is(w->subresource, "status");

    for (uint32_t i = 0; doc && i < doc->count; i++) {
        struct str key = doc->members[i].key;
        struct json value = doc->members[i].value;

        if (is_status
                ? !str_is(key, "status")
                : str_is(key, "apiVersion") || str_is(key, "kind") || str_is(key, "status"))
            continue;
        if (str_is(key, "metadata"))
            for (size_t n = 0; n < COUNT_OF(own); n++)
                value = json_without(a, &value, str_from(own[n]));
        if (!str_is(key, "metadata") || value.count > 0)
            json_add(a, &b, key, value);
    }
    return json_object(&b);
}

/* ---- conflicts ---- */

struct finding {
    struct arena *a;
    struct managed_conflicts *to;
    struct str with;
};

static void on_conflict(void *ctx, struct str path)
{
    struct finding *f = ctx;

    if (f->to->len < FIELD_FAULTS_MAX) /* enough to read */
        VEC_APUSH(f->a, f->to, ((struct managed_conflict){f->with, path}));
}

static struct str printed_manager(struct arena *a, const struct entry *e)
{
    const struct json name = json_string(e->manager), sub = json_string(e->subresource);
    struct str text = json_text(a, &name, JSON_COMPACT);

    if (!str_is_empty(e->subresource))
        text = str_printf(a, STR_FMT " with subresource " STR_FMT, STR_ARG(text),
                          STR_ARG(json_text(a, &sub, JSON_COMPACT)));
    if (!str_is(e->operation, "Update"))
        return text;
    text = str_printf(a, STR_FMT " using " STR_FMT, STR_ARG(text), STR_ARG(e->api_version));
    return str_is_empty(e->time)
               ? text
               : str_printf(a, STR_FMT " at " STR_FMT, STR_ARG(text), STR_ARG(e->time));
}

static bool is_new_manager(const struct managed_conflicts *c, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (str_eq(c->at[i].with, c->at[at].with))
            return false;
    return true;
}

struct str managed_conflict_text(struct arena *a, const struct managed_conflicts *c)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 16);

    if (c->len == 1)
        return str_printf(a,
                          "Apply failed with 1 conflict: conflict with " STR_FMT ": " STR_FMT,
                          STR_ARG(c->at[0].with), STR_ARG(c->at[0].path));
    strbuf_addf(&b, "Apply failed with %zu conflicts: ", c->len);
    for (size_t i = 0; i < c->len; i++) {
        if (!is_new_manager(c, i))
            continue;
        strbuf_addf(&b, "%sconflicts with " STR_FMT ":", i > 0 ? "\n" : "",
                    STR_ARG(c->at[i].with));
        for (size_t n = i; n < c->len; n++)
            if (str_eq(c->at[n].with, c->at[i].with))
                strbuf_addf(&b, "\n- " STR_FMT, STR_ARG(c->at[n].path));
    }
    return str_copy(a, strbuf_str(&b));
}

/* ---- owners ---- */

/* The metadata as such is nobody's. */
static const struct field_set_child heads[] = {{STR_INIT("f:metadata"), {.is_member = true}}};

static void set_entry(struct arena *a, struct entries *entries, const struct managed_writer *w,
                      const char *operation, const struct field_set *set)
{
    const struct field_set head = {.len = COUNT_OF(heads), .at = heads};
    struct entry made = {.manager = w->manager,
                         .operation = str_from(operation),
                         .api_version = object_kind_api_version(a, w->kind),
                         .subresource = w->subresource,
                         .time = object_time_text(a, w->now.ms),
                         .set = field_set_minus(a, set, &head)};

    for (size_t i = 0; i < entries->len; i++)
        if (is_writer(&entries->at[i], w, operation)) {
            entries->at[i] = made;
            return;
        }
    VEC_APUSH(a, entries, made);
}

/* All fields of a writer's entry, or none. */
static struct field_set owned_by(const struct entries *entries, const struct managed_writer *w,
                                 const char *operation)
{
    for (size_t i = 0; i < entries->len; i++)
        if (is_writer(&entries->at[i], w, operation))
            return entries->at[i].set;
    return (struct field_set){0};
}

/* By halves: there may be very many. */
static struct field_set union_of(struct arena *a, const struct entry *at, size_t len)
{
    struct field_set left, right;

    if (len <= 1)
        return len == 1 ? at[0].set : (struct field_set){0};
    left = union_of(a, at, len / 2);
    right = union_of(a, at + len / 2, len - len / 2);
    return field_set_union(a, &left, &right);
}

static struct field_set owned_by_others(struct arena *a, const struct entries *entries,
                                        const struct managed_writer *w, const char *operation)
{
    struct entries others = {0};

    for (size_t i = 0; i < entries->len; i++)
        if (!is_writer(&entries->at[i], w, operation))
            VEC_APUSH(a, &others, entries->at[i]);
    return union_of(a, others.at, others.len);
}

/* The others lose what is written and what is gone. */
static void take_from_others(struct arena *a, struct entries *entries,
                             const struct managed_writer *w, const char *operation,
                             const struct field_changes *changes)
{
    for (size_t i = 0; i < entries->len; i++) {
        struct entry *e = &entries->at[i];

        if (is_writer(e, w, operation))
            continue;
        e->set = field_set_minus(a, &e->set, &changes->written);
        e->set = field_set_minus(a, &e->set, &changes->removed);
    }
}

static void find_conflicts(struct arena *a, const struct entries *entries,
                           const struct managed_writer *w, const struct field_changes *changes,
                           struct managed_conflicts *ret)
{
    for (size_t i = 0; i < entries->len; i++) {
        const struct entry *e = &entries->at[i];
        struct finding f = {a, ret, STR("")};
        struct field_set both;

        if (is_writer(e, w, "Apply"))
            continue;
        both = field_set_common(a, &e->set, &changes->written);
        f.with = printed_manager(a, e);
        field_set_walk(a, &both, on_conflict, &f);
    }
}

/* ---- those that came before ---- */

#define BEFORE  "before-first-apply"
#define ANCIENT "ancient-changes"

/* What nobody was named for belongs to somebody, so that who applies first does not win by
 * surprise. */
static void add_before(struct arena *a, struct entries *entries, const struct managed_writer *w,
                       const struct json *live)
{
    const struct patch_schema schema = schema_of(w->kind);
    struct managed_writer before = *w;
    const struct field_changes all = field_set_compare(a, &schema, NULL, live);

    if (entries->len > 0)
        return;
    before.manager = STR(BEFORE);
    before.subresource = STR("");
    set_entry(a, entries, &before, "Update", &all.written);
}

static bool is_updater(const struct entry *e)
{
    return str_is(e->operation, "Update") && !field_set_is_empty(&e->set);
}

/* Where an old entry goes: the bucket of its version, or the oldest entry, which becomes it. */
static struct entry *bucket_for(struct entries *entries, const struct entry *old)
{
    struct entry *oldest = NULL;

    for (size_t i = 0; i < entries->len; i++) {
        struct entry *e = &entries->at[i];

        if (e == old || !is_updater(e) || !str_eq(e->api_version, old->api_version))
            continue;
        if (str_is(e->manager, ANCIENT))
            return e;
        if (!oldest && e < old)
            oldest = e;
    }
    return oldest;
}

/* Too many updaters: the oldest are joined. */
static void cap_updaters(struct arena *a, struct entries *entries)
{
    size_t count = 0;

    for (size_t i = 0; i < entries->len; i++)
        count += is_updater(&entries->at[i]);
    if (count <= MANAGED_UPDATERS_MAX)
        return;
    sort_entries(entries);
    for (size_t i = 0; i < entries->len && count > MANAGED_UPDATERS_MAX; i++) {
        struct entry *old = &entries->at[i];
        struct entry *bucket = is_updater(old) ? bucket_for(entries, old) : NULL;

        if (!bucket)
            continue;
        bucket->manager = STR(ANCIENT);
        bucket->subresource = STR("");
        bucket->set = field_set_union(a, &bucket->set, &old->set);
        bucket->time = old->time;
        old->set = (struct field_set){0};
        count--;
    }
}

/* ---- what kubectl applied on its own side ---- */

#define KUBECTL      "kubectl"
#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

/* What kubectl applied last on its side, as far as it is still so: no conflict for it. */
static struct field_set last_applied(struct arena *a, const struct managed_writer *w,
                                     const struct json *live)
{
    const struct patch_schema schema = schema_of(w->kind);
    struct str text = json_str(json_path(live, "metadata", "annotations", LAST_APPLIED, NULL));
    struct field_changes changes;
    struct field_set set;
    struct json last, was, is = tracked(a, w, live);
    struct err ignored;

    if (!str_is(w->manager, KUBECTL) || str_is_empty(text) ||
        json_parse(a, text, &last, &ignored) < 0 || !json_is(&last, JSON_OBJECT))
        return (struct field_set){0};
    was = tracked(a, w, &last);
    set = field_set_of(a, &schema, &was);
    changes = field_set_compare(a, &schema, &was, &is);
    set = field_set_minus(a, &set, &changes.written);
    return field_set_minus(a, &set, &changes.removed);
}

/* The same, kept up for who goes back to that side. */
static struct json with_last_applied(struct arena *a, const struct managed_writer *w,
                                     const struct json *config, const struct json *made)
{
    struct json plain = *config, notes, meta;
    const struct json *was = json_path(made, "metadata", "annotations", LAST_APPLIED, NULL);

    if (!str_is(w->manager, KUBECTL) || str_is_empty(json_str(was)))
        return *made;
    if (json_path(config, "metadata", "annotations", NULL)) {
        meta = *json_get(config, STR("metadata"));
        notes = json_without(a, json_get(&meta, STR("annotations")), STR(LAST_APPLIED));
        meta = json_set(a, &meta, STR("annotations"), notes);
        plain = json_set(a, config, STR("metadata"), meta);
    }
    return json_set_path(
        a, made, json_string(str_concat(a, json_text(a, &plain, JSON_SORT_KEYS), STR("\n"))),
        "metadata", "annotations", LAST_APPLIED, NULL);
}

/* ---- applying ---- */

/* The live object with the document over it, and without what is not applied any more. */
static struct json apply_over(struct arena *a, const struct patch_schema *schema,
                              const struct managed_writer *w, const struct json *live,
                              const struct json *config)
{
    const struct json own = tracked(a, w, config);
    struct entries entries = read_entries(a, live);
    struct field_set last = owned_by(&entries, w, "Apply"),
                     kept = owned_by_others(a, &entries, w, "Apply"),
                     now = field_set_of(a, schema, &own);
    struct json made = field_set_merge(a, schema, live, config);
    const struct field_prune p = {&last, &kept};

    kept = field_set_union(a, &kept, &now);
    return field_set_prune(a, schema, &made, &p);
}

/* Do all conflicts concern what kubectl applied itself before? */
static bool is_handed_over(struct arena *a, const struct entries *entries,
                           const struct managed_writer *w, const struct json *live,
                           const struct field_changes *changes)
{
    const struct field_set own = last_applied(a, w, live);
    struct managed_conflicts rest = {0};
    struct field_changes foreign = *changes;

    foreign.written = field_set_minus(a, &changes->written, &own);
    find_conflicts(a, entries, w, &foreign, &rest);
    return rest.len == 0;
}

static int apply_to_live(struct arena *a, const struct managed_writer *w,
                         const struct json *live, const struct json *config,
                         struct managed_applied *ret, struct err *err)
{
    const struct patch_schema schema = schema_of(w->kind);
    const struct json own = tracked(a, w, config), was = tracked(a, w, live);
    struct entries entries = read_entries(a, live);
    struct field_set now = field_set_of(a, &schema, &own);
    struct json made = apply_over(a, &schema, w, live, config), is = tracked(a, w, &made);
    struct field_changes changes = field_set_compare(a, &schema, &was, &is);

    add_before(a, &entries, w, &was);
    find_conflicts(a, &entries, w, &changes, &ret->conflicts);
    if (ret->conflicts.len > 0 && !w->is_forced &&
        !is_handed_over(a, &entries, w, live, &changes))
        return err_set(err, ERR_CONFLICT, STR_FMT,
                       STR_ARG(managed_conflict_text(a, &ret->conflicts)));
    take_from_others(a, &entries, w, "Apply", &changes);
    set_entry(a, &entries, w, "Apply", &now);
    made = with_last_applied(a, w, config, &made);
    made = with_entries(a, &made, &entries);
    ret->doc = managed_is_same(a, live, &made) ? *live : made;
    return 0;
}

int managed_apply(struct arena *a, const struct managed_writer *w, const struct json *live,
                  const struct json *config, struct managed_applied *ret, struct err *err)
{
    const struct patch_schema schema = schema_of(w->kind);
    struct json given = without_managed(a, config), own;
    struct entries entries = {0};
    struct field_set now;

    *ret = (struct managed_applied){0};
    if (live)
        return apply_to_live(a, w, live, &given, ret, err);
    own = tracked(a, w, &given);
    now = field_set_of(a, &schema, &own);
    set_entry(a, &entries, w, "Apply", &now);
    ret->doc = with_entries(a, &given, &entries);
    return 0;
}

/* ---- other writes ---- */

/* Does this write leave the owners as the document has them? */
static bool is_untracked(const struct managed_writer *w, const struct json *live,
                         const struct json *given)
{
    if (!live)
        return str_is_empty(w->manager);
    if (!given)
        return !managed_of(live);
    return given->count == 0 || (given->count == 1 && json_is(&given->items[0], JSON_OBJECT) &&
                                 given->items[0].count == 0);
}

struct json managed_update(struct arena *a, const struct managed_writer *writer,
                           const struct json *live, const struct json *made)
{
    const struct json *given = managed_of(made);
    struct managed_writer w = *writer;
    const struct patch_schema schema = schema_of(w.kind);
    const struct json was = tracked(a, &w, live), is = tracked(a, &w, made);
    struct entries entries = read_entries(a, given ? made : live);
    struct field_changes changes;
    struct field_set own;

    if (is_untracked(&w, live, given))
        return live ? without_managed(a, made) : *made;
    if (str_is_empty(w.manager))
        w.manager = STR("unknown");
    changes = field_set_compare(a, &schema, live ? &was : NULL, &is);
    take_from_others(a, &entries, &w, "Update", &changes);
    own = owned_by(&entries, &w, "Update");
    if (!field_set_is_empty(&changes.written) || !field_set_is_empty(&changes.removed)) {
        own = field_set_minus(a, &own, &changes.removed);
        own = field_set_union(a, &own, &changes.written);
        set_entry(a, &entries, &w, "Update", &own);
    }
    cap_updaters(a, &entries);
    return with_entries(a, made, &entries);
}

/* ---- the same? ---- */

static struct json comparable(struct arena *a, const struct json *doc)
{
    const struct json *list = managed_of(doc);
    struct json_array_builder entries = {0};
    struct json meta = json_without(a, json_get(doc, STR("metadata")), STR("resourceVersion"));

    for (uint32_t i = 0; list && i < list->count; i++)
        json_push(a, &entries, json_without(a, &list->items[i], STR("time")));
    if (list)
        meta = json_set(a, &meta, MANAGED, json_array(&entries));
    return json_set(a, doc, STR("metadata"), meta);
}

bool managed_is_same(struct arena *a, const struct json *x, const struct json *y)
{
    const struct json left = comparable(a, x), right = comparable(a, y);

    return json_equal(&left, &right);
}
