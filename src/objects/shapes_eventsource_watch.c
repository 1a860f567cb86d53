/*
 * objects/shapes_eventsource_watch.c - sources that watch a clock, files, objects or a stream.
 * Immutable tables; any thread. What such a source must have is said by objects/validate, in
 * the original's words. Source: ../shared/spec/events.md 1.7, appendix A.1.
 */
#include "objects/shapes_events.h"

static const struct field catchup_configuration_rows[] = {
    FLAG("enabled", "Whether it is used."),
    TEXT("maxDuration", "How far back, as a duration."),
    {0},
};
LOCAL_SHAPE(catchup_configuration, "CatchupConfiguration",
            "How far back missed moments are made up for.");

static const struct field config_map_persistence_rows[] = {
    TEXT("name", "Its name."),
    FLAG("createIfNotExist", "Whether the ConfigMap is made."),
    {0},
};
LOCAL_SHAPE(config_map_persistence, "ConfigMapPersistence",
            "ConfigMap that keeps the last moment.");

static const struct field event_persistence_rows[] = {
    PART("catchup", catchup_configuration, "How far back moments are made up for."),
    PART("configMap", config_map_persistence, "Where the last moment is kept."),
    {0},
};
LOCAL_SHAPE(event_persistence, "EventPersistence", "Makes up for moments that were missed.");

static const struct field calendar_event_source_rows[] = {
    TEXT("schedule", "Moments in cron syntax."),
    TEXT("interval", "Time between moments, as a duration."),
    TEXTS("exclusionDates", "Days that are left out, as EXDATE of RFC 5545."),
    TEXT("timezone", "Time zone, as in Europe/Paris."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("persistence", event_persistence, "Makes up for moments that were missed."),
    PART("filter", event_source_filter, "Which events are kept."),
    {0},
};
SHAPE(calendar_event_source, "CalendarEventSource", "Moments of a schedule or interval.");

static const struct field file_event_source_rows[] = {
    TEXT("eventType", "What has happened to the file: CREATE, WRITE, REMOVE, RENAME or CHMOD."),
    PART("watchPathConfig", event_watch_path_config, "Which files are watched."),
    FLAG("polling", "Whether files are looked at now and then.", .flags = FIELD_UNSUPPORTED),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("filter", event_source_filter, "Which events are kept."),
    {0},
};
SHAPE(file_event_source, "FileEventSource", "Changes of files.");

static const struct field sftp_event_source_rows[] = {
    TEXT("eventType", "What has happened to the file: CREATE, WRITE, REMOVE, RENAME or CHMOD."),
    PART("watchPathConfig", event_watch_path_config, "Which files are watched."),
    PART("username", secret_key_selector, "Secret with the user name."),
    PART("password", secret_key_selector, "Secret with the password."),
    PART("sshKeySecret", secret_key_selector, "Secret with the SSH key."),
    PART("address", secret_key_selector, "Secret with host and port of the server."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("filter", event_source_filter, "Which events are kept."),
    TEXT("pollIntervalDuration", "Time between looks, as a duration."),
    {0},
};
SHAPE(sftp_event_source, "SFTPEventSource", "Changes of files on an SFTP server.");

static const struct field selector_rows[] = {
    TEXT("key", "Name of the label or path of the field."),
    TEXT("operation", "How it is compared: ==, != and others."),
    TEXT("value", "Value that it is compared with."),
    {0},
};
LOCAL_SHAPE(selector, "Selector", "One condition on a label or field.");

static const struct field resource_filter_rows[] = {
    TEXT("prefix", "How names begin."),
    PARTS("labels", selector, "Conditions on labels."),
    PARTS("fields", selector, "Conditions on fields."),
    TIME("createdBy", "Objects created before this moment."),
    FLAG("afterStart", "Whether only objects count that are created after the start."),
    {0},
};
LOCAL_SHAPE(resource_filter, "ResourceFilter", "Which objects are meant.");

static const struct field resource_event_source_rows[] = {
    TEXT("namespace", "Its namespace."),
    PART("filter", resource_filter, "Which events are kept."),
    TEXT("group", "API group of the objects."),
    TEXT("version", "API version of the objects."),
    TEXT("resource", "Plural of the kind of objects."),
    TEXTS("eventTypes", "What has happened to the object: ADD, UPDATE or DELETE."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    {0},
};
SHAPE(resource_event_source, "ResourceEventSource", "Changes of Kubernetes objects.");

static const struct field hdfs_event_source_rows[] = {
    TEXT("type", "What has happened to the file: CREATE, WRITE, REMOVE, RENAME or CHMOD."),
    TEXT("checkInterval", "How often it is looked, as a duration."),
    TEXTS("addresses", "Hosts and ports of the name nodes."),
    TEXT("hdfsUser", "User as whom to act."),
    PART("krbCCacheSecret", secret_key_selector,
         "Secret with the credential cache of Kerberos."),
    PART("krbKeytabSecret", secret_key_selector, "Secret with the keytab of Kerberos."),
    TEXT("krbUsername", "User name in Kerberos."),
    TEXT("krbRealm", "Realm of Kerberos."),
    PART("krbConfigConfigMap", config_map_key_selector,
         "ConfigMap with the settings of Kerberos."),
    TEXT("krbServicePrincipalName", "Name of the service in Kerberos."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("filter", event_source_filter, "Which events are kept."),
    {0},
};
SHAPE(hdfs_event_source, "HDFSEventSource", "Changes of files in HDFS.",
      .inlined = &shape_event_watch_path_config);

static const struct field generic_event_source_rows[] = {
    TEXT("url", "Address of the server."),
    TEXT("config", "Settings that the server gets."),
    FLAG("insecure", "Whether the connection is not encrypted."),
    FLAG("jsonBody", "Whether the body is JSON and becomes part of the data as it is."),
    TEXT_BY_NAME("metadata", "Texts that are put into the data of each event."),
    PART("authSecret", secret_key_selector, "Secret with the token."),
    PART("filter", event_source_filter, "Which events are kept."),
    {0},
};
SHAPE(generic_event_source, "GenericEventSource", "Events of a gRPC server.");
