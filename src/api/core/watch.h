/*
 * api/core/watch.h - watches: one stream a client, fed from a store watch.
 *
 * Events are queued on the loop and written by a worker, which reads the nodes of Workflows: a
 * Workflow is shown whole, its nodes at least as new as the event. Events of one object that
 * wait together are joined (the newest is told), so a reader that is slow costs no more than
 * one event an object. One for which WATCH_WAITING_MAX_BYTES or WATCH_WAITING_MAX_EVENTS wait
 * is ended with ERR_GONE, and they are given up at once; it can watch again from the last event
 * that it has seen. One that takes nothing at all ends by the connection's idle time.
 */
#pragma once

#include "api/core/core.h"

/* How a dialect writes the lines of a watch. Called on a worker; texts live in @a. */
struct api_watch_format {
    struct str content_type;
    enum api_parts parts;
    /* An event: @type is ADDED, MODIFIED, DELETED; @fields as given to api_watch_start(). */
    struct str (*event)(struct arena *a, struct str fields, const char *type,
                        const struct json *object);
    /* How far the watch is: @is_initial_end: what was there at the beginning is told. NULL: not
     * told. */
    struct str (*bookmark)(struct arena *a, const struct object_kind *kind, int64_t rv,
                           bool is_initial_end);
    /* The last line, when the store gives the watch up: ERR_GONE for history that is trimmed.
     */
    struct str (*failure)(struct arena *a, const struct err *err);
    struct str keep_alive; /* written every WATCH_KEEP_ALIVE_MS; "" none */
};

/* What is told instead of the objects that are watched. Used by one job at a time. */
struct api_watch_view {
    /* The lines for an event, in @a; empty: nothing is told. */
    struct str (*event)(struct api_watch_view *view, struct arena *a, const char *type,
                        const struct json *object);
    void (*free)(struct api_watch_view *view);
    const struct api_watch_format *format; /* of its lines */
    struct str fields;
};

enum { API_WATCH_ARENA_BYTES = 1024 }; /* of a request's arena: a watch lives long */

struct api_watch_request {
    struct arena *arena;            /* holds the texts of the query */
    const struct object_kind *kind; /* of bookmarks, in the version that is shown; or NULL */
    struct api_query query;         /* what is watched, and from where as store_watch_open() */
    struct store_query also;        /* a second thing that is watched, from the same place on */
    bool has_also;
    const struct api_watch_format *format; /* static */
    struct str fields;                     /* passed to format->event(); copied; or "" */
    struct api_watch_view *view;           /* taken; or NULL */
};

/** api_watch_start() - answer a request with a stream of changes; http thread; gives the
 * request up and takes the arena of @r */
void api_watch_start(struct api *api, struct http_request *req,
                     const struct api_watch_request *r);
