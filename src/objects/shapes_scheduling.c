/*
 * objects/shapes_scheduling.c - on which machine and in which network a pod runs: affinity,
 * tolerations, host names, DNS, disruption budgets. Immutable tables; any thread.
 */
#include "objects/shapes_internal.h"

static const struct field node_selector_requirement_rows[] = {
    TEXT("key", "Name of the label.", .flags = FIELD_REQUIRED),
    CHOICE("operator", "In|NotIn|Exists|DoesNotExist|Gt|Lt",
           "How label and values are compared.", .flags = FIELD_REQUIRED),
    TEXTS("values", "Values to compare with."),
    {0},
};
LOCAL_SHAPE(node_selector_requirement, "NodeSelectorRequirement",
            "One condition on a machine.");

static const struct field node_selector_term_rows[] = {
    PARTS("matchExpressions", node_selector_requirement, "Conditions on labels."),
    PARTS("matchFields", node_selector_requirement, "Conditions on fields."),
    {0},
};
LOCAL_SHAPE(node_selector_term, "NodeSelectorTerm", "Conditions that must all hold.");

static const struct field node_selector_rows[] = {
    PARTS("nodeSelectorTerms", node_selector_term, "Terms of which one must hold.",
          .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(node_selector, "NodeSelector", "Which machines are meant.");

static const struct field preferred_scheduling_term_rows[] = {
    WHOLE("weight", "How much the preference counts, 1 to 100.", .flags = FIELD_REQUIRED),
    PART("preference", node_selector_term, "What is preferred.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(preferred_scheduling_term, "PreferredSchedulingTerm", "A preference of machines.");

static const struct field node_affinity_rows[] = {
    PART("requiredDuringSchedulingIgnoredDuringExecution", node_selector,
         "Machines that are allowed."),
    PARTS("preferredDuringSchedulingIgnoredDuringExecution", preferred_scheduling_term,
          "Machines that are preferred."),
    {0},
};
LOCAL_SHAPE(node_affinity, "NodeAffinity", "Attraction to machines.");

static const struct field pod_affinity_term_rows[] = {
    TEXT("topologyKey", "Label that says which machines are one place.",
         .flags = FIELD_REQUIRED),
    PART("labelSelector", label_selector, "Which pods."),
    TEXTS("matchLabelKeys", "Labels whose values must be the pod's own."),
    TEXTS("mismatchLabelKeys", "Labels whose values must not be the pod's own."),
    TEXTS("namespaces", "Namespaces of the pods."),
    PART("namespaceSelector", label_selector, "Which namespaces."),
    {0},
};
LOCAL_SHAPE(pod_affinity_term, "PodAffinityTerm", "Pods, and a place that they share.");

static const struct field weighted_pod_affinity_term_rows[] = {
    WHOLE("weight", "How much the preference counts, 1 to 100.", .flags = FIELD_REQUIRED),
    PART("podAffinityTerm", pod_affinity_term, "What is preferred.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(weighted_pod_affinity_term, "WeightedPodAffinityTerm", "A preference of places.");

static const struct field pod_affinity_rows[] = {
    PARTS("requiredDuringSchedulingIgnoredDuringExecution", pod_affinity_term,
          "What must hold."),
    PARTS("preferredDuringSchedulingIgnoredDuringExecution", weighted_pod_affinity_term,
          "What is preferred."),
    {0},
};
LOCAL_SHAPE(pod_affinity, "PodAffinity", "Attraction to pods, or its opposite.");

static const struct field affinity_rows[] = {
    PART("nodeAffinity", node_affinity, "Which machines attract the pod."),
    PART("podAffinity", pod_affinity, "Which pods attract it."),
    PART("podAntiAffinity", pod_affinity, "Which pods keep it away."),
    {0},
};
SHAPE(affinity, "Affinity", "What attracts a pod to a machine and what keeps it away.");

static const struct field toleration_rows[] = {
    TEXT("key", "Name of the taint; absent: all."),
    CHOICE("operator", "Exists|Equal|Lt|Gt", "How taint and value are compared.",
           .fallback = "Equal"),
    TEXT("value", "Value of the taint."),
    CHOICE("effect", "NoSchedule|PreferNoSchedule|NoExecute", "Effect of the taint."),
    WHOLE("tolerationSeconds", "Seconds for which it is tolerated."),
    {0},
};
SHAPE(toleration, "Toleration", "A taint of machines that a pod tolerates.");

static const struct field host_alias_rows[] = {
    TEXT("ip", "Address.", .flags = FIELD_REQUIRED),
    TEXTS("hostnames", "Names of the address."),
    {0},
};
SHAPE(host_alias, "HostAlias", "An entry of /etc/hosts.", .merge_key = "ip");

static const struct field pod_dns_config_option_rows[] = {
    TEXT("name", "Name of the option."),
    TEXT("value", "Its value."),
    {0},
};
LOCAL_SHAPE(pod_dns_config_option, "PodDNSConfigOption", "An option of the resolver.");

static const struct field pod_dns_config_rows[] = {
    TEXTS("nameservers", "Addresses of name servers."),
    TEXTS("searches", "Domains to search."),
    PARTS("options", pod_dns_config_option, "Options of the resolver."),
    {0},
};
SHAPE(pod_dns_config, "PodDNSConfig", "How names are looked up in a pod.");

static const struct field pod_disruption_budget_spec_rows[] = {
    INTSTR("minAvailable", "How many pods must stay."),
    INTSTR("maxUnavailable", "How many pods may be missing."),
    PART("selector", label_selector, "Which pods."),
    TEXT("unhealthyPodEvictionPolicy", "Whether unhealthy pods may go."),
    {0},
};
SHAPE(pod_disruption_budget_spec, "PodDisruptionBudgetSpec",
      "How many pods may be disturbed at a time.");

static const struct field service_port_rows[] = {
    TEXT("name", "Name of the port."),
    WHOLE("port", "Number of the port.", .flags = FIELD_REQUIRED),
    INTSTR("targetPort", "Port of the pod, by number or name."),
    WHOLE("nodePort", "Port of the machine."),
    CHOICE("protocol", "TCP|UDP|SCTP", "Protocol of the port.", .fallback = "TCP"),
    TEXT("appProtocol", "Protocol of the application."),
    {0},
};
SHAPE(service_port, "ServicePort", "A port of a service.", .merge_key = "port");
