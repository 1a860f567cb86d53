/* See s3_client.h. */
#include "clients/aws/s3_client.h"

#include "base/limits.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "formats/xml.h"
#include "io/http_resume.h"

enum { URL_MAX_BYTES = 16 << 10 };

struct s3_client {
    struct arena *arena;
    struct http_client *http;
    struct s3_options options;
    struct str region;
    struct str base; /* URL of the bucket, with a slash at the end */
};

typedef VEC(struct http_header) headers;

enum with { WITH_NOTHING, WITH_UNSEAL, WITH_SEAL };

/* One call. */
struct request {
    const char *method;
    struct str key;   /* or "": the bucket */
    struct str query; /* escaped, or "" */
    struct str body;
    int from; /* file whose bytes are the body; 0: none */
    uint64_t at, len;
    enum with with;
    const struct http_header *extra; /* or NULL */
    struct http_resume *to;          /* what gets the answer's body, or NULL */
};

/* ---- where the bucket is ---- */

/* s3.eu-west-1.amazonaws.com, s3-eu-west-1.amazonaws.com */
static struct str region_of(struct str endpoint)
{
    struct str rest = endpoint, first, region;

    if (!str_cut(&rest, '.', &first) || str_find(endpoint, STR(".amazonaws.com")) == SIZE_MAX)
        return STR("us-east-1");
    if (str_starts(first, STR("s3-")) && first.len > 3)
        return str_skip(first, 3);
    if (str_is(first, "s3") && str_cut(&rest, '.', &region) && !str_is(region, "amazonaws"))
        return region;
    return STR("us-east-1");
}

/* Amazon's certificates are for one word before the endpoint. */
static bool is_in_host(const struct s3_options *o)
{
    if (o->style != S3_STYLE_AUTO)
        return o->style == S3_STYLE_VIRTUAL_HOSTED;
    return str_find(o->endpoint, STR(".amazonaws.com")) != SIZE_MAX &&
           str_find_char(o->bucket, '.') == SIZE_MAX;
}

struct s3_client *s3_client_new(const struct s3_options *options)
{
    struct arena *a = arena_new();
    struct s3_client *c = ARENA_NEW(a, struct s3_client);
    const char *scheme = options->is_plain ? "http" : "https";

    c->arena = a;
    c->http = http_client_new();
    c->options = *options;
    c->region = str_is_empty(options->region) ? region_of(options->endpoint) : options->region;
    c->base = is_in_host(options)
                  ? str_printf(a, "%s://" STR_FMT "." STR_FMT "/", scheme,
                               STR_ARG(options->bucket), STR_ARG(options->endpoint))
                  : str_printf(a, "%s://" STR_FMT "/" STR_FMT "/", scheme,
                               STR_ARG(options->endpoint), STR_ARG(options->bucket));
    return c;
}

void s3_client_free(struct s3_client *c)
{
    if (!c)
        return;
    http_client_free(c->http);
    arena_free(c->arena);
}

/* ---- calls ---- */

static void escape(struct strbuf *b, struct str text, bool keeps_slash)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keeps_slash))
            strbuf_addc(b, c);
        else
            strbuf_addf(b, "%%%02X", (unsigned char) c);
    }
}

/* What clients on the way would shorten must not leave its bucket. */
static bool has_dot_part(struct str key)
{
    struct str part;

    while (str_cut(&key, '/', &part))
        if (str_is(part, ".") || str_is(part, ".."))
            return true;
    return false;
}

static int url_of(const struct s3_client *c, struct arena *a, const struct request *r,
                  struct str *ret, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(URL_MAX_BYTES);

    if (has_dot_part(r->key))
        return err_set(err, ERR_INVALID, "key \"" STR_FMT "\" has a \".\" or \"..\" part",
                       STR_ARG(r->key));
    strbuf_add(&b, c->base);
    escape(&b, r->key, true);
    if (r->query.len > 0)
        strbuf_addf(&b, "?" STR_FMT, STR_ARG(r->query));
    if (b.is_over)
        return err_set(err, ERR_LIMIT, "key of %zu bytes is too long", r->key.len);
    *ret = str_copy(a, strbuf_str(&b));
    return 0;
}

/* What the service's error code means to us. */
static enum err_kind kind_of(struct str code, unsigned status)
{
    static const struct {
        const char *part;
        enum err_kind kind;
    } table[] = {
        {"NoSuchKey", ERR_NOT_FOUND},
        {"NoSuchUpload", ERR_TRANSIENT},
        {"NoSuchBucket", ERR_INVALID},
        {"ExpiredToken", ERR_UNAUTHORIZED},
        {"InvalidAccessKeyId", ERR_UNAUTHORIZED},
        {"SignatureDoesNotMatch", ERR_UNAUTHORIZED},
        {"AccessDenied", ERR_DENIED},
        {"SlowDown", ERR_TRANSIENT},
        {"Throttl", ERR_TRANSIENT},
        {"RequestLimit", ERR_TRANSIENT},
        {"RequestTimeout", ERR_TRANSIENT},
        {"InternalError", ERR_TRANSIENT},
    };

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (str_find(code, str_from(table[i].part)) != SIZE_MAX)
            return table[i].kind;
    return http_status_kind(status);
}

static int service_error(const struct s3_client *c, struct arena *a, const struct request *r,
                         const struct http_answer *answer, struct err *err)
{
    struct str code = xml_text(a, answer->body, STR("Code"));
    struct str message = xml_text(a, answer->body, STR("Message"));
    struct str of =
        r->key.len ? str_printf(a, "\"" STR_FMT "\" in ", STR_ARG(r->key)) : STR("");

    return err_set(err, kind_of(code, answer->status),
                   "S3: %s of " STR_FMT "bucket " STR_FMT ": status %u%s" STR_FMT "%s" STR_FMT,
                   r->method, STR_ARG(of), STR_ARG(c->options.bucket), answer->status,
                   code.len ? " " : "", STR_ARG(code), message.len ? ": " : "",
                   STR_ARG(message));
}

static void add_headers(struct arena *a, headers *to, const struct http_header *list,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        VEC_APUSH(a, to, list[i]);
}

static int sign(const struct s3_client *c, struct arena *a, const struct request *r,
                struct http_call *call, headers *list, struct err *err)
{
    struct aws_request req = {.signer = AWS_SIGN_S3V4,
                              .method = call->method,
                              .url = call->url,
                              .body = call->body,
                              .headers = list->at,
                              .header_count = list->len,
                              .region = c->region,
                              .service = STR("s3"),
                              .now = clock_wall()};
    struct aws_signature signature;

    if ((r->from && aws_hash_file(a, r->from, r->at, r->len, &req.body_hash, err) < 0) ||
        aws_sign_as(a, &req, &c->options.keys, c->options.who, &signature, err) < 0)
        return -1;
    add_headers(a, list, signature.headers, signature.header_count);
    call->headers = list->at;
    call->header_count = list->len;
    return 0;
}

static int ask_once(struct s3_client *c, struct arena *a, const struct request *r,
                    struct http_answer *ret, struct err *err)
{
    const struct s3_options *o = &c->options;
    struct http_header rest[HTTP_RESUME_HEADERS_MAX];
    struct http_call call = {.method = str_from(r->method),
                             .body = r->body,
                             .body_fd = r->from,
                             .body_at = r->at,
                             .body_len = r->len,
                             .stall_ms = S3_STALL_MS,
                             .cancel_fd = -1,
                             .is_bare = true,
                             .refuses_link_local = true,
                             .ca_pem = o->ca_pem,
                             .on_chunk = r->to ? http_sink_take : NULL,
                             .ctx = r->to ? &r->to->sink : NULL,
                             .head = r->to ? &r->to->head : NULL};
    headers list = {0};

    if (url_of(c, a, r, &call.url, err) < 0)
        return -1;
    if (r->with == WITH_SEAL)
        add_headers(a, &list, o->seal, o->seal_count);
    if (r->with != WITH_NOTHING)
        add_headers(a, &list, o->unseal, o->unseal_count);
    if (r->extra)
        add_headers(a, &list, r->extra, 1);
    if (r->to)
        add_headers(a, &list, rest, http_resume_headers(r->to, a, rest));
    if (sign(c, a, r, &call, &list, err) < 0)
        return -1;
    if (http_client_do(c->http, a, &call, ret, err) == 0)
        return 0;
    return r->to && r->to->sink.error
               ? err_sys(err, r->to->sink.error, "write object " STR_FMT, STR_ARG(r->key))
               : -1;
}

/* Once more when the service says that the bucket is in another region. */
static int ask(struct s3_client *c, struct arena *a, const struct request *r,
               struct http_answer *ret, struct err *err)
{
    struct str region;

    if (ask_once(c, a, r, ret, err) < 0)
        return -1;
    region = http_answer_header(ret, STR("x-amz-bucket-region"));
    if ((ret->status == 301 || ret->status == 400) && !str_is_empty(region) &&
        !str_eq(region, c->region)) {
        c->region = str_copy(c->arena, region);
        if (ask_once(c, a, r, ret, err) < 0)
            return -1;
    }
    return ret->status >= 200 && ret->status < 300 ? 0 : service_error(c, a, r, ret, err);
}

int s3_get(struct s3_client *c, struct arena *a, struct str key, int to, struct err *err)
{
    struct http_resume resume;
    const struct request r = {.method = "GET", .key = key, .with = WITH_UNSEAL, .to = &resume};
    struct http_answer answer;
    int next;

    http_resume_init(&resume, to);
    do
        next = http_resume_next(&resume, a, ask(c, a, &r, &answer, err), err);
    while (next > 0);
    return next;
}

int s3_delete(struct s3_client *c, struct arena *a, struct str key, struct err *err)
{
    const struct request r = {.method = "DELETE", .key = key};
    struct http_answer answer;

    if (key.len == 0) /* would be the bucket */
        return err_set(err, ERR_INVALID, "an object without a key cannot be deleted");
    return ask(c, a, &r, &answer, err) < 0 && err->kind != ERR_NOT_FOUND ? -1 : 0;
}

/* ---- uploads ---- */

static int put_whole(void *client, struct arena *a, const struct bucket_upload *u,
                     struct err *err)
{
    const struct request r = {
        .method = "PUT", .key = u->key, .from = u->from, .len = u->size, .with = WITH_SEAL};
    struct http_answer answer;

    return ask(client, a, &r, &answer, err);
}

static struct str query_of(struct arena *a, const struct bucket_upload *u, unsigned part)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(URL_MAX_BYTES);

    if (part)
        strbuf_addf(&b, "partNumber=%u&", part);
    strbuf_addz(&b, "uploadId=");
    escape(&b, u->id, false);
    return str_copy(a, strbuf_str(&b));
}

static int begin_upload(void *client, struct arena *a, const struct bucket_upload *u,
                        struct http_answer *ret, struct err *err)
{
    const struct request r = {
        .method = "POST", .key = u->key, .query = STR("uploads="), .with = WITH_SEAL};

    return ask(client, a, &r, ret, err);
}

static int send_part(void *client, struct arena *a, const struct bucket_upload *u,
                     const struct bucket_part *part, struct http_answer *ret, struct err *err)
{
    const struct request r = {.method = "PUT",
                              .key = u->key,
                              .query = query_of(a, u, part->number),
                              .from = u->from,
                              .at = part->at,
                              .len = part->len,
                              .with = WITH_UNSEAL};

    return ask(client, a, &r, ret, err);
}

static int end_upload(void *client, struct arena *a, const struct bucket_upload *u,
                      struct str list, struct err *err)
{
    const struct request r = {
        .method = "POST", .key = u->key, .query = query_of(a, u, 0), .body = list};
    struct http_answer answer;
    struct str rest, error;

    if (ask(client, a, &r, &answer, err) < 0)
        return -1;
    rest = answer.body; /* it may fail after it has answered 200 */
    return xml_next(&rest, STR("Error"), &error) ? service_error(client, a, &r, &answer, err)
                                                 : 0;
}

static int take_back(void *client, struct arena *a, const struct bucket_upload *u)
{
    const struct request r = {.method = "DELETE", .key = u->key, .query = query_of(a, u, 0)};
    struct http_answer answer = {0};
    struct err ignored;

    return ask(client, a, &r, &answer, &ignored) == 0 || answer.status == 404 ? 0 : -1;
}

/* ---- the bucket ---- */

static struct str list_query(struct arena *a, struct str prefix, struct str token)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(URL_MAX_BYTES);

    if (token.len > 0) {
        strbuf_addz(&b, "continuation-token=");
        escape(&b, token, false);
        strbuf_addc(&b, '&');
    }
    strbuf_addz(&b, "list-type=2&prefix=");
    escape(&b, prefix, false);
    return str_copy(a, strbuf_str(&b));
}

static int list_page(void *client, struct arena *a, struct str prefix, struct str token,
                     struct http_answer *ret, struct err *err)
{
    const struct request r = {.method = "GET", .query = list_query(a, prefix, token)};

    return ask(client, a, &r, ret, err);
}

static const struct bucket_service service = {.name = "S3",
                                              .put = put_whole,
                                              .begin = begin_upload,
                                              .send = send_part,
                                              .end = end_upload,
                                              .take_back = take_back,
                                              .page = list_page};

int s3_put(struct s3_client *c, struct arena *a, struct str key, int from, struct err *err)
{
    struct bucket_upload u = {.key = key,
                              .from = from,
                              .part_bytes = c->options.part_bytes ? c->options.part_bytes
                                                                  : (uint64_t) S3_PART_BYTES,
                              .unfinished = c->options.unfinished};

    return bucket_put(&service, c, a, &u, err);
}

int s3_list(struct s3_client *c, struct str prefix, bucket_each_fn each, void *ctx,
            struct err *err)
{
    return bucket_list(&service, c, prefix, each, ctx, err);
}

int s3_make_bucket(struct s3_client *c, struct arena *a, enum s3_bucket_locks locks,
                   struct err *err)
{
    static const struct http_header lock = {STR("x-amz-bucket-object-lock-enabled"),
                                            STR("true")};
    const struct request look = {.method = "HEAD"};
    struct request make = {.method = "PUT",
                           .extra = locks == S3_BUCKET_OBJECT_LOCKS ? &lock : NULL};
    struct http_answer answer;

    if (ask(c, a, &look, &answer, err) == 0)
        return 0;
    if (err->kind != ERR_NOT_FOUND)
        return -1;
    if (!str_is(c->region, "us-east-1")) /* which does not want to be named */
        make.body = str_printf(a,
                               "<CreateBucketConfiguration><LocationConstraint>" STR_FMT
                               "</LocationConstraint></CreateBucketConfiguration>",
                               STR_ARG(xml_escape(a, c->region)));
    if (ask(c, a, &make, &answer, err) == 0)
        return 0;
    return str_find(str_from(err->text), STR("BucketAlreadyOwnedByYou")) != SIZE_MAX ? 0 : -1;
}
