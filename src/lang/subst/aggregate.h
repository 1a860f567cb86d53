/*
 * lang/subst/aggregate.h - what the children of a loop gave, as names that later steps can use.
 *
 * "steps.NAME.outputs.result" is a JSON list of the results, "….outputs.parameters" a list of
 * maps, and "….outputs.parameters.P" a list of values. Only children that succeeded and have
 * outputs count, in the order of their indexes. Pure, any thread.
 * ../shared/golden/lang/aggregate.jsonl decides.
 */
#pragma once

#include "formats/json.h"

struct aggregate_child {
    struct str name;            /* display name, "step(12:text)" */
    struct str phase;           /* "Succeeded" counts */
    const struct json *outputs; /* {result, parameters:[{name, value}]} or NULL */
    bool is_helper;             /* a hook's node or an attempt of a retry: does not count */
};

/**
 * aggregate_outputs() - the names of one looped step or task
 * @a:        where they live
 * @prefix:   "steps.NAME" or "tasks.NAME"
 * @children: in any order
 * @count:    how many
 * @ret:      an object of strings; empty when there are no children
 * @err:      ERR_INVALID with Go's message when a result is no JSON
 *
 * Return: 0 or -1.
 */
int aggregate_outputs(struct arena *a, struct str prefix,
                      const struct aggregate_child *children, size_t count, struct json *ret,
                      struct err *err);
