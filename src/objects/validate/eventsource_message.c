/*
 * objects/validate/eventsource_message.c - the rules of sources that take messages. Pure
 * functions, any thread. Source: ../shared/spec/events.md 1.7.
 */
#include "objects/validate/validate_internal.h"

static int check_tls_and_auth(const struct json *v, struct err *err)
{
    return validate_tls(v, err) < 0 ? -1 : validate_basic_auth(v, err);
}

static int check_amqp(const struct json *v, struct err *err)
{
    bool has_url = !validate_is_blank(v, "url"), has_secret = validate_has(v, "urlSecret");

    if (!has_url && !has_secret)
        return validate_fail(err, "either url or urlSecret must be specified");
    if (has_url && has_secret)
        return validate_fail(err, "only one of url or urlSecret can be specified");
    if (validate_is_blank(v, "routingKey"))
        return validate_fail(err, "routing key must be specified");
    if (validate_is_blank(v, "exchangeType"))
        return validate_fail(err, "exchange type must be specified");
    return check_tls_and_auth(v, err);
}

/* The result of TLS, and then of SASL, is the last word where they are given. */
static int check_kafka(const struct json *v, struct err *err)
{
    const struct json *iam = validate_get(v, "awsMskIamAuth");

    if (!validate_has(v, "consumerGroup") && validate_is_blank(v, "partition"))
        return validate_fail(err, "consumerGroup or partition must be specified");
    if (validate_has(v, "tls"))
        return validate_tls(v, err);
    if (validate_has(v, "sasl"))
        return validate_sasl(v, err);
    if (iam && validate_is_blank(iam, "region"))
        return validate_fail(err, "awsMskIamAuth.region must be specified");
    return 0;
}

static int check_nats(const struct json *v, struct err *err)
{
    if (validate_has(v, "queue") && validate_is_blank(v, "queue"))
        return validate_fail(err, "queue group cannot be empty if specified");
    return validate_tls(v, err);
}

static int check_pub_sub(const struct json *v, struct err *err)
{
    bool has_topic = !validate_is_blank(v, "topic");

    if (!validate_is_blank(v, "topicProjectID") && !has_topic)
        return validate_fail(err,
                             "you can't specify topicProjectID if you don't specify topic");
    if (!has_topic && validate_is_blank(v, "subscriptionID"))
        return validate_fail(err, "must specify topic or subscriptionID");
    return 0;
}

static int check_events_hub(const struct json *v, struct err *err)
{
    if (validate_has(v, "sharedAccessKey") != validate_has(v, "sharedAccessKeyName"))
        return validate_fail(err, "SharedAccessKey or SharedAccessKeyName is not specified. If "
                                  "one is set then both must be set");
    return 0;
}

static int check_service_bus(const struct json *v, struct err *err)
{
    bool has_queue = !validate_is_blank(v, "queueName"),
         has_topic = !validate_is_blank(v, "topicName"),
         has_subscription = !validate_is_blank(v, "subscriptionName");

    if (!validate_has(v, "connectionString") && validate_is_blank(v, "fullyQualifiedNamespace"))
        return validate_fail(err,
                             "ConnectionString or fullyQualifiedNamespace must be specified");
    if (!has_queue && !(has_topic && has_subscription))
        return validate_fail(err, "QueueName or TopicName/SubscriptionName must be specified");
    if (has_queue && (has_topic || has_subscription))
        return validate_fail(err, "QueueName and TopicName/SubscriptionName cannot be "
                                  "specified at the same time");
    return 0; /* nobody looks at its TLS */
}

static int check_queue_storage(const struct json *v, struct err *err)
{
    if (!validate_has(v, "connectionString") && validate_is_blank(v, "storageAccountName"))
        return validate_fail(err, "must specify connection string or storageAccountName");
    if (validate_is_blank(v, "queueName"))
        return validate_fail(err, "must specify queue name");
    return 0;
}

static int check_redis(const struct json *v, struct err *err)
{
    if (validate_has(v, "password") && validate_is_blank(v, "namespace"))
        return validate_fail(err, "namespace must be defined in order to retrieve the password "
                                  "from the secret");
    return validate_tls(v, err);
}

static int check_pulsar(const struct json *v, struct err *err)
{
    struct str type = validate_text(v, "type");

    if (!str_is(type, "exclusive") && !str_is(type, "shared"))
        return validate_fail(err, "subscription type must be either exclusive or shared");
    return 0; /* nobody looks at its TLS */
}

const struct validate_source *validate_message_sources(void)
{
    static const struct validate_need kafka[] = {
        {"url", "url must be specified"}, {"topic", "topic must be specified"}, {0}};
    static const struct validate_need mqtt[] = {{"url", "url must be specified"},
                                                {"topic", "topic must be specified"},
                                                {"clientId", "client id must be specified"},
                                                {0}};
    static const struct validate_need nats[] = {
        {"url", "url must be specified"}, {"subject", "subject must be specified"}, {0}};
    static const struct validate_need sqs[] = {
        {"region", "must specify region"}, {"queue", "must specify queue name"}, {0}};
    static const struct validate_need hub[] = {
        {"fqdn", "FQDN is not specified"}, {"hubName", "hub name/path is not specified"}, {0}};
    static const struct validate_need emitter[] = {
        {"broker", "broker url must be specified"},
        {"channelName", "channel name must be specified"},
        {"channelKey", "channel key secret selector must be specified"},
        {0}};
    static const struct validate_need redis[] = {
        {"hostAddress", "host address must be specified"},
        {"channels", "channel/s must be specified"},
        {0}};
    static const struct validate_need redis_stream[] = {
        {"hostAddress", "host address must be specified"},
        {"streams", "stream/streams must be specified"},
        {0}};
    static const struct validate_need nsq[] = {
        {"hostAddress", "host address must be specified"},
        {"topic", "topic must be specified"},
        {"channel", "channel must be specified"},
        {0}};
    static const struct validate_need pulsar[] = {
        {"topics", "topics can't be empty list"}, {"url", "url must be provided"}, {0}};
    static const struct validate_need mns[] = {
        {"queue", "must specify queue name"}, {"endpoint", "must specify a endpoint"}, {0}};
    static const struct validate_source all[] = {
        {"amqp", NULL, check_amqp, true},
        {"kafka", kafka, check_kafka, true},
        {"mqtt", mqtt, check_tls_and_auth, true},
        {"nats", nats, check_nats, true},
        {"sqs", sqs, NULL, false},
        {"pubSub", NULL, check_pub_sub, true},
        {"azureEventsHub", hub, check_events_hub, true},
        {"azureServiceBus", NULL, check_service_bus, true},
        {"azureQueueStorage", NULL, check_queue_storage, false},
        {"emitter", emitter, validate_tls, true},
        {"redis", redis, check_redis, true},
        {"redisStream", redis_stream, validate_tls, true},
        {"nsq", nsq, validate_tls, true},
        {"pulsar", pulsar, check_pulsar, true},
        {"mns", mns, NULL, false},
        {0},
    };

    return all;
}
