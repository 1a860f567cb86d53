/*
 * tests/support/oss_server.h - a bucket of Alibaba's object store in memory for unit tests.
 * Knows one key, "AK" with "hidden", and works out each signature from what came over the wire;
 * sends and is sent checksums. Objects, parts and pages are those of s3_server.h, whose
 * protocol is the same there. Include it behind cmocka.h.
 */
#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "formats/base64.h"
#include "tests/support/s3_server.h"

struct oss_server {
    struct s3_server *store;
    bool is_wrong;        /* sends checksums of other bytes */
    const char *token;    /* that calls must have, or NULL */
    char tag[100];        /* the last object's x-oss-tagging */
    char lifecycle[4000]; /* the bucket's rules, or "" */
    unsigned rule_puts, bad_signatures;
};

static inline int oss_server_by_name(const void *left, const void *right)
{
    return str_cmp(((const struct http_header *) left)->name,
                   ((const struct http_header *) right)->name);
}

/* "?name=value&name" of the parameters that are signed, by name. */
static inline struct str oss_server_params(struct http_request *req)
{
    static const char *const known[] = {"bucketInfo", "continuation-token", "lifecycle",
                                        "partNumber", "uploadId",           "uploads"};
    struct str all = STR("");

    for (size_t i = 0; i < COUNT_OF(known); i++) {
        struct str value = http_query(req, str_from(known[i]));

        if (!str_is_none(value))
            all =
                str_printf(http_arena(req), STR_FMT "%s%s%s" STR_FMT, STR_ARG(all),
                           all.len ? "&" : "?", known[i], value.len ? "=" : "", STR_ARG(value));
    }
    return all;
}

static inline struct str oss_server_own_headers(struct http_request *req)
{
    const struct http_header *headers;
    size_t count = http_headers_all(req, &headers), own = 0;
    struct http_header *list = arena_alloc(http_arena(req), (count + 1) * sizeof(*list));
    struct str all = STR("");

    for (size_t i = 0; i < count; i++)
        if (str_starts(headers[i].name, STR("x-oss-")))
            list[own++] = headers[i];
    qsort(list, own, sizeof(*list), oss_server_by_name);
    for (size_t i = 0; i < own; i++)
        all = str_printf(http_arena(req), STR_FMT STR_FMT ":" STR_FMT "\n", STR_ARG(all),
                         STR_ARG(list[i].name), STR_ARG(list[i].value));
    return all;
}

static inline bool oss_server_is_signed(struct oss_server *s, struct http_request *req)
{
    struct arena *a = http_arena(req);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    struct str text = str_printf(
        a, STR_FMT "\n" STR_FMT "\n" STR_FMT "\n" STR_FMT "\n" STR_FMT STR_FMT STR_FMT,
        STR_ARG(http_method(req)), STR_ARG(http_header(req, STR("content-md5"))),
        STR_ARG(http_header(req, STR("content-type"))), STR_ARG(http_header(req, STR("date"))),
        STR_ARG(oss_server_own_headers(req)), STR_ARG(http_path(req)),
        STR_ARG(oss_server_params(req)));
    struct str token = http_header(req, STR("x-oss-security-token"));

    HMAC(EVP_sha1(), "hidden", 6, (const unsigned char *) text.ptr, text.len, digest, &len);
    return (s->token ? str_is(token, s->token) : str_is_none(token)) &&
           str_eq(http_header(req, STR("authorization")),
                  str_concat(a, STR("OSS AK:"),
                             base64_encode(a, str_of((const char *) digest, len))));
}

/* Bit by bit, as the standard says. */
static inline uint64_t oss_server_crc(struct str bytes)
{
    uint64_t crc = ~(uint64_t) 0;

    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (unsigned char) bytes.ptr[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xC96C5795D7870F42U : crc >> 1;
    }
    return ~crc;
}

static inline void oss_server_add_crc(struct oss_server *s, struct http_request *req,
                                      struct str key)
{
    size_t at = s3_server_find(s->store, key);
    struct str bytes = http_body(req);

    if (str_is(http_method(req), "GET") && at < s->store->count)
        bytes = str_of(s->store->objects[at].bytes, s->store->objects[at].len);
    if (str_is(http_method(req), "GET") || str_is(http_method(req), "PUT"))
        http_add_header(req, STR("x-oss-hash-crc64ecma"),
                        str_printf(http_arena(req), "%llu",
                                   (unsigned long long) oss_server_crc(bytes) + s->is_wrong));
}

static inline bool oss_server_rules(struct oss_server *s, struct http_request *req)
{
    if (str_is_none(http_query(req, STR("lifecycle"))))
        return false;
    if (str_is(http_method(req), "PUT")) {
        s->rule_puts++;
        snprintf(s->lifecycle, sizeof(s->lifecycle), STR_FMT, STR_ARG(http_body(req)));
    } else if (!s->lifecycle[0]) {
        s3_server_fail(req, 404, "NoSuchLifecycle");
        return true;
    }
    http_reply(req, 200, STR("application/xml"), str_from(s->lifecycle), NULL, 0);
    return true;
}

static inline void oss_server_bucket(struct oss_server *s, struct http_request *req)
{
    if (str_is(http_method(req), "PUT")) {
        s->store->has_no_bucket = false;
        http_reply(req, 200, STR_NONE, STR(""), NULL, 0);
    } else if (!str_is_none(http_query(req, STR("bucketInfo"))))
        http_reply(req, 200, STR("application/xml"), STR("<BucketInfo/>"), NULL, 0);
    else
        s3_server_list(s->store, req);
}

static inline void oss_server_object(struct oss_server *s, struct http_request *req,
                                     struct str key)
{
    struct str tag = http_header(req, STR("x-oss-tagging"));

    if (str_is(http_method(req), "PUT"))
        snprintf(s->tag, sizeof(s->tag), STR_FMT, STR_ARG(tag));
    oss_server_add_crc(s, req, key);
    s3_server_object(s->store, req, key);
}

static inline void oss_server_answer(struct oss_server *s, struct http_request *req,
                                     struct str key)
{
    bool makes =
        key.len == 0 && str_is(http_method(req), "PUT") && oss_server_params(req).len == 0;

    if (!oss_server_is_signed(s, req)) {
        s->bad_signatures++;
        s3_server_fail(req, 403, "SignatureDoesNotMatch");
    } else if (s->store->has_no_bucket && !makes)
        s3_server_fail(req, 404, "NoSuchBucket");
    else if (key.len == 0 && oss_server_rules(s, req))
        return;
    else if (key.len == 0)
        oss_server_bucket(s, req);
    else if (s3_server_is_to_fail(s->store, req))
        s3_server_fail(req, 500, "InternalError");
    else if (str_find(key, STR("denied")) != SIZE_MAX)
        s3_server_fail(req, 403, "AccessDenied");
    else if (str_find(key, STR("busy")) != SIZE_MAX)
        s3_server_fail(req, 409, "ServiceBusy");
    else
        oss_server_object(s, req, key);
}

static inline void oss_server_handle(void *ctx, struct http_request *req)
{
    struct oss_server *s = ctx;
    struct str key = str_skip(http_path(req), 1), bucket;

    pthread_mutex_lock(&s->store->lock);
    str_cut(&key, '/', &bucket);
    oss_server_answer(s, req, str_is_none(key) ? STR("") : key);
    pthread_mutex_unlock(&s->store->lock);
}

static inline struct oss_server *oss_server_start(void)
{
    struct oss_server *s = NEW(struct oss_server);

    s->store = s3_server_start_with(oss_server_handle, s);
    return s;
}

static inline void oss_server_stop(struct oss_server *s)
{
    s3_server_stop(s->store);
    free(s);
}
