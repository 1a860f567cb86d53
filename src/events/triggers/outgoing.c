/* HTTP requests that triggers send: headers, redirects. See outgoing.h. */
#include "events/triggers/outgoing.h"

enum { REDIRECTS_MAX = 10 };

/* ---- headers ---- */

bool outgoing_is_token(struct str s)
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

bool outgoing_is_value(struct str s)
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

int outgoing_set(struct outgoing *o, struct str name, struct str value, struct err *err)
{
    size_t at = 0;

    if (!outgoing_is_token(name))
        return err_set(err, ERR_INVALID, "\"" STR_FMT "\" is no name of a header",
                       STR_ARG(name));
    value = str_trim(value);
    if (!outgoing_is_value(value))
        return err_set(err, ERR_INVALID,
                       "value of header \"" STR_FMT "\" has a control character",
                       STR_ARG(name));
    if (is_connections_own(name))
        return 0;
    while (at < o->headers.len && str_cmp(o->headers.at[at].name, name) < 0)
        at++;
    if (at == o->headers.len || !str_eq(o->headers.at[at].name, name)) {
        VEC_APUSH(o->arena, &o->headers, ((struct http_header){name, value}));
        for (size_t i = o->headers.len - 1; i > at; i--)
            o->headers.at[i] = o->headers.at[i - 1];
    }
    o->headers.at[at] = (struct http_header){name, value};
    return 0;
}

int outgoing_set_secret(struct outgoing *o, struct str name, struct str value, struct err *err)
{
    VEC_APUSH(o->arena, &o->secret_names, name);
    return outgoing_set(o, name, value, err);
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

/* Whether the answer leads elsewhere: then the next request is made ready. */
static int follow(struct outgoing *o, const struct http_answer *answer, struct err *err)
{
    struct str location = http_answer_header(answer, STR("Location")), next;
    bool turns_to_get = answer->status == 301 || answer->status == 302 || answer->status == 303;

    if (!turns_to_get && answer->status != 307 && answer->status != 308)
        return 0;
    if (str_is_empty(location))
        return turns_to_get
                   ? err_set(err, ERR_TRANSIENT, "%u answer without Location", answer->status)
                   : 0;
    next = resolve(o->arena, o->url, location);
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

/* ---- sending ---- */

static int collect(void *ctx, struct str chunk)
{
    struct strbuf *answer = ctx;

    strbuf_add(answer, chunk);
    return answer->is_over;
}

static int do_call(struct outgoing *o, struct http_client *client, struct http_call *call,
                   struct http_answer *ret, struct err *err)
{
    if (o->answer) {
        strbuf_reset(o->answer);
        call->on_chunk = collect;
        call->ctx = o->answer;
    }
    if (http_client_do(client, o->arena, call, ret, err) == 0)
        return 0;
    if (o->answer && o->answer->is_over)
        return err_set(err, ERR_LIMIT, "the answer is larger than %zu bytes",
                       o->answer->max_bytes);
    return -1;
}

static int send_once(struct outgoing *o, struct http_client *client, struct http_answer *ret,
                     struct err *err)
{
    struct http_call call = o->call;
    VEC(struct http_header) headers = {0};

    if (!str_starts(o->url, STR("http://")) && !str_starts(o->url, STR("https://")))
        return err_set(err, ERR_INVALID, "url \"" STR_FMT "\" is neither http:// nor https://",
                       STR_ARG(http_url_shown(o->arena, o->url)));
    if (!str_is_empty(o->host))
        VEC_APUSH(o->arena, &headers, ((struct http_header){STR("Host"), o->host}));
    VEC_FOREACH (it, &o->headers)
        VEC_APUSH(o->arena, &headers, *it);
    call.method = o->method;
    call.url = o->url;
    call.body = o->body;
    call.headers = headers.at;
    call.header_count = headers.len;
    call.timeout_ms = mono_ms_until(clock_mono(), o->deadline);
    if (call.timeout_ms == 0)
        return err_set(err, ERR_TIMEOUT, "no answer within the timeout");
    return do_call(o, client, &call, ret, err);
}

int outgoing_send(struct outgoing *o, struct http_answer *ret, struct err *err)
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
