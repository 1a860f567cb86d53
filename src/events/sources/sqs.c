/*
 * events/sources/sqs.c - messages of an Amazon SQS queue.
 *
 * Receives by long poll, up to ten at a time. At least once: a message is deleted only after
 * the bus has stored its event; a crash in between delivers it again, and the bus drops it by
 * its id, which is the message's. Runs on its own thread. With `dlq` set, a message that cannot
 * be encoded is left to the queue's dead-letter policy; without it, it is deleted and counted.
 * Expired credentials are read again. Does not do: FIFO order between batches. Source:
 * ../shared/spec/events.md 1.7 sqs.
 */
#include "clients/aws/sqs_client.h"
#include "events/sources/event_data.h"
#include "events/sources/source.h"
#include "formats/base64.h"

enum { SQS_WAIT_DEFAULT_S = 3, SQS_WAIT_MAX_S = 20, SQS_VISIBILITY_S = 120 };

struct sqs_state {
    struct sqs_client *client; /* owned */
    struct aws_keys keys;
    struct aws_credentials who; /* when no keys are given */
    struct str queue_url;
};

static int sqs_check(const struct json *spec, struct err *err)
{
    int64_t wait = 0;

    if (str_is_empty(json_get_str(spec, STR("region"))))
        return err_set(err, ERR_INVALID, "must specify region");
    if (str_is_empty(json_get_str(spec, STR("queue"))))
        return err_set(err, ERR_INVALID, "must specify queue name");
    if (json_i64(json_get(spec, STR("waitTimeSeconds")), &wait) &&
        (wait < 0 || wait > SQS_WAIT_MAX_S))
        return err_set(err, ERR_INVALID, "waitTimeSeconds: %lld is not within 0 and %d",
                       (long long) wait, SQS_WAIT_MAX_S);
    return 0;
}

static int read_key(struct source *src, const char *name, struct secret *ret, struct err *err)
{
    const struct json *selector = json_get(source_spec(src), str_from(name));

    return selector ? source_secret(src, selector, ret, err) : 0;
}

/* A role; else keys of the manifest's secrets; else those of the machine. */
static int read_keys(struct source *src, struct sqs_state *st, struct sqs_options *options,
                     struct err *err)
{
    const struct json *spec = source_spec(src);
    struct arena *a = source_arena(src);
    struct str role = json_get_str(spec, STR("roleARN"));
    bool has_access = json_get(spec, STR("accessKey")) != NULL;
    bool has_secret = json_get(spec, STR("secretKey")) != NULL;
    struct secret access = {0}, token = {0};
    int result = 0;

    if (!str_is_empty(role) || (!has_access && !has_secret)) {
        st->who = (struct aws_credentials){.role_arn = str_is_none(role) ? STR("") : role,
                                           .region = options->region};
        options->who = &st->who;
        return 0;
    }
    if (has_access != has_secret)
        return err_set(err, ERR_INVALID, "%s is given, %s is not: keys come in pairs",
                       has_access ? "accessKey" : "secretKey",
                       has_access ? "secretKey" : "accessKey");
    if (read_key(src, "accessKey", &access, err) < 0 ||
        read_key(src, "secretKey", &st->keys.secret_key, err) < 0 ||
        read_key(src, "sessionToken", &token, err) < 0)
        result = -1;
    st->keys.access_key = str_copy(a, secret_reveal(&access));
    st->keys.session_token = str_copy(a, secret_reveal(&token));
    secret_done(&access);
    secret_done(&token);
    return result;
}

static int sqs_open(struct source *src, struct err *err)
{
    const struct json *spec = source_spec(src);
    struct sqs_state *st = source_state(src);
    struct sqs_options options = {.region = json_get_str(spec, STR("region")),
                                  .endpoint = json_get_str(spec, STR("endpoint")),
                                  .cancel_fd = source_cancel(src)};

    if (read_keys(src, st, &options, err) < 0)
        return -1;
    options.keys = st->keys;
    st->client = sqs_client_new(&options);
    return sqs_queue_url(st->client, source_arena(src), json_get_str(spec, STR("queue")),
                         json_get_str(spec, STR("queueAccountId")), &st->queue_url, err);
}

static void sqs_close(struct source *src)
{
    struct sqs_state *st = source_state(src);

    sqs_client_free(st->client);
    secret_done(&st->keys.secret_key);
    st->client = NULL;
}

/* The event's data; ERR_INVALID when jsonBody is asked for and the body is none. Pure. */
int sqs_encode(struct arena *a, const struct json *spec, const struct sqs_message *msg,
               struct str *ret, struct err *err);
int sqs_encode(struct arena *a, const struct json *spec, const struct sqs_message *msg,
               struct str *ret, struct err *err)
{
    const struct json *metadata = json_get(spec, STR("metadata"));
    bool is_json = json_get_bool(spec, STR("jsonBody"));
    struct json_object_builder b = {0};
    struct json members;

    json_add(a, &b, STR("messageId"), json_string(msg->id));
    if (json_is(msg->attributes, JSON_OBJECT) && msg->attributes->count > 0)
        json_add(a, &b, STR("messageAttributes"), *msg->attributes);
    if (!is_json)
        json_add(a, &b, STR("body"), json_string(base64_encode(a, msg->body)));
    if (json_is(metadata, JSON_OBJECT))
        json_add(a, &b, STR("metadata"), *metadata);
    members = json_object(&b);
    if (event_data_print(a, STR("sqs"), &members, is_json ? msg->body : STR_NONE, ret, err) < 0)
        return err_wrap(err, "message " STR_FMT, STR_ARG(msg->id));
    return 0;
}

/* A message that cannot become an event: left to the dead-letter queue, or deleted with a word.
 */
static int drop_message(struct source *src, const struct sqs_message *msg,
                        const struct err *why, struct err *err)
{
    struct sqs_state *st = source_state(src);

    log_warn(source_log(src), "a message is no valid event", LOG_STR(MESSAGE_ID, msg->id),
             LOG_ERR(why));
    if (json_get_bool(source_spec(src), STR("dlq")))
        return 0;
    return sqs_delete(st->client, source_scratch(src), st->queue_url, msg->receipt, err);
}

/* The message's id without dashes: 32 hexadecimal digits, as upstream's event ids. */
static struct str event_id(struct arena *a, struct str message_id)
{
    char *text = arena_alloc_raw(a, message_id.len + 1);
    size_t used = 0;

    for (size_t i = 0; i < message_id.len; i++)
        if (message_id.ptr[i] != '-')
            text[used++] = message_id.ptr[i];
    return str_of(text, used);
}

static int64_t wait_seconds(const struct json *spec, uint64_t max_wait_ms)
{
    int64_t wait = 0, most = (int64_t) (max_wait_ms / 1000);

    if (!json_i64(json_get(spec, STR("waitTimeSeconds")), &wait) || wait == 0)
        wait = SQS_WAIT_DEFAULT_S;
    return wait < most ? wait : most;
}

/* Receives one batch and hands each message on; deletion waits for settle. */
static int sqs_poll(struct source *src, uint64_t max_wait_ms, struct err *err)
{
    const struct json *spec = source_spec(src);
    struct sqs_state *st = source_state(src);
    struct arena *scratch = source_scratch(src);
    struct sqs_batch batch;

    if (sqs_receive(st->client, scratch, st->queue_url, wait_seconds(spec, max_wait_ms),
                    SQS_VISIBILITY_S, &batch, err) < 0)
        return err_wrap(err, "receive from " STR_FMT, STR_ARG(st->queue_url));

    for (size_t i = 0; i < batch.len; i++) {
        const struct sqs_message *msg = &batch.at[i];
        struct delivery event = {
            .id = event_id(scratch, msg->id), .receipt = msg->receipt, .is_json = true};
        struct err why;

        if (sqs_encode(scratch, spec, msg, &event.payload, &why) < 0) {
            if (drop_message(src, msg, &why, err) < 0)
                return -1;
            continue;
        }
        if (source_deliver(src, &event, err) < 0)
            return err_wrap(err, "deliver message " STR_FMT, STR_ARG(msg->id));
    }
    return 0;
}

static int sqs_settle(struct source *src, const struct delivery *d, bool is_stored,
                      struct err *err)
{
    struct sqs_state *st = source_state(src);

    if (!is_stored)
        return 0; /* it reappears after its visibility timeout */
    return sqs_delete(st->client, source_scratch(src), st->queue_url, d->receipt, err);
}

static const struct event_source_ops sqs_ops = {
    .check = sqs_check,
    .open = sqs_open,
    .poll = sqs_poll,
    .settle = sqs_settle,
    .close = sqs_close,
};

extern const struct event_source_driver sqs_source;
const struct event_source_driver sqs_source = {
    .kind = "sqs",
    .summary = "Receives messages of an Amazon SQS queue.",
    .model = SOURCE_ON_THREAD,
    .state_size = sizeof(struct sqs_state),
    .ops = &sqs_ops,
};
