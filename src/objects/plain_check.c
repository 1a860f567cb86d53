/*
 * objects/plain_check.c - the rules of ConfigMaps, Secrets and role bindings that no table can
 * say, in Kubernetes' words: keys, what a type of Secret must hold, what cannot change. Pure;
 * any thread.
 */
#include "formats/base64.h"
#include "objects/object_internal.h"

#include "base/vec.h"

enum { KEY_MAX_BYTES = 253 };

static void tell(struct arena *a, struct field_faults *faults, struct str path, struct str text)
{
    VEC_APUSH(a, faults,
              ((struct field_fault){
                  .kind = ERR_INVALID, .path = path, .text = text, .pos = JSON_NO_POS}));
}

static bool is_kind(const struct object_kind *kind, const char *name)
{
    return kind->group[0] == '\0' && strcmp(kind->kind, name) == 0;
}

/* ---- what holds nothing ---- */

static struct json without_empty(struct arena *a, const struct json *v,
                                 const char *const *members, size_t count)
{
    struct json made = *v;

    for (size_t i = 0; i < count; i++) {
        const struct json *member = json_get(v, str_from(members[i]));

        if (member && (member->type == JSON_NULL ||
                       (json_is(member, JSON_OBJECT) && member->count == 0) ||
                       (json_is(member, JSON_ARRAY) && member->count == 0)))
            made = json_without(a, &made, str_from(members[i]));
    }
    return made;
}

struct json object_without_empty(struct arena *a, const struct object_kind *kind,
                                 const struct json *doc)
{
    static const char *const heads[] = {"labels", "annotations", "finalizers",
                                        "ownerReferences"};
    static const char *const data[] = {"data", "binaryData"};
    const struct json *meta = json_get(doc, STR("metadata"));
    struct json made = *doc;

    if (json_is(meta, JSON_OBJECT))
        made =
            json_set(a, &made, STR("metadata"), without_empty(a, meta, heads, COUNT_OF(heads)));
    return is_kind(kind, "ConfigMap") || is_kind(kind, "Secret")
               ? without_empty(a, &made, data, COUNT_OF(data))
               : made;
}

/* ---- keys: they become names of files ---- */

static const char *key_fault(struct str key)
{
    bool is_good = key.len > 0;

    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];

        is_good &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '-' || c == '_' || c == '.';
    }
    if (!is_good)
        return "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    if (key.len > KEY_MAX_BYTES)
        return "must be no more than 253 bytes";
    if (str_is(key, "."))
        return "must not be '.'";
    if (str_is(key, ".."))
        return "must not be '..'";
    return str_starts(key, STR("..")) ? "must not start with '..'" : NULL;
}

static void check_keys(struct arena *a, const struct json *doc, const char *member,
                       struct field_faults *faults)
{
    const struct json *map = json_get(doc, str_from(member));

    for (uint32_t i = 0; json_is(map, JSON_OBJECT) && i < map->count; i++) {
        struct str key = map->members[i].key;
        const char *fault = key_fault(key);

        if (!fault && strcmp(member, "data") == 0 &&
            json_get(json_get(doc, STR("binaryData")), key))
            fault = "duplicate of key present in binaryData";
        if (fault)
            tell(a, faults, str_printf(a, "%s[" STR_FMT "]", member, STR_ARG(key)),
                 str_printf(a, "Invalid value: \"" STR_FMT "\": %s", STR_ARG(key), fault));
    }
}

/* ---- what types of Secrets hold ---- */

static bool has_key(const struct json *secret, const char *key)
{
    return json_get(json_get(secret, STR("data")), str_from(key)) ||
           json_get(json_get(secret, STR("stringData")), str_from(key));
}

static void require(struct arena *a, const struct json *secret, const char *key,
                    struct field_faults *faults)
{
    if (!has_key(secret, key))
        tell(a, faults, str_printf(a, "data[%s]", key), STR("Required value"));
}

/* Logins of registries are JSON. */
static void require_json(struct arena *a, const struct json *secret, const char *key,
                         struct field_faults *faults)
{
    struct str text = json_get_str(json_get(secret, STR("stringData")), str_from(key)),
               coded = json_get_str(json_get(secret, STR("data")), str_from(key));
    struct json v;
    struct err ignored;

    require(a, secret, key, faults);
    if (!has_key(secret, key))
        return;
    if (str_is_none(text) && base64_decode(a, coded, &text, &ignored) < 0)
        return; /* told by the table */
    if (json_parse(a, text, &v, &ignored) < 0)
        tell(a, faults, str_printf(a, "data[%s]", key),
             STR("Invalid value: \"<secret contents redacted>\": it is no JSON"));
}

static void check_secret(struct arena *a, const struct json *secret,
                         struct field_faults *faults)
{
    struct str type = json_get_str(secret, STR("type"));

    check_keys(a, secret, "data", faults);
    check_keys(a, secret, "stringData", faults);
    if (str_is(type, "kubernetes.io/tls")) {
        require(a, secret, "tls.crt", faults);
        require(a, secret, "tls.key", faults);
    } else if (str_is(type, "kubernetes.io/basic-auth")) {
        if (!has_key(secret, "username") && !has_key(secret, "password")) {
            require(a, secret, "username", faults);
            require(a, secret, "password", faults);
        }
    } else if (str_is(type, "kubernetes.io/ssh-auth")) {
        require(a, secret, "ssh-privatekey", faults);
    } else if (str_is(type, "kubernetes.io/dockerconfigjson")) {
        require_json(a, secret, ".dockerconfigjson", faults);
    } else if (str_is(type, "kubernetes.io/dockercfg")) {
        require_json(a, secret, ".dockercfg", faults);
    } else if (str_is(type, "kubernetes.io/service-account-token") &&
               str_is_empty(
                   object_annotation(secret, STR("kubernetes.io/service-account.name")))) {
        tell(a, faults, STR("metadata.annotations[kubernetes.io/service-account.name]"),
             STR("Required value"));
    }
}

/* ---- roles ---- */

#define RBAC_GROUP "rbac.authorization.k8s.io"

static bool holds_none(const struct json *rule, const char *member)
{
    const struct json *list = json_get(rule, str_from(member));

    return !json_is(list, JSON_ARRAY) || list->count == 0;
}

static void check_rule(struct arena *a, const struct object_kind *kind, const struct json *rule,
                       struct str path, struct field_faults *faults)
{
    bool is_everywhere = strcmp(kind->kind, "ClusterRole") == 0;

    if (holds_none(rule, "verbs"))
        tell(a, faults, str_concat(a, path, STR(".verbs")),
             STR("Required value: verbs must contain at least one value"));
    if (!holds_none(rule, "nonResourceURLs")) {
        if (!is_everywhere)
            tell(a, faults, str_concat(a, path, STR(".nonResourceURLs")),
                 STR("Invalid value: namespaced rules cannot apply to non-resource URLs"));
        else if (!holds_none(rule, "apiGroups") || !holds_none(rule, "resources"))
            tell(a, faults, str_concat(a, path, STR(".nonResourceURLs")),
                 STR("Invalid value: rules cannot apply to both regular resources and "
                     "non-resource URLs"));
        return;
    }
    if (holds_none(rule, "apiGroups"))
        tell(a, faults, str_concat(a, path, STR(".apiGroups")),
             STR("Required value: resource rules must supply at least one api group"));
    if (holds_none(rule, "resources"))
        tell(a, faults, str_concat(a, path, STR(".resources")),
             STR("Required value: resource rules must supply at least one resource"));
}

static void check_role(struct arena *a, const struct object_document *doc,
                       struct field_faults *faults)
{
    const struct json *rules = json_get(&doc->value, STR("rules")), *rule;

    for (size_t i = 0; (rule = json_item(rules, i)) != NULL; i++)
        check_rule(a, doc->kind, rule, str_printf(a, "rules[%zu]", i), faults);
}

void object_plain_check(struct arena *a, const struct object_document *doc,
                        struct field_faults *faults)
{
    if (strcmp(doc->kind->group, RBAC_GROUP) == 0)
        check_role(a, doc, faults);
    if (is_kind(doc->kind, "Secret")) {
        check_secret(a, &doc->value, faults);
    } else if (is_kind(doc->kind, "ConfigMap")) {
        check_keys(a, &doc->value, "data", faults);
        check_keys(a, &doc->value, "binaryData", faults);
    }
}

/* ---- what cannot change ---- */

static bool is_same(const struct json *was, const struct json *is)
{
    bool is_none = (!was || was->count == 0) && (!is || is->count == 0);

    return is_none || (was && is && json_equal(was, is));
}

static int check_immutable(const struct json *stored, const struct json *made, struct err *err)
{
    static const char *const members[] = {"data", "binaryData"};
    const char *changed = NULL;

    if (!json_get_bool(stored, STR("immutable")))
        return 0;
    if (!json_get_bool(made, STR("immutable")))
        changed = "immutable";
    for (size_t i = 0; !changed && i < COUNT_OF(members); i++)
        if (!is_same(json_get(stored, str_from(members[i])),
                     json_get(made, str_from(members[i]))))
            changed = members[i];
    return changed
               ? err_set(err, ERR_RULE,
                         "%s: Forbidden: field is immutable when `immutable` is set", changed)
               : 0;
}

int object_plain_check_change(struct arena *a, const struct object_kind *kind,
                              const struct json *stored, const struct json *made,
                              struct err *err)
{
    const struct json *role = json_get(made, STR("roleRef"));
    struct str type = json_get_str(made, STR("type"));

    if (is_kind(kind, "Secret") && !str_eq(type, json_get_str(stored, STR("type"))))
        return err_set(err, ERR_RULE,
                       "type: Invalid value: \"" STR_FMT "\": field is immutable",
                       STR_ARG(str_head(type, 80)));
    if (is_kind(kind, "Secret") || is_kind(kind, "ConfigMap"))
        return check_immutable(stored, made, err);
    if (strcmp(kind->group, RBAC_GROUP) != 0 || !role ||
        is_same(json_get(stored, STR("roleRef")), role))
        return 0;
    return err_set(err, ERR_RULE, "roleRef: Invalid value: " STR_FMT ": cannot change roleRef",
                   STR_ARG(str_head(json_text(a, role, JSON_COMPACT), 200)));
}
