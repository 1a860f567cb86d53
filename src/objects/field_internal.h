/*
 * objects/field_internal.h - what the files of the field engine share: places in a document,
 * syntax of scalars, and the mends for members that stand in the wrong place.
 *
 * A place is a chain of frames on the stack of the walk; its text is made only when something
 * is wrong. Any thread.
 */
#pragma once

#include "objects/field.h"

/* One step of the way from the root: a member's name, or an index when the name is absent. */
struct field_place {
    const struct field_place *up; /* NULL: below the root */
    struct str name;
    size_t index;
};

/** field_place_text() - "spec.triggers[0].template", behind the text of the root */
struct str field_place_text(struct arena *a, struct str root, const struct field_place *at);

/** field_is_time() - RFC 3339 */
bool field_is_time(struct str text);

/** field_is_quantity() - a Kubernetes resource.Quantity: "100m", "1.5Gi", "1e3" */
bool field_is_quantity(struct str text);

/** field_has_choice() - is the text one of "A|B|C"? */
bool field_has_choice(const char *choices, struct str text) _pure_;

/** field_describe() - what was found, in words: `text "abc"`, "number 5", "a list" */
struct str field_describe(struct arena *a, const struct json *v);

/* A member that its object does not know. */
struct field_stray {
    const struct shape *shape;
    const struct json *object;
    uint32_t index; /* of the member */
};

/**
 * field_stray_host() - the empty sibling into which a stray member belongs
 *
 * Return: the sibling's member index when it is null and its shape knows the stray's name, else
 * UINT32_MAX.
 */
uint32_t field_stray_host(const struct field_stray *s);

/** field_stray_text() - what to say about it: the mend where there is one, else the nearest
 * known name */
struct str field_stray_text(struct arena *a, const struct field_stray *s);

/** field_host_text() - what to say about an empty member @host whose content stands beside it
 */
struct str field_host_text(struct arena *a, const struct shape *shape,
                           const struct json *object, uint32_t host);

/* Shapes that are written elsewhere. */
struct field_schema_refs {
    struct str (*refer)(void *ctx, const struct shape *shape); /* what stands for it */
    void *ctx;
    bool has_merge; /* lists say how patches merge them */
};

/** field_schema_component() - field_schema() whose inner shapes are references */
struct json field_schema_component(struct arena *a, const struct shape *shape,
                                   const struct field_schema_refs *refs);
