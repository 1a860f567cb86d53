/*
 * cli/lint.h - checking manifests without a server: field tables, and references inside the
 * given files; what is said about it has argo's shape. Pure but for reading files.
 */
#pragma once

#include "base/vec.h"
#include "cli/objects.h"

/* All documents of all files. */
struct lint_documents {
    VEC(struct object_document) list;
};

struct lint_result {
    struct str file;
    VEC(struct str) errors; /* 'in "name" (Kind): line:column: what' each */
    bool is_linted;         /* had an object of the kinds that were asked for */
};

enum lint_output { LINT_PRETTY, LINT_SIMPLE };

struct lint_style {
    enum lint_output output;
    bool has_color;
};

/**
 * lint_references() - the rules of a document with all that it refers to
 * @a:      where the faults live
 * @doc:    document that its table has found good
 * @all:    documents that may be referred to
 * @faults: the first broken rule is appended, in upstream's words, with its position
 */
void lint_references(struct arena *a, const struct object_document *doc,
                     const struct lint_documents *all, struct field_faults *faults);

/** lint_object_name() - '"name" (Kind)': its name, generateName, or "object #N" */
struct str lint_object_name(struct arena *a, const struct object_document *doc, size_t index);

/** lint_fault_text() - "line:column: path: what" */
struct str lint_fault_text(struct arena *a, const struct object_document *doc,
                           const struct field_fault *fault);

/** lint_print_result() - what is said of one file; nothing when all is well */
void lint_print_result(struct strbuf *b, const struct lint_result *r,
                       const struct lint_style *style);

/** lint_print_summary() - the closing line; 0 when all is well, 1 when not */
int lint_print_summary(struct strbuf *b, const struct lint_result *results, size_t count,
                       const struct lint_style *style);

/**
 * lint_run() - the whole of a lint command
 * @cli:   command with --output (pretty or simple) and --strict; its arguments are the paths
 * @kinds: words like "workflows"; other objects are passed over
 * @count: how many
 * @err:   ERR_INVALID for an unknown kind; what manifests_find() says
 *
 * The exit code becomes 1 when anything is wrong.
 */
int lint_run(struct cli *cli, const struct str *kinds, size_t count, struct err *err);

/* The rows that all lint commands share. */
#define LINT_FLAGS                                                        \
    {.name = "output",                                                    \
     .letter = 'o',                                                       \
     .choices = "pretty|simple",                                          \
     .fallback = "pretty",                                                \
     .help = "output format: pretty or simple"},                          \
    {                                                                     \
        .name = "strict", .type = FLAG_SWITCH, .fallback = "true",        \
        .help = "refuse fields that are not known; false: pass them over" \
    }
