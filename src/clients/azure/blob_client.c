/* See blob_client.h. */
#include "clients/azure/blob_client.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "clients/azure/azure_token.h"
#include "formats/base64.h"
#include "formats/uri.h"
#include "formats/xml.h"
#include "io/http_resume.h"

enum {
    HEADERS_MAX = 8 + HTTP_RESUME_HEADERS_MAX,
    BLOCKS_MAX = 50000 /* the service's limit */
};

struct blob_client {
    struct arena *arena;
    struct http_client *http;
    struct blob_options options;
    bool has_key; /* else a token is found */
    struct azure_key key;
    struct str base; /* "https://host" */
    struct str path; /* of the container, escaped: "/con" or "/account/con" */
};

/* One call. */
struct request {
    const char *method;
    struct str name;  /* of the blob; "": the container */
    struct str query; /* escaped, or "" */
    struct str body;
    int from; /* file whose bytes are the body; 0: none */
    uint64_t at, len;
    bool is_blob;           /* what is sent is a whole blob */
    struct http_resume *to; /* what gets the answer's body, or NULL */
};

/* ---- where the container is ---- */

static bool is_number(struct str host)
{
    for (size_t i = 0; i < host.len; i++)
        if (!strchr("0123456789.:[]abcdefABCDEF", host.ptr[i]))
            return false;
    return str_find_char(host, '.') != SIZE_MAX || str_starts(host, STR("["));
}

/* The account is the first word of the host; of one that is a number, or this machine, the
 * first part of the path. */
static int read_endpoint(struct blob_client *c, struct err *err)
{
    struct str url = c->options.endpoint, rest = url, host, path = STR("");
    size_t at = str_find(url, STR("://")), slash, query = str_find_char(url, '?');

    if (at == SIZE_MAX || query != SIZE_MAX)
        return err_set(err, ERR_INVALID,
                       "azure.endpoint must be a URL: https://ACCOUNT.blob.core.windows.net");
    rest = str_skip(url, at + 3);
    slash = str_find_char(rest, '/');
    host = slash == SIZE_MAX ? rest : str_head(rest, slash);
    if (slash != SIZE_MAX)
        path = str_skip(rest, slash);
    while (str_ends(path, STR("/")))
        path.len--;
    c->base = str_head(url, at + 3 + host.len);
    if (is_number(host) || str_starts(host, STR("localhost"))) {
        struct str parts = str_skip(path, 1);

        if (path.len < 2 || !str_cut(&parts, '/', &c->key.account))
            return err_set(err, ERR_INVALID,
                           "azure.endpoint \"" STR_FMT "\" must end in the account's name",
                           STR_ARG(url));
    } else {
        str_cut(&host, '.', &c->key.account);
    }
    c->path = str_printf(c->arena, STR_FMT "/" STR_FMT, STR_ARG(path),
                         STR_ARG(uri_escape(c->arena, c->options.container)));
    return 0;
}

struct blob_client *blob_client_new(const struct blob_options *options, struct err *err)
{
    struct arena *a = arena_new();
    struct blob_client *c = ARENA_NEW(a, struct blob_client);

    c->arena = a;
    c->options = *options;
    c->http = http_client_new();
    c->has_key = options->key != NULL;
    if (c->has_key)
        secret_init(&c->key.key, secret_reveal(options->key));
    if (read_endpoint(c, err) == 0)
        return c;
    blob_client_free(c);
    return NULL;
}

void blob_client_free(struct blob_client *c)
{
    if (!c)
        return;
    secret_done(&c->key.key);
    http_client_free(c->http);
    arena_free(c->arena);
}

/* ---- calls ---- */

/* What the service's error code means to us. */
static enum err_kind kind_of(struct str code, unsigned status)
{
    static const struct {
        const char *code;
        enum err_kind kind;
    } table[] = {
        {"BlobNotFound", ERR_NOT_FOUND},
        {"ContainerNotFound", ERR_INVALID},
        {"AuthenticationFailed", ERR_UNAUTHORIZED},
        {"InvalidAuthenticationInfo", ERR_UNAUTHORIZED},
        {"ServerBusy", ERR_TRANSIENT},
        {"OperationTimedOut", ERR_TRANSIENT},
    };

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (str_is(code, table[i].code))
            return table[i].kind;
    return http_status_kind(status);
}

static int service_error(const struct blob_client *c, struct arena *a, const struct request *r,
                         const struct http_answer *answer, struct err *err)
{
    struct str code = http_answer_header(answer, STR("x-ms-error-code"));
    struct str message = xml_text(a, answer->body, STR("Message")), line;
    struct str of =
        r->name.len ? str_printf(a, "\"" STR_FMT "\" in ", STR_ARG(r->name)) : STR("");

    if (str_is_empty(code))
        code = xml_text(a, answer->body, STR("Code"));
    if (!str_cut(&message, '\n', &line)) /* what follows is for the service's people */
        line = STR("");
    return err_set(err, kind_of(code, answer->status),
                   "Azure: %s of " STR_FMT "container " STR_FMT ": status %u%s" STR_FMT
                   "%s" STR_FMT,
                   r->method, STR_ARG(of), STR_ARG(c->options.container), answer->status,
                   str_is_empty(code) ? "" : " ", STR_ARG(code), line.len ? ": " : "",
                   STR_ARG(str_trim(line)));
}

/* RFC 1123, which the C library writes in English here. */
static struct str date_of(struct arena *a, struct wall now)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t) (now.ms / 1000);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    return str_printf(a, "%s, %02d %s %d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
                      months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static int authorize(struct blob_client *c, struct arena *a, const struct azure_request *req,
                     struct wall now, struct str *ret, struct err *err)
{
    struct str token;

    if (c->has_key)
        return azure_sign(a, req, &c->key, ret, NULL, err);
    if (azure_token(&(struct azure_identity){0}, a, now, &token, err) < 0)
        return -1;
    *ret = str_concat(a, STR("Bearer "), token);
    return 0;
}

static int ask(struct blob_client *c, struct arena *a, const struct request *r,
               struct http_answer *ret, struct err *err)
{
    struct wall now = clock_wall();
    struct http_header headers[HEADERS_MAX] = {{STR("Content-Type"), STR("")}};
    struct azure_request req = {.method = str_from(r->method),
                                .query = r->query,
                                .headers = headers,
                                .header_count = 1,
                                .body_len = r->from ? r->len : r->body.len};
    struct http_call call = {.method = req.method,
                             .body = r->body,
                             .headers = headers,
                             .body_fd = r->from,
                             .body_at = r->at,
                             .body_len = r->len,
                             .stall_ms = AZURE_STALL_MS,
                             .cancel_fd = -1,
                             .is_bare = true,
                             .refuses_link_local = true,
                             .on_chunk = r->to ? http_sink_take : NULL,
                             .ctx = r->to ? &r->to->sink : NULL,
                             .head = r->to ? &r->to->head : NULL};
    struct http_header authorization = {STR("Authorization"), STR("")};

    req.path = r->name.len == 0 ? c->path
                                : str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(c->path),
                                             STR_ARG(uri_escape(a, r->name)));
    call.url = str_printf(a, STR_FMT STR_FMT "%s" STR_FMT, STR_ARG(c->base), STR_ARG(req.path),
                          r->query.len ? "?" : "", STR_ARG(r->query));
    headers[0].value = STR("application/octet-stream");
    if (r->is_blob)
        headers[req.header_count++] =
            (struct http_header){STR("x-ms-blob-type"), STR("BlockBlob")};
    headers[req.header_count++] = (struct http_header){STR("x-ms-date"), date_of(a, now)};
    headers[req.header_count++] = (struct http_header){STR("x-ms-version"), STR("2021-12-02")};
    if (r->to)
        req.header_count += http_resume_headers(r->to, a, headers + req.header_count);
    if (authorize(c, a, &req, now, &authorization.value, err) < 0)
        return err_wrap(err, "Azure");
    headers[req.header_count++] = authorization;
    call.header_count = req.header_count;
    if (http_client_do(c->http, a, &call, ret, err) < 0)
        return r->to && r->to->sink.error
                   ? err_sys(err, r->to->sink.error, "write blob " STR_FMT, STR_ARG(r->name))
                   : -1;
    return ret->status >= 200 && ret->status < 300 ? 0 : service_error(c, a, r, ret, err);
}

int blob_get(struct blob_client *c, struct arena *a, struct str name, int to, struct err *err)
{
    struct http_resume resume;
    const struct request r = {
        .method = "GET", .name = name, .query = STR(""), .body = STR(""), .to = &resume};
    struct http_answer answer;
    int next;

    http_resume_init(&resume, to);
    do
        next = http_resume_next(&resume, a, ask(c, a, &r, &answer, err), err);
    while (next > 0);
    return next;
}

int blob_delete(struct blob_client *c, struct arena *a, struct str name, struct err *err)
{
    const struct request r = {
        .method = "DELETE", .name = name, .query = STR(""), .body = STR("")};
    struct http_answer answer;

    return ask(c, a, &r, &answer, err) < 0 && err->kind != ERR_NOT_FOUND ? -1 : 0;
}

/* ---- in blocks ---- */

/* All of the same length, in the order of their numbers. */
static struct str block_id(struct arena *a, unsigned n)
{
    return base64_encode(a, str_printf(a, "block-%08u", n));
}

static int put_blocks(struct blob_client *c, struct str name, int from, uint64_t size,
                      uint64_t block, struct err *err)
{
    _cleanup_arena_ struct arena *list_arena = arena_new();
    _cleanup_strbuf_ struct strbuf list = STRBUF_INIT(8 << 20);
    struct request r = {.method = "PUT", .name = name, .body = STR("")};
    struct http_answer answer;
    unsigned n = 0;

    strbuf_addz(&list, "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>");
    for (uint64_t at = 0; at < size; at += block) {
        _cleanup_arena_ struct arena *a = arena_new();
        struct str id = block_id(a, n++);
        unsigned tries = 0;
        int result;

        r.query = str_concat(a, STR("comp=block&blockid="), uri_escape(a, id));
        r.from = from;
        r.at = at;
        r.len = size - at < block ? size - at : block;
        do
            result = ask(c, a, &r, &answer, err);
        while (result < 0 && http_part_again(&tries, err));
        if (result < 0)
            return -1;
        strbuf_addf(&list, "<Latest>" STR_FMT "</Latest>", STR_ARG(id));
    }
    strbuf_addz(&list, "</BlockList>");
    r = (struct request){.method = "PUT",
                         .name = name,
                         .query = STR("comp=blocklist"),
                         .body = strbuf_str(&list)};
    return ask(c, list_arena, &r, &answer, err);
}

int blob_put(struct blob_client *c, struct arena *a, struct str name, int from, struct err *err)
{
    uint64_t block =
        c->options.block_bytes ? c->options.block_bytes : (uint64_t) AZURE_BLOCK_BYTES;
    struct request r = {.method = "PUT",
                        .name = name,
                        .query = STR(""),
                        .body = STR(""),
                        .from = from,
                        .is_blob = true};
    struct http_answer answer;
    struct stat st;

    if (fstat(from, &st) < 0)
        return err_sys(err, errno, "look at what is to be stored");
    r.len = (uint64_t) st.st_size;
    if (r.len <= block)
        return ask(c, a, &r, &answer, err);
    if (r.len / block >= BLOCKS_MAX)
        block = r.len / BLOCKS_MAX + 1;
    return put_blocks(c, name, from, r.len, block, err);
}

/* ---- lists ---- */

static int list_page(struct blob_client *c, struct str prefix, struct str *marker,
                     blob_each_fn each, void *ctx, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct request r = {.method = "GET", .name = STR(""), .body = STR("")};
    struct http_answer answer;
    struct str rest, blob, next;

    r.query = str_printf(a, "restype=container&comp=list&prefix=" STR_FMT "%s" STR_FMT,
                         STR_ARG(uri_escape(a, prefix)), marker->len ? "&marker=" : "",
                         STR_ARG(uri_escape(a, *marker)));
    if (ask(c, a, &r, &answer, err) < 0)
        return -1;
    rest = answer.body;
    while (xml_next(&rest, STR("Blob"), &blob))
        if (each(ctx, a, xml_text(a, blob, STR("Name")), err) < 0)
            return -1;
    next = xml_text(a, answer.body, STR("NextMarker"));
    *marker = str_is_empty(next) ? STR("") : str_copy(c->arena, next);
    return 0;
}

int blob_list(struct blob_client *c, struct str prefix, blob_each_fn each, void *ctx,
              struct err *err)
{
    struct str marker = STR("");

    do {
        if (list_page(c, prefix, &marker, each, ctx, err) < 0)
            return -1;
    } while (marker.len > 0);
    return 0;
}
