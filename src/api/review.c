/*
 * Questions about rights, as `kubectl auth can-i` and `kubectl auth whoami` ask them: self
 * subject access reviews, self subject rules reviews, self subject reviews; and those about
 * others and their tokens, for who may ask. Nothing is stored. Http threads.
 */
#include "api/api_internal.h"
#include "base/vec.h"

#define GROUP_PATH "/apis/authorization.k8s.io/v1/"
#define WHO_PATH   "/apis/authentication.k8s.io/v1/selfsubjectreviews"
#define TOKEN_PATH "/apis/authentication.k8s.io/v1/tokenreviews"

enum { FIRST_OF_AUTHENTICATION = 4 }; /* of the reviews below */

struct review {
    struct api *api;
    struct http_request *req;
    struct arena *a;
    struct str ns; /* of the path, or "" */
    struct json body;
    struct auth_identity who;
};

typedef int (*review_fn)(struct review *r, struct json *ret, struct err *err);

/* ---- answers ---- */

static struct str text_of(const struct json *of, const char *member)
{
    struct str s = json_get_str(of, str_from(member));

    return str_is_none(s) ? STR("") : s;
}

/* What is asked about: attributes of a resource or of a path. */
static int read_question(const struct review *r, struct auth_request *ret, struct err *err)
{
    const struct json *spec = json_get(&r->body, STR("spec"));
    const struct json *of = json_get(spec, STR("resourceAttributes")),
                      *path = json_get(spec, STR("nonResourceAttributes"));
    struct str sub = text_of(of, "subresource");

    if (json_is(of, JSON_OBJECT) == json_is(path, JSON_OBJECT))
        return err_set(err, ERR_INVALID,
                       "spec: exactly one of resourceAttributes or nonResourceAttributes must "
                       "be specified");
    if (json_is(path, JSON_OBJECT)) {
        *ret =
            (struct auth_request){.verb = text_of(path, "verb"), .path = text_of(path, "path")};
        return 0;
    }
    *ret = (struct auth_request){.verb = text_of(of, "verb"),
                                 .group = text_of(of, "group"),
                                 .resource = text_of(of, "resource"),
                                 .ns = text_of(of, "namespace"),
                                 .name = text_of(of, "name")};
    if (sub.len > 0)
        ret->resource =
            str_printf(r->a, STR_FMT "/" STR_FMT, STR_ARG(ret->resource), STR_ARG(sub));
    return 0;
}

static int answer_for(struct review *r, const struct auth_identity *who, struct json *ret,
                      struct err *err)
{
    struct json_object_builder status = {0};
    struct auth_request what;
    bool is_allowed;

    if (read_question(r, &what, err) < 0)
        return -1;
    if (r->ns.len > 0 && !str_eq(what.ns, r->ns))
        return err_set(err, ERR_INVALID,
                       "spec.resourceAttributes.namespace: must match metadata.namespace");
    is_allowed = auth_check(r->api->auth, who, &what, err) == 0;
    if (!is_allowed && err->kind != ERR_DENIED)
        return -1;
    err->kind = ERR_NONE;
    json_add(r->a, &status, STR("allowed"), json_bool(is_allowed));
    *ret = json_object(&status);
    return 0;
}

static int review_self(struct review *r, struct json *ret, struct err *err)
{
    return answer_for(r, &r->who, ret, err);
}

static int review_other(struct review *r, struct json *ret, struct err *err)
{
    const struct json *spec = json_get(&r->body, STR("spec")), *group;
    const struct auth_request right = {.verb = STR("create"),
                                       .group = STR("authorization.k8s.io"),
                                       .resource = r->ns.len ? STR("localsubjectaccessreviews")
                                                             : STR("subjectaccessreviews"),
                                       .ns = r->ns};
    VEC(struct str) groups = {0};
    struct auth_identity other;

    if (auth_check(r->api->auth, &r->who, &right, err) < 0)
        return -1;
    for (size_t i = 0; (group = json_item(json_get(spec, STR("groups")), i)) != NULL; i++)
        VEC_APUSH(r->a, &groups, json_str(group));
    if (text_of(spec, "user").len == 0 && groups.len == 0)
        return err_set(err, ERR_INVALID,
                       "spec.user: Invalid value: at least one of user or "
                       "group must be specified");
    other = auth_identity_of(r->a, text_of(spec, "user"), STR(""), groups.at, groups.len);
    return answer_for(r, &other, ret, err);
}

/* What any token may do besides: ask this, and look at the API itself. */
static const char *const basic_rules =
    "[{\"verbs\":[\"create\"],\"apiGroups\":[\"authorization.k8s.io\"],\"resources\":"
    "[\"selfsubjectaccessreviews\",\"selfsubjectrulesreviews\"]},"
    "{\"verbs\":[\"create\"],\"apiGroups\":[\"authentication.k8s.io\"],\"resources\":"
    "[\"selfsubjectreviews\"]},"
    "{\"verbs\":[\"get\"],\"nonResourceURLs\":[\"/api\",\"/api/*\",\"/apis\",\"/apis/*\","
    "\"/healthz\",\"/livez\",\"/openapi\",\"/openapi/*\",\"/readyz\",\"/version\"]}]";

static void sort_rules(struct review *r, const struct json *rules,
                       struct json_array_builder *resources, struct json_array_builder *paths)
{
    const struct json *rule;

    for (size_t i = 0; (rule = json_item(rules, i)) != NULL; i++)
        json_push(r->a, json_get(rule, STR("nonResourceURLs")) ? paths : resources, *rule);
}

static int review_rules(struct review *r, struct json *ret, struct err *err)
{
    struct str ns = text_of(json_get(&r->body, STR("spec")), "namespace");
    struct json_array_builder resources = {0}, paths = {0};
    struct json_object_builder status = {0};
    struct json rules, basic;

    if (ns.len == 0)
        return err_set(err, ERR_INVALID, "no namespace on request");
    if (auth_rules(r->api->auth, r->a, &r->who, ns, &rules, err) < 0 ||
        json_parse(r->a, str_from(basic_rules), &basic, err) < 0)
        return -1;
    sort_rules(r, &rules, &resources, &paths);
    sort_rules(r, &basic, &resources, &paths);
    json_add(r->a, &status, STR("resourceRules"), json_array(&resources));
    json_add(r->a, &status, STR("nonResourceRules"), json_array(&paths));
    json_add(r->a, &status, STR("incomplete"), json_bool(false));
    *ret = json_object(&status);
    return 0;
}

static struct json user_value(struct arena *a, const struct auth_identity *who)
{
    struct json_object_builder user = {0};
    struct json_array_builder groups = {0};

    for (size_t i = 0; i < who->group_count; i++)
        json_push(a, &groups, json_string(who->groups[i]));
    json_add(a, &user, STR("username"), json_string(who->user));
    json_add_str(a, &user, STR("uid"), who->uid);
    json_add(a, &user, STR("groups"), json_array(&groups));
    return json_object(&user);
}

static int review_who(struct review *r, struct json *ret, struct err *err)
{
    struct json_object_builder status = {0};

    (void) err;
    json_add(r->a, &status, STR("userInfo"), user_value(r->a, &r->who));
    *ret = json_object(&status);
    return 0;
}

/* For which of the audiences is the token good? Those are added to @to. */
static int find_audiences(struct review *r, struct str token, const struct json *audiences,
                          struct json_array_builder *to, struct auth_identity *ret,
                          struct err *err)
{
    const struct json *audience;

    for (size_t i = 0; (audience = json_item(audiences, i)) != NULL; i++) {
        const struct auth_shown shown = {token, auth_audience(json_str(audience))};

        if (auth_identify_for(r->api->auth, r->a, &shown, clock_wall(), ret, err) == 0)
            json_push(r->a, to, *audience);
        else if (err->kind != ERR_UNAUTHORIZED)
            return -1;
    }
    return 0;
}

/* Whose is a token, and is it for one of the audiences that are named, or this server? */
static int review_token(struct review *r, struct json *ret, struct err *err)
{
    const struct auth_request right = {.verb = STR("create"),
                                       .group = STR("authentication.k8s.io"),
                                       .resource = STR("tokenreviews"),
                                       .ns = STR("")};
    const struct json *spec = json_get(&r->body, STR("spec")),
                      *audiences = json_get(spec, STR("audiences"));
    struct json_array_builder own = {0}, found = {0};
    struct json_object_builder status = {0};
    struct auth_identity who;
    struct json names, good;

    if (auth_check(r->api->auth, &r->who, &right, err) < 0)
        return -1;
    if (text_of(spec, "token").len == 0)
        return err_set(err, ERR_INVALID, "spec.token: Required value: token is required for a "
                                         "TokenReview in authentication");
    json_push(r->a, &own, json_string(STR(AUTH_AUDIENCE)));
    names = json_array(&own);
    if (find_audiences(r, text_of(spec, "token"),
                       json_item(audiences, 0) ? audiences : &names, &found, &who, err) < 0)
        return -1;
    good = json_array(&found);
    json_add(r->a, &status, STR("authenticated"), json_bool(good.count > 0));
    if (good.count > 0) {
        json_add(r->a, &status, STR("user"), user_value(r->a, &who));
        json_add(r->a, &status, STR("audiences"), good);
    } else {
        json_add(r->a, &status, STR("error"),
                 json_string(STR("the token is unknown, or for another audience")));
    }
    *ret = json_object(&status);
    return 0;
}

/* ---- requests ---- */

static const struct {
    const char *path, *kind;
    review_fn answer;
} reviews[] = {
    {GROUP_PATH "selfsubjectaccessreviews", "SelfSubjectAccessReview", review_self},
    {GROUP_PATH "selfsubjectrulesreviews", "SelfSubjectRulesReview", review_rules},
    {GROUP_PATH "subjectaccessreviews", "SubjectAccessReview", review_other},
    {GROUP_PATH "localsubjectaccessreviews", "LocalSubjectAccessReview", review_other},
    {WHO_PATH, "SelfSubjectReview", review_who},
    {TOKEN_PATH, "TokenReview", review_token},
};

/* The row of a path; a LocalSubjectAccessReview's has a namespace in it. SIZE_MAX: none. */
static size_t review_of(struct str path, struct str *ret_ns)
{
    struct str rest = path, word;

    *ret_ns = STR("");
    if (str_cut_prefix(&rest, STR(GROUP_PATH "namespaces/")) && str_cut(&rest, '/', ret_ns))
        return ret_ns->len > 0 && str_is(rest, "localsubjectaccessreviews") ? 3 : SIZE_MAX;
    for (size_t i = 0; i < COUNT_OF(reviews); i++) {
        word = str_from(reviews[i].path);
        if (i != 3 && str_eq(path, word))
            return i;
    }
    return SIZE_MAX;
}

bool review_is(struct str path)
{
    struct str ns;

    return review_of(path, &ns) != SIZE_MAX;
}

static void answer(struct review *r, size_t row)
{
    struct json status, made;
    struct err err = {0};

    if (resource_body(r->req, &r->body, &err) < 0 ||
        api_identify(r->api, r->req, &r->who, &err) < 0 ||
        reviews[row].answer(r, &status, &err) < 0) {
        reply_error(r->req, &err);
        return;
    }
    made = json_set(r->a, &r->body, STR("status"), status);
    made = json_set(r->a, &made, STR("kind"), json_string(str_from(reviews[row].kind)));
    made = json_set(r->a, &made, STR("apiVersion"),
                    json_string(row >= FIRST_OF_AUTHENTICATION
                                    ? STR("authentication.k8s.io/v1")
                                    : STR("authorization.k8s.io/v1")));
    reply_json(r->req, 201, &made);
}

bool review_handle(struct api *api, struct http_request *req)
{
    struct review r = {.api = api, .req = req, .a = http_arena(req)};
    size_t row = review_of(http_path(req), &r.ns);

    if (row == SIZE_MAX)
        return false;
    if (str_is(http_method(req), "POST"))
        answer(&r, row);
    else
        reply_refuse(req, &(struct reply_refusal){405, "MethodNotAllowed",
                                                  STR("reviews are only created: POST"), NULL});
    return true;
}
