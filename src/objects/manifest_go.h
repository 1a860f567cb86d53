/*
 * objects/manifest_go.h - a manifest as the original's CLI and server take it apart: which
 * documents count, what they are decoded into, what is said of the rest.
 *
 * Pure, any thread. object_read() is the reader of this program; this one knows the original's
 * ways. ../shared/golden/formats/manifests.jsonl decides.
 */
#pragma once

#include "objects/field_go.h"
#include "objects/object.h"

struct manifest_go_object {
    const struct shape *shape; /* ObjectMeta for a kind that it does not know; NULL where no
                                  type was looked for */
    struct json value;         /* as field_go_value() */
    struct str error;          /* Go's text; empty when all is well */
};

struct manifest_go {
    struct manifest_go_object *at;
    size_t len;
    bool has_bad_yaml; /* a document that is none was passed over: the original logs it */
};

/**
 * manifest_go_read() - the documents of a manifest
 * @a:    where all of it lives
 * @text: YAML, documents separated by lines that begin with "---"
 * @mode: whether unknown and repeated fields count
 */
struct manifest_go manifest_go_read(struct arena *a, struct str text, enum field_go_mode mode);
