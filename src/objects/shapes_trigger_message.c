/*
 * objects/shapes_trigger_message.c - triggers that send something to another system. Immutable
 * tables; any thread. Of those not built yet the template's row refuses them. Source:
 * ../shared/spec/events.md 5.5 to 5.11, appendix A.3.
 */
#include "objects/shapes_events.h"

static const struct field http_trigger_rows[] = {
    TEXT("url", "Address of the server."),
    PARTS("payload", trigger_parameter, "Values of events that make up the body."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    TEXT("method", "HTTP method."),
    PARTS("parameters", trigger_parameter, "Values of events that are put into this trigger."),
    WHOLE("timeout", "Seconds that the request may take."),
    PART("basicAuth", event_basic_auth, "User name and password."),
    TEXT_BY_NAME("headers", "Headers of the request."),
    PARTS("secureHeaders", event_secure_header, "Headers with secret values."),
    PARTS("dynamicHeaders", trigger_parameter, "Headers with values of events."),
    TEXT("host", "Host header of the request."),
    {0},
};
SHAPE(http_trigger, "HTTPTrigger", "Sends an HTTP request.");

static const struct field aws_lambda_trigger_rows[] = {
    TEXT("functionName", "Name of the function."),
    PART("accessKey", secret_key_selector, "Secret with the access key."),
    PART("secretKey", secret_key_selector, "Secret with the secret key."),
    TEXT("region", "Region of the service."),
    PARTS("payload", trigger_parameter, "Values of events that make up the body."),
    PARTS("parameters", trigger_parameter, "Values of events that are put into this trigger."),
    TEXT("invocationType", "RequestResponse, Event or DryRun."),
    TEXT("roleARN", "Role that is assumed for the access."),
    {0},
};
SHAPE(aws_lambda_trigger, "AWSLambdaTrigger", "Calls an AWS Lambda function.");

static const struct field azure_event_hubs_trigger_rows[] = {
    TEXT("fqdn", "Host of the hub."),
    TEXT("hubName", "Name of the hub."),
    PART("sharedAccessKeyName", secret_key_selector, "Secret with the name of the key."),
    PART("sharedAccessKey", secret_key_selector, "Secret with the key."),
    PARTS("payload", trigger_parameter, "Values of events that make up the body."),
    PARTS("parameters", trigger_parameter, "Values of events that are put into this trigger."),
    {0},
};
SHAPE(azure_event_hubs_trigger, "AzureEventHubsTrigger",
      "Sends an event to an Azure Event Hub.");

static const struct field azure_service_bus_trigger_rows[] = {
    PART("connectionString", secret_key_selector, "Secret with the connection string."),
    TEXT("queueName", "Name of the queue."),
    TEXT("topicName", "Name of the topic."),
    TEXT("subscriptionName", "Name of the subscription."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    PARTS("payload", trigger_parameter, "Values of events that make up the body."),
    PARTS("parameters", trigger_parameter, "Values of events that are put into this trigger."),
    {0},
};
SHAPE(azure_service_bus_trigger, "AzureServiceBusTrigger",
      "Sends a message to an Azure Service Bus.");

static const struct field kafka_trigger_rows[] = {
    TEXT("url", "Address of the server."),
    TEXT("topic", "Topic of the messages."),
    WHOLE("partition", "Partition of the topic.", .min = INT32_MIN, .max = INT32_MAX),
    PARTS("parameters", trigger_parameter, "Values of events that are put into this trigger."),
    WHOLE("requiredAcks", "Brokers that must confirm: 0 none, 1 the leader, -1 all.",
          .min = INT32_MIN, .max = INT32_MAX),
    FLAG("compress", "Whether messages are compressed."),
    WHOLE("flushFrequency", "Milliseconds between batches.", .min = INT32_MIN,
          .max = INT32_MAX),
    PART("tls", event_tls_config, "Certificates of the connection."),
    PARTS("payload", trigger_parameter, "Values of events that make up the body."),
    TEXT("partitioningKey", "Key that chooses the partition."),
    TEXT("version", "Version of the protocol."),
    PART("sasl", event_sasl_config, "How the client shows who it is."),
    PART("schemaRegistry", event_schema_registry_config,
         "Registry that holds the schema of messages."),
    TEXT_BY_NAME("headers", "Headers of the request."),
    PARTS("secureHeaders", event_secure_header, "Headers with secret values."),
    {0},
};
SHAPE(kafka_trigger, "KafkaTrigger", "Sends a message to a Kafka topic.");

static const struct field pulsar_trigger_rows[] = {
    TEXT("url", "Address of the server."),
    TEXT("topic", "Topic of the messages."),
    PARTS("parameters", trigger_parameter, "Values of events that are put into this trigger."),
    PARTS("payload", trigger_parameter, "Values of events that make up the body."),
    PART("tlsTrustCertsSecret", secret_key_selector,
         "Secret with the certificates that are trusted."),
    FLAG("tlsAllowInsecureConnection", "Whether certificates are not checked."),
    FLAG("tlsValidateHostname", "Whether the host name is checked."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    PART("authTokenSecret", secret_key_selector, "Secret with the token."),
    PART("connectionBackoff", event_backoff, "How the connection is tried again."),
    TEXT_BY_NAME("authAthenzParams", "Settings of Athenz."),
    PART("authAthenzSecret", secret_key_selector, "Secret with the key of Athenz."),
    {0},
};
SHAPE(pulsar_trigger, "PulsarTrigger", "Sends a message to a Pulsar topic.");

static const struct field nats_trigger_rows[] = {
    TEXT("url", "Address of the server."),
    TEXT("subject", "Subject of the messages."),
    PARTS("payload", trigger_parameter, "Values of events that make up the body."),
    PARTS("parameters", trigger_parameter, "Values of events that are put into this trigger."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    PART("auth", event_nats_auth, "How the client shows who it is."),
    {0},
};
SHAPE(nats_trigger, "NATSTrigger", "Sends a message to a NATS subject.");

static const struct field custom_trigger_rows[] = {
    TEXT("serverURL", "Address of the server."),
    FLAG("secure", "Whether the connection is encrypted."),
    PART("certSecret", secret_key_selector, "Secret with the certificate of the server."),
    TEXT("serverNameOverride", "Name that the certificate must have."),
    TEXT_BY_NAME("spec", "Settings that the server gets."),
    PARTS("parameters", trigger_parameter, "Values of events that are put into this trigger."),
    PARTS("payload", trigger_parameter, "Values of events that make up the body."),
    {0},
};
SHAPE(custom_trigger, "CustomTrigger", "Calls a trigger that somebody else serves over gRPC.");

static const struct field email_trigger_rows[] = {
    PARTS("parameters", trigger_parameter, "Values of events that are put into this trigger."),
    TEXT("username", "User name at the server."),
    PART("smtpPassword", secret_key_selector, "Secret with the password."),
    TEXT("host", "Host of the server."),
    WHOLE("port", "Port of the server.", .min = INT32_MIN, .max = INT32_MAX),
    TEXTS("to", "Addresses of the receivers."),
    TEXT("from", "Address of the sender."),
    TEXT("subject", "Subject of the mail."),
    TEXT("body", "Text of the mail."),
    {0},
};
SHAPE(email_trigger, "EmailTrigger", "Sends a mail.");

static const struct field slack_thread_rows[] = {
    TEXT("messageAggregationKey", "Messages with the same key go into one thread."),
    FLAG("broadcastMessageToChannel",
         "Whether answers in a thread are shown in the channel, too."),
    {0},
};
LOCAL_SHAPE(slack_thread, "SlackThread", "How messages are gathered in threads.");

static const struct field slack_sender_rows[] = {
    TEXT("username", "Name of the sender."),
    TEXT("icon", "Picture of the sender."),
    {0},
};
LOCAL_SHAPE(slack_sender, "SlackSender", "As whom a message appears in Slack.");

static const struct field slack_trigger_rows[] = {
    PARTS("parameters", trigger_parameter, "Values of events that are put into this trigger."),
    PART("slackToken", secret_key_selector, "Secret with the token."),
    TEXT("channel", "Channel of the message."),
    TEXT("message", "Text of the message."),
    TEXT("attachments", "Attachments, as JSON text."),
    TEXT("blocks", "Blocks, as JSON text."),
    PART("thread", slack_thread, "How messages are gathered in threads."),
    PART("sender", slack_sender, "As whom the message appears."),
    {0},
};
SHAPE(slack_trigger, "SlackTrigger", "Sends a message to Slack.");

static const struct field open_whisk_trigger_rows[] = {
    TEXT("host", "Host of the server."),
    TEXT("version", "Version of the protocol."),
    TEXT("namespace", "Its namespace."),
    PART("authToken", secret_key_selector, "Secret with the token for the API."),
    TEXT("actionName", "Name of the action."),
    PARTS("payload", trigger_parameter, "Values of events that make up the body."),
    PARTS("parameters", trigger_parameter, "Values of events that are put into this trigger."),
    {0},
};
SHAPE(open_whisk_trigger, "OpenWhiskTrigger", "Calls an OpenWhisk action.");
