/*
 * objects/shapes_eventsource.c - the kind EventSource: one map of named events for each kind of
 * source. Immutable tables; any thread. Kinds of sources that are not built yet are refused
 * where the map stands. Source: ../shared/spec/events.md 1.1, appendix A.1.
 */
#include "objects/shapes_events.h"

static const struct field event_service_rows[] = {
    PART("metadata", metadata, "Labels and annotations to give."),
    PARTS("ports", service_port, "Ports of the Service."),
    TEXT("clusterIP", "Address of the Service."),
    {0},
};
LOCAL_SHAPE(event_service, "Service", "A Service before the pods of an event source.");

/* Sources run in the server: what would come to them by their pod is refused, the rest of the
 * pod has no effect. */
static const struct field source_container_rows[] = {
    PARTS("env", env_var, "Variables of the environment.", .flags = FIELD_UNSUPPORTED,
          .since = "sources read the server's own environment"),
    PARTS("envFrom", env_from_source, "Sets of variables.", .flags = FIELD_UNSUPPORTED,
          .since = "sources read the server's own environment"),
    PARTS("volumeMounts", volume_mount, "Volumes in the container.", .flags = FIELD_NO_OP),
    PART("resources", resource_requirements, "What the container needs and may use.",
         .flags = FIELD_NO_OP),
    TEXT("imagePullPolicy", "When the image is fetched.", .flags = FIELD_NO_OP),
    PART("securityContext", security_context, "Rights of the container.", .flags = FIELD_NO_OP),
    {0},
};
LOCAL_SHAPE(source_container, "Container",
            "What is added to the container of an event source.");

static const struct field source_template_rows[] = {
    PART("container", source_container, "What is added to the container."),
    PART("metadata", metadata, "Labels and annotations to give.", .flags = FIELD_NO_OP),
    TEXT("serviceAccountName", "As whom the pod acts.", .flags = FIELD_NO_OP),
    PARTS("volumes", volume, "Volumes of the pod.", .flags = FIELD_NO_OP),
    PART("securityContext", pod_security_context, "Rights of the pod.", .flags = FIELD_NO_OP),
    TEXT_BY_NAME("nodeSelector", "Labels of machines that are allowed.", .flags = FIELD_NO_OP),
    PARTS("tolerations", toleration, "Taints that are tolerated.", .flags = FIELD_NO_OP),
    PARTS("imagePullSecrets", local_object_reference, "Secrets for registries.",
          .flags = FIELD_NO_OP),
    TEXT("priorityClassName", "Class of the priority.", .flags = FIELD_NO_OP),
    WHOLE("priority", "Priority as a number.", .min = INT32_MIN, .max = INT32_MAX,
          .flags = FIELD_NO_OP),
    PART("affinity", affinity, "What attracts the pod to a machine.", .flags = FIELD_NO_OP),
    {0},
};
LOCAL_SHAPE(source_template, "Template", "What is added to the pods of an event source.");

static const struct field event_source_spec_rows[] = {
    TEXT("eventBusName", "Bus that carries the events.", .fallback = "default"),
    PART("template", source_template, "What is added to the pods."),
    PART("service", event_service, "A Service before the pods.", .flags = FIELD_NO_OP),
    PARTS_BY_NAME("minio", event_s3_artifact,
                  "Changes in buckets of an S3 server, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("calendar", calendar_event_source,
                  "Moments of a schedule or interval, by event name."),
    PARTS_BY_NAME("file", file_event_source, "Changes of files, by event name."),
    PARTS_BY_NAME("resource", resource_event_source,
                  "Changes of Kubernetes objects, by event name."),
    PARTS_BY_NAME("webhook", webhook_event_source, "HTTP requests, by event name."),
    PARTS_BY_NAME("amqp", amqp_event_source, "Messages of AMQP exchanges, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("kafka", kafka_event_source, "Messages of Kafka topics, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("mqtt", mqtt_event_source, "Messages of MQTT topics, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("nats", nats_events_source, "Messages of NATS subjects, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("sns", sns_event_source, "Notifications of Amazon SNS topics, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("sqs", sqs_event_source, "Messages of Amazon SQS queues, by event name."),
    PARTS_BY_NAME("pubSub", pub_sub_event_source,
                  "Messages of Google Cloud Pub/Sub topics, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("github", github_event_source, "Webhooks of GitHub, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("gitlab", gitlab_event_source, "Webhooks of GitLab, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("hdfs", hdfs_event_source, "Changes of files in HDFS, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("slack", slack_event_source, "Events of Slack, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("storageGrid", storage_grid_event_source,
                  "Notifications of StorageGRID buckets, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("azureEventsHub", azure_events_hub_event_source,
                  "Events of Azure Events Hubs, by event name.", .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("stripe", stripe_event_source, "Webhooks of Stripe, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("emitter", emitter_event_source,
                  "Messages of Emitter channels, by event name.", .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("redis", redis_event_source, "Messages of Redis channels, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("nsq", nsq_event_source, "Messages of NSQ topics, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("pulsar", pulsar_event_source, "Messages of Pulsar topics, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("generic", generic_event_source, "Events of gRPC servers, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    WHOLE("replicas", "How many pods there are.", .min = INT32_MIN, .max = INT32_MAX,
          .fallback = "1", .flags = FIELD_NO_OP),
    PARTS_BY_NAME("bitbucketserver", bitbucket_server_event_source,
                  "Webhooks of Bitbucket Server, by event name.", .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("bitbucket", bitbucket_event_source,
                  "Webhooks of Bitbucket Cloud, by event name.", .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("redisStream", redis_stream_event_source,
                  "Entries of Redis streams, by event name.", .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("azureServiceBus", azure_service_bus_event_source,
                  "Messages of Azure Service Bus, by event name.", .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("azureQueueStorage", azure_queue_storage_event_source,
                  "Messages of Azure storage queues, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("sftp", sftp_event_source, "Changes of files on SFTP servers, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("gerrit", gerrit_event_source, "Webhooks of Gerrit, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    PARTS_BY_NAME("mns", mns_event_source,
                  "Messages of Alibaba Cloud MNS queues, by event name.",
                  .flags = FIELD_UNSUPPORTED),
    {0},
};
LOCAL_SHAPE(event_source_spec, "EventSourceSpec",
            "The events that are taken in, by kind of source and name.");

static const struct field event_source_rows[] = {
    OBJECT_ROWS("EventSource"),
    PART("spec", event_source_spec, "What is wanted."),
    PART("status", event_status, "What the system has found out.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(event_source, "EventSource", "Takes in events and puts them on the bus.");
