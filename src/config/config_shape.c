/* The keys of the controller's ConfigMap. Those without effect on one machine are marked
 * FIELD_NO_OP. */
#include "config/config_internal.h"
#include "objects/shapes.h"

#define KEY(key, key_type, ...) SHAPE_FIELD(key, key_type, __VA_ARGS__)
#define IDLE(key, text)                                                                    \
    {                                                                                      \
        .name = (key), .offset = FIELD_NO_OFFSET, .type = FIELD_ANY, .flags = FIELD_NO_OP, \
        .doc = (text)                                                                      \
    }

static const struct field switch_fields[] = {
    KEY("enabled", FIELD_BOOL, .doc = "whether Events are written; default true"),
    KEY("sendAsPod", FIELD_BOOL, .doc = "Events of pods' nodes are about the pods"),
    {0},
};
static const struct shape events_shape = {.name = "EventsConfig", .fields = switch_fields};

static const struct field rate_fields[] = {
    KEY("limit", FIELD_F64, .flags = FIELD_REQUIRED, .doc = "pods in a second"),
    KEY("burst", FIELD_I64, .max = INT32_MAX, .doc = "pods at once"),
    {0},
};
static const struct shape rate_shape = {.name = "ResourceRateLimit", .fields = rate_fields};

static const struct field persistence_fields[] = {
    KEY("archive", FIELD_BOOL, .doc = "ended workflows are kept in the archive"),
    KEY("archiveTTL", FIELD_STR, .doc = "how long: 30d, 24h; default for ever"),
    KEY("archiveLabelSelector", FIELD_OBJECT, .shape = &shape_label_selector,
        .doc = "which ones; default all"),
    IDLE("nodeStatusOffLoad", "nodes are rows of the store in any case"),
    IDLE("clusterName", "there is one"),
    IDLE("connectionPool", "the store is embedded"),
    IDLE("postgresql", "the archive is in the embedded store"),
    IDLE("mysql", "the archive is in the embedded store"),
    IDLE("skipMigration", "the store migrates itself"),
    IDLE("dbReconnectConfig", "the store is embedded"),
    {0},
};
static const struct shape persistence_shape = {.name = "Persistence",
                                               .fields = persistence_fields};

static const struct field synchronization_fields[] = {
    KEY("enableAPI", FIELD_BOOL, .doc = "limits of the database by the API; default true"),
    IDLE("controllerName", "there is one controller"),
    IDLE("postgresql", "limits are rows of the embedded store"),
    IDLE("mysql", "limits are rows of the embedded store"),
    IDLE("connectionPool", "the store is embedded"),
    IDLE("dbReconnectConfig", "the store is embedded"),
    IDLE("skipMigration", "the store migrates itself"),
    IDLE("limitTableName", "the table of limits is sync_limit"),
    IDLE("stateTableName", "who holds and waits is in status.synchronization"),
    IDLE("controllerTableName", "there is one controller"),
    IDLE("lockTableName", "there is one controller"),
    IDLE("pollSeconds", "a changed limit acts at once"),
    IDLE("heartbeatSeconds", "there is one controller"),
    IDLE("inactiveControllerSeconds", "there is one controller"),
    IDLE("semaphoreLimitCacheSeconds", "a changed limit acts at once"),
    {0},
};
static const struct shape synchronization_shape = {.name = "SyncConfig",
                                                   .fields = synchronization_fields};

static const struct field retention_fields[] = {
    KEY("completed", FIELD_I64, .max = INT32_MAX, .doc = "succeeded workflows that are kept"),
    KEY("failed", FIELD_I64, .max = INT32_MAX, .doc = "failed workflows that are kept"),
    KEY("errored", FIELD_I64, .max = INT32_MAX, .doc = "workflows in error that are kept"),
    {0},
};
static const struct shape retention_shape = {.name = "RetentionPolicy",
                                             .fields = retention_fields};

static const struct field link_fields[] = {
    KEY("name", FIELD_STR, .flags = FIELD_REQUIRED, .doc = "shown"),
    KEY("scope", FIELD_STR, .flags = FIELD_REQUIRED, .doc = "where it is shown: workflow, pod"),
    KEY("url", FIELD_STR, .flags = FIELD_REQUIRED, .doc = "with ${...} of the object"),
    KEY("target", FIELD_STR, .doc = "of the link"),
    {0},
};
static const struct shape link_shape = {
    .name = "Link", .fields = link_fields, .merge_key = "name"};

static const struct field column_fields[] = {
    KEY("name", FIELD_STR, .flags = FIELD_REQUIRED, .doc = "title"),
    KEY("type", FIELD_ENUM, .choices = "label|annotation", .flags = FIELD_REQUIRED,
        .doc = "where its value stands"),
    KEY("key", FIELD_STR, .flags = FIELD_REQUIRED, .doc = "of the label or annotation"),
    {0},
};
static const struct shape column_shape = {
    .name = "Column", .fields = column_fields, .merge_key = "name"};

static const struct field driver_fields[] = {
    KEY("name", FIELD_STR, .flags = FIELD_REQUIRED,
        .doc = "which plugin.name of artifacts says"),
    KEY("image", FIELD_STR, .doc = "of a cluster; here command or socket says what is asked"),
    KEY("connectionTimeoutSeconds", FIELD_I64, .max = INT32_MAX,
        .doc = "how long it may take to answer; default 5"),
    KEY("command", FIELD_LIST, .item = FIELD_STR,
        .doc = "program of this machine; gets the path of a socket as its last argument"),
    KEY("socket", FIELD_STR, .doc = "path of a socket that is served already"),
    {0},
};
static const struct shape driver_shape = {
    .name = "ArtifactDriver", .fields = driver_fields, .merge_key = "name"};

static const struct field restriction_fields[] = {
    KEY("templateReferencing", FIELD_ENUM, .choices = "Strict|Secure",
        .doc = "workflows must refer to a template"),
    {0},
};
static const struct shape restriction_shape = {.name = "WorkflowRestrictions",
                                               .fields = restriction_fields};

static const struct field image_fields[] = {
    KEY("entrypoint", FIELD_LIST, .item = FIELD_STR,
        .doc = "command of a container without one"),
    KEY("cmd", FIELD_LIST, .item = FIELD_STR, .doc = "its arguments when it has none"),
    {0},
};
static const struct shape image_shape = {.name = "Image", .fields = image_fields};

static const struct field metrics_fields[] = {
    KEY("enabled", FIELD_BOOL, .doc = "whether there are metrics; default true"),
    KEY("path", FIELD_STR, .doc = "of the server's port; default /metrics"),
    IDLE("port", "metrics are at the server's port"),
    IDLE("secure", "metrics are at the server's port"),
    IDLE("disableLegacy", "there are none"),
    IDLE("metricsTTL", "metrics last as long as the server"),
    IDLE("ignoreErrors", "metrics that are wrong end nothing"),
    IDLE("modifiers", "metrics are as they are"),
    IDLE("temporality", "metrics are read, not sent"),
    {0},
};
static const struct shape metrics_shape = {.name = "MetricsConfig", .fields = metrics_fields};

static const struct field pod_log_fields[] = {
    KEY("allPods", FIELD_BOOL, .doc = "those of all pods, when they are asked for"),
    KEY("failedPod", FIELD_BOOL, .doc = "those of pods that have failed"),
    {0},
};
static const struct shape pod_log_shape = {.name = "PodSpecLogStrategy",
                                           .fields = pod_log_fields};

static const struct field fields[] = {
    KEY("nodeEvents", FIELD_OBJECT, .shape = &events_shape, .doc = "Events of nodes"),
    KEY("workflowEvents", FIELD_OBJECT, .shape = &events_shape, .doc = "Events of workflows"),
    KEY("artifactRepository", FIELD_OBJECT, .shape = &shape_artifact_repository,
        .doc = "where artifacts go that say nothing else"),
    KEY("artifactDrivers", FIELD_LIST, .item = FIELD_OBJECT, .shape = &driver_shape,
        .doc = "plugins that keep artifacts"),
    KEY("namespace", FIELD_STR, .doc = "the only namespace that is served"),
    KEY("instanceID", FIELD_STR, .doc = "label of the workflows that are served"),
    KEY("parallelism", FIELD_I64, .max = INT32_MAX, .doc = "workflows that run at once"),
    KEY("namespaceParallelism", FIELD_I64, .max = INT32_MAX,
        .doc = "workflows of one namespace that run at once"),
    KEY("resourceRateLimit", FIELD_OBJECT, .shape = &rate_shape, .doc = "pods that are begun"),
    KEY("persistence", FIELD_OBJECT, .shape = &persistence_shape, .doc = "the archive"),
    KEY("links", FIELD_LIST, .item = FIELD_OBJECT, .shape = &link_shape,
        .doc = "of the user interface"),
    KEY("columns", FIELD_LIST, .item = FIELD_OBJECT, .shape = &column_shape,
        .doc = "of the list of workflows"),
    KEY("workflowDefaults", FIELD_ANY, .doc = "a Workflow that stands under all others"),
    KEY("workflowRestrictions", FIELD_OBJECT, .shape = &restriction_shape,
        .doc = "what submitted workflows may say"),
    KEY("initialDelay", FIELD_STR, .doc = "from the start to the first workflow"),
    KEY("retentionPolicy", FIELD_OBJECT, .shape = &retention_shape,
        .doc = "ended workflows that are kept"),
    KEY("synchronization", FIELD_OBJECT, .shape = &synchronization_shape,
        .doc = "locks of the database"),
    KEY("navColor", FIELD_STR, .doc = "of the user interface"),
    IDLE("executor", "there is no executor container"),
    KEY("mainContainer", FIELD_OBJECT, .shape = &shape_container,
        .doc = "stands under the main containers of all pods"),
    KEY("images", FIELD_MAP, .item = FIELD_OBJECT, .shape = &image_shape,
        .doc = "what images start that say nothing else"),
    KEY("metricsConfig", FIELD_OBJECT, .shape = &metrics_shape, .doc = "the metrics"),
    IDLE("kubeConfig", "the server has its own"),
    IDLE("telemetryConfig", "metrics are at /metrics of the server's port"),
    KEY("podSpecLogStrategy", FIELD_OBJECT, .shape = &pod_log_shape,
        .doc = "templates of pods in the server's log"),
    IDLE("podGCGracePeriodSeconds", "pods leave nothing but logs"),
    IDLE("podGCDeleteDelayDuration", "pods leave nothing but logs"),
    IDLE("sso", "a token lets in"),
    IDLE("failedPodRestart", "pods do not fail before they begin"),
    IDLE("disableAgentPodCreation", "there are no agent pods"),
    IDLE("initlessPod", "there are no init containers of the executor's"),
    {0},
};

const struct shape config_shape = {
    .name = "Config", .doc = "the controller's ConfigMap", .fields = fields};
