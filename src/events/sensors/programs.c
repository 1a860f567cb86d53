/* Compiles the programs of a dependency. See programs.h. */
#include "events/sensors/programs.h"

#include "base/mem.h"

static struct luascript *compile_script(const struct json *holder, bool *ret_is_there,
                                        struct err *err)
{
    struct str source = json_get_str(holder, STR("script"));

    *ret_is_there = !str_is_empty(source);
    return *ret_is_there ? luascript_new(source, err) : NULL;
}

struct programs *programs_new(const struct json *dependency)
{
    const struct json *transform = json_get(dependency, STR("transform"));
    struct str jq = json_get_str(transform, STR("jq"));
    struct programs *p = NEW(struct programs);

    p->has_jq = !str_is_empty(jq);
    if (p->has_jq)
        p->jq = jq_compile(jq, &p->jq_err);
    else
        p->script = compile_script(transform, &p->has_script, &p->script_err);
    p->filter =
        compile_script(json_get(dependency, STR("filters")), &p->has_filter, &p->filter_err);
    return p;
}

void programs_free(struct programs *p)
{
    if (!p)
        return;
    jq_free(p->jq);
    luascript_free(p->script);
    luascript_free(p->filter);
    free(p);
}
