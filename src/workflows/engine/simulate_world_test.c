/* Playing a story: several workflows, their locks, their pods, crashes, and a real store beside
 * them. See simulate_test.h. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/store.h"
#include "workflows/engine/simulate_test.h"

enum { EVENTS_MAX = 20000, SEMAPHORE_LIMIT = 2, REOPEN_ODDS = 4, WATCH_TURNS_MAX = 1000 };

struct sim {
    struct arena *a;
    const struct simulate_story *story;
    const struct simulate_play *play;
    struct runner runners[SIMULATE_WORKFLOWS_MAX];
    struct locks *locks;
    struct json config_map;
    struct wall now;
    uint64_t dice;
    size_t crashes;
    struct str fault;
    /* The real store. */
    char path[64];
    struct loop *loop;
    struct store *store;
    struct store_watch *watch;
    int64_t stored_rv, told_rv; /* of the last commit; of the newest event of the watch */
    struct map told; /* name to a struct str: the newest document that the watch told of */
};

static uint64_t roll(struct sim *s, uint64_t below)
{
    s->dice ^= s->dice << 13;
    s->dice ^= s->dice >> 7;
    s->dice ^= s->dice << 17;
    return (s->dice >> 11) % below;
}

static void _printf_(2, 3) fault(struct sim *s, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    if (s->fault.len == 0)
        s->fault = str_vprintf(s->a, fmt, args);
    va_end(args);
}

static void _printf_(2, 3) note(struct sim *s, const char *fmt, ...)
{
    va_list args;

    if (!s->play->log)
        return;
    va_start(args, fmt);
    strbuf_vaddf(s->play->log, fmt, args);
    va_end(args);
    strbuf_addc(s->play->log, '\n');
}

/* ---- what workflows see of each other ---- */

static void on_wake(void *ctx, struct str uid)
{
    struct sim *s = ctx;

    for (unsigned i = 0; i < s->story->count; i++)
        if (str_eq(wf_uid(s->runners[i].wf), uid))
            s->runners[i].is_woken = true;
}

static const struct json *find_map(void *ctx, struct str ns, struct str name)
{
    struct sim *s = ctx;

    (void) ns;
    return str_is(name, "limits") ? &s->config_map : NULL;
}

static bool find_limit(void *ctx, struct str name, uint32_t *ret)
{
    (void) ctx;
    (void) name;
    *ret = SEMAPHORE_LIMIT;
    return true;
}

static void make_map(struct sim *s)
{
    for (unsigned level = 0; level < 4; level++)
        for (unsigned i = 0; i < 3; i++)
            s->config_map = json_set_path(
                s->a, &s->config_map, json_string(str_printf(s->a, "%d", SEMAPHORE_LIMIT)),
                "data", str_printf(s->a, "s%u-%u", level, i).ptr, NULL);
}

static void outcome(struct runner *r, const struct pod_request *request, struct arena *a,
                    struct pod_report *ret)
{
    const struct sim *s = r->ctx;
    uint64_t die =
        (str_fnv32a(request->node_name) ^ (uint32_t) (s->story->seed * 2654435761U)) % 100;

    (void) a;
    ret->phase = die < 25 ? POD_FAILED : POD_SUCCEEDED;
    ret->message = die < 25 ? STR("main: Error (exit code 1)") : STR("");
}

/* ---- the real store ---- */

static void on_event(void *ctx, const struct store_event *event)
{
    struct sim *s = ctx;
    struct str *told;

    if (!event->object)
        return;
    s->told_rv = event->rv;
    told = map_find(&s->told, event->object->key.name);
    if (!told) {
        told = ARENA_NEW(s->a, struct str);
        map_put(&s->told, event->object->key.name, told);
    }
    *told = str_copy(s->a, event->object->doc);
}

static void on_watch_end(void *ctx, const struct err *err)
{
    struct sim *s = ctx;

    s->watch = NULL;
    fault(s, "the watch has ended: %s", err->text);
}

static void open_store(struct sim *s, int64_t from_rv)
{
    const struct store_query q = {.group = STR("argoproj.io"),
                                  .kind = STR("Workflow"),
                                  .ns = STR(""),
                                  .name_prefix = STR("")};
    struct err err;

    s->store = store_open(&(struct store_options){.path = s->path, .loop = s->loop}, &err);
    if (!s->store) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    s->watch = store_watch_open(s->store, &q, from_rv, on_event, on_watch_end, s);
}

static void close_store(struct sim *s)
{
    for (int i = 0; i < 3; i++)
        loop_run_once(s->loop, 0);
    store_watch_close(TAKE(s->watch));
    store_close(TAKE(s->store));
}

static struct json stored_doc(struct sim *s, struct runner *r)
{
    struct json doc;
    struct err err;

    if (json_parse(s->a, str_copy(s->a, r->doc), &doc, &err) < 0)
        abort();
    if (!json_get(&doc, STR("kind"))) {
        doc = json_set(s->a, &doc, STR("apiVersion"), json_string(STR("argoproj.io/v1alpha1")));
        doc = json_set(s->a, &doc, STR("kind"), json_string(STR("Workflow")));
    }
    return doc;
}

static void commit(struct sim *s, struct store_txn *txn)
{
    struct store_result result = {0};
    struct err err;

    if (store_commit_wait(s->store, txn, &result, &err) < 0)
        fault(s, "the store refused a commit: %s", err.text);
    else
        store_object_unref(result.object);
    if (result.rv > s->stored_rv)
        s->stored_rv = result.rv;
    loop_run_once(s->loop, 0);
}

static void on_commit(struct runner *r, const struct wf_actions *did)
{
    struct sim *s = r->commit_ctx;
    struct store_txn *txn = store_txn_new(s->store);
    struct json doc = stored_doc(s, r);
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("n"),
                                  wf_name(r->wf)};

    if (!str_is_none(did->doc))
        store_txn_update(txn, &doc, 0);
    else
        store_txn_touch(txn, &key, wf_uid(r->wf));
    for (size_t i = 0; i < did->node_count; i++)
        store_txn_node(txn, wf_uid(r->wf), did->nodes[i].id, did->nodes[i].seq,
                       did->nodes[i].doc);
    commit(s, txn);
}

static bool is_same_document(struct sim *s, struct str left, struct str right)
{
    struct json a, b;
    struct err err;

    return json_parse(s->a, left, &a, &err) == 0 && json_parse(s->a, right, &b, &err) == 0 &&
           json_equal(&a, &b);
}

/* The store has the rows of a runner, and the replay of its changes gives the document. */
static void check_stored(struct sim *s, struct runner *r)
{
    const struct store_key key = {STR("argoproj.io"), STR("Workflow"), STR("n"),
                                  wf_name(r->wf)};
    struct json want = stored_doc(s, r);
    const struct store_object *o;
    struct store_node *nodes;
    struct str *told;
    size_t count;
    struct err err;

    if (store_get(s->store, &key, &o, &err) < 0 ||
        store_nodes(s->store, s->a, o->uid, &nodes, &count, &err) < 0) {
        fault(s, "the store lost a workflow: %s", err.text);
        return;
    }
    if (!is_same_document(s, str_copy(s->a, o->doc), json_text(s->a, &want, JSON_COMPACT)))
        fault(s, "the store has another document of " STR_FMT, STR_ARG(key.name));
    told = map_find(&s->told, key.name);
    if (!told || !is_same_document(s, *told, str_copy(s->a, o->doc)))
        fault(s, "the replay of changes gives another document of " STR_FMT, STR_ARG(key.name));
    store_object_unref(o);
    if (count != r->rows.len)
        fault(s, "the store has %zu nodes of " STR_FMT ", not %zu", count, STR_ARG(key.name),
              r->rows.len);
    for (size_t i = 0; i < count; i++) {
        struct runner_row *row = map_find(&r->rows, nodes[i].id);

        if (!row || row->seq != nodes[i].seq || !str_eq(row->doc, nodes[i].doc))
            fault(s, "the store has another node " STR_FMT, STR_ARG(nodes[i].id));
    }
}

/* The watch tells in its own time. */
static void check_store(struct sim *s)
{
    for (int i = 0; i < WATCH_TURNS_MAX && s->told_rv < s->stored_rv; i++)
        loop_run_once(s->loop, 10);
    for (unsigned i = 0; i < s->story->count; i++)
        check_stored(s, &s->runners[i]);
}

static void begin_store(struct sim *s)
{
    struct err err;

    snprintf(s->path, sizeof(s->path), "%s/tiphys-simulate-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    s->loop = loop_new(&err);
    if (!s->loop || !mkdtemp(s->path))
        abort();
    open_store(s, 0);
    for (unsigned i = 0; i < s->story->count; i++) {
        struct store_txn *txn = store_txn_new(s->store);
        struct json doc = stored_doc(s, &s->runners[i]);

        store_txn_create(txn, &doc);
        commit(s, txn);
        s->runners[i].on_commit = on_commit;
        s->runners[i].commit_ctx = s;
    }
}

static void end_store(struct sim *s)
{
    static const char *const names[] = {"state.db", "state.db-wal", "state.db-shm",
                                        "state.lock"};
    char file[128];

    check_store(s);
    close_store(s);
    loop_free(s->loop);
    map_done(&s->told);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(file, sizeof(file), "%s/%s", s->path, names[i]);
        unlink(file);
    }
    rmdir(s->path);
}

/* ---- locks ---- */

static void count_holder(struct sim *s, struct map *counts, struct str key, bool is_mutex,
                         struct str holder)
{
    size_t *count = map_find(counts, key); /* no mutex has the key of a semaphore here */
    size_t limit = is_mutex ? 1 : SEMAPHORE_LIMIT;

    if (!count) {
        const struct str *ignored;

        count = ARENA_NEW(s->a, size_t);
        map_put(counts, key, count);
        if (locks_holders(s->locks, key, is_mutex, &ignored) > limit)
            fault(s, STR_FMT " is granted to %zu", STR_ARG(key),
                  locks_holders(s->locks, key, is_mutex, &ignored));
    }
    if (++*count > limit)
        fault(s, STR_FMT " is granted twice, also to " STR_FMT, STR_ARG(key), STR_ARG(holder));
}

static void check_locks(struct sim *s)
{
    _cleanup_arena_ struct arena *a = arena_new();
    _cleanup_map_ struct map counts = {0};

    for (unsigned i = 0; i < s->story->count; i++) {
        const struct json *sync, *item;
        struct json doc;
        struct err err;

        if (str_find(s->runners[i].doc, STR("\"holding\"")) == SIZE_MAX ||
            json_parse(a, s->runners[i].doc, &doc, &err) < 0)
            continue;
        sync = json_path(&doc, "status", "synchronization", NULL);
        for (size_t k = 0;
             (item = json_item(json_path(sync, "mutex", "holding", NULL), k)) != NULL; k++)
            count_holder(s, &counts, json_get_str(item, STR("mutex")), true,
                         json_get_str(item, STR("holder")));
        for (size_t k = 0;
             (item = json_item(json_path(sync, "semaphore", "holding", NULL), k)) != NULL; k++)
            for (size_t n = 0; json_item(json_get(item, STR("holders")), n); n++)
                count_holder(s, &counts, json_get_str(item, STR("semaphore")), false,
                             json_str(json_item(json_get(item, STR("holders")), n)));
    }
}

/* ---- what happens ---- */

static void pass(struct sim *s, struct runner *r)
{
    r->now = s->now;
    r->is_woken = false;
    runner_pass(r, &(struct wf_input){.kind = WF_INPUT_WAKE});
}

/* The process dies, and comes back with what was stored. */
static void crash(struct sim *s)
{
    unsigned first = (unsigned) roll(s, s->story->count);

    s->crashes++;
    locks_free(s->locks);
    s->locks = locks_new(on_wake, s);
    if (s->store && roll(s, REOPEN_ODDS) == 0) {
        int64_t rv = store_rv(s->store);

        note(s, "  the store is opened again");
        check_store(s);
        close_store(s);
        open_store(s, rv);
    }
    for (unsigned i = 0; i < s->story->count; i++) {
        struct runner *r = &s->runners[i];
        struct json doc;
        struct err err;

        r->world.locks = s->locks;
        r->fate = RUNNER_WHOLE;
        r->is_dead = r->is_woken = false;
        r->waiting.len = 0;
        if (!r->is_finished && json_parse(s->a, str_copy(s->a, r->doc), &doc, &err) == 0)
            locks_restore(s->locks, &doc, LOCKS_AT_START);
    }
    for (unsigned i = 0; i < s->story->count; i++) {
        struct runner *r = &s->runners[(first + i) % s->story->count];

        if (r->is_finished)
            continue;
        runner_reload(r);
        pass(s, r);
    }
}

static void set_fate(struct sim *s, struct runner *r)
{
    r->fate = RUNNER_WHOLE;
    if (s->play->crash_odds && roll(s, s->play->crash_odds) == 0)
        r->fate = roll(s, 2) ? RUNNER_LOST : RUNNER_UNACTED;
    if (r->fate != RUNNER_WHOLE)
        note(s, "  the process dies %s",
             r->fate == RUNNER_LOST ? "before the decision is stored"
                                    : "when the decision is stored");
}

/* One of those for which something can happen at once; NULL: nothing can. */
static struct runner *choose(struct sim *s)
{
    struct runner *found[SIMULATE_WORKFLOWS_MAX];
    unsigned count = 0;

    for (unsigned i = 0; i < s->story->count; i++)
        if (!s->runners[i].is_finished &&
            (s->runners[i].is_woken || s->runners[i].waiting.len > 0))
            found[count++] = &s->runners[i];
    if (count == 0)
        return NULL;
    return found[s->play->order ? roll(s, count) : 0];
}

/* The one whose timer is due first; NULL: nobody waits for a time. */
static struct runner *sleeper(struct sim *s)
{
    struct runner *found = NULL;

    for (unsigned i = 0; i < s->story->count; i++) {
        struct runner *r = &s->runners[i];

        if (!r->is_finished && r->wake_at.ms > 0 &&
            (!found || r->wake_at.ms < found->wake_at.ms))
            found = r;
    }
    return found;
}

static bool happen(struct sim *s)
{
    struct runner *r = choose(s);
    size_t at;

    if (r) {
        set_fate(s, r);
        if (r->is_woken) {
            note(s, STR_FMT " is woken by a lock", STR_ARG(wf_name(r->wf)));
            pass(s, r);
        } else {
            at = s->play->order ? roll(s, r->waiting.len) : 0;
            note(s, "pod of " STR_FMT " ends", STR_ARG(r->waiting.at[at]->request.node_name));
            r->now = s->now;
            runner_report(r, at);
        }
    } else {
        r = sleeper(s);
        if (!r)
            return false;
        set_fate(s, r);
        s->now.ms = r->wake_at.ms > s->now.ms ? r->wake_at.ms : s->now.ms;
        note(s, STR_FMT " is woken by its timer", STR_ARG(wf_name(r->wf)));
        pass(s, r);
    }
    s->now = r->now;
    if (r->is_dead)
        crash(s);
    check_locks(s);
    return true;
}

static bool is_over(const struct sim *s)
{
    for (unsigned i = 0; i < s->story->count; i++)
        if (!s->runners[i].is_finished)
            return false;
    return true;
}

static void begin(struct sim *s)
{
    s->now.ms = 1700000000000;
    s->dice = s->play->order * 0x9e3779b97f4a7c15U + 1;
    s->locks = locks_new(on_wake, s);
    make_map(s);
    for (unsigned i = 0; i < s->story->count; i++) {
        struct runner *r = &s->runners[i];

        *r = (struct runner){.outcome = outcome, .ctx = s, .is_shared = true};
        r->world = (struct wf_world){
            .locks = s->locks, .ctx = s, .config_map = find_map, .sync_limit = find_limit};
        runner_init(r, s->story->docs[i]);
    }
    if (s->play->has_store)
        begin_store(s);
    for (unsigned i = 0; i < s->story->count; i++)
        pass(s, &s->runners[i]);
}

static void end(struct sim *s, struct simulate_result *ret)
{
    if (s->play->has_store)
        end_store(s);
    for (unsigned i = 0; i < s->story->count; i++) {
        struct runner *r = &s->runners[i];

        if (!r->is_finished)
            fault(s, STR_FMT " never ends", STR_ARG(wf_name(r->wf)));
        if (r->failures > 0)
            fault(s, "a pod is asked for twice, differently");
        ret->asked += r->asked;
        ret->passes += r->passes;
        ret->lines[i] = runner_lines(r, s->a);
        runner_done(r);
    }
    locks_free(s->locks);
    ret->crashes = s->crashes;
    ret->fault = s->fault;
}

struct simulate_result simulate_play(struct arena *a, const struct simulate_story *story,
                                     const struct simulate_play *play)
{
    struct sim s = {.a = a, .story = story, .play = play, .fault = STR("")};
    struct simulate_result ret = {.fault = STR("")};

    s.config_map = json_object(&(struct json_object_builder){0});
    begin(&s);
    for (unsigned i = 0; i < EVENTS_MAX && s.fault.len == 0 && !is_over(&s); i++)
        if (!happen(&s))
            break;
    end(&s, &ret);
    return ret;
}

/* ---- a story in several ways ---- */

static struct str compare(struct arena *a, const struct simulate_story *story,
                          const struct simulate_result *quiet,
                          const struct simulate_result *wild)
{
    if (wild->fault.len > 0)
        return wild->fault;
    for (unsigned i = 0; i < story->count; i++)
        if (!str_eq(quiet->lines[i], wild->lines[i]))
            return str_printf(a,
                              "workflow %u ends with another tree\n--- quiet\n" STR_FMT
                              "--- this time\n" STR_FMT,
                              i + 1, STR_ARG(quiet->lines[i]), STR_ARG(wild->lines[i]));
    if (quiet->asked != wild->asked)
        return str_printf(a, "%zu pods are asked for, %zu in a quiet run", wild->asked,
                          quiet->asked);
    return STR("");
}

struct str simulate_fault(struct arena *a, const struct simulate_story *story, unsigned tries,
                          struct simulate_play *ret_play, struct simulate_result *total)
{
    struct simulate_result quiet, wild;

    *ret_play = (struct simulate_play){.order = 0};
    quiet = simulate_play(a, story, ret_play);
    if (quiet.fault.len > 0)
        return quiet.fault;
    for (unsigned i = 1; i <= tries; i++) {
        struct str found;

        *ret_play = (struct simulate_play){.order = story->seed * 7919 + i,
                                           .crash_odds = i == 1 ? 0 : 3 + i % 3 * 4,
                                           .has_store = i == tries && story->seed % 4 == 0};
        wild = simulate_play(a, story, ret_play);
        found = compare(a, story, &quiet, &wild);
        if (total) {
            total->crashes += wild.crashes;
            total->asked += wild.asked;
            total->passes += wild.passes;
        }
        if (found.len > 0)
            return found;
    }
    return STR("");
}
