/*
 * objects/object.h - the kinds that tiphys serves: names, field tables, manifests, printing
 * columns.
 *
 * A manifest is text (YAML stream or JSON); it becomes immutable documents with source
 * positions. object_check() is the strict gate through which every object passes before it is
 * stored, whatever brought it. No I/O, but for time zones that a manifest names: they are read
 * from the system's database. Source: ../shared/spec/workflows.md 1, events.md 1, 3, 4.
 */
#pragma once

#include "base/clock.h"
#include "objects/field.h"

enum {
    OBJECT_NAME_MAX_BYTES = 253,
    OBJECT_GENERATED_SUFFIX_BYTES = 5,
    OBJECT_NAME_TRIES_MAX = 8, /* generated names that are taken, one after the other */
};

/* A column behind NAME, which comes first where it is not a column itself. */
struct object_column {
    const char *name; /* "STATUS" as kubectl prints it */
    const char *type; /* "string"; "integer": an object or list is counted; "date": an age;
                         "ready": how many containers are; "pod": in one word; "object", "role":
                         "kind/name"; "users", "groups", "accounts": those among subjects;
                         "pipeline", "complaint": what conditions come to, why one is not met;
                         those of object_column_job.c */
    const char *path; /* dotted path in the document; "": the document */
    bool wide_only;
};

struct object_kind {
    const char *group;              /* "argoproj.io", or "" for core */
    const char *version;            /* "v1alpha1" */
    const char *kind;               /* "Workflow" */
    const char *plural;             /* "workflows" */
    const char *singular;           /* "workflow" */
    const char *const *short_names; /* NULL-terminated: "wf" */
    const struct shape *shape;      /* the whole object */
    const struct object_column *columns;
    size_t column_count;
    bool is_namespaced;
    bool is_unbuilt; /* nobody acts on its objects yet: object_check() refuses them */
    bool is_view;    /* the system makes them, too; created and deleted, not changed */
};

/** object_kinds() - all kinds in order of objects/kinds.def */
const struct object_kind *object_kinds(size_t *ret_count);

/**
 * object_aliases() - the further versions of kinds, each a row as of its own
 *
 * A kind is stored in the version of object_kinds(), and what is done with its objects goes by
 * that row. A row of an alias only says how an object is shown to who asks in that version:
 * object_in().
 */
const struct object_kind *object_aliases(size_t *ret_count);

/** object_kind_find() - by apiVersion ("argoproj.io/v1alpha1") and kind, as it is stored; NULL
 * when not served */
const struct object_kind *object_kind_find(struct str api_version, struct str kind);

/** object_kind_in() - the row of a kind in a version ("v1"): its own or an alias; NULL when not
 * served */
const struct object_kind *object_kind_in(const struct object_kind *kind, struct str version);

/** object_kind_api_version() - "batch/v1", or "v1" */
struct str object_kind_api_version(struct arena *a, const struct object_kind *kind);

/** object_in() - an object of the kind in the version of that row; another kind's as it is */
struct json object_in(struct arena *a, const struct object_kind *kind, const struct json *doc);

/** object_kind_by_plural() - by group (absent: any) and plural, singular or short name (the
 * API's path, the CLI's argument); NULL */
const struct object_kind *object_kind_by_plural(struct str group, struct str word);

/* One document of a manifest. */
struct object_document {
    struct json value;
    const struct object_kind *kind; /* NULL when unknown (see fault) */
    struct str version;             /* of object_read(): the apiVersion that it had */
    struct str source;              /* file name or "" */
    struct str text;                /* the whole source text, for positions */
};

struct object_documents {
    struct object_document *at;
    size_t len;
};

/**
 * object_read() - a manifest's documents
 * @a:      where all of it lives; the text is borrowed
 * @source: file name for errors, or "-" for standard input
 * @text:   YAML stream or JSON; a "List" kind is opened up
 * @ret:    the documents, in the version in which their kind is stored
 * @err:    ERR_INVALID as "file:line:column: what" (with the mend for a list item indented
 * wrongly)
 */
int object_read(struct arena *a, struct str source, struct str text,
                struct object_documents *ret, struct err *err);

/**
 * object_check() - is this a good object of a kind we serve?
 * @a:      where the faults live
 * @doc:    document
 * @faults: what is wrong, each with path, position, what was found and what would be right
 *
 * Strict: field tables, name rules (RFC 1123, upper case gets the mend), and the cross-field
 * rules of upstream's validation that concern one object alone. Return: whether nothing is
 * wrong.
 */
bool object_check(struct arena *a, const struct object_document *doc,
                  struct field_faults *faults);

/** object_check_fields() - object_check() without the rules that go over several fields */
bool object_check_fields(struct arena *a, const struct object_document *doc,
                         struct field_faults *faults);

/** object_fault_text() - "file:line:column: path: text" of one fault (without what is not
 * known) */
struct str object_fault_text(struct arena *a, const struct object_document *doc,
                             const struct field_fault *fault);

/** object_faults_err() - as many faults as fit as one error: kind of the first, texts joined by
 * "; ", then how many more there are */
int object_faults_err(struct arena *a, const struct object_document *doc,
                      const struct field_faults *faults, struct err *err);

/** object_names_first() - does a table of the kind begin with NAME? */
bool object_names_first(const struct object_kind *kind);

/**
 * object_cell() - what a table shows of an object in a column
 * @a:   where the text lives
 * @now: for ages
 *
 * Return: the text; empty, "0" or "<unknown>" by the column's type when there is nothing.
 */
struct str object_cell(struct arena *a, const struct object_column *column,
                       const struct json *doc, struct wall now);

/* Annotation of a template that came of one of Argo 2. */
#define OBJECT_LEGACY "tiphys/legacy"

/** object_legacy_spec() - the spec of a workflow with templates of Argo 2, which call another
 * one themselves, as templates of one step; shares all else */
struct json object_legacy_spec(struct arena *a, const struct json *spec);

/** object_is_legacy() - is a template one of those? */
bool object_is_legacy(const struct json *tmpl) _pure_;

/** object_legacy_check() - the fields of such templates, where a template of a workflow, a
 * template object or a cron workflow is none: they are unknown there */
void object_legacy_check(struct arena *a, const struct json *doc, struct field_faults *faults);

/** object_set_defaults() - the document with the defaults that the original's API server or
 * controller writes */
struct json object_set_defaults(struct arena *a, const struct object_kind *kind,
                                const struct json *doc);

/**
 * object_set_parameters() - arguments of a workflow's spec, as `argo submit -p` gives them
 * @a:     where the result lives
 * @spec:  replaced: given parameters first, in their order, then its others
 * @pairs: "NAME=VALUE" each, borrowed by the result
 * @count: how many; 0 changes nothing
 * @err:   ERR_INVALID in upstream's words
 */
int object_set_parameters(struct arena *a, struct json *spec, const struct str *pairs,
                          size_t count, struct err *err);

/* Frequent members. */
struct str object_name(const struct json *doc);
struct str object_namespace(const struct json *doc);
struct str object_uid(const struct json *doc);
struct str object_label(const struct json *doc, struct str key);
struct str object_annotation(const struct json *doc, struct str key);

/* Annotation of an EventSource or Sensor that is to stand still while it is "true". */
#define OBJECT_PAUSED "tiphys/paused"

/** object_is_paused() - does OBJECT_PAUSED say so? */
bool object_is_paused(const struct json *doc);

/** object_has_finalizer() - must @name agree before the object goes? */
bool object_has_finalizer(const struct json *doc, struct str name);

/** object_add_finalizer() - the document with one more finalizer, once */
struct json object_add_finalizer(struct arena *a, const struct json *doc, struct str name);

/** object_remove_finalizer() - the document without one */
struct json object_remove_finalizer(struct arena *a, const struct json *doc, struct str name);

/**
 * object_set_condition() - the document with a condition that holds, or without one
 * @type:    of the condition
 * @message: why it holds; absent takes the condition away
 */
struct json object_set_condition(struct arena *a, const struct json *doc, const char *type,
                                 struct str message);

/** object_time_text() - a moment (Unix time in ms) as metadata has it: RFC 3339 in whole
 * seconds
 */
struct str object_time_text(struct arena *a, int64_t now_ms);

/**
 * object_prepare() - a document as it is stored at creation
 * @a:      arena
 * @kind:   its kind
 * @doc:    checked document
 * @ns:     namespace of the request; used when the document has none
 * @now:    creation time
 * @random: 128 bits for the uid and (first 5 letters) a generated name
 * @ret:    with metadata.uid, creationTimestamp, namespace, generation 1 (kinds of Argo, jobs,
 * pods), name from generateName; without status of the client
 * @err:    ERR_INVALID (namespaces differ, neither name nor generateName)
 */
int object_prepare(struct arena *a, const struct object_kind *kind, const struct json *doc,
                   struct str ns, int64_t now_ms, const uint8_t random[16], struct json *ret,
                   struct err *err);

/**
 * object_settle() - what somebody made of a stored object, as it is stored then
 * @a:      where the result lives; it shares values with both
 * @stored: the object as it is
 * @given:  what is to become of it, checked
 * @sub:    "status": the status alone changes; else all but the status
 *
 * Return: with the identity of @stored, defaults, and the next generation when the spec
 * differs; a Workflow keeps the spec and the templates that were frozen into its status.
 */
struct json object_settle(struct arena *a, const struct object_kind *kind,
                          const struct json *stored, const struct json *given, struct str sub);
