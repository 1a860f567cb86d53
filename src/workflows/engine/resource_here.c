/*
 * The actions of resource templates on the objects that are served here. On a worker. See
 * resource_internal.h.
 */
#include "formats/selector.h"
#include "workflows/engine/resource_internal.h"
#include "workflows/submit/rights.h"

static int take_object(struct resource_work *w, const struct store_object *o, struct err *err)
{
    int result;

    w->has_object = o != NULL;
    if (!o)
        return 0;
    result = json_parse(w->a, str_copy(w->a, o->doc), &w->object, err);
    store_object_unref(o);
    return result;
}

int resource_here_find(struct resource_work *w, const struct json *which, struct err *err)
{
    w->has_object = false;
    if (w->job->submitter->find(w->job->submitter->ctx, w->a, which, w->job->ns, &w->object,
                                err) < 0)
        return -1;
    w->has_object = true;
    return 0;
}

static int create(struct resource_work *w, struct err *err)
{
    const struct store_object *made;

    if (w->job->submitter->create(w->job->submitter->ctx, &w->manifest, w->job->ns,
                                  w->job->mark, &made, err) < 0)
        return -1;
    return take_object(w, made, err);
}

static int change(struct resource_work *w, struct object_change how, struct err *err)
{
    const struct store_object *made = NULL;

    how.doc = how.operation == OBJECT_DELETE ? w->named : &w->manifest;
    how.named = w->named;
    how.ns = w->job->ns;
    how.once_mark = w->job->mark;
    if (w->job->submitter->change(w->job->submitter->ctx, &how, &made, err) < 0)
        return -1;
    return take_object(w, made, err);
}

/* What cannot be there without its object; an effect of before a restart is found by its mark.
 */
static int change_there(struct resource_work *w, struct object_change how, struct err *err)
{
    return resource_here_find(w, w->named, err) < 0 ? -1 : change(w, how, err);
}

static int patch(struct resource_work *w, struct err *err)
{
    struct str strategy = json_get_str(w->part, STR("mergeStrategy"));
    struct object_change how = {.operation = OBJECT_PATCH, .patch = PATCH_STRATEGIC};

    if (str_is(strategy, "json"))
        how.patch = PATCH_JSON;
    if (str_is(strategy, "merge"))
        how.patch = PATCH_MERGE;
    return change_there(w, how, err);
}

static int get(struct resource_work *w, struct err *err)
{
    if (resource_here_find(w, w->named, err) == 0)
        return 0;
    return err->kind == ERR_NOT_FOUND && w->flags.ignores_missing ? 0 : -1;
}

/* May its ServiceAccount? What is looked at afterwards must be readable, too. */
static int check_rights(struct resource_work *w, struct err *err)
{
    static const struct {
        const char *action, *verb;
        bool creates;
    } verbs[] = {{"get", "get", false},     {"create", "create", false},
                 {"apply", "patch", true},  {"replace", "update", false},
                 {"patch", "patch", false}, {"delete", "delete", false}};
    const struct submit_actor who = {w->job->submitter, w->job->ns, w->job->account};
    int result = 0;

    for (size_t i = 0; i < COUNT_OF(verbs) && result == 0; i++)
        if (str_is(w->action, verbs[i].action))
            result = verbs[i].creates
                         ? submit_may_change(&who, w->a, verbs[i].verb, w->named, err)
                         : submit_may(&who, verbs[i].verb, w->named, err);
    return result == 0 && resource_has_conditions(w) ? submit_may(&who, "get", w->named, err)
                                                     : result;
}

static int act_on(struct resource_work *w, struct err *err)
{
    if (check_rights(w, err) < 0)
        return -1;
    if (str_is(w->action, "get"))
        return get(w, err);
    if (str_is(w->action, "create"))
        return create(w, err);
    if (str_is(w->action, "apply"))
        return change(
            w, (struct object_change){.operation = OBJECT_PATCH, .patch = PATCH_MERGE}, err);
    if (str_is(w->action, "replace"))
        return change_there(w, (struct object_change){.operation = OBJECT_UPDATE}, err);
    if (str_is(w->action, "patch"))
        return patch(w, err);
    return change(w, (struct object_change){.operation = OBJECT_DELETE}, err);
}

/* ---- which objects ---- */

const struct object_kind *resource_here_kind(struct str word)
{
    struct str group = word, name;

    str_cut(&group, '.', &name);
    return object_kind_by_plural(str_is_empty(group) ? STR_NONE : group, name);
}

static struct json named(struct resource_work *w, const struct object_kind *kind,
                         struct str name)
{
    return resource_name(
        w->a, str_printf(w->a, "%s%s%s", kind->group, kind->group[0] ? "/" : "", kind->version),
        str_from(kind->kind), w->flags.ns, name);
}

static int act_on_selected(struct resource_work *w, const struct object_kind *kind,
                           struct err *err)
{
    struct store_query q = {.group = str_from(kind->group),
                            .kind = str_from(kind->kind),
                            .ns = str_is_empty(w->flags.ns) ? w->job->ns : w->flags.ns,
                            .name_prefix = STR(""),
                            .continue_token = STR("")};
    struct selector labels;
    struct store_list list;
    struct str mark = w->job->mark;
    int result = 0;

    if (selector_parse(w->a, w->flags.selector, &labels, err) < 0)
        return -1;
    q.labels = &labels;
    if (!kind->is_namespaced)
        q.ns = STR("");
    if (store_list(w->job->submitter->store, w->a, &q, &list, err) < 0)
        return -1;
    for (size_t i = 0; i < list.len && result == 0; i++) {
        struct json which = named(w, kind, str_copy(w->a, list.at[i]->key.name));

        w->named = &which;
        w->job->mark =
            str_printf(w->a, STR_FMT "-" STR_FMT, STR_ARG(mark), STR_ARG(list.at[i]->uid));
        result = act_on(w, err);
    }
    w->job->mark = mark;
    w->named = &w->manifest;
    store_list_done(&list);
    return result;
}

static int act_on_named(struct resource_work *w, const struct object_kind *kind,
                        struct err *err)
{
    struct str mark = w->job->mark;
    int result = 0;

    for (size_t i = 0; i < w->flags.name_count && result == 0; i++) {
        struct json *which = ARENA_NEW(w->a, struct json);

        *which = named(w, kind, w->flags.names[i]);
        w->named = which;
        if (i > 0)
            w->job->mark = str_printf(w->a, STR_FMT "-%zu", STR_ARG(mark), i);
        result = act_on(w, err);
    }
    w->job->mark = mark;
    return result;
}

int resource_here_act(struct resource_work *w, struct err *err)
{
    const struct object_kind *kind;

    if (!str_is_empty(w->flags.cluster_only))
        return err_set(err, ERR_UNSUPPORTED, "--" STR_FMT " has a meaning in clusters only",
                       STR_ARG(w->flags.cluster_only));
    w->named = &w->manifest;
    if (str_is_empty(w->flags.type)) {
        if (resource_set_namespace(w, err) < 0)
            return -1;
        return act_on(w, err);
    }
    kind = resource_here_kind(w->flags.type);
    if (!kind)
        return err_set(err, ERR_INVALID,
                       "the server doesn't have a resource type \"" STR_FMT "\"",
                       STR_ARG(w->flags.type));
    return w->flags.name_count > 0 ? act_on_named(w, kind, err) : act_on_selected(w, kind, err);
}
