/*
 * objects/shapes_volume.c - volumes with all their sources, and claims for storage. Immutable
 * tables; any thread.
 *
 * Carried out: emptyDir, configMap, secret, projected, downwardAPI, persistentVolumeClaim,
 * hostPath, ephemeral. A source that is built loses its flag in volume_rows.
 */
#include "objects/shapes_internal.h"

#define FS_TYPE   TEXT("fsType", "File system of the volume.")
#define READ_ONLY FLAG("readOnly", "Whether it cannot be written.")
#define SECRET_OF_DRIVER \
    PART("secretRef", local_object_reference, "Secret with the credentials.")
#define MODE_ROW(name_) WHOLE(name_, "Permission bits, 0 to 511.", .min = 0, .max = 511)

static const struct field key_to_path_rows[] = {
    TEXT("key", "Key of the object.", .flags = FIELD_REQUIRED),
    TEXT("path", "Path of the file in the volume.", .flags = FIELD_REQUIRED),
    MODE_ROW("mode"),
    {0},
};
LOCAL_SHAPE(key_to_path, "KeyToPath", "One key as a file.");

static const struct field config_map_volume_source_rows[] = {
    TEXT("name", "Name of the ConfigMap."),
    PARTS("items", key_to_path, "Keys to show; absent: all."),
    MODE_ROW("defaultMode"),
    FLAG("optional", "Whether ConfigMap or keys may be missing."),
    {0},
};
LOCAL_SHAPE(config_map_volume_source, "ConfigMapVolumeSource", "The keys of a ConfigMap.");

static const struct field secret_volume_source_rows[] = {
    TEXT("secretName", "Name of the Secret."),
    PARTS("items", key_to_path, "Keys to show; absent: all."),
    MODE_ROW("defaultMode"),
    FLAG("optional", "Whether Secret or keys may be missing."),
    {0},
};
LOCAL_SHAPE(secret_volume_source, "SecretVolumeSource", "The keys of a Secret.");

static const struct field empty_dir_volume_source_rows[] = {
    TEXT("medium", "Memory, or empty for the disk.", .flags = FIELD_NO_OP),
    ROW("sizeLimit", FIELD_QUANTITY, "How much it may hold.", .flags = FIELD_NO_OP),
    {0},
};
LOCAL_SHAPE(empty_dir_volume_source, "EmptyDirVolumeSource", "A folder as long as the pod.");

static const struct field downward_api_volume_file_rows[] = {
    TEXT("path", "Path of the file in the volume.", .flags = FIELD_REQUIRED),
    PART("fieldRef", object_field_selector, "A field of the pod."),
    PART("resourceFieldRef", resource_field_selector, "A limit or request of a container."),
    MODE_ROW("mode"),
    {0},
};
LOCAL_SHAPE(downward_api_volume_file, "DownwardAPIVolumeFile", "A field of the pod as a file.");

static const struct field downward_api_volume_source_rows[] = {
    PARTS("items", downward_api_volume_file, "Files of the volume."),
    MODE_ROW("defaultMode"),
    {0},
};
LOCAL_SHAPE(downward_api_volume_source, "DownwardAPIVolumeSource", "Fields of the pod.");

static const struct field key_projection_rows[] = {
    TEXT("name", "Name of the object."),
    PARTS("items", key_to_path, "Keys to show; absent: all."),
    FLAG("optional", "Whether object or keys may be missing."),
    {0},
};
LOCAL_SHAPE(key_projection, "KeyProjection", "The keys of a ConfigMap or Secret.");

static const struct field downward_api_projection_rows[] = {
    PARTS("items", downward_api_volume_file, "Files of the volume."),
    {0},
};
LOCAL_SHAPE(downward_api_projection, "DownwardAPIProjection", "Fields of the pod.");

static const struct field service_account_token_projection_rows[] = {
    TEXT("path", "Path of the file in the volume.", .flags = FIELD_REQUIRED),
    TEXT("audience", "For whom the token is."),
    WHOLE("expirationSeconds", "How long it is valid; here as long as the pod runs.",
          .fallback = "3600", .min = 600, .max = INT64_C(1) << 32),
    {0},
};
LOCAL_SHAPE(service_account_token_projection, "ServiceAccountTokenProjection",
            "A token of the pod's service account.");

static const struct field cluster_trust_bundle_projection_rows[] = {
    TEXT("path", "Path of the file in the volume.", .flags = FIELD_REQUIRED),
    TEXT("name", "Name of the bundle."),
    TEXT("signerName", "Signer whose bundles are meant."),
    PART("labelSelector", label_selector, "Which bundles of the signer."),
    FLAG("optional", "Whether it may be missing."),
    {0},
};
LOCAL_SHAPE(cluster_trust_bundle_projection, "ClusterTrustBundleProjection",
            "Certificates to trust.");

static const struct field pod_certificate_projection_rows[] = {
    TEXT("signerName", "Who signs.", .flags = FIELD_REQUIRED),
    TEXT("keyType", "Kind of the key.", .flags = FIELD_REQUIRED),
    TEXT("credentialBundlePath", "File of key and certificates."),
    TEXT("certificateChainPath", "File of the certificates."),
    TEXT("keyPath", "File of the key."),
    WHOLE("maxExpirationSeconds", "How long it may be valid."),
    TEXT_BY_NAME("userAnnotations", "Words for the signer."),
    {0},
};
LOCAL_SHAPE(pod_certificate_projection, "PodCertificateProjection",
            "A certificate of the pod.");

static const struct field volume_projection_rows[] = {
    PART("configMap", key_projection, "The keys of a ConfigMap."),
    PART("secret", key_projection, "The keys of a Secret."),
    PART("downwardAPI", downward_api_projection, "Fields of the pod."),
    PART("serviceAccountToken", service_account_token_projection,
         "A token of the pod's service account."),
    PART("clusterTrustBundle", cluster_trust_bundle_projection, "Certificates to trust.",
         .flags = FIELD_UNSUPPORTED),
    PART("podCertificate", pod_certificate_projection, "A certificate of the pod.",
         .flags = FIELD_UNSUPPORTED),
    {0},
};
LOCAL_SHAPE(volume_projection, "VolumeProjection", "One of several sources in one volume.");

static const struct field projected_volume_source_rows[] = {
    PARTS("sources", volume_projection, "What the volume shows."),
    MODE_ROW("defaultMode"),
    {0},
};
LOCAL_SHAPE(projected_volume_source, "ProjectedVolumeSource", "Several sources in one volume.");

static const struct field persistent_volume_claim_volume_source_rows[] = {
    TEXT("claimName", "Name of the claim.", .flags = FIELD_REQUIRED),
    READ_ONLY,
    {0},
};
LOCAL_SHAPE(persistent_volume_claim_volume_source, "PersistentVolumeClaimVolumeSource",
            "Storage that has been claimed.");

static const struct field volume_resource_requirements_rows[] = {
    MAP_OF("requests", FIELD_QUANTITY, "How much storage there must be."),
    MAP_OF("limits", FIELD_QUANTITY, "How much storage there may be."),
    {0},
};
LOCAL_SHAPE(volume_resource_requirements, "VolumeResourceRequirements", "Size of a volume.");

static const struct field persistent_volume_claim_spec_rows[] = {
    TEXTS("accessModes", "ReadWriteOnce, ReadOnlyMany, ReadWriteMany, ReadWriteOncePod."),
    PART("resources", volume_resource_requirements,
         "Size of the volume: a folder, which has all the room of its disk.",
         .flags = FIELD_NO_OP),
    TEXT("storageClassName", "Class of the storage.", .flags = FIELD_NO_OP),
    CHOICE("volumeMode", "Filesystem", "What the volume is in the container.",
           .fallback = "Filesystem", .unbuilt = "Block"),
    TEXT("volumeName", "Volume that is meant.", .flags = FIELD_NO_OP),
    PART("selector", label_selector, "Which volumes are allowed.", .flags = FIELD_NO_OP),
    PART("dataSource", typed_local_object_reference, "What the volume is filled from.",
         .flags = FIELD_UNSUPPORTED),
    PART("dataSourceRef", typed_object_reference, "What the volume is filled from.",
         .flags = FIELD_UNSUPPORTED),
    TEXT("volumeAttributesClassName", "Class of the volume's attributes.",
         .flags = FIELD_NO_OP),
    {0},
};
SHAPE(persistent_volume_claim_spec, "PersistentVolumeClaimSpec", "A wish for storage.");

static const struct field persistent_volume_claim_template_rows[] = {
    PART("metadata", object_meta, "Labels and annotations of the claim."),
    PART("spec", persistent_volume_claim_spec, "The claim.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(persistent_volume_claim_template, "PersistentVolumeClaimTemplate",
            "A claim that is made with the pod.");

static const struct field ephemeral_volume_source_rows[] = {
    PART("volumeClaimTemplate", persistent_volume_claim_template,
         "The claim that is made: here a folder of the pod's.", .flags = FIELD_NO_OP),
    {0},
};
LOCAL_SHAPE(ephemeral_volume_source, "EphemeralVolumeSource", "Storage as long as the pod.");

static const struct field host_path_volume_source_rows[] = {
    TEXT("path", "Path on the machine.", .flags = FIELD_REQUIRED),
    TEXT("type", "What must be there: Directory, File, DirectoryOrCreate ..."),
    {0},
};
LOCAL_SHAPE(host_path_volume_source, "HostPathVolumeSource", "A path of the machine.");

static const struct field image_volume_source_rows[] = {
    TEXT("reference", "The image."),
    CHOICE("pullPolicy", "Always|Never|IfNotPresent", "When it is fetched."),
    {0},
};
LOCAL_SHAPE(image_volume_source, "ImageVolumeSource", "The content of an image.");

static const struct field nfs_volume_source_rows[] = {
    TEXT("server", "Host of the server.", .flags = FIELD_REQUIRED),
    TEXT("path", "Path on the server.", .flags = FIELD_REQUIRED),
    READ_ONLY,
    {0},
};
LOCAL_SHAPE(nfs_volume_source, "NFSVolumeSource", "A folder of an NFS server.");

static const struct field csi_volume_source_rows[] = {
    TEXT("driver", "Name of the driver.", .flags = FIELD_REQUIRED),
    FS_TYPE,
    READ_ONLY,
    TEXT_BY_NAME("volumeAttributes", "Words for the driver."),
    PART("nodePublishSecretRef", local_object_reference, "Secret with the credentials."),
    {0},
};
LOCAL_SHAPE(csi_volume_source, "CSIVolumeSource", "A volume of a storage driver.");

static const struct field iscsi_volume_source_rows[] = {
    TEXT("targetPortal", "Address of the target.", .flags = FIELD_REQUIRED),
    TEXT("iqn", "Name of the target.", .flags = FIELD_REQUIRED),
    WHOLE("lun", "Number of the unit.", .flags = FIELD_REQUIRED),
    TEXTS("portals", "Further addresses."),
    TEXT("iscsiInterface", "Interface of the initiator."),
    TEXT("initiatorName", "Name of the initiator."),
    FLAG("chapAuthDiscovery", "Whether discovery uses CHAP."),
    FLAG("chapAuthSession", "Whether the session uses CHAP."),
    SECRET_OF_DRIVER,
    FS_TYPE,
    READ_ONLY,
    {0},
};
LOCAL_SHAPE(iscsi_volume_source, "ISCSIVolumeSource", "A disk of an iSCSI target.");

static const struct field fc_volume_source_rows[] = {
    TEXTS("targetWWNs", "Names of the targets."),
    TEXTS("wwids", "World-wide identifiers."),
    WHOLE("lun", "Number of the unit."),
    FS_TYPE,
    READ_ONLY,
    {0},
};
LOCAL_SHAPE(fc_volume_source, "FCVolumeSource", "A disk of a Fibre Channel network.");

static const struct field flex_volume_source_rows[] = {
    TEXT("driver", "Name of the driver.", .flags = FIELD_REQUIRED),
    TEXT_BY_NAME("options", "Words for the driver."),
    SECRET_OF_DRIVER,
    FS_TYPE,
    READ_ONLY,
    {0},
};
LOCAL_SHAPE(flex_volume_source, "FlexVolumeSource", "A volume of an exec driver.");

static const struct field git_repo_volume_source_rows[] = {
    TEXT("repository", "URL of the repository.", .flags = FIELD_REQUIRED),
    TEXT("revision", "Commit."),
    TEXT("directory", "Folder of the work tree."),
    {0},
};
LOCAL_SHAPE(git_repo_volume_source, "GitRepoVolumeSource", "A work tree of a repository.");

static const struct field cephfs_volume_source_rows[] = {
    TEXTS("monitors", "Addresses of monitors.", .flags = FIELD_REQUIRED),
    TEXT("path", "Path that is mounted."),
    TEXT("user", "Name of the user."),
    TEXT("secretFile", "File with the key."),
    SECRET_OF_DRIVER,
    READ_ONLY,
    {0},
};
LOCAL_SHAPE(cephfs_volume_source, "CephFSVolumeSource", "A folder of CephFS.");

static const struct field rbd_volume_source_rows[] = {
    TEXTS("monitors", "Addresses of monitors.", .flags = FIELD_REQUIRED),
    TEXT("image", "Name of the image.", .flags = FIELD_REQUIRED),
    TEXT("pool", "Name of the pool."),
    TEXT("user", "Name of the user."),
    TEXT("keyring", "File with the key."),
    SECRET_OF_DRIVER,
    FS_TYPE,
    READ_ONLY,
    {0},
};
LOCAL_SHAPE(rbd_volume_source, "RBDVolumeSource", "A block device of Ceph.");

static const struct field glusterfs_volume_source_rows[] = {
    TEXT("endpoints", "Name of the endpoints.", .flags = FIELD_REQUIRED),
    TEXT("path", "Name of the volume.", .flags = FIELD_REQUIRED),
    READ_ONLY,
    {0},
};
LOCAL_SHAPE(glusterfs_volume_source, "GlusterfsVolumeSource", "A volume of GlusterFS.");

#define VOLUME_ID TEXT("volumeID", "Identity of the disk.", .flags = FIELD_REQUIRED)

static const struct field aws_volume_source_rows[] = {
    VOLUME_ID, WHOLE("partition", "Number of the partition."), FS_TYPE, READ_ONLY, {0},
};
LOCAL_SHAPE(aws_volume_source, "AWSElasticBlockStoreVolumeSource", "A disk of AWS.");

static const struct field cinder_volume_source_rows[] = {
    VOLUME_ID, SECRET_OF_DRIVER, FS_TYPE, READ_ONLY, {0},
};
LOCAL_SHAPE(cinder_volume_source, "CinderVolumeSource", "A disk of OpenStack.");

static const struct field portworx_volume_source_rows[] = {VOLUME_ID, FS_TYPE, READ_ONLY, {0}};
LOCAL_SHAPE(portworx_volume_source, "PortworxVolumeSource", "A volume of Portworx.");

static const struct field gce_persistent_disk_volume_source_rows[] = {
    TEXT("pdName", "Name of the disk.", .flags = FIELD_REQUIRED),
    WHOLE("partition", "Number of the partition."),
    FS_TYPE,
    READ_ONLY,
    {0},
};
LOCAL_SHAPE(gce_persistent_disk_volume_source, "GCEPersistentDiskVolumeSource",
            "A disk of Google Cloud.");

static const struct field azure_disk_volume_source_rows[] = {
    TEXT("diskName", "Name of the disk.", .flags = FIELD_REQUIRED),
    TEXT("diskURI", "URI of the disk.", .flags = FIELD_REQUIRED),
    TEXT("cachingMode", "None, ReadOnly or ReadWrite."),
    TEXT("kind", "Shared, Dedicated or Managed."),
    FS_TYPE,
    READ_ONLY,
    {0},
};
LOCAL_SHAPE(azure_disk_volume_source, "AzureDiskVolumeSource", "A disk of Azure.");

static const struct field azure_file_volume_source_rows[] = {
    TEXT("secretName", "Secret with account and key.", .flags = FIELD_REQUIRED),
    TEXT("shareName", "Name of the share.", .flags = FIELD_REQUIRED),
    READ_ONLY,
    {0},
};
LOCAL_SHAPE(azure_file_volume_source, "AzureFileVolumeSource", "A share of Azure Files.");

static const struct field flocker_volume_source_rows[] = {
    TEXT("datasetName", "Name of the dataset."),
    TEXT("datasetUUID", "Identity of the dataset."),
    {0},
};
LOCAL_SHAPE(flocker_volume_source, "FlockerVolumeSource", "A dataset of Flocker.");

static const struct field photon_persistent_disk_volume_source_rows[] = {
    TEXT("pdID", "Identity of the disk.", .flags = FIELD_REQUIRED),
    FS_TYPE,
    {0},
};
LOCAL_SHAPE(photon_persistent_disk_volume_source, "PhotonPersistentDiskVolumeSource",
            "A disk of Photon.");

static const struct field quobyte_volume_source_rows[] = {
    TEXT("registry", "Addresses of the registry.", .flags = FIELD_REQUIRED),
    TEXT("volume", "Name of the volume.", .flags = FIELD_REQUIRED),
    TEXT("tenant", "Who owns the volume."),
    TEXT("user", "User of the volume."),
    TEXT("group", "Group of the volume."),
    READ_ONLY,
    {0},
};
LOCAL_SHAPE(quobyte_volume_source, "QuobyteVolumeSource", "A volume of Quobyte.");

static const struct field scale_io_volume_source_rows[] = {
    TEXT("gateway", "Address of the gateway.", .flags = FIELD_REQUIRED),
    TEXT("system", "Name of the system.", .flags = FIELD_REQUIRED),
    PART("secretRef", local_object_reference, "Secret with the credentials.",
         .flags = FIELD_REQUIRED),
    TEXT("protectionDomain", "Name of the domain."),
    TEXT("storagePool", "Name of the pool."),
    TEXT("storageMode", "ThickProvisioned or ThinProvisioned."),
    TEXT("volumeName", "Name of the volume."),
    FLAG("sslEnabled", "Whether the gateway is asked by TLS."),
    FS_TYPE,
    READ_ONLY,
    {0},
};
LOCAL_SHAPE(scale_io_volume_source, "ScaleIOVolumeSource", "A volume of ScaleIO.");

static const struct field storage_os_volume_source_rows[] = {
    TEXT("volumeName", "Name of the volume."),
    TEXT("volumeNamespace", "Namespace of the volume."),
    SECRET_OF_DRIVER,
    FS_TYPE,
    READ_ONLY,
    {0},
};
LOCAL_SHAPE(storage_os_volume_source, "StorageOSVolumeSource", "A volume of StorageOS.");

static const struct field vsphere_virtual_disk_volume_source_rows[] = {
    TEXT("volumePath", "Path of the disk.", .flags = FIELD_REQUIRED),
    TEXT("storagePolicyID", "Identity of the storage policy."),
    TEXT("storagePolicyName", "Name of the storage policy."),
    FS_TYPE,
    {0},
};
LOCAL_SHAPE(vsphere_virtual_disk_volume_source, "VsphereVirtualDiskVolumeSource",
            "A disk of vSphere.");

/* A source that no pod of this machine can have yet. */
#define LATER(name_, part_, doc_)                                                        \
    PART(name_, part_, doc_, .flags = FIELD_UNSUPPORTED | FIELD_PRESENT_MEANS,           \
         .since = "volumes can be emptyDir, configMap, secret, projected, downwardAPI, " \
                  "persistentVolumeClaim, hostPath or ephemeral")

static const struct field volume_rows[] = {
    TEXT("name", "Name by which containers mount it.", .flags = FIELD_REQUIRED),
    PART("emptyDir", empty_dir_volume_source, "A folder as long as the pod.",
         .flags = FIELD_PRESENT_MEANS),
    PART("configMap", config_map_volume_source, "The keys of a ConfigMap."),
    PART("secret", secret_volume_source, "The keys of a Secret."),
    PART("persistentVolumeClaim", persistent_volume_claim_volume_source, "Claimed storage."),
    PART("projected", projected_volume_source, "Several sources in one volume."),
    PART("downwardAPI", downward_api_volume_source, "Fields of the pod."),
    PART("hostPath", host_path_volume_source, "A path of the machine."),
    PART("ephemeral", ephemeral_volume_source, "Storage as long as the pod."),
    LATER("image", image_volume_source, "The content of an image."),
    LATER("nfs", nfs_volume_source, "A folder of an NFS server."),
    LATER("csi", csi_volume_source, "A volume of a storage driver."),
    LATER("iscsi", iscsi_volume_source, "A disk of an iSCSI target."),
    LATER("fc", fc_volume_source, "A disk of a Fibre Channel network."),
    LATER("flexVolume", flex_volume_source, "A volume of an exec driver."),
    LATER("gitRepo", git_repo_volume_source, "A work tree of a repository."),
    LATER("cephfs", cephfs_volume_source, "A folder of CephFS."),
    LATER("rbd", rbd_volume_source, "A block device of Ceph."),
    LATER("glusterfs", glusterfs_volume_source, "A volume of GlusterFS."),
    LATER("awsElasticBlockStore", aws_volume_source, "A disk of AWS."),
    LATER("cinder", cinder_volume_source, "A disk of OpenStack."),
    LATER("portworxVolume", portworx_volume_source, "A volume of Portworx."),
    LATER("gcePersistentDisk", gce_persistent_disk_volume_source, "A disk of Google Cloud."),
    LATER("azureDisk", azure_disk_volume_source, "A disk of Azure."),
    LATER("azureFile", azure_file_volume_source, "A share of Azure Files."),
    LATER("flocker", flocker_volume_source, "A dataset of Flocker."),
    LATER("photonPersistentDisk", photon_persistent_disk_volume_source, "A disk of Photon."),
    LATER("quobyte", quobyte_volume_source, "A volume of Quobyte."),
    LATER("scaleIO", scale_io_volume_source, "A volume of ScaleIO."),
    LATER("storageos", storage_os_volume_source, "A volume of StorageOS."),
    LATER("vsphereVolume", vsphere_virtual_disk_volume_source, "A disk of vSphere."),
    {0},
};
SHAPE(volume, "Volume", "A folder that containers of a pod can share.", .merge_key = "name");
