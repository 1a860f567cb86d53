/* objects/protobuf_internal.h - the messages that protobuf.c reads. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum protobuf_type {
    PROTOBUF_TEXT,
    PROTOBUF_TEXTS,
    PROTOBUF_BYTES, /* base64 in JSON; of maps only */
    PROTOBUF_BOOL,
    PROTOBUF_FLAG,  /* false is absent: Go's bool that is no pointer */
    PROTOBUF_WHOLE, /* 0 is absent */
    PROTOBUF_COUNT, /* 0 counts: a pointer in Go */
    PROTOBUF_WHOLES,
    PROTOBUF_QUANTITY,    /* text within a message */
    PROTOBUF_INT_OR_TEXT, /* IntOrString */
    PROTOBUF_INLINED,     /* its members stand beside the others in JSON */
    PROTOBUF_QUANTITY_MAP,
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

enum { PROTOBUF_FIELDS_MAX = 48 };

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

extern const struct protobuf_message protobuf_object_meta, protobuf_label_selector;
extern const struct protobuf_message protobuf_job, protobuf_cron_job; /* protobuf_pod.c */

/* ---- words for the tables ---- */

#define MESSAGE(id, name_, ...)                                            \
    static const struct protobuf_field id##_fields[] = {__VA_ARGS__, {0}}; \
    static const struct protobuf_message id = {.name = (name_), .fields = id##_fields}

#define TEXT(name, number)                \
    {                                     \
        name, number, PROTOBUF_TEXT, NULL \
    }
#define TEXTS(name, number)                \
    {                                      \
        name, number, PROTOBUF_TEXTS, NULL \
    }
#define BOOL(name, number)                \
    {                                     \
        name, number, PROTOBUF_BOOL, NULL \
    }
#define WHOLE(name, number)                \
    {                                      \
        name, number, PROTOBUF_WHOLE, NULL \
    }
#define TIME(name, number)                \
    {                                     \
        name, number, PROTOBUF_TIME, NULL \
    }
#define MAP(name, number)                \
    {                                    \
        name, number, PROTOBUF_MAP, NULL \
    }
#define BYTES_MAP(name, number)                \
    {                                          \
        name, number, PROTOBUF_BYTES_MAP, NULL \
    }
#define DROPPED(name, number)                \
    {                                        \
        name, number, PROTOBUF_DROPPED, NULL \
    }
#define PART(name, number, of)             \
    {                                      \
        name, number, PROTOBUF_PART, &(of) \
    }
#define PARTS(name, number, of)             \
    {                                       \
        name, number, PROTOBUF_PARTS, &(of) \
    }
#define EXTERN_MESSAGE(id, name_, ...)                                     \
    static const struct protobuf_field id##_fields[] = {__VA_ARGS__, {0}}; \
    const struct protobuf_message id = {.name = (name_), .fields = id##_fields}
#define FLAG(name, number)                \
    {                                     \
        name, number, PROTOBUF_FLAG, NULL \
    }
#define COUNT(name, number)                \
    {                                      \
        name, number, PROTOBUF_COUNT, NULL \
    }
#define WHOLES(name, number)                \
    {                                       \
        name, number, PROTOBUF_WHOLES, NULL \
    }
#define QUANTITY(name, number)                \
    {                                         \
        name, number, PROTOBUF_QUANTITY, NULL \
    }
#define QUANTITY_MAP(name, number)                \
    {                                             \
        name, number, PROTOBUF_QUANTITY_MAP, NULL \
    }
#define INT_OR_TEXT(name, number)                \
    {                                            \
        name, number, PROTOBUF_INT_OR_TEXT, NULL \
    }
#define INLINED(name, number, of)             \
    {                                         \
        name, number, PROTOBUF_INLINED, &(of) \
    }
