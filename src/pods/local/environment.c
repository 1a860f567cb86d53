/*
 * A container's environment, as the kubelet makes it: defaults, envFrom (ConfigMaps, then
 * Secrets in the order given), then env in order, each value with $(VAR) of what came before. A
 * later name wins. Source: Kubernetes core/v1 EnvVar;
 * ../shared/spec/workflows.md 5.1 for the ARGO_ variables.
 */
#include "formats/base64.h"
#include "pods/local/access.h"
#include "pods/local/local_internal.h"
#include "pods/local/rights.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games"

struct environment {
    const struct local_pod *pod;
    const struct json *container;
    struct arena *a;
    struct map *vars; /* name -> struct str * */
    size_t bytes;     /* of all values so far, also of those that were replaced */
};

static void set_var(struct environment *env, struct str name, struct str value)
{
    struct str *kept = ARENA_NEW(env->a, struct str);

    *kept = value;
    env->bytes += value.len;
    map_put(env->vars, name, kept);
}

/* Values that refer to each other may double and double again. */
static int check_size(const struct environment *env, struct err *err)
{
    return env->bytes > POD_PLAN_MAX_BYTES
               ? err_set(err, ERR_LIMIT, "the environment is over %d bytes", POD_PLAN_MAX_BYTES)
               : 0;
}

/* The length of what stands at a '$' and, when that is a known variable, its value. As
 * Kubernetes: a name goes to the first bracket, an unknown reference stays as it is, whole. */
static size_t reference_at(struct str rest, bool has_bracket, const struct map *vars,
                           const struct str **ret)
{
    size_t end =
        has_bracket && str_starts(rest, STR("$(")) ? str_find_char(rest, ')') : SIZE_MAX;

    *ret = NULL;
    if (end == SIZE_MAX)
        return rest.len > 1 ? 2 : 1;
    *ret = map_find(vars, str_of(rest.ptr + 2, end - 2));
    return end + 1;
}

struct str environment_expand(struct arena *a, struct str text, const struct map *vars)
{
    _cleanup_strbuf_ struct strbuf out = STRBUF_INIT(POD_PLAN_MAX_BYTES);
    size_t last_bracket = text.len;

    if (str_find_char(text, '$') == SIZE_MAX)
        return text;
    while (last_bracket > 0 && text.ptr[last_bracket - 1] != ')')
        last_bracket--;
    for (size_t i = 0; i < text.len;) {
        struct str rest = str_skip(text, i);
        const struct str *value = NULL;
        size_t len =
            rest.ptr[0] == '$' ? reference_at(rest, i < last_bracket, vars, &value) : 1;

        strbuf_add(&out, value                         ? *value
                         : str_starts(rest, STR("$$")) ? STR("$")
                                                       : str_head(rest, len));
        i += len;
    }
    return str_copy(a, strbuf_str(&out));
}

/* The text of one key of a ConfigMap or Secret; 1: there is none. */
static int object_key(struct environment *env, struct str kind, struct str name, struct str key,
                      struct str *ret, struct err *err)
{
    const struct json *doc;
    struct str text;

    if (env->pod->runner->objects.get(env->pod->runner->objects.ctx, env->a, kind,
                                      env->pod->req.ns, name, &doc, err) < 0)
        return err->kind == ERR_NOT_FOUND ? 1 : -1;
    text = json_get_str(json_get(doc, STR("data")), key);
    if (str_is_none(text)) {
        err_set(err, ERR_NOT_FOUND,
                "couldn't find key " STR_FMT " in " STR_FMT " " STR_FMT "/" STR_FMT,
                STR_ARG(key), STR_ARG(kind), STR_ARG(env->pod->req.ns), STR_ARG(name));
        return 1;
    }
    if (str_is(kind, "Secret"))
        return base64_decode(env->a, text, ret, err);
    *ret = text;
    return 0;
}

static int add_object(struct environment *env, struct str kind, const struct json *ref,
                      struct str prefix, struct err *err)
{
    const struct json *doc, *data;
    struct str name = json_get_str(ref, STR("name"));

    if (env->pod->runner->objects.get(env->pod->runner->objects.ctx, env->a, kind,
                                      env->pod->req.ns, name, &doc, err) < 0)
        return err->kind == ERR_NOT_FOUND && json_get_bool(ref, STR("optional")) ? 0 : -1;
    data = json_get(doc, STR("data"));
    for (size_t i = 0; json_is(data, JSON_OBJECT) && i < data->count; i++) {
        struct str value = json_str(&data->members[i].value);

        if (str_is(kind, "Secret") && base64_decode(env->a, value, &value, err) < 0)
            return err_wrap(err, "secret " STR_FMT, STR_ARG(name));
        set_var(env, str_concat(env->a, prefix, data->members[i].key), value);
    }
    return check_size(env, err);
}

static int add_env_from(struct environment *env, const struct json *list, struct err *err)
{
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++) {
        const struct json *item = json_item(list, i);
        struct str prefix = json_get_str(item, STR("prefix"));
        const struct json *config = json_get(item, STR("configMapRef"));
        const struct json *secret = json_get(item, STR("secretRef"));

        if (config && add_object(env, STR("ConfigMap"), config, prefix, err) < 0)
            return -1;
        if (secret && add_object(env, STR("Secret"), secret, prefix, err) < 0)
            return -1;
    }
    return 0;
}

/* 1: an optional reference without a value. */
static int value_from(struct environment *env, const struct json *from, struct str *ret,
                      struct err *err)
{
    static const char *const kinds[][2] = {{"configMapKeyRef", "ConfigMap"},
                                           {"secretKeyRef", "Secret"}};
    const struct json *field = json_get(from, STR("fieldRef"));
    const struct json *resource = json_get(from, STR("resourceFieldRef"));

    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct json *ref = json_get(from, str_from(kinds[i][0]));
        int got = ref ? object_key(env, str_from(kinds[i][1]), json_get_str(ref, STR("name")),
                                   json_get_str(ref, STR("key")), ret, err)
                      : 0;

        if (ref)
            return got == 1 && !json_get_bool(ref, STR("optional")) ? -1 : got;
    }
    if (field)
        return fields_get(env->pod, env->a, json_get_str(field, STR("fieldPath")), false, ret,
                          err);
    if (resource)
        return fields_resource(env->pod, env->a, resource, env->container, ret, err);
    return err_set(err, ERR_UNSUPPORTED,
                   "env valueFrom: only configMapKeyRef, secretKeyRef, fieldRef and "
                   "resourceFieldRef are supported");
}

static int add_env(struct environment *env, const struct json *list, struct err *err)
{
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++) {
        const struct json *item = json_item(list, i);
        const struct json *from = json_get(item, STR("valueFrom"));
        struct str name = json_get_str(item, STR("name"));
        struct str value =
            environment_expand(env->a, json_get_str(item, STR("value")), env->vars);
        int got = from ? value_from(env, from, &value, err) : 0;

        if (got < 0)
            return err_wrap(err, "env " STR_FMT, STR_ARG(name));
        if (got == 0)
            set_var(env, name, value);
        if (check_size(env, err) < 0)
            return err_wrap(err, "env " STR_FMT, STR_ARG(name));
    }
    return 0;
}

static struct str container_name(const struct pod_request *req, const struct json *container)
{
    bool is_main = container == json_get(req->template, STR("container")) ||
                   container == json_get(req->template, STR("script"));

    return is_main ? STR("main") : json_get_str(container, STR("name"));
}

/* What the image sets; the manifest may replace it. */
static void add_image(struct environment *env, const struct container_image *ci)
{
    const struct json *list = ci ? json_get(ci->image.config, STR("Env")) : NULL, *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str value = json_str(item), name;

        if (str_cut(&value, '=', &name) && !str_is_empty(name))
            set_var(env, name, value.ptr ? value : STR(""));
    }
}

/* Where the API is. KUBECONFIG is for who speaks HTTP with it, which programs in a cluster
 * never do. */
static void add_access(struct environment *env)
{
    const struct pod_access *access = env->pod->access;
    struct str path = access_path(env->pod, env->a);

    if (!access)
        return;
    set_var(env, STR("KUBERNETES_SERVICE_HOST"), access->host);
    set_var(env, STR("KUBERNETES_SERVICE_PORT"), access->port);
    set_var(env, STR("KUBERNETES_SERVICE_PORT_HTTPS"), access->port);
    if (!str_is_none(path))
        set_var(env, STR("KUBECONFIG"), str_concat(env->a, path, STR("/kubeconfig")));
}

static void add_defaults(struct environment *env, struct str container,
                         const struct container_image *ci)
{
    const struct container_rights *rights = rights_of(env->pod, env->container);
    const struct pod_request *req = &env->pod->req;
    struct str commands = access_commands(env->pod, env->a);

    set_var(env, STR("PATH"),
            str_is_none(commands) ? STR(DEFAULT_PATH)
                                  : str_concat(env->a, STR(DEFAULT_PATH ":"), commands));
    set_var(env, STR("HOSTNAME"), req->name);
    set_var(env, STR("HOME"),
            ci                           ? ci->user.home
            : rights && rights->has_user ? rights->user.home
                                         : STR("/root"));
    if (json_get_bool(env->container, STR("tty")))
        set_var(env, STR("TERM"), STR("xterm"));
    add_image(env, ci);
    add_access(env);
    if (str_is_empty(req->workflow))
        return;
    set_var(env, STR("ARGO_CONTAINER_NAME"), str_is_none(container) ? STR("main") : container);
    set_var(env, STR("ARGO_NODE_ID"), req->node_id);
    set_var(env, STR("ARGO_WORKFLOW_NAME"), req->workflow);
    set_var(env, STR("ARGO_POD_NAME"), req->name);
    set_var(env, STR("ARGO_PROGRESS_FILE"), progress_path(env->pod, env->a));
}

int environment_plan(const struct local_pod *pod, const struct json *container, struct arena *a,
                     struct strbuf *plan, struct map *ret_vars, struct err *err)
{
    struct environment env = {.pod = pod, .container = container, .a = a, .vars = ret_vars};

    add_defaults(&env, container_name(&pod->req, container), images_of(pod, container));
    if (add_env_from(&env, json_get(container, STR("envFrom")), err) < 0)
        return err_wrap(err, "envFrom");
    if (add_env(&env, json_get(container, STR("env")), err) < 0)
        return -1;
    MAP_FOREACH (it, ret_vars) {
        const struct str *value = it->value;

        /* Not printf, which ends at a zero byte: plan_word() is to see that one. */
        plan_word(plan, "env", str_concat(a, str_concat(a, it->key, STR("=")), *value));
    }
    return 0;
}
