/*
 * Runs of before by their templates. Of a run only what took a second or more is kept: the hash
 * of the node's name behind that of the workflow, and the seconds. Does not decide anything.
 */
#include "workflows/engine/estimate.h"

#include "base/limits.h"
#include "formats/gotime.h"
#include "store/archive.h"
#include "workflows/engine/wf_internal.h"

struct estimate_node {
    uint64_t name; /* str_hash() */
    uint32_t seconds;
};

struct estimate {
    unsigned refs;
    int64_t created_ms; /* its workflow */
    uint32_t seconds;
    VEC(struct estimate_node) nodes; /* by name, once estimate_seal() was called */
};

struct known {
    struct str key; /* owned */
    const struct estimate *run;
    uint64_t used; /* when, by the table's own count */
};

struct estimates {
    struct map by_key; /* to struct known */
    uint64_t uses;
};

/* ---- one run ---- */

const struct estimate *estimate_ref(const struct estimate *run)
{
    if (run)
        ((struct estimate *) (uintptr_t) run)->refs++;
    return run;
}

void estimate_unref(const struct estimate *run)
{
    struct estimate *mine = (struct estimate *) (uintptr_t) run;

    if (!mine || --mine->refs > 0)
        return;
    VEC_DONE(&mine->nodes);
    free(mine);
}

/* Times are shown in whole seconds, and so are their differences. */
static uint32_t seconds_of(int64_t started_ms, int64_t finished_ms)
{
    int64_t seconds = started_ms > 0 ? finished_ms / 1000 - started_ms / 1000 : 0;

    return seconds <= 0 ? 0 : seconds > UINT32_MAX ? UINT32_MAX : (uint32_t) seconds;
}

static uint64_t name_of(struct str workflow, struct str node)
{
    return str_hash(str_starts(node, workflow) ? str_skip(node, workflow.len) : node);
}

static void add_node(struct estimate *run, struct str workflow, struct str node,
                     uint32_t seconds)
{
    const struct estimate_node made = {name_of(workflow, node), seconds};

    if (seconds > 0 && run->nodes.len < ESTIMATE_NODES_MAX)
        VEC_PUSH(&run->nodes, made);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = ((const struct estimate_node *) a)->name;
    uint64_t y = ((const struct estimate_node *) b)->name;

    return (x > y) - (x < y);
}

static struct estimate *seal(struct estimate *run)
{
    if (run->nodes.len > 0)
        qsort(run->nodes.at, run->nodes.len, sizeof(*run->nodes.at), compare);
    return run;
}

static int64_t time_ms(const struct json *at, const char *key)
{
    struct wall wall = {0};
    struct err err;

    return gotime_parse_wall(json_get_str(at, str_from(key)), &wall, &err) < 0 ? 0 : wall.ms;
}

static uint32_t status_seconds(const struct json *status)
{
    return seconds_of(time_ms(status, "startedAt"), time_ms(status, "finishedAt"));
}

/* Of a workflow by its document, without its nodes. */
static struct estimate *begin_run(const struct json *doc)
{
    struct estimate *run = NEW(struct estimate);

    run->refs = 1;
    run->created_ms = time_ms(json_get(doc, STR("metadata")), "creationTimestamp");
    return run;
}

struct estimate *estimate_of(const struct wf *wf)
{
    struct estimate *run = begin_run(&wf->doc);

    run->seconds = seconds_of(wf->started_ms, wf->finished_ms);
    for (size_t i = 0; i < wf->list.len; i++)
        add_node(run, wf->name, wf->list.at[i]->name,
                 seconds_of(wf->list.at[i]->started_ms, wf->list.at[i]->finished_ms));
    return seal(run);
}

uint32_t estimate_workflow_s(const struct estimate *run)
{
    return run ? run->seconds : 0;
}

uint32_t estimate_node_s(const struct estimate *run, struct str workflow, struct str node)
{
    const struct estimate_node wanted = {.name = run ? name_of(workflow, node) : 0};
    const struct estimate_node *found = NULL;

    if (run && run->nodes.len > 0)
        found = bsearch(&wanted, run->nodes.at, run->nodes.len, sizeof(wanted), compare);
    return found ? found->seconds : 0;
}

/* ---- what a workflow was made from ---- */

/* The label that names it, or NULL. */
static const char *made_from(const struct json *doc, struct str *ret_value)
{
    static const char *const labels[] = {"workflows.argoproj.io/workflow-template",
                                         "workflows.argoproj.io/cluster-workflow-template",
                                         "workflows.argoproj.io/cron-workflow"};
    const struct json *have = json_path(doc, "metadata", "labels", NULL);

    for (size_t i = 0; i < COUNT_OF(labels); i++) {
        *ret_value = json_get_str(have, str_from(labels[i]));
        if (!str_is_empty(*ret_value))
            return labels[i];
    }
    return NULL;
}

static struct str namespace_of(const struct json *doc)
{
    return json_str(json_path(doc, "metadata", "namespace", NULL));
}

struct str estimate_key(struct arena *a, const struct json *doc)
{
    struct str value;
    const char *label = made_from(doc, &value);

    return label ? str_printf(a, STR_FMT "/%s=" STR_FMT, STR_ARG(namespace_of(doc)), label,
                              STR_ARG(value))
                 : STR_NONE;
}

/* ---- the store ---- */

static struct estimate *read_live(struct store *store, struct arena *a,
                                  const struct store_query *q)
{
    struct store_list list;
    struct store_node *rows;
    struct estimate *run;
    struct json doc, node;
    size_t count = 0;
    struct err err;

    if (store_list(store, a, q, &list, &err) < 0)
        return NULL;
    if (list.len == 0 || json_parse(a, str_copy(a, list.at[0]->doc), &doc, &err) < 0 ||
        store_nodes(store, a, list.at[0]->uid, &rows, &count, &err) < 0) {
        store_list_done(&list);
        return NULL;
    }
    run = begin_run(&doc);
    run->seconds = status_seconds(json_get(&doc, STR("status")));
    for (size_t i = 0; i < count; i++)
        if (json_parse(a, rows[i].doc, &node, &err) == 0)
            add_node(run, list.at[0]->key.name, json_get_str(&node, STR("name")),
                     status_seconds(&node));
    store_list_done(&list);
    return seal(run);
}

static struct estimate *read_archived(struct store *store, struct arena *a,
                                      const struct archive_query *q)
{
    struct archive_page page;
    const struct json *nodes;
    struct estimate *run;
    struct json doc;
    struct str text;
    struct err err;

    if (store_archive_list(store, a, q, &page, &err) < 0 || page.len == 0 ||
        json_parse(a, page.summaries[0], &doc, &err) < 0 ||
        store_archive_get(store, a, json_str(json_path(&doc, "metadata", "uid", NULL)), &text,
                          &err) < 0 ||
        json_parse(a, text, &doc, &err) < 0)
        return NULL;
    run = begin_run(&doc);
    run->seconds = status_seconds(json_get(&doc, STR("status")));
    nodes = json_path(&doc, "status", "nodes", NULL);
    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++)
        add_node(run, json_str(json_path(&doc, "metadata", "name", NULL)),
                 json_get_str(&nodes->members[i].value, STR("name")),
                 status_seconds(&nodes->members[i].value));
    return seal(run);
}

struct estimate *estimate_read(struct store *store, const struct json *doc)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct store_query q = {.group = STR("argoproj.io"),
                            .kind = STR("Workflow"),
                            .ns = namespace_of(doc),
                            .limit = 1,
                            .newest_first = true,
                            .finished = STORE_FINISHED};
    struct archive_query kept = {.ns = q.ns, .limit = 1};
    struct selector labels;
    struct estimate *run;
    struct str value;
    const char *label = made_from(doc, &value);
    struct err err;

    if (!label || selector_parse(a,
                                 str_printf(a,
                                            "%s=" STR_FMT ","
                                            "workflows.argoproj.io/phase=Succeeded",
                                            label, STR_ARG(value)),
                                 &labels, &err) < 0)
        return NULL;
    q.labels = kept.labels = &labels;
    run = read_live(store, a, &q);
    return run ? run : read_archived(store, a, &kept);
}

/* ---- the table ---- */

struct estimates *estimates_new(void)
{
    struct estimates *e = NEW(struct estimates);

    map_init_borrowed(&e->by_key);
    return e;
}

static void drop(struct estimates *e, struct known *known)
{
    map_take(&e->by_key, known->key);
    estimate_unref(known->run);
    wf_text_set(&known->key, STR_NONE);
    free(known);
}

void estimates_free(struct estimates *e)
{
    if (!e)
        return;
    while (e->by_key.len > 0)
        drop(e, e->by_key.entries[0].value);
    map_done(&e->by_key);
    free(e);
}

bool estimates_find(struct estimates *e, struct str key, const struct estimate **ret)
{
    struct known *known = map_find(&e->by_key, key);

    if (!known)
        return false;
    known->used = ++e->uses;
    *ret = known->run;
    return true;
}

static void make_room(struct estimates *e)
{
    struct known *oldest = NULL;

    if (e->by_key.len < ESTIMATE_TEMPLATES_MAX)
        return;
    MAP_FOREACH (it, &e->by_key)
        if (!oldest || ((struct known *) it->value)->used < oldest->used)
            oldest = it->value;
    if (oldest)
        drop(e, oldest);
}

void estimates_put(struct estimates *e, struct str key, struct estimate *run)
{
    struct known *known = map_find(&e->by_key, key);

    if (!known) {
        make_room(e);
        known = NEW(struct known);
        wf_text_set(&known->key, key);
        map_put(&e->by_key, known->key, known);
    } else if (known->run && (!run || run->created_ms < known->run->created_ms)) {
        estimate_unref(run);
        return;
    }
    known->used = ++e->uses;
    estimate_unref(known->run);
    known->run = run;
}
