/*
 * Uploads: a file for an input artifact of a WorkflowTemplate, stored before there is a
 * workflow; whoever submits one names the key. The body is a form that lies in a file without
 * a name, so that nothing is left of one that is broken off. Stored on a worker. What nobody
 * uses stays in the repository, as with the original. Source: ../shared/spec/workflows.md 6.2.
 */
#include <errno.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "api/argo/argo.h"
#include "api/argo/gateway.h"
#include "api/argo/operations.h"
#include "artifacts/place.h"
#include "artifacts/repository.h"
#include "base/limits.h"
#include "base/random.h"
#include "config/config.h"
#include "formats/multipart.h"

struct upload {
    struct job job;
    struct api *api;
    struct http_request *req;
    struct str ns, template, artifact;
    struct str key; /* answered */
};

/* ---- where it goes ---- */

static int find_artifact(struct upload *u, struct json *doc, const struct json **ret,
                         struct err *err)
{
    const struct store_key key = {STR("argoproj.io"), STR("WorkflowTemplate"), u->ns,
                                  u->template};
    const struct json *list, *item;

    if (api_object_get(u->api, http_arena(u->req), &key, API_WHOLE, doc, err) < 0)
        return -1;
    list = json_path(doc, "spec", "arguments", "artifacts", NULL);
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_eq(json_get_str(item, STR("name")), u->artifact)) {
            *ret = item;
            return 0;
        }
    return err_set(err, ERR_NOT_FOUND,
                   "Artifact '" STR_FMT "' not found in WorkflowTemplate " STR_FMT "/" STR_FMT
                   " arguments.artifacts",
                   STR_ARG(u->artifact), STR_ARG(u->ns), STR_ARG(u->template));
}

/* The repository that a workflow of the template will have; @ret null: the local one. */
static int find_repository(struct upload *u, const struct json *doc, struct json *ret,
                           struct err *err)
{
    const struct artifact_house *house = u->api->options.artifacts;
    _cleanup_config_ const struct config *config = config_get(u->api->options.config);
    const struct json *ref = json_path(doc, "spec", "artifactRepositoryRef", NULL), *map;
    struct str name = json_get_str(ref, STR("configMap")), key = json_get_str(ref, STR("key"));
    struct arena *a = http_arena(u->req);
    struct repository there = {.doc = json_null()};
    int found = 0;

    if (str_is_empty(name))
        name = STR(REPOSITORY_DEFAULT_MAP);
    if (house->object &&
        house->object(house->ctx, a, STR("ConfigMap"), u->ns, name, &map, err) == 0)
        found = repository_read(a, map, name, key, &there, err);
    else if (house->object && err->kind != ERR_NOT_FOUND)
        return -1;
    if (found != 0) {
        *ret = there.doc;
        return found < 0 ? -1 : 0;
    }
    if (ref)
        return err_set(
            err, ERR_NOT_FOUND,
            "spec.artifactRepositoryRef: there is no repository in ConfigMap '" STR_FMT
            "' of namespace '" STR_FMT "'",
            STR_ARG(name), STR_ARG(u->ns));
    *ret =
        config->artifact_repository ? json_clone(a, config->artifact_repository) : json_null();
    return 0;
}

/* The template's artifact with the new key, as it is: what is uploaded is not packed. */
static int place_of(struct upload *u, struct json *ret, struct err *err)
{
    struct arena *a = http_arena(u->req);
    struct json *doc = ARENA_NEW(a, struct json), repository, location;
    const struct json *artifact = NULL;
    struct artifact_place place;
    struct json none =
        json_set(a, NULL, STR("none"), json_object(&(struct json_object_builder){0}));

    if (find_artifact(u, doc, &artifact, err) < 0)
        return -1;
    if (artifact_place_find(artifact, &place) && place.kind->where[0] &&
        artifact_place_is_whole(&place)) {
        location = json_set(a, place.place, str_from(place.kind->key), json_string(u->key));
        location = json_set(a, NULL, str_from(place.kind->member), location);
    } else if (find_repository(u, doc, &repository, err) < 0) {
        return -1;
    } else {
        location = artifact_repository_place(a, &repository, u->key);
    }
    location = json_set(a, &location, STR("name"), json_string(u->artifact));
    *ret = json_set(a, &location, STR("archive"), none);
    return 0;
}

/* ---- what was sent ---- */

/* The last part of the name, in any system's writing. */
static int read_name(struct str name, struct str *ret, struct err *err)
{
    *ret = name;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] == '/' || name.ptr[i] == '\\')
            *ret = str_skip(name, i + 1);
    for (size_t i = 0; i < ret->len; i++)
        if ((unsigned char) ret->ptr[i] < ' ' || ret->ptr[i] == 127)
            ret->len = 0;
    return ret->len > 0 && ret->len <= NAME_MAX && str_find(*ret, STR("..")) == SIZE_MAX &&
                   !str_is(*ret, ".")
               ? 0
               : err_set(err, ERR_INVALID,
                         "the file's name must be one of up to %d bytes without \"..\"",
                         NAME_MAX);
}

static int store(struct upload *u, struct str body, struct err *err)
{
    struct arena *a = http_arena(u->req);
    struct random random = random_from_system();
    struct multipart_part part;
    struct json artifact, stored;
    struct str boundary, name;

    if (multipart_boundary(a, http_header(u->req, STR("Content-Type")), &boundary, err) < 0 ||
        multipart_find(a, body, boundary, STR("file"), &part, err) < 0 ||
        read_name(part.file_name, &name, err) < 0)
        return -1;
    u->key = str_printf(a, "uploads/" STR_FMT "/" STR_FMT "/" STR_FMT, STR_ARG(u->ns),
                        STR_ARG(random_uuid(&random, a)), STR_ARG(name));
    if (place_of(u, &artifact, err) < 0)
        return -1;
    const struct artifact_call c = {
        .house = u->api->options.artifacts, .a = a, .ns = u->ns, .artifact = &artifact};

    return artifact_upload(&c, part.bytes, &stored, err);
}

static int store_body(struct upload *u, struct err *err)
{
    int fd = http_body_file(u->req), result;
    struct stat st;
    void *bytes;

    if (fstat(fd, &st) < 0)
        return err_sys(err, errno, "read an upload");
    if (st.st_size == 0)
        return store(u, STR(""), err);
    bytes = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return err_sys(err, errno, "read an upload");
    result = store(u, str_of(bytes, (size_t) st.st_size), err);
    munmap(bytes, (size_t) st.st_size);
    return result;
}

static void run(struct job *job)
{
    struct upload *u = CONTAINER_OF(job, struct upload, job);

    if (store_body(u, &job->err) == 0)
        job->err.kind = ERR_NONE;
}

static void done(struct job *job)
{
    struct upload *u = CONTAINER_OF(job, struct upload, job);
    struct arena *a = http_arena(u->req);
    struct json_object_builder b = {0};
    struct json answer;

    if (job->err.kind != ERR_NONE) {
        argo_fail(u->req, &job->err);
        return;
    }
    json_add_str(a, &b, STR("name"), u->artifact);
    json_add_str(a, &b, STR("key"), u->key);
    answer = json_object(&b);
    argo_reply(u->req, &answer);
}

/* ---- the request ---- */

static bool is_upload(const struct http_request *req)
{
    struct argo_route route;

    return argo_route(http_method(req), http_path(req), &route) &&
           route.operation->handle == argo_upload;
}

uint64_t argo_file_max(const struct http_request *req)
{
    return is_upload(req) ? UPLOAD_MAX_BYTES : 0;
}

int argo_begin(struct api *api, struct http_request *req, struct err *err)
{
    int fd;

    if (!is_upload(req))
        return 0;
    if (!api->options.artifacts)
        return err_set(err, ERR_UNSUPPORTED, "this server keeps no artifacts");
    fd = artifact_upload_file(api->options.artifacts, err);
    if (fd < 0)
        return -1;
    http_body_to_file(req, fd);
    return 0;
}

void argo_upload(const struct argo_request *r)
{
    struct upload *u = ARENA_NEW(r->a, struct upload);
    struct err err;

    *u = (struct upload){.api = r->api,
                         .req = r->req,
                         .ns = argo_variable(r, "namespace"),
                         .template = argo_variable(r, "template"),
                         .artifact = argo_variable(r, "artifactName"),
                         .job = {.run = run, .done = done, .class = JOB_BULK}};
    if (workers_submit(r->api->options.workers, &u->job, &err) < 0) {
        err.kind = ERR_TRANSIENT;
        argo_fail(r->req, &err);
    }
}
