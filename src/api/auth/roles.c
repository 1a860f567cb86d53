/* Kubernetes' RBAC over documents: rules, roles, bindings. Pure. */
#include "api/auth/auth.h"
#include "base/vec.h"

/* A binding with the rules of its role. */
struct binding {
    struct str ns; /* "" everywhere */
    const struct json *subjects;
    const struct json *rules; /* array */
};

struct auth_roles {
    VEC(struct binding) bindings;
    const struct json *roles, *cluster_roles;
};

/* ---- rules ---- */

static bool has_text(const struct json *list, struct str s)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_eq(json_str(item), s))
            return true;
    return false;
}

static bool has_text_or_all(const struct json *list, struct str s)
{
    return has_text(list, STR("*")) || has_text(list, s);
}

/* "pods/log" is meant by itself, by "*" and by "*" "/log". */
static bool has_resource(const struct json *list, struct str resource)
{
    size_t slash = str_find_char(resource, '/');
    const struct json *item;

    if (has_text_or_all(list, resource))
        return true;
    if (slash == SIZE_MAX)
        return false;
    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        if (str_starts(json_str(item), STR("*/")) &&
            str_eq(str_skip(json_str(item), 1), str_skip(resource, slash)))
            return true;
    return false;
}

static bool has_path(const struct json *list, struct str path)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str s = json_str(item);

        if (str_eq(s, path) ||
            (str_ends(s, STR("*")) && str_starts(path, str_head(s, s.len - 1))))
            return true;
    }
    return false;
}

bool auth_rule_allows(const struct json *rule, const struct auth_request *what)
{
    const struct json *names = json_get(rule, STR("resourceNames"));

    if (!has_text_or_all(json_get(rule, STR("verbs")), what->verb))
        return false;
    if (what->resource.len == 0)
        return has_path(json_get(rule, STR("nonResourceURLs")), what->path);
    if (!has_text_or_all(json_get(rule, STR("apiGroups")), what->group) ||
        !has_resource(json_get(rule, STR("resources")), what->resource))
        return false;
    return !json_is(names, JSON_ARRAY) || names->count == 0 || has_text(names, what->name);
}

int auth_refusal(const struct auth_identity *who, const struct auth_request *what,
                 struct err *err)
{
    struct str plural = what->resource, rest = what->resource;

    if (what->resource.len == 0)
        return err_set(err, ERR_DENIED,
                       "forbidden: User \"" STR_FMT "\" cannot " STR_FMT " path \"" STR_FMT
                       "\"",
                       STR_ARG(who->user), STR_ARG(what->verb), STR_ARG(what->path));
    str_cut(&rest, '/', &plural);
    return err_set(err, ERR_DENIED,
                   STR_FMT "%s" STR_FMT "%s" STR_FMT "%s is forbidden: User \"" STR_FMT
                           "\" cannot " STR_FMT " resource \"" STR_FMT
                           "\" in API group \"" STR_FMT "\" %s" STR_FMT "%s",
                   STR_ARG(plural), what->group.len ? "." : "", STR_ARG(what->group),
                   what->name.len ? " \"" : "", STR_ARG(what->name), what->name.len ? "\"" : "",
                   STR_ARG(who->user), STR_ARG(what->verb), STR_ARG(what->resource),
                   STR_ARG(what->group),
                   what->ns.len ? "in the namespace \"" : "at the cluster scope",
                   STR_ARG(what->ns), what->ns.len ? "\"" : "");
}

/* ---- roles ---- */

static const struct json *find_named(const struct json *docs, struct str ns, struct str name)
{
    const struct json *doc;

    for (size_t i = 0; (doc = json_item(docs, i)) != NULL; i++) {
        const struct json *meta = json_get(doc, STR("metadata"));

        if (str_eq(json_get_str(meta, STR("name")), name) &&
            (ns.len == 0 || str_eq(json_get_str(meta, STR("namespace")), ns)))
            return doc;
    }
    return NULL;
}

static bool is_fulfilled(const struct json *requirement, const struct json *labels)
{
    struct str operator= json_get_str(requirement, STR("operator"));
    const struct json *label = json_get(labels, json_get_str(requirement, STR("key")));
    bool is_in = label && has_text(json_get(requirement, STR("values")), json_str(label));

    if (str_is(operator, "In"))
        return is_in;
    if (str_is(operator, "NotIn"))
        return !is_in;
    if (str_is(operator, "Exists"))
        return label != NULL;
    return str_is(operator, "DoesNotExist") && !label;
}

/* Does a label selector mean it? An empty one means nothing here. */
static bool is_selected(const struct json *selector, const struct json *doc)
{
    const struct json *wanted = json_get(selector, STR("matchLabels")), *requirement;
    const struct json *requirements = json_get(selector, STR("matchExpressions"));
    const struct json *labels = json_path(doc, "metadata", "labels", NULL);
    size_t count = json_is(wanted, JSON_OBJECT) ? wanted->count : 0;

    for (size_t i = 0; i < count; i++)
        if (!str_eq(json_get_str(labels, wanted->members[i].key),
                    json_str(&wanted->members[i].value)))
            return false;
    for (size_t i = 0; (requirement = json_item(requirements, i)) != NULL; i++)
        if (!is_fulfilled(requirement, labels))
            return false;
    return count > 0 || json_item(requirements, 0);
}

static void push_all(struct arena *a, struct json_array_builder *to, const struct json *list)
{
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++)
        json_push(a, to, *item);
}

static bool is_aggregated(const struct json *selectors, const struct json *doc)
{
    const struct json *selector;

    for (size_t i = 0; (selector = json_item(selectors, i)) != NULL; i++)
        if (is_selected(selector, doc))
            return true;
    return false;
}

/* The rules of a ClusterRole, with those that it takes from others. */
static const struct json *cluster_rules(struct arena *a, const struct json *all,
                                        const struct json *role)
{
    const struct json *selectors =
                          json_path(role, "aggregationRule", "clusterRoleSelectors", NULL),
                      *other;
    struct json_array_builder rules = {0};
    struct json *made = ARENA_NEW(a, struct json);

    push_all(a, &rules, json_get(role, STR("rules")));
    for (size_t i = 0; selectors && (other = json_item(all, i)) != NULL; i++)
        if (other != role && is_aggregated(selectors, other))
            push_all(a, &rules, json_get(other, STR("rules")));
    *made = json_array(&rules);
    return made;
}

static const struct json *rules_of_ref(struct arena *a, const struct auth_documents *docs,
                                       struct str ns, const struct json *ref)
{
    struct str kind = json_get_str(ref, STR("kind")), name = json_get_str(ref, STR("name"));
    const struct json *role;

    if (str_is(kind, "Role"))
        return ns.len > 0 ? json_get(find_named(docs->roles, ns, name), STR("rules")) : NULL;
    if (!str_is(kind, "ClusterRole"))
        return NULL;
    role = find_named(docs->cluster_roles, STR(""), name);
    return role ? cluster_rules(a, docs->cluster_roles, role) : auth_builtin_rules(a, name);
}

static void add_bindings(struct auth_roles *roles, struct arena *a,
                         const struct auth_documents *docs, const struct json *bindings)
{
    const struct json *doc;

    for (size_t i = 0; (doc = json_item(bindings, i)) != NULL; i++) {
        struct binding b = {.ns = json_str(json_path(doc, "metadata", "namespace", NULL)),
                            .subjects = json_get(doc, STR("subjects"))};

        if (bindings == docs->cluster_bindings || str_is_none(b.ns))
            b.ns = STR("");
        b.rules = rules_of_ref(a, docs, b.ns, json_get(doc, STR("roleRef")));
        if (b.rules && b.subjects)
            VEC_APUSH(a, &roles->bindings, b);
    }
}

const struct auth_roles *auth_roles_of(struct arena *a, const struct auth_documents *docs)
{
    struct auth_roles *roles = ARENA_NEW(a, struct auth_roles);

    roles->roles = docs->roles;
    roles->cluster_roles = docs->cluster_roles;
    add_bindings(roles, a, docs, docs->bindings);
    add_bindings(roles, a, docs, docs->cluster_bindings);
    return roles;
}

/* ---- who has them ---- */

static bool is_account(const struct json *subject, struct str binding_ns,
                       const struct auth_identity *who)
{
    struct str ns = json_get_str(subject, STR("namespace")), user_ns, name;

    if (!auth_account_parse(who->user, &user_ns, &name))
        return false;
    return str_eq(name, json_get_str(subject, STR("name"))) &&
           str_eq(user_ns, str_is_empty(ns) ? binding_ns : ns);
}

static bool is_subject(const struct json *subject, struct str binding_ns,
                       const struct auth_identity *who)
{
    struct str kind = json_get_str(subject, STR("kind")),
               name = json_get_str(subject, STR("name"));

    if (str_is(kind, "User"))
        return str_eq(name, who->user);
    if (str_is(kind, "ServiceAccount"))
        return is_account(subject, binding_ns, who);
    for (size_t i = 0; str_is(kind, "Group") && i < who->group_count; i++)
        if (str_eq(name, who->groups[i]))
            return true;
    return false;
}

static bool is_bound(const struct binding *b, const struct auth_identity *who)
{
    const struct json *subject;

    for (size_t i = 0; (subject = json_item(b->subjects, i)) != NULL; i++)
        if (is_subject(subject, b->ns, who))
            return true;
    return false;
}

static bool reaches(const struct binding *b, struct str ns)
{
    return b->ns.len == 0 || (ns.len > 0 && str_eq(b->ns, ns));
}

bool auth_roles_allow(const struct auth_roles *roles, const struct auth_identity *who,
                      const struct auth_request *what)
{
    const struct json *rule;

    if (auth_is_master(who))
        return true;
    for (size_t n = 0; n < roles->bindings.len; n++) {
        const struct binding *b = &roles->bindings.at[n];

        if (!reaches(b, what->resource.len ? what->ns : STR("")) || !is_bound(b, who))
            continue;
        for (size_t i = 0; (rule = json_item(b->rules, i)) != NULL; i++)
            if (auth_rule_allows(rule, what))
                return true;
    }
    return false;
}

struct json auth_roles_rules(const struct auth_roles *roles, struct arena *a,
                             const struct auth_identity *who, struct str ns)
{
    struct json_array_builder list = {0};

    if (auth_is_master(who))
        push_all(a, &list, auth_builtin_rules(a, STR("cluster-admin")));
    for (size_t i = 0; i < roles->bindings.len; i++) {
        const struct binding *b = &roles->bindings.at[i];

        if (reaches(b, ns) && is_bound(b, who))
            push_all(a, &list, b->rules);
    }
    return json_array(&list);
}

const struct json *auth_roles_of_ref(const struct auth_roles *roles, struct arena *a,
                                     struct str ns, const struct json *ref)
{
    const struct auth_documents docs = {.roles = roles->roles,
                                        .cluster_roles = roles->cluster_roles};

    return rules_of_ref(a, &docs, ns, ref);
}

/* ---- giving them away ---- */

struct covering {
    const struct auth_roles *roles;
    const struct auth_identity *who;
    struct auth_request what;
};

static bool has_all_names(struct covering *c, const struct json *rule)
{
    const struct json *names = json_get(rule, STR("resourceNames")), *name;

    c->what.name = STR("");
    if (!json_is(names, JSON_ARRAY) || names->count == 0)
        return auth_roles_allow(c->roles, c->who, &c->what);
    for (size_t i = 0; (name = json_item(names, i)) != NULL; i++) {
        c->what.name = json_str(name);
        if (!auth_roles_allow(c->roles, c->who, &c->what))
            return false;
    }
    return true;
}

static bool has_all_resources(struct covering *c, const struct json *rule)
{
    const struct json *groups = json_get(rule, STR("apiGroups")), *group;
    const struct json *resources = json_get(rule, STR("resources")), *resource;

    for (size_t g = 0; (group = json_item(groups, g)) != NULL; g++)
        for (size_t r = 0; (resource = json_item(resources, r)) != NULL; r++) {
            c->what.group = json_str(group);
            c->what.resource = json_str(resource);
            if (c->what.resource.len > 0 && !has_all_names(c, rule))
                return false;
        }
    return true;
}

static bool has_all_paths(struct covering *c, const struct json *rule)
{
    const struct json *paths = json_get(rule, STR("nonResourceURLs")), *path;

    c->what.resource = STR("");
    for (size_t i = 0; (path = json_item(paths, i)) != NULL; i++) {
        c->what.path = json_str(path);
        if (!auth_roles_allow(c->roles, c->who, &c->what))
            return false;
    }
    return true;
}

bool auth_roles_cover(const struct auth_roles *roles, const struct auth_identity *who,
                      struct str ns, const struct json *rules, struct auth_request *ret_missing)
{
    struct covering c = {.roles = roles, .who = who, .what = {.ns = ns}};
    const struct json *rule, *verbs, *verb;

    for (size_t i = 0; (rule = json_item(rules, i)) != NULL; i++) {
        verbs = json_get(rule, STR("verbs"));
        for (size_t v = 0; (verb = json_item(verbs, v)) != NULL; v++) {
            c.what.verb = json_str(verb);
            if (has_all_resources(&c, rule) && has_all_paths(&c, rule))
                continue;
            *ret_missing = c.what;
            return false;
        }
    }
    return true;
}
