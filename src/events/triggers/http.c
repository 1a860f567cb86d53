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
#include "events/triggers/trigger.h"

#include "base/clock.h"
#include "base/vec.h"
#include "formats/base64.h"
#include "io/http_client.h"
#include "objects/shapes_events.h"
#include "store/value.h"

enum { TIMEOUT_DEFAULT_S = 60, TIMEOUT_MAX_S = 86400, REDIRECTS_MAX = 10 };

struct outgoing {
    struct arena *a;
    const struct trigger_services *services;
    const struct trigger_request *req;
    struct str url, method, body, host;
    VEC(struct http_header) headers;
    VEC(struct str) secret_names; /* of headers that another origin does not get */
    struct http_call call;        /* what stays the same over redirects */
    struct mono deadline;
};

/* ---- headers ---- */

static bool is_token(struct str s)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            (c == '\0' || !strchr(others, c)))
            return false;
    }
    return s.len > 0;
}

static bool is_header_value(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (((unsigned char) s.ptr[i] < ' ' && s.ptr[i] != '\t') || s.ptr[i] == 0x7F)
            return false;
    return true;
}

/* What the connection itself says; Go leaves these out, too. */
static bool is_connections_own(struct str name)
{
    static const char *const names[] = {"Content-Length", "Host", "Trailer",
                                        "Transfer-Encoding"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_eq_nocase(name, str_from(names[i])))
            return true;
    return false;
}

/* Sets a header: by its spelling, in order of the names. Values are not told in errors. */
static int set_header(struct outgoing *o, struct str name, struct str value, struct err *err)
{
    size_t at = 0;

    if (!is_token(name))
        return err_set(err, ERR_INVALID, "\"" STR_FMT "\" is no name of a header",
                       STR_ARG(name));
    value = str_trim(value);
    if (!is_header_value(value))
        return err_set(err, ERR_INVALID,
                       "value of header \"" STR_FMT "\" has a control character",
                       STR_ARG(name));
    if (is_connections_own(name))
        return 0;
    while (at < o->headers.len && str_cmp(o->headers.at[at].name, name) < 0)
        at++;
    if (at == o->headers.len || !str_eq(o->headers.at[at].name, name)) {
        VEC_APUSH(o->a, &o->headers, ((struct http_header){name, value}));
        for (size_t i = o->headers.len - 1; i > at; i--)
            o->headers.at[i] = o->headers.at[i - 1];
    }
    o->headers.at[at] = (struct http_header){name, value};
    return 0;
}

static int set_secret_header(struct outgoing *o, struct str name, struct str value,
                             struct err *err)
{
    VEC_APUSH(o->a, &o->secret_names, name);
    return set_header(o, name, value, err);
}

/* The value of a Secret's key, in the arena. */
static int read_secret(struct outgoing *o, const struct json *selector, struct str *ret,
                       struct err *err)
{
    _cleanup_secret_ struct secret value = {0};

    if (store_secret_value(o->services->store, o->req->ns, selector, &value, err) < 0)
        return -1;
    *ret = str_copy(o->a, secret_reveal(&value));
    return 0;
}

static int add_secure(struct outgoing *o, const struct json *header, struct err *err)
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
    return result < 0 ? -1
                      : set_secret_header(o, json_get_str(header, STR("name")), value, err);
}

static int add_basic_auth(struct outgoing *o, const struct json *auth, struct err *err)
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
    return set_secret_header(o, STR("Authorization"),
                             str_concat(o->a, STR("Basic "), base64_encode(o->a, pair)), err);
}

/* Later ones win over earlier ones of the same spelling. */
static int add_headers(struct outgoing *o, struct err *err)
{
    const struct json *spec = o->req->resource, *plain = json_get(spec, STR("headers")),
                      *secure = json_get(spec, STR("secureHeaders"));

    if (set_header(o, STR("User-Agent"), STR("tiphys"), err) < 0)
        return -1;
    for (uint32_t i = 0; json_is(plain, JSON_OBJECT) && i < plain->count; i++)
        if (set_header(o, plain->members[i].key, json_str(&plain->members[i].value), err) < 0)
            return err_wrap(err, "headers");
    for (size_t i = 0; i < o->req->header_count; i++)
        if (set_header(o, o->req->headers[i].name, o->req->headers[i].value, err) < 0)
            return err_wrap(err, "dynamicHeaders[%zu]", i);
    for (uint32_t i = 0; json_is(secure, JSON_ARRAY) && i < secure->count; i++)
        if (add_secure(o, &secure->items[i], err) < 0)
            return err_wrap(err, "secureHeaders[%u]", i);
    return add_basic_auth(o, json_get(spec, STR("basicAuth")), err);
}

/* ---- certificates ---- */

static int read_pem(struct outgoing *o, const struct json *tls, const char *name,
                    struct str *ret, struct err *err)
{
    const struct json *selector = json_get(tls, str_from(name));

    if (selector && read_secret(o, selector, ret, err) < 0)
        return err_wrap(err, "tls.%s", name);
    return 0;
}

static int add_tls(struct outgoing *o, const struct json *tls, struct err *err)
{
    bool is_enabled = json_get_bool(tls, STR("enabled")),
         has_cert = json_get(tls, STR("clientCertSecret")) != NULL,
         has_key = json_get(tls, STR("clientKeySecret")) != NULL;

    if (!tls)
        return 0;
    o->call.skip_tls_verify = json_get_bool(tls, STR("insecureSkipVerify"));
    if (o->call.skip_tls_verify)
        return 0;
    if (!is_enabled && !has_cert && !has_key && !json_get(tls, STR("caCertSecret")))
        return err_set(err, ERR_INVALID,
                       "invalid tls config, neither of caCertSecret, clientCertSecret and "
                       "clientKeySecret is configured");
    if (!is_enabled && has_cert != has_key)
        return err_set(err, ERR_INVALID,
                       "invalid tls config, both of clientCertSecret and clientKeySecret need "
                       "to be configured");
    if (read_pem(o, tls, "caCertSecret", &o->call.ca_pem, err) < 0)
        return -1;
    if (!has_cert || !has_key)
        return 0;
    return read_pem(o, tls, "clientCertSecret", &o->call.cert_pem, err) < 0
               ? -1
               : read_pem(o, tls, "clientKeySecret", &o->call.key_pem, err);
}

/* ---- redirects ---- */

/* Scheme and authority of an URL: "https://host:8443". */
static struct str origin_of(struct str url)
{
    size_t end = str_find(url, STR("://"));

    end = end == SIZE_MAX ? 0 : end + 3;
    while (end < url.len && !strchr("/?#", url.ptr[end]))
        end++;
    return str_head(url, end);
}

static bool is_same_origin(struct str left, struct str right)
{
    return str_eq_nocase(origin_of(left), origin_of(right));
}

/* A Location against the URL that answered it; libcurl takes dots out of the path. */
static struct str resolve(struct arena *a, struct str base, struct str location)
{
    struct str origin = origin_of(base);
    size_t scheme = str_find(location, STR("://")), mark = str_find_char(location, '?');
    size_t end = base.len, first = str_find_char(base, '#');

    if (scheme != SIZE_MAX && scheme < mark)
        return location;
    if (str_starts(location, STR("//")))
        return str_concat(a, str_head(base, str_find(base, STR("//"))), location);
    if (str_starts(location, STR("/")))
        return str_concat(a, origin, location);
    base = str_head(base, first);
    first = str_find_char(base, '?');
    base = str_head(base, first);
    if (str_starts(location, STR("?")))
        return str_concat(a, base, location);
    end = base.len;
    while (end > origin.len && base.ptr[end - 1] != '/')
        end--;
    base = end > origin.len ? str_head(base, end) : str_concat(a, origin, STR("/"));
    return str_concat(a, base, location);
}

static bool is_secret_name(const struct outgoing *o, struct str name)
{
    static const char *const always[] = {"Authorization", "Cookie", "Cookie2",
                                         "Www-Authenticate"};

    for (size_t i = 0; i < COUNT_OF(always); i++)
        if (str_eq_nocase(name, str_from(always[i])))
            return true;
    for (size_t i = 0; i < o->secret_names.len; i++)
        if (str_eq(o->secret_names.at[i], name))
            return true;
    return false;
}

static void drop_secrets(struct outgoing *o)
{
    size_t kept = 0;

    for (size_t i = 0; i < o->headers.len; i++)
        if (!is_secret_name(o, o->headers.at[i].name))
            o->headers.at[kept++] = o->headers.at[i];
    o->headers.len = kept;
    o->call.cert_pem = o->call.key_pem = STR_NONE;
}

static struct str header_of(const struct http_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->header_count; i++)
        if (str_eq_nocase(answer->headers[i].name, str_from(name)))
            return answer->headers[i].value;
    return STR_NONE;
}

/* Whether the answer leads elsewhere: then the next request is made ready. */
static int follow(struct outgoing *o, const struct http_answer *answer, struct err *err)
{
    struct str location = header_of(answer, "Location"), next;
    bool turns_to_get = answer->status == 301 || answer->status == 302 || answer->status == 303;

    if (!turns_to_get && answer->status != 307 && answer->status != 308)
        return 0;
    if (str_is_empty(location))
        return turns_to_get
                   ? err_set(err, ERR_TRANSIENT, "%u answer without Location", answer->status)
                   : 0;
    next = resolve(o->a, o->url, location);
    if (!is_same_origin(o->url, next)) {
        drop_secrets(o);
        o->host = STR("");
    }
    if (turns_to_get && !str_is(o->method, "GET") && !str_is(o->method, "HEAD")) {
        o->method = STR("GET");
        o->body = STR_NONE;
    }
    o->url = next;
    return 1;
}

/* ---- the request ---- */

static int send_once(struct outgoing *o, struct http_client *client, struct http_answer *ret,
                     struct err *err)
{
    struct http_call call = o->call;
    VEC(struct http_header) headers = {0};

    if (!str_starts(o->url, STR("http://")) && !str_starts(o->url, STR("https://")))
        return err_set(err, ERR_INVALID, "url \"" STR_FMT "\" is neither http:// nor https://",
                       STR_ARG(http_url_shown(o->a, o->url)));
    if (!str_is_empty(o->host))
        VEC_APUSH(o->a, &headers, ((struct http_header){STR("Host"), o->host}));
    VEC_FOREACH (it, &o->headers)
        VEC_APUSH(o->a, &headers, *it);
    call.method = o->method;
    call.url = o->url;
    call.body = o->body;
    call.headers = headers.at;
    call.header_count = headers.len;
    call.timeout_ms = mono_ms_until(clock_mono(), o->deadline);
    if (call.timeout_ms == 0)
        return err_set(err, ERR_TIMEOUT, "no answer within the timeout");
    return http_client_do(client, o->a, &call, ret, err);
}

static int prepare(struct outgoing *o, struct err *err)
{
    const struct json *spec = o->req->resource;
    int64_t seconds = 0;

    if (!json_i64(json_get(spec, STR("timeout")), &seconds) || seconds <= 0)
        seconds = TIMEOUT_DEFAULT_S;
    if (seconds > TIMEOUT_MAX_S)
        seconds = TIMEOUT_MAX_S;
    o->deadline = mono_after(clock_mono(), (uint64_t) seconds * 1000);
    o->url = json_get_str(spec, STR("url"));
    o->host = json_get_str(spec, STR("host"));
    o->method = json_get_str(spec, STR("method"));
    if (str_is_empty(o->method))
        o->method = STR("POST");
    if (!is_token(o->method))
        return err_set(err, ERR_INVALID, "\"" STR_FMT "\" is no HTTP method",
                       STR_ARG(o->method));
    if (!is_header_value(o->host) || !is_header_value(o->url))
        return err_set(err, ERR_INVALID, "url or host has a control character");
    o->body = o->req->payload;
    o->call =
        (struct http_call){.is_bare = true, .skips_body = true, .refuses_link_local = true};
    return add_headers(o, err) < 0 ? -1 : add_tls(o, json_get(spec, STR("tls")), err);
}

static int send_all(struct outgoing *o, struct http_answer *ret, struct err *err)
{
    _cleanup_(http_client_freep) struct http_client *client = http_client_new();

    for (int i = 0; i < REDIRECTS_MAX; i++) {
        int result = send_once(o, client, ret, err);

        if (result == 0)
            result = follow(o, ret, err);
        if (result <= 0)
            return result;
    }
    return err_set(err, ERR_INVALID, "stopped after %d redirects", REDIRECTS_MAX);
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
    struct outgoing o = {.a = a, .services = s, .req = req};
    struct http_answer answer = {0};

    if (prepare(&o, err) < 0 || send_all(&o, &answer, err) < 0)
        return -1;
    *ret = (struct trigger_result){
        .kind = STR(""),
        .ns = STR(""),
        .name = STR(""),
        .uid = STR(""),
        .detail = str_printf(a, STR_FMT " " STR_FMT ": %u", STR_ARG(o.method),
                             STR_ARG(http_url_shown(a, o.url)), answer.status)};
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
