/* See sqs_client.h. Source: Amazon SQS API reference, AWS JSON 1.0 protocol. */
#include "clients/aws/sqs_client.h"

#include "base/mem.h"
#include "io/http_client.h"

enum { CALL_TIMEOUT_MS = 30000 };

struct sqs_client {
    struct arena *arena;
    struct http_client *http;
    struct sqs_options options;
    struct str endpoint;
};

struct sqs_client *sqs_client_new(const struct sqs_options *options)
{
    struct arena *a = arena_new();
    struct sqs_client *c = ARENA_NEW(a, struct sqs_client);

    c->arena = a;
    c->http = http_client_new();
    c->options = *options;
    c->options.region = str_copy(a, options->region);
    c->endpoint =
        options->endpoint.len
            ? str_copy(a, options->endpoint)
            : str_printf(a, "https://sqs." STR_FMT ".amazonaws.com/", STR_ARG(options->region));
    return c;
}

void sqs_client_free(struct sqs_client *c)
{
    if (!c)
        return;
    http_client_free(c->http);
    arena_free(c->arena);
}

/* What the service's error code means to us. */
static enum err_kind kind_of(struct str code, unsigned status)
{
    static const struct {
        const char *part;
        enum err_kind kind;
    } table[] = {
        {"QueueDoesNotExist", ERR_NOT_FOUND},
        {"NonExistentQueue", ERR_NOT_FOUND},
        {"ExpiredToken", ERR_UNAUTHORIZED},
        {"InvalidClientTokenId", ERR_UNAUTHORIZED},
        {"SignatureDoesNotMatch", ERR_UNAUTHORIZED},
        {"UnrecognizedClient", ERR_UNAUTHORIZED},
        {"MissingAuthentication", ERR_UNAUTHORIZED},
        {"AccessDenied", ERR_DENIED},
        {"Throttl", ERR_TRANSIENT},
        {"RequestLimit", ERR_TRANSIENT},
    };

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (str_find(code, str_from(table[i].part)) != SIZE_MAX)
            return table[i].kind;
    return status >= 500 || status == 429 ? ERR_TRANSIENT : ERR_INVALID;
}

static int service_error(struct arena *a, const struct http_answer *answer, struct err *err)
{
    struct str code = STR(""), message = STR("");
    struct json doc;
    struct err ignored;
    size_t hash;

    if (json_parse(a, answer->body, &doc, &ignored) == 0) {
        code = json_get_str(&doc, STR("__type"));
        message = json_get_str(&doc, STR("message"));
        if (str_is_none(message))
            message = json_get_str(&doc, STR("Message"));
    }
    hash = str_find_char(code, '#');
    if (hash != SIZE_MAX)
        code = str_skip(code, hash + 1);
    return err_set(err, kind_of(code, answer->status), "SQS answered %u " STR_FMT ": " STR_FMT,
                   answer->status, STR_ARG(code), STR_ARG(message));
}

static int call(struct sqs_client *c, struct arena *a, const char *action,
                const struct json *body, uint64_t timeout_ms, struct json *ret, struct err *err)
{
    struct http_header headers[8] = {
        {STR("Content-Type"), STR("application/x-amz-json-1.0")},
        {STR("X-Amz-Target"), str_printf(a, "AmazonSQS.%s", action)}};
    struct http_call http = {.method = STR("POST"),
                             .url = c->endpoint,
                             .body = json_text(a, body, 0),
                             .headers = headers,
                             .header_count = 2,
                             .timeout_ms = timeout_ms,
                             .cancel_fd = c->options.cancel_fd};
    const struct aws_request req = {.method = http.method,
                                    .url = http.url,
                                    .body = http.body,
                                    .headers = headers,
                                    .header_count = 2,
                                    .region = c->options.region,
                                    .service = STR("sqs"),
                                    .now = clock_wall()};
    struct aws_signature signature;
    struct http_answer answer;

    if (aws_sign_as(a, &req, &c->options.keys, c->options.who, &signature, err) < 0)
        return -1;
    for (size_t i = 0; i < signature.header_count; i++)
        headers[http.header_count++] = signature.headers[i];
    if (http_client_do(c->http, a, &http, &answer, err) < 0)
        return -1;
    if (answer.status != 200)
        return service_error(a, &answer, err);
    if (answer.body.len == 0) {
        *ret = json_null();
        return 0;
    }
    return json_parse(a, answer.body, ret, err) < 0 ? err_wrap(err, "SQS answer to %s", action)
                                                    : 0;
}

int sqs_queue_url(struct sqs_client *c, struct arena *a, struct str queue, struct str account,
                  struct str *ret, struct err *err)
{
    struct json_object_builder b = {0};
    struct json body, answer;

    json_add_str(a, &b, STR("QueueName"), queue);
    json_add_str(a, &b, STR("QueueOwnerAWSAccountId"), account);
    body = json_object(&b);
    if (call(c, a, "GetQueueUrl", &body, CALL_TIMEOUT_MS, &answer, err) < 0)
        return err_wrap(err, "queue " STR_FMT, STR_ARG(queue));
    *ret = json_get_str(&answer, STR("QueueUrl"));
    return str_is_empty(*ret) ? err_set(err, ERR_INTERNAL, "SQS gave no URL for queue " STR_FMT,
                                        STR_ARG(queue))
                              : 0;
}

static struct json names(struct arena *a, struct str name)
{
    struct json_array_builder b = {0};

    json_push(a, &b, json_string(name));
    return json_array(&b);
}

int sqs_receive(struct sqs_client *c, struct arena *a, struct str queue_url, int64_t wait_s,
                int64_t visibility_s, struct sqs_batch *ret, struct err *err)
{
    struct json_object_builder b = {0};
    struct json body, answer;
    const struct json *list;

    json_add_str(a, &b, STR("QueueUrl"), queue_url);
    json_add(a, &b, STR("MaxNumberOfMessages"), json_int(a, SQS_BATCH_MAX));
    json_add(a, &b, STR("WaitTimeSeconds"), json_int(a, wait_s));
    json_add(a, &b, STR("VisibilityTimeout"), json_int(a, visibility_s));
    json_add(a, &b, STR("AttributeNames"), names(a, STR("SentTimestamp")));
    json_add(a, &b, STR("MessageAttributeNames"), names(a, STR("All")));
    body = json_object(&b);
    ret->len = 0;
    if (call(c, a, "ReceiveMessage", &body, CALL_TIMEOUT_MS + (uint64_t) wait_s * 1000, &answer,
             err) < 0)
        return -1;
    list = json_get(&answer, STR("Messages"));
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count && ret->len < SQS_BATCH_MAX;
         i++) {
        const struct json *m = json_item(list, i);

        ret->at[ret->len++] =
            (struct sqs_message){.id = json_get_str(m, STR("MessageId")),
                                 .receipt = json_get_str(m, STR("ReceiptHandle")),
                                 .body = json_get_str(m, STR("Body")),
                                 .attributes = json_get(m, STR("MessageAttributes"))};
    }
    return 0;
}

int sqs_delete(struct sqs_client *c, struct arena *a, struct str queue_url, struct str receipt,
               struct err *err)
{
    struct json_object_builder b = {0};
    struct json body, answer;

    json_add_str(a, &b, STR("QueueUrl"), queue_url);
    json_add_str(a, &b, STR("ReceiptHandle"), receipt);
    body = json_object(&b);
    return call(c, a, "DeleteMessage", &body, CALL_TIMEOUT_MS, &answer, err);
}
