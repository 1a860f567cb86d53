/*
 * clients/aws/aws_sign.h - AWS Signature Version 4 for request headers.
 *
 * Pure: time and keys are arguments. The URL must be in its escaped form, as it is sent.
 * libcurl's own signer is wrong in known cases, so it is not used. Source: AWS "Signature
 * Version 4 signing process"; golden formats/sigv4.jsonl.
 */
#pragma once

#include "base/clock.h"
#include "base/secret.h"
#include "io/http_server.h" /* struct http_header */

enum aws_signer {
    AWS_SIGN_V4,   /* every service but S3: paths are escaped twice */
    AWS_SIGN_S3V4, /* S3: paths once, the payload's hash is a signed header */
};

struct aws_keys {
    struct str access_key;
    struct secret secret_key;
    struct str session_token; /* or "" */
};

struct aws_request {
    enum aws_signer signer;
    struct str method, url, body;
    struct str body_hash; /* SHA-256 of the body in hex, when it is not in @body; or empty */
    const struct http_header *headers; /* all that are sent and signed, without Host */
    size_t header_count;
    struct str region, service;
    struct wall now;
};

struct aws_signature {
    struct http_header headers[4]; /* to be added: X-Amz-Date, X-Amz-Security-Token,
                                      X-Amz-Content-SHA256, Authorization */
    size_t header_count;
    struct str canonical_request, string_to_sign,
        signature;  /* for tests and for people who debug */
    struct str url; /* of aws_presign() */
};

/** aws_hash_file() - the SHA-256 of bytes of a file in hex, in the arena; ERR_IO when they are
 * not all there. Blocks; memory does not grow with the size */
int aws_hash_file(struct arena *a, int fd, uint64_t at, uint64_t len, struct str *ret,
                  struct err *err);

/** aws_sign() - the headers that sign a request, in the arena; ERR_INVALID for a URL without a
 * host */
int aws_sign(struct arena *a, const struct aws_request *req, const struct aws_keys *keys,
             struct aws_signature *ret, struct err *err);

/**
 * aws_presign() - a URL that carries its signature: whoever has it may make this request until
 * it expires
 * @a:         where the texts live
 * @req:       request; its headers must be sent as they are
 * @keys:      who signs
 * @expires_s: seconds that it is good for
 * @ret:       with the URL, without headers
 * @err:       ERR_INVALID for a URL without a host
 *
 * The body of S3 is not signed. Return: 0 or -1.
 */
int aws_presign(struct arena *a, const struct aws_request *req, const struct aws_keys *keys,
                uint32_t expires_s, struct aws_signature *ret, struct err *err);
