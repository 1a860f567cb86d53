/*
 * objects/shapes_objects.c - Kubernetes' plain kinds: configuration, accounts, roles, leases,
 * events, claims. Immutable tables; any thread.
 */
#include "objects/shapes_internal.h"

static const struct field config_map_rows[] = {
    OBJECT_ROWS("ConfigMap"),
    TEXT_BY_NAME("data", "Keys and texts."),
    MAP_OF("binaryData", FIELD_BYTES, "Keys and base64 of bytes."),
    FLAG("immutable", "Whether the data cannot be changed any more."),
    {0},
};
SHAPE(config_map, "ConfigMap", "Configuration as keys and texts.");

static const struct field secret_rows[] = {
    OBJECT_ROWS("Secret"),
    TEXT("type", "What the keys mean.", .fallback = "Opaque"),
    MAP_OF("data", FIELD_BYTES, "Keys and base64 of values."),
    TEXT_BY_NAME("stringData", "Keys and values as they are; joined to data when written."),
    FLAG("immutable", "Whether the data cannot be changed any more."),
    {0},
};
SHAPE(secret, "Secret", "Values that are not shown.");

static const struct field account_secret_rows[] = {{0}};
LOCAL_SHAPE(account_secret, "ObjectReference", "A secret of an account.",
            .inlined = &shape_object_reference, .merge_key = "name");

static const struct field service_account_rows[] = {
    OBJECT_ROWS("ServiceAccount"),
    PARTS("secrets", account_secret, "Secrets of the account."),
    PARTS("imagePullSecrets", local_object_reference, "Secrets for registries."),
    FLAG("automountServiceAccountToken", "Whether pods get the account's token."),
    {0},
};
SHAPE(service_account, "ServiceAccount", "As whom a pod acts.");

static const struct field namespace_spec_rows[] = {
    TEXTS("finalizers", "Who must agree before the namespace goes away."),
    {0},
};
LOCAL_SHAPE(namespace_spec, "NamespaceSpec", "Wanted state of a namespace.");

static const struct field namespace_status_rows[] = {
    TEXT("phase", "Active or Terminating."),
    PARTS("conditions", condition, "Observations."),
    {0},
};
LOCAL_SHAPE(namespace_status, "NamespaceStatus", "Observed state of a namespace.");

static const struct field namespace_rows[] = {
    OBJECT_ROWS("Namespace"),
    PART("spec", namespace_spec, "Wanted state."),
    PART("status", namespace_status, "Observed state.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(namespace, "Namespace", "A space of names.");

static const struct field persistent_volume_claim_status_rows[] = {
    TEXT("phase", "Pending, Bound or Lost."),
    TEXTS("accessModes", "How the volume can be mounted."),
    MAP_OF("capacity", FIELD_QUANTITY, "Size of the volume."),
    PARTS("conditions", condition, "Observations."),
    MAP_OF("allocatedResources", FIELD_QUANTITY, "Size that is being prepared."),
    TEXT_BY_NAME("allocatedResourceStatuses", "How far the change of size is."),
    TEXT("currentVolumeAttributesClassName", "Class of the volume's attributes."),
    PART("modifyVolumeStatus", anything, "How far the change of attributes is."),
    {0},
};
LOCAL_SHAPE(persistent_volume_claim_status, "PersistentVolumeClaimStatus",
            "Observed state of a claim.");

static const struct field persistent_volume_claim_rows[] = {
    TEXT("apiVersion", "Group and version of the kind."),
    TEXT("kind", "The word PersistentVolumeClaim."),
    PART("metadata", object_meta, "Name, labels and annotations."),
    PART("spec", persistent_volume_claim_spec, "What is wished for."),
    PART("status", persistent_volume_claim_status, "Observed state.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(persistent_volume_claim, "PersistentVolumeClaim", "A wish for storage.");

static const struct field event_series_rows[] = {
    WHOLE("count", "How often."),
    TIME("lastObservedTime", "When last."),
    {0},
};
LOCAL_SHAPE(event_series, "EventSeries", "A row of equal events.");

static const struct field event_origin_rows[] = {
    TEXT("component", "Program that tells the event."),
    TEXT("host", "Machine of the program."),
    {0},
};
LOCAL_SHAPE(event_origin, "EventSource", "Who tells an event.");

static const struct field event_rows[] = {
    OBJECT_ROWS("Event"),
    PART("involvedObject", object_reference, "The object it is about.",
         .flags = FIELD_REQUIRED),
    TEXT("reason", "One word for machines."),
    TEXT("message", "A sentence for people."),
    TEXT("type", "Normal or Warning."),
    PART("source", event_origin, "Who tells it."),
    TIME("firstTimestamp", "When it happened first."),
    TIME("lastTimestamp", "When it happened last."),
    WHOLE("count", "How often it happened."),
    TIME("eventTime", "When it happened."),
    PART("series", event_series, "The row that it belongs to."),
    TEXT("action", "What was done."),
    PART("related", object_reference, "A second object."),
    TEXT("reportingComponent", "Controller that tells it."),
    TEXT("reportingInstance", "Instance of the controller."),
    {0},
};
SHAPE(event, "Event", "Something that happened to an object.");

static const struct field lease_spec_rows[] = {
    TEXT("holderIdentity", "Who holds the lease."),
    WHOLE("leaseDurationSeconds", "How long it holds without renewal."),
    TIME("acquireTime", "When it was taken."),
    TIME("renewTime", "When it was last renewed."),
    WHOLE("leaseTransitions", "How often the holder has changed."),
    TEXT("strategy", "How a holder is chosen."),
    TEXT("preferredHolder", "Who should take it."),
    {0},
};
LOCAL_SHAPE(lease_spec, "LeaseSpec", "Holder and times of a lease.");

static const struct field lease_rows[] = {
    OBJECT_ROWS("Lease"),
    PART("spec", lease_spec, "Holder and times."),
    {0},
};
SHAPE(lease, "Lease", "A right that one at a time holds for a while.");

static const struct field policy_rule_rows[] = {
    TEXTS("apiGroups", "Groups of the kinds; \"*\": all."),
    TEXTS("resources", "Plural names of the kinds; \"*\": all."),
    TEXTS("resourceNames", "Names of single objects; absent: all."),
    TEXTS("verbs", "get, list, watch, create, update, patch, delete ...",
          .flags = FIELD_REQUIRED),
    TEXTS("nonResourceURLs", "Paths that are no objects."),
    {0},
};
LOCAL_SHAPE(policy_rule, "PolicyRule", "What may be done with what.");

static const struct field role_rows[] = {
    OBJECT_ROWS("Role"),
    PARTS("rules", policy_rule, "What is allowed."),
    {0},
};
SHAPE(role, "Role", "A set of rights in a namespace.");

static const struct field aggregation_rule_rows[] = {
    PARTS("clusterRoleSelectors", label_selector, "ClusterRoles whose rules it has, too."),
    {0},
};
LOCAL_SHAPE(aggregation_rule, "AggregationRule", "Rules that come from other ClusterRoles.");

static const struct field cluster_role_rows[] = {
    OBJECT_ROWS("ClusterRole"),
    PARTS("rules", policy_rule, "What is allowed."),
    PART("aggregationRule", aggregation_rule, "Rules that come from other ClusterRoles."),
    {0},
};
SHAPE(cluster_role, "ClusterRole", "A set of rights everywhere, or wherever it is bound.");

static const struct field subject_rows[] = {
    TEXT("kind", "User, Group or ServiceAccount.", .flags = FIELD_REQUIRED),
    TEXT("apiGroup", "Group of the kind."),
    TEXT("name", "Name of the subject.", .flags = FIELD_REQUIRED),
    TEXT("namespace", "Namespace of a ServiceAccount."),
    {0},
};
LOCAL_SHAPE(subject, "Subject", "Who gets rights.");

static const struct field role_ref_rows[] = {
    TEXT("apiGroup", "The group rbac.authorization.k8s.io."),
    TEXT("kind", "Role or ClusterRole.", .flags = FIELD_REQUIRED),
    TEXT("name", "Name of the role.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(role_ref, "RoleRef", "The role that is given.");

static const struct field role_binding_rows[] = {
    OBJECT_ROWS("RoleBinding"),
    PARTS("subjects", subject, "Who gets the rights."),
    PART("roleRef", role_ref, "The role that is given.", .flags = FIELD_REQUIRED),
    {0},
};
SHAPE(role_binding, "RoleBinding", "Gives the rights of a role to subjects.");

static const struct field cluster_role_binding_rows[] = {
    OBJECT_ROWS("ClusterRoleBinding"),
    PARTS("subjects", subject, "Who gets the rights."),
    PART("roleRef", role_ref, "The role that is given.", .flags = FIELD_REQUIRED),
    {0},
};
SHAPE(cluster_role_binding, "ClusterRoleBinding",
      "Gives the rights of a ClusterRole everywhere.");
