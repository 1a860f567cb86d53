/*
 * workflows/engine/resource_flags.h - resource.flags: what kubectl's command line says besides
 * the manifest. Pure; private to workflows/engine.
 *
 * A flag of kubectl's that has no meaning for the action, and any other, is refused by its
 * name. Source: kubectl 1.35; ../shared/spec/workflows.md 5.5.
 */
#pragma once

#include "formats/json.h"

struct resource_flags {
    struct str ns;       /* --namespace, or "" */
    struct str context;  /* --context, or "" */
    struct str manager;  /* --field-manager, or "" */
    struct str validate; /* "Strict", "Warn", "Ignore" */
    struct str selector; /* --selector, or "" */
    struct str cascade;  /* "Background", "Foreground", "Orphan" */
    int64_t grace_s;     /* below 0: the object's */
    bool is_server_side, forces_conflicts, ignores_missing, does_not_wait, is_dry;
    struct str cluster_only; /* one that was given and has a meaning in clusters only, or "" */
    struct str type;         /* "configmap", or "" */
    const struct str *names;
    size_t name_count;
};

/**
 * resource_flags_read() - the list of a resource template
 * @a:      where the result lives
 * @action: "create" ...
 * @list:   array of texts, or NULL
 * @ret:    what they say
 * @err:    ERR_INVALID in kubectl's words
 *
 * Return: 0 or -1.
 */
int resource_flags_read(struct arena *a, struct str action, const struct json *list,
                        struct resource_flags *ret, struct err *err);
