/*
 * clients/aliyun/aliyun_credentials.h - keys that the machine has: of the environment
 * (ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET, ALIBABA_CLOUD_SECURITY_TOKEN),
 * else of the RAM role of the instance, which its metadata service gives out (version 2, by a
 * token). ALIBABA_CLOUD_ECS_METADATA may name the role; ALIBABA_CLOUD_ECS_METADATA_DISABLED
 * "true" leaves it out. Those of a role are kept until shortly before they end.
 *
 * Profiles, OIDC and roles that are assumed are not looked for. Blocks; any thread. Source:
 * Alibaba Cloud, "Instance metadata" and "Instance RAM roles".
 */
#pragma once

#include "base/clock.h"
#include "clients/aliyun/oss_sign.h"

#define ALIYUN_METADATA "http://100.100.100.200"

/**
 * aliyun_credentials_find() - keys of the machine
 * @a:        where texts live
 * @metadata: address of the metadata service, ALIYUN_METADATA
 * @now:      whether what is kept has ended
 * @ret:      its secret is the caller's
 * @err:      ERR_UNAUTHORIZED: where was looked; ERR_TRANSIENT
 *
 * Return: 0 or -1.
 */
int aliyun_credentials_find(struct arena *a, struct str metadata, struct wall now,
                            struct oss_keys *ret, struct err *err);
