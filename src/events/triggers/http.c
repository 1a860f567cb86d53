/*
 * events/triggers/http.c - sends an HTTP request.
 *
 * On a worker. The request is sent again when the daemon dies between the answer and the
 * settling of its events: a server that must not do a thing twice needs something in the
 * payload by which it knows an event again. Only the status of the answer is looked at
 * (policy.status); its body is not read. Redirects are followed as Go does, up to ten, without
 * secrets when they lead to another origin. Addresses of metadata services are refused. Headers
 * are sent by the spelling that they are given in, sorted. Source:
 * ../shared/spec/events.md 5.5, 5.12.
 */
#include "events/triggers/outgoing.h"
#include "events/triggers/trigger.h"
#include "formats/base64.h"
#include "objects/shapes_events.h"
#include "store/value.h"

enum { TIMEOUT_DEFAULT_S = 60, TIMEOUT_MAX_S = 86400 };

/* A request that a trigger sends. */
struct sending {
    struct arena *a;
    const struct trigger_services *services;
    const struct trigger_request *req;
    struct outgoing out;
};

/* ---- headers ---- */

/* The value of a Secret's key, in the arena. */
static int read_secret(struct sending *o, const struct json *selector, struct str *ret,
                       struct err *err)
{
    _cleanup_secret_ struct secret value = {0};

    if (store_secret_value(o->services->store, o->req->ns, selector, &value, err) < 0)
        return -1;
    *ret = str_copy(o->a, secret_reveal(&value));
    return 0;
}

static int add_secure(struct sending *o, const struct json *header, struct err *err)
{
    const struct json *from = json_get(header, STR("valueFrom")),
                      *secret = json_get(from, STR("secretKeyRef")),
                      *config = json_get(from, STR("configMapKeyRef"));
    struct str value = STR("");
    int result;

    if (json_is(secret, JSON_OBJECT))
        result = read_secret(o, secret, &value, err);
    else if (json_is(config, JSON_OBJECT))
        result = store_config_value(o->services->store, o->a, o->req->ns, config, &value, err);
    else
        result = err_set(err, ERR_INVALID,
                         "valueFrom: secretKeyRef or configMapKeyRef must be given");
    return result < 0
               ? -1
               : outgoing_set_secret(&o->out, json_get_str(header, STR("name")), value, err);
}

static int add_basic_auth(struct sending *o, const struct json *auth, struct err *err)
{
    const struct json *user = json_get(auth, STR("username")),
                      *password = json_get(auth, STR("password"));
    struct str name = STR(""), word = STR(""), pair;

    if (!auth)
        return 0;
    if ((user && read_secret(o, user, &name, err) < 0) ||
        (password && read_secret(o, password, &word, err) < 0))
        return err_wrap(err, "basicAuth");
    pair = str_printf(o->a, STR_FMT ":" STR_FMT, STR_ARG(name), STR_ARG(word));
    return outgoing_set_secret(&o->out, STR("Authorization"),
                               str_concat(o->a, STR("Basic "), base64_encode(o->a, pair)), err);
}

/* Later ones win over earlier ones of the same spelling. */
static int add_headers(struct sending *o, struct err *err)
{
    const struct json *spec = o->req->resource, *plain = json_get(spec, STR("headers")),
                      *secure = json_get(spec, STR("secureHeaders"));

    if (outgoing_set(&o->out, STR("User-Agent"), STR("tiphys"), err) < 0)
        return -1;
    for (uint32_t i = 0; json_is(plain, JSON_OBJECT) && i < plain->count; i++)
        if (outgoing_set(&o->out, plain->members[i].key, json_str(&plain->members[i].value),
                         err) < 0)
            return err_wrap(err, "headers");
    for (size_t i = 0; i < o->req->header_count; i++)
        if (outgoing_set(&o->out, o->req->headers[i].name, o->req->headers[i].value, err) < 0)
            return err_wrap(err, "dynamicHeaders[%zu]", i);
    for (uint32_t i = 0; json_is(secure, JSON_ARRAY) && i < secure->count; i++)
        if (add_secure(o, &secure->items[i], err) < 0)
            return err_wrap(err, "secureHeaders[%u]", i);
    return add_basic_auth(o, json_get(spec, STR("basicAuth")), err);
}

/* ---- certificates ---- */

static int read_pem(struct sending *o, const struct json *tls, const char *name,
                    struct str *ret, struct err *err)
{
    const struct json *selector = json_get(tls, str_from(name));

    if (selector && read_secret(o, selector, ret, err) < 0)
        return err_wrap(err, "tls.%s", name);
    return 0;
}

static int add_tls(struct sending *o, const struct json *tls, struct err *err)
{
    bool is_enabled = json_get_bool(tls, STR("enabled")),
         has_cert = json_get(tls, STR("clientCertSecret")) != NULL,
         has_key = json_get(tls, STR("clientKeySecret")) != NULL;

    if (!tls)
        return 0;
    o->out.call.skip_tls_verify = json_get_bool(tls, STR("insecureSkipVerify"));
    if (o->out.call.skip_tls_verify)
        return 0;
    if (!is_enabled && !has_cert && !has_key && !json_get(tls, STR("caCertSecret")))
        return err_set(err, ERR_INVALID,
                       "invalid tls config, neither of caCertSecret, clientCertSecret and "
                       "clientKeySecret is configured");
    if (!is_enabled && has_cert != has_key)
        return err_set(err, ERR_INVALID,
                       "invalid tls config, both of clientCertSecret and clientKeySecret need "
                       "to be configured");
    if (read_pem(o, tls, "caCertSecret", &o->out.call.ca_pem, err) < 0)
        return -1;
    if (!has_cert || !has_key)
        return 0;
    return read_pem(o, tls, "clientCertSecret", &o->out.call.cert_pem, err) < 0
               ? -1
               : read_pem(o, tls, "clientKeySecret", &o->out.call.key_pem, err);
}

/* ---- the request ---- */

static int prepare(struct sending *o, struct err *err)
{
    const struct json *spec = o->req->resource;
    int64_t seconds = 0;

    if (!json_i64(json_get(spec, STR("timeout")), &seconds) || seconds <= 0)
        seconds = TIMEOUT_DEFAULT_S;
    if (seconds > TIMEOUT_MAX_S)
        seconds = TIMEOUT_MAX_S;
    o->out.deadline = mono_after(clock_mono(), (uint64_t) seconds * 1000);
    o->out.url = json_get_str(spec, STR("url"));
    o->out.host = json_get_str(spec, STR("host"));
    o->out.method = json_get_str(spec, STR("method"));
    if (str_is_empty(o->out.method))
        o->out.method = STR("POST");
    if (!outgoing_is_token(o->out.method))
        return err_set(err, ERR_INVALID, "\"" STR_FMT "\" is no HTTP method",
                       STR_ARG(o->out.method));
    if (!outgoing_is_value(o->out.host) || !outgoing_is_value(o->out.url))
        return err_set(err, ERR_INVALID, "url or host has a control character");
    o->out.body = o->req->payload;
    o->out.call =
        (struct http_call){.is_bare = true, .skips_body = true, .refuses_link_local = true};
    return add_headers(o, err) < 0 ? -1 : add_tls(o, json_get(spec, STR("tls")), err);
}

/* ---- the answer ---- */

static int apply_policy(const struct json *policy, unsigned status, struct err *err)
{
    const struct json *allow = json_path(policy, "status", "allow", NULL);
    int64_t allowed;

    if (!json_is(allow, JSON_ARRAY))
        return 0;
    for (uint32_t i = 0; i < allow->count; i++)
        if (json_i64(&allow->items[i], &allowed) && allowed == (int64_t) status)
            return 0;
    return err_set(err, ERR_TRANSIENT,
                   "policy application resulted in failure. http response status %u is not "
                   "allowed",
                   status);
}

static int http_fire(const struct trigger_services *s, struct arena *a,
                     const struct trigger_request *req, struct trigger_result *ret,
                     struct err *err)
{
    struct sending o = {.a = a, .services = s, .req = req, .out.arena = a};
    struct http_answer answer = {0};

    if (prepare(&o, err) < 0 || outgoing_send(&o.out, &answer, err) < 0)
        return -1;
    *ret = (struct trigger_result){
        .kind = STR(""),
        .ns = STR(""),
        .name = STR(""),
        .uid = STR(""),
        .detail = str_printf(a, STR_FMT " " STR_FMT ": %u", STR_ARG(o.out.method),
                             STR_ARG(http_url_shown(a, o.out.url)), answer.status)};
    return apply_policy(req->policy, answer.status, err);
}

static const struct trigger_ops http_ops = {.fire = http_fire};

extern const struct trigger_driver http_trigger;
const struct trigger_driver http_trigger = {
    .kind = "http",
    .summary = "Sends an HTTP request.",
    .place = TRIGGER_ON_WORKER,
    .message = &shape_http_trigger,
    .ops = &http_ops,
};
