/*
 * events/triggers/outgoing.h - an HTTP request to an address that a manifest gives: headers,
 * redirects.
 *
 * Headers are sent by the spelling that they are given in, sorted. Redirects are followed as Go
 * does, up to ten, without secrets when they lead to another origin. Addresses of metadata
 * services are refused. Worker; blocking.
 */
#pragma once

#include "base/clock.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "io/http_client.h"

struct outgoing {
    struct arena *arena; /* of all texts */
    struct str url, method, body, host;
    VEC(struct http_header) headers;
    VEC(struct str) secret_names; /* of headers that another origin does not get */
    struct http_call call;        /* what stays the same over redirects */
    struct mono deadline;
    struct strbuf *answer; /* where the body of the last answer is collected, up to its maximum;
                              NULL: as call says */
};

/** outgoing_is_token() - may it be the name of a header or a method? */
bool outgoing_is_token(struct str s);

/** outgoing_is_value() - may it be the value of a header? */
bool outgoing_is_value(struct str s);

/** outgoing_set() - set a header, by its spelling; ERR_INVALID, which does not tell the value
 */
int outgoing_set(struct outgoing *o, struct str name, struct str value, struct err *err);

/** outgoing_set_secret() - set a header that another origin does not get; as outgoing_set() */
int outgoing_set_secret(struct outgoing *o, struct str name, struct str value, struct err *err);

/**
 * outgoing_send() - send it, and follow where the answer leads
 * @o:   url, method, host change on the way
 * @ret: the last answer
 * @err: as http_client_do(); ERR_INVALID for an URL of another scheme, or too many redirects;
 *       ERR_LIMIT when the answer is larger than @o->answer may be
 *
 * Return: 0 or -1.
 */
int outgoing_send(struct outgoing *o, struct http_answer *ret, struct err *err);
