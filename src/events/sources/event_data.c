/*
 * What the data of each kind's events looks like: Go's structs with their tags, as rows. See
 * event_data.h.
 */
#include "events/sources/event_data.h"

#include "formats/jsonraw.h"

enum form {
    AS_IS,
    SORTED, /* a Go map */
    OBJECT, /* a struct by the row's rows */
    LIST,   /* of such structs */
    MAP,    /* of such structs, sorted */
};

struct data_row {
    const char *name;
    const char *zero; /* what stands for an absent value; NULL: an empty one is left out */
    const struct data_row *rows;
    enum form form;
};

#define TEXT(name)                \
    {                             \
        name, "\"\"", NULL, AS_IS \
    }
#define WHOLE(name)            \
    {                          \
        name, "0", NULL, AS_IS \
    }
#define FLAG(name)                 \
    {                              \
        name, "false", NULL, AS_IS \
    }
#define ANY(name)                 \
    {                             \
        name, "null", NULL, AS_IS \
    }
#define TIME(name)                                    \
    {                                                 \
        name, "\"0001-01-01T00:00:00Z\"", NULL, AS_IS \
    }
#define NAMES(name)                \
    {                              \
        name, "null", NULL, SORTED \
    }
#define MAYBE(name)             \
    {                           \
        name, NULL, NULL, AS_IS \
    }
#define MAYBE_NAMES(name)        \
    {                            \
        name, NULL, NULL, SORTED \
    }
#define PART(name, rows)         \
    {                            \
        name, "{}", rows, OBJECT \
    }
#define POINTER(name, rows)        \
    {                              \
        name, "null", rows, OBJECT \
    }
#define PARTS(name, rows)        \
    {                            \
        name, "null", rows, LIST \
    }
#define METADATA                       \
    {                                  \
        "metadata", NULL, NULL, SORTED \
    }
#define END \
    {       \
        0   \
    }

static const struct data_row amqp_rows[] = {TEXT("contentType"),
                                            TEXT("contentEncoding"),
                                            WHOLE("deliveryMode"),
                                            WHOLE("priority"),
                                            TEXT("correlationId"),
                                            TEXT("replyTo"),
                                            TEXT("expiration"),
                                            TEXT("messageId"),
                                            TEXT("timestamp"),
                                            TEXT("type"),
                                            TEXT("appId"),
                                            TEXT("exchange"),
                                            TEXT("routingKey"),
                                            ANY("body"),
                                            METADATA,
                                            END};
static const struct data_row azure_events_hub_rows[] = {TEXT("id"), TEXT("partitionKey"),
                                                        ANY("body"), METADATA, END};
static const struct data_row azure_queue_storage_rows[] = {
    ANY("body"), TEXT("messageID"), TIME("insertionTime"), METADATA, END};
static const struct data_row azure_service_bus_rows[] = {NAMES("applicationProperties"),
                                                         ANY("body"),
                                                         ANY("contentType"),
                                                         ANY("correlationID"),
                                                         ANY("enqueuedTime"),
                                                         TEXT("messageID"),
                                                         ANY("replyTo"),
                                                         ANY("sequenceNumber"),
                                                         ANY("subject"),
                                                         METADATA,
                                                         END};
static const struct data_row headers_rows[] = {NAMES("headers"), ANY("body"), METADATA, END};
static const struct data_row header_rows[] = {NAMES("header"), ANY("body"), METADATA, END};
static const struct data_row calendar_rows[] = {TEXT("eventTime"), METADATA, END};
static const struct data_row emitter_rows[] = {TEXT("topic"), ANY("body"), METADATA, END};
static const struct data_row generic_rows[] = {ANY("body"), METADATA, END};
static const struct data_row kafka_rows[] = {
    TEXT("topic"),     TEXT("key"),      WHOLE("partition"), ANY("body"),
    TEXT("timestamp"), NAMES("headers"), METADATA,           END};
static const struct data_row identity_rows[] = {TEXT("principalId"), END};
static const struct data_row bucket_rows[] = {
    TEXT("name"), PART("ownerIdentity", identity_rows), TEXT("arn"), END};
static const struct data_row minio_object_rows[] = {TEXT("key"),
                                                    MAYBE("size"),
                                                    MAYBE("eTag"),
                                                    MAYBE("contentType"),
                                                    MAYBE_NAMES("userMetadata"),
                                                    MAYBE("versionId"),
                                                    TEXT("sequencer"),
                                                    END};
static const struct data_row minio_s3_rows[] = {
    TEXT("s3SchemaVersion"), TEXT("configurationId"), PART("bucket", bucket_rows),
    PART("object", minio_object_rows), END};
static const struct data_row minio_source_rows[] = {TEXT("host"), TEXT("port"),
                                                    TEXT("userAgent"), END};
static const struct data_row minio_event_rows[] = {TEXT("eventVersion"),
                                                   TEXT("eventSource"),
                                                   TEXT("awsRegion"),
                                                   TEXT("eventTime"),
                                                   TEXT("eventName"),
                                                   PART("userIdentity", identity_rows),
                                                   NAMES("requestParameters"),
                                                   NAMES("responseElements"),
                                                   PART("s3", minio_s3_rows),
                                                   PART("source", minio_source_rows),
                                                   END};
static const struct data_row minio_rows[] = {PARTS("notification", minio_event_rows), METADATA,
                                             END};
static const struct data_row mns_rows[] = {TEXT("messageId"), ANY("body"), METADATA, END};
static const struct data_row mqtt_rows[] = {TEXT("topic"), WHOLE("messageId"), ANY("body"),
                                            METADATA, END};
static const struct data_row nats_rows[] = {TEXT("subject"), ANY("body"), MAYBE_NAMES("header"),
                                            METADATA, END};
static const struct data_row nsq_rows[] = {ANY("body"), TEXT("timestamp"), TEXT("nsqdAddress"),
                                           METADATA, END};
static const struct data_row pubsub_rows[] = {
    TEXT("id"), ANY("body"), NAMES("attributes"), TEXT("publishTime"), METADATA, END};
static const struct data_row pulsar_rows[] = {TEXT("key"), TEXT("publishTime"), ANY("body"),
                                              METADATA, END};
static const struct data_row redis_rows[] = {TEXT("channel"), TEXT("pattern"), ANY("body"),
                                             METADATA, END};
static const struct data_row redis_stream_rows[] = {TEXT("stream"), TEXT("message_id"),
                                                    NAMES("values"), METADATA, END};
static const struct data_row resource_rows[] = {
    TEXT("type"),    ANY("body"),      ANY("oldBody"), TEXT("group"),
    TEXT("version"), TEXT("resource"), METADATA,       END};
static const struct data_row attribute_rows[] = {
    ANY("BinaryListValues"), ANY("BinaryValue"), ANY("DataType"),
    ANY("StringListValues"), ANY("StringValue"), END};
static const struct data_row sqs_rows[] = {TEXT("messageId"),
                                           {"messageAttributes", "null", attribute_rows, MAP},
                                           ANY("body"),
                                           METADATA,
                                           END};
static const struct data_row grid_parameters_rows[] = {TEXT("sourceIPAddress"), END};
static const struct data_row grid_response_rows[] = {TEXT("x-amz-request-id"), END};
static const struct data_row grid_object_rows[] = {TEXT("key"), WHOLE("size"), TEXT("eTag"),
                                                   TEXT("sequencer"), END};
static const struct data_row grid_s3_rows[] = {TEXT("s3SchemaVersion"), TEXT("configurationId"),
                                               PART("bucket", bucket_rows),
                                               PART("object", grid_object_rows), END};
static const struct data_row grid_record_rows[] = {
    TEXT("eventVersion"),
    TEXT("storageGridEventSource"),
    TIME("eventTime"),
    TEXT("eventName"),
    PART("userIdentity", identity_rows),
    PART("requestParameters", grid_parameters_rows),
    PART("responseElements", grid_response_rows),
    PART("s3", grid_s3_rows),
    END};
static const struct data_row grid_message_rows[] = {PARTS("Records", grid_record_rows), END};
static const struct data_row grid_notification_rows[] = {
    TEXT("Action"), PART("Message", grid_message_rows), TEXT("TopicArn"), TEXT("Version"), END};
static const struct data_row grid_rows[] = {POINTER("notification", grid_notification_rows),
                                            METADATA, END};
static const struct data_row stripe_data_rows[] = {NAMES("previous_attributes"), ANY("object"),
                                                   END};
static const struct data_row stripe_event_rows[] = {
    TEXT("account"), WHOLE("created"), POINTER("data", stripe_data_rows),
    TEXT("id"),      FLAG("livemode"), WHOLE("pending_webhooks"),
    ANY("request"),  TEXT("type"),     END};
static const struct data_row stripe_rows[] = {POINTER("event", stripe_event_rows), METADATA,
                                              END};

static const struct {
    const char *kind;
    const struct data_row *rows;
} kinds[] = {
    {"amqp", amqp_rows},
    {"azureEventsHub", azure_events_hub_rows},
    {"azureQueueStorage", azure_queue_storage_rows},
    {"azureServiceBus", azure_service_bus_rows},
    {"bitbucket", headers_rows},
    {"bitbucketserver", headers_rows},
    {"calendar", calendar_rows},
    {"emitter", emitter_rows},
    {"generic", generic_rows},
    {"gerrit", headers_rows},
    {"github", headers_rows},
    {"gitlab", headers_rows},
    {"kafka", kafka_rows},
    {"minio", minio_rows},
    {"mns", mns_rows},
    {"mqtt", mqtt_rows},
    {"nats", nats_rows},
    {"nsq", nsq_rows},
    {"pubsub", pubsub_rows},
    {"pulsar", pulsar_rows},
    {"redis", redis_rows},
    {"redisStream", redis_stream_rows},
    {"resource", resource_rows},
    {"sns", header_rows},
    {"sqs", sqs_rows},
    {"storagegrid", grid_rows},
    {"stripe", stripe_rows},
    {"webhook", header_rows},
};

static bool is_empty(const struct json *v)
{
    switch (v ? (enum json_type) v->type : JSON_NULL) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return !v->is_true;
    case JSON_NUMBER:
        return str_is(json_number(v), "0");
    case JSON_STRING:
    case JSON_ARRAY:
    case JSON_OBJECT:
        return v->count == 0;
    }
    return false;
}

static void print_rows(struct strbuf *b, const struct data_row *rows, const struct json *v,
                       struct str raw);

static void print_list(struct strbuf *b, const struct data_row *rows, const struct json *v)
{
    strbuf_addc(b, '[');
    for (uint32_t i = 0; i < v->count; i++) {
        if (i > 0)
            strbuf_addc(b, ',');
        print_rows(b, rows, &v->items[i], STR_NONE);
    }
    strbuf_addc(b, ']');
}

/* Members in the order of their names; few, so that each looks for the next. */
static void print_map(struct strbuf *b, const struct data_row *rows, const struct json *v)
{
    const struct json_member *last = NULL;

    strbuf_addc(b, '{');
    for (uint32_t done = 0; done < v->count; done++) {
        const struct json_member *next = NULL;

        for (uint32_t i = 0; i < v->count; i++)
            if ((!last || str_cmp(v->members[i].key, last->key) > 0) &&
                (!next || str_cmp(v->members[i].key, next->key) < 0))
                next = &v->members[i];
        if (!next)
            break; /* names that are given twice */
        if (last)
            strbuf_addc(b, ',');
        json_print_string(b, next->key, JSON_ESCAPE_HTML);
        strbuf_addc(b, ':');
        print_rows(b, rows, &next->value, STR_NONE);
        last = next;
    }
    strbuf_addc(b, '}');
}

static void print_member(struct strbuf *b, const struct data_row *row, const struct json *v)
{
    const struct json none = {.type = JSON_OBJECT};

    if (!v || v->type == JSON_NULL) {
        if (row->form == OBJECT && row->zero[0] == '{')
            print_rows(b, row->rows, &none, STR_NONE);
        else
            strbuf_addz(b, row->zero);
    } else if (row->form == OBJECT) {
        print_rows(b, row->rows, v, STR_NONE);
    } else if (row->form == LIST && v->type == JSON_ARRAY) {
        print_list(b, row->rows, v);
    } else if (row->form == MAP && v->type == JSON_OBJECT) {
        print_map(b, row->rows, v);
    } else {
        json_print(b, v,
                   row->form == SORTED ? JSON_ESCAPE_HTML | JSON_SORT_KEYS : JSON_ESCAPE_HTML);
    }
}

static void print_rows(struct strbuf *b, const struct data_row *rows, const struct json *v,
                       struct str raw)
{
    bool is_first = true;

    strbuf_addc(b, '{');
    for (const struct data_row *row = rows; row->name; row++) {
        const struct json *member = json_get(v, str_from(row->name));

        if (!row->zero && is_empty(member))
            continue;
        strbuf_addf(b, "%s\"%s\":", is_first ? "" : ",", row->name);
        is_first = false;
        if (!str_is_none(raw) && strcmp(row->name, "body") == 0)
            json_raw_compact(b, raw);
        else
            print_member(b, row, member);
    }
    strbuf_addc(b, '}');
}

int event_data_print(struct arena *a, struct str kind, const struct json *members,
                     struct str raw, struct str *ret, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(SIZE_MAX / 2);
    struct json checked;

    if (!str_is_none(raw) && json_parse(a, raw, &checked, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!str_is(kind, kinds[i].kind))
            continue;
        print_rows(&b, kinds[i].rows, members, raw);
        *ret = str_copy(a, strbuf_str(&b));
        return 0;
    }
    return err_set(err, ERR_NOT_FOUND, "no data of events of kind " STR_FMT, STR_ARG(kind));
}
