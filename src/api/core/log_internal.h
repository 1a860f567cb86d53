/* api/core/log_internal.h - what the files about logs share. */
#pragma once

#include "api/core/log.h"

/* An open log and how far it was read. One thread at a time. */
struct log_reader {
    struct pod_log *log; /* owned */
    struct str pod;      /* owned */
    const struct log_options *options;
    struct regex *grep;    /* owned, or NULL */
    struct strbuf partial; /* the beginning of a raw line */
    struct strbuf joined;  /* the beginning of a line that was written in parts */
    struct strbuf shown;   /* scratch */
    uint64_t shown_bytes;
    bool is_full; /* limit_bytes is reached */
};

typedef void (*log_entry_fn)(void *ctx, const struct log_entry *entry);

/** log_reader_open() - the log of a pod; @options must outlive it; ERR_NOT_FOUND; any thread
 * that may block */
struct log_reader *log_reader_open(struct api *api, struct str ns, struct str pod,
                                   const struct log_options *options, struct err *err);

/** log_reader_on() - the same of an open log, which is taken over, also on failure */
struct log_reader *log_reader_on(struct pod_log *log, struct str pod,
                                 const struct log_options *options, struct err *err);

/** log_is_archived() - was the log of a node's main container archived? Pure */
bool log_is_archived(const struct json *node);

/** log_archived_open() - what was archived of the log of a node's main container; @a: scratch;
 * ERR_NOT_FOUND, and what artifact_download() says; any thread that may block */
struct pod_log *log_archived_open(struct api *api, struct arena *a, const struct json *workflow,
                                  const struct json *node, struct err *err);

/** log_reader_close() - release; NULL is a no-op */
void log_reader_close(struct log_reader *r);

/**
 * log_reader_read() - hand out lines of what is there
 * @max_bytes: about so much of the file, 0: all
 * @fn:        called for each line that is to be shown; texts are borrowed for the call
 * @err:       ERR_LIMIT for a line over LOG_STREAM_LINE_MAX_BYTES, ERR_IO
 *
 * Return: bytes that were read, 0 when there are none now, -1.
 */
long log_reader_read(struct log_reader *r, size_t max_bytes, log_entry_fn fn, void *ctx,
                     struct err *err);

/** log_reader_is_ended() - will no line come any more? */
bool log_reader_is_ended(const struct log_reader *r);

/* Lines that are kept: all, or the last ones. */
struct log_tail {
    struct str pod;       /* of all lines; borrowed */
    struct log_entry *at; /* with owned texts */
    size_t len, room, first;
    size_t max;   /* SIZE_MAX: all */
    size_t bytes; /* of memory, about */
    bool is_over; /* LOG_READ_MAX_BYTES: lines are missing */
};

/** log_tail_of() - an empty one, of the size that the options ask for */
struct log_tail log_tail_of(const struct log_options *options);

/** log_tail_add() - keep a line; a log_entry_fn, @ctx is the struct log_tail */
void log_tail_add(void *ctx, const struct log_entry *entry);

/** log_tail_item() - the line number @i, oldest first */
const struct log_entry *log_tail_item(const struct log_tail *t, size_t i);

/** log_tail_done() - release */
void log_tail_done(struct log_tail *t);
#define _cleanup_log_tail_ _cleanup_(log_tail_done)

struct workflow_pod {
    struct str name;
    bool is_pending; /* it may have no record yet, so its log would seem to have ended */
    bool is_ended;   /* its node is: no log will come that is not there */
    const struct json *node; /* borrowed from the workflow */
};

struct workflow_pods {
    struct workflow_pod *at; /* in order of creation */
    size_t len;
    bool is_finished;            /* the workflow is: no more pods come */
    const struct json *workflow; /* in the arena of the request for them */
};

/** api_node_pod_name() - the name of a node's pod */
struct str api_node_pod_name(struct arena *a, const struct json *workflow,
                             const struct json *node);

/** api_node_pod_labels() - the labels of a node's pod, as far as they are no tags */
struct json api_node_pod_labels(struct arena *a, const struct json *workflow,
                                const struct json *node);

/** api_workflow_pods() - the pods of a workflow that a request asks for; worker or http thread;
 * ERR_NOT_FOUND, ERR_INVALID (selector) */
int api_workflow_pods(struct api *api, struct arena *a, const struct api_log_request *r,
                      struct workflow_pods *ret, struct err *err);

/** api_log_follow() - answer with a stream; http thread; gives the request up; the pod is known
 * to exist, a workflow is looked up */
void api_log_follow(struct api_call *call, const struct api_log_request *r);
