/*
 * objects/field_go_internal.h - Go's names of types, of which Go's decoder tells and field
 * tables do not. Types and fields by their names; pure, any thread.
 */
#pragma once

#include <stddef.h>

#include "base/attrs.h"

/** field_go_package() - "v1" for types of Kubernetes, else "v1alpha1" */
const char *field_go_package(const char *type) _pure_;

/** field_go_named() - the type of a field, or of the items of one, with its package:
 * "v1.Signal"; NULL when its form tells it */
const char *field_go_named(const char *owner, const char *field) _pure_;

/** field_go_list() - the type of a list or map that has a name of its own, or NULL */
const char *field_go_list(const char *owner, const char *field) _pure_;

/** field_go_part() - the part that a type embeds and the field belongs to, or NULL */
const char *field_go_part(const char *owner, const char *field) _pure_;
