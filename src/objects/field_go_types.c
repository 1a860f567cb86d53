/*
 * objects/field_go_types.c - what Go calls the types of fields, where a field table does not
 * say it. See field_go_internal.h. Facts of the API of Argo Workflows 4.1 and Kubernetes 1.35.
 */
#include <stdbool.h>
#include <string.h>

#include "objects/field_go_internal.h"

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

/* ---- packages ---- */

static bool ends(const char *word, const char *end)
{
    size_t len = strlen(word), end_len = strlen(end);

    return len >= end_len && strcmp(word + len - end_len, end) == 0;
}

static const char *const core_types[] = {"Affinity",
                                         "AppArmorProfile",
                                         "Capabilities",
                                         "ConfigMapEnvSource",
                                         "ConfigMapKeySelector",
                                         "Container",
                                         "ContainerPort",
                                         "ContainerResizePolicy",
                                         "ContainerRestartRule",
                                         "ContainerRestartRuleOnExitCodes",
                                         "DownwardAPIVolumeFile",
                                         "EnvFromSource",
                                         "EnvVar",
                                         "EnvVarSource",
                                         "EphemeralContainer",
                                         "ExecAction",
                                         "FieldsV1",
                                         "FileKeySelector",
                                         "GRPCAction",
                                         "HTTPGetAction",
                                         "HTTPHeader",
                                         "HostAlias",
                                         "KeyToPath",
                                         "LabelSelector",
                                         "LabelSelectorRequirement",
                                         "Lifecycle",
                                         "LifecycleHandler",
                                         "LocalObjectReference",
                                         "ManagedFieldsEntry",
                                         "ModifyVolumeStatus",
                                         "NodeAffinity",
                                         "NodeSelector",
                                         "NodeSelectorRequirement",
                                         "NodeSelectorTerm",
                                         "ObjectFieldSelector",
                                         "ObjectMeta",
                                         "ObjectReference",
                                         "OwnerReference",
                                         "PersistentVolumeClaim",
                                         "PersistentVolumeClaimCondition",
                                         "PersistentVolumeClaimSpec",
                                         "PersistentVolumeClaimStatus",
                                         "PersistentVolumeClaimTemplate",
                                         "PodAffinity",
                                         "PodAffinityTerm",
                                         "PodAntiAffinity",
                                         "PodDNSConfig",
                                         "PodDNSConfigOption",
                                         "PodDisruptionBudgetSpec",
                                         "PodResourceClaim",
                                         "PodSecurityContext",
                                         "PodSpec",
                                         "PreferredSchedulingTerm",
                                         "Probe",
                                         "ResourceClaim",
                                         "ResourceFieldSelector",
                                         "ResourceRequirements",
                                         "SELinuxOptions",
                                         "SeccompProfile",
                                         "SecretEnvSource",
                                         "SecretKeySelector",
                                         "SecurityContext",
                                         "SleepAction",
                                         "Sysctl",
                                         "TCPSocketAction",
                                         "Toleration",
                                         "TypedLocalObjectReference",
                                         "TypedObjectReference",
                                         "Volume",
                                         "VolumeDevice",
                                         "VolumeMount",
                                         "VolumeResourceRequirements",
                                         "WeightedPodAffinityTerm",
                                         "WindowsSecurityContextOptions",
                                         NULL};

const char *field_go_package(const char *type)
{

    return is_one_of(type, core_types) || ends(type, "VolumeSource") || ends(type, "Projection")
               ? "v1"
               : "v1alpha1";
}

/* ---- types ---- */

struct named {
    const char *owner; /* NULL: any */
    const char *field, *type;
};

static const struct named named_types[] = {
    {"AppArmorProfile", "type", "v1.AppArmorProfileType"},
    {"Affinity", "podAntiAffinity", "v1.PodAntiAffinity"},
    {"ArchiveStrategy", "none", "v1alpha1.NoneStrategy"},
    {"ArchiveStrategy", "zip", "v1alpha1.ZipStrategy"},
    {"ArtifactGC", "strategy", "v1alpha1.ArtifactGCStrategy"},
    {"AzureDiskVolumeSource", "cachingMode", "v1.AzureDataDiskCachingMode"},
    {"AzureDiskVolumeSource", "kind", "v1.AzureDataDiskKind"},
    {"Capabilities", "add", "v1.Capability"},
    {"Capabilities", "drop", "v1.Capability"},
    {"Condition", "status", "v1.ConditionStatus"},
    {"Condition", "type", "v1alpha1.ConditionType"},
    {"ContainerPort", "protocol", "v1.Protocol"},
    {"ContainerResizePolicy", "resourceName", "v1.ResourceName"},
    {"ContainerResizePolicy", "restartPolicy", "v1.ResourceResizeRestartPolicy"},
    {"ContainerRestartRule", "action", "v1.ContainerRestartRuleAction"},
    {"ContainerRestartRuleOnExitCodes", "operator",
     "v1.ContainerRestartRuleOnExitCodesOperator"},
    {"ContainerRestartRuleOnExitCodes", "values", "int32"},
    {"CronWorkflowSpec", "concurrencyPolicy", "v1alpha1.ConcurrencyPolicy"},
    {"CronWorkflowStatus", "phase", "v1alpha1.CronWorkflowPhase"},
    {"DataSource", "artifactPaths", "v1alpha1.ArtifactPaths"},
    {"EmptyDirVolumeSource", "medium", "v1.StorageMedium"},
    {"EnvFromSource", "configMapRef", "v1.ConfigMapEnvSource"},
    {"EnvFromSource", "secretRef", "v1.SecretEnvSource"},
    {"Gauge", "operation", "v1alpha1.GaugeOperation"},
    {"HTTP", "headers", "v1alpha1.HTTPHeader"},
    {"HTTP", "timeoutSeconds", "int64"},
    {"HTTPArtifact", "headers", "v1alpha1.Header"},
    {"HTTPGetAction", "scheme", "v1.URIScheme"},
    {"Histogram", "buckets", "v1alpha1.Amount"},
    {"HostPathVolumeSource", "type", "v1.HostPathType"},
    {"ImageVolumeSource", "pullPolicy", "v1.PullPolicy"},
    {"LabelSelectorRequirement", "operator", "v1.LabelSelectorOperator"},
    {"Lifecycle", "stopSignal", "v1.Signal"},
    {"ManagedFieldsEntry", "operation", "v1.ManagedFieldsOperationType"},
    {"NodeSelectorRequirement", "operator", "v1.NodeSelectorOperator"},
    {"NodeStatus", "phase", "v1alpha1.NodePhase"},
    {"NodeStatus", "type", "v1alpha1.NodeType"},
    {"NodeResult", "phase", "v1alpha1.NodePhase"},
    {"Parameter", "enum", "v1alpha1.AnyString"},
    {"PersistentVolumeClaimSpec", "accessModes", "v1.PersistentVolumeAccessMode"},
    {"PersistentVolumeClaimSpec", "volumeMode", "v1.PersistentVolumeMode"},
    {"PersistentVolumeClaimStatus", "accessModes", "v1.PersistentVolumeAccessMode"},
    {"PersistentVolumeClaimStatus", "conditions", "v1.PersistentVolumeClaimCondition"},
    {"PersistentVolumeClaimStatus", "phase", "v1.PersistentVolumeClaimPhase"},
    {"PluginArtifact", "name", "v1alpha1.ArtifactPluginName"},
    {"PodDisruptionBudgetSpec", "unhealthyPodEvictionPolicy",
     "v1.UnhealthyPodEvictionPolicyType"},
    {"PodGC", "strategy", "v1alpha1.PodGCStrategy"},
    {"PodSecurityContext", "fsGroupChangePolicy", "v1.PodFSGroupChangePolicy"},
    {"PodSecurityContext", "seLinuxChangePolicy", "v1.PodSELinuxChangePolicy"},
    {"PodSecurityContext", "supplementalGroupsPolicy", "v1.SupplementalGroupsPolicy"},
    {"RetryAffinity", "nodeAntiAffinity", "v1alpha1.RetryNodeAntiAffinity"},
    {"RetryStrategy", "retryPolicy", "v1alpha1.RetryPolicy"},
    {"SeccompProfile", "type", "v1.SeccompProfileType"},
    {"SecurityContext", "procMount", "v1.ProcMountType"},
    {"TarStrategy", "compressionLevel", "int32"},
    {"Toleration", "effect", "v1.TaintEffect"},
    {"Toleration", "operator", "v1.TolerationOperator"},
    {"ValueFrom", "supplied", "v1alpha1.SuppliedValueFrom"},
    {"VolumeClaimGC", "strategy", "v1alpha1.VolumeClaimGCStrategy"},
    {"VolumeMount", "mountPropagation", "v1.MountPropagationMode"},
    {"VolumeMount", "recursiveReadOnly", "v1.RecursiveReadOnlyMode"},
    {"VolumeProjection", "configMap", "v1.ConfigMapProjection"},
    {"VolumeProjection", "secret", "v1.SecretProjection"},
    {"WorkflowEventBindingSpec", "event", "v1alpha1.Event"},
    {"WorkflowLevelArtifactGC", "strategy", "v1alpha1.ArtifactGCStrategy"},
    {"WorkflowSpec", "dnsPolicy", "v1.DNSPolicy"},
    {"WorkflowSpec", "shutdown", "v1alpha1.ShutdownStrategy"},
    {"WorkflowStatus", "phase", "v1alpha1.WorkflowPhase"},
    {NULL, "appArmorProfile", "v1.AppArmorProfile"},
    {NULL, "imagePullPolicy", "v1.PullPolicy"},
    {NULL, "progress", "v1alpha1.Progress"},
    {NULL, "restartPolicy", "v1.ContainerRestartPolicy"},
    {NULL, "seccompProfile", "v1.SeccompProfile"},
    {NULL, "terminationMessagePolicy", "v1.TerminationMessagePolicy"},
    {NULL, "uid", "types.UID"},
};

const char *field_go_named(const char *owner, const char *field)
{

    for (size_t i = 0; i < sizeof(named_types) / sizeof(named_types[0]); i++)
        if ((!named_types[i].owner || strcmp(named_types[i].owner, owner) == 0) &&
            strcmp(named_types[i].field, field) == 0)
            return named_types[i].type;
    return NULL;
}

const char *field_go_list(const char *owner, const char *field)
{
    static const struct named all[] = {
        {"CronWorkflowStatus", "conditions", "v1alpha1.Conditions"},
        {"Data", "transformation", "v1alpha1.Transformation"},
        {"HTTP", "headers", "v1alpha1.HTTPHeaders"},
        {"PersistentVolumeClaimStatus", "allocatedResources", "v1.ResourceList"},
        {"PersistentVolumeClaimStatus", "capacity", "v1.ResourceList"},
        {"ResourceRequirements", "limits", "v1.ResourceList"},
        {"ResourceRequirements", "requests", "v1.ResourceList"},
        {"VolumeResourceRequirements", "limits", "v1.ResourceList"},
        {"VolumeResourceRequirements", "requests", "v1.ResourceList"},
        {"WorkflowStatus", "conditions", "v1alpha1.Conditions"},
        {"WorkflowStatus", "nodes", "v1alpha1.Nodes"},
        {"WorkflowStatus", "resourcesDuration", "v1alpha1.ResourcesDuration"},
        {"NodeStatus", "resourcesDuration", "v1alpha1.ResourcesDuration"},
        {NULL, "hooks", "v1alpha1.LifecycleHooks"},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if ((!all[i].owner || strcmp(all[i].owner, owner) == 0) &&
            strcmp(all[i].field, field) == 0)
            return all[i].type;
    return NULL;
}

/* ---- embedded parts ---- */

const char *field_go_part(const char *owner, const char *field)
{
    static const char *const references[] = {"ConfigMapEnvSource",  "ConfigMapKeySelector",
                                             "ConfigMapProjection", "ConfigMapVolumeSource",
                                             "SecretEnvSource",     "SecretKeySelector",
                                             "SecretProjection",    NULL};
    static const char *const resource[] = {"group", "version", "resource", NULL};
    static const char *const handler[] = {"exec", "httpGet", "tcpSocket", "grpc", NULL};
    static const char *const meta[] = {"apiVersion", "kind", NULL};
    static const char *const auth[] = {"usernameSecret", "passwordSecret", NULL};
    static const char *const bucket[] = {"bucket", "serviceAccountKeySecret", NULL};
    static const char *const hdfs[] = {"addresses", "hdfsUser", "dataTransferProtection", NULL};

    if (is_one_of(owner, references))
        return strcmp(field, "name") == 0 ? "LocalObjectReference" : NULL;
    if (strcmp(owner, "ResourceEventSource") == 0)
        return is_one_of(field, resource) ? "GroupVersionResource" : NULL;
    if (strcmp(owner, "PersistentVolumeClaim") == 0)
        return is_one_of(field, meta) ? "TypeMeta" : NULL;
    if (strcmp(owner, "Volume") == 0)
        return strcmp(field, "name") == 0 ? NULL : "VolumeSource";
    if (strcmp(owner, "Probe") == 0)
        return is_one_of(field, handler) ? "ProbeHandler" : NULL;
    if (strcmp(owner, "GCSArtifact") == 0)
        return is_one_of(field, bucket) ? "GCSBucket" : NULL;
    if (strcmp(owner, "HDFSConfig") == 0)
        return is_one_of(field, hdfs) ? NULL : "HDFSKrbConfig";
    if (strcmp(owner, "ArtifactoryArtifact") == 0)
        return is_one_of(field, auth) ? "ArtifactoryAuth" : NULL;
    return NULL;
}
