/*
 * bench/language_inputs.h - what the benchmark of the languages works on, made here: texts as
 * workflows and events have them, in sizes of real ones. The peers read them as files.
 */
#pragma once

#include "base/strbuf.h"

struct language_inputs {
    struct str event;       /* JSON, a message of a repository: 200 commits, 90 KB */
    struct str nodes;       /* JSON, the status of a workflow of 400 nodes */
    struct str manifest;    /* JSON, a Workflow of 100 KB with 1,250 tags */
    struct str values;      /* JSON, the names that the tags mean */
    struct str yaml;        /* one document of 120 KB: comments, blocks, flows */
    struct str env;         /* JSON, what expressions see */
    struct str expressions; /* a line each, as the next two */
    struct str templates;
    struct str paths;
    struct str program; /* of jq */
};

/* All of them; they live in the arena. */
struct language_inputs language_inputs_make(struct arena *a);

/* Writes each to a file of a folder; ends the program when that fails. */
void language_inputs_write(const struct language_inputs *in, const char *folder);
