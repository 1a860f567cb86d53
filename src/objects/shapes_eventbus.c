/*
 * objects/shapes_eventbus.c - the kind EventBus. Immutable tables; any thread. Without a
 * cluster every managed bus runs on the embedded one, so its settings have no effect; a bus of
 * somebody else, as kafka always is, is refused. Source: ../shared/spec/events.md 3.1, appendix
 * A.2.
 */
#include "objects/shapes_events.h"

static const struct field container_template_rows[] = {
    PART("resources", resource_requirements, "What the container needs and may use."),
    TEXT("imagePullPolicy", "When the image is fetched."),
    PART("securityContext", security_context, "Rights of the container."),
    {0},
};
LOCAL_SHAPE(container_template, "ContainerTemplate", "Settings of a container of the bus.");

static const struct field persistence_strategy_rows[] = {
    TEXT("storageClassName", "Class of the volume."),
    TEXT("accessMode", "How the volume may be mounted."),
    ROW("volumeSize", FIELD_QUANTITY, "Size of the volume."),
    {0},
};
LOCAL_SHAPE(persistence_strategy, "PersistenceStrategy",
            "Volume on which the bus keeps its messages.");

static const struct field native_strategy_rows[] = {
    WHOLE("replicas", "How many pods there are.", .min = INT32_MIN, .max = INT32_MAX),
    TEXT("auth", "none or token."),
    PART("persistence", persistence_strategy, "Volume of the messages."),
    PART("containerTemplate", container_template, "Settings of the main container."),
    PART("metricsContainerTemplate", container_template,
         "Settings of the container for metrics."),
    TEXT_BY_NAME("nodeSelector", "Labels of machines that are allowed."),
    PARTS("tolerations", toleration, "Taints that are tolerated."),
    PART("metadata", metadata, "Labels and annotations to give."),
    PART("securityContext", pod_security_context, "Rights of the pods."),
    TEXT("maxAge", "How long messages are kept, as a duration."),
    PARTS("imagePullSecrets", local_object_reference, "Secrets for registries."),
    TEXT("serviceAccountName", "As whom the pod acts."),
    TEXT("priorityClassName", "Class of the priority."),
    WHOLE("priority", "Priority as a number.", .min = INT32_MIN, .max = INT32_MAX),
    PART("affinity", affinity, "What attracts the pod to a machine."),
    WHOLE("maxMsgs", "How many messages are kept.", .max = INT64_MAX),
    TEXT("maxBytes", "How many bytes of messages are kept."),
    WHOLE("maxSubs", "How many subscriptions there may be.", .max = INT64_MAX),
    TEXT("maxPayload", "How many bytes a message may have."),
    TEXT("raftHeartbeatTimeout", "Time after which followers miss the leader."),
    TEXT("raftElectionTimeout", "Time after which candidates try again."),
    TEXT("raftLeaseTimeout", "Time that a leader goes on without a majority."),
    TEXT("raftCommitTimeout", "Time without writes after which followers are told."),
    {0},
};
LOCAL_SHAPE(native_strategy, "NativeStrategy", "A managed NATS Streaming bus.");

static const struct field nats_config_rows[] = {
    TEXT("url", "Address of the server."),
    TEXT("clusterID", "Id of the cluster."),
    TEXT("auth", "none or token."),
    PART("accessSecret", secret_key_selector, "Secret with the credentials."),
    {0},
};
LOCAL_SHAPE(nats_config, "NATSConfig", "A NATS Streaming server of somebody else.");

static const struct field nats_bus_rows[] = {
    PART("native", native_strategy, "A managed NATS Streaming bus.",
         .flags = FIELD_NO_OP | FIELD_PRESENT_MEANS),
    PART("exotic", nats_config, "A NATS Streaming server of somebody else.",
         .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS),
    {0},
};
LOCAL_SHAPE(nats_bus, "NATSBus", "NATS Streaming as the bus.");

static const struct field jet_stream_bus_rows[] = {
    TEXT("version", "Version of the server."),
    WHOLE("replicas", "How many pods there are.", .min = INT32_MIN, .max = INT32_MAX),
    PART("containerTemplate", container_template, "Settings of the main container."),
    PART("reloaderContainerTemplate", container_template,
         "Settings of the container that reloads the settings."),
    PART("metricsContainerTemplate", container_template,
         "Settings of the container for metrics."),
    PART("persistence", persistence_strategy, "Volume of the messages."),
    PART("metadata", metadata, "Labels and annotations to give."),
    TEXT_BY_NAME("nodeSelector", "Labels of machines that are allowed."),
    PARTS("tolerations", toleration, "Taints that are tolerated."),
    PART("securityContext", pod_security_context, "Rights of the pods."),
    PARTS("imagePullSecrets", local_object_reference, "Secrets for registries."),
    TEXT("priorityClassName", "Class of the priority."),
    WHOLE("priority", "Priority as a number.", .min = INT32_MIN, .max = INT32_MAX),
    PART("affinity", affinity, "What attracts the pod to a machine."),
    TEXT("serviceAccountName", "As whom the pod acts."),
    TEXT("settings", "Settings of JetStream, as text."),
    TEXTS("startArgs", "Further arguments of the server."),
    TEXT("streamConfig", "Settings of the stream, as YAML text."),
    TEXT("maxPayload", "How many bytes a message may have."),
    {0},
};
LOCAL_SHAPE(jet_stream_bus, "JetStreamBus", "A managed JetStream bus.");

static const struct field jet_stream_config_rows[] = {
    TEXT("url", "Address of the server."),
    PART("accessSecret", secret_key_selector, "Secret with the credentials."),
    TEXT("streamConfig", "Settings of the stream, as YAML text."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    {0},
};
LOCAL_SHAPE(jet_stream_config, "JetStreamConfig", "A JetStream server of somebody else.");

static const struct field kafka_bus_rows[] = {
    TEXT("url", "Address of the server."),
    TEXT("topic", "Topic of the messages."),
    TEXT("version", "Version of the protocol."),
    PART("tls", event_tls_config, "Certificates of the connection."),
    PART("sasl", event_sasl_config, "How the client shows who it is."),
    PART("consumerGroup", event_kafka_consumer_group,
         "Group whose consumers share the messages."),
    TEXT("partitioner", "How messages are spread over partitions."),
    {0},
};
LOCAL_SHAPE(kafka_bus, "KafkaBus", "Kafka as the bus.");

static const struct field bus_config_rows[] = {
    PART("nats", nats_config, "NATS Streaming."),
    PART("jetstream", jet_stream_config, "JetStream."),
    PART("kafka", kafka_bus, "Kafka."),
    {0},
};
LOCAL_SHAPE(bus_config, "BusConfig", "How clients reach the bus.");

static const struct field event_bus_spec_rows[] = {
    PART("nats", nats_bus, "NATS Streaming.", .flags = FIELD_PRESENT_MEANS),
    PART("jetstream", jet_stream_bus, "A managed JetStream.",
         .flags = FIELD_NO_OP | FIELD_PRESENT_MEANS),
    PART("kafka", kafka_bus, "Kafka.", .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS),
    PART("jetstreamExotic", jet_stream_config, "A JetStream server of somebody else.",
         .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS),
    {0},
};
LOCAL_SHAPE(event_bus_spec, "EventBusSpec", "Kind of the bus; exactly one is set.");

static const struct field event_bus_status_rows[] = {
    PART("config", bus_config, "How clients reach the bus."),
    {0},
};
LOCAL_SHAPE(event_bus_status, "EventBusStatus", "What the system has found out about the bus.",
            .inlined = &shape_event_status);

static const struct field event_bus_rows[] = {
    OBJECT_ROWS("EventBus"),
    PART("spec", event_bus_spec, "What is wanted."),
    PART("status", event_bus_status, "What the system has found out.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(event_bus, "EventBus", "Carries events from sources to sensors.");
