/* objects/object_internal.h - what the files of object.h share. */
#pragma once

#include "objects/object.h"

/**
 * object_mend_indent() - why a line of YAML stands wrongly, by a tab or in or beside a list,
 * and where it belongs
 * @a:    where the text lives
 * @text: YAML that could not be read
 * @line: line of the error, from 1
 *
 * Looks at the line and at the columns of the nearest list item above only. Return: what to do,
 * or the absent view.
 */
struct str object_mend_indent(struct arena *a, struct str text, size_t line);

/** object_is_subdomain() - as RFC 1123 and Kubernetes have it? */
bool object_is_subdomain(struct str s);

/** object_is_label() - a label of RFC 1123 without its limit of length? */
bool object_is_label(struct str s);

/** object_check_labels() - do labels and annotations have names and values that Kubernetes
 * takes? @path is that of the metadata. What is wrong is appended to @faults, whose texts live
 * in @a; pure */
void object_check_labels(struct arena *a, struct str path, const struct json *meta,
                         struct field_faults *faults);

/** object_job_check() - the rules of Pods, Jobs and CronJobs, in Kubernetes' words; other kinds
 * have none here. A pod that runs to its end, and is not started again when it has succeeded.
 * Reads time zones that are named */
void object_job_check(struct arena *a, const struct object_document *doc,
                      struct field_faults *faults);

/** object_without_empty() - the document without maps and lists of its metadata that hold
 * nothing, and of ConfigMaps and Secrets without such data: they are not kept */
struct json object_without_empty(struct arena *a, const struct object_kind *kind,
                                 const struct json *doc);

/** object_plain_check() - the rules of ConfigMaps, Secrets and roles: keys, what a type of
 * Secret must hold, what a rule needs; other kinds have none here. What is wrong is appended to
 * @faults, whose texts live in @a; pure */
void object_plain_check(struct arena *a, const struct object_document *doc,
                        struct field_faults *faults);

/** object_plain_check_change() - object_check_change() of ConfigMaps, Secrets and role
 * bindings; others may become what they like */
int object_plain_check_change(struct arena *a, const struct object_kind *kind,
                              const struct json *stored, const struct json *made,
                              struct err *err);

/** object_age_text() - "5s", "3m20s", "2d4h": apimachinery's duration.HumanDuration */
struct str object_age_text(struct arena *a, int64_t seconds);

/**
 * object_job_cell() - a cell of a column whose type is of Jobs and CronJobs: "job-status",
 * "job-completions", "job-duration"; "names" and "images" of containers, "selector"; "maybe",
 * "maybe-date": "<none>" without a value; "flag": "True" or "False"
 * @v: what stands there, or NULL
 *
 * Return: the text; the absent view: it is another type.
 */
struct str object_job_cell(struct arena *a, const char *type, const struct json *v,
                           struct wall now);
