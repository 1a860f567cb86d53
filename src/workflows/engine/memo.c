/*
 * Memoize: a node whose key has a result in the cache that is young enough ends at once with
 * it; one that has not runs, and its outputs are kept when it has succeeded. A cache is a
 * ConfigMap of the workflow's namespace, which is marked as one; upstream keeps them in the
 * controller's. Entries are written with the decision, in one commit.
 */
#include "workflows/engine/memo.h"
#include "formats/duration.h"
#include "formats/gotime.h"
#include "workflows/engine/world.h"

#define CACHE_LABEL "workflows.argoproj.io/configmap-type"

static bool is_key(struct str key)
{
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            (c != '-' || i == 0))
            return false;
    }
    return key.len > 0;
}

/* What is written beside the decision. */
static void write_entry(struct wf *wf, struct str name, struct str key,
                        const struct json *entry)
{
    struct arena *out = wf->pass->out;
    struct wf_memo_action memo = {.name = str_copy(out, name),
                                  .key = str_copy(out, key),
                                  .entry = json_text(out, entry, JSON_COMPACT)};

    VEC_APUSH(wf->pass->a, &wf->pass->memos, memo);
}

static struct json now_json(struct wf *wf)
{
    return json_string(gotime_rfc3339(wf->pass->a, wf->pass->now));
}

/* What this pass keeps of a key, which no ConfigMap shows yet; "" without. */
static struct str kept_now(const struct wf *wf, struct str name, struct str key)
{
    for (size_t i = wf->pass->memos.len; i-- > 0;) {
        const struct wf_memo_action *memo = &wf->pass->memos.at[i];

        if (str_eq(memo->name, name) && str_eq(memo->key, key))
            return memo->entry;
    }
    return STR("");
}

/* The entry of a key: 1, 0: there is none, -1. */
static int find_entry(struct wf *wf, struct str name, struct str key, struct json *ret,
                      struct err *err)
{
    const struct json *map = wf->world && wf->world->config_map
                                 ? wf->world->config_map(wf->world->ctx, wf->ns, name)
                                 : NULL;
    struct str text = kept_now(wf, name, key);

    if (!is_key(key))
        return err_set(err, ERR_INVALID, "invalid cache key: " STR_FMT, STR_ARG(key));
    if (map &&
        !str_is(json_str(json_path(map, "metadata", "labels", CACHE_LABEL, NULL)), "Cache"))
        return err_set(err, ERR_INVALID,
                       "memoization configmap " STR_FMT " doesn't have the label " CACHE_LABEL
                       ": Cache, refusing to use it",
                       STR_ARG(name));
    if (str_is_empty(text))
        text = json_get_str(json_get(map, STR("data")), key);
    if (str_is_empty(text))
        return 0;
    if (json_parse(wf->pass->a, str_copy(wf->pass->a, text), ret, err) < 0)
        return err_wrap(err,
                        "malformed cache entry: could not unmarshal JSON; unable to parse");
    return 1;
}

/* Is the entry too old? 1, 0, -1. */
static int is_old(struct wf *wf, const struct json *memoize, const struct json *found,
                  struct err *err)
{
    struct str max = json_get_str(memoize, STR("maxAge"));
    struct wall made = {0};
    int64_t ns = 0;

    if (str_is_empty(max))
        return 0;
    if (duration_parse(max, &ns, err) < 0)
        return err_wrap(err, "invalid maxAge");
    if (gotime_parse_wall(json_get_str(found, STR("creationTimestamp")), &made, err) < 0)
        return 1;
    return wf->pass->now.ms - made.ms > ns / DURATION_MS;
}

static void note(struct wf *wf, struct wf_node *n, struct str key, struct str name, bool is_hit)
{
    struct arena *a = wf->pass->a;
    struct json doc = json_set(a, NULL, STR("hit"), json_bool(is_hit));

    doc = json_set(a, &doc, STR("key"), json_string(key));
    doc = json_set(a, &doc, STR("cacheName"), json_string(name));
    wf_rare_set(n, WF_MEMO, json_text(a, &doc, JSON_COMPACT));
    wf_node_changed(wf, n);
}

static void use(struct wf *wf, struct wf_node *n, struct str name, struct str key,
                const struct json *found)
{
    struct arena *a = wf->pass->a;
    const struct json *outputs = json_get(found, STR("outputs"));
    struct json touched = json_set(a, found, STR("lastHitTimestamp"), now_json(wf));

    if (json_is(outputs, JSON_OBJECT))
        wf_text_set(&n->outputs, json_text(a, outputs, JSON_COMPACT));
    note(wf, n, key, name, true);
    write_entry(wf, name, key, &touched);
    wf_node_end(wf, n, WF_SUCCEEDED, STR_NONE);
}

enum wf_memo wf_memo_enter(struct wf *wf, const struct wf_call *call,
                           const struct wf_template *from, struct wf_node **ret,
                           struct err *err)
{
    struct str key, name;
    const struct json *memoize;
    struct json tmpl, found;
    struct err ignored;
    int rc, old = 0;

    if (call->is_attempt || !json_get(from->json, STR("memoize")) ||
        (*ret && ((*ret)->phase != WF_PENDING || !str_is_none(wf_rare(*ret, WF_MEMO)))))
        return WF_MEMO_NONE;
    if (wf_call_process(wf, call, from->json, &tmpl, &ignored) < 0)
        return WF_MEMO_NONE; /* the call says what is wrong */
    memoize = json_get(&tmpl, STR("memoize"));
    key = json_get_str(memoize, STR("key"));
    name = json_str(json_path(memoize, "cache", "configMap", "name", NULL));
    rc = find_entry(wf, name, key, &found, err);
    if (rc >= 0)
        old = is_old(wf, memoize, rc > 0 ? &found : NULL, err);
    if (rc < 0 || old < 0)
        return WF_MEMO_ERRED;
    if (!*ret) {
        *ret = wf_node_add(wf, call, wf_call_type(wf, &tmpl), WF_PENDING);
        wf_call_inputs(wf, *ret, &tmpl);
    }
    if (rc > 0 && !old) {
        use(wf, *ret, name, key, &found);
        return WF_MEMO_HIT;
    }
    note(wf, *ret, key, name, false);
    return WF_MEMO_MISS;
}

void wf_memo_leave(struct wf *wf, struct wf_node *n)
{
    const struct json *memo = wf_parsed(wf, wf_rare(n, WF_MEMO)), *outputs;
    struct arena *a = wf->pass->a;
    struct json entry;

    if (!memo || json_get_bool(memo, STR("hit")) || n->phase != WF_SUCCEEDED ||
        n->type == WF_RETRY) /* its attempt has done so */
        return;
    outputs = wf_parsed(wf, n->outputs);
    entry = json_set(a, NULL, STR("nodeID"), json_string(n->id));
    entry = json_set(a, &entry, STR("outputs"), outputs ? *outputs : json_null());
    entry = json_set(a, &entry, STR("creationTimestamp"), now_json(wf));
    entry = json_set(a, &entry, STR("lastHitTimestamp"), now_json(wf));
    write_entry(wf, json_get_str(memo, STR("cacheName")), json_get_str(memo, STR("key")),
                &entry);
}
