/*
 * objects/resource_name.h - names that are derived as upstream derives them: of the resource of
 * a kind, of what is made for an object.
 *
 * Pure, any thread. ../shared/golden/events/misc.jsonl decides.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

struct resource_name {
    struct str group, version, resource;
};

/**
 * resource_name_guess() - the resource that a kind most probably has
 * @a:           where its name lives; the rest is borrowed
 * @api_version: "apps/v1", or "v1"
 * @kind:        "Deployment"
 *
 * English plurals by rule, with the exception of EventBus. Return: all empty for an api version
 * with more than one slash.
 */
struct resource_name resource_name_guess(struct arena *a, struct str api_version,
                                         struct str kind);

/** resource_name_label() - a text as a DNS label: lower case, "-" for what may not stand there,
 * none at the ends, at most 63 bytes; perhaps empty */
struct str resource_name_label(struct arena *a, struct str text);
