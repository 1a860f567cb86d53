/* What manifests may do to objects. See rights.h. */
#include "workflows/submit/rights.h"

static int ask(const struct submit_actor *who, struct submit_act *act, struct err *err)
{
    const struct submit_rights *rights = who->submitter->rights;

    act->ns = who->ns;
    act->account = str_is_empty(who->account) ? STR("default") : who->account;
    if (!act->kind->is_namespaced)
        act->of_ns = STR("");
    if (strcmp(act->verb, "create") == 0)
        act->name = STR("");
    return rights->may(rights->ctx, act, err);
}

static bool is_free(const struct submit_actor *who)
{
    return !who->submitter || !who->submitter->rights;
}

int submit_may(const struct submit_actor *who, const char *verb, const struct json *doc,
               struct err *err)
{
    struct submit_act act = {.verb = verb,
                             .kind = object_kind_find(json_get_str(doc, STR("apiVersion")),
                                                      json_get_str(doc, STR("kind"))),
                             .of_ns = object_namespace(doc),
                             .name = object_name(doc),
                             .doc = strcmp(verb, "patch") == 0 ? NULL : doc};

    if (is_free(who) || !act.kind)
        return 0;
    if (str_is_empty(act.of_ns))
        act.of_ns = who->ns;
    return ask(who, &act, err);
}

int submit_may_change(const struct submit_actor *who, struct arena *a, const char *verb,
                      const struct json *doc, struct err *err)
{
    struct json there;
    struct err found = {0};

    if (is_free(who))
        return 0;
    if (submit_may(who, verb, doc, err) < 0)
        return -1;
    if (who->submitter->find(who->submitter->ctx, a, doc, who->ns, &there, &found) == 0 ||
        found.kind != ERR_NOT_FOUND)
        return 0;
    return submit_may(who, "create", doc, err);
}

int submit_may_kind(const struct submit_actor *who, const struct submit_act *act,
                    struct err *err)
{
    struct submit_act whole = *act;

    return is_free(who) ? 0 : ask(who, &whole, err);
}

int submit_may_named(const struct submit_actor *who, const char *verb, const char *kind,
                     struct str ns, struct str name, struct err *err)
{
    struct submit_act act = {.verb = verb,
                             .kind =
                                 object_kind_find(STR("argoproj.io/v1alpha1"), str_from(kind)),
                             .of_ns = ns,
                             .name = name};

    return is_free(who) || !act.kind ? 0 : ask(who, &act, err);
}
