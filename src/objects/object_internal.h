/* objects/object_internal.h - what the files of object.h share. */
#pragma once

#include "objects/object.h"

/**
 * object_mend_indent() - why a line of YAML stands wrongly in or beside a list, and where it
 * belongs
 * @a:    where the text lives
 * @text: YAML that could not be read
 * @line: line of the error, from 1
 *
 * Looks at the columns of the nearest list item above only. Return: what to do, or the absent
 * view.
 */
struct str object_mend_indent(struct arena *a, struct str text, size_t line);

/** object_is_subdomain() - as RFC 1123 and Kubernetes have it? */
bool object_is_subdomain(struct str s);

/** object_check_labels() - do labels and annotations have names and values that Kubernetes
 * takes? What is wrong is appended to @faults, whose texts live in @a; pure */
void object_check_labels(struct arena *a, const struct json *meta, struct field_faults *faults);
