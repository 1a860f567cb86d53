/* See gcs_client.h. */
#include "clients/gcp/gcs_client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "formats/json.h"
#include "formats/uri.h"
#include "io/http_resume.h"

enum { GO_ON = 308 }; /* the service wants more of an upload */

struct gcs_client {
    struct arena *arena;
    struct http_client *http;
    struct gcs_options options;
    struct gcp_identity who;
    struct str base;   /* "https://host", without a slash at the end */
    bool is_anonymous; /* an emulator */
};

/* One call. */
struct request {
    const char *method;
    struct str key; /* for errors */
    struct str url;
    int from; /* file whose bytes are the body; 0: none */
    uint64_t at, len;
    struct http_header extra; /* or without a name */
    bool is_chunk;            /* of an upload that is under way */
    struct http_resume *to;   /* what gets the answer's body, or NULL */
};

struct gcs_client *gcs_client_new(const struct gcs_options *options)
{
    struct arena *a = arena_new();
    struct gcs_client *c = ARENA_NEW(a, struct gcs_client);
    const char *emulator = getenv("STORAGE_EMULATOR_HOST");
    struct str base = options->endpoint;

    if (str_is_empty(base))
        base = str_from(emulator ? emulator : "");
    c->is_anonymous = !str_is_empty(base) && str_is_empty(options->key);
    if (!str_is_empty(base) && str_find(base, STR("://")) == SIZE_MAX)
        base = str_concat(a, STR("http://"), base);
    while (str_ends(base, STR("/")))
        base.len--;
    c->arena = a;
    c->http = http_client_new();
    c->options = *options;
    c->base = str_is_empty(base) ? STR("https://storage.googleapis.com") : str_copy(a, base);
    c->who = (struct gcp_identity){
        .key = options->key,
        .scope = STR("https://www.googleapis.com/auth/devstorage.read_write")};
    return c;
}

void gcs_client_free(struct gcs_client *c)
{
    if (!c)
        return;
    http_client_free(c->http);
    arena_free(c->arena);
}

/* ---- calls ---- */

static struct str object_url(const struct gcs_client *c, struct arena *a, struct str key,
                             const char *query)
{
    return str_printf(a, STR_FMT "/storage/v1/b/" STR_FMT "/o/" STR_FMT "%s", STR_ARG(c->base),
                      STR_ARG(uri_escape(a, c->options.bucket)), STR_ARG(uri_escape(a, key)),
                      query);
}

static int service_error(const struct gcs_client *c, struct arena *a, const struct request *r,
                         const struct http_answer *answer, struct err *err)
{
    struct str message = STR("");
    struct json doc;
    struct err ignored;

    if (json_parse(a, answer->body, &doc, &ignored) == 0)
        message = json_str(json_path(&doc, "error", "message", NULL));
    else if (answer->body.len < 200)
        message = str_trim(answer->body);
    return err_set(err,
                   answer->status == 410 ? ERR_NOT_FOUND : http_status_kind(answer->status),
                   "GCS: %s of \"" STR_FMT "\" in bucket " STR_FMT ": status %u%s" STR_FMT,
                   r->method, STR_ARG(r->key), STR_ARG(c->options.bucket), answer->status,
                   message.len ? ": " : "", STR_ARG(message));
}

static int ask(struct gcs_client *c, struct arena *a, const struct request *r,
               struct http_answer *ret, struct err *err)
{
    struct http_header headers[3 + HTTP_RESUME_HEADERS_MAX] = {
        {STR("Content-Type"), STR("application/octet-stream")}};
    struct http_call call = {.method = str_from(r->method),
                             .url = r->url,
                             .headers = headers,
                             .header_count = 1,
                             .body_fd = r->from,
                             .body_at = r->at,
                             .body_len = r->len,
                             .stall_ms = GCS_STALL_MS,
                             .cancel_fd = -1,
                             .on_chunk = r->to ? http_sink_take : NULL,
                             .ctx = r->to ? &r->to->sink : NULL,
                             .head = r->to ? &r->to->head : NULL};
    struct str token;

    if (!c->is_anonymous) {
        if (gcp_token(&c->who, a, clock_wall(), &token, err) < 0)
            return err_wrap(err, "GCS");
        headers[call.header_count++] =
            (struct http_header){STR("Authorization"), str_concat(a, STR("Bearer "), token)};
    }
    if (r->extra.name.len > 0)
        headers[call.header_count++] = r->extra;
    if (r->to)
        call.header_count += http_resume_headers(r->to, a, headers + call.header_count);
    if (http_client_do(c->http, a, &call, ret, err) < 0)
        return r->to && r->to->sink.error
                   ? err_sys(err, r->to->sink.error, "write object " STR_FMT, STR_ARG(r->key))
                   : -1;
    if ((ret->status >= 200 && ret->status < 300) || (r->is_chunk && ret->status == GO_ON))
        return 0;
    return service_error(c, a, r, ret, err);
}

int gcs_get(struct gcs_client *c, struct arena *a, struct str key, int to, struct err *err)
{
    struct http_resume resume;
    const struct request r = {
        .method = "GET", .key = key, .url = object_url(c, a, key, "?alt=media"), .to = &resume};
    struct http_answer answer;
    int next;

    http_resume_init(&resume, to);
    do
        next = http_resume_next(&resume, a, ask(c, a, &r, &answer, err), err);
    while (next > 0);
    return next;
}

int gcs_delete(struct gcs_client *c, struct arena *a, struct str key, struct err *err)
{
    const struct request r = {.method = "DELETE", .key = key, .url = object_url(c, a, key, "")};
    struct http_answer answer;

    return ask(c, a, &r, &answer, err) < 0 && err->kind != ERR_NOT_FOUND ? -1 : 0;
}

/* ---- uploads ---- */

/* The service tells how much it has: an upload that was cut off is no object. */
static int check_size(struct arena *a, struct str key, uint64_t len,
                      const struct http_answer *answer, struct err *err)
{
    struct json doc = {0};
    struct err ignored;
    struct str size;

    if (json_parse(a, answer->body, &doc, &ignored) < 0)
        return err_set(err, ERR_TRANSIENT, "GCS: the answer to \"" STR_FMT "\" is not JSON",
                       STR_ARG(key));
    size = json_get_str(&doc, STR("size"));
    if (str_eq(size, str_printf(a, "%llu", (unsigned long long) len)))
        return 0;
    return err_set(err, ERR_TRANSIENT,
                   "GCS: \"" STR_FMT "\" was stored with " STR_FMT " bytes of %llu",
                   STR_ARG(key), STR_ARG(size), (unsigned long long) len);
}

static struct str upload_url(const struct gcs_client *c, struct arena *a, const char *type,
                             struct str key)
{
    return str_printf(a,
                      STR_FMT "/upload/storage/v1/b/" STR_FMT "/o?uploadType=%s&name=" STR_FMT,
                      STR_ARG(c->base), STR_ARG(uri_escape(a, c->options.bucket)), type,
                      STR_ARG(uri_escape(a, key)));
}

/* An upload in chunks that is under way. */
struct upload {
    struct str key, url;
    int from;
    uint64_t size, chunk;
    uint64_t at; /* so much the service has */
};

static int begin_upload(struct gcs_client *c, struct arena *a, struct upload *u,
                        struct err *err)
{
    const struct request r = {.method = "POST",
                              .key = u->key,
                              .url = upload_url(c, a, "resumable", u->key),
                              .extra = {STR("X-Upload-Content-Length"),
                                        str_printf(a, "%llu", (unsigned long long) u->size)}};
    struct http_answer answer;

    if (ask(c, a, &r, &answer, err) < 0)
        return -1;
    u->url = http_answer_header(&answer, STR("Location"));
    return str_is_empty(u->url)
               ? err_set(err, ERR_TRANSIENT, "GCS gave no upload for \"" STR_FMT "\"",
                         STR_ARG(u->key))
               : 0;
}

/* "bytes=0-9": ten bytes are stored; without a Range none are. */
static uint64_t stored_bytes(const struct http_answer *answer)
{
    struct str range = http_answer_header(answer, STR("Range"));
    uint64_t last;

    if (!str_starts(range, STR("bytes=0-")) ||
        !parse_u64(str_skip(range, strlen("bytes=0-")), &last))
        return 0;
    return last + 1;
}

/* Sent again it begins where it did: the service leaves out what it has. */
static int send_chunk(struct gcs_client *c, struct upload *u, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    uint64_t len = u->size - u->at < u->chunk ? u->size - u->at : u->chunk, stored;
    const struct request r = {
        .method = "PUT",
        .key = u->key,
        .url = u->url,
        .from = u->from,
        .at = u->at,
        .len = len,
        .is_chunk = true,
        .extra = {STR("Content-Range"),
                  str_printf(a, "bytes %llu-%llu/%llu", (unsigned long long) u->at,
                             (unsigned long long) (u->at + len - 1),
                             (unsigned long long) u->size)}};
    struct http_answer answer;
    unsigned tries = 0;
    int result;

    do
        result = ask(c, a, &r, &answer, err);
    while (result < 0 && http_part_again(&tries, err));
    if (result < 0 && err->kind == ERR_NOT_FOUND)
        err->kind = ERR_TRANSIENT; /* an upload that is not known any more begins anew */
    if (result < 0)
        return -1;
    if (answer.status != GO_ON) {
        u->at = u->size;
        return check_size(a, u->key, u->size, &answer, err);
    }
    stored = stored_bytes(&answer);
    if (stored <= u->at || stored > u->at + len || stored == u->size)
        return err_set(err, ERR_TRANSIENT,
                       "GCS: %llu bytes of \"" STR_FMT
                       "\" were sent, and the service has stored %llu and wants more",
                       (unsigned long long) (u->at + len), STR_ARG(u->key),
                       (unsigned long long) stored);
    u->at = stored;
    return 0;
}

static int put_chunks(struct gcs_client *c, struct arena *a, struct upload *u, struct err *err)
{
    struct request cancel = {.method = "DELETE", .key = u->key};
    struct http_answer answer;
    struct err ignored;
    int result = 0;

    if (begin_upload(c, a, u, err) < 0)
        return -1;
    while (result == 0 && u->at < u->size)
        result = send_chunk(c, u, err);
    cancel.url = u->url;
    if (result < 0)
        ask(c, a, &cancel, &answer, &ignored);
    return result;
}

int gcs_put(struct gcs_client *c, struct arena *a, struct str key, int from, struct err *err)
{
    struct upload u = {.key = key,
                       .from = from,
                       .chunk = c->options.chunk_bytes ? c->options.chunk_bytes
                                                       : (uint64_t) GCS_CHUNK_BYTES};
    struct request r = {.method = "POST", .key = key, .from = from};
    struct http_answer answer;
    struct stat st;

    if (fstat(from, &st) < 0)
        return err_sys(err, errno, "look at what is to be stored");
    u.size = (uint64_t) st.st_size;
    if (u.size > u.chunk)
        return put_chunks(c, a, &u, err);
    r.len = u.size;
    r.url = upload_url(c, a, "media", key);
    return ask(c, a, &r, &answer, err) < 0 ? -1 : check_size(a, key, u.size, &answer, err);
}

/* ---- lists ---- */

static int list_page(struct gcs_client *c, struct str prefix, struct str *token,
                     gcs_each_fn each, void *ctx, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct request r = {.method = "GET", .key = prefix};
    const struct json *items, *item;
    struct http_answer answer;
    struct json doc;
    struct str next;

    r.url = str_printf(a,
                       STR_FMT "/storage/v1/b/" STR_FMT "/o?fields=items(name),nextPageToken&"
                               "prefix=" STR_FMT "%s" STR_FMT,
                       STR_ARG(c->base), STR_ARG(uri_escape(a, c->options.bucket)),
                       STR_ARG(uri_escape(a, prefix)), token->len ? "&pageToken=" : "",
                       STR_ARG(uri_escape(a, *token)));
    if (ask(c, a, &r, &answer, err) < 0)
        return -1;
    if (json_parse(a, answer.body, &doc, err) < 0)
        return err_wrap(err, "GCS: list of \"" STR_FMT "\"", STR_ARG(prefix));
    items = json_get(&doc, STR("items"));
    for (size_t i = 0; (item = json_item(items, i)) != NULL; i++)
        if (each(ctx, a, json_get_str(item, STR("name")), err) < 0)
            return -1;
    next = json_get_str(&doc, STR("nextPageToken"));
    *token = str_is_empty(next) ? STR("") : str_copy(c->arena, next);
    return 0;
}

int gcs_list(struct gcs_client *c, struct str prefix, gcs_each_fn each, void *ctx,
             struct err *err)
{
    struct str token = STR("");

    do {
        if (list_page(c, prefix, &token, each, ctx, err) < 0)
            return -1;
    } while (token.len > 0);
    return 0;
}
