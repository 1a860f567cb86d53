/*
 * objects/managed.h - who owns which fields of an object: metadata.managedFields.
 *
 * Server-side apply writes a document over what is there, gives the fields in it to its
 * manager, removes what the manager applied before and nobody else owns, and conflicts with
 * managers that own what it would change. Every other write gives what it changes to its
 * manager, and takes it from the others. Pure; any thread.
 */
#pragma once

#include "base/clock.h"
#include "objects/field_set.h"
#include "objects/object.h"

/* Who writes. */
struct managed_writer {
    struct str manager;     /* "kubectl-edit"; "": nobody is named */
    struct str subresource; /* "status", or "" */
    const struct object_kind *kind; /* in the version that is written */
    struct wall now;
    bool is_forced; /* managed_apply(): conflicts are won */
};

/* A field that the writer would change and another manager owns. */
struct managed_conflict {
    struct str with; /* `"kubectl-edit" using v1 at 2026-01-01T00:00:00Z` */
    struct str path; /* ".data.color" */
};

struct managed_conflicts {
    struct managed_conflict *at;
    size_t len, room;
};

struct managed_applied {
    struct json doc;                    /* the object as it becomes, with managedFields */
    struct managed_conflicts conflicts; /* of ERR_CONFLICT */
};

/**
 * managed_apply() - what an applied document makes of an object
 * @a:      where the result lives
 * @live:   the object, or NULL when there is none
 * @config: the document; its managedFields are left out
 * @ret:    its doc is @live itself when nothing changes
 * @err:    ERR_CONFLICT with the text of the API server
 *
 * Return: 0, or -1; with ERR_CONFLICT the conflicts are in @ret.
 */
int managed_apply(struct arena *a, const struct managed_writer *w, const struct json *live,
                  const struct json *config, struct managed_applied *ret, struct err *err);

/**
 * managed_update() - the managedFields of an object that is written in any other way
 * @live: the object, or NULL when it is created
 * @made: what it becomes
 *
 * Nothing is kept for an object without managedFields unless it is created by a named writer.
 * Those that @made has replace those of @live; an empty list drops them all.
 */
struct json managed_update(struct arena *a, const struct managed_writer *w,
                           const struct json *live, const struct json *made);

/** managed_is_same() - are two versions of an object the same but for resourceVersion and the
 * times of managedFields? */
bool managed_is_same(struct arena *a, const struct json *x, const struct json *y);

/** managed_conflict_text() - all conflicts as the API server says them */
struct str managed_conflict_text(struct arena *a, const struct managed_conflicts *conflicts);
