/*
 * objects/shapes_pod.c - pods as Kubernetes has them. Immutable tables; any thread. Workflows
 * do not use these: their templates make pods.
 *
 * FIELD_NO_OP and FIELD_UNSUPPORTED as in shapes_core.c.
 */
#include "objects/shapes_internal.h"

static const struct field ephemeral_container_rows[] = {
    TEXT("targetContainerName", "Container whose processes it sees."),
    {0},
};
LOCAL_SHAPE(ephemeral_container, "EphemeralContainer", "A container for looking into a pod.",
            .inlined = &shape_container, .merge_key = "name");

static const struct field condition_type_rows[] = {
    TEXT("conditionType", "Type of the condition.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(condition_type, "PodReadinessGate", "A condition that must hold.");

static const struct field name_rows[] = {
    TEXT("name", "The name.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(name, "Name", "A name.", .merge_key = "name");

static const struct field topology_spread_constraint_rows[] = {
    TEXT("topologyKey", "Label that says which machines are one place.",
         .flags = FIELD_REQUIRED),
    WHOLE("maxSkew", "How uneven the places may be.", .flags = FIELD_REQUIRED),
    CHOICE("whenUnsatisfiable", "DoNotSchedule|ScheduleAnyway", "What if it cannot be.",
           .flags = FIELD_REQUIRED),
    PART("labelSelector", label_selector, "Which pods are counted."),
    TEXTS("matchLabelKeys", "Labels whose values must be the pod's own."),
    WHOLE("minDomains", "How many places there must be."),
    TEXT("nodeAffinityPolicy", "Whether the pod's affinity counts."),
    TEXT("nodeTaintsPolicy", "Whether taints count."),
    {0},
};
LOCAL_SHAPE(topology_spread_constraint, "TopologySpreadConstraint",
            "How evenly pods lie over places.", .merge_key = "topologyKey");

static const struct field pod_spec_rows[] = {
    PARTS("containers", container, "Programs of the pod.", .flags = FIELD_REQUIRED),
    PARTS("initContainers", container, "Programs that run before, one after the other."),
    PARTS("ephemeralContainers", ephemeral_container, "Programs for looking into the pod.",
          .flags = FIELD_UNSUPPORTED),
    PARTS("volumes", volume, "Folders that containers can mount."),
    CHOICE("restartPolicy", "Always|OnFailure|Never", "When containers start again.",
           .fallback = "Always"),
    WHOLE("terminationGracePeriodSeconds", "Seconds between SIGTERM and SIGKILL.",
          .fallback = "30"),
    WHOLE("activeDeadlineSeconds", "Seconds that the pod may run."),
    TEXT("serviceAccountName", "As whom the pod acts."),
    TEXT("serviceAccount", "As serviceAccountName.", .flags = FIELD_DEPRECATED),
    FLAG("automountServiceAccountToken", "Whether the account's token is mounted."),
    PART("securityContext", pod_security_context, "Rights of all containers."),
    TEXT("nodeName", "Machine of the pod.", .flags = FIELD_UNSUPPORTED),
    TEXT_BY_NAME("nodeSelector", "Labels of machines that are allowed."),
    PART("affinity", affinity, "What attracts the pod to a machine.", .flags = FIELD_NO_OP),
    PARTS("tolerations", toleration, "Taints that are tolerated.", .flags = FIELD_NO_OP),
    PARTS("topologySpreadConstraints", topology_spread_constraint,
          "How evenly pods lie over places.", .flags = FIELD_NO_OP),
    TEXT("schedulerName", "Who chooses the machine.", .flags = FIELD_NO_OP),
    PARTS("schedulingGates", name, "What must be removed before it is scheduled.",
          .flags = FIELD_UNSUPPORTED),
    TEXT("priorityClassName", "Class of the priority.", .flags = FIELD_NO_OP),
    WHOLE("priority", "Priority as a number.", .flags = FIELD_NO_OP),
    TEXT("preemptionPolicy", "Whether it drives away others.", .flags = FIELD_NO_OP),
    TEXT("runtimeClassName", "Runtime of the containers.", .flags = FIELD_NO_OP),
    PART("resources", resource_requirements, "What the pod as a whole needs."),
    PARTS("resourceClaims", pod_resource_claim, "Claims for devices.", .flags = FIELD_NO_OP),
    MAP_OF("overhead", FIELD_QUANTITY, "What the runtime itself needs.", .flags = FIELD_NO_OP),
    PARTS("imagePullSecrets", local_object_reference, "Secrets for registries.",
          .flags = FIELD_NO_OP),
    PARTS("readinessGates", condition_type, "Conditions that must hold.", .flags = FIELD_NO_OP),
    PARTS("hostAliases", host_alias, "Entries of /etc/hosts."),
    TEXT("hostname", "Host name of the pod."),
    TEXT("hostnameOverride", "Host name of the pod, whatever else says.", .flags = FIELD_NO_OP),
    TEXT("subdomain", "Domain below the cluster's.", .flags = FIELD_NO_OP),
    FLAG("setHostnameAsFQDN", "Whether the host name is the whole name.", .flags = FIELD_NO_OP),
    CHOICE("dnsPolicy", "ClusterFirst|ClusterFirstWithHostNet|Default|None",
           "How names are looked up."),
    PART("dnsConfig", pod_dns_config, "Settings of the resolver."),
    FLAG("enableServiceLinks", "Whether services become variables.", .flags = FIELD_NO_OP),
    FLAG("hostNetwork", "Whether the machine's network is used."),
    FLAG("hostPID", "Whether the machine's processes are seen.", .flags = FIELD_UNSUPPORTED),
    FLAG("hostIPC", "Whether the machine's shared memory is seen.", .flags = FIELD_UNSUPPORTED),
    FLAG("hostUsers", "Whether the machine's users are used.", .flags = FIELD_NO_OP),
    FLAG("shareProcessNamespace", "Whether containers see each other's processes.",
         .flags = FIELD_UNSUPPORTED),
    PART("os", name, "Operating system.", .flags = FIELD_NO_OP),
    {0},
};
SHAPE(pod_spec, "PodSpec", "What a pod is made of.");

/* ---- what is observed ---- */

static const struct field state_waiting_rows[] = {
    TEXT("reason", "Why it waits."),
    TEXT("message", "A sentence about it."),
    {0},
};
LOCAL_SHAPE(state_waiting, "ContainerStateWaiting", "A container that has not begun.");

static const struct field state_running_rows[] = {
    TIME("startedAt", "When it began."),
    {0},
};
LOCAL_SHAPE(state_running, "ContainerStateRunning", "A container that runs.");

static const struct field state_terminated_rows[] = {
    WHOLE("exitCode", "What the program has returned.", .flags = FIELD_REQUIRED),
    WHOLE("signal", "The signal that has ended it."),
    TEXT("reason", "Completed, Error, OOMKilled."),
    TEXT("message", "A sentence about it."),
    TIME("startedAt", "When it began."),
    TIME("finishedAt", "When it ended."),
    TEXT("containerID", "Name of the container."),
    {0},
};
LOCAL_SHAPE(state_terminated, "ContainerStateTerminated", "A container that has ended.");

static const struct field container_state_rows[] = {
    PART("waiting", state_waiting, "It has not begun."),
    PART("running", state_running, "It runs."),
    PART("terminated", state_terminated, "It has ended."),
    {0},
};
LOCAL_SHAPE(container_state, "ContainerState", "One of waiting, running, terminated.");

static const struct field container_status_rows[] = {
    TEXT("name", "Name of the container.", .flags = FIELD_REQUIRED),
    PART("state", container_state, "How it is."),
    PART("lastState", container_state, "How it was before."),
    FLAG("ready", "Whether it runs.", .flags = FIELD_REQUIRED),
    FLAG("started", "Whether it has begun."),
    WHOLE("restartCount", "How often it was started again.", .flags = FIELD_REQUIRED),
    TEXT("image", "Its image.", .flags = FIELD_REQUIRED),
    TEXT("imageID", "Identity of the image.", .flags = FIELD_REQUIRED),
    TEXT("containerID", "Name of the container."),
    {0},
};
LOCAL_SHAPE(container_status, "ContainerStatus", "How a container is.");

static const struct field pod_ip_rows[] = {
    TEXT("ip", "The address."),
    {0},
};
LOCAL_SHAPE(pod_ip, "PodIP", "An address of a pod.", .merge_key = "ip");

static const struct field pod_status_rows[] = {
    TEXT("phase", "Pending, Running, Succeeded or Failed."),
    PARTS("conditions", condition, "Observations."),
    TEXT("message", "Why it is in this phase."),
    TEXT("reason", "The same in one word."),
    TEXT("hostIP", "Address of its machine."),
    TEXT("podIP", "Its address."),
    PARTS("podIPs", pod_ip, "Its addresses."),
    TIME("startTime", "When its machine took it."),
    TEXT("qosClass", "How its resources are promised."),
    PARTS("initContainerStatuses", container_status, "Containers that run before."),
    PARTS("containerStatuses", container_status, "Its containers."),
    {0},
};
LOCAL_SHAPE(pod_status, "PodStatus", "Observed state of a pod.");

static const struct field pod_rows[] = {
    OBJECT_ROWS("Pod"),
    PART("spec", pod_spec, "What it is made of."),
    PART("status", pod_status, "Observed state.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(pod, "Pod", "Containers that run together on one machine.");

static const struct field pod_template_spec_rows[] = {
    PART("metadata", object_meta, "Labels and annotations of the pods."),
    PART("spec", pod_spec, "What the pods are made of."),
    {0},
};
SHAPE(pod_template_spec, "PodTemplateSpec", "A pod that is made later.");
