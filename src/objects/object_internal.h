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

/**
 * object_check_templates() - the rules of templates that no table can say
 * @a:      where the faults live
 * @doc:    a Workflow, WorkflowTemplate or ClusterWorkflowTemplate that its table has found
 * good
 * @faults: what is wrong is appended
 */
void object_check_templates(struct arena *a, const struct json *doc,
                            struct field_faults *faults);

/**
 * object_check_container_set() - the rules of a template's containerSet, if it has one
 * @a:        where the faults live
 * @path:     of the template
 * @template: a Template that its table has found good
 * @faults:   what is wrong is appended
 */
void object_check_container_set(struct arena *a, struct str path, const struct json *template,
                                struct field_faults *faults);
