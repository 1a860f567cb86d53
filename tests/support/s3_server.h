/*
 * tests/support/s3_server.h - a bucket of S3 in memory for unit tests: objects, uploads in
 * parts, lists of two keys a page. Checks that calls are signed and that the hash that was
 * signed is the body's; knows no keys. Answers as told for keys that say so: "slow" is
 * throttled, "denied" is not for us.
 */
#pragma once

#include <openssl/sha.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "io/http_server.h"

enum { S3_OBJECTS_MAX = 64, S3_PAGE = 2 };

struct s3_object {
    char key[200];
    char *bytes;
    size_t len;
};

struct s3_server {
    struct http_server *http;
    pthread_mutex_t lock;
    struct s3_object objects[S3_OBJECTS_MAX]; /* sorted by key, parts among them */
    size_t count;
    bool has_no_bucket, fails_parts, fails_aborts;
    unsigned puts, aborts;
    char seal[200]; /* the last object's x-amz-server-side-encryption */
    char endpoint[32];
};

static inline size_t s3_server_find(struct s3_server *s, struct str key)
{
    size_t at = 0;

    while (at < s->count && !str_eq(str_from(s->objects[at].key), key))
        at++;
    return at;
}

static inline void s3_server_remove(struct s3_server *s, struct str key)
{
    size_t at = s3_server_find(s, key);

    if (at == s->count)
        return;
    free(s->objects[at].bytes);
    memmove(&s->objects[at], &s->objects[at + 1], (s->count - at - 1) * sizeof(s->objects[0]));
    s->count--;
}

static inline void s3_server_store(struct s3_server *s, struct str key, struct str bytes)
{
    struct s3_object made = {.bytes = mem_alloc(bytes.len + 1), .len = bytes.len};
    size_t at = 0;

    s3_server_remove(s, key);
    snprintf(made.key, sizeof(made.key), STR_FMT, STR_ARG(key));
    memcpy(made.bytes, bytes.ptr ? bytes.ptr : "", bytes.len);
    while (at < s->count && strcmp(s->objects[at].key, made.key) < 0)
        at++;
    memmove(&s->objects[at + 1], &s->objects[at], (s->count - at) * sizeof(s->objects[0]));
    s->objects[at] = made;
    s->count++;
}

static inline void s3_server_fail(struct http_request *req, unsigned status, const char *code)
{
    http_reply(req, status, STR("application/xml"),
               str_printf(http_arena(req),
                          "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>told "
                          "to</Message></Error>",
                          code),
               NULL, 0);
}

static inline void s3_server_list(struct s3_server *s, struct http_request *req)
{
    struct str prefix = http_query(req, STR("prefix"));
    struct str after = http_query(req, STR("continuation-token"));
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(1 << 20);
    size_t shown = 0;

    strbuf_addz(&b, "<ListBucketResult>");
    for (size_t i = 0; i < s->count; i++) {
        struct str key = str_from(s->objects[i].key);

        if (!str_starts(key, prefix) || (!str_is_none(after) && str_cmp(key, after) <= 0) ||
            shown > S3_PAGE)
            continue;
        if (shown++ == S3_PAGE) {
            strbuf_addf(&b,
                        "<IsTruncated>true</IsTruncated><NextContinuationToken>%s"
                        "</NextContinuationToken>",
                        s->objects[i - 1].key);
            continue;
        }
        strbuf_addf(&b, "<Contents><Key>%s</Key><Size>%zu</Size></Contents>", s->objects[i].key,
                    s->objects[i].len);
    }
    strbuf_addz(&b, "</ListBucketResult>");
    http_reply(req, 200, STR("application/xml"), strbuf_str(&b), NULL, 0);
}

static inline struct str s3_server_part(struct http_request *req, struct str key,
                                        const char *part)
{
    return str_printf(http_arena(req), "~" STR_FMT "~%3s", STR_ARG(key), part);
}

static inline void s3_server_complete(struct s3_server *s, struct http_request *req,
                                      struct str key)
{
    _cleanup_strbuf_ struct strbuf all = STRBUF_INIT(64 << 20);
    struct str prefix = str_printf(http_arena(req), "~" STR_FMT "~", STR_ARG(key));

    for (size_t i = 0; i < s->count; i++)
        if (str_starts(str_from(s->objects[i].key), prefix))
            strbuf_add(&all, str_of(s->objects[i].bytes, s->objects[i].len));
    for (size_t i = s->count; i-- > 0;)
        if (str_starts(str_from(s->objects[i].key), prefix))
            s3_server_remove(s, str_from(s->objects[i].key));
    if (str_find(http_body(req), STR("<ETag>&quot;e&quot;</ETag>")) == SIZE_MAX) {
        s3_server_fail(req, 200, "InvalidPart");
        return;
    }
    s3_server_store(s, key, strbuf_str(&all));
    http_reply(req, 200, STR("application/xml"), STR("<CompleteMultipartUploadResult/>"), NULL,
               0);
}

static inline void s3_server_put(struct s3_server *s, struct http_request *req, struct str key)
{
    static const struct http_header tag = {STR("ETag"), STR("\"e\"")};
    struct str part = http_query(req, STR("partNumber"));
    struct str seal = http_header(req, STR("x-amz-server-side-encryption"));

    s->puts++;
    if (str_is_none(part))
        snprintf(s->seal, sizeof(s->seal), STR_FMT, STR_ARG(seal));
    s3_server_store(
        s, str_is_none(part) ? key : s3_server_part(req, key, str_cz(http_arena(req), part)),
        http_body(req));
    http_reply(req, 200, STR_NONE, STR(""), &tag, 1);
}

static inline void s3_server_object(struct s3_server *s, struct http_request *req,
                                    struct str key)
{
    struct str method = http_method(req);
    size_t at = s3_server_find(s, key);

    if (str_is(method, "POST") && !str_is_none(http_query(req, STR("uploads"))))
        http_reply(req, 200, STR("application/xml"),
                   STR("<R><UploadId>the &amp; id</UploadId></R>"), NULL, 0);
    else if (str_is(method, "POST"))
        s3_server_complete(s, req, key);
    else if (str_is(method, "PUT"))
        s3_server_put(s, req, key);
    else if (str_is(method, "DELETE")) {
        s->aborts += !str_is_none(http_query(req, STR("uploadId")));
        s3_server_remove(s, key);
        http_reply(req, 204, STR_NONE, STR(""), NULL, 0);
    } else if (at < s->count)
        http_reply(req, 200, STR("application/octet-stream"),
                   str_of(s->objects[at].bytes, s->objects[at].len), NULL, 0);
    else
        s3_server_fail(req, 404, "NoSuchKey");
}

static inline bool s3_server_is_signed(struct http_request *req)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct str body = http_body(req);
    char hex[2 * SHA256_DIGEST_LENGTH + 1];

    SHA256((const unsigned char *) (body.ptr ? body.ptr : ""), body.len, digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    return str_is(http_header(req, STR("x-amz-content-sha256")), hex) &&
           str_starts(http_header(req, STR("authorization")),
                      STR("AWS4-HMAC-SHA256 Credential=AK/"));
}

/* A call that is to fail. */
static inline bool s3_server_is_to_fail(const struct s3_server *s, struct http_request *req)
{
    return (s->fails_parts && str_is(http_query(req, STR("partNumber")), "2")) ||
           (s->fails_aborts && str_is(http_method(req), "DELETE"));
}

static inline void s3_server_handle(void *ctx, struct http_request *req)
{
    struct s3_server *s = ctx;
    struct str path = str_skip(http_path(req), 1), bucket;
    bool is_bucket = true;

    pthread_mutex_lock(&s->lock);
    str_cut(&path, '/', &bucket);
    is_bucket = str_is_empty(path);
    if (!s3_server_is_signed(req))
        s3_server_fail(req, 403, "SignatureDoesNotMatch");
    else if (is_bucket && s->has_no_bucket && str_is(http_method(req), "PUT")) {
        s->has_no_bucket = false;
        http_reply(req, 200, STR_NONE, STR(""), NULL, 0);
    } else if (s->has_no_bucket)
        s3_server_fail(req, 404, is_bucket ? "" : "NoSuchBucket");
    else if (is_bucket && str_is(http_method(req), "HEAD"))
        http_reply(req, 200, STR_NONE, STR(""), NULL, 0);
    else if (is_bucket)
        s3_server_list(s, req);
    else if (s3_server_is_to_fail(s, req))
        s3_server_fail(req, 500, "InternalError");
    else if (str_find(path, STR("slow")) != SIZE_MAX)
        s3_server_fail(req, 503, "SlowDown");
    else if (str_find(path, STR("denied")) != SIZE_MAX)
        s3_server_fail(req, 403, "AccessDenied");
    else
        s3_server_object(s, req, path);
    pthread_mutex_unlock(&s->lock);
}

/* The text of an object, or "(none)". For checks, when no call is under way. */
static inline struct str s3_server_text(struct s3_server *s, const char *key)
{
    size_t at = s3_server_find(s, str_from(key));

    return at < s->count ? str_of(s->objects[at].bytes, s->objects[at].len) : STR("(none)");
}

/* A store of the same objects, behind another door; @ctx NULL: the server itself. */
static inline struct s3_server *
s3_server_start_with(void (*handle)(void *ctx, struct http_request *req), void *ctx)
{
    struct s3_server *s = NEW(struct s3_server);
    struct http_server_options options = {.address = "127.0.0.1",
                                          .threads = 1,
                                          .body_max_bytes = 16 << 20,
                                          .ctx = ctx ? ctx : s,
                                          .handle = handle};
    struct err err;

    pthread_mutex_init(&s->lock, NULL);
    s->http = http_server_start(&options, &err);
    if (!s->http)
        fail_msg("%s", err.text);
    snprintf(s->endpoint, sizeof(s->endpoint), "127.0.0.1:%u", http_server_port(s->http));
    return s;
}

static inline struct s3_server *s3_server_start(void)
{
    return s3_server_start_with(s3_server_handle, NULL);
}

static inline void s3_server_stop(struct s3_server *s)
{
    http_server_stop(s->http);
    while (s->count > 0)
        free(s->objects[--s->count].bytes);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
