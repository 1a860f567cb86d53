/*
 * store/value.h - single values of Secrets and ConfigMaps, as manifests name them.
 *
 * A selector is {name, key}. One line feed at the end of a value is not part of it, as in Argo
 * Events. Any thread but the loop; blocking.
 */
#pragma once

#include "base/secret.h"
#include "formats/json.h"
#include "store/store.h"

/**
 * store_secret_value() - the value of a SecretKeySelector
 * @s:        store
 * @ns:       namespace of the Secret
 * @selector: {name, key}
 * @ret:      owned by the caller; untouched on failure
 * @err:      ERR_NOT_FOUND names Secret or key; ERR_INVALID when it is no base64; ERR_IO
 *
 * Return: 0 or -1.
 */
int store_secret_value(struct store *s, struct str ns, const struct json *selector,
                       struct secret *ret, struct err *err);

/**
 * store_config_value() - the value of a ConfigMapKeySelector
 * @s:        store
 * @a:        where it lives
 * @ns:       namespace of the ConfigMap
 * @selector: {name, key}
 * @ret:      text; untouched on failure
 * @err:      ERR_NOT_FOUND names ConfigMap or key; ERR_IO
 *
 * Return: 0 or -1.
 */
int store_config_value(struct store *s, struct arena *a, struct str ns,
                       const struct json *selector, struct str *ret, struct err *err);
