/* Applies scripts and jq programs to the data of events. See transform.h. */
#include "events/sensors/transform.h"

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

static int run_script(struct arena *a, const struct programs *p, const struct json *data,
                      struct json *ret, struct err *err)
{
    if (!p->script)
        *err = p->script_err;
    if (!p->script || luascript_eval(p->script, a, data, ret, err) < 0)
        return -1;
    if (ret->type == JSON_OBJECT || ret->type == JSON_ARRAY)
        return 0;
    return err_set(err, ERR_INVALID, "transformation script output type is not of lua table");
}

/* The first output; the program's own errors are values for upstream, but no objects. */
static int run_jq(struct arena *a, const struct programs *p, const struct json *data,
                  struct json *ret, struct err *err)
{
    struct jq_outputs out;

    if (!p->jq)
        *err = p->jq_err;
    if (!p->jq || jq_run(p->jq, a, data, 1, &out, err) < 0)
        return -1;
    if (out.len == 0)
        return err_set(err, ERR_INVALID, "no output available from the jq command execution");
    *ret = out.at[0];
    if (ret->type == JSON_OBJECT)
        return 0;
    return err_set(err, ERR_INVALID, "jq transformation output must be a JSON object");
}

int transform_event(struct arena *a, const struct programs *p, struct trigger_event *event,
                    struct err *err)
{
    struct json data, *made = ARENA_NEW(a, struct json), *context;

    if ((!p->has_script && !p->has_jq) || str_is_none(event->data))
        return 0;
    if (transform_object(a, event, &data, err) < 0 ||
        (p->has_jq ? run_jq : run_script)(a, p, &data, made, err) < 0)
        return err_wrap(err, "transform");
    if (p->has_jq && json_is(event->parsed, JSON_NULL) && made->count == 0)
        *made = json_null(); /* upstream's map that is not there stays so */
    event->parsed = made;
    event->data = json_text(a, made, JSON_ESCAPE_HTML | JSON_SORT_KEYS);
    context = ARENA_NEW(a, struct json);
    *context = json_set(a, event->context, STR("datacontenttype"),
                        json_string(STR("application/json")));
    event->context = context;
    return 0;
}
