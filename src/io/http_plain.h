/*
 * io/http_plain.h - HTTP/1.1 calls without TLS on a socket of one's own: no library is loaded.
 *
 * For programs that must start at once and talk to a server nearby: http_client_do() comes here
 * for calls that say so (struct http_call.is_plain). One connection is kept; no redirects, no
 * proxies, no compression. One thread uses a connection at a time.
 */
#pragma once

#include "io/http_client.h"

struct http_plain;

/** http_plain_new() - nothing connected yet; owned */
struct http_plain *http_plain_new(void);

/** http_plain_free() - close and release; NULL is a no-op */
void http_plain_free(struct http_plain *p);

/** http_plain_fits() - can this URL be called without a library? */
bool http_plain_fits(struct str url);

/**
 * http_plain_do() - as http_client_do(), for an URL that fits
 * @err: ERR_INVALID also for an answer that is no HTTP
 */
int http_plain_do(struct http_plain *p, struct arena *a, const struct http_call *call,
                  struct http_answer *ret, struct err *err);
