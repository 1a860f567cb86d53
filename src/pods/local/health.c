/*
 * Probes and hooks of a container in the words of a plan: what Kubernetes' defaults leave out
 * is filled in, names of ports are looked up, requests are put together. What the API server
 * would refuse is refused in its words. Source: Kubernetes core/v1 Probe, Lifecycle. Workers.
 */
#include "pods/local/local_internal.h"

enum {
    DEFAULT_WITHIN_S = 1,
    DEFAULT_EVERY_S = 10,
    DEFAULT_FAILURES = 3,
    PORT_MAX = 65535,
    SECONDS_MAX = 1 << 30
};

struct health {
    const struct json *container;
    struct arena *a;
    const struct map *vars;
    struct strbuf *plan;
};

/* A count or seconds; what is not there or 0 is the default, as Kubernetes fills it in. */
static int number_of(const struct json *v, const char *name, int64_t fallback, int64_t *ret,
                     struct err *err)
{
    const struct json *given = json_get(v, str_from(name));

    *ret = 0;
    if (given && (!json_i64(given, ret) || *ret < 0 || *ret > SECONDS_MAX))
        return err_set(err, ERR_INVALID,
                       "%s: Invalid value: must be greater than or equal to 0", name);
    *ret = *ret == 0 ? fallback : *ret;
    return 0;
}

/* ---- where a connection goes ---- */

static const struct json *port_named(const struct json *container, struct str name)
{
    return json_get(json_named(json_get(container, STR("ports")), name), STR("containerPort"));
}

static int port_of(const struct health *h, const struct json *target, int64_t *ret,
                   struct err *err)
{
    const struct json *port = json_get(target, STR("port"));
    struct str name = json_str(port);

    *ret = 0;
    if (!json_i64(port, ret) && !parse_i64(name, ret) &&
        !json_i64(port_named(h->container, name), ret))
        return err_set(err, ERR_INVALID,
                       "port: Invalid value: \"" STR_FMT
                       "\": must be a number or the name of a port of the container",
                       STR_ARG(name));
    return *ret >= 1 && *ret <= PORT_MAX
               ? 0
               : err_set(err, ERR_INVALID,
                         "port: Invalid value: %lld: must be between 1 and 65535, inclusive",
                         (long long) *ret);
}

static struct str host_of(const struct json *target)
{
    struct str host = json_get_str(target, STR("host"));

    return str_is_empty(host) ? STR("127.0.0.1") : host;
}

static int plan_target(const struct health *h, const struct json *target, struct err *err)
{
    int64_t port;

    if (port_of(h, target, &port, err) < 0)
        return -1;
    plan_word(h->plan, "host", host_of(target));
    plan_word(h->plan, "port", str_printf(h->a, "%lld", (long long) port));
    return 0;
}

/* ---- requests ---- */

/* Nothing that would begin another line, or another word of the first one. */
static bool is_plain(struct str text, bool may_have_spaces)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char) text.ptr[i] < (may_have_spaces ? ' ' : '!') || text.ptr[i] == 0x7f)
            return false;
    return true;
}

static int add_headers(const struct json *list, struct arena *a, struct str *text,
                       struct str *host, struct err *err)
{
    bool has_agent = false, has_accept = false;
    const struct json *item;

    for (size_t i = 0; (item = json_item(list, i)) != NULL; i++) {
        struct str name = json_get_str(item, STR("name"));
        struct str value = json_get_str(item, STR("value"));

        if (str_is_empty(name) || !is_plain(name, false) ||
            str_find_char(name, ':') != SIZE_MAX)
            return err_set(err, ERR_INVALID,
                           "httpHeaders[%zu].name: Invalid value: \"" STR_FMT
                           "\": a valid HTTP header must consist of alphanumeric characters "
                           "or '-'",
                           i, STR_ARG(name));
        if (!is_plain(value, true))
            return err_set(err, ERR_INVALID,
                           "httpHeaders[%zu].value: Invalid value: it has a line break", i);
        if (str_eq_nocase(name, STR("Host"))) {
            *host = value;
            continue;
        }
        has_agent |= str_eq_nocase(name, STR("User-Agent"));
        has_accept |= str_eq_nocase(name, STR("Accept"));
        if (!str_is_empty(value) ||
            !(str_eq_nocase(name, STR("User-Agent")) || str_eq_nocase(name, STR("Accept"))))
            *text = str_printf(a, STR_FMT STR_FMT ": " STR_FMT "\r\n", STR_ARG(*text),
                               STR_ARG(name), STR_ARG(value));
    }
    if (!has_agent)
        *text = str_concat(a, *text, STR("User-Agent: kube-probe/1.34\r\n"));
    if (!has_accept)
        *text = str_concat(a, *text, STR("Accept: */*\r\n"));
    return 0;
}

static int plan_request(const struct health *h, const struct json *get, struct err *err)
{
    struct str path = json_get_str(get, STR("path")), text = STR(""), host;
    int64_t port = 0;

    if (port_of(h, get, &port, err) < 0)
        return -1;
    host = str_printf(h->a, STR_FMT ":%lld", STR_ARG(host_of(get)), (long long) port);
    if (add_headers(json_get(get, STR("httpHeaders")), h->a, &text, &host, err) < 0)
        return -1;
    if (!is_plain(path, false))
        return err_set(err, ERR_INVALID,
                       "path: Invalid value: \"" STR_FMT "\": it has a space or a line break",
                       STR_ARG(path));
    plan_word(h->plan, "request",
              str_printf(h->a,
                         "GET %s" STR_FMT " HTTP/1.1\r\nHost: " STR_FMT "\r\n" STR_FMT
                         "Connection: close\r\n\r\n",
                         str_starts(path, STR("/")) ? "" : "/", STR_ARG(path), STR_ARG(host),
                         STR_ARG(text)));
    return plan_target(h, get, err);
}

/* ---- what is done ---- */

static int plan_exec(const struct health *h, const struct json *exec, struct err *err)
{
    const struct json *words = json_get(exec, STR("command")), *word;

    if (!json_item(words, 0))
        return err_set(err, ERR_INVALID, "command: Required value");
    for (size_t i = 0; (word = json_item(words, i)) != NULL; i++)
        plan_word(h->plan, "exec", environment_expand(h->a, json_str(word), h->vars));
    return 0;
}

static int plan_sleep(const struct health *h, const struct json *sleep, struct err *err)
{
    int64_t seconds;

    if (number_of(sleep, "seconds", 0, &seconds, err) < 0)
        return -1;
    plan_word(h->plan, "sleep", str_printf(h->a, "%lld", (long long) seconds * 1000));
    return 0;
}

/* A probe or a hook does one thing. */
static int plan_handler(const struct health *h, const struct json *v, bool is_probe,
                        struct err *err)
{
    static int (*const ways[])(const struct health *, const struct json *, struct err *) = {
        plan_exec, plan_request, plan_target, plan_sleep};
    static const char *const names[] = {"exec", "httpGet", "tcpSocket", "sleep"};
    size_t count = 0, chosen = 0;

    for (size_t i = 0; i < COUNT_OF(names) - is_probe; i++)
        if (json_is(json_get(v, str_from(names[i])), JSON_OBJECT)) {
            chosen = i;
            count++;
        }
    if (count == 0)
        return err_set(err, ERR_INVALID, "Required value: must specify a handler type");
    if (count > 1)
        return err_set(err, ERR_INVALID, "Forbidden: may not specify more than 1 handler type");
    return ways[chosen](h, json_get(v, str_from(names[chosen])), err) < 0
               ? err_wrap(err, "%s", names[chosen])
               : 0;
}

/* ---- probes ---- */

static int plan_times(const struct health *h, const struct json *probe, bool is_readiness,
                      struct err *err)
{
    static const struct {
        const char *field, *key;
        int64_t fallback, factor;
    } rows[] = {
        {"initialDelaySeconds", "initial", 0, 1000},
        {"periodSeconds", "every", DEFAULT_EVERY_S, 1000},
        {"timeoutSeconds", "within", DEFAULT_WITHIN_S, 1000},
        {"successThreshold", "successes", 1, 1},
        {"failureThreshold", "failures", DEFAULT_FAILURES, 1},
    };
    const struct json *grace = json_get(probe, STR("terminationGracePeriodSeconds"));
    int64_t number;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (number_of(probe, rows[i].field, rows[i].fallback, &number, err) < 0)
            return -1;
        if (!is_readiness && number != 1 && str_is(str_from(rows[i].key), "successes"))
            return err_set(err, ERR_INVALID, "successThreshold: Invalid value: %lld: must be 1",
                           (long long) number);
        plan_word(h->plan, rows[i].key,
                  str_printf(h->a, "%lld", (long long) (number * rows[i].factor)));
    }
    if (!grace)
        return 0;
    if (is_readiness)
        return err_set(err, ERR_INVALID,
                       "terminationGracePeriodSeconds: Invalid value: must not be set for "
                       "readinessProbes");
    if (!json_i64(grace, &number) || number < 1 || number > SECONDS_MAX)
        return err_set(err, ERR_INVALID,
                       "terminationGracePeriodSeconds: Invalid value: must be greater than 0");
    plan_word(h->plan, "ending", str_printf(h->a, "%lld", (long long) (number * 1000)));
    return 0;
}

int health_plan(const struct json *container, struct arena *a, const struct map *vars,
                struct strbuf *plan, struct err *err)
{
    static const char *const acts[][2] = {{"startupProbe", "startup"},
                                          {"livenessProbe", "liveness"},
                                          {"readinessProbe", "readiness"},
                                          {"postStart", "poststart"},
                                          {"preStop", "prestop"}};
    const struct health h = {.container = container, .a = a, .vars = vars, .plan = plan};
    const struct json *hooks = json_get(container, STR("lifecycle"));

    for (size_t i = 0; i < COUNT_OF(acts); i++) {
        bool is_probe = i < 3;
        const struct json *v = json_get(is_probe ? container : hooks, str_from(acts[i][0]));

        if (!json_is(v, JSON_OBJECT))
            continue;
        plan_word(plan, "act", str_from(acts[i][1]));
        if (plan_handler(&h, v, is_probe, err) < 0 ||
            (is_probe && plan_times(&h, v, i == 2, err) < 0))
            return err_wrap(err, "%s%s", is_probe ? "" : "lifecycle.", acts[i][0]);
    }
    return 0;
}

int health_refuse(const struct json *container, struct err *err)
{
    static const char *const names[] = {"startupProbe", "livenessProbe", "readinessProbe",
                                        "lifecycle"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (json_is(json_get(container, str_from(names[i])), JSON_OBJECT))
            return err_set(err, ERR_INVALID,
                           "%s: Forbidden: may not be set for init containers without "
                           "restartPolicy=Always",
                           names[i]);
    return 0;
}
