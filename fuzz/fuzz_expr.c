/* Expressions: any text has a value or a message; what can be printed can be read again. */
#include <assert.h>

#include "lang/expr/expr.h"

static int tell(void *ctx, struct str name, struct err *err _unused_)
{
    *(size_t *) ctx += name.len;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str text = str_of((const char *) data, size);
    struct expr_name names[] = {{STR("a.b"), value_string(STR("1"))},
                                {STR("a.c.d"), value_int(2)},
                                {STR("s"), value_string(STR("{\"k\":[1,{\"m\":null}]}"))}};
    struct value map = expr_nest(a, names, COUNT_OF(names)), v;
    struct expr_env env = {
        .lookup = expr_lookup_map, .ctx = &map, .functions = EXPR_ARGO, .now = {1}};
    struct json doc;
    struct err err = {};
    size_t missing = 0;

    if (expr_eval(a, text, &env, &v, &err) < 0)
        assert(err.kind != ERR_NONE && err.kind != ERR_INTERNAL && err.text[0]);
    else if (value_json(a, &v, &doc, &err) == 0)
        assert(json_parse(a, json_text(a, &doc, JSON_COMPACT), &doc, &err) == 0 ||
               err.kind == ERR_LIMIT);
    err = (struct err){};
    if (expr_each_missing(a, text, &env, tell, &missing, &err) < 0)
        assert(err.kind == ERR_INVALID || err.kind == ERR_LIMIT);
    return 0;
}
