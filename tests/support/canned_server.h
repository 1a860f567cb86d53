/*
 * tests/support/canned_server.h - an HTTP server for unit tests that keeps what it is asked and
 * answers as told, in order; when nothing is told any more, with 404. Include it behind
 * cmocka.h.
 */
#pragma once

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/http_server.h"

enum { CANNED_MAX = 32, CANNED_TEXT_MAX = 2000 };

struct canned_server {
    struct http_server *http;
    pthread_mutex_t lock;
    char base[64]; /* "http://127.0.0.1:PORT" */
    struct {
        unsigned status;
        const char *body;
        struct http_header header;
    } answers[CANNED_MAX];
    size_t answer_count, asked;
    const char *shows; /* header of which a request keeps the value, or NULL */
    char seen[CANNED_MAX][CANNED_TEXT_MAX]; /* "METHOD URL [header] body" */
};

static inline void canned_handle(void *ctx, struct http_request *req)
{
    struct canned_server *s = ctx;
    struct str shown = s->shows ? http_header(req, str_from(s->shows)) : STR("");
    size_t at;

    pthread_mutex_lock(&s->lock);
    at = s->asked++;
    if (at < CANNED_MAX)
        snprintf(s->seen[at], CANNED_TEXT_MAX, STR_FMT " " STR_FMT " [" STR_FMT "] " STR_FMT,
                 STR_ARG(http_method(req)), STR_ARG(http_raw_url(req)), STR_ARG(shown),
                 STR_ARG(http_body(req)));
    if (at < s->answer_count)
        http_reply(req, s->answers[at].status, STR_NONE, str_from(s->answers[at].body),
                   &s->answers[at].header, s->answers[at].header.name.len > 0);
    else
        http_reply(req, 404, STR_NONE, STR(""), NULL, 0);
    pthread_mutex_unlock(&s->lock);
}

/* The next answer; @body is borrowed. */
static inline void canned_answer(struct canned_server *s, unsigned status, const char *body)
{
    assert_true(s->answer_count < CANNED_MAX);
    s->answers[s->answer_count].status = status;
    s->answers[s->answer_count++].body = body;
}

static inline struct canned_server *canned_start(void)
{
    struct canned_server *s = NEW(struct canned_server);
    struct http_server_options options = {.address = "127.0.0.1",
                                          .threads = 1,
                                          .body_max_bytes = 16 << 20,
                                          .ctx = s,
                                          .handle = canned_handle};
    struct err err;

    pthread_mutex_init(&s->lock, NULL);
    s->http = http_server_start(&options, &err);
    if (!s->http)
        fail_msg("%s", err.text);
    snprintf(s->base, sizeof(s->base), "http://127.0.0.1:%u", http_server_port(s->http));
    return s;
}

static inline void canned_stop(struct canned_server *s)
{
    http_server_stop(s->http);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
