/*
 * api/core/log.h - logs of pods: of one pod, or of all pods of a workflow.
 *
 * A log that is not followed is read whole on the http thread, or on a worker when it must be
 * fetched from its archive, and answered at once, the lines of several pods in the order of
 * their times. A log that is followed is a stream, fed on the loop in small pieces as the files
 * grow and the reader takes them; a workflow's pods are found by a worker whenever the workflow
 * changes, and the stream ends when the workflow has.
 */
#pragma once

#include "api/core/core.h"
#include "formats/regex.h"

struct log_options {
    struct str container; /* "main" when not given */
    bool is_followed, has_times, has_tail;
    uint64_t tail_lines;  /* of each pod */
    uint64_t limit_bytes; /* of each pod; 0: none */
    struct wall since;    /* lines before are left out; ms 0: none are */
    struct str grep;      /* RE2; lines that do not match are left out; "" none */
    struct str selector;  /* label selector of pods; "" all */
};

/* A line as it is shown. */
struct log_entry {
    struct str pod;
    struct str time; /* RFC 3339 with nanoseconds */
    struct str text; /* with the time in front when asked for; without line end */
};

/* How a dialect writes lines. */
struct api_log_format {
    struct str content_type;
    void (*line)(struct strbuf *to, const struct log_entry *entry);
};

struct api_log_request {
    struct str ns;
    struct str workflow; /* or "": the pod alone */
    struct str pod;      /* or "": all pods of the workflow */
    struct log_options options;
    const struct api_log_format *format;
};

/**
 * api_log_options_parse() - the log options of a query
 * @prefix: of the parameters' names: "" or "logOptions."
 * @err:    ERR_INVALID for a number that is none or an expression that does not compile
 */
int api_log_options_parse(struct http_request *req, struct str prefix, struct log_options *ret,
                          struct err *err);

/** api_log() - answer with logs; http thread; gives the request up; ERR_NOT_FOUND for an
 * unknown pod or workflow */
void api_log(struct api_call *call, const struct api_log_request *r);

/** api_node_template() - the template of a node, borrowed, or NULL */
const struct json *api_node_template(const struct json *workflow, const struct json *node);
