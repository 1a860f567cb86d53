/* Rights as Kubernetes' RBAC gives them: rules, roles, bindings, what may be given away; and
 * the file of tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/auth/auth.h"
#include "base/limits.h"

static struct json parsed(struct arena *a, const char *text)
{
    struct json v;
    struct err err;

    if (json_parse(a, str_from(text), &v, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    return v;
}

/* "verb group resource ns name" or "verb /path"; "-" is empty. */
static struct auth_request asked(const char *text)
{
    struct str rest = str_from(text), words[5] = {{0}};

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (!str_cut(&rest, ' ', &words[i]) || str_is(words[i], "-"))
            words[i] = STR("");
    }
    if (str_starts(words[1], STR("/")))
        return (struct auth_request){.verb = words[0], .path = words[1]};
    return (struct auth_request){.verb = words[0],
                                 .group = words[1],
                                 .resource = words[2],
                                 .ns = words[3],
                                 .name = words[4]};
}

static void test_rules(void **state)
{
    static const struct {
        const char *rule, *asked;
        bool is_allowed;
    } rows[] = {
        {"{'verbs':['get'],'apiGroups':[''],'resources':['pods']}", "get - pods x y", true},
        {"{'verbs':['get'],'apiGroups':[''],'resources':['pods']}", "list - pods x y", false},
        {"{'verbs':['get'],'apiGroups':[''],'resources':['pods']}", "get apps pods x y", false},
        {"{'verbs':['get'],'apiGroups':[''],'resources':['pods']}", "get - pods/log x y",
         false},
        {"{'verbs':['get'],'apiGroups':[''],'resources':['pods/log']}", "get - pods/log x y",
         true},
        {"{'verbs':['get'],'apiGroups':[''],'resources':['pods/log']}", "get - pods x y",
         false},
        {"{'verbs':['get'],'apiGroups':[''],'resources':['*/log']}", "get - pods/log x y",
         true},
        {"{'verbs':['get'],'apiGroups':[''],'resources':['*/log']}", "get - pods/status x y",
         false},
        {"{'verbs':['get'],'apiGroups':[''],'resources':['*']}", "get - pods/log x y", true},
        {"{'verbs':['*'],'apiGroups':['*'],'resources':['*']}", "purge z.io things - -", true},
        {"{'verbs':['*'],'apiGroups':['*'],'resources':['*']}", "get /metrics", false},
        {"{'verbs':['get'],'apiGroups':[''],'resources':['pods'],'resourceNames':['y']}",
         "get - pods x y", true},
        {"{'verbs':['get'],'apiGroups':[''],'resources':['pods'],'resourceNames':['y']}",
         "get - pods x z", false},
        {"{'verbs':['list'],'apiGroups':[''],'resources':['pods'],'resourceNames':['y']}",
         "list - pods x -", false},
        {"{'verbs':['get'],'apiGroups':[''],'resources':['pods'],'resourceNames':[]}",
         "get - pods x z", true},
        {"{'verbs':['get'],'nonResourceURLs':['/metrics']}", "get /metrics", true},
        {"{'verbs':['get'],'nonResourceURLs':['/metrics']}", "get /metrics/x", false},
        {"{'verbs':['get'],'nonResourceURLs':['/metrics/*']}", "get /metrics/x", true},
        {"{'verbs':['get'],'nonResourceURLs':['*']}", "get /x", true},
        {"{'verbs':['get'],'nonResourceURLs':['*']}", "post /x", false},
        {"{'verbs':['get'],'nonResourceURLs':['*']}", "get - pods x y", false},
        {"{'verbs':['get'],'apiGroups':[''],'resources':['pods']}", "get - * x y", false},
        {"{'verbs':[],'apiGroups':[''],'resources':['pods']}", "get - pods x y", false},
        {"{}", "get - pods x y", false},
        {"{'verbs':'get','apiGroups':'','resources':'pods'}", "get - pods x y", false},
    };
    struct arena *a = arena_new();

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str text = str_copy(a, str_from(rows[i].rule));
        const struct auth_request what = asked(rows[i].asked);
        struct json rule;

        for (size_t n = 0; n < text.len; n++)
            if (text.ptr[n] == '\'')
                ((char *) (uintptr_t) text.ptr)[n] = '"';
        rule = parsed(a, text.ptr);
        if (auth_rule_allows(&rule, &what) != rows[i].is_allowed)
            fail_msg("row %zu: %s, %s", i, rows[i].rule, rows[i].asked);
    }
    arena_free(a);
}

#define READER                                                                          \
    "{\"metadata\":{\"name\":\"reader\",\"namespace\":\"one\"},\"rules\":[{\"verbs\":[" \
    "\"get\","                                                                          \
    "\"list\"],\"apiGroups\":[\"argoproj.io\"],\"resources\":[\"workflows\"]}]}"
#define PARTS                                                                                  \
    "{\"metadata\":{\"name\":\"part\",\"labels\":{\"of\":\"whole\",\"n\":\"1\"}},\"rules\":[{" \
    "\"verbs\":"                                                                               \
    "[\"watch\"],\"apiGroups\":[\"\"],\"resources\":[\"events\"]}]},"                          \
    "{\"metadata\":{\"name\":\"whole\"},\"aggregationRule\":{\"clusterRoleSelectors\":["       \
    "{\"matchLabels\":{\"of\":\"whole\"},\"matchExpressions\":[{\"key\":\"n\",\"operator\":"   \
    "\"In\","                                                                                  \
    "\"values\":[\"1\",\"2\"]},{\"key\":\"m\",\"operator\":\"DoesNotExist\"}]}]}},"            \
    "{\"metadata\":{\"name\":\"hollow\"},\"aggregationRule\":{\"clusterRoleSelectors\":[{}]}}"
#define BINDING(name, ns, subject, kind, role)                                   \
    "{\"metadata\":{\"name\":\"" name "\"" ns "},\"subjects\":[" subject         \
    "],\"roleRef\":{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"" kind \
    "\",\"name\":\"" role "\"}}"
#define IN(ns)              ",\"namespace\":\"" ns "\""
#define SUBJECT(kind, name) "{\"kind\":\"" kind "\",\"name\":\"" name "\"}"

static const char *const bindings =
    "[" BINDING("a", IN("one"), SUBJECT("User", "ann"), "Role", "reader") "," BINDING("b", IN("two"), SUBJECT("Group", "crew"), "ClusterRole", "view") "," BINDING(
        "c", IN("one"), SUBJECT("ServiceAccount", "ci"), "ClusterRole",
        "edit") "," BINDING("d", IN("two"),
                            "{\"kind\":\"ServiceAccount\",\"name\":\"ci\","
                            "\"namespace\":\"one\"}",
                            "ClusterRole",
                            "whole") "," BINDING("e", IN("two"), SUBJECT("User", "ann"), "Role",
                                                 "reader") "," BINDING("f",
                                                                       IN("tw"
                                                                          "o"),
                                                                       SUBJECT("Use"
                                                                               "r",
                                                                               "bo"
                                                                               "b"),
                                                                       "Cluster"
                                                                       "Role",
                                                                       "nothin"
                                                                       "g") "," BINDING("g",
                                                                                        IN("on"
                                                                                           "e"),
                                                                                        SUBJECT(
                                                                                            "Us"
                                                                                            "e"
                                                                                            "r",
                                                                                            "bo"
                                                                                            "b"),
                                                                                        "Cluste"
                                                                                        "rRole",
                                                                                        "hollo"
                                                                                        "w") "," BINDING("h",
                                                                                                         IN("one"),
                                                                                                         SUBJECT(
                                                                                                             "User",
                                                                                                             "eve"),
                                                                                                         "ClusterRole",
                                                                                                         "admin") "]";
static const char *const cluster_bindings =
    "[" BINDING("a", "", SUBJECT("User", "root"), "ClusterRole", "cluster-admin") "," BINDING(
        "b", "", SUBJECT("Group", "system:authenticated"), "ClusterRole",
        "whole") "," BINDING("c", "", SUBJECT("User", "ann"), "Role", "reader") "]";

static const struct auth_roles *roles(struct arena *a)
{
    struct json *docs = ARENA_ARRAY(a, struct json, 4);

    docs[0] = parsed(a, "[" READER "]");
    docs[1] = parsed(a, "[" PARTS "]");
    docs[2] = parsed(a, bindings);
    docs[3] = parsed(a, cluster_bindings);
    return auth_roles_of(a, &(struct auth_documents){.roles = &docs[0],
                                                     .cluster_roles = &docs[1],
                                                     .bindings = &docs[2],
                                                     .cluster_bindings = &docs[3]});
}

static void test_bindings(void **state)
{
    static const struct {
        const char *user, *group, *asked;
        bool is_allowed;
    } rows[] = {
        {"ann", "", "get argoproj.io workflows one x", true},
        {"ann", "", "create argoproj.io workflows one x", false},
        {"ann", "", "get argoproj.io workflows two x", false}, /* its Role is in another */
        {"ann", "", "list argoproj.io workflows - -", false},
        {"bob", "", "get argoproj.io workflows one x", false},
        {"bob", "", "get argoproj.io workflows two x", false},
        {"bob", "crew", "get argoproj.io workflows two x", true},
        {"bob", "crew", "get argoproj.io workflows one x", false},
        {"bob", "crew", "delete argoproj.io workflows two x", false},
        {"bob", "crew", "get - secrets two x", false},
        {"bob", "crew", "list - events two x", true},
        {"bob", "crew", "get - pods/log two x", true},
        {"bob", "crew", "list tiphys events two -", true},
        {"bob", "crew", "delete tiphys dead-letters two x", false},
        {"system:serviceaccount:one:ci", "", "create argoproj.io workflows one x", true},
        {"system:serviceaccount:one:ci", "", "create argoproj.io workflows two x", false},
        {"system:serviceaccount:two:ci", "", "create argoproj.io workflows one x", false},
        {"system:serviceaccount:one:ci", "", "get - secrets one x", true},
        {"system:serviceaccount:one:ci", "", "create " AUTH_RBAC_GROUP " roles one x", false},
        {"ci", "", "create argoproj.io workflows one x", false},
        {"system:serviceaccount:one:ci:x", "", "create argoproj.io workflows one x", false},
        {"eve", "", "create " AUTH_RBAC_GROUP " roles one x", true},
        {"eve", "", "create " AUTH_RBAC_GROUP " clusterroles - x", false},
        {"eve", "", "get /metrics", false},
        {"root", "", "delete x.io y z w", true},
        {"root", "", "get /metrics", true},
        {"nobody", "", "watch - events three -", true}, /* aggregated, for all */
        {"nobody", "", "get - events three x", false},
        {"nobody", "system:masters", "delete x.io y z w", true},
        {"", "", "get argoproj.io workflows one x", false},
    };
    struct arena *a = arena_new();
    const struct auth_roles *all = roles(a);

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct str group = str_from(rows[i].group);
        const struct auth_identity who =
            auth_identity_of(a, str_from(rows[i].user), STR(""), &group, 1);
        const struct auth_request what = asked(rows[i].asked);

        if (auth_roles_allow(all, &who, &what) != rows[i].is_allowed)
            fail_msg("row %zu: %s (%s), %s", i, rows[i].user, rows[i].group, rows[i].asked);
    }
    arena_free(a);
}

static void test_identities(void **state)
{
    struct arena *a = arena_new();
    const struct str groups[] = {STR_INIT("x"), STR_INIT("x"), STR_INIT("")};
    struct auth_identity who =
        auth_identity_of(a, STR("system:serviceaccount:one:ci"), STR("7"), groups, 3);
    static const char *const wanted[] = {"x", "system:serviceaccounts",
                                         "system:serviceaccounts:one", AUTH_AUTHENTICATED};
    static const char *const none[] = {
        "system:serviceaccount:",   "system:serviceaccount:a",     "system:serviceaccount:a:",
        "system:serviceaccount::b", "system:serviceaccount:a:b:c", "a:b"};
    struct str ns, name;

    (void) state;
    assert_int_equal(who.group_count, COUNT_OF(wanted));
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        assert_true(str_is(who.groups[i], wanted[i]));
    assert_false(auth_is_master(&who));
    who = auth_admin();
    assert_true(auth_is_master(&who));
    assert_true(auth_account_parse(STR("system:serviceaccount:one:ci"), &ns, &name));
    assert_true(str_is(ns, "one") && str_is(name, "ci"));
    for (size_t i = 0; i < COUNT_OF(none); i++)
        if (auth_account_parse(str_from(none[i]), &ns, &name))
            fail_msg("%s", none[i]);
    arena_free(a);
}

static void test_refusals(void **state)
{
    static const char *const rows[][2] = {
        {"get argoproj.io workflows one x",
         "workflows.argoproj.io \"x\" is forbidden: User \"ann\" cannot get resource "
         "\"workflows\" in API group \"argoproj.io\" in the namespace \"one\""},
        {"list argoproj.io workflows - -", "workflows.argoproj.io is forbidden: User \"ann\" "
                                           "cannot list resource \"workflows\" in "
                                           "API group \"argoproj.io\" at the cluster scope"},
        {"get - pods/log one x", "pods \"x\" is forbidden: User \"ann\" cannot get resource "
                                 "\"pods/log\" in API group \"\" in the namespace \"one\""},
        {"get /metrics", "forbidden: User \"ann\" cannot get path \"/metrics\""},
    };
    struct arena *a = arena_new();
    const struct auth_identity who = auth_identity_of(a, STR("ann"), STR(""), NULL, 0);

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct auth_request what = asked(rows[i][0]);
        struct err err;

        assert_int_equal(auth_refusal(&who, &what, &err), -1);
        assert_int_equal(err.kind, ERR_DENIED);
        assert_string_equal(err.text, rows[i][1]);
    }
    arena_free(a);
}

/* Nobody gives away what they do not have. */
static void test_grants(void **state)
{
    static const struct {
        const char *user, *ns, *rules, *missing; /* missing "": none */
    } rows[] = {
        {"ann", "one",
         "[{\"verbs\":[\"get\"],\"apiGroups\":[\"argoproj.io\"],\"resources\":[\"workflows\"]}"
         "]",
         ""},
        {"ann", "two",
         "[{\"verbs\":[\"get\"],\"apiGroups\":[\"argoproj.io\"],\"resources\":[\"workflows\"]}"
         "]",
         "get"},
        {"ann", "one",
         "[{\"verbs\":[\"get\",\"create\"],\"apiGroups\":[\"argoproj.io\"],\"resources\":["
         "\"workflows\"]}]",
         "create"},
        {"ann", "one",
         "[{\"verbs\":[\"*\"],\"apiGroups\":[\"argoproj.io\"],\"resources\":[\"workflows\"]}]",
         "*"},
        {"ann", "one",
         "[{\"verbs\":[\"get\"],\"apiGroups\":[\"argoproj.io\"],\"resources\":[\"*\"]}]",
         "get"},
        {"ann", "one",
         "[{\"verbs\":[\"list\"],\"apiGroups\":[\"\",\"argoproj.io\"],\"resources\":["
         "\"workflows\"]}]",
         "list"},
        {"ann", "one",
         "[{\"verbs\":[\"get\"],\"apiGroups\":[\"argoproj.io\"],\"resources\":[\"workflows\"],"
         "\"resourceNames\":[\"x\"]}]",
         ""},
        {"ann", "one", "[{\"verbs\":[\"get\"],\"nonResourceURLs\":[\"/x\"]}]", "get"},
        {"root", "one",
         "[{\"verbs\":[\"*\"],\"apiGroups\":[\"*\"],\"resources\":[\"*\"]},{\"verbs\":[\"*\"],"
         "\"nonResourceURLs\":[\"*\"]}]",
         ""},
        {"eve", "one", "[{\"verbs\":[\"*\"],\"apiGroups\":[\"*\"],\"resources\":[\"*\"]}]",
         "*"},
        {"ann", "one", "[]", ""},
    };
    struct arena *a = arena_new();
    const struct auth_roles *all = roles(a);

    (void) state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct auth_identity who =
            auth_identity_of(a, str_from(rows[i].user), STR(""), NULL, 0);
        const struct json rules = parsed(a, rows[i].rules);
        struct auth_request missing = {.verb = STR("")};
        bool has_all = auth_roles_cover(all, &who, str_from(rows[i].ns), &rules, &missing);

        if (has_all != (rows[i].missing[0] == '\0') || !str_is(missing.verb, rows[i].missing))
            fail_msg("row %zu: %s: " STR_FMT, i, rows[i].rules, STR_ARG(missing.verb));
    }
    arena_free(a);
}

static void test_rules_of_somebody(void **state)
{
    struct arena *a = arena_new();
    const struct auth_identity who = auth_identity_of(a, STR("ann"), STR(""), NULL, 0);
    const struct auth_roles *all = roles(a);
    struct json rules = auth_roles_rules(all, a, &who, STR("one"));

    (void) state;
    assert_int_equal(rules.count, 2); /* reader's and whole's */
    rules = auth_roles_rules(all, a, &who, STR("three"));
    assert_int_equal(rules.count, 1);
    assert_non_null(auth_builtin_rules(a, STR("edit")));
    assert_null(auth_builtin_rules(a, STR("reader")));
    arena_free(a);
}

static void test_token_file(void **state)
{
    static const char *const wrong[][2] = {
        {"longenough,ann", "f:1: it must have three or four columns"},
        {"\nlongenough,ann,1,\"a\",b", "f:2: it must have three or four columns"},
        {"longenough,ann,1,\"a", "f:1: a quote is not closed"},
        {"longenough,ann,1,\"a\"b", "f:1: a quote is not closed"},
        {"short,ann,1", "f:1: the token is too short"},
        {"longenough,,1", "f:1: the user is empty"},
    };
    struct arena *a = arena_new();
    struct auth_token *tokens;
    struct strbuf many = STRBUF_INIT(AUTH_TOKEN_FILE_MAX_BYTES);
    size_t count;
    struct err err;

    (void) state;
    assert_int_equal(auth_tokens_parse(a, STR("f"),
                                       STR("# people\n\nlongenough,ann,1,\"crew, more\"\r\n"
                                           "longenougher, bob ,2,crew\nlongenoughest,cy,3\n"),
                                       &tokens, &count, &err),
                     0);
    assert_int_equal(count, 3);
    assert_true(str_is(tokens[0].token, "longenough") && str_is(tokens[0].who.user, "ann") &&
                str_is(tokens[0].who.uid, "1"));
    assert_int_equal(tokens[0].who.group_count, 3);
    assert_true(str_is(tokens[0].who.groups[1], "more"));
    assert_true(str_is(tokens[1].who.user, "bob"));
    assert_int_equal(tokens[2].who.group_count, 1);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_int_equal(
            auth_tokens_parse(a, STR("f"), str_from(wrong[i][0]), &tokens, &count, &err), -1);
        assert_int_equal(err.kind, ERR_INVALID);
        if (strncmp(err.text, wrong[i][1], strlen(wrong[i][1])) != 0)
            fail_msg("%s: %s", wrong[i][0], err.text);
        assert_null(strstr(err.text, "longenough")); /* no token in an error */
    }
    for (int i = 0; i <= AUTH_TOKENS_MAX; i++)
        strbuf_addf(&many, "longenough%d,ann,1\n", i);
    assert_int_equal(auth_tokens_parse(a, STR("f"), strbuf_str(&many), &tokens, &count, &err),
                     -1);
    assert_int_equal(err.kind, ERR_LIMIT);
    strbuf_done(&many);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),      cmocka_unit_test(test_bindings),
        cmocka_unit_test(test_identities), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_grants),     cmocka_unit_test(test_rules_of_somebody),
        cmocka_unit_test(test_token_file),
    };

    return cmocka_run_group_tests_name("api_auth_rules", tests, NULL, NULL);
}
