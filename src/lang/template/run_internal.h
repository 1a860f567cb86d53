/* lang/template/run_internal.h - the state of a run, for the files that evaluate. */
#pragma once

#include "lang/template/template_internal.h"

struct template_variable {
    struct str name;
    struct value value;
};

/* One run. */
struct template_run {
    struct value_run v;
    const struct template *t;
    const struct template_tree *tree; /* under way */
    const struct template_node *at;   /* what is looked at, for messages */
    struct strbuf *out;
    VEC(struct template_variable) variables;
    size_t depth;
};

/** template_fail() - fail at the node that is looked at, with Go's place in front */
int template_fail(struct template_run *run, const char *fmt, ...) _printf_(2, 3);

/** template_locate() - put Go's place in front of an error's text */
int template_locate(struct template_run *run);

/** template_eval_pipe() - the value of a pipeline; it declares its variables */
int template_eval_pipe(struct template_run *run, const struct value *dot,
                       const struct template_node *pipe, struct value *ret);

/** template_set_variable() - assign to a variable that is declared */
int template_set_variable(struct template_run *run, struct str name, const struct value *v);
