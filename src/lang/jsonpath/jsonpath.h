/*
 * lang/jsonpath/jsonpath.h - JSONPath in both of its flavours: templates of Kubernetes,
 * "{.items[*].metadata.name}", and queries of Argo's function jsonpath(), "$.items[0].name".
 *
 * Templates:  * Text outside of braces stands for itself; inside are fields, indexes, slices,
 * unions, filters
 * "[?(@.a == 1)]", descent "..", quoted texts, and range ... end. What a path does not find is
 * left out, as kubectl does. Whole numbers are int64, others doubles. Where the original goes
 * through a map in no order, the keys are sorted here. Each rendering has a budget of steps and
 * bytes. A compiled template is immutable; any thread.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "formats/json.h"

struct jsonpath_template;

/**
 * jsonpath_template_new() - compile
 * @text: template; not kept
 * @err:  ERR_INVALID in the words of client-go; ERR_LIMIT over JSONPATH_TEXT_MAX_BYTES or
 *        JSONPATH_DEPTH_MAX
 *
 * Return: owned template, or NULL.
 */
struct jsonpath_template *jsonpath_template_new(struct str text, struct err *err);

/** jsonpath_template_free() - release; NULL is a no-op */
void jsonpath_template_free(struct jsonpath_template *t);
DEFINE_CLEANUP(struct jsonpath_template *, jsonpath_template_free)
#define _cleanup_jsonpath_template_ _cleanup_(jsonpath_template_freep)

/**
 * jsonpath_template_render() - fill in a template
 * @t:   template
 * @a:   where the text lives
 * @doc: document
 * @ret: text
 * @err: ERR_INVALID in the words of client-go; ERR_LIMIT over JSONPATH_STEPS_MAX or
 *       JSONPATH_OUTPUT_MAX_BYTES
 *
 * Return: 0 or -1.
 */
int jsonpath_template_render(const struct jsonpath_template *t, struct arena *a,
                             const struct json *doc, struct str *ret, struct err *err);

enum { JSONPATH_COUNT_POS = UINT32_MAX - 3 }; /* pos of a number that is a length: an int64 */

/**
 * jsonpath_query() - what a path finds
 * @a:    where made values live
 * @doc:  document; borrowed by the result
 * @path: "$..."
 * @left: steps that it may take, at most JSONPATH_STEPS_MAX; those that it took are taken off
 * @ret:  value; numbers of the document are doubles
 * @err:  ERR_INVALID in the words of the original for a bad path or what is not there;
 *        ERR_LIMIT over JSONPATH_STEPS_MAX, JSONPATH_DEPTH_MAX or JSONPATH_TEXT_MAX_BYTES
 *
 * Return: 0 or -1.
 */
int jsonpath_query(struct arena *a, const struct json *doc, struct str path, size_t *left,
                   struct json *ret, struct err *err);
