/*
 * Synchronization of a workflow and of its nodes: asks for locks (locks.h), lets nodes wait for
 * them, and writes status.synchronization as upstream does: what is waited for stays there
 * until the workflow ends. Locks are given back by the controller after the commit.
 */
#include "workflows/engine/sync.h"
#include "formats/gotime.h"
#include "lang/subst/names.h"
#include "workflows/engine/world.h"

struct wanted {
    VEC(struct lock_item) items;
};

/* ---- what is asked for ---- */

static struct str ns_of(const struct wf *wf, const struct json *item)
{
    struct str ns = json_get_str(item, STR("namespace"));

    return str_is_empty(ns) ? wf->ns : ns;
}

static unsigned limit_of(const struct wf *wf, struct str ns, const struct json *ref)
{
    struct str name = json_get_str(ref, STR("name")), key = json_get_str(ref, STR("key"));
    const struct json *map =
        wf->world->config_map ? wf->world->config_map(wf->world->ctx, ns, name) : NULL;
    uint32_t ret = 0;

    if (!parse_u32(str_trim(json_get_str(json_get(map, STR("data")), key)), &ret))
        return 0;
    return ret;
}

static int add(struct wf *wf, struct wanted *w, struct lock_item item, struct err *err)
{
    VEC_FOREACH (it, &w->items)
        if (str_eq(it->key, item.key) && it->is_mutex == item.is_mutex)
            return err_set(err, ERR_INVALID,
                           "requested configuration is invalid: duplicate synchronization item "
                           "found");
    VEC_APUSH(wf->pass->a, &w->items, item);
    return 0;
}

/* A lock of the database. Its limit: for the caller. */
static struct lock_item database_item(struct wf *wf, struct str ns, struct str name,
                                      bool is_mutex)
{
    struct arena *a = wf->pass->a;

    return (struct lock_item){
        .key = str_printf(a, STR_FMT "/Database/" STR_FMT, STR_ARG(ns), STR_ARG(name)),
        .row = str_printf(a, "%s/" STR_FMT "/" STR_FMT, is_mutex ? "mtx" : "sem", STR_ARG(ns),
                          STR_ARG(name)),
        .is_mutex = is_mutex,
    };
}

/* A limit that is deleted holds on as long as somebody holds or wants the lock; with holders of
 * whom nobody knows what it was, after a restart, it is waited for. */
static int add_database(struct wf *wf, struct wanted *w, struct str ns, const struct json *ref,
                        struct err *err)
{
    struct str key = json_get_str(ref, STR("key"));
    struct lock_item item = database_item(wf, ns, key, false);
    const struct str *ignored = NULL;
    struct str name = str_skip(item.row, strlen("sem/"));
    uint32_t limit = 0;

    if (!wf->world->sync_limit || !wf->world->sync_limit(wf->world->ctx, name, &limit))
        limit = locks_limit(wf->world->locks, item.key, false);
    item.limit = limit;
    if (limit == 0 && locks_holders(wf->world->locks, item.key, false, &ignored) == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "failed to initialize semaphore " STR_FMT " with limit",
                       STR_ARG(item.key));
    return add(wf, w, item, err);
}

static int add_semaphore(struct wf *wf, struct wanted *w, const struct json *item,
                         struct err *err)
{
    const struct json *ref = json_get(item, STR("configMapKeyRef"));
    const struct json *database = json_get(item, STR("database"));
    struct str ns = ns_of(wf, item);

    if (ref && database)
        return err_set(err, ERR_INVALID,
                       "requested configuration is invalid: invalid semaphore with both "
                       "ConfigMapKeyRef and Database");
    if (database)
        return add_database(wf, w, ns, database, err);
    if (!ref)
        return err_set(err, ERR_INVALID,
                       "requested configuration is invalid: cannot get LockName for a "
                       "Semaphore without a ConfigMapRef or Database");
    return add(wf, w,
               (struct lock_item){
                   .key = str_printf(wf->pass->a, STR_FMT "/ConfigMap/" STR_FMT "/" STR_FMT,
                                     STR_ARG(ns), STR_ARG(json_get_str(ref, STR("name"))),
                                     STR_ARG(json_get_str(ref, STR("key")))),
                   .limit = limit_of(wf, ns, ref)},
               err);
}

static int add_mutex(struct wf *wf, struct wanted *w, const struct json *item, struct err *err)
{
    struct str ns = ns_of(wf, item), name = json_get_str(item, STR("name"));
    struct lock_item lock = {.is_mutex = true};

    if (json_get_bool(item, STR("database")))
        lock = database_item(wf, ns, name, true);
    else
        lock.key =
            str_printf(wf->pass->a, STR_FMT "/Mutex/" STR_FMT, STR_ARG(ns), STR_ARG(name));
    lock.limit = 1;
    return add(wf, w, lock, err);
}

static int want(struct wf *wf, const struct json *sync, struct wanted *w, struct err *err)
{
    const struct json *semaphores = json_get(sync, STR("semaphores")), *item;
    const struct json *mutexes = json_get(sync, STR("mutexes"));

    for (size_t i = 0; (item = json_item(semaphores, i)) != NULL; i++)
        if (add_semaphore(wf, w, item, err) < 0)
            return -1;
    for (size_t i = 0; (item = json_item(mutexes, i)) != NULL; i++)
        if (add_mutex(wf, w, item, err) < 0)
            return -1;
    return 0;
}

/* ---- status.synchronization ---- */

/* The entry of a lock in a list, or an empty one at its end. */
static size_t entry_of(const struct json *list, struct str kind, struct str key)
{
    size_t i = 0;

    while (json_item(list, i) && !str_eq(json_get_str(json_item(list, i), kind), key))
        i++;
    return i;
}

static struct json names_json(struct arena *a, const struct str *names, size_t count)
{
    struct json_array_builder b = {0};

    for (size_t i = 0; i < count; i++)
        json_push(a, &b, json_string(str_copy(a, names[i])));
    return json_array(&b);
}

/* @value at an index of status.synchronization.<kind>.<part>; NULL takes that entry out. */
static void put(struct wf *wf, struct str kind, const char *part, size_t at,
                const struct json *value)
{
    struct arena *a = wf->doc_arena;
    const char *kind_cz = str_cz(a, kind);
    const struct json *list =
        json_path(&wf->doc, "status", "synchronization", kind_cz, part, NULL);
    struct json_array_builder b = {0};

    if (value && json_item(list, at) && json_equal(json_item(list, at), value))
        return;
    for (size_t i = 0; json_item(list, i); i++)
        if (i != at)
            json_push(a, &b, *json_item(list, i));
        else if (value)
            json_push(a, &b, *value);
    if (value && !json_item(list, at))
        json_push(a, &b, *value);
    wf->doc = json_set_path(a, &wf->doc, json_array(&b), "status", "synchronization", kind_cz,
                            part, NULL);
    wf->is_doc_changed = true;
}

static struct json entry(struct arena *a, struct str kind, struct str key)
{
    return json_set(a, NULL, kind, json_string(str_copy(a, key)));
}

static void note_held(struct wf *wf, const struct lock_item *item, struct str holder)
{
    struct arena *a = wf->doc_arena;
    struct str kind = item->is_mutex ? STR("mutex") : STR("semaphore");
    const struct json *list =
        json_path(&wf->doc, "status", "synchronization", item->is_mutex ? "mutex" : "semaphore",
                  "holding", NULL);
    size_t at = entry_of(list, kind, item->key);
    const struct json *names = json_get(json_item(list, at), STR("holders"));
    struct json made = entry(a, kind, item->key);
    struct json_array_builder b = {0};

    for (size_t i = 0; json_item(names, i); i++)
        if (!str_eq(json_str(json_item(names, i)), holder))
            json_push(a, &b, *json_item(names, i));
    json_push(a, &b, json_string(str_copy(a, holder)));
    if (item->is_mutex)
        made = json_set(a, &made, STR("holder"), b.at[b.len - 1]);
    else
        made = json_set(a, &made, STR("holders"), json_array(&b));
    put(wf, kind, "holding", at, &made);
}

static void note_waiting(struct wf *wf, const struct lock_item *item)
{
    struct arena *a = wf->doc_arena;
    struct str kind = item->is_mutex ? STR("mutex") : STR("semaphore");
    const struct json *list =
        json_path(&wf->doc, "status", "synchronization", item->is_mutex ? "mutex" : "semaphore",
                  "waiting", NULL);
    struct json made = entry(a, kind, item->key);
    const struct str *names = NULL;
    size_t count = locks_holders(wf->world->locks, item->key, item->is_mutex, &names);

    if (item->is_mutex && count == 0)
        return;
    if (item->is_mutex)
        made = json_set(a, &made, STR("holder"), json_string(str_copy(a, names[0])));
    else if (count > 0)
        made = json_set(a, &made, STR("holders"), names_json(a, names, count));
    put(wf, kind, "waiting", entry_of(list, kind, item->key), &made);
}

static void drop_mutexes(struct wf *wf, struct str holder)
{
    const struct json *list, *item;

    for (size_t i = 0;; i++) {
        list = json_path(&wf->doc, "status", "synchronization", "mutex", "holding", NULL);
        item = json_item(list, i);
        if (!item)
            return;
        if (str_eq(json_get_str(item, STR("holder")), holder))
            put(wf, STR("mutex"), "holding", i--, NULL);
    }
}

/* An entry of a semaphore stays without holders, as upstream's. */
static void drop_semaphores(struct wf *wf, struct str holder)
{
    const struct json *list, *item;
    struct arena *a = wf->doc_arena;

    for (size_t i = 0;; i++) {
        struct json_array_builder b = {0};
        const struct json *names;
        struct json made;

        list = json_path(&wf->doc, "status", "synchronization", "semaphore", "holding", NULL);
        item = json_item(list, i);
        if (!item)
            return;
        names = json_get(item, STR("holders"));
        for (size_t k = 0; json_item(names, k); k++)
            if (!str_eq(json_str(json_item(names, k)), holder))
                json_push(a, &b, *json_item(names, k));
        made = json_without(a, item, STR("holders"));
        if (b.len > 0)
            made = json_set(a, &made, STR("holders"), json_array(&b));
        put(wf, STR("semaphore"), "holding", i, &made);
    }
}

/* ---- asking ---- */

static struct str holder_of(struct wf *wf, struct str node_id)
{
    if (str_is_none(node_id))
        return str_printf(wf->pass->a, STR_FMT "/" STR_FMT, STR_ARG(wf->ns), STR_ARG(wf->name));
    return str_printf(wf->pass->a, STR_FMT "/" STR_FMT "/" STR_FMT, STR_ARG(wf->ns),
                      STR_ARG(wf->name), STR_ARG(node_id));
}

static bool take(struct wf *wf, const struct wanted *w, struct str holder, struct str *failed,
                 struct str *text)
{
    struct lock_request request = {
        .uid = wf->uid, .holder = holder, .items = w->items.at, .item_count = w->items.len};
    struct wall created = {0};
    struct err err;
    bool is_taken;

    if (gotime_parse_wall(json_str(json_path(&wf->doc, "metadata", "creationTimestamp", NULL)),
                          &created, &err) == 0)
        request.created_ms = created.ms;
    if (!json_i64(json_get(wf->spec, STR("priority")), &request.priority))
        request.priority = 0;
    is_taken = locks_take(wf->world->locks, wf->pass->a, &request, failed, text);
    for (size_t i = 0; i < w->items.len; i++)
        if (is_taken)
            note_held(wf, &w->items.at[i], holder);
        else
            note_waiting(wf, &w->items.at[i]);
    return is_taken;
}

static bool is_wanting(const struct json *sync)
{
    return json_item(json_get(sync, STR("semaphores")), 0) ||
           json_item(json_get(sync, STR("mutexes")), 0);
}

/* ---- nodes ---- */

static struct wf_frame *frame_of(const struct wf_call *call, struct wf_node *n)
{
    const struct json *const kept[] = {call->holder, call->arguments, call->locals};
    struct arena *a = arena_new();
    struct wf_frame *f = ARENA_NEW(a, struct wf_frame);
    struct json *copies = ARENA_ARRAY(a, struct json, COUNT_OF(kept));

    for (size_t i = 0; i < COUNT_OF(kept); i++)
        if (kept[i])
            copies[i] = json_clone(a, kept[i]);
    f->arena = a;
    f->node = n;
    f->is_waiting = true;
    f->caller_scope = str_copy(a, call->scope);
    f->depth = call->depth;
    f->is_exit = call->is_exit;
    f->deadline_ms = call->deadline_ms;
    f->holder = &copies[0];
    f->arguments = call->arguments ? &copies[1] : NULL;
    f->locals = call->locals ? &copies[2] : NULL;
    return f;
}

static void wait(struct wf *wf, const struct wf_call *call, const struct json *tmpl,
                 struct wf_node **ret, struct str failed, struct str text)
{
    struct wf_node *n = *ret;

    if (!n) {
        n = wf_node_add(wf, call, wf_call_type(wf, tmpl), WF_PENDING);
        wf_call_inputs(wf, n, tmpl);
        *ret = n;
    }
    if (!str_eq(wf_rare(n, WF_WAITING), failed) || !str_eq(n->message, text)) {
        wf_rare_set(n, WF_WAITING, failed);
        wf_text_set(&n->message, text);
        wf_node_changed(wf, n);
    }
    n->frame = frame_of(call, n);
    wf_pending_note(wf, n, tmpl);
    VEC_PUSH(&wf->waiting, n);
}

enum wf_sync wf_sync_enter(struct wf *wf, const struct wf_call *call,
                           const struct wf_template *from, struct wf_node **ret,
                           struct err *err)
{
    struct str id = node_id(wf->pass->a, wf->name, wf_node_name(wf, call->name)),
               failed = STR_NONE, text;
    const struct json *sync;
    struct wanted w = {0};
    struct json tmpl;
    struct err ignored;

    if (call->is_attempt || !is_wanting(json_get(from->json, STR("synchronization"))))
        return WF_SYNC_OPEN;
    if (wf_call_process(wf, call, from->json, &tmpl, &ignored) < 0)
        return WF_SYNC_OPEN; /* the call says what is wrong */
    sync = json_get(&tmpl, STR("synchronization"));
    if (want(wf, sync, &w, err) < 0)
        return WF_SYNC_ERRED;
    if (!take(wf, &w, holder_of(wf, id), &failed, &text)) {
        wait(wf, call, &tmpl, ret, failed, text);
        return WF_SYNC_WAITS;
    }
    if (*ret && !str_is_none(wf_rare(*ret, WF_WAITING))) {
        wf_rare_set(*ret, WF_WAITING, STR_NONE);
        wf_text_set(&(*ret)->message, STR_NONE);
        wf_node_changed(wf, *ret);
    }
    return WF_SYNC_OPEN;
}

void wf_sync_began(struct wf *wf, struct wf_node *n)
{
    n->is_locked = true;
    if (wf_node_is_done(n))
        wf_sync_leave(wf, n);
}

void wf_sync_leave(struct wf *wf, struct wf_node *n)
{
    struct str holder;

    if (!n->is_locked && str_is_none(wf_rare(n, WF_WAITING)))
        return;
    holder = str_copy(wf->pass->out, holder_of(wf, n->id));
    VEC_APUSH(wf->pass->a, &wf->pass->releases, holder);
    if (n->is_locked) {
        drop_mutexes(wf, holder);
        drop_semaphores(wf, holder);
    }
    wf_rare_set(n, WF_WAITING, STR_NONE);
    n->is_locked = false;
}

/* The node's id in "ns/workflow/node"; absent: it is the workflow. */
static struct str node_of(struct str holder)
{
    struct str ns, workflow;

    return str_cut(&holder, '/', &ns) && str_cut(&holder, '/', &workflow) ? holder : STR_NONE;
}

static void settle_holder(struct wf *wf, struct str holder)
{
    struct str id = node_of(holder);
    const struct wf_node *n = str_is_none(id) ? NULL : map_find(&wf->nodes, id);

    if (str_is_none(id) || (n && !wf_node_is_done(n)))
        return;
    holder = str_copy(wf->pass->out, holder);
    VEC_APUSH(wf->pass->a, &wf->pass->releases, holder);
    drop_mutexes(wf, holder);
    drop_semaphores(wf, holder);
    wf->is_doc_changed = true;
}

void wf_sync_settle(struct wf *wf)
{
    const struct json *held = json_path(&wf->doc, "status", "synchronization", NULL), *list,
                      *item;
    struct json sync;

    if (!held)
        return;
    sync = json_clone(wf->pass->a, held); /* it changes meanwhile */
    list = json_path(&sync, "mutex", "holding", NULL);
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        settle_holder(wf, json_get_str(item, STR("holder")));
    list = json_path(&sync, "semaphore", "holding", NULL);
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        const struct json *names = json_get(item, STR("holders"));

        for (size_t k = 0; json_item(names, k); k++)
            settle_holder(wf, json_str(json_item(names, k)));
    }
}

void wf_sync_again(struct wf *wf, struct wf_node *n)
{
    struct wf_frame *f = n->frame;
    struct wf_node *same;
    struct wf_call call = {
        .name = n->name,
        .holder = f->holder,
        .arguments = f->arguments,
        .locals = f->locals,
        .scope = f->caller_scope,
        .boundary = n->boundary,
        .owner = n->owner,
        .hook_of = n->hook_of,
        .step = n->step,
        .flags = n->flags,
        .depth = f->depth,
        .is_exit = f->is_exit,
        .deadline_ms = f->deadline_ms,
    };

    n->frame = NULL;
    wf_call(wf, &call, &same);
    wf_frame_free(f);
}

void wf_sync_wake(struct wf *wf)
{
    VEC_FOREACH (it, &wf->waiting)
        wf_node_wake(wf, *it);
    wf->waiting.len = 0;
}

/* ---- the workflow ---- */

enum wf_sync wf_sync_workflow(struct wf *wf, struct err *err)
{
    const struct json *given = json_get(wf->spec, STR("synchronization"));
    const struct wf_names names = {.wf = wf};
    const struct subst_options opts = wf_names_options(&names, SUBST_LEAVE);
    struct str failed = STR_NONE, text = STR_NONE;
    struct wanted w = {0};
    struct json sync;

    if (wf->is_locked || !is_wanting(given))
        return WF_SYNC_OPEN;
    if (subst_json(wf->pass->a, given, &opts, &sync, err) < 0 || want(wf, &sync, &w, err) < 0)
        return WF_SYNC_ERRED;
    if (take(wf, &w, holder_of(wf, STR_NONE), &failed, &text)) {
        wf->is_locked = true;
        return WF_SYNC_OPEN;
    }
    if (wf->phase != WF_PENDING || !str_eq(wf->message, text)) {
        wf->phase = WF_PENDING;
        wf_text_set(&wf->message, text);
        wf->is_doc_changed = true;
    }
    return WF_SYNC_WAITS;
}
