/*
 * lang/template/template.h - Go's text/template with the functions of sprig, as Argo Events
 * renders dataTemplate, contextTemplate and the templates of filters.
 *
 * A text is compiled once into an immutable template and run many times, on any thread. Missing
 * keys are "<no value>". Messages are Go's, with its places: "template: param:1:2: executing
 * ...". Steps, depth and bytes of a run are bounded (VALUE_*_MAX, GO_TEMPLATE_DEPTH_MAX).
 * Doesn't do: complex numbers, channels, functions as values.
 *
 * ../shared/golden/lang/gotemplate.jsonl decides.
 */
#pragma once

#include "lang/value/value.h"

struct template;

/* What a template is run with. */
struct template_input {
    struct value dot;
    struct wall now;            /* what now answers */
    struct random *random;      /* of random functions; NULL: the crypto library's */
    value_variable_fn variable; /* what env and expandenv see; NULL: nothing */
};

/**
 * template_compile() - read a template
 * @a:    where it lives
 * @name: its name, for messages; borrowed
 * @text: template; borrowed
 * @ret:  the template; untouched on failure
 * @err:  ERR_INVALID with Go's text; ERR_LIMIT over GO_TEMPLATE_MAX_BYTES or
 * GO_TEMPLATE_DEPTH_MAX
 *
 * Return: 0 or -1.
 */
int template_compile(struct arena *a, struct str name, struct str text,
                     const struct template **ret, struct err *err);

/**
 * template_run() - the text that a template makes
 * @t:   template
 * @a:   where the text lives
 * @in:  the dot, and the world; maps of the same arena may be changed by "set"
 * @ret: the text; untouched on failure
 * @err: ERR_INVALID with Go's text; ERR_LIMIT
 *
 * Return: 0 or -1.
 */
int template_run(const struct template *t, struct arena *a, const struct template_input *in,
                 struct str *ret, struct err *err);

/** template_eval() - template_compile() under the name "param" and template_run() at once */
int template_eval(struct arena *a, struct str text, const struct template_input *in,
                  struct str *ret, struct err *err);
