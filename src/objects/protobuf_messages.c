/*
 * The messages that kubectl makes itself: numbers and names of their members, as in the
 * generated.proto of Kubernetes' API packages.
 */
#include "objects/protobuf_internal.h"

/* ---- meta ---- */

MESSAGE(owner_reference, "OwnerReference", TEXT("apiVersion", 5), TEXT("kind", 1),
        TEXT("name", 3), TEXT("uid", 4), BOOL("controller", 6), BOOL("blockOwnerDeletion", 7));
EXTERN_MESSAGE(protobuf_object_meta, "ObjectMeta", TEXT("name", 1), TEXT("generateName", 2),
               TEXT("namespace", 3), DROPPED("selfLink", 4), TEXT("uid", 5),
               TEXT("resourceVersion", 6), WHOLE("generation", 7), TIME("creationTimestamp", 8),
               TIME("deletionTimestamp", 9), WHOLE("deletionGracePeriodSeconds", 10),
               MAP("labels", 11), MAP("annotations", 12),
               PARTS("ownerReferences", 13, owner_reference), TEXTS("finalizers", 14),
               DROPPED("managedFields", 17));
MESSAGE(label_requirement, "LabelSelectorRequirement", TEXT("key", 1), TEXT("operator", 2),
        TEXTS("values", 3));
EXTERN_MESSAGE(protobuf_label_selector, "LabelSelector", MAP("matchLabels", 1),
               PARTS("matchExpressions", 2, label_requirement));
MESSAGE(preconditions, "Preconditions", TEXT("uid", 1), TEXT("resourceVersion", 2));
MESSAGE(delete_options, "DeleteOptions", WHOLE("gracePeriodSeconds", 1),
        PART("preconditions", 2, preconditions), BOOL("orphanDependents", 3),
        TEXT("propagationPolicy", 4), TEXTS("dryRun", 5));

#define META PART("metadata", 1, protobuf_object_meta)

/* ---- core ---- */

MESSAGE(config_map, "ConfigMap", META, MAP("data", 2), BYTES_MAP("binaryData", 3),
        BOOL("immutable", 4));
MESSAGE(secret, "Secret", META, BYTES_MAP("data", 2), TEXT("type", 3), MAP("stringData", 4),
        BOOL("immutable", 5));
MESSAGE(object_reference, "ObjectReference", TEXT("kind", 1), TEXT("namespace", 2),
        TEXT("name", 3), TEXT("uid", 4), TEXT("apiVersion", 5), TEXT("resourceVersion", 6),
        TEXT("fieldPath", 7));
MESSAGE(local_reference, "LocalObjectReference", TEXT("name", 1));
MESSAGE(service_account, "ServiceAccount", META, PARTS("secrets", 2, object_reference),
        PARTS("imagePullSecrets", 3, local_reference), BOOL("automountServiceAccountToken", 4));
MESSAGE(namespace_spec, "NamespaceSpec", TEXTS("finalizers", 1));
MESSAGE(namespace_message, "Namespace", META, PART("spec", 2, namespace_spec),
        DROPPED("status", 3));

/* ---- rights ---- */

MESSAGE(policy_rule, "PolicyRule", TEXTS("verbs", 1), TEXTS("apiGroups", 2),
        TEXTS("resources", 3), TEXTS("resourceNames", 4), TEXTS("nonResourceURLs", 5));
MESSAGE(role, "Role", META, PARTS("rules", 2, policy_rule));
MESSAGE(aggregation_rule, "AggregationRule",
        PARTS("clusterRoleSelectors", 1, protobuf_label_selector));
MESSAGE(cluster_role, "ClusterRole", META, PARTS("rules", 2, policy_rule),
        PART("aggregationRule", 3, aggregation_rule));
MESSAGE(subject, "Subject", TEXT("kind", 1), TEXT("apiGroup", 2), TEXT("name", 3),
        TEXT("namespace", 4));
MESSAGE(role_ref, "RoleRef", TEXT("apiGroup", 1), TEXT("kind", 2), TEXT("name", 3));
MESSAGE(role_binding, "RoleBinding", META, PARTS("subjects", 2, subject),
        PART("roleRef", 3, role_ref));

/* ---- questions ---- */

MESSAGE(resource_attributes, "ResourceAttributes", TEXT("namespace", 1), TEXT("verb", 2),
        TEXT("group", 3), TEXT("version", 4), TEXT("resource", 5), TEXT("subresource", 6),
        TEXT("name", 7));
MESSAGE(path_attributes, "NonResourceAttributes", TEXT("path", 1), TEXT("verb", 2));
MESSAGE(self_access_spec, "SelfSubjectAccessReviewSpec",
        PART("resourceAttributes", 1, resource_attributes),
        PART("nonResourceAttributes", 2, path_attributes));
MESSAGE(self_access, "SelfSubjectAccessReview", META, PART("spec", 2, self_access_spec),
        DROPPED("status", 3));
MESSAGE(rules_spec, "SelfSubjectRulesReviewSpec", TEXT("namespace", 1));
MESSAGE(self_rules, "SelfSubjectRulesReview", META, PART("spec", 2, rules_spec),
        DROPPED("status", 3));
MESSAGE(access_spec, "SubjectAccessReviewSpec",
        PART("resourceAttributes", 1, resource_attributes),
        PART("nonResourceAttributes", 2, path_attributes), TEXT("user", 3), TEXTS("groups", 4),
        TEXT("uid", 6));
MESSAGE(access_review, "SubjectAccessReview", META, PART("spec", 2, access_spec),
        DROPPED("status", 3));
MESSAGE(self_subject, "SelfSubjectReview", META, DROPPED("status", 2));
MESSAGE(bound_object, "BoundObjectReference", TEXT("kind", 1), TEXT("apiVersion", 2),
        TEXT("name", 3), TEXT("uid", 4));
MESSAGE(token_spec, "TokenRequestSpec", TEXTS("audiences", 1),
        PART("boundObjectRef", 3, bound_object), WHOLE("expirationSeconds", 4));
MESSAGE(token_request, "TokenRequest", META, PART("spec", 2, token_spec), DROPPED("status", 3));

#define RBAC          "rbac.authorization.k8s.io/v1"
#define AUTHORIZATION "authorization.k8s.io/v1"

const struct protobuf_kind *protobuf_kinds(void)
{
    static const struct protobuf_kind all[] = {
        {"v1", "ConfigMap", &config_map},
        {"v1", "DeleteOptions", &delete_options},
        {"meta.k8s.io/v1", "DeleteOptions", &delete_options},
        {"v1", "Namespace", &namespace_message},
        {"v1", "Secret", &secret},
        {"v1", "ServiceAccount", &service_account},
        {"batch/v1", "CronJob", &protobuf_cron_job},
        {"batch/v1", "Job", &protobuf_job},
        {"batch/v1beta1", "CronJob", &protobuf_cron_job},
        {RBAC, "ClusterRole", &cluster_role},
        {RBAC, "ClusterRoleBinding", &role_binding},
        {RBAC, "Role", &role},
        {RBAC, "RoleBinding", &role_binding},
        {AUTHORIZATION, "LocalSubjectAccessReview", &access_review},
        {AUTHORIZATION, "SelfSubjectAccessReview", &self_access},
        {AUTHORIZATION, "SelfSubjectRulesReview", &self_rules},
        {AUTHORIZATION, "SubjectAccessReview", &access_review},
        {"authentication.k8s.io/v1", "SelfSubjectReview", &self_subject},
        {"authentication.k8s.io/v1", "TokenRequest", &token_request},
        {0},
    };

    return all;
}
