/*
 * cli/render.h - what a workflow becomes as far as its manifest tells: each call from the
 * entrypoint on, with the names that are known filled in, and where each value comes from.
 * Pure.
 */
#pragma once

#include "base/strbuf.h"
#include "cli/lint.h"

/* One tag of a call. */
struct render_tag {
    struct str tag;    /* with its braces */
    struct str value;  /* absent: not known before it runs */
    struct str source; /* "-p message", "spec.arguments", "argument of the step: ..." */
};

struct render_call {
    struct str name;          /* of the node: "main[0].a" */
    struct str template_name; /* "" when it is not found */
    struct str note;          /* why there is no more, or empty */
    struct json rendered;     /* the template; null when there is none */
    struct render_tag *tags;  /* each once, in order */
    size_t tag_count;
};

struct render_calls {
    struct render_call *at;
    size_t len, room;
};

struct render_input {
    const struct json *doc;  /* Workflow with its parameters set */
    const struct str *given; /* names of the parameters that the command line gave */
    size_t given_count;
    const struct lint_documents *all; /* documents that may be referred to */
};

/**
 * render_workflow() - all calls of a workflow
 * @a:   where they live
 * @in:  what is known
 * @ret: in the order in which they run
 * @err: ERR_INVALID: no entrypoint; ERR_NOT_FOUND: a template that is in no file
 */
int render_workflow(struct arena *a, const struct render_input *in, struct render_calls *ret,
                    struct err *err);

/** render_print() - as YAML documents, what is filled in as comments above each */
void render_print(struct strbuf *b, const struct render_calls *calls);

/** render_value() - the same as a list for programs */
struct json render_value(struct arena *a, const struct render_calls *calls);
