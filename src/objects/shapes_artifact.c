/*
 * objects/shapes_artifact.c - artifacts of workflows: where they lie, how they are packed, and
 * the repositories that a controller knows. Immutable tables; any thread.
 */
#include "objects/shapes_internal.h"

#define LATER .flags = FIELD_UNSUPPORTED

static const struct field s3_bucket_options_rows[] = {
    FLAG("objectLocking", "Whether objects of the bucket can be locked."),
    {0},
};
LOCAL_SHAPE(s3_bucket_options, "CreateS3BucketOptions", "How a bucket is made.");

static const struct field s3_encryption_options_rows[] = {
    FLAG("enableEncryption", "Whether objects are encrypted."),
    TEXT("kmsKeyId", "Key of the key service."),
    TEXT("kmsEncryptionContext", "JSON object of words for the key service."),
    PART("serverSideCustomerKeySecret", secret_key_selector, "Key that the client gives."),
    {0},
};
LOCAL_SHAPE(s3_encryption_options, "S3EncryptionOptions", "Encryption by the server.");

static const struct field s3_bucket_rows[] = {
    TEXT("endpoint", "Host and port of the server."),
    TEXT("bucket", "Name of the bucket."),
    TEXT("region", "Region of the bucket."),
    FLAG("insecure", "Whether the server is asked without TLS."),
    PART("accessKeySecret", secret_key_selector, "Access key."),
    PART("secretKeySecret", secret_key_selector, "Secret key."),
    PART("sessionTokenSecret", secret_key_selector, "Token of a session."),
    TEXT("roleARN", "Role to assume, when no keys are given."),
    FLAG("useSDKCreds", "Whether keys are found on the machine; they are when none are given.",
         .flags = FIELD_NO_OP),
    PART("caSecret", secret_key_selector, "Certificates to trust."),
    PART("createBucketIfNotPresent", s3_bucket_options, "Make the bucket when it is missing.",
         .flags = FIELD_PRESENT_MEANS),
    PART("encryptionOptions", s3_encryption_options, "Encryption by the server."),
    CHOICE("addressingStyle", "path|virtual-hosted", "Where the bucket stands in URLs."),
    {0},
};
LOCAL_SHAPE(s3_bucket, "S3Bucket", "A bucket of S3.");

static const struct field s3_artifact_rows[] = {
    TEXT("key", "Key of the object."),
    {0},
};
LOCAL_SHAPE(s3_artifact, "S3Artifact", "An object of S3.", .inlined = &shape_s3_bucket);

static const struct field s3_repository_rows[] = {
    TEXT("keyFormat", "Key of an artifact, with tags."),
    TEXT("keyPrefix", "Beginning of keys.", .flags = FIELD_DEPRECATED),
    {0},
};
LOCAL_SHAPE(s3_repository, "S3ArtifactRepository", "Artifacts in S3.",
            .inlined = &shape_s3_bucket);

static const struct field gcs_artifact_rows[] = {
    TEXT("bucket", "Name of the bucket."),
    TEXT("key", "Key of the object.", .flags = FIELD_REQUIRED),
    PART("serviceAccountKeySecret", secret_key_selector, "Key of the service account."),
    {0},
};
LOCAL_SHAPE(gcs_artifact, "GCSArtifact", "An object of Google Cloud Storage.");

static const struct field gcs_repository_rows[] = {
    TEXT("bucket", "Name of the bucket."),
    TEXT("keyFormat", "Key of an artifact, with tags."),
    PART("serviceAccountKeySecret", secret_key_selector, "Key of the service account."),
    {0},
};
LOCAL_SHAPE(gcs_repository, "GCSArtifactRepository", "Artifacts in Google Cloud Storage.");

static const struct field oss_lifecycle_rule_rows[] = {
    WHOLE("markInfrequentAccessAfterDays", "Days until the class changes."),
    WHOLE("markDeletionAfterDays", "Days until deletion."),
    {0},
};
LOCAL_SHAPE(oss_lifecycle_rule, "OSSLifecycleRule", "What happens to old objects.");

static const struct field oss_bucket_rows[] = {
    TEXT("endpoint", "Host of the server."),
    TEXT("bucket", "Name of the bucket."),
    PART("accessKeySecret", secret_key_selector, "Access key."),
    PART("secretKeySecret", secret_key_selector, "Secret key."),
    TEXT("securityToken", "Token of a session."),
    FLAG("useSDKCreds", "Whether credentials come from the machine's surroundings."),
    FLAG("createBucketIfNotPresent", "Whether a missing bucket is made."),
    PART("lifecycleRule", oss_lifecycle_rule, "What happens to old objects."),
    {0},
};
LOCAL_SHAPE(oss_bucket, "OSSBucket", "A bucket of Alibaba Cloud.");

static const struct field oss_artifact_rows[] = {
    TEXT("key", "Key of the object.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(oss_artifact, "OSSArtifact", "An object of Alibaba Cloud.",
            .inlined = &shape_oss_bucket);

static const struct field oss_repository_rows[] = {
    TEXT("keyFormat", "Key of an artifact, with tags."),
    {0},
};
LOCAL_SHAPE(oss_repository, "OSSArtifactRepository", "Artifacts in Alibaba Cloud.",
            .inlined = &shape_oss_bucket);

static const struct field azure_container_rows[] = {
    TEXT("endpoint", "URL of the storage account.", .flags = FIELD_REQUIRED),
    TEXT("container", "Name of the container.", .flags = FIELD_REQUIRED),
    PART("accountKeySecret", secret_key_selector, "Key of the account."),
    FLAG("useSDKCreds", "Whether credentials are found; they are when no key is given.",
         .flags = FIELD_NO_OP),
    {0},
};
LOCAL_SHAPE(azure_container, "AzureBlobContainer", "A container of Azure.");

static const struct field azure_artifact_rows[] = {
    TEXT("blob", "Name of the blob.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(azure_artifact, "AzureArtifact", "A blob of Azure.",
            .inlined = &shape_azure_container);

static const struct field azure_repository_rows[] = {
    TEXT("blobNameFormat", "Name of an artifact's blob, with tags."),
    {0},
};
LOCAL_SHAPE(azure_repository, "AzureArtifactRepository", "Artifacts in Azure.",
            .inlined = &shape_azure_container);

static const struct field hdfs_config_rows[] = {
    TEXTS("addresses", "Name nodes of one file system, as host:port, or http(s)://host:port of WebHDFS."),
    TEXT("hdfsUser", "User of the file system."),
    TEXT("dataTransferProtection", "authentication, integrity or privacy: of data nodes.", LATER),
    PART("krbCCacheSecret", secret_key_selector, "Kerberos' credential cache."),
    PART("krbKeytabSecret", secret_key_selector, "Kerberos' keytab."),
    PART("krbConfigConfigMap", config_map_key_selector, "Kerberos' configuration."),
    TEXT("krbUsername", "Kerberos' user."),
    TEXT("krbRealm", "Kerberos' realm."),
    TEXT("krbServicePrincipalName", "Kerberos' name of the service."),
    {0},
};
LOCAL_SHAPE(hdfs_config, "HDFSConfig", "How HDFS is reached.");

static const struct field hdfs_artifact_rows[] = {
    FLAG("force", "Whether an existing file is written over."),
    TEXT("path", "Path of the file.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(hdfs_artifact, "HDFSArtifact", "A file of HDFS.", .inlined = &shape_hdfs_config);

static const struct field hdfs_repository_rows[] = {
    FLAG("force", "Whether an existing file is written over."),
    TEXT("pathFormat", "Path of an artifact, with tags."),
    {0},
};
LOCAL_SHAPE(hdfs_repository, "HDFSArtifactRepository", "Artifacts in HDFS.",
            .inlined = &shape_hdfs_config);

static const struct field artifactory_artifact_rows[] = {
    TEXT("url", "URL of the file.", .flags = FIELD_REQUIRED),
    PART("usernameSecret", secret_key_selector, "Name of the user."),
    PART("passwordSecret", secret_key_selector, "Password of the user."),
    {0},
};
LOCAL_SHAPE(artifactory_artifact, "ArtifactoryArtifact", "A file of Artifactory.");

static const struct field artifactory_repository_rows[] = {
    TEXT("repoURL", "URL of the repository."),
    TEXT("keyFormat", "Path of an artifact, with tags."),
    PART("usernameSecret", secret_key_selector, "Name of the user."),
    PART("passwordSecret", secret_key_selector, "Password of the user."),
    {0},
};
LOCAL_SHAPE(artifactory_repository, "ArtifactoryArtifactRepository",
            "Artifacts in Artifactory.");

static const struct field plugin_artifact_rows[] = {
    TEXT("name", "Name of the driver."),
    TEXT("key", "Key of the artifact.", .flags = FIELD_REQUIRED),
    TEXT("configuration", "Words for the driver."),
    WHOLE("connectionTimeoutSeconds", "Seconds to wait for the driver."),
    {0},
};
LOCAL_SHAPE(plugin_artifact, "PluginArtifact", "An artifact of a driver of its own.");

static const struct field plugin_repository_rows[] = {
    TEXT("name", "Name of the driver.", .flags = FIELD_REQUIRED),
    TEXT("keyFormat", "Key of an artifact, with tags."),
    TEXT("configuration", "Words for the driver.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(plugin_repository, "PluginArtifactRepository", "Artifacts of a driver of its own.");

static const struct field git_artifact_rows[] = {
    TEXT("repo", "URL of the repository.", .flags = FIELD_REQUIRED),
    TEXT("revision", "Commit, tag or branch."),
    TEXT("branch", "Branch to fetch."),
    FLAG("singleBranch", "Whether only that branch is fetched."),
    WHOLE("depth", "How many commits are fetched."),
    TEXTS("fetch", "Further refs to fetch."),
    FLAG("disableSubmodules", "Whether submodules are left out."),
    FLAG("insecureIgnoreHostKey", "Whether the host's key is not looked at."),
    FLAG("insecureSkipTLS", "Whether the certificate is not looked at."),
    PART("usernameSecret", secret_key_selector, "Name of the user."),
    PART("passwordSecret", secret_key_selector, "Password of the user."),
    PART("sshPrivateKeySecret", secret_key_selector, "Key for SSH."),
    {0},
};
LOCAL_SHAPE(git_artifact, "GitArtifact", "A work tree of a repository.");

static const struct field basic_auth_rows[] = {
    PART("usernameSecret", secret_key_selector, "Name of the user."),
    PART("passwordSecret", secret_key_selector, "Password of the user."),
    {0},
};
LOCAL_SHAPE(basic_auth, "BasicAuth", "User and password.");

static const struct field client_cert_auth_rows[] = {
    PART("clientCertSecret", secret_key_selector, "Certificate of the client."),
    PART("clientKeySecret", secret_key_selector, "Key of the client."),
    {0},
};
LOCAL_SHAPE(client_cert_auth, "ClientCertAuth", "Certificate and key.");

static const struct field oauth2_parameter_rows[] = {
    TEXT("key", "Name of the parameter.", .flags = FIELD_REQUIRED),
    TEXT("value", "Its value."),
    {0},
};
LOCAL_SHAPE(oauth2_parameter, "OAuth2EndpointParam", "A parameter of the token's request.");

static const struct field oauth2_auth_rows[] = {
    PART("clientIDSecret", secret_key_selector, "Identity of the client."),
    PART("clientSecretSecret", secret_key_selector, "Secret of the client."),
    PART("tokenURLSecret", secret_key_selector, "Where tokens are given."),
    TEXTS("scopes", "What the token is for."),
    PARTS("endpointParams", oauth2_parameter, "Parameters of the request."),
    {0},
};
LOCAL_SHAPE(oauth2_auth, "OAuth2Auth", "A token of OAuth 2.");

static const struct field http_auth_rows[] = {
    PART("basicAuth", basic_auth, "User and password."),
    PART("clientCert", client_cert_auth, "Certificate and key."),
    PART("oauth2", oauth2_auth, "A token."),
    {0},
};
LOCAL_SHAPE(http_auth, "HTTPAuth", "Who asks.");

static const struct field http_artifact_rows[] = {
    TEXT("url", "URL of the file.", .flags = FIELD_REQUIRED),
    PARTS("headers", http_header, "Headers of the request."),
    PART("auth", http_auth, "Who asks."),
    FLAG("saveStreamViaFile", "Whether a stream is kept in a file before it is sent.", LATER),
    {0},
};
LOCAL_SHAPE(http_artifact, "HTTPArtifact", "A file of a web server.");

static const struct field raw_artifact_rows[] = {
    TEXT("data", "The content.", .flags = FIELD_REQUIRED),
    {0},
};
LOCAL_SHAPE(raw_artifact, "RawArtifact", "Content that stands in the manifest.");

static const struct field workflow_artifact_location_rows[] = {
    PART("s3", s3_artifact, "In S3."),
    PART("gcs", gcs_artifact, "In Google Cloud Storage."),
    PART("azure", azure_artifact, "In Azure."),
    PART("oss", oss_artifact, "In Alibaba Cloud."),
    PART("hdfs", hdfs_artifact, "In HDFS."),
    PART("artifactory", artifactory_artifact, "In Artifactory."),
    PART("plugin", plugin_artifact, "Behind a driver of its own."),
    PART("git", git_artifact, "In a repository of Git."),
    PART("http", http_artifact, "On a web server."),
    PART("raw", raw_artifact, "In the manifest."),
    FLAG("archiveLogs", "Whether the logs of the main container are kept as an artifact."),
    {0},
};
SHAPE(workflow_artifact_location, "ArtifactLocation", "Where an artifact lies.");

static const struct field tar_strategy_rows[] = {
    WHOLE("compressionLevel", "Level of gzip, 0 to 9, or -1."),
    {0},
};
LOCAL_SHAPE(tar_strategy, "TarStrategy", "Packed by tar and gzip.");

static const struct field archive_strategy_rows[] = {
    PART("none", empty, "Not packed.", .flags = FIELD_PRESENT_MEANS),
    PART("tar", tar_strategy, "Packed by tar and gzip.", .flags = FIELD_PRESENT_MEANS),
    PART("zip", empty, "Packed by zip.", .flags = FIELD_PRESENT_MEANS),
    {0},
};
LOCAL_SHAPE(archive_strategy, "ArchiveStrategy", "How an artifact is packed.");

#define GC_CHOICES "OnWorkflowCompletion|OnWorkflowDeletion|Never"

static const struct field artifact_gc_rows[] = {
    CHOICE("strategy", GC_CHOICES, "When artifacts are deleted."),
    PART("podMetadata", metadata, "Labels and annotations of the deleting pod.",
         .flags = FIELD_NO_OP),
    TEXT("serviceAccountName", "As whom the deleting pod acts.", .flags = FIELD_NO_OP),
    {0},
};
LOCAL_SHAPE(artifact_gc, "ArtifactGC", "When an artifact is deleted.");

static const struct field workflow_artifact_gc_rows[] = {
    FLAG("forceFinalizerRemoval", "Whether the workflow goes even when deletion fails."),
    TEXT("podSpecPatch", "Changes to the deleting pod.", .flags = FIELD_NO_OP),
    {0},
};
SHAPE(workflow_artifact_gc, "WorkflowLevelArtifactGC",
      "When the artifacts of a workflow are deleted.", .inlined = &shape_artifact_gc);

static const struct field artifact_rows[] = {
    TEXT("name", "Name within the template.", .flags = FIELD_REQUIRED),
    TEXT("path", "Path in the container."),
    WHOLE("mode", "Permission bits, 0 to 511.", .min = 0, .max = 511),
    FLAG("recurseMode", "Whether the bits are for all files of a folder."),
    TEXT("from", "Another artifact that it is."),
    TEXT("fromExpression", "Expression that gives another artifact."),
    TEXT("subPath", "Part of that artifact."),
    FLAG("optional", "Whether it may be missing."),
    TEXT("globalName", "Name among the outputs of the workflow."),
    PART("archive", archive_strategy, "How it is packed."),
    PART("artifactGC", artifact_gc, "When it is deleted."),
    FLAG("deleted", "Whether it has been deleted.", .flags = FIELD_STATUS),
    {0},
};
SHAPE(artifact, "Artifact", "A file or folder that goes from step to step.",
      .inlined = &shape_workflow_artifact_location, .merge_key = "name");

static const struct field artifact_repository_ref_rows[] = {
    TEXT("configMap", "ConfigMap of repositories.", .fallback = "artifact-repositories"),
    TEXT("key", "Key in the ConfigMap."),
    {0},
};
SHAPE(artifact_repository_ref, "ArtifactRepositoryRef", "Which repository is used.");

static const struct field artifact_repository_rows[] = {
    FLAG("archiveLogs", "Whether the logs of the main container are kept."),
    PART("s3", s3_repository, "In S3."),
    PART("gcs", gcs_repository, "In Google Cloud Storage."),
    PART("azure", azure_repository, "In Azure."),
    PART("oss", oss_repository, "In Alibaba Cloud."),
    PART("hdfs", hdfs_repository, "In HDFS."),
    PART("artifactory", artifactory_repository, "In Artifactory."),
    PART("plugin", plugin_repository, "Behind a driver of its own."),
    {0},
};
SHAPE(artifact_repository, "ArtifactRepository", "Where artifacts go by default.");

static const struct field artifact_repository_ref_status_rows[] = {
    TEXT("namespace", "Namespace of the ConfigMap."),
    FLAG("default", "Whether it is the controller's."),
    PART("artifactRepository", artifact_repository, "The repository."),
    {0},
};
SHAPE(artifact_repository_ref_status, "ArtifactRepositoryRefStatus",
      "The repository that is used.", .inlined = &shape_artifact_repository_ref);
