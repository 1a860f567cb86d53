/*
 * workflows/engine/http_template.h - carries out an http template. Private to workflows/engine.
 */
#pragma once

#include "io/http_client.h"
#include "store/store.h"

struct http_request_job {
    struct store *store;
    struct str ns;
    struct json tmpl;           /* resolved */
    struct http_client *client; /* used by nobody else meanwhile */
    struct wall now;
    bool is_succeeded; /* from here: what came of it, in the arena */
    struct str message;
    const struct json *outputs; /* {result}, or NULL */
};

/** http_template_run() - send the request and judge the answer; on a worker; blocks.
 * @cancel_fd: readable: give up */
void http_template_run(struct http_request_job *job, struct arena *a, int cancel_fd);
