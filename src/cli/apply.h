/* cli/apply.h - bringing the objects of manifests to the server. */
#pragma once

#include "cli/objects.h"

enum apply_how {
    APPLY_UPDATE, /* what is there is brought up to date */
    APPLY_ANEW,   /* the same, but a Workflow that is there is replaced by a new run */
};

/**
 * apply_file() - create or update every object of a manifest, a line each on standard output
 * @cli:  command
 * @path: file, "-" for standard input
 * @how:  what happens to what is there
 * @err:  the file cannot be read or is no manifest
 *
 * One wrong object does not hinder the others: its error is told, the exit code becomes 1.
 */
int apply_file(struct cli *cli, const char *path, enum apply_how how, struct err *err);
