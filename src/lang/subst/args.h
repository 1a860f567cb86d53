/*
 * lang/subst/args.h - calling a template: inputs get their values, then all tags that can be
 * are filled in.
 *
 * Parameters take the argument of their name, else their own value, else their default;
 * artifacts take the argument's place, else keep their own. Tags are filled in twice: first
 * names of the workflow and of the node, then inputs and paths, so that inputs may hold the
 * former. Unknown names stay, because steps resolve later.
 *
 * The template is JSON as decoded from a manifest; fields that a template may not have are not
 * looked at. Pure but for the ConfigMap hook; any thread.
 * ../shared/golden/lang/substitute.jsonl (process-args) decides.
 */
#pragma once

#include "lang/subst/subst.h"

/* What an argument is that refers to an optional output which does not exist. */
#define ARGS_ABSENT "__argo-internal.absent-optional-output__"

struct args_call {
    const struct json *tmpl;      /* template; borrowed, shared with the result */
    const struct json *arguments; /* {parameters, artifacts} or NULL */
    struct subst_options
        names;     /* of workflow and node; its rule about unknown names does not count */
    bool is_check; /* validation only: an artifact may lack its place */
    /* Reads a value of a ConfigMap: 1 with the text in @a, 0 when map or key is missing, -1.
     * NULL: an error. */
    int (*config_map)(const void *ctx, struct arena *a, struct str name, struct str key,
                      struct str *ret, struct err *err);
    const void *config_map_ctx;
};

/**
 * args_process() - a template as it is run
 * @a:    where new parts live
 * @call: what is called with what
 * @ret:  the template; untouched on failure
 * @err:  ERR_INVALID with upstream's text when an input has no value; as subst_apply(); as the
 * hook filled it
 *
 * Return: 0 or -1.
 */
int args_process(struct arena *a, const struct args_call *call, struct json *ret,
                 struct err *err);

/**
 * args_has_location() - does an artifact say where it is (a driver's key, or enough for one)?
 * @artifact: artifact
 */
bool args_has_location(const struct json *artifact);
