/*
 * The messages of Jobs, CronJobs and the pods in them, as `kubectl create job` and `create
 * cronjob` send them: numbers and names of their members as in the generated.proto of
 * Kubernetes' API packages.
 */
#include "objects/protobuf_internal.h"

MESSAGE(pod_failure_policy_on_exit_codes_requirement, "PodFailurePolicyOnExitCodesRequirement",
        TEXT("containerName", 1), TEXT("operator", 2), WHOLES("values", 3));
MESSAGE(pod_failure_policy_on_pod_conditions_pattern, "PodFailurePolicyOnPodConditionsPattern",
        TEXT("type", 1), TEXT("status", 2));
MESSAGE(pod_failure_policy_rule, "PodFailurePolicyRule", TEXT("action", 1),
        PART("onExitCodes", 2, pod_failure_policy_on_exit_codes_requirement),
        PARTS("onPodConditions", 3, pod_failure_policy_on_pod_conditions_pattern));
MESSAGE(pod_failure_policy, "PodFailurePolicy", PARTS("rules", 1, pod_failure_policy_rule));
MESSAGE(success_policy_rule, "SuccessPolicyRule", TEXT("succeededIndexes", 1),
        COUNT("succeededCount", 2));
MESSAGE(success_policy, "SuccessPolicy", PARTS("rules", 1, success_policy_rule));
MESSAGE(host_path_volume_source, "HostPathVolumeSource", TEXT("path", 1), TEXT("type", 2));
MESSAGE(empty_dir_volume_source, "EmptyDirVolumeSource", TEXT("medium", 1),
        QUANTITY("sizeLimit", 2), COUNT("mode", 3));
MESSAGE(gce_persistent_disk_volume_source, "GCEPersistentDiskVolumeSource", TEXT("pdName", 1),
        TEXT("fsType", 2), COUNT("partition", 3), FLAG("readOnly", 4));
MESSAGE(aws_elastic_block_store_volume_source, "AWSElasticBlockStoreVolumeSource",
        TEXT("volumeID", 1), TEXT("fsType", 2), COUNT("partition", 3), FLAG("readOnly", 4));
MESSAGE(git_repo_volume_source, "GitRepoVolumeSource", TEXT("repository", 1),
        TEXT("revision", 2), TEXT("directory", 3));
MESSAGE(key_to_path, "KeyToPath", TEXT("key", 1), TEXT("path", 2), COUNT("mode", 3),
        WHOLE("user", 4));
MESSAGE(secret_volume_source, "SecretVolumeSource", TEXT("secretName", 1),
        PARTS("items", 2, key_to_path), COUNT("defaultMode", 3), BOOL("optional", 4),
        WHOLE("defaultUser", 5));
MESSAGE(nfs_volume_source, "NFSVolumeSource", TEXT("server", 1), TEXT("path", 2),
        FLAG("readOnly", 3));
MESSAGE(local_object_reference, "LocalObjectReference", TEXT("name", 1));
MESSAGE(iscsi_volume_source, "ISCSIVolumeSource", TEXT("targetPortal", 1), TEXT("iqn", 2),
        WHOLE("lun", 3), TEXT("iscsiInterface", 4), TEXT("fsType", 5), FLAG("readOnly", 6),
        TEXTS("portals", 7), FLAG("chapAuthDiscovery", 8),
        PART("secretRef", 10, local_object_reference), FLAG("chapAuthSession", 11),
        TEXT("initiatorName", 12));
MESSAGE(glusterfs_volume_source, "GlusterfsVolumeSource", TEXT("endpoints", 1), TEXT("path", 2),
        FLAG("readOnly", 3));
MESSAGE(persistent_volume_claim_volume_source, "PersistentVolumeClaimVolumeSource",
        TEXT("claimName", 1), FLAG("readOnly", 2));
MESSAGE(rbd_volume_source, "RBDVolumeSource", TEXTS("monitors", 1), TEXT("image", 2),
        TEXT("fsType", 3), TEXT("pool", 4), TEXT("user", 5), TEXT("keyring", 6),
        PART("secretRef", 7, local_object_reference), FLAG("readOnly", 8));
MESSAGE(flex_volume_source, "FlexVolumeSource", TEXT("driver", 1), TEXT("fsType", 2),
        PART("secretRef", 3, local_object_reference), FLAG("readOnly", 4), MAP("options", 5));
MESSAGE(cinder_volume_source, "CinderVolumeSource", TEXT("volumeID", 1), TEXT("fsType", 2),
        FLAG("readOnly", 3), PART("secretRef", 4, local_object_reference));
MESSAGE(ceph_fs_volume_source, "CephFSVolumeSource", TEXTS("monitors", 1), TEXT("path", 2),
        TEXT("user", 3), TEXT("secretFile", 4), PART("secretRef", 5, local_object_reference),
        FLAG("readOnly", 6));
MESSAGE(flocker_volume_source, "FlockerVolumeSource", TEXT("datasetName", 1),
        TEXT("datasetUUID", 2));
MESSAGE(object_field_selector, "ObjectFieldSelector", TEXT("apiVersion", 1),
        TEXT("fieldPath", 2));
MESSAGE(resource_field_selector, "ResourceFieldSelector", TEXT("containerName", 1),
        TEXT("resource", 2), QUANTITY("divisor", 3));
MESSAGE(downward_api_volume_file, "DownwardAPIVolumeFile", TEXT("path", 1),
        PART("fieldRef", 2, object_field_selector),
        PART("resourceFieldRef", 3, resource_field_selector), COUNT("mode", 4),
        WHOLE("user", 5));
MESSAGE(downward_api_volume_source, "DownwardAPIVolumeSource",
        PARTS("items", 1, downward_api_volume_file), COUNT("defaultMode", 2),
        WHOLE("defaultUser", 3));
MESSAGE(fc_volume_source, "FCVolumeSource", TEXTS("targetWWNs", 1), WHOLE("lun", 2),
        TEXT("fsType", 3), FLAG("readOnly", 4), TEXTS("wwids", 5));
MESSAGE(azure_file_volume_source, "AzureFileVolumeSource", TEXT("secretName", 1),
        TEXT("shareName", 2), FLAG("readOnly", 3));
MESSAGE(config_map_volume_source, "ConfigMapVolumeSource",
        INLINED("localObjectReference", 1, local_object_reference),
        PARTS("items", 2, key_to_path), COUNT("defaultMode", 3), BOOL("optional", 4),
        WHOLE("defaultUser", 5));
MESSAGE(vsphere_virtual_disk_volume_source, "VsphereVirtualDiskVolumeSource",
        TEXT("volumePath", 1), TEXT("fsType", 2), TEXT("storagePolicyName", 3),
        TEXT("storagePolicyID", 4));
MESSAGE(quobyte_volume_source, "QuobyteVolumeSource", TEXT("registry", 1), TEXT("volume", 2),
        FLAG("readOnly", 3), TEXT("user", 4), TEXT("group", 5), TEXT("tenant", 6));
MESSAGE(azure_disk_volume_source, "AzureDiskVolumeSource", TEXT("diskName", 1),
        TEXT("diskURI", 2), TEXT("cachingMode", 3), TEXT("fsType", 4), FLAG("readOnly", 5),
        TEXT("kind", 6));
MESSAGE(photon_persistent_disk_volume_source, "PhotonPersistentDiskVolumeSource",
        TEXT("pdID", 1), TEXT("fsType", 2));
MESSAGE(secret_projection, "SecretProjection",
        INLINED("localObjectReference", 1, local_object_reference),
        PARTS("items", 2, key_to_path), BOOL("optional", 4));
MESSAGE(downward_api_projection, "DownwardAPIProjection",
        PARTS("items", 1, downward_api_volume_file));
MESSAGE(config_map_projection, "ConfigMapProjection",
        INLINED("localObjectReference", 1, local_object_reference),
        PARTS("items", 2, key_to_path), BOOL("optional", 4));
MESSAGE(service_account_token_projection, "ServiceAccountTokenProjection", TEXT("audience", 1),
        COUNT("expirationSeconds", 2), TEXT("path", 3), WHOLE("user", 4));
MESSAGE(cluster_trust_bundle_projection, "ClusterTrustBundleProjection", TEXT("name", 1),
        TEXT("signerName", 2), PART("labelSelector", 3, protobuf_label_selector),
        TEXT("path", 4), BOOL("optional", 5), WHOLE("user", 6));
MESSAGE(pod_certificate_projection, "PodCertificateProjection", TEXT("signerName", 1),
        TEXT("keyType", 2), WHOLE("maxExpirationSeconds", 3), TEXT("credentialBundlePath", 4),
        TEXT("keyPath", 5), TEXT("certificateChainPath", 6), MAP("userAnnotations", 7),
        WHOLE("user", 8));
MESSAGE(volume_projection, "VolumeProjection", PART("secret", 1, secret_projection),
        PART("downwardAPI", 2, downward_api_projection),
        PART("configMap", 3, config_map_projection),
        PART("serviceAccountToken", 4, service_account_token_projection),
        PART("clusterTrustBundle", 5, cluster_trust_bundle_projection),
        PART("podCertificate", 6, pod_certificate_projection));
MESSAGE(projected_volume_source, "ProjectedVolumeSource",
        PARTS("sources", 1, volume_projection), COUNT("defaultMode", 2),
        WHOLE("defaultUser", 3));
MESSAGE(portworx_volume_source, "PortworxVolumeSource", TEXT("volumeID", 1), TEXT("fsType", 2),
        FLAG("readOnly", 3));
MESSAGE(scale_io_volume_source, "ScaleIOVolumeSource", TEXT("gateway", 1), TEXT("system", 2),
        PART("secretRef", 3, local_object_reference), FLAG("sslEnabled", 4),
        TEXT("protectionDomain", 5), TEXT("storagePool", 6), TEXT("storageMode", 7),
        TEXT("volumeName", 8), TEXT("fsType", 9), FLAG("readOnly", 10));
MESSAGE(storage_os_volume_source, "StorageOSVolumeSource", TEXT("volumeName", 1),
        TEXT("volumeNamespace", 2), TEXT("fsType", 3), FLAG("readOnly", 4),
        PART("secretRef", 5, local_object_reference));
MESSAGE(csi_volume_source, "CSIVolumeSource", TEXT("driver", 1), FLAG("readOnly", 2),
        TEXT("fsType", 3), MAP("volumeAttributes", 4),
        PART("nodePublishSecretRef", 5, local_object_reference));
MESSAGE(volume_resource_requirements, "VolumeResourceRequirements", QUANTITY_MAP("limits", 1),
        QUANTITY_MAP("requests", 2));
MESSAGE(typed_local_object_reference, "TypedLocalObjectReference", TEXT("apiGroup", 1),
        TEXT("kind", 2), TEXT("name", 3));
MESSAGE(typed_object_reference, "TypedObjectReference", TEXT("apiGroup", 1), TEXT("kind", 2),
        TEXT("name", 3), TEXT("namespace", 4));
MESSAGE(persistent_volume_claim_spec, "PersistentVolumeClaimSpec", TEXTS("accessModes", 1),
        PART("resources", 2, volume_resource_requirements), TEXT("volumeName", 3),
        PART("selector", 4, protobuf_label_selector), TEXT("storageClassName", 5),
        TEXT("volumeMode", 6), PART("dataSource", 7, typed_local_object_reference),
        PART("dataSourceRef", 8, typed_object_reference), TEXT("volumeAttributesClassName", 9));
MESSAGE(persistent_volume_claim_template, "PersistentVolumeClaimTemplate",
        PART("metadata", 1, protobuf_object_meta),
        PART("spec", 2, persistent_volume_claim_spec));
MESSAGE(ephemeral_volume_source, "EphemeralVolumeSource",
        PART("volumeClaimTemplate", 1, persistent_volume_claim_template));
MESSAGE(image_volume_source, "ImageVolumeSource", TEXT("reference", 1), TEXT("pullPolicy", 2));
MESSAGE(volume_source, "VolumeSource", PART("hostPath", 1, host_path_volume_source),
        PART("emptyDir", 2, empty_dir_volume_source),
        PART("gcePersistentDisk", 3, gce_persistent_disk_volume_source),
        PART("awsElasticBlockStore", 4, aws_elastic_block_store_volume_source),
        PART("gitRepo", 5, git_repo_volume_source), PART("secret", 6, secret_volume_source),
        PART("nfs", 7, nfs_volume_source), PART("iscsi", 8, iscsi_volume_source),
        PART("glusterfs", 9, glusterfs_volume_source),
        PART("persistentVolumeClaim", 10, persistent_volume_claim_volume_source),
        PART("rbd", 11, rbd_volume_source), PART("flexVolume", 12, flex_volume_source),
        PART("cinder", 13, cinder_volume_source), PART("cephfs", 14, ceph_fs_volume_source),
        PART("flocker", 15, flocker_volume_source),
        PART("downwardAPI", 16, downward_api_volume_source), PART("fc", 17, fc_volume_source),
        PART("azureFile", 18, azure_file_volume_source),
        PART("configMap", 19, config_map_volume_source),
        PART("vsphereVolume", 20, vsphere_virtual_disk_volume_source),
        PART("quobyte", 21, quobyte_volume_source),
        PART("azureDisk", 22, azure_disk_volume_source),
        PART("photonPersistentDisk", 23, photon_persistent_disk_volume_source),
        PART("portworxVolume", 24, portworx_volume_source),
        PART("scaleIO", 25, scale_io_volume_source),
        PART("projected", 26, projected_volume_source),
        PART("storageos", 27, storage_os_volume_source), PART("csi", 28, csi_volume_source),
        PART("ephemeral", 29, ephemeral_volume_source), PART("image", 30, image_volume_source));
MESSAGE(volume, "Volume", TEXT("name", 1), INLINED("volumeSource", 2, volume_source));
MESSAGE(container_port, "ContainerPort", TEXT("name", 1), WHOLE("hostPort", 2),
        WHOLE("containerPort", 3), TEXT("protocol", 4), TEXT("hostIP", 5));
MESSAGE(config_map_env_source, "ConfigMapEnvSource",
        INLINED("localObjectReference", 1, local_object_reference), BOOL("optional", 2));
MESSAGE(secret_env_source, "SecretEnvSource",
        INLINED("localObjectReference", 1, local_object_reference), BOOL("optional", 2));
MESSAGE(env_from_source, "EnvFromSource", TEXT("prefix", 1),
        PART("configMapRef", 2, config_map_env_source),
        PART("secretRef", 3, secret_env_source));
MESSAGE(config_map_key_selector, "ConfigMapKeySelector",
        INLINED("localObjectReference", 1, local_object_reference), TEXT("key", 2),
        BOOL("optional", 3));
MESSAGE(secret_key_selector, "SecretKeySelector",
        INLINED("localObjectReference", 1, local_object_reference), TEXT("key", 2),
        BOOL("optional", 3));
MESSAGE(file_key_selector, "FileKeySelector", TEXT("volumeName", 1), TEXT("path", 2),
        TEXT("key", 3), BOOL("optional", 4));
MESSAGE(env_var_source, "EnvVarSource", PART("fieldRef", 1, object_field_selector),
        PART("resourceFieldRef", 2, resource_field_selector),
        PART("configMapKeyRef", 3, config_map_key_selector),
        PART("secretKeyRef", 4, secret_key_selector), PART("fileKeyRef", 5, file_key_selector));
MESSAGE(env_var, "EnvVar", TEXT("name", 1), TEXT("value", 2),
        PART("valueFrom", 3, env_var_source));
MESSAGE(resource_claim, "ResourceClaim", TEXT("name", 1), TEXT("request", 2));
MESSAGE(resource_requirements, "ResourceRequirements", QUANTITY_MAP("limits", 1),
        QUANTITY_MAP("requests", 2), PARTS("claims", 3, resource_claim));
MESSAGE(container_resize_policy, "ContainerResizePolicy", TEXT("resourceName", 1),
        TEXT("restartPolicy", 2));
MESSAGE(container_restart_rule_on_exit_codes, "ContainerRestartRuleOnExitCodes",
        TEXT("operator", 1), WHOLES("values", 2));
MESSAGE(container_restart_rule, "ContainerRestartRule", TEXT("action", 1),
        PART("exitCodes", 2, container_restart_rule_on_exit_codes));
MESSAGE(volume_mount, "VolumeMount", TEXT("name", 1), FLAG("readOnly", 2), TEXT("mountPath", 3),
        TEXT("subPath", 4), TEXT("mountPropagation", 5), TEXT("subPathExpr", 6),
        TEXT("recursiveReadOnly", 7), TEXTS("bindMountOptions", 8));
MESSAGE(volume_device, "VolumeDevice", TEXT("name", 1), TEXT("devicePath", 2));
MESSAGE(exec_action, "ExecAction", TEXTS("command", 1));
MESSAGE(http_header, "HTTPHeader", TEXT("name", 1), TEXT("value", 2));
MESSAGE(http_get_action, "HTTPGetAction", TEXT("path", 1), INT_OR_TEXT("port", 2),
        TEXT("host", 3), TEXT("scheme", 4), PARTS("httpHeaders", 5, http_header),
        TEXT("protocol", 6));
MESSAGE(tcp_socket_action, "TCPSocketAction", INT_OR_TEXT("port", 1), TEXT("host", 2));
MESSAGE(grpc_action, "GRPCAction", WHOLE("port", 1), TEXT("service", 2), TEXT("mode", 3));
MESSAGE(probe_handler, "ProbeHandler", PART("exec", 1, exec_action),
        PART("httpGet", 2, http_get_action), PART("tcpSocket", 3, tcp_socket_action),
        PART("grpc", 4, grpc_action));
MESSAGE(probe, "Probe", INLINED("handler", 1, probe_handler), WHOLE("initialDelaySeconds", 2),
        WHOLE("timeoutSeconds", 3), WHOLE("periodSeconds", 4), WHOLE("successThreshold", 5),
        WHOLE("failureThreshold", 6), COUNT("terminationGracePeriodSeconds", 7));
MESSAGE(sleep_action, "SleepAction", WHOLE("seconds", 1));
MESSAGE(lifecycle_handler, "LifecycleHandler", PART("exec", 1, exec_action),
        PART("httpGet", 2, http_get_action), PART("tcpSocket", 3, tcp_socket_action),
        PART("sleep", 4, sleep_action));
MESSAGE(lifecycle, "Lifecycle", PART("postStart", 1, lifecycle_handler),
        PART("preStop", 2, lifecycle_handler), TEXT("stopSignal", 3));
MESSAGE(capabilities, "Capabilities", TEXTS("add", 1), TEXTS("drop", 2));
MESSAGE(se_linux_options, "SELinuxOptions", TEXT("user", 1), TEXT("role", 2), TEXT("type", 3),
        TEXT("level", 4));
MESSAGE(windows_security_context_options, "WindowsSecurityContextOptions",
        TEXT("gmsaCredentialSpecName", 1), TEXT("gmsaCredentialSpec", 2),
        TEXT("runAsUserName", 3), FLAG("hostProcess", 4));
MESSAGE(seccomp_profile, "SeccompProfile", TEXT("type", 1), TEXT("localhostProfile", 2));
MESSAGE(app_armor_profile, "AppArmorProfile", TEXT("type", 1), TEXT("localhostProfile", 2));
MESSAGE(security_context, "SecurityContext", PART("capabilities", 1, capabilities),
        BOOL("privileged", 2), PART("seLinuxOptions", 3, se_linux_options),
        COUNT("runAsUser", 4), BOOL("runAsNonRoot", 5), BOOL("readOnlyRootFilesystem", 6),
        BOOL("allowPrivilegeEscalation", 7), COUNT("runAsGroup", 8), TEXT("procMount", 9),
        PART("windowsOptions", 10, windows_security_context_options),
        PART("seccompProfile", 11, seccomp_profile),
        PART("appArmorProfile", 12, app_armor_profile));
MESSAGE(container, "Container", TEXT("name", 1), TEXT("image", 2), TEXTS("command", 3),
        TEXTS("args", 4), TEXT("workingDir", 5), PARTS("ports", 6, container_port),
        PARTS("env", 7, env_var), PART("resources", 8, resource_requirements),
        PARTS("volumeMounts", 9, volume_mount), PART("livenessProbe", 10, probe),
        PART("readinessProbe", 11, probe), PART("lifecycle", 12, lifecycle),
        TEXT("terminationMessagePath", 13), TEXT("imagePullPolicy", 14),
        PART("securityContext", 15, security_context), FLAG("stdin", 16), FLAG("stdinOnce", 17),
        FLAG("tty", 18), PARTS("envFrom", 19, env_from_source),
        TEXT("terminationMessagePolicy", 20), PARTS("volumeDevices", 21, volume_device),
        PART("startupProbe", 22, probe), PARTS("resizePolicy", 23, container_resize_policy),
        TEXT("restartPolicy", 24), PARTS("restartPolicyRules", 25, container_restart_rule));
MESSAGE(sysctl, "Sysctl", TEXT("name", 1), TEXT("value", 2));
MESSAGE(pod_security_context, "PodSecurityContext", PART("seLinuxOptions", 1, se_linux_options),
        COUNT("runAsUser", 2), BOOL("runAsNonRoot", 3), WHOLES("supplementalGroups", 4),
        COUNT("fsGroup", 5), COUNT("runAsGroup", 6), PARTS("sysctls", 7, sysctl),
        PART("windowsOptions", 8, windows_security_context_options),
        TEXT("fsGroupChangePolicy", 9), PART("seccompProfile", 10, seccomp_profile),
        PART("appArmorProfile", 11, app_armor_profile), TEXT("supplementalGroupsPolicy", 12),
        TEXT("seLinuxChangePolicy", 13));
MESSAGE(node_selector_requirement, "NodeSelectorRequirement", TEXT("key", 1),
        TEXT("operator", 2), TEXTS("values", 3));
MESSAGE(node_selector_term, "NodeSelectorTerm",
        PARTS("matchExpressions", 1, node_selector_requirement),
        PARTS("matchFields", 2, node_selector_requirement));
MESSAGE(node_selector, "NodeSelector", PARTS("nodeSelectorTerms", 1, node_selector_term));
MESSAGE(preferred_scheduling_term, "PreferredSchedulingTerm", WHOLE("weight", 1),
        PART("preference", 2, node_selector_term));
MESSAGE(node_affinity, "NodeAffinity",
        PART("requiredDuringSchedulingIgnoredDuringExecution", 1, node_selector),
        PARTS("preferredDuringSchedulingIgnoredDuringExecution", 2, preferred_scheduling_term));
MESSAGE(pod_affinity_term, "PodAffinityTerm", PART("labelSelector", 1, protobuf_label_selector),
        TEXTS("namespaces", 2), TEXT("topologyKey", 3),
        PART("namespaceSelector", 4, protobuf_label_selector), TEXTS("matchLabelKeys", 5),
        TEXTS("mismatchLabelKeys", 6));
MESSAGE(weighted_pod_affinity_term, "WeightedPodAffinityTerm", WHOLE("weight", 1),
        PART("podAffinityTerm", 2, pod_affinity_term));
MESSAGE(pod_affinity, "PodAffinity",
        PARTS("requiredDuringSchedulingIgnoredDuringExecution", 1, pod_affinity_term),
        PARTS("preferredDuringSchedulingIgnoredDuringExecution", 2,
              weighted_pod_affinity_term));
MESSAGE(pod_anti_affinity, "PodAntiAffinity",
        PARTS("requiredDuringSchedulingIgnoredDuringExecution", 1, pod_affinity_term),
        PARTS("preferredDuringSchedulingIgnoredDuringExecution", 2,
              weighted_pod_affinity_term));
MESSAGE(affinity, "Affinity", PART("nodeAffinity", 1, node_affinity),
        PART("podAffinity", 2, pod_affinity), PART("podAntiAffinity", 3, pod_anti_affinity));
MESSAGE(toleration, "Toleration", TEXT("key", 1), TEXT("operator", 2), TEXT("value", 3),
        TEXT("effect", 4), COUNT("tolerationSeconds", 5));
MESSAGE(host_alias, "HostAlias", TEXT("ip", 1), TEXTS("hostnames", 2));
MESSAGE(pod_dns_config_option, "PodDNSConfigOption", TEXT("name", 1), TEXT("value", 2));
MESSAGE(pod_dns_config, "PodDNSConfig", TEXTS("nameservers", 1), TEXTS("searches", 2),
        PARTS("options", 3, pod_dns_config_option));
MESSAGE(pod_readiness_gate, "PodReadinessGate", TEXT("conditionType", 1));
MESSAGE(topology_spread_constraint, "TopologySpreadConstraint", WHOLE("maxSkew", 1),
        TEXT("topologyKey", 2), TEXT("whenUnsatisfiable", 3),
        PART("labelSelector", 4, protobuf_label_selector), COUNT("minDomains", 5),
        TEXT("nodeAffinityPolicy", 6), TEXT("nodeTaintsPolicy", 7), TEXTS("matchLabelKeys", 8));
MESSAGE(pod_os, "PodOS", TEXT("name", 1));
MESSAGE(pod_scheduling_gate, "PodSchedulingGate", TEXT("name", 1));
MESSAGE(pod_resource_claim, "PodResourceClaim", TEXT("name", 1), TEXT("resourceClaimName", 3),
        TEXT("resourceClaimTemplateName", 4));
MESSAGE(pod_scheduling_group, "PodSchedulingGroup", TEXT("podGroupName", 1));
MESSAGE(eviction_responder, "EvictionResponder", TEXT("name", 1), COUNT("priority", 2));
MESSAGE(pod_spec, "PodSpec", PARTS("volumes", 1, volume), PARTS("containers", 2, container),
        TEXT("restartPolicy", 3), COUNT("terminationGracePeriodSeconds", 4),
        COUNT("activeDeadlineSeconds", 5), TEXT("dnsPolicy", 6), MAP("nodeSelector", 7),
        TEXT("serviceAccountName", 8), TEXT("serviceAccount", 9), TEXT("nodeName", 10),
        FLAG("hostNetwork", 11), FLAG("hostPID", 12), FLAG("hostIPC", 13),
        PART("securityContext", 14, pod_security_context),
        PARTS("imagePullSecrets", 15, local_object_reference), TEXT("hostname", 16),
        TEXT("subdomain", 17), PART("affinity", 18, affinity), TEXT("schedulerName", 19),
        PARTS("initContainers", 20, container), BOOL("automountServiceAccountToken", 21),
        PARTS("tolerations", 22, toleration), PARTS("hostAliases", 23, host_alias),
        TEXT("priorityClassName", 24), COUNT("priority", 25),
        PART("dnsConfig", 26, pod_dns_config), BOOL("shareProcessNamespace", 27),
        PARTS("readinessGates", 28, pod_readiness_gate), TEXT("runtimeClassName", 29),
        BOOL("enableServiceLinks", 30), TEXT("preemptionPolicy", 31),
        QUANTITY_MAP("overhead", 32),
        PARTS("topologySpreadConstraints", 33, topology_spread_constraint),
        BOOL("setHostnameAsFQDN", 35), PART("os", 36, pod_os), BOOL("hostUsers", 37),
        PARTS("schedulingGates", 38, pod_scheduling_gate),
        PARTS("resourceClaims", 39, pod_resource_claim),
        PART("resources", 40, resource_requirements), TEXT("hostnameOverride", 41),
        PART("schedulingGroup", 43, pod_scheduling_group),
        PARTS("evictionResponders", 44, eviction_responder));
MESSAGE(pod_template_spec, "PodTemplateSpec", PART("metadata", 1, protobuf_object_meta),
        PART("spec", 2, pod_spec));
MESSAGE(job_spec, "JobSpec", COUNT("parallelism", 1), COUNT("completions", 2),
        COUNT("activeDeadlineSeconds", 3), PART("selector", 4, protobuf_label_selector),
        BOOL("manualSelector", 5), PART("template", 6, pod_template_spec),
        COUNT("backoffLimit", 7), COUNT("ttlSecondsAfterFinished", 8),
        TEXT("completionMode", 9), BOOL("suspend", 10),
        PART("podFailurePolicy", 11, pod_failure_policy), COUNT("backoffLimitPerIndex", 12),
        COUNT("maxFailedIndexes", 13), TEXT("podReplacementPolicy", 14), TEXT("managedBy", 15),
        PART("successPolicy", 16, success_policy));
EXTERN_MESSAGE(protobuf_job, "Job", PART("metadata", 1, protobuf_object_meta),
               PART("spec", 2, job_spec), DROPPED("status", 3));
MESSAGE(job_template_spec, "JobTemplateSpec", PART("metadata", 1, protobuf_object_meta),
        PART("spec", 2, job_spec));
MESSAGE(cron_job_spec, "CronJobSpec", TEXT("schedule", 1), COUNT("startingDeadlineSeconds", 2),
        TEXT("concurrencyPolicy", 3), BOOL("suspend", 4),
        PART("jobTemplate", 5, job_template_spec), COUNT("successfulJobsHistoryLimit", 6),
        COUNT("failedJobsHistoryLimit", 7), TEXT("timeZone", 8));
EXTERN_MESSAGE(protobuf_cron_job, "CronJob", PART("metadata", 1, protobuf_object_meta),
               PART("spec", 2, cron_job_spec), DROPPED("status", 3));
