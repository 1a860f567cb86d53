/*
 * objects/shapes_event_common.c - what the kinds of Argo Events share: connections and their
 * secrets, retries, webhooks, buckets, and the pods of event sources and sensors. Immutable
 * tables; any thread. Source: ../shared/spec/events.md 0.2, 0.3, 1.6, appendix A.
 */
#include "objects/shapes_events.h"

static const struct field event_backoff_rows[] = {
    INTSTR("duration", "First pause: nanoseconds as a number, or a duration.",
           .fallback = "1s"),
    ROW("factor", FIELD_NUMBER, "By how much each pause is longer than the one before.",
        .fallback = "1.0"),
    ROW("jitter", FIELD_NUMBER, "Random part of a pause, in pauses.", .fallback = "1"),
    WHOLE("steps", "How often it is tried at most.", .min = INT32_MIN, .max = INT32_MAX,
          .fallback = "5"),
    {0},
};
SHAPE(event_backoff, "Backoff",
      "How often something is tried again, and how long the pauses are.");

static const struct field event_basic_auth_rows[] = {
    PART("username", secret_key_selector, "Secret with the user name."),
    PART("password", secret_key_selector, "Secret with the password."),
    {0},
};
SHAPE(event_basic_auth, "BasicAuth", "User name and password, from Secrets.");

static const struct field event_nats_auth_rows[] = {
    PART("basic", event_basic_auth, "User name and password."),
    PART("token", secret_key_selector, "Secret with the token."),
    PART("nkey", secret_key_selector, "Secret with the NKey."),
    PART("credential", secret_key_selector, "Secret with the credentials file."),
    {0},
};
SHAPE(event_nats_auth, "NATSAuth",
      "How a client shows a NATS server who it is; the first that is set counts.");

static const struct field event_tls_config_rows[] = {
    PART("caCertSecret", secret_key_selector, "Secret with the certificate of the authority."),
    PART("clientCertSecret", secret_key_selector, "Secret with the certificate of the client."),
    PART("clientKeySecret", secret_key_selector, "Secret with the key of the client."),
    FLAG("insecureSkipVerify", "Whether the certificate of the server is not checked."),
    FLAG("enabled", "Whether TLS is used although no certificate is given."),
    {0},
};
SHAPE(event_tls_config, "TLSConfig", "Certificates of a connection.");

static const struct field event_sasl_config_rows[] = {
    TEXT("mechanism", "OAUTHBEARER, PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or GSSAPI."),
    PART("userSecret", secret_key_selector, "Secret with the user name."),
    PART("passwordSecret", secret_key_selector, "Secret with the password."),
    {0},
};
SHAPE(event_sasl_config, "SASLConfig", "How a client shows a Kafka broker who it is.");

static const struct field event_schema_registry_config_rows[] = {
    TEXT("url", "Address of the server."),
    WHOLE("schemaId", "Number of the schema.", .min = INT32_MIN, .max = INT32_MAX),
    PART("auth", event_basic_auth, "How the client shows who it is."),
    {0},
};
SHAPE(event_schema_registry_config, "SchemaRegistryConfig",
      "Registry that holds the schemas of messages.");

static const struct field event_kafka_consumer_group_rows[] = {
    TEXT("groupName", "Name of the group."),
    FLAG("oldest", "Whether to begin with the oldest message."),
    TEXT("rebalanceStrategy", "How partitions are shared: range, sticky or roundrobin."),
    {0},
};
SHAPE(event_kafka_consumer_group, "KafkaConsumerGroup",
      "Consumers that share the messages of a topic.");

static const struct field event_source_filter_rows[] = {
    TEXT("expression", "Expression over the data that must be true."),
    {0},
};
SHAPE(event_source_filter, "EventSourceFilter", "Which events of a source are kept.");

static const struct field event_context_rows[] = {
    TEXT("id", "Id of the event."),
    TEXT("source", "Name of the event source."),
    TEXT("specversion", "Version of CloudEvents."),
    TEXT("type", "Kind of the source."),
    TEXT("datacontenttype", "Media type of the data."),
    TEXT("subject", "Name of the event in its source."),
    TIME("time", "When the event came in."),
    {0},
};
SHAPE(event_context, "EventContext", "Attributes of an event, without its data.");

static const struct field event_webhook_context_rows[] = {
    TEXT("endpoint", "Path of the requests, beginning with a slash."),
    TEXT("method", "HTTP method."),
    TEXT("port", "Port to listen on."),
    TEXT("url", "Address under which others reach the port; it is told to those who call.",
         .flags = FIELD_NO_OP),
    PART("serverCertSecret", secret_key_selector, "Secret with the certificate of the server.",
         .flags = FIELD_UNSUPPORTED),
    PART("serverKeySecret", secret_key_selector, "Secret with the key of the server.",
         .flags = FIELD_UNSUPPORTED),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("authSecret", secret_key_selector, "Secret with the token that requests must bear."),
    WHOLE("maxPayloadSize", "Bytes that a request may have.", .fallback = "1048576"),
    {0},
};
SHAPE(event_webhook_context, "WebhookContext", "Where a source listens for HTTP requests.");

static const struct field event_watch_path_config_rows[] = {
    TEXT("directory", "Folder that is watched."),
    TEXT("path", "Path of the file, from the folder."),
    TEXT("pathRegexp", "Pattern that the path must match."),
    {0},
};
SHAPE(event_watch_path_config, "WatchPathConfig", "Which files are watched.");

static const struct field s3_bucket_rows[] = {
    TEXT("key", "Key in the bucket."),
    TEXT("name", "Name of the bucket."),
    {0},
};
LOCAL_SHAPE(s3_bucket, "S3Bucket", "A bucket and a key in it.");

static const struct field s3_filter_rows[] = {
    TEXT("prefix", "How names begin."),
    TEXT("suffix", "How names end."),
    {0},
};
LOCAL_SHAPE(s3_filter, "S3Filter", "Which keys of a bucket are meant.");

static const struct field event_s3_artifact_rows[] = {
    TEXT("endpoint", "Host and port of the server."),
    PART("bucket", s3_bucket, "Bucket that is meant."),
    TEXT("region", "Region of the service."),
    FLAG("insecure", "Whether the connection is not encrypted."),
    PART("accessKey", secret_key_selector, "Secret with the access key."),
    PART("secretKey", secret_key_selector, "Secret with the secret key."),
    TEXTS("events", "Kinds of events that are asked for."),
    PART("filter", s3_filter, "Which events are kept."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("caCertificate", secret_key_selector, "Secret with the certificate of the authority."),
    {0},
};
SHAPE(event_s3_artifact, "S3Artifact", "A bucket on an S3 server.");

static const struct field event_github_app_creds_rows[] = {
    PART("privateKey", secret_key_selector, "Secret with the key of the App."),
    WHOLE("appID", "Number of the App."),
    WHOLE("installationID", "Number of the installation."),
    {0},
};
SHAPE(event_github_app_creds, "GithubAppCreds", "A GitHub App as whom to act.");

static const struct field event_container_rows[] = {
    PART("resources", resource_requirements, "What the container needs and may use."),
    TEXT("imagePullPolicy", "When the image is fetched."),
    PART("securityContext", security_context, "Rights of the container."),
    PARTS("volumeMounts", volume_mount, "Volumes in the container."),
    PARTS("env", env_var, "Variables of the environment."),
    PARTS("envFrom", env_from_source, "Sets of variables."),
    {0},
};
LOCAL_SHAPE(event_container, "Container",
            "What is added to the container of an event source or sensor.");

static const struct field event_template_rows[] = {
    PART("metadata", metadata, "Labels and annotations to give."),
    TEXT("serviceAccountName", "As whom the pod acts."),
    PART("container", event_container, "What is added to the container."),
    PARTS("volumes", volume, "Volumes of the pod."),
    PART("securityContext", pod_security_context, "Rights of the pod."),
    TEXT_BY_NAME("nodeSelector", "Labels of machines that are allowed."),
    PARTS("tolerations", toleration, "Taints that are tolerated."),
    PARTS("imagePullSecrets", local_object_reference, "Secrets for registries."),
    TEXT("priorityClassName", "Class of the priority."),
    WHOLE("priority", "Priority as a number.", .min = INT32_MIN, .max = INT32_MAX),
    PART("affinity", affinity, "What attracts the pod to a machine."),
    {0},
};
SHAPE(event_template, "Template", "What is added to the pods of an event source or sensor.");

static const struct field event_status_rows[] = {
    PARTS("conditions", condition, "What is the case, by type."),
    {0},
};
SHAPE(event_status, "Status", "What the system has found out about the object.");

static const struct field value_from_source_rows[] = {
    PART("secretKeyRef", secret_key_selector, "A key of a Secret."),
    PART("configMapKeyRef", config_map_key_selector, "A key of a ConfigMap."),
    {0},
};
LOCAL_SHAPE(value_from_source, "ValueFromSource", "Where a value comes from.");

static const struct field event_secure_header_rows[] = {
    TEXT("name", "Name of the header."),
    PART("valueFrom", value_from_source, "Where the value comes from."),
    {0},
};
SHAPE(event_secure_header, "SecureHeader", "A header whose value is secret.");
