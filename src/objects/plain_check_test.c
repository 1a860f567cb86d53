/* Keys of ConfigMaps and Secrets, what types of Secrets hold, names of roles and namespaces,
 * and what cannot change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "objects/job.h"

#define OF(kind, more) \
    "{\"apiVersion\":\"v1\",\"kind\":\"" kind "\",\"metadata\":{\"name\":\"x\"}" more "}"
#define MAP(more)         OF("ConfigMap", more)
#define SECRET(more)      OF("Secret", more)
#define TYPED(type, more) SECRET(",\"type\":\"kubernetes.io/" type "\"" more)
#define RBAC(kind, name, more)                                                              \
    "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"" kind "\",\"metadata\":{" \
    "\"name\":\"" name "\"}" more "}"
#define SPACE(name) \
    "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"" name "\"}}"

static struct object_document read_one(struct arena *a, const char *text)
{
    struct object_documents docs;
    struct err err;

    if (object_read(a, STR("test"), str_from(text), &docs, &err) < 0 || docs.len != 1)
        fail_msg("%s: %s", text, err.text);
    docs.at[0].text = STR("");
    return docs.at[0];
}

static void test_rules(void **state)
{
    static const struct {
        const char *doc, *fault; /* NULL: it is good */
    } cases[] = {
        {MAP(",\"data\":{\"a-b_c.D1\":\"\"},\"binaryData\":{\"b\":\"AAE=\"}"), NULL},
        {MAP(",\"data\":{\"a b\":\"1\"}"),
         "data[a b]: Invalid value: \"a b\": a valid config key"},
        {MAP(",\"data\":{\"..\":\"1\"}"), "data[..]: Invalid value: \"..\": must not be '..'"},
        {MAP(",\"data\":{\".\":\"1\"}"), "must not be '.'"},
        {MAP(",\"data\":{\"..a\":\"1\"}"), "must not start with '..'"},
        {MAP(",\"data\":{\".a\":\"1\"}"), NULL},
        {MAP(",\"binaryData\":{\"/\":\"AA==\"}"), "binaryData[/]: Invalid value"},
        {MAP(",\"data\":{\"a\":\"1\"},\"binaryData\":{\"a\":\"AA==\"}"),
         "data[a]: Invalid value: \"a\": duplicate of key present in binaryData"},
        {SECRET(",\"data\":{\"a b\":\"eA==\"}"), "data[a b]: Invalid value"},
        {SECRET(",\"stringData\":{\"a/b\":\"x\"}"), "stringData[a/b]: Invalid value"},
        {SECRET(",\"type\":\"mine\""), NULL},
        {TYPED("tls", ""), "data[tls.crt]: Required value; data[tls.key]: Required value"},
        {TYPED("tls", ",\"stringData\":{\"tls.crt\":\"\",\"tls.key\":\"\"}"), NULL},
        {TYPED("basic-auth", ""), "data[username]: Required value"},
        {TYPED("basic-auth", ",\"data\":{\"password\":\"eA==\"}"), NULL},
        {TYPED("ssh-auth", ""), "data[ssh-privatekey]: Required value"},
        {TYPED("dockerconfigjson", ""), "data[.dockerconfigjson]: Required value"},
        {TYPED("dockerconfigjson", ",\"stringData\":{\".dockerconfigjson\":\"x\"}"),
         "data[.dockerconfigjson]: Invalid value: \"<secret contents redacted>\""},
        {TYPED("dockerconfigjson", ",\"data\":{\".dockerconfigjson\":\"e30=\"}"), NULL},
        {TYPED("dockercfg", ",\"data\":{\".dockercfg\":\"eA==\"}"),
         "data[.dockercfg]: Invalid"},
        {TYPED("service-account-token", ""),
         "metadata.annotations[kubernetes.io/service-account.name]: Required value"},
        {RBAC("Role", "system:A", ""), NULL},
        {RBAC("Role", "a/b", ""), "metadata.name: Invalid value: \"a/b\": may not contain '/'"},
        {RBAC("ClusterRole", "a%b", ""), "may not contain '%'"},
        {RBAC("Role", "..", ""), "may not be '.' or '..'"},
        {RBAC("Role", "a",
              ",\"rules\":[{\"apiGroups\":[\"\"],\"resources\":[\"pods\"],\"verbs\":[\"get\"]}"
              "]"),
         NULL},
        {RBAC("Role", "a", ",\"rules\":[]"), NULL},
        {RBAC("Role", "a",
              ",\"rules\":[{\"apiGroups\":[\"\"],\"resources\":[\"pods\"],\"verbs\":[]}]"),
         "rules[0].verbs: Required value"},
        {RBAC("Role", "a", ",\"rules\":[{\"verbs\":[\"get\"]}]"),
         "rules[0].apiGroups: Required value: resource rules must supply at least one api "
         "group; "
         "rules[0].resources: Required value"},
        {RBAC("Role", "a", ",\"rules\":[{\"nonResourceURLs\":[\"/x\"],\"verbs\":[\"get\"]}]"),
         "rules[0].nonResourceURLs: Invalid value: namespaced rules"},
        {RBAC("ClusterRole", "a",
              ",\"rules\":[{\"nonResourceURLs\":[\"/x\"],\"verbs\":[\"get\"]}]"),
         NULL},
        {RBAC("ClusterRole", "a",
              ",\"rules\":[{\"nonResourceURLs\":[\"/"
              "x\"],\"resources\":[\"x\"],\"verbs\":[\"get\"]}]"),
         "cannot apply to both"},
        {SPACE("a-1"), NULL},
        {SPACE("a.b"), "metadata.name: Invalid value: \"a.b\": must not contain dots"},
        {SPACE("a123456789012345678901234567890123456789012345678901234567890123"),
         "must be no more than 63 bytes"},
        {SPACE("A"), "upper-case"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        const struct object_document doc = read_one(a, cases[i].doc);
        struct field_faults faults = {0};
        struct err err = {0};
        bool is_good = object_check(a, &doc, &faults);

        if (!is_good)
            object_faults_err(a, &doc, &faults, &err);
        if (is_good != !cases[i].fault || (cases[i].fault && !strstr(err.text, cases[i].fault)))
            fail_msg("%s: %s", cases[i].doc, err.text);
    }
}

#define FIXED ",\"immutable\":true,\"data\":{\"a\":\"eA==\"}"
#define BOUND(name)                                                                        \
    ",\"roleRef\":{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"Role\",\"name\":" \
    "\"" name "\"}"

static void test_changes(void **state)
{
    static const struct {
        const char *was, *is, *fault;
    } cases[] = {
        {MAP(FIXED), MAP(FIXED), NULL},
        {MAP(",\"data\":{\"a\":\"1\"}"), MAP(FIXED), NULL},
        {MAP(FIXED), MAP(",\"immutable\":true,\"data\":{\"a\":\"2\"}"),
         "data: Forbidden: field is immutable when `immutable` is set"},
        {MAP(FIXED), MAP(",\"data\":{\"a\":\"eA==\"}"), "immutable: Forbidden"},
        {MAP(FIXED), MAP(FIXED ",\"binaryData\":{\"z\":\"AA==\"}"), "binaryData: Forbidden"},
        {MAP(FIXED), MAP(FIXED ",\"binaryData\":{}"), NULL},
        {SECRET(FIXED), SECRET(",\"immutable\":true"), "data: Forbidden"},
        {SECRET(",\"type\":\"a\""), SECRET(",\"type\":\"b\""),
         "type: Invalid value: \"b\": field is immutable"},
        {RBAC("RoleBinding", "b", BOUND("x")), RBAC("RoleBinding", "b", BOUND("x")), NULL},
        {RBAC("RoleBinding", "b", BOUND("x")), RBAC("RoleBinding", "b", BOUND("y")),
         "roleRef: Invalid value: {"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        _cleanup_arena_ struct arena *a = arena_new();
        const struct object_document was = read_one(a, cases[i].was),
                                     is = read_one(a, cases[i].is);
        struct err err = {0};
        int result = object_check_change(a, was.kind, &was.value, &is.value, &err);

        if ((result == 0) != !cases[i].fault ||
            (cases[i].fault && (err.kind != ERR_RULE || !strstr(err.text, cases[i].fault))))
            fail_msg("%s: %s", cases[i].is, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_changes),
    };

    return cmocka_run_group_tests_name("plain_check", tests, NULL, NULL);
}
