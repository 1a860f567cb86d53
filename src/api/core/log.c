/*
 * Logs that are answered at once, their options, and which pods a workflow has. Runs on http
 * threads, and on workers for api_workflow_pods(). Following is in log_follow.c.
 *
 * Source: Kubernetes' read log subresource; ../shared/spec/workflows.md 6.2.
 */
#include "api/core/log_internal.h"
#include "api/core/pods.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/vec.h"
#include "lang/subst/names.h"
#include "objects/workflow_node.h"

/* ---- options ---- */

static struct str option(struct http_request *req, struct str prefix, const char *name)
{
    struct str key = str_concat(http_arena(req), prefix, str_from(name));

    return http_query(req, key);
}

static int read_number(struct http_request *req, struct str prefix, const char *name,
                       uint64_t *ret, struct err *err)
{
    struct str text = option(req, prefix, name);

    if (str_is_empty(text))
        return 0;
    if (!parse_u64(text, ret))
        return err_set(err, ERR_INVALID, STR_FMT "%s \"" STR_FMT "\" is not a whole number",
                       STR_ARG(prefix), name, STR_ARG(text));
    return 1;
}

int api_log_options_parse(struct http_request *req, struct str prefix, struct log_options *ret,
                          struct err *err)
{
    uint64_t since = 0, at = 0;
    struct regex *tried;
    int has_tail, has_since, has_at;

    *ret = (struct log_options){.container = option(req, prefix, "container"),
                                .is_followed = str_is(option(req, prefix, "follow"), "true"),
                                .has_times = str_is(option(req, prefix, "timestamps"), "true"),
                                .grep = http_query(req, STR("grep")),
                                .selector = http_query(req, STR("selector"))};
    if (str_is_empty(ret->container))
        ret->container = STR("main");
    has_tail = read_number(req, prefix, "tailLines", &ret->tail_lines, err);
    has_since = read_number(req, prefix, "sinceSeconds", &since, err);
    has_at = read_number(req, prefix, "sinceTime.seconds", &at, err);
    if (has_tail < 0 || has_since < 0 || has_at < 0 ||
        read_number(req, prefix, "limitBytes", &ret->limit_bytes, err) < 0)
        return -1;
    ret->has_tail = has_tail > 0;
    if (has_since > 0 && since < INT32_MAX)
        ret->since.ms = clock_wall().ms - (int64_t) since * 1000;
    else if (has_at > 0 && at < INT64_MAX / 1000)
        ret->since.ms = (int64_t) at * 1000;
    if (ret->grep.len == 0)
        return 0;
    tried = regex_new(ret->grep, err);
    regex_free(tried);
    return tried ? 0 : -1;
}

/* ---- pods of a workflow ---- */

static void add_labels(struct arena *a, struct json *to, const struct json *labels)
{
    for (uint32_t i = 0; json_is(labels, JSON_OBJECT) && i < labels->count; i++)
        *to = json_set(a, to, labels->members[i].key, labels->members[i].value);
}

struct json api_node_pod_labels(struct arena *a, const struct json *workflow,
                                const struct json *node)
{
    struct json_object_builder b = {0};
    struct json labels;

    json_add(a, &b, STR("workflows.argoproj.io/workflow"), json_string(object_name(workflow)));
    labels = json_object(&b);
    add_labels(a, &labels,
               json_path(workflow_spec_of(workflow), "podMetadata", "labels", NULL));
    add_labels(a, &labels,
               json_path(workflow_node_template(workflow, node), "metadata", "labels", NULL));
    return labels;
}

struct str api_node_pod_name(struct arena *a, const struct json *workflow,
                             const struct json *node)
{
    struct str tmpl = json_get_str(node, STR("templateName"));

    if (str_is_empty(tmpl))
        tmpl = json_str(json_path(node, "templateRef", "template", NULL));
    return pod_name(a, object_name(workflow),
                    &(const struct pod_node){json_get_str(node, STR("name")), tmpl,
                                             json_get_str(node, STR("id"))},
                    pod_name_version_of(object_annotation(
                        workflow, STR("workflows.argoproj.io/pod-name-format"))));
}

static bool is_ended(const struct json *node)
{
    return !str_is_empty(json_get_str(node, STR("finishedAt")));
}

int api_workflow_pods(struct api *api, struct arena *a, const struct api_log_request *r,
                      struct workflow_pods *ret, struct err *err)
{
    const struct api_archived of = {.uid = STR(""), .ns = r->ns, .name = r->workflow};
    VEC(struct workflow_pod) pods = {0};
    struct selector selector = {0};
    struct json *doc = ARENA_NEW(a, struct json);
    const struct json *nodes;

    if (selector_parse(a, r->options.selector, &selector, err) < 0 ||
        api_workflow_get(api, a, &of, API_WHOLE, doc, err) < 0)
        return -1;
    nodes = json_path(doc, "status", "nodes", NULL);
    for (uint32_t i = 0; json_is(nodes, JSON_OBJECT) && i < nodes->count; i++) {
        const struct json *node = &nodes->members[i].value;
        struct workflow_pod pod = {.is_ended = is_ended(node),
                                   .is_pending =
                                       str_is(json_get_str(node, STR("phase")), "Pending")};
        struct json labels;

        if (!str_is(json_get_str(node, STR("type")), "Pod"))
            continue;
        pod.name = api_node_pod_name(a, doc, node);
        pod.node = node;
        labels = api_node_pod_labels(a, doc, node);
        if ((r->pod.len == 0 || str_eq(r->pod, pod.name)) &&
            selector_matches(&selector, &labels))
            VEC_APUSH(a, &pods, pod);
    }
    *ret = (struct workflow_pods){pods.at, pods.len, false, doc};
    ret->is_finished =
        str_is(object_label(doc, STR("workflows.argoproj.io/completed")), "true");
    return 0;
}

/* ---- at once ---- */

/* A log that is answered whole. What was archived may be far away, and http threads are few: it
 * is left to a worker. */
struct at_once {
    struct api_call *call;
    const struct api_log_request *request;
    bool is_on_worker;
    bool is_left; /* nothing was answered: a worker is needed */
};

/* The lines of several pods. */
struct lines {
    struct log_tail *parts; /* owned */
    size_t part_count;
};

static void lines_done(struct lines *lines)
{
    for (size_t i = 0; i < lines->part_count; i++)
        log_tail_done(&lines->parts[i]);
    free(lines->parts);
}
#define _cleanup_lines_ _cleanup_(lines_done)

struct sorted_line {
    const struct log_entry *entry;
    size_t order; /* of equal times */
};

static int compare_lines(const void *left, const void *right)
{
    const struct sorted_line *a = left, *b = right;
    int order = str_cmp(a->entry->time, b->entry->time);

    return order ? order : a->order < b->order ? -1 : a->order > b->order;
}

static struct sorted_line *sort_lines(const struct lines *lines, size_t *ret_count)
{
    struct sorted_line *all;
    size_t count = 0;

    for (size_t i = 0; i < lines->part_count; i++)
        count += lines->parts[i].len;
    all = mem_resize(NULL, count + 1, sizeof(*all));
    count = 0;
    for (size_t i = 0; i < lines->part_count; i++)
        for (size_t k = 0; k < lines->parts[i].len; k++, count++)
            all[count] = (struct sorted_line){log_tail_item(&lines->parts[i], k), count};
    if (lines->part_count > 1)
        qsort(all, count, sizeof(*all), compare_lines);
    *ret_count = count;
    return all;
}

static int too_large(struct err *err)
{
    return err_set(err, ERR_LIMIT, "the log is over %d bytes: ask for its tail, or follow it",
                   HTTP_RESPONSE_MAX_BYTES);
}

static void fail(const struct at_once *o, const struct err *err)
{
    if (!o->is_left)
        o->call->dialect->fail(o->call->req, err);
}

static void reply_lines(const struct at_once *o, const struct lines *lines)
{
    const struct api_log_format *format = o->request->format;
    _cleanup_strbuf_ struct strbuf text = STRBUF_INIT(HTTP_RESPONSE_MAX_BYTES);
    size_t count;
    struct sorted_line *sorted = sort_lines(lines, &count);
    struct err err;

    for (size_t i = 0; i < count && !text.is_over; i++)
        format->line(&text, sorted[i].entry);
    free(sorted);
    if (text.is_over || lines->parts[0].is_over) {
        too_large(&err);
        fail(o, &err);
        return;
    }
    http_reply(o->call->req, 200, format->content_type, strbuf_str(&text), NULL, 0);
}

/* What a reader gives; @pod outlives the lines. Return: 1, 0 when it has none, -1. */
static int read_log(struct log_reader *reader, const struct api_log_request *r, struct str pod,
                    struct log_tail *tail, struct err *err)
{
    long len;

    if (!reader)
        return err->kind == ERR_NOT_FOUND ? 0 : -1;
    *tail = log_tail_of(&r->options);
    tail->pod = pod;
    len = log_reader_read(reader, 0, log_tail_add, tail, err);
    log_reader_close(reader);
    return len < 0 ? -1 : 1;
}

static int read_pod(const struct at_once *o, struct str pod, struct log_tail *tail,
                    struct err *err)
{
    const struct api_log_request *r = o->request;

    return read_log(log_reader_open(o->call->api, r->ns, pod, &r->options, err), r, pod, tail,
                    err);
}

/* Of a pod whose files are gone: what was archived, if the main container is asked for. */
static int read_archived(struct at_once *o, const struct workflow_pods *pods, size_t i,
                         struct log_tail *tail, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct api_log_request *r = o->request;
    const struct workflow_pod *pod = &pods->at[i];
    struct pod_log *log;

    if (!str_is(r->options.container, "main"))
        return 0;
    o->is_left = !o->is_on_worker && log_is_archived(pod->node);
    if (o->is_left)
        return -1;
    log = log_archived_open(o->call->api, a, pods->workflow, pod->node, err);
    if (!log)
        return err->kind == ERR_NOT_FOUND ? 0 : -1;
    return read_log(log_reader_on(log, pod->name, &r->options, err), r, pod->name, tail, err);
}

static int read_pods(struct at_once *o, struct lines *lines, struct err *err)
{
    struct workflow_pods pods;
    size_t bytes = 0;

    if (api_workflow_pods(o->call->api, http_arena(o->call->req), o->request, &pods, err) < 0)
        return -1;
    lines->parts = mem_alloc((pods.len + 1) * sizeof(*lines->parts));
    for (size_t i = 0; i < pods.len; i++, lines->part_count++) {
        int found = read_pod(o, pods.at[i].name, &lines->parts[i], err);

        if (found == 0 && pods.at[i].is_ended)
            found = read_archived(o, &pods, i, &lines->parts[i], err);
        if (found < 0)
            return -1;
        bytes += lines->parts[i].bytes;
        if (lines->parts[i].is_over || bytes > LOG_READ_MAX_BYTES)
            return too_large(err);
    }
    return 0;
}

static void reply_workflow(struct at_once *o)
{
    _cleanup_lines_ struct lines lines = {0};
    struct err err;

    if (read_pods(o, &lines, &err) < 0)
        fail(o, &err);
    else
        reply_lines(o, &lines);
}

struct printing {
    const struct api_log_format *format;
    struct strbuf text;
};

static void print_line(void *ctx, const struct log_entry *entry)
{
    struct printing *p = ctx;

    p->format->line(&p->text, entry);
}

/* The log of one pod, or what was archived of it. */
static struct log_reader *open_one(struct at_once *o, struct err *err)
{
    const struct api_log_request *r = o->request;
    struct log_reader *reader = log_reader_open(o->call->api, r->ns, r->pod, &r->options, err);
    struct pod_log *log;
    struct err why;

    if (reader || err->kind != ERR_NOT_FOUND || !str_is(r->options.container, "main"))
        return reader;
    o->is_left = !o->is_on_worker;
    if (o->is_left)
        return NULL;
    log = api_pod_archived_log(o->call->api, r->ns, r->pod, &why);
    if (log)
        return log_reader_on(log, r->pod, &r->options, err);
    if (why.kind != ERR_NOT_FOUND)
        *err = why;
    return NULL;
}

/* The whole log of one pod: as it is read, line by line. */
static void reply_whole(struct at_once *o)
{
    const struct api_log_format *format = o->request->format;
    struct printing p = {.format = format, .text = STRBUF_INIT(HTTP_RESPONSE_MAX_BYTES)};
    struct err err;
    struct log_reader *reader = open_one(o, &err);
    long len = reader ? log_reader_read(reader, 0, print_line, &p, &err) : -1;

    if (len >= 0 && p.text.is_over)
        len = too_large(&err);
    log_reader_close(reader); /* before the answer: its options are the request's */
    if (len < 0)
        fail(o, &err);
    else
        http_reply(o->call->req, 200, format->content_type, strbuf_str(&p.text), NULL, 0);
    strbuf_done(&p.text);
}

static void reply_tail(struct at_once *o)
{
    _cleanup_lines_ struct lines lines = {.parts = NEW(struct log_tail), .part_count = 1};
    const struct api_log_request *r = o->request;
    struct err err;

    if (read_log(open_one(o, &err), r, r->pod, &lines.parts[0], &err) <= 0)
        fail(o, &err);
    else
        reply_lines(o, &lines);
}

static void answer(struct at_once *o)
{
    if (o->request->workflow.len > 0)
        reply_workflow(o);
    else if (o->request->options.has_tail)
        reply_tail(o);
    else
        reply_whole(o);
}

/* ---- by a worker ---- */

/* Lives in the request's arena: the answer ends it. */
struct left_log {
    struct job job;
    struct api_call call;
    struct api_log_request request;
};

static void run_left(struct job *job)
{
    struct left_log *l = CONTAINER_OF(job, struct left_log, job);
    struct at_once o = {.call = &l->call, .request = &l->request, .is_on_worker = true};

    answer(&o);
}

static void leave(const struct at_once *o)
{
    struct left_log *l = ARENA_NEW(http_arena(o->call->req), struct left_log);
    struct err err;

    l->call = *o->call;
    l->request = *o->request;
    l->job = (struct job){.run = run_left, .class = JOB_BULK};
    if (workers_submit(l->call.api->options.workers, &l->job, &err) == 0)
        return;
    err.kind = ERR_TRANSIENT;
    l->call.dialect->fail(l->call.req, &err);
}

void api_log(struct api_call *call, const struct api_log_request *r)
{
    struct at_once o = {.call = call, .request = r};
    struct log_reader *reader;
    struct err err;

    if (!r->options.is_followed) {
        answer(&o);
        if (o.is_left)
            leave(&o);
    } else if (r->workflow.len > 0) {
        api_log_follow(call, r);
    } else {
        reader = log_reader_open(call->api, r->ns, r->pod, &r->options, &err);
        log_reader_close(reader);
        if (!reader)
            call->dialect->fail(call->req, &err);
        else
            api_log_follow(call, r);
    }
}
