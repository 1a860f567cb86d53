/* Objects that triggers make: labels, submission, what is told about them. See create.h. */
#include "events/triggers/create.h"

#include "base/clock.h"

static bool are_texts(const struct json *labels)
{
    for (uint32_t i = 0; json_is(labels, JSON_OBJECT) && i < labels->count; i++)
        if (labels->members[i].value.type != JSON_STRING)
            return false;
    return json_is(labels, JSON_OBJECT);
}

/* Labels of which one is no text are none, as upstream has it. */
static struct json with_good_labels(struct arena *a, const struct json *doc)
{
    const struct json *metadata = json_get(doc, STR("metadata"));
    const struct json *labels = json_get(metadata, STR("labels"));

    return !labels || are_texts(labels)
               ? *doc
               : json_set(a, doc, STR("metadata"), json_without(a, metadata, STR("labels")));
}

struct json trigger_labelled(struct arena *a, const struct trigger_request *req)
{
    struct str now = str_printf(a, "%lld", (long long) clock_wall().ms);
    struct json base = with_good_labels(a, req->resource);
    struct json made = json_set_path(a, &base, json_string(req->sensor), "metadata", "labels",
                                     "events.argoproj.io/sensor", NULL);

    made = json_set_path(a, &made, json_string(req->trigger), "metadata", "labels",
                         "events.argoproj.io/trigger", NULL);
    return json_set_path(a, &made, json_string(now), "metadata", "labels",
                         "events.argoproj.io/action-timestamp", NULL);
}

void trigger_made(struct arena *a, const char *verb, const struct store_object *made,
                  struct trigger_result *ret)
{
    *ret = (struct trigger_result){.group = str_copy(a, made->key.group),
                                   .kind = str_copy(a, made->key.kind),
                                   .ns = str_copy(a, made->key.ns),
                                   .name = str_copy(a, made->key.name),
                                   .uid = str_copy(a, made->uid)};
    ret->detail =
        str_printf(a, "%s " STR_FMT " " STR_FMT "%s" STR_FMT, verb, STR_ARG(ret->kind),
                   STR_ARG(ret->ns), ret->ns.len > 0 ? "/" : "", STR_ARG(ret->name));
    store_object_unref(made);
}

int trigger_submit(const struct trigger_services *s, struct arena *a,
                   const struct trigger_request *req,
                   const struct workflow_submit_options *given, struct trigger_result *ret,
                   struct err *err)
{
    struct json workflow = trigger_labelled(a, req);
    struct str ns = json_str(json_path(&workflow, "metadata", "namespace", NULL));
    struct workflow_submit_options options = {0};
    const struct store_object *made;

    if (given)
        options = *given;
    options.ns = str_is_empty(ns) ? req->ns : STR("");
    options.name_or_generate = true;
    options.once_mark = req->mark;
    if (!str_is(json_get_str(&workflow, STR("kind")), "Workflow"))
        return err_set(err, ERR_INVALID, "only a Workflow can be submitted, this is a " STR_FMT,
                       STR_ARG(json_get_str(&workflow, STR("kind"))));
    if (s->submitter->submit(s->submitter->ctx, &workflow, &options, &made, err) < 0)
        return -1;
    trigger_made(a, "created", made, ret);
    return 0;
}
