/* lang/jq/run.h - what the files of the evaluator share. */
#pragma once

#include "lang/jq/jq_internal.h"

struct jq_collector {
    struct jq_sink sink;
    VEC(struct jq_value) values;
};

struct jq_at_recursion {
    struct jq_sink sink;
    struct jq_sink *out;
};

/** jq_give_step() - an output that is @key of @of */
int jq_give_step(struct jq_run *r, const struct jq_at *of, struct jq_value key,
                 struct jq_value v, struct jq_sink *out);

/** jq_collect_paths() - the paths of all outputs of a node, as an array of arrays */
int jq_collect_paths(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                     const struct jq_value *in, struct jq_value *ret);

/** jq_first() - the first output, if there is one */
int jq_first(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
             const struct jq_at *in, struct jq_at *ret, bool *ret_is_there);

/** jq_iterate() - .[] */
int jq_iterate(struct jq_run *r, const struct jq_at *of, struct jq_sink *out);

/** jq_recurse() - .. */
int jq_recurse(struct jq_run *r, const struct jq_at *of, struct jq_sink *out);

/** jq_on_recursion() - the sink of jq_recurse() */
int jq_on_recursion(struct jq_run *r, struct jq_sink *self, const struct jq_at *at);

/** jq_eval_string() - "a\(b)c" */
int jq_eval_string(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                   const struct jq_at *in, struct jq_sink *out);

/** jq_eval_object() - {a: b} */
int jq_eval_object(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                   const struct jq_at *in, struct jq_sink *out);

/** jq_eval_assignment() - = |= += */
int jq_eval_assignment(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                       const struct jq_at *in, struct jq_sink *out);

/** jq_eval_binding() - as, reduce, foreach */
int jq_eval_binding(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                    const struct jq_at *in, struct jq_sink *out);

/** jq_eval_call() - a function */
int jq_eval_call(struct jq_run *r, const struct jq_node *n, const struct jq_env *env,
                 const struct jq_at *in, struct jq_sink *out);
