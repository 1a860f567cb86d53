/*
 * objects/protobuf.h - objects in Kubernetes' protobuf, as kubectl sends those that it makes
 * itself (create namespace, role, token ..., auth can-i): read into the same JSON.
 *
 * Only reading: answers are JSON, which every client takes. Kinds and members are a table; what
 * is not in it is an error, never dropped. Pure; any thread.
 */
#pragma once

#include "formats/json.h"

/** protobuf_is() - is it an object in Kubernetes' protobuf, by its first bytes? */
bool protobuf_is(struct str bytes);

/**
 * protobuf_parse() - read one object
 * @a:     where the value lives
 * @bytes: envelope and message; texts of the value point into it
 * @ret:   the object with apiVersion and kind
 * @err:   ERR_INVALID for what is cut off or no such message; ERR_UNSUPPORTED for a kind or a
 * member that is not known here
 */
int protobuf_parse(struct arena *a, struct str bytes, struct json *ret, struct err *err);
