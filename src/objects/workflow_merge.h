/*
 * objects/workflow_merge.h - workflows laid over each other: a template's spec under a
 * workflow's, the defaults under both, defaults of templates under each template.
 *
 * Strategic merges by the field tables, with the exceptions that the original makes: hooks and
 * labelsFrom are joined by name, a parameter or artifact with a value of its own takes nothing
 * from the one below. Pure, any thread. ../shared/golden/formats/patch-argo.jsonl decides.
 */
#pragma once

#include "base/err.h"
#include "formats/json.h"

/**
 * workflow_merge() - one workflow over another
 * @a:     where the result lives; it shares values with both
 * @under: workflow, or an object with a spec alone
 * @over:  its values win
 * @ret:   the workflow
 * @err:   ERR_INVALID when a list that is merged has an item without its key
 *
 * Return: 0 or -1.
 */
int workflow_merge(struct arena *a, const struct json *below, const struct json *above,
                   struct json *ret, struct err *err);

/* Specs that make up the one that is run; NULL: there is none. */
struct workflow_specs {
    const struct json *own, *of_template, *of_defaults;
};

/**
 * workflow_join_specs() - the spec that is run
 * @a:     where it lives
 * @specs: the workflow's own wins over its template's, that over the defaults
 * @ret:   the spec; null without an own one
 * @err:   as workflow_merge()
 *
 * Whether it is suspended is the own spec's alone to say. Return: 0 or -1.
 */
int workflow_join_specs(struct arena *a, const struct workflow_specs *specs, struct json *ret,
                        struct err *err);

/** workflow_join_metadata() - metadata with labels and annotations of the defaults' below its
 * own; nothing else is taken */
struct json workflow_join_metadata(struct arena *a, const struct json *own,
                                   const struct json *defaults);

/**
 * workflow_template_with() - a template with defaults below it
 * @a:        where it lives
 * @tmpl:     template
 * @defaults: template without a name
 * @ret:      the template; bodies of other kinds that the defaults have are there, too
 * @err:      as workflow_merge()
 *
 * Return: 0 or -1.
 */
int workflow_template_with(struct arena *a, const struct json *tmpl,
                           const struct json *defaults, struct json *ret, struct err *err);

/** workflow_template_of_kind() - a template without bodies that the original has not */
struct json workflow_template_of_kind(struct arena *a, struct json tmpl,
                                      const struct json *original);

/**
 * workflow_check_overrides() - what may a workflow say that must be made from a template?
 * @a:    scratch
 * @spec: its own spec
 * @err:  ERR_INVALID with the names of the fields that it may not set, as Go spells them
 *
 * Return: 0 or -1.
 */
int workflow_check_overrides(struct arena *a, const struct json *spec, struct err *err);
