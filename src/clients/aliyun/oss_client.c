/* See oss_client.h. */
#include "clients/aliyun/oss_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/evp.h>

#include "base/fd.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "formats/base64.h"
#include "formats/gotime.h"
#include "formats/uri.h"
#include "formats/xml.h"
#include "io/http_resume.h"

enum { HEADERS_MAX = 8 + HTTP_RESUME_HEADERS_MAX, PARAMS_MAX = 2, MD5_BYTES = 16 };

#define RULE_TAG "tiphys-lifecycle"

struct oss_client {
    struct arena *arena;
    struct http_client *http;
    struct oss_options options;
    struct str base; /* URL of the bucket, with a slash at the end */
    struct str rule; /* name of the rule for stored objects, and value of their tag; or "" */
    uint64_t crc_table[256]; /* of a byte: CRC-64 of ECMA-182, reflected */
};

/* One call. */
struct request {
    const char *method;
    struct str key;                        /* "": the bucket */
    struct http_header params[PARAMS_MAX]; /* that are signed: not escaped, by name */
    size_t param_count;
    struct str query; /* further ones, escaped; or "" */
    struct str body;
    int from; /* file whose bytes are the body; 0: none */
    uint64_t at, len;
    bool is_tagged;         /* makes an object that the rule is for */
    struct http_resume *to; /* what gets the answer's body, or NULL */
};

/* ---- where the bucket is ---- */

static bool is_number(struct arena *a, struct str host)
{
    struct in_addr v4;

    return str_starts(host, STR("[")) || inet_pton(AF_INET, str_cz(a, host), &v4) == 1;
}

static int check_bucket(struct str name, struct err *err)
{
    bool is_right = name.len >= 3 && name.len <= 63;

    for (size_t i = 0; i < name.len; i++)
        is_right = is_right && strchr("abcdefghijklmnopqrstuvwxyz0123456789-", name.ptr[i]);
    return is_right ? 0
                    : err_set(err, ERR_INVALID,
                              "oss.bucket \"" STR_FMT
                              "\" must be 3 to 63 lower-case letters, digits and hyphens",
                              STR_ARG(name));
}

/* In the host's name, except at an address that is a number, or this machine. */
static int read_endpoint(struct oss_client *c, struct err *err)
{
    struct str rest = c->options.endpoint, host;
    bool is_tls = str_cut_prefix(&rest, STR("https://"));
    bool is_plain = !is_tls && str_cut_prefix(&rest, STR("http://"));

    while (str_ends(rest, STR("/")))
        rest.len--;
    for (size_t i = 0; i < rest.len; i++)
        if (strchr("/@?# ", rest.ptr[i]))
            return err_set(err, ERR_INVALID,
                           "oss.endpoint must be a host: oss-cn-hangzhou.aliyuncs.com");
    host = str_head(rest,
                    str_find_char(rest, ':') == SIZE_MAX ? rest.len : str_find_char(rest, ':'));
    if (!is_plain && str_ends(host, STR(".aliyuncs.com")))
        is_tls = true;
    if (is_number(c->arena, host) || str_is(host, "localhost"))
        c->base =
            str_printf(c->arena, "%s://" STR_FMT "/" STR_FMT "/", is_tls ? "https" : "http",
                       STR_ARG(rest), STR_ARG(c->options.bucket));
    else
        c->base =
            str_printf(c->arena, "%s://" STR_FMT "." STR_FMT "/", is_tls ? "https" : "http",
                       STR_ARG(c->options.bucket), STR_ARG(rest));
    return 0;
}

static int read_days(struct oss_client *c, struct err *err)
{
    int64_t infrequent = c->options.days_until_infrequent;
    int64_t deletion = c->options.days_until_deletion;

    c->rule = STR("");
    if (infrequent < 0 || deletion < 0 || (deletion > 0 && infrequent >= deletion))
        return err_set(err, ERR_INVALID,
                       "oss.lifecycleRule: markInfrequentAccessAfterDays must be smaller than "
                       "markDeletionAfterDays");
    if (infrequent > 0 || deletion > 0)
        c->rule = str_printf(c->arena, "ia%lld-del%lld", (long long) infrequent,
                             (long long) deletion);
    return 0;
}

static void fill_crc_table(uint64_t table[256])
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint64_t crc = byte;

        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xC96C5795D7870F42U : crc >> 1;
        table[byte] = crc;
    }
}

struct oss_client *oss_client_new(const struct oss_options *options, struct err *err)
{
    struct arena *a = arena_new();
    struct oss_client *c = ARENA_NEW(a, struct oss_client);

    c->arena = a;
    c->options = *options;
    c->http = http_client_new();
    fill_crc_table(c->crc_table);
    if (check_bucket(options->bucket, err) == 0 && read_endpoint(c, err) == 0 &&
        read_days(c, err) == 0)
        return c;
    oss_client_free(c);
    return NULL;
}

void oss_client_free(struct oss_client *c)
{
    if (!c)
        return;
    http_client_free(c->http);
    arena_free(c->arena);
}

/* ---- calls ---- */

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
        {"InvalidAccessKeyId", ERR_UNAUTHORIZED},
        {"SignatureDoesNotMatch", ERR_UNAUTHORIZED},
        {"SecurityToken", ERR_UNAUTHORIZED}, /* expired, or wrong */
        {"AccessDenied", ERR_DENIED},
        {"Throttl", ERR_TRANSIENT},
        {"Timeout", ERR_TRANSIENT},
        {"RequestTimeTooSkewed", ERR_TRANSIENT},
        {"QuotaExceeded.Refresh", ERR_TRANSIENT},
        {"ServiceBusy", ERR_TRANSIENT},
    };

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (str_find(code, str_from(table[i].part)) != SIZE_MAX)
            return table[i].kind;
    return http_status_kind(status);
}

static int service_error(const struct oss_client *c, struct arena *a, const struct request *r,
                         const struct http_answer *answer, struct err *err)
{
    struct str code = xml_text(a, answer->body, STR("Code"));
    struct str message = xml_text(a, answer->body, STR("Message"));
    struct str of =
        r->key.len ? str_printf(a, "\"" STR_FMT "\" in ", STR_ARG(r->key)) : STR("");

    return err_set(err, kind_of(code, answer->status),
                   "OSS: %s of " STR_FMT "bucket " STR_FMT ": status %u%s" STR_FMT "%s" STR_FMT,
                   r->method, STR_ARG(of), STR_ARG(c->options.bucket), answer->status,
                   code.len ? " " : "", STR_ARG(code), message.len ? ": " : "",
                   STR_ARG(message));
}

static struct str url_of(const struct oss_client *c, struct arena *a, const struct request *r)
{
    struct str url = str_concat(a, c->base, uri_escape(a, r->key));

    for (size_t i = 0; i < r->param_count; i++)
        url = str_printf(a, STR_FMT "%c" STR_FMT "%s" STR_FMT, STR_ARG(url), i ? '&' : '?',
                         STR_ARG(r->params[i].name), r->params[i].value.len > 0 ? "=" : "",
                         STR_ARG(uri_escape(a, r->params[i].value)));
    return r->query.len > 0 ? str_printf(a, STR_FMT "%c" STR_FMT, STR_ARG(url),
                                         r->param_count ? '&' : '?', STR_ARG(r->query))
                            : url;
}

static struct str md5_of(struct arena *a, struct str body)
{
    unsigned char digest[MD5_BYTES];

    EVP_Digest(body.ptr, body.len, digest, NULL, EVP_md5(), NULL);
    return base64_encode(a, str_of((const char *) digest, sizeof(digest)));
}

/* All that is sent, the signature last. */
static size_t make_headers(const struct oss_client *c, struct arena *a, const struct request *r,
                           struct http_header list[HEADERS_MAX])
{
    const struct gotime now = gotime_of_wall(clock_wall());
    const struct oss_keys *keys = c->options.keys;
    struct oss_request req = {.method = str_from(r->method),
                              .bucket = c->options.bucket,
                              .key = r->key,
                              .params = r->params,
                              .param_count = r->param_count,
                              .headers = list};
    size_t count = 0;

    list[count++] = (struct http_header){
        STR("Date"), gotime_format(a, &now, STR("Mon, 02 Jan 2006 15:04:05 GMT"))};
    list[count++] = (struct http_header){STR("Content-Type"), STR("application/octet-stream")};
    if (r->body.len > 0)
        list[count++] = (struct http_header){STR("Content-MD5"), md5_of(a, r->body)};
    if (r->to)
        count += http_resume_headers(r->to, a, list + count);
    if (keys->token.len > 0)
        list[count++] = (struct http_header){STR("x-oss-security-token"), keys->token};
    if (r->is_tagged && c->rule.len > 0)
        list[count++] = (struct http_header){STR("x-oss-tagging"),
                                             str_concat(a, STR(RULE_TAG "="), c->rule)};
    req.header_count = count;
    list[count] = (struct http_header){STR("Authorization"), oss_sign(a, &req, keys, NULL)};
    return count + 1;
}

static int ask(struct oss_client *c, struct arena *a, const struct request *r,
               struct http_answer *ret, struct err *err)
{
    struct http_header headers[HEADERS_MAX];
    const struct http_call call = {.method = str_from(r->method),
                                   .url = url_of(c, a, r),
                                   .headers = headers,
                                   .header_count = make_headers(c, a, r, headers),
                                   .body = r->body,
                                   .body_fd = r->from,
                                   .body_at = r->at,
                                   .body_len = r->len,
                                   .stall_ms = OSS_STALL_MS,
                                   .cancel_fd = -1,
                                   .is_bare = true,
                                   .refuses_link_local = true,
                                   .on_chunk = r->to ? http_sink_take : NULL,
                                   .ctx = r->to ? &r->to->sink : NULL,
                                   .head = r->to ? &r->to->head : NULL};

    *ret = (struct http_answer){0};
    if (http_client_do(c->http, a, &call, ret, err) < 0)
        return r->to && r->to->sink.error
                   ? err_sys(err, r->to->sink.error, "write object " STR_FMT, STR_ARG(r->key))
                   : -1;
    return ret->status >= 200 && ret->status < 300 ? 0 : service_error(c, a, r, ret, err);
}

/* A key that URLs shorten would be the bucket itself. */
static int check_key(struct str key, struct err *err)
{
    return key.len > 0 && !str_is(key, ".") && !str_is(key, "..")
               ? 0
               : err_set(err, ERR_INVALID, "OSS has no object \"" STR_FMT "\"", STR_ARG(key));
}

/* ---- checksums ---- */

/* Are the bytes of a file, from an offset to its end, those that the service knows? What came
 * in pieces must be compared. */
static int check_bytes(const struct oss_client *c, const struct request *r,
                       const struct http_answer *answer, int fd, off_t at, struct err *err)
{
    struct str told = http_answer_header(answer, STR("x-oss-hash-crc64ecma"));
    uint64_t crc = ~(uint64_t) 0, expected;
    unsigned char bytes[16 << 10];
    ssize_t len;

    if (str_is_empty(told) && (!r->to || r->to->skip == 0))
        return 0;
    while ((len = fd_pread(fd, bytes, sizeof(bytes), at)) > 0) {
        for (ssize_t i = 0; i < len; i++)
            crc = c->crc_table[(crc ^ bytes[i]) & 0xFF] ^ crc >> 8;
        at += len;
    }
    if (len < 0)
        return err_sys(err, errno, "read object " STR_FMT, STR_ARG(r->key));
    return parse_u64(told, &expected) && expected == ~crc
               ? 0
               : err_set(err, ERR_TRANSIENT,
                         "OSS: the bytes of \"" STR_FMT "\" in bucket " STR_FMT
                         " are not those of its checksum",
                         STR_ARG(r->key), STR_ARG(c->options.bucket));
}

/* ---- objects ---- */

int oss_get(struct oss_client *c, struct arena *a, struct str key, int to, struct err *err)
{
    struct http_resume resume;
    const struct request r = {.method = "GET", .key = key, .to = &resume};
    struct http_answer answer;
    int next;

    if (check_key(key, err) < 0)
        return -1;
    http_resume_init(&resume, to);
    resume.is_checked = true;
    do
        next = http_resume_next(&resume, a, ask(c, a, &r, &answer, err), err);
    while (next > 0);
    return next < 0 ? -1 : check_bytes(c, &r, &answer, to, resume.begin, err);
}

int oss_delete(struct oss_client *c, struct arena *a, struct str key, struct err *err)
{
    const struct request r = {.method = "DELETE", .key = key};
    struct http_answer answer;

    if (check_key(key, err) < 0)
        return -1;
    return ask(c, a, &r, &answer, err) < 0 && err->kind != ERR_NOT_FOUND ? -1 : 0;
}

/* ---- uploads ---- */

static int put_whole(void *client, struct arena *a, const struct bucket_upload *u,
                     struct err *err)
{
    const struct request r = {
        .method = "PUT", .key = u->key, .from = u->from, .len = u->size, .is_tagged = true};
    struct http_answer answer;

    return ask(client, a, &r, &answer, err) < 0
               ? -1
               : check_bytes(client, &r, &answer, u->from, 0, err);
}

static int begin_upload(void *client, struct arena *a, const struct bucket_upload *u,
                        struct http_answer *ret, struct err *err)
{
    const struct request r = {.method = "POST",
                              .key = u->key,
                              .params = {{STR("uploads"), STR("")}},
                              .param_count = 1,
                              .is_tagged = true};

    return ask(client, a, &r, ret, err);
}

static int send_part(void *client, struct arena *a, const struct bucket_upload *u,
                     const struct bucket_part *part, struct http_answer *ret, struct err *err)
{
    const struct request r = {.method = "PUT",
                              .key = u->key,
                              .params = {{STR("partNumber"), str_printf(a, "%u", part->number)},
                                         {STR("uploadId"), u->id}},
                              .param_count = 2,
                              .from = u->from,
                              .at = part->at,
                              .len = part->len};

    return ask(client, a, &r, ret, err);
}

static int end_upload(void *client, struct arena *a, const struct bucket_upload *u,
                      struct str list, struct err *err)
{
    const struct request r = {.method = "POST",
                              .key = u->key,
                              .params = {{STR("uploadId"), u->id}},
                              .param_count = 1,
                              .body = list};
    struct http_answer answer;
    struct str rest, error;

    if (ask(client, a, &r, &answer, err) < 0)
        return -1;
    rest = answer.body; /* it may fail after it has answered 200 */
    if (xml_next(&rest, STR("Error"), &error))
        return service_error(client, a, &r, &answer, err);
    return check_bytes(client, &r, &answer, u->from, 0, err);
}

static int take_back(void *client, struct arena *a, const struct bucket_upload *u)
{
    const struct request r = {.method = "DELETE",
                              .key = u->key,
                              .params = {{STR("uploadId"), u->id}},
                              .param_count = 1};
    struct http_answer answer;
    struct err ignored;

    return ask(client, a, &r, &answer, &ignored) == 0 || answer.status == 404 ? 0 : -1;
}

/* ---- the bucket ---- */

static int list_page(void *client, struct arena *a, struct str prefix, struct str token,
                     struct http_answer *ret, struct err *err)
{
    struct request r = {.method = "GET",
                        .query = str_concat(a, STR("list-type=2&max-keys=1000&prefix="),
                                            uri_escape(a, prefix))};

    if (token.len > 0)
        r.params[r.param_count++] = (struct http_header){STR("continuation-token"), token};
    return ask(client, a, &r, ret, err);
}

static const struct bucket_service service = {.name = "OSS",
                                              .put = put_whole,
                                              .begin = begin_upload,
                                              .send = send_part,
                                              .end = end_upload,
                                              .take_back = take_back,
                                              .page = list_page};

int oss_put(struct oss_client *c, struct arena *a, struct str key, int from, struct err *err)
{
    struct bucket_upload u = {.key = key,
                              .from = from,
                              .part_bytes = c->options.part_bytes ? c->options.part_bytes
                                                                  : (uint64_t) OSS_PART_BYTES,
                              .unfinished = c->options.unfinished};

    return check_key(key, err) < 0 ? -1 : bucket_put(&service, c, a, &u, err);
}

int oss_list(struct oss_client *c, struct str prefix, bucket_each_fn each, void *ctx,
             struct err *err)
{
    return bucket_list(&service, c, prefix, each, ctx, err);
}

int oss_make_bucket(struct oss_client *c, struct arena *a, struct err *err)
{
    const struct request look = {
        .method = "GET", .params = {{STR("bucketInfo"), STR("")}}, .param_count = 1};
    const struct request make = {.method = "PUT"};
    struct http_answer answer;

    if (ask(c, a, &look, &answer, err) == 0)
        return 0;
    return answer.status == 404 ? ask(c, a, &make, &answer, err) : -1;
}

static void add_own_rule(const struct oss_client *c, struct strbuf *b)
{
    strbuf_addf(b,
                "<Rule><ID>tiphys-" STR_FMT "</ID><Prefix></Prefix><Tag><Key>" RULE_TAG
                "</Key><Value>" STR_FMT "</Value></Tag><Status>Enabled</Status>",
                STR_ARG(c->rule), STR_ARG(c->rule));
    if (c->options.days_until_infrequent > 0)
        strbuf_addf(b,
                    "<Transition><Days>%lld</Days><StorageClass>IA</StorageClass></Transition>",
                    (long long) c->options.days_until_infrequent);
    if (c->options.days_until_deletion > 0)
        strbuf_addf(b, "<Expiration><Days>%lld</Days></Expiration>",
                    (long long) c->options.days_until_deletion);
    strbuf_addz(b, "</Rule>");
}

int oss_keep_rule(struct oss_client *c, struct arena *a, struct err *err)
{
    _cleanup_strbuf_ struct strbuf all = STRBUF_INIT(1 << 20);
    struct request r = {
        .method = "GET", .params = {{STR("lifecycle"), STR("")}}, .param_count = 1};
    struct http_answer answer;
    struct str rest, rule;

    if (c->rule.len == 0)
        return 0;
    if (ask(c, a, &r, &answer, err) < 0 && err->kind != ERR_NOT_FOUND)
        return err_wrap(err, "oss.lifecycleRule");
    rest = answer.body;
    strbuf_addz(&all, "<LifecycleConfiguration>");
    while (xml_next(&rest, STR("Rule"), &rule)) {
        if (str_eq(xml_text(a, rule, STR("ID")), str_concat(a, STR("tiphys-"), c->rule)))
            return 0;
        strbuf_addf(&all, "<Rule>" STR_FMT "</Rule>", STR_ARG(rule));
    }
    add_own_rule(c, &all);
    strbuf_addz(&all, "</LifecycleConfiguration>");
    r.method = "PUT";
    r.body = strbuf_str(&all);
    return ask(c, a, &r, &answer, err) < 0 ? err_wrap(err, "oss.lifecycleRule") : 0;
}
