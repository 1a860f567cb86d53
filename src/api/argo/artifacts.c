/*
 * Downloads of artifacts: inputs and outputs of a node, as they are stored. Found and fetched
 * on a worker, sent from a file. /artifact-files also knows what lies in a folder: it leads to
 * the folder's page, which is its index.html or a list of what is there.
 *
 * What a workflow made may be a page with a script: it is sent so that it cannot act in the
 * name of who looks at it. "allow-same-origin" lets a browser send its cookie when it follows
 * a link of a list; scripts stay forbidden. Source: ../shared/spec/workflows.md 6.2.
 */
#include <unistd.h>

#include "api/argo/artifact_page.h"
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
    struct auth_identity who;
    bool is_archived; /* uid is one of the archive */
    bool is_tree;     /* folders have pages */
    struct str below; /* path in a folder; it ends with "/" when the folder's page is meant */
    struct artifact_file file; /* from here: what is answered */
    struct str location;       /* the page is there instead; or "" */
    struct str page;           /* or "" */
};

/* ---- finding ---- */

/* Namespace and name of the workflow with a uid: a live one, or one of the archive. */
static int find_uid(struct download *d, struct arena *a, struct err *err)
{
    const struct api_archived of = {.uid = d->uid, .ns = d->ns, .name = STR("")};
    const struct store_object *o;
    struct json archived;
    struct err ignored;

    if (!d->is_archived && store_find_uid(d->api->options.store, d->uid, &o, err) == 0) {
        d->ns = str_copy(a, o->key.ns);
        d->workflow = str_copy(a, o->key.name);
        store_object_unref(o);
        return 0;
    }
    if (!d->is_archived && err->kind != ERR_NOT_FOUND)
        return -1;
    if (api_archived_get(d->api, a, &of, &archived, d->is_archived ? err : &ignored) < 0)
        return -1;
    d->ns = object_namespace(&archived);
    d->workflow = object_name(&archived);
    return 0;
}

/* The path did not say whose namespace it is; it may not even be one that is served. */
static int check_found(const struct download *d, struct err *err)
{
    const struct auth_request what = {.verb = STR("get"),
                                      .group = STR("argoproj.io"),
                                      .resource = STR("workflows"),
                                      .ns = d->ns,
                                      .name = d->workflow};

    return auth_check(d->api->auth, &d->who, &what, err);
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
                                  .location = workflow_node_location(doc, node),
                                  .below = d->below};
    if (!node) /* what a workflow that is there lacks is no 404 in the original */
        return err_set(err, ERR_INTERNAL,
                       "workflow \"" STR_FMT "\" has no node \"" STR_FMT "\"",
                       STR_ARG(d->workflow), STR_ARG(d->node));
    if (!ret->artifact)
        return err_set(err, ERR_INTERNAL,
                       "node \"" STR_FMT "\" has no artifact \"" STR_FMT "\" among its %s",
                       STR_ARG(d->node), STR_ARG(d->artifact), d->side);
    return json_get_bool(ret->artifact, STR("deleted"))
               ? err_set(err, ERR_NOT_FOUND, "artifact \"" STR_FMT "\" has been deleted",
                         STR_ARG(d->artifact))
               : 0;
}

/* ---- files in folders ---- */

/* The address that was asked for, with more behind its path. */
static struct str address_with(const struct download *d, struct arena *a, const char *more)
{
    struct str path = http_raw_url(d->req), query;
    size_t at = str_find_char(path, '?');

    query = at == SIZE_MAX ? STR("") : str_skip(path, at);
    return str_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(str_head(path, at)), more,
                      STR_ARG(query));
}

static int make_page(struct download *d, const struct artifact_call *call, struct err *err)
{
    struct str key, index;
    struct json keys;

    if (artifact_list(call, &keys, err) < 0 || artifact_key(call, &key, err) < 0)
        return -1;
    if (!str_ends(key, STR("/")))
        key = str_concat(call->a, key, STR("/"));
    index = str_concat(call->a, key, STR("index.html"));
    for (uint32_t i = 0; i < keys.count; i++)
        if (str_eq(json_str(&keys.items[i]), index)) {
            d->location = address_with(d, call->a, "index.html");
            return 0;
        }
    return artifact_page(call->a, &keys, key, &d->page, err);
}

static int look(struct download *d, const struct artifact_call *call, struct err *err)
{
    bool is_folder = false;

    if (str_ends(d->below, STR("/")))
        return make_page(d, call, err);
    if (artifact_is_folder(call, &is_folder, err) < 0)
        return -1;
    if (!is_folder)
        return artifact_download(call, &d->file, err);
    d->location = address_with(d, call->a, "/");
    return 0;
}

static int fetch(struct download *d, struct err *err)
{
    struct artifact_call call;

    if (find(d, http_arena(d->req), &call, err) < 0)
        return -1;
    return d->is_tree ? look(d, &call, err) : artifact_download(&call, &d->file, err);
}

static void run(struct job *job)
{
    struct download *d = CONTAINER_OF(job, struct download, job);

    d->file.fd = -1;
    if (fetch(d, &job->err) == 0)
        job->err.kind = ERR_NONE; /* what is archived was looked for among the live, too */
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

#define POLICY                                                                         \
    "sandbox allow-same-origin; base-uri 'none'; default-src 'none'; img-src 'self'; " \
    "style-src 'self' 'unsafe-inline'"

static void done(struct job *job)
{
    struct download *d = CONTAINER_OF(job, struct download, job);
    struct str name = shown_name(http_arena(d->req), d->file.name);
    const struct http_header headers[] = {
        {STR("Content-Security-Policy"), STR(POLICY)},
        {STR("X-Frame-Options"), STR("SAMEORIGIN")},
        {STR("Cache-Control"), STR("no-cache, private")},
        {STR("Content-Type"), type_of(d->file.name)},
        {STR("Content-Disposition"),
         str_printf(http_arena(d->req), "filename=\"" STR_FMT "\"", STR_ARG(name))},
    };
    const struct http_header to = {STR("Location"), d->location};

    if (job->err.kind != ERR_NONE)
        argo_fail(d->req, &job->err);
    else if (d->location.len > 0)
        http_reply(d->req, 307, STR_NONE, STR(""), &to, 1);
    else if (d->page.len > 0)
        http_reply(d->req, 200, STR("text/html; charset=utf-8"), d->page, headers, 3);
    else
        http_reply_file(d->req, 200, d->file.fd, headers, COUNT_OF(headers));
}

static void submit(const struct argo_request *r, struct download *d)
{
    const struct auth_identity *who = api_writer(r->api, r->req);
    struct err err;

    d->api = r->api;
    d->req = r->req;
    d->node = argo_variable(r, "nodeId");
    d->who = who ? *who : auth_admin();
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

static void answer(const struct argo_request *r, const char *side)
{
    struct download *d = ARENA_NEW(r->a, struct download);

    *d = (struct download){.ns = argo_variable(r, "namespace"),
                           .workflow = argo_variable(r, "name"),
                           .uid = argo_variable(r, "uid"),
                           .artifact = argo_variable(r, "artifactName"),
                           .side = side};
    submit(r, d);
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

void argo_artifact_files(const struct argo_request *r)
{
    struct str kind = argo_variable(r, "idDiscriminator"),
               side = argo_variable(r, "artifactDiscriminator"), id = argo_variable(r, "id");
    bool is_archived = str_is(kind, "archived-workflows");
    struct download *d = ARENA_NEW(r->a, struct download);
    struct err err;

    *d = (struct download){.ns = argo_variable(r, "namespace"),
                           .workflow = is_archived ? STR("") : id,
                           .uid = is_archived ? id : STR(""),
                           .is_archived = is_archived,
                           .is_tree = true,
                           .below = argo_variable(r, "artifactName"),
                           .side = str_is(side, "inputs") ? "inputs" : "outputs"};
    if (!is_archived && !str_is(kind, "workflows")) {
        err_set(&err, ERR_INVALID, "\"" STR_FMT "\" must be workflows or archived-workflows",
                STR_ARG(kind));
        argo_fail(r->req, &err);
        return;
    }
    if (!str_is(side, "inputs") && !str_is(side, "outputs")) {
        err_set(&err, ERR_INVALID, "\"" STR_FMT "\" must be inputs or outputs", STR_ARG(side));
        argo_fail(r->req, &err);
        return;
    }
    str_cut(&d->below, '/', &d->artifact);
    /* "artifact/" is its page, and "artifact/sub/" that of a folder in it. */
    if (!str_is_none(d->below) && d->below.len == 0)
        d->below = STR("./");
    submit(r, d);
}
