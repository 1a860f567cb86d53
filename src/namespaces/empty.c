/* What a Terminating namespace holds is deleted, then it is let go. See namespaces.h. A
 * worker's thread; blocks. */
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "namespaces/namespaces.h"
#include "objects/object.h"

#define FINALIZER "kubernetes"

/* What is left of a namespace, for its conditions. */
struct remains {
    struct wall now;
    struct strbuf resources;  /* "workflows.argoproj.io has 1 resource instances, ..." */
    struct strbuf finalizers; /* "x in 1 resource instances, ..." */
};

static int commit(struct store *s, struct store_txn *txn, struct err *err)
{
    struct store_result result;

    if (store_commit_wait(s, txn, &result, err) < 0)
        return -1;
    store_object_unref(result.object);
    return 0;
}

/* ---- what it holds ---- */

static bool is_asked(const struct store_object *o)
{
    return str_find(o->doc, STR("\"deletionTimestamp\"")) != SIZE_MAX;
}

/* A page in one commit; when something of it has gone meanwhile, each by itself. */
static int delete_page(struct store *s, const struct store_list *page, struct err *err)
{
    struct store_txn *txn = store_txn_new(s);
    bool is_any = false;

    for (size_t i = 0; i < page->len; i++)
        if (!is_asked(page->at[i])) {
            store_txn_delete(txn, &page->at[i]->key, page->at[i]->uid, 0);
            is_any = true;
        }
    if (!is_any) {
        store_txn_free(txn);
        return 0;
    }
    if (commit(s, txn, err) == 0)
        return 0;
    if (err->kind != ERR_NOT_FOUND && err->kind != ERR_CONFLICT)
        return -1;
    for (size_t i = 0; i < page->len; i++) {
        if (is_asked(page->at[i]))
            continue;
        txn = store_txn_new(s);
        store_txn_delete(txn, &page->at[i]->key, page->at[i]->uid, 0);
        if (commit(s, txn, err) < 0 && err->kind != ERR_NOT_FOUND && err->kind != ERR_CONFLICT)
            return -1;
    }
    return 0;
}

static void add_item(struct strbuf *b, struct str what, const char *between, uint64_t count)
{
    strbuf_addf(b, "%s" STR_FMT " %s %llu resource instances", b->len > 0 ? ", " : "",
                STR_ARG(what), between, (unsigned long long) count);
}

/* How often each finalizer holds an object of the page. */
static void note_finalizers(struct arena *a, const struct store_list *page, struct remains *r)
{
    struct map counts = {0};
    struct err err;

    for (size_t i = 0; i < page->len; i++) {
        const struct json *list, *item;
        struct json doc;

        if (json_parse(a, str_copy(a, page->at[i]->doc), &doc, &err) < 0)
            continue;
        list = json_path(&doc, "metadata", "finalizers", NULL);
        for (size_t k = 0; (item = json_item(list, k)) != NULL; k++) {
            uint64_t *count = map_find(&counts, json_str(item));

            if (!count) {
                count = ARENA_NEW(a, uint64_t);
                map_put(&counts, json_str(item), count);
            }
            ++*count;
        }
    }
    MAP_FOREACH (it, &counts)
        add_item(&r->finalizers, it->key, "in", *(uint64_t *) it->value);
    map_done(&counts);
}

/* All objects of a kind; what still is there afterwards is noted. */
static int empty_kind(struct store *s, struct arena *a, struct str ns,
                      const struct object_kind *kind, struct remains *r, struct err *err)
{
    struct store_query q = {.group = str_from(kind->group),
                            .kind = str_from(kind->kind),
                            .ns = ns,
                            .limit = NAMESPACES_PAGE_MAX,
                            .name_prefix = STR(""),
                            .continue_token = STR("")};
    struct store_list page;
    int result = 0;
    bool is_any = false;

    do {
        if (store_list(s, a, &q, &page, err) < 0)
            return -1;
        is_any = is_any || page.len > 0;
        q.continue_token = page.continue_token;
        result = delete_page(s, &page, err);
        store_list_done(&page);
        FAULT_POINT("namespaces.empty.page");
    } while (result == 0 && !str_is_empty(q.continue_token));
    if (result < 0 || !is_any)
        return result;
    q.continue_token = STR("");
    if (store_list(s, a, &q, &page, err) < 0)
        return -1;
    if (page.len > 0) {
        add_item(&r->resources,
                 kind->group[0] ? str_printf(a, "%s.%s", kind->plural, kind->group)
                                : str_from(kind->plural),
                 "has", page.len + page.remaining);
        note_finalizers(a, &page, r);
    }
    store_list_done(&page);
    return 0;
}

/* Argo's kinds, or all others. 1: something is left. */
static int empty_kinds(struct store *s, struct arena *a, struct str ns, bool is_argo,
                       struct remains *r, struct err *err)
{
    size_t count;
    const struct object_kind *all = object_kinds(&count);

    for (size_t i = 0; i < count; i++)
        if (all[i].is_namespaced && !all[i].is_unbuilt &&
            (strcmp(all[i].group, "argoproj.io") == 0) == is_argo &&
            empty_kind(s, a, ns, &all[i], r, err) < 0)
            return -1;
    return r->resources.len > 0;
}

/* ---- the Namespace ---- */

struct saying {
    const char *type, *reason, *message;
    struct str items; /* "": the status is False */
};

static struct json condition(struct arena *a, const struct json *old, struct wall now,
                             const struct saying *c)
{
    const struct json *list = json_path(old, "status", "conditions", NULL), *was = NULL;
    struct str status = c->items.len > 0 ? STR("True") : STR("False");
    struct str since = object_time_text(a, now.ms);
    struct json_object_builder b = {0};

    for (size_t i = 0; (was = json_item(list, i)) != NULL; i++)
        if (str_is(json_get_str(was, STR("type")), c->type) &&
            str_eq(json_get_str(was, STR("status")), status))
            since = json_get_str(was, STR("lastTransitionTime"));
    json_add(a, &b, STR("lastTransitionTime"), json_string(since));
    json_add(a, &b, STR("message"), json_string(str_concat(a, str_from(c->message), c->items)));
    json_add(a, &b, STR("reason"), json_string(str_from(c->reason)));
    json_add(a, &b, STR("status"), json_string(status));
    json_add(a, &b, STR("type"), json_string(str_from(c->type)));
    return json_object(&b);
}

static struct json conditions(struct arena *a, const struct json *old, const struct remains *r)
{
    const struct saying content = {"NamespaceContentRemaining", "SomeResourcesRemain",
                                   "Some resources are remaining: ",
                                   str_copy(a, strbuf_str(&r->resources))},
                        held = {"NamespaceFinalizersRemaining", "SomeFinalizersRemain",
                                "Some content in the namespace has finalizers remaining: ",
                                str_copy(a, strbuf_str(&r->finalizers))},
                        free = {"NamespaceFinalizersRemaining", "ContentHasNoFinalizers",
                                "All content-preserving finalizers finished", STR("")};
    struct json_array_builder list = {0};

    json_push(a, &list, condition(a, old, r->now, &content));
    json_push(a, &list, condition(a, old, r->now, r->finalizers.len > 0 ? &held : &free));
    return json_array(&list);
}

/* For who waits: what is left, and whom it waits for. */
static int tell(struct store *s, struct arena *a, const struct store_object *o,
                const struct json *doc, const struct remains *r, struct err *err)
{
    struct json made =
        json_set_path(a, doc, conditions(a, doc, r), "status", "conditions", NULL);
    struct store_txn *txn;

    if (json_equal(&made, doc))
        return 0;
    txn = store_txn_new(s);
    store_txn_update(txn, &made, o->rv);
    return commit(s, txn, err) < 0 && err->kind != ERR_CONFLICT ? -1 : 0;
}

/* Nothing is in it, and nothing can come. */
static int let_go(struct store *s, struct arena *a, const struct store_object *o,
                  const struct json *doc, struct err *err)
{
    const struct json *list = json_path(doc, "spec", "finalizers", NULL), *item;
    struct json_array_builder rest = {0};
    struct store_txn *txn = store_txn_new(s);
    struct json made;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (!str_is(json_str(item), FINALIZER))
            json_push(a, &rest, *item);
    made = json_set_path(a, doc, json_array(&rest), "spec", "finalizers", NULL);
    store_txn_update(txn, &made, o->rv);
    FAULT_POINT("namespaces.empty.before_end");
    return commit(s, txn, err) == 0 || err->kind == ERR_NOT_FOUND ? 0 : -1;
}

static int empty(struct store *s, struct arena *a, const struct store_object *o,
                 struct wall now, struct err *err)
{
    struct remains r = {
        .now = now, .resources = STRBUF_INIT(65536), .finalizers = STRBUF_INIT(65536)};
    struct json doc;
    int result = json_parse(a, str_copy(a, o->doc), &doc, err);

    if (result == 0)
        result = empty_kinds(s, a, o->key.name, true, &r, err);
    if (result == 0)
        result = empty_kinds(s, a, o->key.name, false, &r, err);
    if (result == 0)
        result = let_go(s, a, o, &doc, err);
    else if (result == 1)
        result = tell(s, a, o, &doc, &r, err) < 0 ? -1 : 1;
    strbuf_done(&r.resources);
    strbuf_done(&r.finalizers);
    return result;
}

int namespaces_empty(struct store *s, struct str name, struct wall now, struct err *err)
{
    const struct store_key key = {STR(""), STR("Namespace"), STR(""), name};
    _cleanup_arena_ struct arena *a = arena_new();
    const struct store_object *o;
    int result = 0;

    if (store_get(s, &key, &o, err) < 0)
        return err->kind == ERR_NOT_FOUND ? 0 : -1;
    if (str_is(o->phase, "Terminating"))
        result = empty(s, a, o, now, err);
    store_object_unref(o);
    return result;
}
