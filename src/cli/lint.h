/*
 * cli/lint.h - checking manifests: field tables, the rules of workflows, and references inside
 * the given files, and to what a named server has.
 *
 * What is wrong is said in argo's words, one error an object; where it is and what would be
 * right stands in its spots. Printing: as argo does (pretty and simple), with the lines of the
 * source (pretty), as JSON or SARIF. Pure but for reading files.
 */
#pragma once

#include "base/vec.h"
#include "cli/objects.h"

/* All documents of all files. */
struct lint_documents {
    VEC(struct object_document) list;
};

/* A place in the source. */
struct lint_spot {
    unsigned line, column; /* from 1, characters; 0: not known */
    unsigned width;        /* characters that are meant, within the line */
    size_t at, len;        /* the same within the line, in bytes */
    struct str note;       /* what would be right, or empty */
};

enum lint_level { LINT_ERROR, LINT_WARNING };

struct lint_error {
    enum lint_level level; /* a warning does not count: argo does not know it */
    const char *rule;      /* one word for programs: "unknown-field" */
    struct str object;     /* '"name" (Kind)'; empty: the file as a whole */
    struct str text;       /* in argo's words, one line */
    struct str place;      /* "file:line:column:" when @text has it no more, or empty */
    bool is_decoding;      /* argo stops at it: told on standard error */
    VEC(struct lint_spot) spots;
};

struct lint_result {
    struct str file, source; /* name and text */
    VEC(struct lint_error) errors;
    bool is_linted; /* had an object of the kinds that were asked for */
};

enum lint_output { LINT_PRETTY, LINT_SIMPLE, LINT_JSON, LINT_SARIF };

struct lint_style {
    enum lint_output output;
    bool has_color, has_spots; /* argo shows no spots */
};

/**
 * lint_check() - all that is wrong with a document
 * @a:     where it lives
 * @given: document of a known kind
 * @index: of the document in its file
 * @all:   documents that may be referred to
 * @ret:   errors are appended
 */
void lint_check(struct arena *a, const struct object_document *given, size_t index,
                const struct lint_documents *all, struct lint_result *ret);

/** lint_unknown_kind() - a warning about an object of Argo's API whose kind there is not: argo
 * passes it over without a word */
void lint_unknown_kind(struct arena *a, const struct object_document *doc,
                       struct lint_result *ret);

/** lint_broken() - the error of a file that is no manifest, from object_read()'s text */
void lint_broken(struct arena *a, const struct err *err, struct lint_result *ret);

/** lint_object_name() - '"name" (Kind)': its name, generateName, or "object #N" */
struct str lint_object_name(struct arena *a, const struct object_document *doc, size_t index);

/**
 * lint_references() - the rules of a document with all that it refers to
 * @a:   where the error lives
 * @doc: document that can be decoded
 * @all: documents that may be referred to
 * @ret: the first broken rule, in upstream's words, with its spot
 *
 * Return: whether there is one.
 */
bool lint_references(struct arena *a, const struct object_document *doc,
                     const struct lint_documents *all, struct lint_error *ret);

/** lint_has_server() - is a server named: by a flag, the environment, kubectl's configuration?
 */
bool lint_has_server(const struct cli *cli);

/**
 * lint_fetch() - what documents refer to and is not among them, asked of the server
 * @cli: command
 * @all: what the server has is appended
 * @err: of a call that fails; what the server has not is none
 */
int lint_fetch(struct cli *cli, struct lint_documents *all, struct err *err);

/** lint_spot_at() - the place of an offset, as wide as the word there; unknown for JSON_NO_POS
 */
struct lint_spot lint_spot_at(struct str source, uint32_t pos, struct str note);

/** lint_spot_of() - the place of a line and a column in bytes, both from 1 */
struct lint_spot lint_spot_of(struct str source, unsigned line, unsigned column,
                              struct str note);

/** lint_print_result() - what is said of one file; nothing when all is well */
void lint_print_result(struct strbuf *b, const struct lint_result *r,
                       const struct lint_style *style);

/** lint_print_summary() - the closing line; 0 when all is well, 1 when not */
int lint_print_summary(struct strbuf *b, const struct lint_result *results, size_t count,
                       const struct lint_style *style);

/** lint_print_report() - all results as one JSON document, LINT_JSON's or LINT_SARIF's */
void lint_print_report(struct arena *a, struct strbuf *b, const struct lint_result *results,
                       size_t count, const struct lint_style *style);

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
     .own_choices = "json|sarif",                                         \
     .fallback = "pretty",                                                \
     .help = "output format: pretty or simple"},                          \
    {                                                                     \
        .name = "strict", .type = FLAG_SWITCH, .fallback = "true",        \
        .help = "refuse fields that are not known; false: pass them over" \
    }
