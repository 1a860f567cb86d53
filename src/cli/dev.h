/* cli/dev.h - the parts of tiphys dev: files that change, workflows that are told about. */
#pragma once

#include "base/clock.h"
#include "base/map.h"
#include "cli/cli.h"

/* ---- files that change ---- */

/* When a file was seen last, by its path. A zeroed struct has seen nothing. */
struct dev_files {
    struct map seen; /* path to struct dev_stamp, heap */
};

/** dev_files_is_new() - has the file changed since this was asked last? true the first time */
bool dev_files_is_new(struct dev_files *f, const char *path);

/** dev_files_gone() - a file that was asked about and is there no more, in @a, told once; or "" */
struct str dev_files_gone(struct dev_files *f, struct arena *a);

/** dev_files_done() - release it */
void dev_files_done(struct dev_files *f);

/* ---- workflows ---- */

/* Phases that were told, by namespace and name. A zeroed struct: none. */
struct dev_phases {
    struct map told; /* "namespace/name" to phase and message, heap */
};

/**
 * dev_tell() - the line for an event of a watch of workflows
 * @a:     where the line lives
 * @p:     what was told before
 * @line:  {"type": "ADDED", "object": {...}}
 * @since: workflows that had ended before are not news
 *
 * Return: the line with its end, or "" when nothing is new.
 */
struct str dev_tell(struct arena *a, struct dev_phases *p, struct str line, struct wall since);

/** dev_phases_done() - release it */
void dev_phases_done(struct dev_phases *p);
