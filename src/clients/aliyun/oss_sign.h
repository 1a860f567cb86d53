/*
 * clients/aliyun/oss_sign.h - authorization of requests to Alibaba's object store by a header,
 * version 1. Pure. Source: Alibaba Cloud OSS, "Include a V1 signature in the Authorization
 * header".
 */
#pragma once

#include "base/arena.h"
#include "base/secret.h"
#include "io/http_server.h" /* struct http_header */

struct oss_keys {
    struct str access_key;
    struct secret secret_key;
    struct str token; /* of a session, or "" */
};

struct oss_request {
    struct str method, bucket;
    struct str key;                   /* of the object, not escaped; "": the bucket */
    const struct http_header *params; /* those of the URL that are signed, not escaped, by name;
                                         without a value: "uploads" */
    size_t param_count;
    const struct http_header *headers; /* as sent; x-oss-* in lower case, by name */
    size_t header_count;
};

/** oss_sign() - the value of Authorization, in the arena. @ret_text: what is signed, for tests
 * and people who debug; or NULL */
struct str oss_sign(struct arena *a, const struct oss_request *r, const struct oss_keys *keys,
                    struct str *ret_text);
