/* The ClusterRoles that every cluster has: what a binding may name though nobody has made it. A
 * stored ClusterRole of the same name comes first. Pure. */
#include "api/auth/auth.h"

#define READ  "[\"get\",\"list\",\"watch\"]"
#define WRITE "[\"create\",\"delete\",\"deletecollection\",\"patch\",\"update\"]"
#define ARGO                                                                            \
    "[\"workflows\",\"workflowtemplates\",\"cronworkflows\",\"workfloweventbindings\"," \
    "\"workflowtasksets\",\"workflowtaskresults\",\"workflowartifactgctasks\","         \
    "\"eventsources\",\"sensors\",\"eventbus\"]"
#define RULE(verbs, group, resources) \
    "{\"verbs\":" verbs ",\"apiGroups\":[\"" group "\"],\"resources\":" resources "}"

#define VIEW                                                                                          \
    RULE(READ, "argoproj.io", ARGO)                                                                   \
    "," RULE(                                                                                         \
        READ, "",                                                                                     \
        "[\"configmaps\",\"events\",\"persistentvolumeclaims\",\"pods\",\"pods/log\","                \
        "\"serviceaccounts\",\"namespaces\"]") "," RULE(READ, "batch",                                \
                                                        "[\"jobs\",\"cronjobs\"]") "," RULE(READ,     \
                                                                                            "tiphys", \
                                                                                            "[\"events\",\"dead-letters\"]")
#define JOBS RULE(WRITE, "batch", "[\"jobs\",\"cronjobs\"]")
#define EDIT                                                                                                                                       \
    VIEW "," JOBS "," RULE(READ, "", "[\"secrets\"]") "," RULE(WRITE, "argoproj.io", ARGO) "," RULE(                                               \
        WRITE, "",                                                                                                                                 \
        "[\"configmaps\",\"events\",\"persistentvolumeclaims\",\"pods\",\"secrets\","                                                              \
        "\"serviceaccounts\"]") "," RULE("[\"create\"]", "",                                                                                       \
                                         "[\"serviceaccounts/token\"]") "," RULE(READ,                                                             \
                                                                                 "coordinatio"                                                     \
                                                                                 "n.k8s.io",                                                       \
                                                                                 "[\"leases\""                                                     \
                                                                                 "]") "," RULE(WRITE,                                              \
                                                                                               "coordination.k8s.io",                              \
                                                                                               "[\"leases\"]") "," RULE("[\"create\",\"delete\"]", \
                                                                                                                        "tiphys",                  \
                                                                                                                        "[\"dead-letters\",\"dead-letters/redrive\"]")
#define ADMIN                                                                            \
    EDIT "," RULE(READ, AUTH_RBAC_GROUP, "[\"roles\",\"rolebindings\"]") "," RULE(       \
        WRITE, AUTH_RBAC_GROUP,                                                          \
        "[\"roles\",\"rolebindings\"]") "," RULE("[\"create\"]", "authorization.k8s.io", \
                                                 "[\"localsubjectaccessreviews\"]")
#define ALL                         \
    RULE("[\"*\"]", "*", "[\"*\"]") \
    ",{\"verbs\":[\"*\"],\"nonResourceURLs\":[\"*\"]}"

const struct json *auth_builtin_rules(struct arena *a, struct str name)
{
    static const struct {
        const char *name, *rules;
    } all[] = {{"cluster-admin", "[" ALL "]"},
               {"admin", "[" ADMIN "]"},
               {"edit", "[" EDIT "]"},
               {"view", "[" VIEW "]"}};
    struct json *rules = ARENA_NEW(a, struct json);
    struct err err;

    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (str_is(name, all[i].name) &&
            json_parse(a, str_from(all[i].rules), rules, &err) == 0)
            return rules;
    return NULL;
}
