/* Applies scripts and jq programs to the data of events. See transform.h. */
#include "events/sensors/transform.h"

#include "lang/jq/jq.h"
#include "lang/lua/luascript.h"

static const char *type_name(const struct json *v)
{
    static const char *const names[] = {"null", "bool", "number", "string", "array", "object"};

    return names[v->type];
}

int transform_object(struct arena *a, const struct trigger_event *event, struct json *ret,
                     struct err *err)
{
    if (event->parsed)
        *ret = *event->parsed;
    else if (json_parse(a, event->data, ret, err) < 0)
        return -1;
    if (ret->type == JSON_NULL)
        *ret = (struct json){.type = JSON_OBJECT, .pos = JSON_NO_POS};
    if (ret->type == JSON_OBJECT)
        return 0;
    return err_set(err, ERR_INVALID,
                   "json: cannot unmarshal %s into Go value of type map[string]interface {}",
                   type_name(ret));
}

static int run_script(struct arena *a, struct str source, const struct json *data,
                      struct json *ret, struct err *err)
{
    _cleanup_luascript_ struct luascript *script = luascript_new(source, err);

    if (!script || luascript_eval(script, a, data, ret, err) < 0)
        return -1;
    if (ret->type == JSON_OBJECT || ret->type == JSON_ARRAY)
        return 0;
    return err_set(err, ERR_INVALID, "transformation script output type is not of lua table");
}

/* The first output; the program's own errors are values for upstream, but no objects. */
static int run_jq(struct arena *a, struct str source, const struct json *data, struct json *ret,
                  struct err *err)
{
    _cleanup_jq_ struct jq_program *program = jq_compile(source, err);
    struct jq_outputs out;

    if (!program || jq_run(program, a, data, 1, &out, err) < 0)
        return -1;
    if (out.len == 0)
        return err_set(err, ERR_INVALID, "no output available from the jq command execution");
    *ret = out.at[0];
    if (ret->type == JSON_OBJECT)
        return 0;
    return err_set(err, ERR_INVALID, "jq transformation output must be a JSON object");
}

int transform_event(struct arena *a, const struct json *dependency, struct trigger_event *event,
                    struct err *err)
{
    const struct json *transform = json_get(dependency, STR("transform"));
    struct str script = json_get_str(transform, STR("script"));
    struct str jq = json_get_str(transform, STR("jq"));
    struct json data, *made = ARENA_NEW(a, struct json), *context;

    if ((str_is_empty(script) && str_is_empty(jq)) || str_is_none(event->data))
        return 0;
    if (transform_object(a, event, &data, err) < 0 ||
        (str_is_empty(jq) ? run_script(a, script, &data, made, err)
                          : run_jq(a, jq, &data, made, err)) < 0)
        return err_wrap(err, "transform");
    if (!str_is_empty(jq) && json_is(event->parsed, JSON_NULL) && made->count == 0)
        *made = json_null(); /* upstream's map that is not there stays so */
    event->parsed = made;
    event->data = json_text(a, made, JSON_ESCAPE_HTML | JSON_SORT_KEYS);
    context = ARENA_NEW(a, struct json);
    *context = json_set(a, event->context, STR("datacontenttype"),
                        json_string(STR("application/json")));
    event->context = context;
    return 0;
}
