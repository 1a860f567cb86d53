/* See source_filter.h. */
#include "events/sources/source_filter.h"

#include "lang/expr/expr.h"

struct str source_filter_of(const struct json *spec)
{
    struct str text = json_str(json_path(spec, "filter", "expression", NULL));

    return str_is_none(text) ? STR("") : text;
}

static struct str with_underscores(struct arena *a, struct str name)
{
    char *text;

    if (str_find_char(name, '-') == SIZE_MAX)
        return name;
    text = str_cz(a, name);
    for (size_t i = 0; i < name.len; i++)
        if (text[i] == '-')
            text[i] = '_';
    return str_of(text, name.len);
}

int source_filter_passes(struct arena *a, struct str expression, struct str data,
                         struct wall now, bool *ret, struct err *err)
{
    struct json doc;
    struct expr_name *names;
    struct value map, v;
    const struct expr_env env = {.lookup = expr_lookup_map,
                                 .ctx = &map,
                                 .functions = EXPR_ARGO,
                                 .is_untyped = true,
                                 .now = now};

    if (expr_find_bare(expression, "`") != SIZE_MAX)
        return err_set(err, ERR_INVALID, "unrecognized character: U+0060 '`'");
    if (json_parse(a, data, &doc, err) < 0)
        return err_wrap(err, "failed to unmarshal data");
    if (doc.type != JSON_OBJECT && doc.type != JSON_NULL)
        return err_set(err, ERR_INVALID, "failed to unmarshal data, which must be an object");
    if (doc.type == JSON_NULL)
        doc = json_object(&(const struct json_object_builder){0});
    names = ARENA_ARRAY(a, struct expr_name, doc.count + 1);
    for (uint32_t i = 0; i < doc.count; i++)
        names[i] = (struct expr_name){with_underscores(a, doc.members[i].key),
                                      value_of_json(a, &doc.members[i].value)};
    map = expr_nest(a, names, doc.count);
    if (expr_eval(a, expression, &env, &v, err) < 0)
        return err_wrap(err, "unable to evaluate expression '" STR_FMT "'",
                        STR_ARG(expression));
    return expr_bool(a, &v, ret, err);
}
