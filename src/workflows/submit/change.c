/*
 * Objects that are there, changed for those who have no request: triggers. Read, made, passed
 * through the gate and written under the version that was read; all of it anew when somebody
 * else was faster. Any thread; blocks on the store.
 */
#include "base/limits.h"
#include "objects/job.h"
#include "objects/managed.h"
#include "store/once.h"
#include "workflows/submit/submit_internal.h"

struct changing {
    struct arena *arena;
    struct workflow_submitter *submitter;
    struct store *store;
    const struct object_change *of;
    const struct object_kind *kind;
    struct store_key key;
};

static int find_key(const struct json *doc, struct str ns, const struct object_kind **ret_kind,
                    struct store_key *ret, struct err *err)
{
    struct str version = json_get_str(doc, STR("apiVersion")),
               kind = json_get_str(doc, STR("kind")), own = object_namespace(doc);
    const struct object_kind *found = object_kind_find(version, kind);

    if (!found)
        return err_set(err, ERR_INVALID,
                       "no kind \"" STR_FMT "\" of version \"" STR_FMT "\" is served",
                       STR_ARG(kind), STR_ARG(version));
    *ret_kind = found;
    *ret = (struct store_key){str_from(found->group), str_from(found->kind), STR(""),
                              object_name(doc)};
    if (found->is_namespaced)
        ret->ns = str_is_empty(own) ? ns : own;
    return 0;
}

static int read_object(struct arena *a, const struct store_object *o, struct json *ret,
                       struct err *err)
{
    return json_parse(a, str_copy(a, o->doc), ret, err);
}

int submit_find(void *submitter, struct arena *a, const struct json *doc, struct str ns,
                struct json *ret, struct err *err)
{
    const struct object_kind *kind;
    const struct store_object *o;
    struct store_key key;
    struct json found;
    int result;

    if (find_key(doc, ns, &kind, &key, err) < 0 ||
        store_get(((struct workflow_submitter *) submitter)->store, &key, &o, err) < 0)
        return -1;
    result = read_object(a, o, &found, err);
    if (result == 0)
        *ret = json_set_path(a, &found, json_string(str_printf(a, "%lld", (long long) o->rv)),
                             "metadata", "resourceVersion", NULL);
    store_object_unref(o);
    return result;
}

/* ---- one try ---- */

static int conflict(const struct changing *c, struct err *err)
{
    return err_set(err, ERR_CONFLICT,
                   "Operation cannot be fulfilled on %s%s%s \"" STR_FMT
                   "\": the object has been modified; please apply your changes to the latest "
                   "version and try again",
                   c->kind->plural, c->kind->group[0] ? "." : "", c->kind->group,
                   STR_ARG(c->key.name));
}

/* Is the version that the document names, if any, the one that is there? */
static int check_version(const struct changing *c, const struct store_object *o,
                         struct err *err)
{
    struct str text = json_str(json_path(c->of->doc, "metadata", "resourceVersion", NULL));

    if (str_is_empty(text) || str_eq(text, str_printf(c->arena, "%lld", (long long) o->rv)))
        return 0;
    return conflict(c, err);
}

static int make(const struct changing *c, const struct json *stored, struct json *ret,
                struct err *err)
{
    const struct managed_writer writer = {
        .manager = STR(""), .subresource = STR(""), .kind = c->kind, .now = clock_wall()};
    const struct patch_target target = {stored, field_patch_schema(c->kind->shape)};
    struct object_document checked;
    struct json made;

    if (c->of->operation == OBJECT_PATCH && c->of->patch == PATCH_STRATEGIC &&
        str_is(c->key.group, "argoproj.io"))
        return err_set(err, ERR_INVALID, "custom resources have no strategic merge patch: %s",
                       c->kind->kind);
    if (c->of->operation == OBJECT_UPDATE)
        made = patch_overlay(c->arena, stored, c->of->doc);
    else if (patch_apply(c->arena, c->of->patch, &target, c->of->doc, &made, err) < 0)
        return -1;
    made = json_set(
        c->arena, &made, STR("metadata"),
        json_without(c->arena, json_get(&made, STR("metadata")), STR("resourceVersion")));
    made = json_set_path(c->arena, &made, json_string(c->key.name), "metadata", "name", NULL);
    if (submit_gate(c->arena, &made, &checked, err) < 0)
        return -1;
    if (checked.kind != c->kind)
        return err_set(err, ERR_INVALID, "the kind of an object cannot be changed");
    made = object_settle(c->arena, c->kind, stored, &made, STR(""));
    if (object_check_change(c->arena, c->kind, stored, &made, err) < 0)
        return -1;
    *ret = managed_update(c->arena, &writer, stored, &made);
    return 0;
}

static int write_change(const struct changing *c, const struct store_object *o,
                        const struct store_object **ret, struct err *err)
{
    struct store_txn *txn;
    struct store_result result = {0};
    struct json stored, made;

    if (read_object(c->arena, o, &stored, err) < 0 ||
        (c->of->operation != OBJECT_DELETE && make(c, &stored, &made, err) < 0))
        return -1;
    txn = store_txn_new(c->store);
    if (!str_is_empty(c->of->once_mark))
        store_txn_once(txn, c->of->once_mark);
    if (c->of->operation == OBJECT_DELETE)
        store_txn_delete(txn, &c->key, o->uid, o->rv);
    else
        store_txn_update(txn, &made, o->rv);
    if (store_commit_wait(c->store, txn, &result, err) < 0)
        return -1;
    *ret = result.object;
    return 0;
}

/* With what is stored now. ERR_CONFLICT, ERR_EXISTS, ERR_NOT_FOUND: it has changed since. */
static int try_change(const struct changing *c, const struct store_object **ret,
                      struct err *err)
{
    const struct store_object *o;
    int result;

    if (str_is_empty(c->key.name))
        return c->of->operation == OBJECT_DELETE
                   ? 0
                   : submit_create(c->submitter, c->of->doc, c->of->ns, c->of->once_mark, ret,
                                   err);
    if (store_get(c->store, &c->key, &o, err) < 0) {
        if (err->kind != ERR_NOT_FOUND)
            return -1;
        err->kind = ERR_NONE;
        return c->of->operation == OBJECT_DELETE
                   ? 0
                   : submit_create(c->submitter, c->of->doc, c->of->ns, c->of->once_mark, ret,
                                   err);
    }
    result = check_version(c, o, err) < 0 ? -2 : write_change(c, o, ret, err);
    store_object_unref(o);
    return result;
}

int submit_change(void *submitter, const struct object_change *change,
                  const struct store_object **ret, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct store *store = ((struct workflow_submitter *) submitter)->store;
    struct changing c = {.arena = a, .submitter = submitter, .store = store, .of = change};
    int result = store_once_object(store, a, change->once_mark, ret, err);

    if (result != 0)
        return result < 0 ? -1 : 0;
    if (find_key(change->named ? change->named : change->doc, change->ns, &c.kind, &c.key,
                 err) < 0)
        return -1;
    for (int i = 0; i < PATCH_TRIES_MAX; i++) {
        *ret = NULL;
        result = try_change(&c, ret, err);
        if (result != -1 || (err->kind != ERR_CONFLICT && err->kind != ERR_EXISTS &&
                             err->kind != ERR_NOT_FOUND))
            break;
    }
    return result < 0 ? -1 : 0;
}
