/*
 * Discovery: which groups, versions and kinds there are, as kubectl asks before anything else;
 * the version; OpenAPI documents, which tell kubectl what there is and that checks are made
 * here. The v2 document in protobuf, for which old releases ask, is empty: it tells them that
 * there is nothing to check on their side. Read from object_kinds(); kinds that nobody acts on
 * are not shown. Http threads.
 */
#include "api/api_internal.h"
#include "objects/openapi.h"

/* The release of Kubernetes whose API this is, for clients that compare. */
#define KUBERNETES_MINOR   "32"
#define KUBERNETES_VERSION "v1." KUBERNETES_MINOR ".0"

/* The OpenAPI v2 document {swagger: "2.0", info: {title: "tiphys", version: "v0"}, paths: {}}
 * as the protobuf that kubectl asks for. */
#define OPENAPI_PROTOBUF "\n\0032.0\022\014\n\006tiphys\022\002v0B\000"

static struct json text_list(struct arena *a, const char *const *texts)
{
    struct json_array_builder list = {0};

    for (; texts && *texts; texts++)
        json_push(a, &list, json_string(str_from(*texts)));
    return json_array(&list);
}

static void add_head(struct arena *a, struct json_object_builder *b, const char *kind)
{
    json_add(a, b, STR("kind"), json_string(str_from(kind)));
    json_add(a, b, STR("apiVersion"), json_string(STR("v1")));
}

/* ---- reviews: questions that are answered and not kept (review.c) ---- */

static const char *const review_groups[] = {"authentication.k8s.io", "authorization.k8s.io"};

static const struct {
    size_t group; /* in review_groups */
    const char *plural, *singular, *kind;
    bool is_namespaced;
} reviews[] = {
    {0, "selfsubjectreviews", "selfsubjectreview", "SelfSubjectReview", false},
    {0, "tokenreviews", "tokenreview", "TokenReview", false},
    {1, "localsubjectaccessreviews", "localsubjectaccessreview", "LocalSubjectAccessReview",
     true},
    {1, "selfsubjectaccessreviews", "selfsubjectaccessreview", "SelfSubjectAccessReview",
     false},
    {1, "selfsubjectrulesreviews", "selfsubjectrulesreview", "SelfSubjectRulesReview", false},
    {1, "subjectaccessreviews", "subjectaccessreview", "SubjectAccessReview", false},
};

static struct json review_resources(struct arena *a, size_t group)
{
    static const char *const verbs[] = {"create", NULL};
    struct json_object_builder b = {0};
    struct json_array_builder list = {0};

    for (size_t i = 0; i < COUNT_OF(reviews); i++) {
        struct json_object_builder one = {0};

        if (reviews[i].group != group)
            continue;
        json_add(a, &one, STR("name"), json_string(str_from(reviews[i].plural)));
        json_add(a, &one, STR("singularName"), json_string(str_from(reviews[i].singular)));
        json_add(a, &one, STR("namespaced"), json_bool(reviews[i].is_namespaced));
        json_add(a, &one, STR("kind"), json_string(str_from(reviews[i].kind)));
        json_add(a, &one, STR("verbs"), text_list(a, verbs));
        json_push(a, &list, json_object(&one));
    }
    add_head(a, &b, "APIResourceList");
    json_add(a, &b, STR("groupVersion"),
             json_string(str_printf(a, "%s/v1", review_groups[group])));
    json_add(a, &b, STR("resources"), json_array(&list));
    return json_object(&b);
}

/* ---- groups ---- */

static bool is_shown(const struct object_kind *k)
{
    return !k->is_unbuilt;
}

/* All rows, those of aliases last; NULL behind the last. */
static const struct object_kind *row_at(size_t i)
{
    size_t count, alias_count;
    const struct object_kind *all = object_kinds(&count),
                             *aliases = object_aliases(&alias_count);

    if (i < count)
        return &all[i];
    return i - count < alias_count ? &aliases[i - count] : NULL;
}

static bool is_of_group(const struct object_kind *k, const char *group)
{
    return is_shown(k) && strcmp(k->group, group) == 0;
}

static bool is_of_version(const struct object_kind *k, const struct object_kind *other)
{
    return is_of_group(k, other->group) && strcmp(k->version, other->version) == 0;
}

/* Is @k the first shown kind of its version of its group? */
static bool is_first(const struct object_kind *k)
{
    const struct object_kind *row;

    for (size_t i = 0; (row = row_at(i)) != NULL; i++)
        if (is_of_version(row, k))
            return row == k;
    return false;
}

/* Is its version the preferred one of the group, and @k the first kind of it? */
static bool is_first_of_group(const struct object_kind *k)
{
    const struct object_kind *row;

    for (size_t i = 0; (row = row_at(i)) != NULL; i++)
        if (is_of_group(row, k->group))
            return row == k;
    return false;
}

static struct json version_value(struct arena *a, const char *group, const char *version)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("groupVersion"), json_string(str_printf(a, "%s/%s", group, version)));
    json_add(a, &b, STR("version"), json_string(str_from(version)));
    return json_object(&b);
}

/* The first version is preferred. */
static struct json group_value(struct arena *a, const char *group,
                               const struct json_array_builder *versions,
                               struct json_object_builder b)
{
    const struct json list = json_array(versions);

    json_add(a, &b, STR("name"), json_string(str_from(group)));
    json_add(a, &b, STR("versions"), list);
    json_add(a, &b, STR("preferredVersion"), list.items[0]);
    return json_object(&b);
}

static struct json kind_group(struct arena *a, const char *group, struct json_object_builder b)
{
    struct json_array_builder versions = {0};
    const struct object_kind *row;

    for (size_t i = 0; (row = row_at(i)) != NULL; i++)
        if (is_of_group(row, group) && is_first(row))
            json_push(a, &versions, version_value(a, group, row->version));
    return group_value(a, group, &versions, b);
}

static struct json review_group(struct arena *a, const char *group,
                                struct json_object_builder b)
{
    struct json_array_builder versions = {0};

    json_push(a, &versions, version_value(a, group, "v1"));
    return group_value(a, group, &versions, b);
}

static struct json groups(struct arena *a)
{
    const struct json_object_builder none = {0};
    const struct object_kind *row;
    struct json_object_builder b = {0};
    struct json_array_builder list = {0};

    for (size_t i = 0; (row = row_at(i)) != NULL; i++)
        if (row->group[0] && is_first_of_group(row))
            json_push(a, &list, kind_group(a, row->group, none));
    for (size_t i = 0; i < COUNT_OF(review_groups); i++)
        json_push(a, &list, review_group(a, review_groups[i], none));
    add_head(a, &b, "APIGroupList");
    json_add(a, &b, STR("groups"), json_array(&list));
    return json_object(&b);
}

static struct json core_versions(struct arena *a)
{
    static const char *const versions[] = {"v1", NULL};
    struct json_object_builder b = {0};

    add_head(a, &b, "APIVersions");
    json_add(a, &b, STR("versions"), text_list(a, versions));
    json_add(a, &b, STR("serverAddressByClientCIDRs"), text_list(a, NULL));
    return json_object(&b);
}

/* ---- kinds ---- */

static struct json subresource_value(struct arena *a, const char *name, const char *kind,
                                     const char *verb)
{
    const char *const verbs[] = {verb, NULL};
    struct json_object_builder b = {0};

    json_add(a, &b, STR("name"), json_string(str_from(name)));
    json_add(a, &b, STR("singularName"), json_string(STR("")));
    json_add(a, &b, STR("namespaced"), json_bool(true));
    if (strcmp(kind, "TokenRequest") == 0) {
        json_add(a, &b, STR("group"), json_string(STR("authentication.k8s.io")));
        json_add(a, &b, STR("version"), json_string(STR("v1")));
    }
    json_add(a, &b, STR("kind"), json_string(str_from(kind)));
    json_add(a, &b, STR("verbs"), text_list(a, verbs));
    return json_object(&b);
}

static struct json resource_value(struct arena *a, const struct object_kind *k)
{
    static const char *const view_verbs[] = {
        "create", "delete", "deletecollection", "get", "list", "watch", NULL};
    static const char *const verbs[] = {"create", "delete", "deletecollection",
                                        "get",    "list",   "patch",
                                        "update", "watch",  NULL};
    static const char *const categories[] = {"all", NULL};
    struct json_object_builder b = {0};

    json_add(a, &b, STR("name"), json_string(str_from(k->plural)));
    json_add(a, &b, STR("singularName"), json_string(str_from(k->singular)));
    json_add(a, &b, STR("namespaced"), json_bool(k->is_namespaced));
    json_add(a, &b, STR("kind"), json_string(str_from(k->kind)));
    json_add(a, &b, STR("verbs"), text_list(a, k->is_view ? view_verbs : verbs));
    if (k->short_names && k->short_names[0])
        json_add(a, &b, STR("shortNames"), text_list(a, k->short_names));
    if ((strcmp(k->group, "argoproj.io") == 0 && k->is_namespaced) ||
        strcmp(k->group, "batch") == 0 || strcmp(k->kind, "Pod") == 0)
        json_add(a, &b, STR("categories"), text_list(a, categories));
    return json_object(&b);
}

static struct json resources(struct arena *a, const struct object_kind *of)
{
    const struct object_kind *row;
    struct json_object_builder b = {0};
    struct json_array_builder list = {0};

    for (size_t i = 0; (row = row_at(i)) != NULL; i++)
        if (is_of_version(row, of))
            json_push(a, &list, resource_value(a, row));
    if (of->group[0] == '\0') {
        json_push(a, &list, subresource_value(a, "pods/log", "Pod", "get"));
        json_push(a, &list,
                  subresource_value(a, "serviceaccounts/token", "TokenRequest", "create"));
    }
    add_head(a, &b, "APIResourceList");
    json_add(a, &b, STR("groupVersion"), json_string(object_kind_api_version(a, of)));
    json_add(a, &b, STR("resources"), json_array(&list));
    return json_object(&b);
}

static bool describe_review_group(struct arena *a, struct str path, struct json *ret)
{
    struct json_object_builder b = {0};

    for (size_t i = 0; i < COUNT_OF(review_groups); i++) {
        struct str group = str_printf(a, "/apis/%s", review_groups[i]);

        if (str_eq(path, group)) {
            add_head(a, &b, "APIGroup");
            *ret = review_group(a, review_groups[i], b);
            return true;
        }
        if (str_eq(path, str_concat(a, group, STR("/v1")))) {
            *ret = review_resources(a, i);
            return true;
        }
    }
    return false;
}

/* "apis/GROUP/VERSION", "api/v1" */
static struct str version_path(struct arena *a, const struct object_kind *k)
{
    return str_concat(a, k->group[0] ? STR("apis/") : STR("api/"),
                      object_kind_api_version(a, k));
}

/* /apis/GROUP, /apis/GROUP/VERSION, /api/v1; false: no such path */
static bool describe_group(struct arena *a, struct str path, struct json *ret)
{
    const struct object_kind *k;
    struct json_object_builder b = {0};

    for (size_t i = 0; (k = row_at(i)) != NULL; i++) {
        if (!is_first(k))
            continue;
        if (str_eq(path, str_concat(a, STR("/"), version_path(a, k)))) {
            *ret = resources(a, k);
            return true;
        }
        if (k->group[0] && str_eq(path, str_printf(a, "/apis/%s", k->group))) {
            add_head(a, &b, "APIGroup");
            *ret = kind_group(a, k->group, b);
            return true;
        }
    }
    return describe_review_group(a, path, ret);
}

/* ---- version, OpenAPI ---- */

static struct json version(struct arena *a)
{
    struct json_object_builder b = {0};

    json_add(a, &b, STR("version"), json_string(STR("v" TIPHYS_VERSION)));
    json_add(a, &b, STR("major"), json_string(STR("1")));
    json_add(a, &b, STR("minor"), json_string(STR(KUBERNETES_MINOR)));
    json_add(a, &b, STR("gitVersion"),
             json_string(STR(KUBERNETES_VERSION "+tiphys-" TIPHYS_VERSION)));
    json_add(a, &b, STR("platform"), json_string(api_platform()));
    json_add(a, &b, STR("compiler"), json_string(STR(__VERSION__)));
    return json_object(&b);
}

static void reply_openapi(struct http_request *req)
{
    if (str_find(http_header(req, STR("Accept")), STR("protobuf")) != SIZE_MAX)
        http_reply(req, 200, STR("application/com.github.proto-openapi.spec.v2.v1.0+protobuf"),
                   STR(OPENAPI_PROTOBUF), NULL, 0);
    else {
        const struct json v = openapi_v2(http_arena(req));

        reply_json(req, 200, &v);
    }
}

/* Where the v3 document of each version of a group is. The program's version is the hash by
 * which clients keep it. */
static struct json openapi_index(struct arena *a)
{
    const struct object_kind *row;
    struct json_object_builder b = {0}, paths = {0};

    for (size_t i = 0; (row = row_at(i)) != NULL; i++) {
        struct json_object_builder entry = {0};
        struct str path;

        if (!is_first(row))
            continue;
        path = version_path(a, row);
        json_add(a, &entry, STR("serverRelativeURL"),
                 json_string(str_printf(a, "/openapi/v3/" STR_FMT "?hash=" TIPHYS_VERSION,
                                        STR_ARG(path))));
        json_add(a, &paths, path, json_object(&entry));
    }
    json_add(a, &b, STR("paths"), json_object(&paths));
    return json_object(&b);
}

/* /openapi/v3, /openapi/v3/apis/GROUP/VERSION, /openapi/v3/api/v1; false: no such document */
static bool describe_openapi(struct arena *a, struct str path, struct json *ret)
{
    const struct object_kind *row;

    if (str_is(path, "/openapi/v3")) {
        *ret = openapi_index(a);
        return true;
    }
    for (size_t i = 0; (row = row_at(i)) != NULL; i++)
        if (is_first(row) &&
            str_eq(path, str_concat(a, STR("/openapi/v3/"), version_path(a, row)))) {
            *ret = openapi_v3(a, row->group, row->version);
            return true;
        }
    return false;
}

/* /api, /api/V, /apis, /apis/G, /apis/G/V, with or without a slash at the end */
static bool is_group_path(struct str path)
{
    struct str rest = path, part;
    size_t count = 0, room;

    if (str_ends(rest, STR("/")))
        rest = str_head(rest, rest.len - 1);
    if (!str_cut(&rest, '/', &part) || !str_cut(&rest, '/', &part))
        return false;
    room = str_is(part, "api") ? 1 : str_is(part, "apis") ? 2 : SIZE_MAX;
    if (room == SIZE_MAX)
        return false;
    while (str_cut(&rest, '/', &part))
        count++;
    return count <= room;
}

bool discovery_is(struct str path)
{
    return str_is(path, "/version") || str_starts(path, STR("/openapi/v")) ||
           is_group_path(path);
}

bool discovery_handle(struct http_request *req)
{
    struct arena *a = http_arena(req);
    struct str path = http_path(req);
    struct json v;

    if (!str_is(http_method(req), "GET"))
        return false;
    if (path.len > 1 && str_ends(path, STR("/")))
        path = str_head(path, path.len - 1);
    if (str_is(path, "/openapi/v2")) {
        reply_openapi(req);
        return true;
    }
    if (str_is(path, "/version"))
        v = version(a);
    else if (str_is(path, "/api"))
        v = core_versions(a);
    else if (str_is(path, "/apis"))
        v = groups(a);
    else if (!describe_group(a, path, &v) && !describe_openapi(a, path, &v))
        return false;
    reply_json(req, 200, &v);
    return true;
}
