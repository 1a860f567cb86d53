/* objects/protobuf_internal.h - the messages that protobuf.c reads. */
#pragma once

#include <stdint.h>

enum protobuf_type {
    PROTOBUF_TEXT,
    PROTOBUF_TEXTS,
    PROTOBUF_BYTES, /* base64 in JSON; of maps only */
    PROTOBUF_BOOL,
    PROTOBUF_WHOLE,
    PROTOBUF_TIME, /* seconds and nanoseconds; RFC 3339 in JSON */
    PROTOBUF_PART,
    PROTOBUF_PARTS,
    PROTOBUF_MAP, /* of texts */
    PROTOBUF_BYTES_MAP,
    PROTOBUF_DROPPED, /* the server's own */
};

struct protobuf_message;

struct protobuf_field {
    const char *name; /* NULL: behind the last */
    uint32_t number;
    enum protobuf_type type;
    const struct protobuf_message *part;
};

enum { PROTOBUF_FIELDS_MAX = 16 };

struct protobuf_message {
    const char *name;
    const struct protobuf_field *fields;
};

struct protobuf_kind {
    const char *api_version, *kind;
    const struct protobuf_message *message;
};

/** protobuf_kinds() - what can be read; ends with a NULL kind */
const struct protobuf_kind *protobuf_kinds(void);
