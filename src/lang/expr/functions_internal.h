/* lang/expr/functions_internal.h - the C functions behind the builtins of expressions. */
#pragma once

#include "lang/expr/expr_internal.h"

/* The function behind each builtin; its arguments have been counted and checked. */
#define EXPR_FN(name)                                                               \
    int expr_fn_##name(struct value_run *r, const struct value *args, size_t count, \
                       struct value *ret)

EXPR_FN(len);
EXPR_FN(type);
EXPR_FN(abs);
EXPR_FN(ceil);
EXPR_FN(floor);
EXPR_FN(round);
EXPR_FN(int);
EXPR_FN(float);
EXPR_FN(string);
EXPR_FN(max);
EXPR_FN(min);
EXPR_FN(mean);
EXPR_FN(median);
EXPR_FN(trim);
EXPR_FN(trimPrefix);
EXPR_FN(trimSuffix);
EXPR_FN(upper);
EXPR_FN(lower);
EXPR_FN(split);
EXPR_FN(splitAfter);
EXPR_FN(replace);
EXPR_FN(repeat);
EXPR_FN(join);
EXPR_FN(indexOf);
EXPR_FN(lastIndexOf);
EXPR_FN(hasPrefix);
EXPR_FN(hasSuffix);
EXPR_FN(toJSON);
EXPR_FN(toJson);
EXPR_FN(fromJSON);
EXPR_FN(toBase64);
EXPR_FN(fromBase64);
EXPR_FN(now);
EXPR_FN(duration);
EXPR_FN(date);
EXPR_FN(timezone);
EXPR_FN(first);
EXPR_FN(last);
EXPR_FN(get);
EXPR_FN(take);
EXPR_FN(keys);
EXPR_FN(values);
EXPR_FN(toPairs);
EXPR_FN(fromPairs);
EXPR_FN(reverse);
EXPR_FN(uniq);
EXPR_FN(concat);
EXPR_FN(flatten);
EXPR_FN(sort);
EXPR_FN(bitand);
EXPR_FN(bitor);
EXPR_FN(bitxor);
EXPR_FN(bitnand);
EXPR_FN(bitnot);
EXPR_FN(bitshl);
EXPR_FN(bitshr);
EXPR_FN(bitushr);
EXPR_FN(jsonpath);
