/*
 * Downloads of artifacts: inputs and outputs of a node, as they are stored. Found and fetched
 * on a worker, sent from a file. What a workflow made may be a page with a script: it is sent
 * so that it cannot act in the name of who looks at it. Source:
 * ../shared/spec/workflows.md 6.2.
 */
#include <unistd.h>

#include "api/argo/gateway.h"
#include "api/argo/operations.h"
#include "objects/workflow_node.h"

struct download {
    struct job job;
    struct api *api;
    struct http_request *req;
    struct str ns, workflow, uid; /* name or uid */
    struct str node, artifact;
    const char *side;
    const struct auth_identity *who; /* whose right is not known yet; NULL: it is */
    struct artifact_file file;
};

/* ---- finding ---- */

/* The workflow with a uid, by its name. */
static int find_uid(struct download *d, struct arena *a, struct err *err)
{
    const struct object_kind *kind =
        object_kind_find(STR("argoproj.io/v1alpha1"), STR("Workflow"));
    const struct api_list_options none = {0};
    struct api_query query;
    struct api_list list;

    if (api_query_parse(a, kind, STR(""), &none, &query, err) < 0 ||
        api_object_list(d->api, a, &query.of, API_WITHOUT_NODES, &list, err) < 0)
        return -1;
    for (uint32_t i = 0; i < list.items.count; i++) {
        const struct json *doc = &list.items.items[i];

        if (!str_eq(json_str(json_path(doc, "metadata", "uid", NULL)), d->uid))
            continue;
        d->ns = object_namespace(doc);
        d->workflow = object_name(doc);
        return 0;
    }
    const struct api_archived of = {.uid = d->uid, .ns = STR(""), .name = STR("")};
    struct json archived;

    if (api_archived_get(d->api, a, &of, &archived, err) == 0) {
        d->ns = object_namespace(&archived);
        d->workflow = object_name(&archived);
        return 0;
    }
    return err_set(err, ERR_NOT_FOUND, "there is no workflow with uid \"" STR_FMT "\"",
                   STR_ARG(d->uid));
}

/* The path did not say whose namespace it is. */
static int check_found(const struct download *d, struct err *err)
{
    const struct auth_request what = {.verb = STR("get"),
                                      .group = STR("argoproj.io"),
                                      .resource = STR("workflows"),
                                      .ns = d->ns,
                                      .name = d->workflow};

    return d->who ? auth_check(d->api->auth, d->who, &what, err) : 0;
}

static const struct json *find_artifact(const struct download *d, const struct json *node)
{
    const struct json *list = json_path(node, d->side, "artifacts", NULL), *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_eq(json_get_str(item, STR("name")), d->artifact))
            return item;
    return NULL;
}

static int find(struct download *d, struct arena *a, struct artifact_call *ret, struct err *err)
{
    const struct json *node;
    struct json *doc = ARENA_NEW(a, struct json);

    if (d->uid.len > 0 && (find_uid(d, a, err) < 0 || check_found(d, err) < 0))
        return -1;
    const struct api_archived of = {.uid = d->uid, .ns = d->ns, .name = d->workflow};

    if (api_workflow_get(d->api, a, &of, API_WHOLE, doc, err) < 0)
        return -1;
    node = json_get(json_path(doc, "status", "nodes", NULL), d->node);
    *ret = (struct artifact_call){.house = d->api->options.artifacts,
                                  .a = a,
                                  .ns = d->ns,
                                  .artifact = find_artifact(d, node),
                                  .location = workflow_node_location(doc, node)};
    if (!node)
        return err_set(err, ERR_NOT_FOUND,
                       "workflow \"" STR_FMT "\" has no node \"" STR_FMT "\"",
                       STR_ARG(d->workflow), STR_ARG(d->node));
    if (!ret->artifact)
        return err_set(err, ERR_NOT_FOUND,
                       "node \"" STR_FMT "\" has no artifact \"" STR_FMT "\" among its %s",
                       STR_ARG(d->node), STR_ARG(d->artifact), d->side);
    return json_get_bool(ret->artifact, STR("deleted"))
               ? err_set(err, ERR_NOT_FOUND, "artifact \"" STR_FMT "\" has been deleted",
                         STR_ARG(d->artifact))
               : 0;
}

static void run(struct job *job)
{
    struct download *d = CONTAINER_OF(job, struct download, job);
    struct arena *a = http_arena(d->req);
    struct artifact_call call;

    job->err.kind = ERR_NONE;
    d->file.fd = -1;
    if (find(d, a, &call, &job->err) == 0)
        artifact_download(&call, &d->file, &job->err);
}

/* ---- the answer ---- */

static struct str type_of(struct str name)
{
    static const char *const types[][2] = {
        {".css", "text/css; charset=utf-8"},
        {".csv", "text/csv; charset=utf-8"},
        {".gif", "image/gif"},
        {".gz", "application/gzip"},
        {".htm", "text/html; charset=utf-8"},
        {".html", "text/html; charset=utf-8"},
        {".jpeg", "image/jpeg"},
        {".jpg", "image/jpeg"},
        {".js", "text/javascript; charset=utf-8"},
        {".json", "application/json"},
        {".log", "text/plain; charset=utf-8"},
        {".pdf", "application/pdf"},
        {".png", "image/png"},
        {".svg", "image/svg+xml"},
        {".tar", "application/x-tar"},
        {".tgz", "application/gzip"},
        {".txt", "text/plain; charset=utf-8"},
        {".webp", "image/webp"},
        {".xml", "text/xml; charset=utf-8"},
        {".yaml", "application/yaml"},
        {".yml", "application/yaml"},
        {".zip", "application/zip"},
    };

    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (str_ends(name, str_from(types[i][0])))
            return str_from(types[i][1]);
    return STR("application/octet-stream");
}

/* As it can stand between quotes in a header. */
static struct str shown_name(struct arena *a, struct str name)
{
    char *text = str_cz(a, name);

    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char) text[i] < ' ' || text[i] == 127 || strchr("\"\\/", text[i]))
            text[i] = '_';
    return str_of(text, name.len);
}

static void done(struct job *job)
{
    struct download *d = CONTAINER_OF(job, struct download, job);
    struct arena *a = http_arena(d->req);

    if (job->err.kind != ERR_NONE) {
        argo_fail(d->req, &job->err);
        return;
    }
    const struct http_header headers[] = {
        {STR("Content-Type"), type_of(d->file.name)},
        {STR("Content-Disposition"),
         str_printf(a, "filename=\"" STR_FMT "\"", STR_ARG(shown_name(a, d->file.name)))},
        {STR("Content-Security-Policy"), STR("sandbox; base-uri 'none'; default-src 'none'; "
                                             "img-src 'self'; style-src 'self' "
                                             "'unsafe-inline'")},
        {STR("X-Frame-Options"), STR("SAMEORIGIN")},
        {STR("Cache-Control"), STR("no-cache, private")},
    };

    http_reply_file(d->req, 200, d->file.fd, headers, COUNT_OF(headers));
}

static void answer(const struct argo_request *r, const char *side)
{
    struct download *d = ARENA_NEW(r->a, struct download);
    struct err err;

    *d = (struct download){.api = r->api,
                           .req = r->req,
                           .ns = argo_variable(r, "namespace"),
                           .workflow = argo_variable(r, "name"),
                           .uid = argo_variable(r, "uid"),
                           .node = argo_variable(r, "nodeId"),
                           .artifact = argo_variable(r, "artifactName"),
                           .who = api_writer(r->api, r->req),
                           .side = side};
    d->job.run = run;
    d->job.done = done;
    d->job.class = JOB_BULK;
    if (!r->api->options.artifacts) {
        err_set(&err, ERR_UNSUPPORTED, "this server keeps no artifacts");
        argo_fail(r->req, &err);
    } else if (workers_submit(r->api->options.workers, &d->job, &err) < 0) {
        err.kind = ERR_TRANSIENT;
        argo_fail(r->req, &err);
    }
}

void argo_artifacts_output(const struct argo_request *r)
{
    answer(r, "outputs");
}

void argo_artifacts_output_by_uid(const struct argo_request *r)
{
    answer(r, "outputs");
}

void argo_artifacts_input(const struct argo_request *r)
{
    answer(r, "inputs");
}

void argo_artifacts_input_by_uid(const struct argo_request *r)
{
    answer(r, "inputs");
}
