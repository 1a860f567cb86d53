/*
 * workflows/engine/data_template.h - carries out a data template. Private to workflows/engine.
 */
#pragma once

#include "artifacts/artifact.h"
#include "base/clock.h"

struct data_job {
    const struct artifact_house *house; /* NULL: there is none */
    struct str ns;
    struct json tmpl; /* resolved */
    struct wall now;
    bool is_succeeded; /* from here: what came of it, in the arena */
    struct str message;
    const struct json *outputs; /* {result, exitCode} */
};

/** data_template_run() - list what the source names and pass it through the transformations; on
 * a worker; blocks on the place */
void data_template_run(struct data_job *job, struct arena *a);
