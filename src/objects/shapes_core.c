/*
 * objects/shapes_core.c - containers as Kubernetes has them, and what stands in a container:
 * environment, mounts, probes, security. Immutable tables; any thread.
 *
 * What a machine without a cluster cannot act on is FIELD_NO_OP where ignoring it does no harm
 * (ports) and FIELD_UNSUPPORTED where it would (privileges).
 */
#include "objects/shapes_internal.h"

static const struct field object_field_selector_rows[] = {
    TEXT("apiVersion", "Version of the pod's fields.", .flags = FIELD_NO_OP),
    TEXT("fieldPath", "Path in the pod: metadata.name, metadata.labels['key'] ...",
         .flags = FIELD_REQUIRED),
    {0},
};
SHAPE(object_field_selector, "ObjectFieldSelector", "A field of the pod itself.");

static const struct field resource_field_selector_rows[] = {
    TEXT("containerName", "Container that is meant."),
    TEXT("resource", "For example limits.cpu.", .flags = FIELD_REQUIRED),
    ROW("divisor", FIELD_QUANTITY, "Unit of the output."),
    {0},
};
SHAPE(resource_field_selector, "ResourceFieldSelector", "A limit or request of a container.");

static const struct field file_key_selector_rows[] = {
    TEXT("volumeName", "Volume with the file.", .flags = FIELD_REQUIRED),
    TEXT("path", "Path of the file in the volume.", .flags = FIELD_REQUIRED),
    TEXT("key", "Key in the file.", .flags = FIELD_REQUIRED),
    FLAG("optional", "Whether file or key may be missing."),
    {0},
};
LOCAL_SHAPE(file_key_selector, "FileKeySelector", "One key of a file in a volume.");

static const struct field env_var_source_rows[] = {
    PART("configMapKeyRef", config_map_key_selector, "A key of a ConfigMap."),
    PART("secretKeyRef", secret_key_selector, "A key of a Secret."),
    PART("fieldRef", object_field_selector, "A field of the pod."),
    PART("resourceFieldRef", resource_field_selector, "A limit or request of a container."),
    PART("fileKeyRef", file_key_selector, "A key of a file in a volume.",
         .flags = FIELD_UNSUPPORTED),
    {0},
};
SHAPE(env_var_source, "EnvVarSource", "Where the value of a variable comes from.");

static const struct field env_var_rows[] = {
    TEXT("name", "Name of the variable.", .flags = FIELD_REQUIRED),
    TEXT("value", "Its value; $(NAME) stands for earlier variables."),
    PART("valueFrom", env_var_source, "Where the value comes from instead."),
    {0},
};
SHAPE(env_var, "EnvVar", "A variable of the environment.", .merge_key = "name");

static const struct field env_source_rows[] = {
    TEXT("name", "Name of the object."),
    FLAG("optional", "Whether it may be missing."),
    {0},
};
LOCAL_SHAPE(env_source, "EnvSource", "A ConfigMap or Secret whose keys become variables.");

static const struct field env_from_source_rows[] = {
    TEXT("prefix", "Put before the name of each variable."),
    PART("configMapRef", env_source, "ConfigMap whose keys become variables."),
    PART("secretRef", env_source, "Secret whose keys become variables."),
    {0},
};
SHAPE(env_from_source, "EnvFromSource", "A set of variables.");

static const struct field container_port_rows[] = {
    TEXT("name", "Name of the port."),
    WHOLE("containerPort", "Number of the port.", .flags = FIELD_REQUIRED),
    WHOLE("hostPort", "Port of the machine.", .flags = FIELD_NO_OP),
    TEXT("hostIP", "Address of the machine.", .flags = FIELD_NO_OP),
    CHOICE("protocol", "TCP|UDP|SCTP", "Protocol of the port.", .fallback = "TCP",
           .flags = FIELD_NO_OP),
    {0},
};
SHAPE(container_port, "ContainerPort", "A port on which a container listens.",
      .merge_key = "containerPort");

static const struct field resource_claim_rows[] = {
    TEXT("name", "Entry of the pod's resourceClaims.", .flags = FIELD_REQUIRED),
    TEXT("request", "One request of the claim."),
    {0},
};
LOCAL_SHAPE(resource_claim, "ResourceClaim", "A claim that a container uses.");

static const struct field resource_requirements_rows[] = {
    MAP_OF("requests", FIELD_QUANTITY, "What must be there: cpu, memory ..."),
    MAP_OF("limits", FIELD_QUANTITY, "What must not be exceeded."),
    PARTS("claims", resource_claim, "Claims that are used.", .flags = FIELD_NO_OP),
    {0},
};
SHAPE(resource_requirements, "ResourceRequirements", "What a container needs and may use.");

static const struct field pod_resource_claim_rows[] = {
    TEXT("name", "Name within the pod.", .flags = FIELD_REQUIRED),
    TEXT("resourceClaimName", "An existing claim."),
    TEXT("resourceClaimTemplateName", "A template of a claim."),
    {0},
};
SHAPE(pod_resource_claim, "PodResourceClaim", "A claim for devices of a pod.",
      .merge_key = "name");

static const struct field container_resize_policy_rows[] = {
    TEXT("resourceName", "cpu or memory.", .flags = FIELD_REQUIRED),
    TEXT("restartPolicy", "NotRequired or RestartContainer.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(container_resize_policy, "ContainerResizePolicy",
            "What happens when resources are changed.");

static const struct field restart_exit_codes_rows[] = {
    CHOICE("operator", "In|NotIn", "How exit codes are compared.", .flags = FIELD_REQUIRED),
    LIST_OF("values", FIELD_I64, "Exit codes."),
    {0},
};
LOCAL_SHAPE(restart_exit_codes, "ContainerRestartRuleOnExitCodes", "A set of exit codes.");

static const struct field container_restart_rule_rows[] = {
    TEXT("action", "What to do: Restart.", .flags = FIELD_REQUIRED),
    PART("exitCodes", restart_exit_codes, "For which exit codes."),
    {0},
};
LOCAL_SHAPE(container_restart_rule, "ContainerRestartRule", "When a container starts again.");

static const struct field exec_action_rows[] = {
    TEXTS("command", "Program and arguments, run in the container."),
    {0},
};
LOCAL_SHAPE(exec_action, "ExecAction", "A command.");

static const struct field http_header_rows[] = {
    TEXT("name", "Name of the header.", .flags = FIELD_REQUIRED),
    TEXT("value", "Its value.", .flags = FIELD_REQUIRED),
    {0},
};
SHAPE(http_header, "HTTPHeader", "A header of a request.");

static const struct field http_get_action_rows[] = {
    TEXT("path", "Path of the request."),
    INTSTR("port", "Number or name of the port.", .flags = FIELD_REQUIRED),
    TEXT("host", "Host to ask; absent: the pod."),
    CHOICE("scheme", "HTTP", "Scheme of the request.", .fallback = "HTTP", .unbuilt = "HTTPS"),
    PARTS("httpHeaders", http_header, "Headers of the request."),
    {0},
};
LOCAL_SHAPE(http_get_action, "HTTPGetAction", "An HTTP request.");

static const struct field tcp_socket_action_rows[] = {
    INTSTR("port", "Number or name of the port.", .flags = FIELD_REQUIRED),
    TEXT("host", "Host to connect to; absent: the pod."),
    {0},
};
LOCAL_SHAPE(tcp_socket_action, "TCPSocketAction", "A TCP connection.");

static const struct field grpc_action_rows[] = {
    WHOLE("port", "Number of the port.", .flags = FIELD_REQUIRED),
    TEXT("service", "Service to ask for."),
    {0},
};
LOCAL_SHAPE(grpc_action, "GRPCAction", "A gRPC health check.");

static const struct field sleep_action_rows[] = {
    WHOLE("seconds", "How long.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(sleep_action, "SleepAction", "A pause.");

static const struct field probe_rows[] = {
    PART("exec", exec_action, "Succeeds when the command does."),
    PART("httpGet", http_get_action, "Succeeds on status 200 to 399."),
    PART("tcpSocket", tcp_socket_action, "Succeeds when the connection opens."),
    PART("grpc", grpc_action, "Succeeds when the service is healthy.",
         .flags = FIELD_UNSUPPORTED),
    WHOLE("initialDelaySeconds", "Seconds before the first try."),
    WHOLE("timeoutSeconds", "Seconds that a try may take.", .fallback = "1"),
    WHOLE("periodSeconds", "Seconds between tries.", .fallback = "10"),
    WHOLE("successThreshold", "Successes in a row that count.", .fallback = "1"),
    WHOLE("failureThreshold", "Failures in a row that count.", .fallback = "3"),
    WHOLE("terminationGracePeriodSeconds", "Seconds to end after a failure."),
    {0},
};
SHAPE(probe, "Probe", "How the health of a container is looked at.");

static const struct field lifecycle_handler_rows[] = {
    PART("exec", exec_action, "A command in the container."),
    PART("httpGet", http_get_action, "A request to the container."),
    PART("tcpSocket", tcp_socket_action, "A connection to the container.",
         .flags = FIELD_DEPRECATED),
    PART("sleep", sleep_action, "A pause."),
    {0},
};
LOCAL_SHAPE(lifecycle_handler, "LifecycleHandler", "What is done at a moment of a container.");

static const struct field lifecycle_rows[] = {
    PART("postStart", lifecycle_handler, "Right after the start."),
    PART("preStop", lifecycle_handler, "Right before the end."),
    TEXT("stopSignal", "Signal that ends the container.", .flags = FIELD_UNSUPPORTED),
    {0},
};
SHAPE(lifecycle, "Lifecycle", "What is done around the life of a container.");

static const struct field volume_mount_rows[] = {
    TEXT("name", "Name of the volume.", .flags = FIELD_REQUIRED),
    TEXT("mountPath", "Where it appears in the container."),
    FLAG("readOnly", "Whether it cannot be written."),
    TEXT("subPath", "Part of the volume that appears."),
    TEXT("subPathExpr", "As subPath, with $(VARIABLES)."),
    TEXT("mountPropagation", "Whether later mounts are seen on the other side.",
         .flags = FIELD_NO_OP),
    TEXT("recursiveReadOnly", "Whether mounts below are read-only, too.", .flags = FIELD_NO_OP),
    {0},
};
SHAPE(volume_mount, "VolumeMount", "A volume in a container.", .merge_key = "mountPath");

static const struct field volume_device_rows[] = {
    TEXT("name", "Name of a claim of the pod.", .flags = FIELD_REQUIRED),
    TEXT("devicePath", "Path of the device in the container.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(volume_device, "VolumeDevice", "A raw block device in a container.",
            .merge_key = "devicePath");

static const struct field container_rows[] = {
    TEXT("name", "Name of the container."),
    TEXT("image", "Image that holds the program."),
    TEXTS("command", "Program and its first arguments; absent: the image's."),
    TEXTS("args", "Arguments; absent: the image's."),
    TEXT("workingDir", "Folder in which the program starts."),
    PARTS("env", env_var, "Variables of the environment."),
    PARTS("envFrom", env_from_source, "Sets of variables."),
    PARTS("volumeMounts", volume_mount, "Volumes in the container."),
    CHOICE("imagePullPolicy", "Always|Never|IfNotPresent", "When the image is fetched.",
           .flags = FIELD_NO_OP),
    PARTS("ports", container_port, "Ports on which the container listens."),
    PART("resources", resource_requirements, "What the container needs and may use."),
    PARTS("resizePolicy", container_resize_policy, "What happens when resources are changed.",
          .flags = FIELD_NO_OP),
    PART("securityContext", security_context, "Rights of the container."),
    TEXT("restartPolicy", "Whether the container starts again.", .flags = FIELD_UNSUPPORTED),
    PARTS("restartPolicyRules", container_restart_rule, "When the container starts again.",
          .flags = FIELD_UNSUPPORTED),
    PART("lifecycle", lifecycle, "What is done after start and before end."),
    PART("livenessProbe", probe, "Whether the container still lives."),
    PART("readinessProbe", probe, "Whether the container can serve."),
    PART("startupProbe", probe, "Whether the container has started."),
    FLAG("stdin", "Whether standard input stays open."),
    FLAG("stdinOnce", "Whether standard input ends with the first client.",
         .flags = FIELD_NO_OP),
    FLAG("tty", "Whether the container has a terminal."),
    TEXT("terminationMessagePath", "File with the last words.", .flags = FIELD_NO_OP),
    CHOICE("terminationMessagePolicy", "File|FallbackToLogsOnError",
           "Where the last words come from.", .flags = FIELD_NO_OP),
    PARTS("volumeDevices", volume_device, "Raw block devices.", .flags = FIELD_UNSUPPORTED),
    {0},
};
SHAPE(container, "Container", "A program with its environment.", .merge_key = "name");
