/*
 * Who may do what: every operation of both dialects with no token, with a wrong one, with one
 * of another namespace and with the right one, and limits that hold before anybody is known.
 * Tests of published defects of the originals bear their ids.
 *
 * The tables are made of the tables that serve: an operation that is added is in them. One
 * whose path has no namespace must be named below, with what the token of a namespace gets
 * there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api/argo/operation.h"
#include "api/auth/auth.h"
#include "api/world_test.h"
#include "base/limits.h"
#include "base/mem.h"
#include "formats/base64.h"
#include "objects/object.h"

/* What a token that has all rights in one namespace, which is not the path's, gets. */
enum reach {
    REACH_NAMESPACE, /* 403; in the path's namespace an answer */
    REACH_CLUSTER,   /* 403 for both: rights everywhere are needed */
    REACH_ANYBODY,   /* an answer */
};

/* One row of the table: what is asked. */
struct asked {
    const char *method, *path;
    enum reach reach;
};

struct table {
    struct arena *a;
    struct asked at[1024];
    size_t len;
};

static void add(struct table *t, const char *method, struct str path, enum reach reach)
{
    assert_true(t->len < COUNT_OF(t->at));
    t->at[t->len++] = (struct asked){method, str_cz(t->a, path), reach};
}

/* Argo's operations without a namespace in their path. Whoever adds one says here who may. */
static const struct {
    const char *operation;
    enum reach reach;
} without_namespace[] = {
    {"ListArchivedWorkflows", REACH_CLUSTER},
    {"ListArchivedWorkflowLabelKeys", REACH_CLUSTER},
    {"ListArchivedWorkflowLabelValues", REACH_CLUSTER},
    {"GetArchivedWorkflow", REACH_ANYBODY}, /* these ask when they know the namespace */
    {"DeleteArchivedWorkflow", REACH_ANYBODY},
    {"ResubmitArchivedWorkflow", REACH_ANYBODY},
    {"RetryArchivedWorkflow", REACH_ANYBODY},
    {"GetOutputArtifactByUID", REACH_ANYBODY},
    {"GetInputArtifactByUID", REACH_ANYBODY},
    {"ListClusterWorkflowTemplates", REACH_CLUSTER},
    {"CreateClusterWorkflowTemplate", REACH_CLUSTER},
    {"LintClusterWorkflowTemplate", REACH_CLUSTER},
    {"GetClusterWorkflowTemplate", REACH_CLUSTER},
    {"UpdateClusterWorkflowTemplate", REACH_CLUSTER},
    {"DeleteClusterWorkflowTemplate", REACH_CLUSTER},
    {"GetInfo", REACH_ANYBODY},
    {"CollectEvent", REACH_ANYBODY},
    {"GetUserInfo", REACH_ANYBODY},
    {"GetVersion", REACH_ANYBODY},
    {"SSO", REACH_ANYBODY},
};

static enum reach reach_of(const struct argo_operation *operation)
{
    if (strstr(operation->path, "{namespace}"))
        return REACH_NAMESPACE;
    for (size_t i = 0; i < COUNT_OF(without_namespace); i++)
        if (strcmp(operation->name, without_namespace[i].operation) == 0)
            return without_namespace[i].reach;
    fail_msg("%s has no namespace in its path: who may use it? Say so in without_namespace[]",
             operation->name);
    return REACH_CLUSTER;
}

/* "/a/{b}/{c=**}" -> "/a/x/x/y" */
static struct str filled(struct arena *a, const char *pattern)
{
    struct str rest = str_from(pattern), part, made = STR("");

    while (str_cut(&rest, '/', &part)) {
        if (part.len == 0)
            continue;
        if (part.ptr[0] == '{')
            part = str_ends(part, STR("=**}")) ? STR("x/y") : STR("x");
        made = str_printf(a, STR_FMT "/" STR_FMT, STR_ARG(made), STR_ARG(part));
    }
    return made;
}

/* A wrong resourceVersion ends a watch at once. */
static void add_argo(struct table *t)
{
    size_t count;
    const struct argo_operation *all = argo_operations(&count);

    assert_true(count >= 73);
    for (size_t i = 0; i < count; i++)
        add(t, all[i].method,
            str_concat(t->a, filled(t->a, all[i].path), STR("?listOptions.resourceVersion=x")),
            reach_of(&all[i]));
}

static void add_kind(struct table *t, const struct object_kind *k)
{
    struct str path =
        str_printf(t->a, "/api%s%s/%s/%s%s", k->group[0] ? "s/" : "", k->group, k->version,
                   k->is_namespaced ? "namespaces/x/" : "", k->plural);
    static const char *const collection[] = {"GET", "POST", "DELETE", "PUT", "PATCH", "TRACE"},
                             *const one[] = {"GET", "PUT", "PATCH", "DELETE", "POST", "HEAD"},
                             *const subs[] = {"", "/status", "/log", "/token", "/nothing"};
    enum reach reach = k->is_namespaced ? REACH_NAMESPACE : REACH_CLUSTER;

    if (strcmp(k->kind, "Namespace") == 0)
        reach = REACH_CLUSTER;
    for (size_t i = 0; i < COUNT_OF(collection); i++)
        add(t, collection[i], str_concat(t->a, path, STR("?dryRun=All")), reach);
    add(t, "GET", str_concat(t->a, path, STR("?watch=true&resourceVersion=x")), reach);
    for (size_t i = 0; i < COUNT_OF(one); i++)
        for (size_t s = 0; s < COUNT_OF(subs); s++)
            if (strcmp(k->kind, "Namespace") != 0) /* "x" is in itself */
                add(t, one[i], str_printf(t->a, STR_FMT "/x%s", STR_ARG(path), subs[s]), reach);
    if (k->is_namespaced)
        add(t, "GET",
            str_printf(t->a, "/api%s%s/%s/%s", k->group[0] ? "s/" : "", k->group, k->version,
                       k->plural),
            REACH_CLUSTER);
}

static void add_others(struct table *t)
{
    static const struct asked others[] = {
        {"GET", "/version", REACH_ANYBODY},
        {"GET", "/api", REACH_ANYBODY},
        {"GET", "/apis", REACH_ANYBODY},
        {"GET", "/api/v1", REACH_ANYBODY},
        {"GET", "/openapi/v2", REACH_ANYBODY},
        {"GET", "/openapi/v3", REACH_ANYBODY},
        {"GET", "/openapi/v3/api/v1", REACH_ANYBODY},
        {"GET", "/apis/argoproj.io", REACH_ANYBODY},
        {"GET", "/apis/argoproj.io/v1alpha1", REACH_ANYBODY},
        {"POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", REACH_ANYBODY},
        {"POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", REACH_ANYBODY},
        {"POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", REACH_ANYBODY},
        {"GET", "/tiphys/v1/events", REACH_CLUSTER},
        {"GET", "/tiphys/v1/events/x", REACH_CLUSTER},
        {"GET", "/tiphys/v1/namespaces/x/events", REACH_NAMESPACE},
        {"GET", "/tiphys/v1/dead-letters", REACH_CLUSTER},
        {"GET", "/tiphys/v1/namespaces/x/dead-letters", REACH_NAMESPACE},
        {"GET", "/tiphys/v1/namespaces/x/dead-letters/x", REACH_NAMESPACE},
        {"DELETE", "/tiphys/v1/namespaces/x/dead-letters/x", REACH_NAMESPACE},
        {"POST", "/tiphys/v1/namespaces/x/dead-letters/x/redrive", REACH_NAMESPACE},
        {"GET", "/tiphys/v1/nothing", REACH_CLUSTER},
        {"GET", "/metrics", REACH_CLUSTER},
        {"POST", "/metrics", REACH_CLUSTER},
        {"GET", "/debug/pprof/", REACH_CLUSTER},
        {"POST", "/", REACH_CLUSTER},
        {"GET", "/nothing", REACH_CLUSTER},
        {"GET", "/apis/x.io/v1/namespaces/x/ys", REACH_CLUSTER},
        {"GET", "/api/v1/nodes/x/proxy", REACH_ANYBODY}, /* Argo's: 501, there is none */
    };

    for (size_t i = 0; i < COUNT_OF(others); i++)
        add(t, others[i].method, str_from(others[i].path), others[i].reach);
}

static void fill_table(struct table *t)
{
    size_t count;
    const struct object_kind *all = object_kinds(&count);

    add_argo(t);
    for (size_t i = 0; i < count; i++)
        add_kind(t, &all[i]);
    add_others(t);
}

static unsigned ask(struct world *w, const struct asked *asked, const char *token)
{
    struct call c = {.method = asked->method,
                     .path = asked->path,
                     .body = strcmp(asked->method, "GET") == 0 ? "" : "{}",
                     .type = "application/json",
                     .token = token};

    world_run(w, &c);
    return c.status;
}

/* CVE-2026-28229: template operations answered to "Bearer nothing". And the report without a
 * number of archived workflows that were read with a forged token. */
static void test_CVE_2026_28229_nothing_without_the_right_token(void **state)
{
    static const char *const tokens[] = {NULL,      "nothing", "",       "secre",
                                         "secret2", "Secret",  " secret"};
    struct world *w = *state;
    struct table t = {.a = w->a};

    fill_table(&t);
    for (size_t i = 0; i < t.len; i++)
        for (size_t n = 0; n < (i % 16 == 0 ? COUNT_OF(tokens) : 2); n++) {
            unsigned status = ask(w, &t.at[i], tokens[n]),
                     want = strcmp(t.at[i].path, "/metrics") == 0 && !tokens[n] ? 403 : 401;

            if (status != want)
                fail_msg("%s %s with token \"%s\": %u", t.at[i].method, t.at[i].path,
                         tokens[n] ? tokens[n] : "none", status);
        }
}

/* What is for probes tells nothing. */
static void test_the_page_needs_no_token(void **state)
{
    const struct asked page = {.method = "GET", .path = "/"};

    assert_int_equal(ask(*state, &page, NULL), 200);
    assert_int_equal(ask(*state, &page, "nothing"), 200);
}

#define RBAC      "/apis/rbac.authorization.k8s.io/v1/"
#define ROLE_HEAD "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":"
#define BINDING(kind, name, role, subjects)                                           \
    ROLE_HEAD "\"" kind "\",\"metadata\":{\"name\":\"" name                           \
              "\"},\"roleRef\":{\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":" \
              "\"ClusterRole\",\"name\":\"" role "\"},\"subjects\":[" subjects "]}"
#define USER(name)    "{\"kind\":\"User\",\"name\":\"" name "\"}"
#define ACCOUNT(name) "{\"kind\":\"ServiceAccount\",\"name\":\"" name "\"}"

/* What is asked in a story, by whom, and what comes back. */
struct step {
    const char *token, *method, *path, *body;
    unsigned status;
    const char *part; /* in the answer */
    const char *as;
};

static void run_steps(struct world *w, const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct call c = {.method = steps[i].method,
                         .path = steps[i].path,
                         .body = steps[i].body ? steps[i].body : "",
                         .type = strcmp(steps[i].method, "PATCH") == 0
                                     ? "application/merge-patch+json"
                                     : "application/json",
                         .token = steps[i].token,
                         .as = steps[i].as};

        world_run(w, &c);
        if (c.status != steps[i].status || (steps[i].part && !strstr(c.answer, steps[i].part)))
            fail_msg("step %zu, %s %s: %u %s", i, c.method, c.path, c.status, c.answer);
    }
}

/* "ours" may do all in x, "theirs" all in another, "wide" all. */
static void give_rights(struct world *w)
{
    static const struct step steps[] = {
        {"secret", "POST", RBAC "clusterroles",
         ROLE_HEAD "\"ClusterRole\",\"metadata\":{\"name\":\"all\"},\"rules\":[{\"verbs\":["
                   "\"*\"],\"apiGroups\":[\"*\"],\"resources\":[\"*\"]},{\"verbs\":[\"*\"],"
                   "\"nonResourceURLs\":[\"*\"]}]}",
         201, NULL, NULL},
        {"secret", "POST", RBAC "namespaces/x/rolebindings",
         BINDING("RoleBinding", "ours", "all", USER("ours")), 201, NULL, NULL},
        {"secret", "POST", RBAC "namespaces/theirs/rolebindings",
         BINDING("RoleBinding", "theirs", "all", USER("theirs")), 201, NULL, NULL},
        {"secret", "POST", RBAC "clusterrolebindings",
         BINDING("ClusterRoleBinding", "wide", "all", USER("wide")), 201, NULL, NULL},
    };

    run_steps(w, steps, COUNT_OF(steps));
}

static bool is_answer(unsigned status)
{
    return status != 0 && status != 401 && status != 403 && status != 500;
}

/* Every operation with each kind of token. */
static void test_every_operation(void **state)
{
    struct world *w = *state;
    struct table t = {.a = w->a};
    const struct {
        const char *token;
        enum reach needed; /* what it has the rights for, at the least */
    } tokens[] = {{WORLD_THEIRS, REACH_ANYBODY},
                  {WORLD_OURS, REACH_NAMESPACE},
                  {WORLD_WIDE, REACH_CLUSTER},
                  {"secret", REACH_CLUSTER}};

    fill_table(&t);
    give_rights(w);
    for (size_t i = 0; i < t.len; i++)
        for (size_t n = 0; n < COUNT_OF(tokens); n++) {
            enum reach needed = tokens[n].needed, reach = t.at[i].reach;
            bool may = reach == REACH_ANYBODY || needed == REACH_CLUSTER || needed == reach;
            unsigned status = ask(w, &t.at[i], tokens[n].token);

            if (may ? !is_answer(status) : status != 403)
                fail_msg("%s %s with %s: %u", t.at[i].method, t.at[i].path, tokens[n].token,
                         status);
        }
}

/* Rights change with the objects that give them, at once. */
static void test_rights_come_and_go(void **state)
{
    static const char list
        [] = "/apis/argoproj.io/v1alpha1/namespaces/x/workflows",
    argo[] = "/api/v1/workflows/x",
    template[] =
        "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"WorkflowTemplate\",\"metadata\":"
        "{\"name\":\"t\"},\"spec\":{\"entrypoint\":\"x\",\"templates\":[{\"name\":\"x\","
        "\"container\":{\"image\":\"i\"}}]}}",
    templates[] = "/apis/argoproj.io/v1alpha1/namespaces/x/workflowtemplates";
    static const struct step steps[] = {
        {WORLD_OURS, "GET", list, NULL, 403,
         "\"message\":\"workflows.argoproj.io is forbidden: User \\\"ours\\\" cannot list "
         "resource "
         "\\\"workflows\\\" in API group \\\"argoproj.io\\\" in the namespace \\\"x\\\"\","
         "\"reason\":\"Forbidden\",\"details\":{\"group\":\"argoproj.io\",\"kind\":"
         "\"workflows\"},"
         "\"code\":403",
         NULL},
        {WORLD_OURS, "GET", argo, NULL, 403,
         "{\"code\":7,\"message\":\"workflows.argoproj.io is", NULL},
        {"secret", "POST", RBAC "namespaces/x/rolebindings",
         BINDING("RoleBinding", "view", "view", USER("ours")), 201, NULL, NULL},
        {WORLD_OURS, "GET", list, NULL, 200, NULL, NULL},
        {WORLD_OURS, "GET", argo, NULL, 200, NULL, NULL},
        {WORLD_OURS, "GET", "/api/v1/workflows/", NULL, 403, "at the cluster scope", NULL},
        {WORLD_OURS, "POST", templates, template, 403, "cannot create resource", NULL},
        {"secret", "PATCH", RBAC "namespaces/x/rolebindings/view",
         "{\"subjects\":[" USER("theirs") "]}", 200, NULL, NULL},
        {WORLD_OURS, "GET", list, NULL, 403, NULL, NULL},
        {WORLD_THEIRS, "GET", list, NULL, 200, NULL, NULL},
        {"secret", "DELETE", RBAC "namespaces/x/rolebindings/view", NULL, 200, NULL, NULL},
        {WORLD_THEIRS, "GET", list, NULL, 403, NULL, NULL},
        {"secret", "POST", RBAC "clusterrolebindings",
         BINDING("ClusterRoleBinding", "crew", "edit",
                 "{\"kind\":\"Group\",\"name\":\"crew\"}"),
         201, NULL, NULL},
        {WORLD_WIDE, "POST", templates, template, 201, NULL, NULL},
        {WORLD_WIDE, "POST", "/api/v1/workflows/x/submit",
         "{\"resourceKind\":\"WorkflowTemplate\",\"resourceName\":\"t\"}", 200, NULL, NULL},
        {WORLD_WIDE, "POST", "/api/v1/workflows/x/submit",
         "{\"resourceKind\":\"ClusterWorkflowTemplate\",\"resourceName\":\"t\"}", 403,
         "clusterworkflowtemplates.argoproj.io \\\"t\\\" is forbidden", NULL},
        {WORLD_WIDE, "GET", "/metrics", NULL, 403, "cannot get path \\\"/metrics\\\"", NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* Nobody gives rights that they do not have, by any way of writing. */
static void test_nobody_gives_what_they_do_not_have(void **state)
{
    static const char roles[] = RBAC "namespaces/x/roles",
                      bindings[] = RBAC "namespaces/x/rolebindings";
#define ROLE(name, verbs, resource)                                                         \
    ROLE_HEAD "\"Role\",\"metadata\":{\"name\":\"" name "\"},\"rules\":[{\"verbs\":[" verbs \
              "],\"apiGroups\":[\"\"],\"resources\":[\"" resource "\"]}]}"
    static const struct step steps[] = {
        {"secret", "POST", bindings, BINDING("RoleBinding", "a", "admin", USER("ours")), 201,
         NULL, NULL},
        {WORLD_OURS, "POST", roles, ROLE("r", "\"get\"", "secrets"), 201, NULL, NULL},
        {WORLD_OURS, "POST", roles, ROLE("s", "\"get\"", "nodes"), 403,
         "user \\\"ours\\\" is attempting to grant RBAC permissions not currently held", NULL},
        {WORLD_OURS, "POST", roles, ROLE("s", "\"*\"", "secrets"), 403, "not currently held",
         NULL},
        {WORLD_OURS, "PUT", RBAC "namespaces/x/roles/r", ROLE("r", "\"get\"", "nodes"), 403,
         "not currently held", NULL},
        {WORLD_OURS, "PATCH", RBAC "namespaces/x/roles/r",
         "{\"rules\":[{\"verbs\":[\"*\"],\"apiGroups\":[\"*\"],\"resources\":[\"*\"]}]}", 403,
         "not currently held", NULL},
        {WORLD_OURS, "PATCH", RBAC "namespaces/x/roles/r",
         "{\"metadata\":{\"labels\":{\"a\":\"b\"}}}", 200, NULL, NULL},
        {WORLD_OURS, "POST", bindings,
         BINDING("RoleBinding", "b", "cluster-admin", USER("eve")), 403, "not currently held",
         NULL},
        {WORLD_OURS, "POST", bindings, BINDING("RoleBinding", "b", "edit", USER("eve")), 201,
         NULL, NULL},
        {WORLD_OURS, "POST", bindings, BINDING("RoleBinding", "c", "nothing", USER("eve")), 404,
         "clusterroles.rbac.authorization.k8s.io \\\"nothing\\\" not found", NULL},
        {WORLD_OURS, "POST", RBAC "clusterrolebindings",
         BINDING("ClusterRoleBinding", "b", "edit", USER("ours")), 403, "at the cluster scope",
         NULL},
        {"secret", "POST", roles,
         ROLE_HEAD
         "\"Role\",\"metadata\":{\"name\":\"trusted\"},\"rules\":[{\"verbs\":[\"escalate\","
         "\"create\"],\"apiGroups\":[\"rbac.authorization.k8s.io\"],\"resources\":[\"roles\"]}]"
         "}",
         201, NULL, NULL},
        {"secret", "POST", bindings,
         ROLE_HEAD
         "\"RoleBinding\",\"metadata\":{\"name\":\"trusted\"},\"roleRef\":{\"apiGroup\":"
         "\"rbac.authorization.k8s.io\",\"kind\":\"Role\",\"name\":\"trusted\"},\"subjects\":"
         "[" USER("theirs") "]}",
         201, NULL, NULL},
        {WORLD_THEIRS, "POST", roles, ROLE("t", "\"*\"", "nodes"), 201, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* `kubectl auth can-i`, `auth whoami` and userinfo tell what is so. */
/* Limits in ConfigMaps want rights to those, limits of the database to workflows; nothing is
 * said of a limit, or of a body, before. */
static void test_limits_of_locks(void **state)
{
#define SYNC_BODY(type) "{\"type\":\"" type "\",\"cmName\":\"m\",\"key\":\"k\",\"limit\":1}"
#define DENIED(verb, what)                                              \
    "{\"code\":7,\"message\":\"Permission denied, you are not allowed " \
    "to " verb " " what " in namespace \\\"x\\\".\"}"
    static const char path[] = "/api/v1/sync/x", of_row[] = "/api/v1/sync/x/k?type=DATABASE",
                      of_map[] = "/api/v1/sync/x/k?cmName=m";
    static const struct step steps[] = {
        {"secret", "POST", RBAC "namespaces/x/roles",
         ROLE_HEAD
         "\"Role\",\"metadata\":{\"name\":\"maps\"},\"rules\":[{\"verbs\":[\"create\","
         "\"get\",\"update\"],\"apiGroups\":[\"\"],\"resources\":[\"configmaps\"]}]}",
         201, NULL, NULL},
        {"secret", "POST", RBAC "namespaces/x/rolebindings",
         ROLE_HEAD "\"RoleBinding\",\"metadata\":{\"name\":\"maps\"},\"roleRef\":{"
                   "\"apiGroup\":\"rbac.authorization.k8s.io\",\"kind\":\"Role\",\"name\":"
                   "\"maps\"},\"subjects\":[" USER("theirs") "]}",
         201, NULL, NULL},
        {WORLD_THEIRS, "POST", path, SYNC_BODY("CONFIGMAP"), 200, NULL, NULL},
        {WORLD_THEIRS, "DELETE", of_map, NULL, 200, NULL, NULL}, /* wants update */
        {WORLD_THEIRS, "POST", path, SYNC_BODY("DATABASE"), 403,
         DENIED("create", "database sync limit"), NULL},
        {WORLD_THEIRS, "GET", of_row, NULL, 403, DENIED("get", "database sync limit"), NULL},
        {WORLD_THEIRS, "PUT", "/api/v1/sync/x/k", SYNC_BODY("DATABASE"), 403,
         DENIED("update", "database sync limit"), NULL},
        {WORLD_THEIRS, "DELETE", of_row, NULL, 403, DENIED("delete", "database sync limit"),
         NULL},
        {WORLD_OURS, "POST", path, "no JSON at all", 403, DENIED("create", "configmaps"), NULL},
        {WORLD_OURS, "GET", of_map, NULL, 403, DENIED("get", "configmaps"), NULL},
        {WORLD_OURS, "DELETE", of_map, NULL, 403, DENIED("update", "configmaps"), NULL},
        {"secret", "POST", path, SYNC_BODY("DATABASE"), 200, NULL, NULL},
        {"secret", "POST", path, "no JSON at all", 400, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
#undef SYNC_BODY
#undef DENIED
}

static void test_questions_about_rights(void **state)
{
    static const char
        self[] = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        rules[] = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        others[] = "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        local[] = "/apis/authorization.k8s.io/v1/namespaces/x/localsubjectaccessreviews",
        whoami[] = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
#define ABOUT(ns, verb, resource)                                       \
    "\"resourceAttributes\":{\"namespace\":\"" ns "\",\"verb\":\"" verb \
    "\",\"group\":\"argoproj.io\",\"resource\":\"" resource "\"}"
    static const struct step steps[] = {
        {"secret", "POST", RBAC "namespaces/x/rolebindings",
         BINDING("RoleBinding", "a", "view", USER("ours")), 201, NULL, NULL},
        {WORLD_OURS, "POST", self, "{\"spec\":{" ABOUT("x", "list", "workflows") "}}", 201,
         "\"status\":{\"allowed\":true}", NULL},
        {WORLD_OURS, "POST", self, "{\"spec\":{" ABOUT("x", "create", "workflows") "}}", 201,
         "\"status\":{\"allowed\":false}", NULL},
        {WORLD_OURS, "POST", self, "{\"spec\":{" ABOUT("y", "list", "workflows") "}}", 201,
         "\"allowed\":false", NULL},
        {WORLD_OURS, "POST", self,
         "{\"spec\":{\"nonResourceAttributes\":{\"verb\":\"get\",\"path\":\"/metrics\"}}}", 201,
         "\"allowed\":false", NULL},
        {"secret", "POST", self, "{\"spec\":{" ABOUT("y", "list", "workflows") "}}", 201,
         "\"allowed\":true", NULL},
        {WORLD_OURS, "POST", self, "{\"spec\":{}}", 400, "exactly one of", NULL},
        {WORLD_OURS, "POST", self, "[]", 400, "must be an object", NULL},
        {WORLD_OURS, "GET", self, NULL, 405, NULL, NULL},
        {WORLD_OURS, "POST", rules, "{\"spec\":{\"namespace\":\"x\"}}", 201,
         "\"resourceRules\":[{\"verbs\":[\"get\",\"list\",\"watch\"],\"apiGroups\":[\"argoproj."
         "io\"]",
         NULL},
        {WORLD_OURS, "POST", rules, "{\"spec\":{\"namespace\":\"y\"}}", 201,
         "\"resourceRules\":[{\"verbs\":[\"create\"],\"apiGroups\":[\"authorization.k8s.io\"]",
         NULL},
        {"secret", "POST", rules, "{\"spec\":{\"namespace\":\"y\"}}", 201, "\"verbs\":[\"*\"]",
         NULL},
        {WORLD_OURS, "POST", rules, "{\"spec\":{}}", 400, "no namespace on request", NULL},
        {WORLD_OURS, "POST", others,
         "{\"spec\":{\"user\":\"ours\"," ABOUT("x", "list", "workflows") "}}", 403,
         "cannot create resource \\\"subjectaccessreviews\\\"", NULL},
        {"secret", "POST", others,
         "{\"spec\":{\"user\":\"ours\"," ABOUT("x", "list", "workflows") "}}", 201,
         "\"allowed\":true", NULL},
        {"secret", "POST", others, "{\"spec\":{" ABOUT("x", "list", "workflows") "}}", 400,
         "at least one of user or group", NULL},
        {"secret", "POST", local,
         "{\"spec\":{\"user\":\"theirs\"," ABOUT("x", "list", "workflows") "}}", 201,
         "\"allowed\":false", NULL},
        {"secret", "POST", local,
         "{\"spec\":{\"user\":\"theirs\"," ABOUT("y", "list", "workflows") "}}", 400,
         "must match", NULL},
        {WORLD_WIDE, "POST", whoami, "{}", 201,
         "\"userInfo\":{\"username\":\"wide\",\"uid\":\"3\",\"groups\":[\"crew\",\"system:"
         "authenticated\"]}",
         NULL},
        {WORLD_WIDE, "GET", "/api/v1/userinfo", NULL, 200,
         "{\"subject\":\"wide\",\"groups\":[\"crew\",\"system:authenticated\"]}", NULL},
        {"secret", "GET", "/api/v1/userinfo", NULL, 200, "\"groups\":[\"system:masters\"",
         NULL},
        {"secret", "GET", "/api/v1/userinfo", NULL, 200,
         "\"serviceAccountName\":\"ci\",\"serviceAccountNamespace\":\"x\"",
         "system:serviceaccount:x:ci"},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* Of a server that manages one namespace nobody gets at another, whatever they may. */
static void test_one_namespace_is_managed(void **state)
{
    static const char refused[] = "this server manages namespace team only";
    static const struct step steps[] = {
        {"secret", "GET", "/apis/argoproj.io/v1alpha1/namespaces/team/workflows", NULL, 200,
         NULL, NULL},
        {"secret", "GET", "/apis/argoproj.io/v1alpha1/namespaces/x/workflows", NULL, 403,
         refused, NULL},
        {"secret", "GET", "/apis/argoproj.io/v1alpha1/workflows", NULL, 403, refused, NULL},
        {"secret", "GET", "/apis/argoproj.io/v1alpha1/clusterworkflowtemplates", NULL, 200,
         NULL, NULL},
        {"secret", "GET", "/api/v1/namespaces/x/pods/p/log", NULL, 403, refused, NULL},
        {"secret", "GET", "/api/v1/namespaces", NULL, 200, NULL, NULL},
        {"secret", "GET", "/api/v1/workflows/team", NULL, 200, NULL, NULL},
        {"secret", "GET", "/api/v1/workflows/x", NULL, 403, refused, NULL},
        {"secret", "GET", "/api/v1/workflows/", NULL, 403, refused, NULL},
        {"secret", "GET", "/api/v1/archived-workflows", NULL, 403, refused, NULL},
        {"secret", "GET", "/api/v1/info", NULL, 200, "\"managedNamespace\":\"team\"", NULL},
        {"secret", "GET", "/apis", NULL, 200, NULL, NULL},
        {"secret", "GET", "/healthz", NULL, 200, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* kubectl --as: with the rights of the other, and only for who may. */
static void test_impersonation(void **state)
{
    static const char list[] = "/apis/argoproj.io/v1alpha1/namespaces/x/workflows";
    static const struct step steps[] = {
        {"secret", "GET", list, NULL, 403, "User \\\"ann\\\" cannot list", "ann"},
        {"secret", "POST", RBAC "namespaces/x/rolebindings",
         BINDING("RoleBinding", "a", "view", USER("ann") "," ACCOUNT("ci")), 201, NULL, NULL},
        {"secret", "GET", list, NULL, 200, NULL, "ann"},
        {WORLD_OURS, "GET", list, NULL, 403,
         "users \\\"ann\\\" is forbidden: User \\\"ours\\\" cannot "
         "impersonate resource \\\"users\\\"",
         "ann"},
        {WORLD_OURS, "GET", "/api/v1/workflows/x", NULL, 403, "{\"code\":7", "ann"},
        {"secret", "POST", RBAC "namespaces/x/roles",
         ROLE_HEAD
         "\"Role\",\"metadata\":{\"name\":\"be\"},\"rules\":[{\"verbs\":[\"impersonate\"],"
         "\"apiGroups\":[\"\"],\"resources\":[\"serviceaccounts\"],\"resourceNames\":[\"ci\"]}]"
         "}",
         201, NULL, NULL},
        {"secret", "POST", RBAC "namespaces/x/rolebindings",
         ROLE_HEAD
         "\"RoleBinding\",\"metadata\":{\"name\":\"be\"},\"roleRef\":{\"apiGroup\":"
         "\"rbac.authorization.k8s.io\",\"kind\":\"Role\",\"name\":\"be\"},\"subjects\":[" USER(
             "ours") "]}",
         201, NULL, NULL},
        {WORLD_OURS, "GET", list, NULL, 200, NULL, "system:serviceaccount:x:ci"},
        {WORLD_OURS, "GET", list, NULL, 403, NULL, "system:serviceaccount:x:cd"},
        {WORLD_OURS, "GET", list, NULL, 403, NULL, "ann"},
        {NULL, "GET", list, NULL, 401, NULL, "ann"},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

#define TOKEN_SECRET(name, account)                                             \
    "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"" name \
    "\",\"annotations\":{\"kubernetes.io/service-account.name\":\"" account     \
    "\"}},\"type\":\"kubernetes.io/service-account-token\"}"

/* The token that a Secret gets. */
static const char *token_of(struct world *w, const char *path)
{
    for (int i = 0; i < 200; i++) {
        struct call c = {.method = "GET", .path = path, .body = "", .token = "secret"};
        struct json doc;
        struct str token;
        struct err err;

        world_run(w, &c);
        assert_int_equal(c.status, 200);
        assert_int_equal(json_parse(w->a, str_copy(w->a, str_from(c.answer)), &doc, &err), 0);
        token = json_str(json_path(&doc, "data", "token", NULL));
        if (token.len > 0 && base64_decode(w->a, token, &token, &err) == 0)
            return str_cz(w->a, token);
    }
    fail_msg("%s: no token", path);
    return NULL;
}

/* As Argo's page about access tokens has it: account, role, binding, Secret. */
static void test_tokens_of_accounts(void **state)
{
    static const char list[] = "/apis/argoproj.io/v1alpha1/namespaces/x/workflows",
                      secrets[] = "/api/v1/namespaces/x/secrets",
                      accounts[] = "/api/v1/namespaces/x/serviceaccounts",
                      account[] = "{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\","
                                  "\"metadata\":{\"name\":\"ci\"}}";
    struct world *w = *state;
    const struct step begin[] = {
        {"secret", "POST", secrets, TOKEN_SECRET("ci.token", "ci"), 201, NULL, NULL},
        {"secret", "POST", accounts, account, 201, NULL, NULL},
    };
    const char *token;

    run_steps(w, begin, COUNT_OF(begin));
    token = token_of(w, "/api/v1/namespaces/x/secrets/ci.token");
    assert_true(strlen(token) > 50);
    const struct step used[] = {
        {token, "GET", list, NULL, 403, "User \\\"system:serviceaccount:x:ci\\\" cannot list",
         NULL},
        {"secret", "POST", RBAC "namespaces/x/rolebindings",
         BINDING("RoleBinding", "a", "view", ACCOUNT("ci")), 201, NULL, NULL},
        {token, "GET", list, NULL, 200, NULL, NULL},
        {token, "GET", "/api/v1/workflows/x", NULL, 200, NULL, NULL},
        {token, "GET", "/api/v1/userinfo", NULL, 200,
         "\"subject\":\"system:serviceaccount:x:ci\"", NULL},
        {str_printf(w->a, "%sx", token).ptr, "GET", list, NULL, 401, NULL, NULL},
        {str_printf(w->a, "%.*s", (int) strlen(token) - 1, token).ptr, "GET", list, NULL, 401,
         NULL, NULL},
        {"sa~x~ci.token~", "GET", list, NULL, 401, NULL, NULL},
        {"sa~x~ci~", "GET", list, NULL, 401, NULL, NULL},
        {"sa~", "GET", list, NULL, 401, NULL, NULL},
        /* another account of the same name is another */
        {"secret", "DELETE", "/api/v1/namespaces/x/serviceaccounts/ci", NULL, 200, NULL, NULL},
        {token, "GET", list, NULL, 401, NULL, NULL},
        {"secret", "GET", "/api/v1/namespaces/x/secrets/ci.token", NULL, 404, NULL, NULL},
        {"secret", "POST", accounts, account, 201, NULL, NULL},
        {token, "GET", list, NULL, 401, NULL, NULL},
        {"secret", "POST", secrets, TOKEN_SECRET("ci.token", "ci"), 201, NULL, NULL},
    };
    run_steps(w, used, COUNT_OF(used));
    assert_string_not_equal(token_of(w, "/api/v1/namespaces/x/secrets/ci.token"), token);
}

/* `kubectl create token`: for a while, and for this account only. */
static void test_tokens_for_a_while(void **state)
{
    static const char path[] = "/api/v1/namespaces/x/serviceaccounts/ci/token",
                      list[] = "/apis/argoproj.io/v1alpha1/namespaces/x/workflows",
                      account[] = "{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\","
                                  "\"metadata\":{\"name\":\"ci\"}}";
    static const struct step begin[] = {
        {"secret", "POST", path, "{}", 404, "serviceaccounts \\\"ci\\\" not found", NULL},
        {"secret", "POST", "/api/v1/namespaces/x/serviceaccounts", account, 201, NULL, NULL},
        {"secret", "POST", path, "{\"spec\":{\"expirationSeconds\":599}}", 400,
         "less than 10 minutes", NULL},
        {"secret", "POST", path, "{\"spec\":{\"expirationSeconds\":\"x\"}}", 400,
         "must be a whole number", NULL},
        {"secret", "POST", path, "{\"spec\":{\"boundObjectRef\":{}}}", 400, "not supported yet",
         NULL},
        {"secret", "POST", path, "[]", 400, "must be an object", NULL},
        {"secret", "GET", path, NULL, 405, "does not allow this method", NULL},
        {WORLD_OURS, "POST", path, "{}", 403, "serviceaccounts/token", NULL},
        {"secret", "POST", RBAC "namespaces/x/rolebindings",
         BINDING("RoleBinding", "a", "view", ACCOUNT("ci")), 201, NULL, NULL},
    };
    struct world *w = *state;
    struct call c = {.method = "POST",
                     .path = path,
                     .body = "{\"spec\":{\"expirationSeconds\":600}}",
                     .token = "secret"};
    struct auth *auth;
    struct auth_identity who;
    struct json doc;
    struct str token;
    struct wall now = clock_wall(), later = {now.ms + 601 * 1000};
    struct err err;

    run_steps(w, begin, COUNT_OF(begin));
    world_run(w, &c);
    assert_int_equal(c.status, 201);
    assert_non_null(strstr(c.answer, "\"kind\":\"TokenRequest\""));
    assert_int_equal(json_parse(w->a, str_from(c.answer), &doc, &err), 0);
    token = json_str(json_path(&doc, "status", "token", NULL));
    const char *text = str_cz(w->a, token);
    const struct step used[] = {
        {text, "GET", list, NULL, 200, NULL, NULL},
        {text, "GET", "/api/v1/userinfo", NULL, 200, "system:serviceaccount:x:ci", NULL},
        {str_printf(w->a, "%sx", text).ptr, "GET", list, NULL, 401, NULL, NULL},
        {str_printf(w->a, "%.26s", text).ptr, "GET", list, NULL, 401, NULL, NULL},
        {"rq~~", "GET", list, NULL, 401, NULL, NULL},
    };
    run_steps(w, used, COUNT_OF(used));
    auth = auth_new(
        &(struct auth_options){.loop = w->loop, .store = w->store, .token = STR("")}, &err);
    assert_int_equal(auth_identify(auth, w->a, token, now, &who, &err), 0);
    assert_int_equal(auth_identify(auth, w->a, token, later, &who, &err), -1);
    assert_int_equal(err.kind, ERR_UNAUTHORIZED);
    auth_stop(auth);
    auth_free(auth);
    const struct step end[] = {
        {"secret", "DELETE", "/api/v1/namespaces/x/serviceaccounts/ci", NULL, 200, NULL, NULL},
        {text, "GET", list, NULL, 401, NULL, NULL},
        {"secret", "POST", "/api/v1/namespaces/x/serviceaccounts", account, 201, NULL, NULL},
        {text, "GET", list, NULL, 401, NULL, NULL},
    };
    run_steps(w, end, COUNT_OF(end));
}

/* A Secret that somebody wrote a token into gives nothing: tokens are made here. */
static void test_no_token_of_ones_own(void **state)
{
    static const struct step steps[] = {
        {"secret", "POST", "/api/v1/namespaces/x/serviceaccounts",
         "{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":\"ci\","
         "\"uid\":\"u\"}}",
         201, NULL, NULL},
        {"secret", "POST", "/api/v1/namespaces/x/secrets",
         "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\","
         "\"annotations\":{"
         "\"kubernetes.io/service-account.name\":\"ci\",\"kubernetes.io/"
         "service-account.uid\":\"u\"}},"
         "\"type\":\"kubernetes.io/"
         "service-account-token\",\"data\":{\"token\":\"c2F+eH5zfjE=\"}}",
         201, NULL, NULL},
        {"sa~x~s~1", "GET", "/api/v1/userinfo", NULL, 401, NULL, NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

static void put_token(struct world *w, const char *path, const char *token, struct str *ret_doc)
{
    struct call c = {.method = "GET", .path = path, .body = "", .token = "secret"};
    struct json doc;
    struct err err;

    world_run(w, &c);
    assert_int_equal(c.status, 200);
    assert_int_equal(json_parse(w->a, str_copy(w->a, str_from(c.answer)), &doc, &err), 0);
    doc = json_set_path(w->a, &doc, json_string(base64_encode(w->a, str_from(token))), "data",
                        "token", NULL);
    *ret_doc = json_text(w->a, &doc, JSON_COMPACT);
}

/* Who may write Secrets, and knows the uids and how a token looks, makes none: not in a Secret
 * of before, not in a new one, and none that was taken back is valid again. */
static void test_no_token_is_forged(void **state)
{
    static const char secrets[] = "/api/v1/namespaces/x/secrets",
                      secret[] = "/api/v1/namespaces/x/secrets/ci.token",
                      user[] = "/api/v1/userinfo";
    struct world *w = *state;
    const struct step begin[] = {
        {"secret", "POST", "/api/v1/namespaces/x/serviceaccounts",
         "{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":\"ci\"}}",
         201, NULL, NULL},
        {"secret", "POST", secrets, TOKEN_SECRET("ci.token", "ci"), 201, NULL, NULL},
        {"secret", "POST", secrets, TOKEN_SECRET("other", "ci"), 201, NULL, NULL},
    };
    const char *token, *other, *forged;
    struct str doc;

    run_steps(w, begin, COUNT_OF(begin));
    token = token_of(w, secret);
    other = token_of(w, "/api/v1/namespaces/x/secrets/other");
    assert_int_equal(strlen(token), strlen("sa~x~ci.token~") + 43 + 1 + 43);
    forged = str_printf(w->a, "%.*s%s", (int) strlen("sa~x~ci.token~"), token,
                        other + strlen("sa~x~other~"))
                 .ptr;
    put_token(w, secret, forged, &doc);
    const struct step write[] = {
        {token, "GET", user, NULL, 200, "system:serviceaccount:x:ci", NULL},
        {"secret", "PUT", secret, str_cz(w->a, doc), 200, NULL, NULL},
        {forged, "GET", user, NULL, 401, NULL, NULL},
        {"secret", "DELETE", secret, NULL, 200, NULL, NULL},
        {token, "GET", user, NULL, 401, NULL, NULL},
        {"secret", "POST", secrets, TOKEN_SECRET("ci.token", "ci"), 201, NULL, NULL},
    };
    run_steps(w, write, COUNT_OF(write));
    assert_string_not_equal(token_of(w, secret), token);
    put_token(w, secret, token, &doc);
    const struct step again[] = {
        {"secret", "PUT", secret, str_cz(w->a, doc), 200, NULL, NULL},
        {token, "GET", user, NULL, 401, NULL, NULL},
        {other, "GET", user, NULL, 200, NULL, NULL},
    };
    run_steps(w, again, COUNT_OF(again));
}

/* A limit in a ConfigMap that is there is an update of it. */
static void test_limits_in_maps(void **state)
{
    static const char path[] = "/api/v1/sync/x",
                      there[] = "{\"cmName\":\"there\",\"key\":\"a\",\"limit\":1}",
                      more[] = "{\"cmName\":\"there\",\"key\":\"b\",\"limit\":1}",
                      fresh[] = "{\"cmName\":\"fresh\",\"key\":\"a\",\"limit\":1}";
    static const struct step steps[] = {
        {"secret", "POST", RBAC "namespaces/x/roles",
         "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"Role\",\"metadata\":{"
         "\"name\":\"makes\"},\"rules\":[{\"apiGroups\":[\"\"],\"resources\":[\"configmaps\"],"
         "\"verbs\":[\"create\"]}]}",
         201, NULL, NULL},
        {"secret", "POST", RBAC "namespaces/x/rolebindings",
         "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"RoleBinding\","
         "\"metadata\":{\"name\":\"makes\"},\"roleRef\":{\"apiGroup\":"
         "\"rbac.authorization.k8s.io\",\"kind\":\"Role\",\"name\":\"makes\"},\"subjects\":"
         "[" USER("ours") "]}",
         201, NULL, NULL},
        {"secret", "POST", path, there, 200, NULL, NULL},
        {WORLD_OURS, "POST", path, fresh, 200, "\"cmName\":\"fresh\"", NULL},
        {WORLD_OURS, "POST", path, more, 403, "cannot update resource", NULL},
        {WORLD_OURS, "POST", path, there, 403, NULL, "already exists"},
        {"secret", "GET", "/api/v1/sync/x/b?cmName=there", NULL, 404, NULL, NULL},
        {"secret", "POST", path, more, 200, NULL, NULL},
        {"secret", "POST", path, there, 409, "already exists", NULL},
    };

    run_steps(*state, steps, COUNT_OF(steps));
}

/* An object that names another namespace than the path goes into neither. */
static void test_the_wrong_namespace(void **state)
{
    struct world *w = *state;
    size_t count;
    const struct object_kind *all = object_kinds(&count);

    for (size_t i = 0; i < count; i++) {
        const struct object_kind *k = &all[i];
        struct call c = {
            .method = "POST",
            .path = str_printf(w->a, "/api%s%s/%s/namespaces/mine/%s", k->group[0] ? "s/" : "",
                               k->group, k->version, k->plural)
                        .ptr,
            .body = str_printf(w->a,
                               "{\"apiVersion\":\"%s%s%s\",\"kind\":\"%s\",\"metadata\":{"
                               "\"name\":\"x\",\"namespace\":\"theirs\"}}",
                               k->group, k->group[0] ? "/" : "", k->version, k->kind)
                        .ptr,
            .token = "secret"};
        struct call look = {.method = "GET", .body = "", .token = "secret"};

        if (!k->is_namespaced)
            continue;
        world_run(w, &c);
        assert_true(c.status == 400 || c.status == 405 || c.status == 422);
        look.path = str_printf(w->a, "/api%s%s/%s/%s", k->group[0] ? "s/" : "", k->group,
                               k->version, k->plural)
                        .ptr;
        world_run(w, &look);
        assert_true(strstr(look.answer, "\"items\":[]") != NULL);
    }
}

/* CVE-2026-42294: a body was read whole before anybody asked who sends it. */
static void test_CVE_2026_42294_identity_before_the_body(void **state)
{
    enum { LARGE_BYTES = HTTP_BODY_MAX_BYTES + 4096 };
    static const char *const paths[] = {"/api/v1/events/argo/x", "/api/v1/workflows/argo",
                                        "/api/v1/namespaces/argo/configmaps"};
    struct world *w = *state;
    char *body = mem_alloc(LARGE_BYTES + 1);

    memset(body, ' ', LARGE_BYTES);
    body[LARGE_BYTES] = '\0';
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct call c = {.method = "POST", .path = paths[i], .body = body};

        body[HTTP_BODY_MAX_BYTES - 4096] = '\0';
        world_run(w, &c);
        assert_true(c.status == 401 || c.status == 0); /* 0: it hung up while we sent */
        body[HTTP_BODY_MAX_BYTES - 4096] = ' ';
        c = (struct call){.method = "POST", .path = paths[i], .body = body};
        world_run(w, &c);
        assert_true(c.status == 401 || c.status == 413 || c.status == 0);
        c = (struct call){.method = "POST", .path = paths[i], .body = body, .token = "secret"};
        world_run(w, &c);
        assert_true(c.status == 413 || c.status == 0);
    }
    free(body);
}

/* CVE-2022-31054: what comes in is limited, whoever sends it. */
static void test_CVE_2022_31054_limits_before_identity(void **state)
{
    struct world *w = *state;
    char *path = mem_alloc(300000);
    struct call c = {.method = "GET", .path = path, .body = ""};

    memset(path, 'a', 299999);
    path[0] = '/';
    path[299999] = '\0';
    world_run(w, &c);
    assert_true(c.status == 0 || c.status == 400 || c.status == 414 || c.status == 431);
    free(path);
}

/* A token of an identity provider with many groups has its room; more than a head may be is
 * told as that. */
static void test_long_tokens(void **state)
{
    static const struct {
        size_t len;
        unsigned status;
    } rows[] = {
        {4096, 401}, {HTTP_HEADER_MAX_BYTES * 7 / 8, 401}, {HTTP_HEADER_MAX_BYTES + 512, 431}};
    struct world *w = *state;
    char token[HTTP_HEADER_MAX_BYTES + 513];

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct call c = {
            .method = "GET", .path = "/api/v1/workflows/argo", .body = "", .token = token};

        memset(token, 'a', rows[i].len);
        token[rows[i].len] = '\0';
        world_run(w, &c);
        if (c.status != rows[i].status)
            fail_msg("%zu bytes: %u", rows[i].len, c.status);
    }
}

/* Who guesses tokens is slowed down like everybody else: requests count before a token is
 * looked at, and a body is not read. Probes are not counted. */
static void test_a_rate_before_identity(void **state)
{
    enum { TRIES = 50 };
    static const char *const tokens[] = {"guess", NULL};
    struct world *w = *state;
    unsigned refused = 0;

    for (size_t i = 0; i < TRIES; i++) {
        struct call c = {.method = "POST",
                         .path = "/api/v1/workflows/argo",
                         .body = "{}",
                         .token = tokens[i % 2]};

        world_run(w, &c);
        if (c.status == 429) {
            refused++;
            assert_string_equal(c.answer, "Limit exceeded");
            assert_non_null(strstr(c.headers, "Retry-After: 1\n"));
        } else {
            assert_int_equal(c.status, 401);
        }
        c = (struct call){.method = "GET", .path = "/livez", .body = ""};
        world_run(w, &c);
        assert_int_equal(c.status, 200);
    }
    assert_true(refused > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_CVE_2026_28229_nothing_without_the_right_token),
        TEST(test_the_page_needs_no_token),
        TEST(test_every_operation),
        TEST(test_rights_come_and_go),
        TEST(test_nobody_gives_what_they_do_not_have),
        TEST(test_limits_of_locks),
        TEST(test_questions_about_rights),
        TEST(test_impersonation),
        cmocka_unit_test_setup_teardown(test_one_namespace_is_managed, world_setup_managed,
                                        world_teardown),
        TEST(test_tokens_of_accounts),
        TEST(test_tokens_for_a_while),
        TEST(test_no_token_of_ones_own),
        TEST(test_no_token_is_forged),
        TEST(test_limits_in_maps),
        TEST(test_the_wrong_namespace),
        TEST(test_CVE_2026_42294_identity_before_the_body),
        TEST(test_CVE_2022_31054_limits_before_identity),
        TEST(test_long_tokens),
        cmocka_unit_test_setup_teardown(test_a_rate_before_identity, world_setup_limited,
                                        world_teardown),
    };

    return cmocka_run_group_tests_name("api_auth", tests, NULL, NULL);
}
