/*
 * objects/shapes_eventsource_message.c - sources that take messages from queues and topics.
 * Immutable tables; any thread. What such a source must have is said by objects/validate, in
 * the original's words. Source: ../shared/spec/events.md 1.7, appendix A.1.
 */
#include "objects/shapes_events.h"

static const struct field amqp_exchange_declare_config_rows[] = {
    FLAG("durable", "Whether it outlives a restart of the server."),
    FLAG("autoDelete", "Whether it is deleted when nobody uses it."),
    FLAG("internal", "Whether clients cannot publish to it."),
    FLAG("noWait", "Whether the answer of the server is not waited for."),
    {0},
};
LOCAL_SHAPE(amqp_exchange_declare_config, "AMQPExchangeDeclareConfig",
            "How an AMQP exchange is declared.");

static const struct field amqp_queue_declare_config_rows[] = {
    TEXT("name", "Its name."),
    FLAG("durable", "Whether it outlives a restart of the server."),
    FLAG("autoDelete", "Whether it is deleted when nobody uses it."),
    FLAG("exclusive", "Whether nobody else may use it."),
    FLAG("noWait", "Whether the answer of the server is not waited for."),
    TEXT("arguments", "Further arguments, as YAML text."),
    {0},
};
LOCAL_SHAPE(amqp_queue_declare_config, "AMQPQueueDeclareConfig",
            "How an AMQP queue is declared.");

static const struct field amqp_queue_bind_config_rows[] = {
    FLAG("noWait", "Whether the answer of the server is not waited for."),
    {0},
};
LOCAL_SHAPE(amqp_queue_bind_config, "AMQPQueueBindConfig",
            "How an AMQP queue is bound to its exchange.");

static const struct field amqp_consume_config_rows[] = {
    TEXT("consumerTag", "Name of the consumer."),
    FLAG("autoAck", "Whether messages count as received when they are sent."),
    FLAG("exclusive", "Whether nobody else may use it."),
    FLAG("noLocal", "Whether own messages are not received."),
    FLAG("noWait", "Whether the answer of the server is not waited for."),
    {0},
};
LOCAL_SHAPE(amqp_consume_config, "AMQPConsumeConfig",
            "How messages of an AMQP queue are consumed.");

static const struct field amqp_event_source_rows[] = {
    TEXT("url", "Address of the server."),
    TEXT("exchangeName", "Name of the exchange."),
    TEXT("exchangeType", "Type of the exchange: fanout, direct, topic or headers."),
    TEXT("routingKey", "Key by which the queue is bound."),
    PART("connectionBackoff", event_backoff, "How the connection is tried again."),
    FLAG("jsonBody", "Whether the body is JSON and becomes part of the data as it is."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("exchangeDeclare", amqp_exchange_declare_config, "How the exchange is declared."),
    PART("queueDeclare", amqp_queue_declare_config, "How the queue is declared."),
    PART("queueBind", amqp_queue_bind_config, "How the queue is bound."),
    PART("consume", amqp_consume_config, "How messages are consumed."),
    PART("auth", event_basic_auth, "How the client shows who it is."),
    PART("urlSecret", secret_key_selector, "Secret with the address of the server."),
    PART("filter", event_source_filter, "Which events are kept."),
    {0},
};
SHAPE(amqp_event_source, "AMQPEventSource", "Messages of an AMQP exchange.");

static const struct field awsmskiam_config_rows[] = {
    TEXT("region", "Region of the service."),
    {0},
};
LOCAL_SHAPE(awsmskiam_config, "AWSMSKIAMConfig", "Signs in to Amazon MSK with IAM.");

static const struct field kafka_event_source_rows[] = {
    TEXT("url", "Address of the server."),
    TEXT("partition", "Partition of the topic."),
    TEXT("topic", "Topic of the messages."),
    PART("connectionBackoff", event_backoff, "How the connection is tried again."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    FLAG("jsonBody", "Whether the body is JSON and becomes part of the data as it is."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("consumerGroup", event_kafka_consumer_group,
         "Group whose consumers share the messages."),
    WHOLE("limitEventsPerSecond", "Events that are taken in a second at most."),
    TEXT("version", "Version of the protocol."),
    PART("sasl", event_sasl_config, "How the client shows who it is."),
    PART("filter", event_source_filter, "Which events are kept."),
    TEXT("config", "Further settings, as YAML text."),
    PART("schemaRegistry", event_schema_registry_config,
         "Registry that holds the schema of messages."),
    PART("awsMskIamAuth", awsmskiam_config, "Signs in with IAM."),
    {0},
};
SHAPE(kafka_event_source, "KafkaEventSource", "Messages of a Kafka topic.");

static const struct field mqtt_event_source_rows[] = {
    TEXT("url", "Address of the server."),
    TEXT("topic", "Topic of the messages."),
    TEXT("clientId", "Id of the client."),
    PART("connectionBackoff", event_backoff, "How the connection is tried again."),
    FLAG("jsonBody", "Whether the body is JSON and becomes part of the data as it is."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("filter", event_source_filter, "Which events are kept."),
    PART("auth", event_basic_auth, "How the client shows who it is."),
    {0},
};
SHAPE(mqtt_event_source, "MQTTEventSource", "Messages of an MQTT topic.");

static const struct field nats_events_source_rows[] = {
    TEXT("url", "Address of the server."),
    TEXT("subject", "Subject of the messages."),
    PART("connectionBackoff", event_backoff, "How the connection is tried again."),
    FLAG("jsonBody", "Whether the body is JSON and becomes part of the data as it is."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("auth", event_nats_auth, "How the client shows who it is."),
    PART("filter", event_source_filter, "Which events are kept."),
    TEXT("queue", "Queue group whose members share the messages."),
    {0},
};
SHAPE(nats_events_source, "NATSEventsSource", "Messages of a NATS subject.");

static const struct field sqs_event_source_rows[] = {
    PART("accessKey", secret_key_selector, "Secret with the access key."),
    PART("secretKey", secret_key_selector, "Secret with the secret key."),
    TEXT("region", "Region of the service."),
    TEXT("queue", "Name of the queue."),
    WHOLE("waitTimeSeconds", "Seconds that a receive waits for messages, at most 20.",
          .fallback = "3"),
    TEXT("roleARN", "Role that is assumed for the access; keys are not looked at then."),
    FLAG("jsonBody", "Whether the body is JSON and becomes part of the data as it is."),
    TEXT("queueAccountId", "Account that owns the queue."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    FLAG(
        "dlq",
        "Whether a message that cannot be read is left to the dead-letter queue of its queue."),
    PART("filter", event_source_filter, "Which events are kept."),
    TEXT("endpoint", "Address of the service, when it is not the usual one."),
    PART("sessionToken", secret_key_selector, "Secret with the session token."),
    {0},
};
SHAPE(sqs_event_source, "SQSEventSource", "Messages of an Amazon SQS queue.");

static const struct field pub_sub_event_source_rows[] = {
    TEXT("projectID", "Id of the project."),
    TEXT("topicProjectID", "Project of the topic."),
    TEXT("topic", "Topic of the messages."),
    TEXT("subscriptionID", "Id of the subscription."),
    PART("credentialSecret", secret_key_selector, "Secret with the credentials."),
    FLAG("deleteSubscriptionOnFinish",
         "Whether the subscription is deleted when the source ends."),
    FLAG("jsonBody", "Whether the body is JSON and becomes part of the data as it is."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("filter", event_source_filter, "Which events are kept."),
    {0},
};
SHAPE(pub_sub_event_source, "PubSubEventSource", "Messages of a Google Cloud Pub/Sub topic.");

static const struct field azure_events_hub_event_source_rows[] = {
    TEXT("fqdn", "Host of the hub."),
    PART("sharedAccessKeyName", secret_key_selector, "Secret with the name of the key."),
    PART("sharedAccessKey", secret_key_selector, "Secret with the key."),
    TEXT("hubName", "Name of the hub."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("filter", event_source_filter, "Which events are kept."),
    {0},
};
SHAPE(azure_events_hub_event_source, "AzureEventsHubEventSource",
      "Events of an Azure Events Hub.");

static const struct field azure_service_bus_event_source_rows[] = {
    PART("connectionString", secret_key_selector, "Secret with the connection string."),
    TEXT("queueName", "Name of the queue."),
    TEXT("topicName", "Name of the topic."),
    TEXT("subscriptionName", "Name of the subscription."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    FLAG("jsonBody", "Whether the body is JSON and becomes part of the data as it is."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("filter", event_source_filter, "Which events are kept."),
    TEXT("fullyQualifiedNamespace", "Host of the bus, for identities without a secret."),
    FLAG("deferDelete", "Whether messages are deleted only after their events are stored."),
    {0},
};
SHAPE(azure_service_bus_event_source, "AzureServiceBusEventSource",
      "Messages of an Azure Service Bus.");

static const struct field azure_queue_storage_event_source_rows[] = {
    TEXT("storageAccountName", "Name of the storage account."),
    PART("connectionString", secret_key_selector, "Secret with the connection string."),
    TEXT("queueName", "Name of the queue."),
    FLAG("jsonBody", "Whether the body is JSON and becomes part of the data as it is."),
    FLAG(
        "dlq",
        "Whether a message that cannot be read is left to the dead-letter queue of its queue."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("filter", event_source_filter, "Which events are kept."),
    FLAG("decodeMessage", "Whether messages are base64."),
    WHOLE("waitTimeInSeconds", "Seconds between looks into an empty queue.", .min = INT32_MIN,
          .max = INT32_MAX),
    {0},
};
SHAPE(azure_queue_storage_event_source, "AzureQueueStorageEventSource",
      "Messages of an Azure storage queue.");

static const struct field emitter_event_source_rows[] = {
    TEXT("broker", "Address of the broker."),
    TEXT("channelKey", "Key of the channel."),
    TEXT("channelName", "Name of the channel."),
    PART("username", secret_key_selector, "Secret with the user name."),
    PART("password", secret_key_selector, "Secret with the password."),
    PART("connectionBackoff", event_backoff, "How the connection is tried again."),
    FLAG("jsonBody", "Whether the body is JSON and becomes part of the data as it is."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("filter", event_source_filter, "Which events are kept."),
    {0},
};
SHAPE(emitter_event_source, "EmitterEventSource", "Messages of an Emitter channel.");

static const struct field redis_event_source_rows[] = {
    TEXT("hostAddress", "Host and port of the server."),
    PART("password", secret_key_selector, "Secret with the password."),
    TEXT("namespace", "Namespace of the Secret."),
    WHOLE("db", "Number of the database.", .min = INT32_MIN, .max = INT32_MAX),
    TEXTS("channels", "Channels that are listened to."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("filter", event_source_filter, "Which events are kept."),
    FLAG("jsonBody", "Whether the body is JSON and becomes part of the data as it is."),
    TEXT("username", "User name."),
    {0},
};
SHAPE(redis_event_source, "RedisEventSource", "Messages published on Redis channels.");

static const struct field redis_stream_event_source_rows[] = {
    TEXT("hostAddress", "Host and port of the server."),
    PART("password", secret_key_selector, "Secret with the password."),
    WHOLE("db", "Number of the database.", .min = INT32_MIN, .max = INT32_MAX),
    TEXTS("streams", "Streams that are read."),
    WHOLE("maxMsgCountPerRead", "Entries that are read at once.", .min = INT32_MIN,
          .max = INT32_MAX),
    TEXT("consumerGroup", "Group whose consumers share the messages."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("filter", event_source_filter, "Which events are kept."),
    TEXT("username", "User name."),
    {0},
};
SHAPE(redis_stream_event_source, "RedisStreamEventSource", "Entries of Redis streams.");

static const struct field nsq_event_source_rows[] = {
    TEXT("hostAddress", "Host and port of the server."),
    TEXT("topic", "Topic of the messages."),
    TEXT("channel", "Channel of the messages."),
    PART("connectionBackoff", event_backoff, "How the connection is tried again."),
    FLAG("jsonBody", "Whether the body is JSON and becomes part of the data as it is."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("filter", event_source_filter, "Which events are kept."),
    {0},
};
SHAPE(nsq_event_source, "NSQEventSource", "Messages of an NSQ topic.");

static const struct field pulsar_event_source_rows[] = {
    TEXTS("topics", "Topics of the messages."),
    TEXT("type", "Kind of subscription: exclusive or shared."),
    TEXT("url", "Address of the server."),
    PART("tlsTrustCertsSecret", secret_key_selector,
         "Secret with the certificates that are trusted."),
    FLAG("tlsAllowInsecureConnection", "Whether certificates are not checked."),
    FLAG("tlsValidateHostname", "Whether the host name is checked."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    PART("connectionBackoff", event_backoff, "How the connection is tried again."),
    FLAG("jsonBody", "Whether the body is JSON and becomes part of the data as it is."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("authTokenSecret", secret_key_selector, "Secret with the token."),
    PART("filter", event_source_filter, "Which events are kept."),
    TEXT_BY_NAME("authAthenzParams", "Settings of Athenz."),
    PART("authAthenzSecret", secret_key_selector, "Secret with the key of Athenz."),
    {0},
};
SHAPE(pulsar_event_source, "PulsarEventSource", "Messages of Pulsar topics.");

static const struct field mns_event_source_rows[] = {
    PART("accessKey", secret_key_selector, "Secret with the access key."),
    PART("secretKey", secret_key_selector, "Secret with the secret key."),
    TEXT("queue", "Name of the queue."),
    FLAG("jsonBody", "Whether the body is JSON and becomes part of the data as it is."),
    TEXT("endpoint", "Address of the service, when it is not the usual one."),
    PART("filter", event_source_filter, "Which events are kept."),
    {0},
};
SHAPE(mns_event_source, "MNSEventSource", "Messages of an Alibaba Cloud MNS queue.");
