/*
 * objects/field_go.h - what the original's decoder says of a document: encoding/json with the
 * strictness of sigs.k8s.io/json, over the field tables.
 *
 * field_check() tells more and better; this is for where users, scripts and tests know the
 * original's words. Pure, any thread. ../shared/golden/formats/manifests.jsonl decides.
 */
#pragma once

#include "objects/field.h"

enum field_go_mode {
    FIELD_GO_LAX,
    FIELD_GO_YAML,   /* lax, and numbers and booleans are taken for texts: sigs.k8s.io/yaml */
    FIELD_GO_STRICT, /* unknown and repeated fields are errors */
};

/**
 * field_go_check() - would Go decode this?
 * @a:     scratch
 * @shape: Go's type
 * @value: document; of repeated members the last counts
 * @err:   ERR_INVALID with Go's text: the first value of a wrong type, else all unknown fields
 *
 * Members are looked at in the order of their names, as they come out of YAML. Return: 0 or -1.
 */
int field_go_check(struct arena *a, const struct shape *shape, const struct json *value,
                   enum field_go_mode mode, struct err *err);

/** field_go_fault() - the whole text of field_go_check(), which an error may cut; absent when
 * all is well */
struct str field_go_fault(struct arena *a, const struct shape *shape, const struct json *value,
                          enum field_go_mode mode);

/**
 * field_go_value() - what Go has decoded: without members that it does not know and without
 * nulls, parameters' values as texts, quantities in their normal form
 * @a:     where the result lives; it shares values with @value
 * @shape: Go's type
 * @value: document that field_go_check() has found good
 * @mode:  as it was checked
 */
struct json field_go_value(struct arena *a, const struct shape *shape, const struct json *value,
                           enum field_go_mode mode);
