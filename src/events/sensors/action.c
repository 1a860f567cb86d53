/* What a trigger does: read from the manifest, rendered for a firing. See action.h. */
#include "events/sensors/action.h"

#include "events/sensors/params.h"
#include "objects/shapes_events.h"

/* ---- reading ---- */

/* What a message is made of: the payload has no operations, headers have no others. */
static int check_message(const struct json *part, struct err *err)
{
    if (params_check_payload(json_get(part, STR("payload")), err) < 0)
        return err_wrap(err, "payload");
    if (params_check_payload(json_get(part, STR("dynamicHeaders")), err) < 0)
        return err_wrap(err, "dynamicHeaders");
    return 0;
}

/* The part of the template that belongs to the driver: its parameters go into it or its
 * resource. */
static int check_part(const struct trigger_action *t, struct err *err)
{
    const struct json *part = json_get(t->template, str_from(t->driver->kind));

    if ((t->driver->ops->fetch || t->driver->message) &&
        params_check(json_get(part, STR("parameters")), err) < 0)
        return err_wrap(err, "template.%s.parameters", t->driver->kind);
    if ((t->driver->message && check_message(part, err) < 0) ||
        (t->driver->ops->check && t->driver->ops->check(t->template, err) < 0))
        return err_wrap(err, "template.%s", t->driver->kind);
    return 0;
}

/* Attempts: upstream looks at retryStrategy only with atLeastOnce. */
static int read_retry(const struct json *trigger, struct trigger_action *made, struct err *err)
{
    const struct json *retry = json_get(trigger, STR("retryStrategy"));
    bool is_repeated = json_get_bool(trigger, STR("atLeastOnce"));

    made->retry = backoff_once();
    if (!json_is(retry, JSON_OBJECT))
        return 0;
    if (backoff_read(retry, &made->retry, err) < 0)
        return err_wrap(err, "retryStrategy");
    made->has_idle_retry = !is_repeated;
    if (!is_repeated)
        made->retry = backoff_once();
    return 0;
}

int action_read(const struct json *trigger, struct trigger_action *ret, struct err *err)
{
    struct trigger_action made = {.template = json_get(trigger, STR("template")),
                                  .parameters = json_get(trigger, STR("parameters")),
                                  .policy = json_get(trigger, STR("policy"))};
    struct label_policy wait;

    made.name = json_get_str(made.template, STR("name"));
    if (str_is_empty(made.name))
        return err_set(err, ERR_INVALID, "template.name: must be given");
    if (params_check(made.parameters, err) < 0)
        return err_wrap(err, "parameters");
    made.driver = trigger_driver_of(made.template, err);
    if (!made.driver || check_part(&made, err) < 0 || read_retry(trigger, &made, err) < 0)
        return -1;
    if (policy_read(made.policy, &wait, err) < 0)
        return err_wrap(err, "policy.k8s");
    *ret = made;
    return 0;
}

/* ---- rendering ---- */

struct rendering {
    struct arena *arena;
    const struct trigger_driver *driver;
    struct trigger_request *req;
};

static const struct json *own_copy(struct arena *a, const struct json *v)
{
    struct json *made = ARENA_NEW(a, struct json);

    *made = json_clone(a, v);
    return made;
}

static int render_headers(struct rendering *r, const struct params_events *events,
                          const struct json *list, struct err *err)
{
    size_t count = json_is(list, JSON_ARRAY) ? list->count : 0;
    struct trigger_header *made = ARENA_ARRAY(r->arena, struct trigger_header, count + 1);
    struct params_value value;

    for (size_t i = 0; i < count; i++) {
        if (params_resolve(r->arena, json_get(&list->items[i], STR("src")), events, &value,
                           err) < 0)
            return err_wrap(err, "dynamicHeaders[%zu]", i);
        if (str_is_none(value.text))
            return err_set(err, ERR_INVALID, "dynamicHeaders[%zu]: there is no such event", i);
        made[i] = (struct trigger_header){json_get_str(&list->items[i], STR("dest")),
                                          str_copy(r->arena, value.text)};
    }
    r->req->headers = made;
    r->req->header_count = count;
    return 0;
}

static int render_message(struct rendering *r, const struct params_events *events,
                          struct err *err)
{
    const struct json *part = json_get(r->req->template, str_from(r->driver->kind)),
                      *parameters = json_get(part, STR("parameters"));
    const struct params_shaped what = {r->driver->message, part,
                                       str_printf(r->arena, "template.%s", r->driver->kind)};
    struct json made = *part;

    if (parameters && params_apply_shaped(r->arena, &what, parameters, events, &made, err) < 0)
        return err_wrap(err, "template.%s.parameters", r->driver->kind);
    r->req->resource = own_copy(r->arena, &made);
    if (params_payload(r->arena, json_get(r->req->resource, STR("payload")), events,
                       &r->req->payload, err) < 0 ||
        render_headers(r, events, json_get(r->req->resource, STR("dynamicHeaders")), err) < 0)
        return err_wrap(err, "template.%s", r->driver->kind);
    return 0;
}

int action_render(struct arena *a, const struct trigger_action *action,
                  struct trigger_request *req, struct err *err)
{
    const struct params_events events = {req->events, req->event_count};
    const struct params_shaped what = {&shape_trigger_template, action->template,
                                       STR_INIT("template")};
    struct rendering r = {.arena = a, .driver = action->driver, .req = req};
    struct json made = *action->template;

    if (action->parameters &&
        params_apply_shaped(a, &what, action->parameters, &events, &made, err) < 0)
        return err_wrap(err, "parameters");
    req->template = own_copy(a, &made);
    req->policy = action->policy ? own_copy(a, action->policy) : NULL;
    req->resource = NULL;
    req->payload = STR_NONE;
    req->header_count = 0;
    return action->driver->message ? render_message(&r, &events, err) : 0;
}

int action_fetch(struct arena *a, const struct trigger_driver *driver,
                 const struct trigger_services *services, struct trigger_request *req,
                 struct trigger_result *result, struct err *err)
{
    const struct params_events events = {req->events, req->event_count};
    /* those of the rendered template: its parameters may have changed them */
    const struct json *parameters = json_path(req->template, driver->kind, "parameters", NULL);
    struct json *made = ARENA_NEW(a, struct json);

    if (driver->ops->fetch(services, a, req, made, result, err) < 0)
        return err_wrap(err, "template.%s", driver->kind);
    if (json_is(parameters, JSON_ARRAY) && parameters->count > 0 &&
        params_apply_object(a, made, parameters, &events, made, err) < 0)
        return err_wrap(err, "template.%s.parameters", driver->kind);
    req->resource = made;
    return 0;
}
