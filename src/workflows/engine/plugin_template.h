/*
 * workflows/engine/plugin_template.h - carries out a plugin template: asks executor plugins by
 * HTTP. Private to workflows/engine.
 */
#pragma once

#include "base/vec.h"
#include "formats/json.h"
#include "io/http_client.h"

/* One executor plugin. */
struct plugin {
    struct str name, url;         /* http://127.0.0.1:4355 */
    const struct json *container; /* the process that serves it, or NULL: it is there */
};

enum plugin_state {
    PLUGIN_NEW,
    PLUGIN_AGAIN,  /* it is to be asked again after @again_ms */
    PLUGIN_ABSENT, /* its process does not listen (yet): start it, and again after @again_ms */
    PLUGIN_ENDED,
};

struct plugin_job {
    struct http_client *client;   /* used by nobody else meanwhile */
    const struct plugin *plugins; /* in the order in which they are asked */
    size_t count;
    struct str ns, workflow, workflow_uid;
    struct json tmpl;        /* resolved */
    enum plugin_state state; /* from here: what came of it, in the arena */
    size_t current;          /* the plugin that is asked */
    unsigned failures;       /* of it, one after the other */
    uint64_t again_ms;
    bool is_absent;   /* it has ended because the plugin's process does not listen */
    struct str phase; /* of the node, as the plugin says it */
    struct str message;
    const struct json *outputs; /* or NULL */
};

/** plugin_template_run() - ask the current plugin and those behind it; on a worker; blocks.
 * @cancel_fd: readable: give up */
void plugin_template_run(struct plugin_job *job, struct arena *a, int cancel_fd);

/** plugin_of_container() - a plugin by its sidecar; ERR_INVALID when it has no port */
int plugin_of_container(struct arena *a, struct str name, const struct json *container,
                        struct plugin *ret, struct err *err);
