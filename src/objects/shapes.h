/*
 * objects/shapes.h - the shapes that tables of several files share: metadata, Kubernetes' core
 * types, and the kinds themselves.
 *
 * One list, by the file that holds the table. Immutable; any thread.
 */
#pragma once

#include "objects/field.h"

/* shapes_meta.c */
extern const struct shape shape_anything; /* any object */
extern const struct shape shape_empty;    /* {}, whose being there is the meaning */
extern const struct shape shape_object_meta;
extern const struct shape shape_owner_reference;
extern const struct shape shape_metadata; /* labels and annotations alone */
extern const struct shape shape_label_selector;
extern const struct shape shape_label_selector_requirement;
extern const struct shape shape_object_reference;
extern const struct shape shape_local_object_reference;
extern const struct shape shape_config_map_key_selector;
extern const struct shape shape_secret_key_selector;
extern const struct shape shape_typed_local_object_reference;
extern const struct shape shape_typed_object_reference;
extern const struct shape shape_condition;

/* shapes_core.c */
extern const struct shape shape_object_field_selector;
extern const struct shape shape_resource_field_selector;
extern const struct shape shape_env_var_source;
extern const struct shape shape_env_var;
extern const struct shape shape_env_from_source;
extern const struct shape shape_container_port;
extern const struct shape shape_resource_requirements;
extern const struct shape shape_pod_resource_claim;
extern const struct shape shape_http_header;
extern const struct shape shape_probe;
extern const struct shape shape_lifecycle;
extern const struct shape shape_volume_mount;
extern const struct shape shape_container;

/* shapes_security.c */
extern const struct shape shape_security_context;
extern const struct shape shape_pod_security_context;

/* shapes_scheduling.c */
extern const struct shape shape_affinity;
extern const struct shape shape_toleration;
extern const struct shape shape_host_alias;
extern const struct shape shape_pod_dns_config;
extern const struct shape shape_pod_disruption_budget_spec;
extern const struct shape shape_service_port;

/* shapes_volume.c */
extern const struct shape shape_volume;
extern const struct shape shape_persistent_volume_claim_spec;

/* shapes_objects.c */
extern const struct shape shape_config_map;
extern const struct shape shape_secret;
extern const struct shape shape_service_account;
extern const struct shape shape_namespace;
extern const struct shape shape_persistent_volume_claim;
extern const struct shape shape_event; /* the kind Event of core/v1 */
extern const struct shape shape_lease;
extern const struct shape shape_role;
extern const struct shape shape_role_binding;
extern const struct shape shape_cluster_role;
extern const struct shape shape_cluster_role_binding;

/* shapes_pod.c */
extern const struct shape shape_pod_spec;
extern const struct shape shape_pod_template_spec;
extern const struct shape shape_pod;

/* shapes_batch.c */
extern const struct shape shape_job;
extern const struct shape shape_cron_job;

/* shapes_eventsource.c, shapes_sensor.c, shapes_eventbus.c */
extern const struct shape shape_event_source;
extern const struct shape shape_sensor;
extern const struct shape shape_event_bus;

/* shapes_artifact.c */
extern const struct shape shape_workflow_artifact_location;
extern const struct shape shape_artifact;
extern const struct shape shape_workflow_artifact_gc;
extern const struct shape shape_artifact_repository;
extern const struct shape shape_artifact_repository_ref;
extern const struct shape shape_artifact_repository_ref_status;

/* shapes_template.c */
extern const struct shape shape_parameter;
extern const struct shape shape_arguments;
extern const struct shape shape_inputs;
extern const struct shape shape_outputs;
extern const struct shape shape_retry_strategy;
extern const struct shape shape_template_ref;
extern const struct shape shape_hooks;
extern const struct shape shape_synchronization;
extern const struct shape shape_metrics;
extern const struct shape shape_executor_config;
extern const struct shape shape_template; /* contains itself: inline */

/* shapes_workflow.c */
extern const struct shape shape_workflow_template_ref;
extern const struct shape shape_workflow_spec;
extern const struct shape shape_workflow_condition;
extern const struct shape shape_node_status;
extern const struct shape shape_workflow;
extern const struct shape shape_workflow_template;
extern const struct shape shape_cluster_workflow_template;

/* shapes_workflow_kinds.c */
extern const struct shape shape_cron_workflow;
extern const struct shape shape_workflow_event_binding;
extern const struct shape shape_workflow_task_set;
extern const struct shape shape_workflow_task_result;
extern const struct shape shape_workflow_artifact_gc_task;
