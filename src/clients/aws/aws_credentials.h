/*
 * clients/aws/aws_credentials.h - keys that nobody wrote into a manifest: of the environment,
 * of a web identity, of the AWS tools' files, of the container's or the instance's metadata,
 * and of a role that is assumed with them.
 *
 * Blocking; any thread. Temporary keys are kept (base/secret_cache.h), so that a thousand
 * artifacts ask once. Keys are never part of an error. Source: the default chain of the AWS SDK for Go v2; STS API
 * 2011-06-15; instance metadata service version 2.
 */
#pragma once

#include "clients/aws/aws_sign.h"

/* All borrowed. */
struct aws_credentials {
    struct str role_arn; /* assumed with the keys that are found; or "" */
    struct str region;   /* of the token service; "": as AWS_REGION says, or the global one */
    const char *(*env)(const char *name); /* NULL: the program's environment */
};

/**
 * aws_credentials_find() - the keys to sign with
 * @who: which
 * @a:   where their texts live
 * @now: what of them has ended by now
 * @ret: keys; the caller ends the secret
 * @err: ERR_UNAUTHORIZED (none is found, or they are refused), ERR_TRANSIENT, ERR_TIMEOUT (a
 *       service does not answer), ERR_INVALID (a setting of the environment)
 *
 * Return: 0 or -1.
 */
int aws_credentials_find(const struct aws_credentials *who, struct arena *a, struct wall now,
                         struct aws_keys *ret, struct err *err);

/** aws_sign_as() - aws_sign() with @keys, or, when @who is not NULL, with what is found */
int aws_sign_as(struct arena *a, const struct aws_request *req, const struct aws_keys *keys,
                const struct aws_credentials *who, struct aws_signature *ret, struct err *err);
