/*
 * objects/shapes_events.h - the shapes of Argo Events' kinds, by the file that holds the table.
 *
 * No shape has a struct: the rooms of events/ read the document. Members that the original
 * always writes are not required here, because what must be there depends on the kind:
 * objects/validate says it in the original's words. Immutable; any thread.
 */
#pragma once

#include "objects/shapes_internal.h"

/* shapes_event_common.c */
extern const struct shape shape_event_backoff;
extern const struct shape shape_event_basic_auth;
extern const struct shape shape_event_nats_auth;
extern const struct shape shape_event_tls_config;
extern const struct shape shape_event_sasl_config;
extern const struct shape shape_event_schema_registry_config;
extern const struct shape shape_event_kafka_consumer_group;
extern const struct shape shape_event_source_filter;
extern const struct shape shape_event_context;
extern const struct shape shape_event_webhook_context;
extern const struct shape shape_event_watch_path_config;
extern const struct shape shape_event_s3_artifact;
extern const struct shape shape_event_github_app_creds;
extern const struct shape shape_event_template;
extern const struct shape shape_event_status;
extern const struct shape shape_event_secure_header;

/* shapes_eventsource_message.c */
extern const struct shape shape_amqp_event_source;
extern const struct shape shape_kafka_event_source;
extern const struct shape shape_mqtt_event_source;
extern const struct shape shape_nats_events_source;
extern const struct shape shape_sqs_event_source;
extern const struct shape shape_pub_sub_event_source;
extern const struct shape shape_azure_events_hub_event_source;
extern const struct shape shape_azure_service_bus_event_source;
extern const struct shape shape_azure_queue_storage_event_source;
extern const struct shape shape_emitter_event_source;
extern const struct shape shape_redis_event_source;
extern const struct shape shape_redis_stream_event_source;
extern const struct shape shape_nsq_event_source;
extern const struct shape shape_pulsar_event_source;
extern const struct shape shape_mns_event_source;

/* shapes_eventsource_web.c */
extern const struct shape shape_webhook_event_source;
extern const struct shape shape_sns_event_source;
extern const struct shape shape_gerrit_event_source;
extern const struct shape shape_github_event_source;
extern const struct shape shape_gitlab_event_source;
extern const struct shape shape_bitbucket_event_source;
extern const struct shape shape_bitbucket_server_event_source;
extern const struct shape shape_slack_event_source;
extern const struct shape shape_storage_grid_event_source;
extern const struct shape shape_stripe_event_source;

/* shapes_eventsource_watch.c */
extern const struct shape shape_calendar_event_source;
extern const struct shape shape_file_event_source;
extern const struct shape shape_sftp_event_source;
extern const struct shape shape_resource_event_source;
extern const struct shape shape_hdfs_event_source;
extern const struct shape shape_generic_event_source;

/* shapes_sensor.c */
extern const struct shape shape_event_trigger;

/* shapes_trigger.c */
extern const struct shape shape_trigger_parameter;
extern const struct shape shape_trigger_template;

/* shapes_trigger_message.c */
extern const struct shape shape_http_trigger;
extern const struct shape shape_aws_lambda_trigger;
extern const struct shape shape_azure_event_hubs_trigger;
extern const struct shape shape_azure_service_bus_trigger;
extern const struct shape shape_kafka_trigger;
extern const struct shape shape_pulsar_trigger;
extern const struct shape shape_nats_trigger;
extern const struct shape shape_custom_trigger;
extern const struct shape shape_email_trigger;
extern const struct shape shape_slack_trigger;
extern const struct shape shape_open_whisk_trigger;
