/*
 * The http template: a request whose answer is the node's result. Without successCondition an
 * answer of 2xx is a success. Redirects are followed up to ten times. Addresses of metadata
 * services are refused. On a worker.
 */
#include "workflows/engine/http_template.h"
#include "base/secret.h"
#include "base/vec.h"
#include "formats/base64.h"
#include "lang/expr/expr.h"
#include "store/value.h"

enum { REDIRECTS_MAX = 10, TIMEOUT_MAX_S = 86400 };

struct headers {
    VEC(struct http_header) list;
};

static int add_header(struct http_request_job *job, struct arena *a, const struct json *given,
                      struct headers *to, struct err *err)
{
    const struct json *ref = json_path(given, "valueFrom", "secretKeyRef", NULL);
    _cleanup_secret_ struct secret secret = {0};
    struct http_header header = {json_get_str(given, STR("name")),
                                 json_get_str(given, STR("value"))};

    if (ref) {
        if (store_secret_value(job->store, job->ns, ref, &secret, err) < 0)
            return -1;
        header.value = str_copy(a, secret_reveal(&secret));
    }
    if (str_is_none(header.value))
        header.value = STR("");
    for (size_t i = 0; i < header.value.len; i++)
        if ((unsigned char) header.value.ptr[i] < ' ' && header.value.ptr[i] != '\t')
            return err_set(err, ERR_INVALID,
                           "value of header \"" STR_FMT "\" has a control character",
                           STR_ARG(header.name));
    VEC_APUSH(a, &to->list, header);
    return 0;
}

static int body_of(const struct json *http, struct arena *a, struct str *ret, struct err *err)
{
    struct str bytes = json_str(json_path(http, "bodyFrom", "bytes", NULL));

    *ret = json_get_str(http, STR("body"));
    if (str_is_empty(*ret) && !str_is_empty(bytes))
        return base64_decode(a, bytes, ret, err);
    if (str_is_none(*ret))
        *ret = STR("");
    return 0;
}

/* ---- the condition ---- */

/* Go's spelling of a header's name: Content-Type. */
static struct str canonical(struct arena *a, struct str name)
{
    char *text = arena_alloc(a, name.len + 1);
    bool is_first = true;

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];

        if (is_first && c >= 'a' && c <= 'z')
            c = (char) (c - 'a' + 'A');
        else if (!is_first && c >= 'A' && c <= 'Z')
            c = (char) (c - 'A' + 'a');
        is_first = c == '-';
        text[i] = c;
    }
    return str_of(text, name.len);
}

static struct json headers_json(struct arena *a, const struct http_header *at, size_t count)
{
    struct json ret = json_object(&(struct json_object_builder){0});

    for (size_t i = 0; i < count; i++) {
        struct str name = canonical(a, at[i].name);
        const struct json *old = json_get(&ret, name);
        struct json_array_builder values = {0};

        for (size_t k = 0; json_item(old, k); k++)
            json_push(a, &values, *json_item(old, k));
        json_push(a, &values, json_string(at[i].value));
        ret = json_set(a, &ret, name, json_array(&values));
    }
    return ret;
}

static struct str condition_of(const struct http_request_job *job)
{
    return json_get_str(json_get(&job->tmpl, STR("http")), STR("successCondition"));
}

static int judge(const struct http_request_job *job, struct arena *a,
                 const struct http_call *call, const struct http_answer *answer, bool *ret,
                 struct err *err)
{
    struct json doc =
        json_set_path(a, NULL, json_string(call->method), "request", "method", NULL);
    struct value map;
    struct expr_env env = {
        .lookup = expr_lookup_map, .ctx = &map, .functions = EXPR_ARGO, .now = job->now};

    doc = json_set_path(a, &doc, json_string(call->url), "request", "url", NULL);
    doc = json_set_path(a, &doc, json_string(call->body), "request", "body", NULL);
    doc = json_set_path(a, &doc, headers_json(a, call->headers, call->header_count), "request",
                        "headers", NULL);
    doc = json_set_path(a, &doc, json_int(a, answer->status), "response", "statusCode", NULL);
    doc = json_set_path(a, &doc, json_string(answer->body), "response", "body", NULL);
    doc = json_set_path(a, &doc, headers_json(a, answer->headers, answer->header_count),
                        "response", "headers", NULL);
    map = value_of_json(a, &doc);
    return expr_eval_bool(a, condition_of(job), &env, ret, err);
}

/* ---- the request ---- */

static int prepare(struct http_request_job *job, struct arena *a, struct headers *headers,
                   struct http_call *call, struct err *err)
{
    const struct json *http = json_get(&job->tmpl, STR("http"));
    const struct json *list = json_get(http, STR("headers"));
    int64_t seconds = 0;

    call->method = json_get_str(http, STR("method"));
    if (str_is_empty(call->method))
        call->method = STR("GET");
    call->url = json_get_str(http, STR("url"));
    call->redirect_max = REDIRECTS_MAX;
    call->skip_tls_verify = json_get_bool(http, STR("insecureSkipVerify"));
    call->refuses_link_local = true;
    if (json_i64(json_get(http, STR("timeoutSeconds")), &seconds) && seconds > 0)
        call->timeout_ms =
            (uint64_t) (seconds < TIMEOUT_MAX_S ? seconds : TIMEOUT_MAX_S) * 1000;
    for (size_t i = 0; json_item(list, i); i++)
        if (add_header(job, a, json_item(list, i), headers, err) < 0)
            return -1;
    call->headers = headers->list.at;
    call->header_count = headers->list.len;
    return body_of(http, a, &call->body, err);
}

static int perform(struct http_request_job *job, struct arena *a, int cancel_fd,
                   struct err *err)
{
    struct str condition = condition_of(job);
    struct headers headers = {0};
    struct http_call call = {.cancel_fd = cancel_fd};
    struct http_answer answer = {0};
    struct json *outputs = ARENA_NEW(a, struct json);

    if (prepare(job, a, &headers, &call, err) < 0)
        return -1;
    if (http_client_do(job->client, a, &call, &answer, err) < 0) {
        struct str method = canonical(a, call.method);

        return err_wrap(err, STR_FMT " \"" STR_FMT "\"", STR_ARG(method),
                        STR_ARG(http_url_shown(a, call.url)));
    }
    *outputs = json_set(a, NULL, STR("result"), json_string(answer.body));
    job->outputs = outputs;
    job->is_succeeded = answer.status >= 200 && answer.status < 300;
    if (!str_is_empty(condition)) {
        if (judge(job, a, &call, &answer, &job->is_succeeded, err) < 0)
            return -1;
        if (!job->is_succeeded)
            job->message = str_printf(a, "successCondition '" STR_FMT "' evaluated false",
                                      STR_ARG(condition));
    } else if (!job->is_succeeded) {
        job->message = str_printf(a, "received non-2xx response code: %u", answer.status);
    }
    return 0;
}

void http_template_run(struct http_request_job *job, struct arena *a, int cancel_fd)
{
    struct err err;

    job->message = STR("");
    if (perform(job, a, cancel_fd, &err) == 0)
        return;
    job->is_succeeded = false;
    job->outputs = NULL;
    job->message = str_copy(a, str_from(err.text));
}
