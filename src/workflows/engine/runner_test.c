/* The scripted surroundings of wf_decide() in tests. Not part of the program. */
#include <stdio.h>

#include "base/mem.h"
#include "workflows/engine/runner_test.h"

enum { RUNNER_PASSES_MAX = 100000, RUNNER_LOOKS_MAX = 200 };

static struct str own(struct str s)
{
    return str_of(mem_dup(s.ptr, s.len), s.len);
}

static void drop(struct str *s)
{
    free((void *) (uintptr_t) s->ptr);
    *s = STR_NONE;
}

uint64_t runner_random(struct runner *r)
{
    r->seed ^= r->seed << 13;
    r->seed ^= r->seed >> 7;
    r->seed ^= r->seed << 17;
    return r->seed;
}

static void woken(void *ctx, struct str uid)
{
    struct runner *r = ctx;

    (void) uid;
    r->is_woken = true;
}

static void restore(struct runner *r)
{
    struct arena *a = arena_new();
    struct json doc;
    struct err err;

    if (!r->world.locks)
        r->world.locks = locks_new(woken, r);
    if (json_parse(a, r->doc, &doc, &err) == 0)
        locks_restore(r->world.locks, &doc, LOCKS_AT_LOAD);
    arena_free(a);
}

static void load(struct runner *r)
{
    struct wf_stored_node *nodes = mem_array(r->rows.len + 1, sizeof(*nodes));
    struct err err;
    size_t count = 0;

    MAP_FOREACH (it, &r->rows) {
        struct runner_row *row = it->value;

        nodes[count++] =
            (struct wf_stored_node){.id = it->key, .seq = row->seq, .doc = row->doc};
    }
    /* Rows come in order of seq: insertion order is not always that. */
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0 && nodes[k - 1].seq > nodes[k].seq; k--) {
            struct wf_stored_node swap = nodes[k];

            nodes[k] = nodes[k - 1];
            nodes[k - 1] = swap;
        }
    r->wf = wf_load(r->doc, nodes, count, &err);
    free(nodes);
    if (!r->wf) {
        fprintf(stderr, "wf_load: %s\n", err.text);
        abort();
    }
    restore(r);
    wf_see_world(r->wf, &r->world);
}

void runner_init(struct runner *r, struct str doc)
{
    r->doc = own(doc);
    r->now.ms = 1700000000000;
    load(r);
}

static void store(struct runner *r, const struct wf_actions *did)
{
    if (!str_is_none(did->doc)) {
        drop(&r->doc);
        r->doc = own(did->doc);
    }
    for (size_t i = 0; i < did->node_count; i++) {
        struct runner_row *row = map_find(&r->rows, did->nodes[i].id);

        if (!row) {
            row = NEW(struct runner_row);
            map_put(&r->rows, did->nodes[i].id, row);
        }
        drop(&row->doc);
        row->seq = did->nodes[i].seq;
        row->doc = own(did->nodes[i].doc);
    }
}

static struct str request_text(struct arena *a, const struct pod_request *q)
{
    return str_printf(a, STR_FMT "|" STR_FMT "|" STR_FMT "|" STR_FMT "|%d|" STR_FMT,
                      STR_ARG(q->name), STR_ARG(q->node_id), STR_ARG(q->node_name),
                      STR_ARG(q->service_account), q->wants_result,
                      STR_ARG(json_text(a, q->template, JSON_COMPACT)));
}

static bool is_waiting(const struct runner *r, const struct runner_pod *pod)
{
    for (size_t i = 0; i < r->waiting.len; i++)
        if (r->waiting.at[i] == pod)
            return true;
    return false;
}

static void ask(struct runner *r, const struct pod_request *q)
{
    struct runner_pod *pod = map_find(&r->pods, q->uid);
    struct arena *a = arena_new();
    struct str text = request_text(a, q);

    if (pod) {
        if (!str_eq(pod->text, text)) {
            fprintf(stderr, "asked twice, differently:\n" STR_FMT "\n" STR_FMT "\n",
                    STR_ARG(pod->text), STR_ARG(text));
            r->failures++;
        }
        arena_free(a);
        if (r->is_shared && !is_waiting(r, pod))
            VEC_PUSH(&r->waiting, pod);
        return;
    }
    pod = NEW(struct runner_pod);
    pod->arena = a;
    pod->text = text;
    pod->request.uid = str_copy(a, q->uid);
    pod->request.node_id = str_copy(a, q->node_id);
    pod->request.node_name = str_copy(a, q->node_name);
    pod->request.name = str_copy(a, q->name);
    pod->request.deadline = q->deadline;
    pod->request.grace_ms = q->grace_ms;
    pod->request.wants_result = q->wants_result;
    pod->request.template =
        memcpy(ARENA_NEW(a, struct json), &(struct json[]){json_clone(a, q->template)},
               sizeof(struct json));
    map_put(&r->pods, pod->request.uid, pod);
    VEC_PUSH(&r->waiting, pod);
    r->asked++;
    if (r->waiting.len > r->max_waiting)
        r->max_waiting = r->waiting.len;
}

/* Who looks whether somebody else has written the status must find the own one to be known. */
static void look_at_status(const struct runner *r)
{
    if (r->passes > RUNNER_LOOKS_MAX || str_is_none(r->doc) || wf_knows_status(r->wf, r->doc))
        return;
    fprintf(stderr, "pass %zu: what was stored is not known: " STR_FMT "\n", r->passes,
            STR_ARG(r->doc));
    abort();
}

void runner_pass(struct runner *r, const struct wf_input *input)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct wf_actions did = {.arena = a};

    r->passes++;
    wf_decide(r->wf, input, 1, r->now, &did);
    r->is_dead = r->fate != RUNNER_WHOLE;
    if (r->fate == RUNNER_LOST)
        return;
    store(r, &did);
    look_at_status(r);
    if (r->on_commit)
        r->on_commit(r, &did);
    r->wake_at = did.wake_at;
    r->is_finished = did.is_finished;
    if (r->is_dead)
        return;
    for (size_t i = 0; i < did.pod_count; i++)
        ask(r, &did.pods[i].request);
    for (size_t i = 0; i < did.kill_count; i++) {
        struct runner_pod *pod = map_find(&r->pods, did.kills[i].uid);

        if (pod)
            pod->killed = str_copy(pod->arena, did.kills[i].why);
    }
    for (size_t i = 0; i < did.release_count; i++)
        locks_release(r->world.locks, did.releases[i]);
    if (r->is_finished)
        locks_forget(r->world.locks, wf_uid(r->wf));
    locks_kick(r->world.locks);
    if (r->is_woken && !r->is_finished && !r->is_shared) {
        r->is_woken = false;
        runner_pass(r, &(struct wf_input){.kind = WF_INPUT_WAKE});
    }
}

void runner_reload(struct runner *r)
{
    wf_free(r->wf);
    load(r);
}

void runner_crash(struct runner *r)
{
    runner_reload(r);
    r->crashes++;
    runner_pass(r, &(struct wf_input){.kind = WF_INPUT_WAKE});
}

void runner_report(struct runner *r, size_t index)
{
    struct runner_pod *pod = r->waiting.at[index];
    struct pod_report report = {.uid = pod->request.uid, .message = STR("")};
    struct wf_input input = {
        .kind = WF_INPUT_POD, .node_id = pod->request.node_id, .report = &report};

    memmove(&r->waiting.at[index], &r->waiting.at[index + 1],
            (r->waiting.len - index - 1) * sizeof(struct runner_pod *));
    r->waiting.len--;
    r->now.ms += 1000;
    report.phase = POD_RUNNING;
    report.ip = STR("10.0.0.7");
    runner_pass(r, &input);
    if (r->is_dead || json_get_bool(pod->request.template, STR("daemon")))
        return; /* goes on until it is killed */
    report.is_final = true;
    r->outcome(r, &pod->request, pod->arena, &report);
    if (!str_is_none(pod->killed)) {
        report.phase = POD_FAILED;
        report.message = pod->killed;
    }
    runner_pass(r, &input);
}

void runner_run(struct runner *r)
{
    runner_pass(r, &(struct wf_input){.kind = WF_INPUT_WAKE});
    while (!r->is_finished && r->passes < RUNNER_PASSES_MAX) {
        if (r->crash_odds && runner_random(r) % r->crash_odds == 0)
            runner_crash(r);
        if (r->waiting.len > 0) {
            runner_report(r, r->seed ? runner_random(r) % r->waiting.len : 0);
        } else if (r->wake_at.ms > 0) {
            r->now = r->wake_at;
            runner_pass(r, &(struct wf_input){.kind = WF_INPUT_WAKE});
        } else {
            return;
        }
    }
}

struct str runner_tree(struct runner *r, struct arena *a)
{
    struct json_object_builder nodes = {0};
    struct json doc, node;
    struct err err;

    if (json_parse(a, r->doc, &doc, &err) < 0)
        abort();
    MAP_FOREACH (it, &r->rows) {
        struct runner_row *row = it->value;

        if (json_parse(a, row->doc, &node, &err) < 0)
            abort();
        json_add(a, &nodes, it->key, node);
    }
    doc = json_set_path(a, &doc, json_object(&nodes), "status", "nodes", NULL);
    return json_text(a, &doc, JSON_INDENT);
}

static int compare_str(const void *a, const void *b)
{
    return str_cmp(*(const struct str *) a, *(const struct str *) b);
}

static void add_ids(struct runner *r, struct arena *a, struct strbuf *b, const char *name,
                    const struct json *ids)
{
    struct str *list = ARENA_ARRAY(a, struct str, ids ? ids->count + 1 : 1);
    size_t count = 0;

    for (size_t i = 0; json_item(ids, i); i++) {
        struct runner_row *row = map_find(&r->rows, json_str(json_item(ids, i)));
        struct json doc;
        struct err err;

        if (row && json_parse(a, row->doc, &doc, &err) == 0)
            list[count++] = json_get_str(&doc, STR("displayName"));
        else
            list[count++] = str_concat(a, STR("?"), json_str(json_item(ids, i)));
    }
    qsort(list, count, sizeof(*list), compare_str);
    for (size_t i = 0; i < count; i++)
        strbuf_addf(b, "%s" STR_FMT, i == 0 ? name : " ", STR_ARG(list[i]));
    if (count > 0)
        strbuf_addz(b, "]");
}

static struct str node_line(struct runner *r, struct arena *a, const struct json *n)
{
    static const char *const texts[] = {"progress", "message", "templateName", "templateScope"};
    static const char *const values[] = {"templateRef", "nodeFlag", "inputs", "outputs"};
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    struct json_array_builder one = {0};
    struct json boundary;

    strbuf_addf(&b, STR_FMT " %s " STR_FMT, STR_ARG(json_get_str(n, STR("name"))),
                str_cz(a, json_get_str(n, STR("type"))),
                STR_ARG(json_get_str(n, STR("phase"))));
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (json_get(n, str_from(texts[i])))
            strbuf_addf(&b, " %s=" STR_FMT, texts[i],
                        STR_ARG(json_get_str(n, str_from(texts[i]))));
    for (size_t i = 0; i < COUNT_OF(values); i++)
        if (json_get(n, str_from(values[i])))
            strbuf_addf(
                &b, " %s=" STR_FMT, values[i],
                STR_ARG(json_text(a, json_get(n, str_from(values[i])), JSON_SORT_KEYS)));
    if (json_get(n, STR("boundaryID")))
        json_push(a, &one, *json_get(n, STR("boundaryID")));
    boundary = json_array(&one);
    add_ids(r, a, &b, " in=[", &boundary);
    add_ids(r, a, &b, " children=[", json_get(n, STR("children")));
    add_ids(r, a, &b, " outbound=[", json_get(n, STR("outboundNodes")));
    strbuf_addc(&b, '\n');
    return str_copy(a, strbuf_str(&b));
}

/* A hash in a message depends on nothing but names, so only the workflow's name is hidden. */
static struct str hide_name(struct arena *a, struct str text, struct str name)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(64 << 20);
    size_t at;

    while ((at = str_find(text, name)) != SIZE_MAX) {
        strbuf_add(&b, str_head(text, at));
        strbuf_addz(&b, "$WF");
        text = str_skip(text, at + name.len);
    }
    strbuf_add(&b, text);
    return str_copy(a, strbuf_str(&b));
}

struct str runner_lines(struct runner *r, struct arena *a)
{
    struct str *lines = ARENA_ARRAY(a, struct str, r->rows.len + 1);
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(64 << 20);
    const struct json *status;
    struct json doc;
    struct err err;
    size_t count = 0;

    if (json_parse(a, r->doc, &doc, &err) < 0)
        abort();
    status = json_get(&doc, STR("status"));
    strbuf_addf(&b, STR_FMT " progress=" STR_FMT, STR_ARG(json_get_str(status, STR("phase"))),
                STR_ARG(json_get_str(status, STR("progress"))));
    if (json_get(status, STR("message")))
        strbuf_addf(&b, " message=" STR_FMT, STR_ARG(json_get_str(status, STR("message"))));
    if (json_get(status, STR("outputs")))
        strbuf_addf(&b, " outputs=" STR_FMT,
                    STR_ARG(json_text(a, json_get(status, STR("outputs")), JSON_SORT_KEYS)));
    strbuf_addc(&b, '\n');
    MAP_FOREACH (it, &r->rows) {
        struct runner_row *row = it->value;
        struct json node;

        if (json_parse(a, row->doc, &node, &err) < 0)
            abort();
        lines[count++] =
            node_line(r, a, memcpy(ARENA_NEW(a, struct json), &node, sizeof(node)));
    }
    qsort(lines, count, sizeof(*lines), compare_str);
    for (size_t i = 0; i < count; i++)
        strbuf_add(&b, lines[i]);
    return hide_name(a, strbuf_str(&b), wf_name(r->wf));
}

void runner_done(struct runner *r)
{
    MAP_FOREACH (it, &r->rows) {
        struct runner_row *row = it->value;

        drop(&row->doc);
        free(row);
    }
    MAP_FOREACH (it, &r->pods) {
        struct runner_pod *pod = it->value;

        arena_free(pod->arena);
        free(pod);
    }
    map_done(&r->rows);
    map_done(&r->pods);
    VEC_DONE(&r->waiting);
    drop(&r->doc);
    wf_free(r->wf);
    if (!r->is_shared)
        locks_free(r->world.locks);
}
