/* Reading of Kubernetes' protobuf by a table of messages. See protobuf.h. The depth is the
 * table's; memory is a small multiple of the bytes. */
#include "objects/protobuf.h"

#include <stdlib.h>

#include "formats/base64.h"
#include "formats/protowire.h"
#include "objects/object.h"
#include "objects/protobuf_internal.h"

#define MAGIC "k8s\0"

static int cut_off(const char *name, struct err *err)
{
    return err_set(err, ERR_INVALID, "protobuf: the message %s is damaged", name);
}

/* ---- members ---- */

/* What a message holds so far: a value or a list for each row of its table. */
struct filling {
    struct arena *a;
    const struct protobuf_message *of;
    struct json values[PROTOBUF_FIELDS_MAX];
    bool is_set[PROTOBUF_FIELDS_MAX];
    struct json_array_builder lists[PROTOBUF_FIELDS_MAX];
    struct json_object_builder maps[PROTOBUF_FIELDS_MAX];
};

static int parse_message(struct arena *a, const struct protobuf_message *of, struct str bytes,
                         struct json *ret, struct err *err);

static bool is_bytes_type(enum protobuf_type type)
{
    return type != PROTOBUF_BOOL && type != PROTOBUF_FLAG && type != PROTOBUF_WHOLE &&
           type != PROTOBUF_COUNT && type != PROTOBUF_WHOLES;
}

/* The text of a resource.Quantity: its member 1. */
static struct str quantity_text(struct str bytes)
{
    struct str rest = bytes, text = STR("");
    struct protowire_field part;

    while (protowire_next(&rest, &part) > 0)
        if (part.number == 1 && part.type == PROTOWIRE_BYTES)
            text = part.bytes;
    return text;
}

/* 1: is it a text? 2: the number, 3: the text. */
static struct json int_or_text(struct arena *a, struct str bytes)
{
    struct str rest = bytes, text = STR("");
    struct protowire_field part;
    int64_t number = 0;
    bool is_text = false;

    while (protowire_next(&rest, &part) > 0) {
        if (part.number == 1 && part.type == PROTOWIRE_VARINT)
            is_text = part.whole != 0;
        else if (part.number == 2 && part.type == PROTOWIRE_VARINT)
            number = (int64_t) part.whole;
        else if (part.number == 3 && part.type == PROTOWIRE_BYTES)
            text = part.bytes;
    }
    return is_text ? json_string(text) : json_int(a, number);
}

/* An entry of a map: 1 is the key, 2 the value. */
static int add_entry(struct filling *f, size_t row, struct str bytes, struct err *err)
{
    struct str rest = bytes, key = STR(""), value = STR("");
    struct protowire_field part;
    int got;

    while ((got = protowire_next(&rest, &part)) > 0)
        if (part.type == PROTOWIRE_BYTES && part.number <= 2)
            *(part.number == 1 ? &key : &value) = part.bytes;
    if (got < 0)
        return cut_off(f->of->fields[row].name, err);
    if (f->of->fields[row].type == PROTOBUF_BYTES_MAP)
        value = base64_encode(f->a, value);
    if (f->of->fields[row].type == PROTOBUF_QUANTITY_MAP)
        value = quantity_text(value);
    json_add(f->a, &f->maps[row], key, json_string(value));
    return 0;
}

/* Times that say nothing are absent; so is the text that says nothing. */
static int set_time(struct filling *f, size_t row, struct str bytes, struct err *err)
{
    struct str rest = bytes;
    struct protowire_field part;
    int64_t seconds = 0;
    int got;

    while ((got = protowire_next(&rest, &part)) > 0)
        if (part.number == 1 && part.type == PROTOWIRE_VARINT)
            seconds = (int64_t) part.whole;
    if (got < 0 || seconds > INT32_MAX * INT64_C(64) || seconds < 0)
        return cut_off(f->of->fields[row].name, err);
    f->is_set[row] = seconds != 0;
    f->values[row] = json_string(object_time_text(f->a, seconds * 1000));
    return 0;
}

static int set_field(struct filling *f, size_t row, const struct protowire_field *field,
                     struct err *err)
{
    const struct protobuf_field *of = &f->of->fields[row];
    struct json part;

    if (of->type != PROTOBUF_DROPPED &&
        field->type != (is_bytes_type(of->type) ? PROTOWIRE_BYTES : PROTOWIRE_VARINT))
        return cut_off(of->name, err);
    switch (of->type) {
    case PROTOBUF_TEXT:
    case PROTOBUF_BYTES:
        f->is_set[row] = field->bytes.len > 0;
        f->values[row] = json_string(field->bytes);
        return 0;
    case PROTOBUF_BOOL:
        f->is_set[row] = true;
        f->values[row] = json_bool(field->whole != 0);
        return 0;
    case PROTOBUF_FLAG:
        f->is_set[row] = field->whole != 0;
        f->values[row] = json_bool(true);
        return 0;
    case PROTOBUF_QUANTITY:
        f->is_set[row] = true;
        f->values[row] = json_string(quantity_text(field->bytes));
        return 0;
    case PROTOBUF_INT_OR_TEXT:
        f->is_set[row] = true;
        f->values[row] = int_or_text(f->a, field->bytes);
        return 0;
    case PROTOBUF_WHOLES:
        json_push(f->a, &f->lists[row], json_int(f->a, (int64_t) field->whole));
        return 0;
    case PROTOBUF_COUNT:
    case PROTOBUF_WHOLE:
        f->is_set[row] = field->whole != 0 || of->type == PROTOBUF_COUNT;
        f->values[row] = json_int(f->a, (int64_t) field->whole);
        return 0;
    case PROTOBUF_TEXTS:
        json_push(f->a, &f->lists[row], json_string(field->bytes));
        return 0;
    case PROTOBUF_TIME:
        return set_time(f, row, field->bytes, err);
    case PROTOBUF_MAP:
    case PROTOBUF_BYTES_MAP:
    case PROTOBUF_QUANTITY_MAP:
        return add_entry(f, row, field->bytes, err);
    case PROTOBUF_PART:
    case PROTOBUF_INLINED:
        f->is_set[row] = true;
        return parse_message(f->a, of->part, field->bytes, &f->values[row], err);
    case PROTOBUF_PARTS:
        if (parse_message(f->a, of->part, field->bytes, &part, err) < 0)
            return -1;
        json_push(f->a, &f->lists[row], part);
        return 0;
    case PROTOBUF_DROPPED:
        return 0;
    }
    return cut_off(of->name, err);
}

static void add_members(struct arena *a, struct json_object_builder *b, const struct json *of)
{
    for (uint32_t i = 0; i < of->count; i++)
        json_add(a, b, of->members[i].key, of->members[i].value);
}

static struct json finish(struct filling *f)
{
    struct json_object_builder b = {0};

    for (size_t i = 0; f->of->fields[i].name; i++) {
        struct str name = str_from(f->of->fields[i].name);

        if (f->lists[i].len > 0)
            json_add(f->a, &b, name, json_array(&f->lists[i]));
        else if (f->maps[i].len > 0)
            json_add(f->a, &b, name, json_object(&f->maps[i]));
        else if (f->is_set[i] && f->of->fields[i].type == PROTOBUF_INLINED)
            add_members(f->a, &b, &f->values[i]);
        else if (f->is_set[i])
            json_add(f->a, &b, name, f->values[i]);
    }
    return json_object(&b);
}

static int parse_message(struct arena *a, const struct protobuf_message *of, struct str bytes,
                         struct json *ret, struct err *err)
{
    struct filling f = {.a = a, .of = of};
    struct str rest = bytes;
    struct protowire_field field;
    int got;

    while ((got = protowire_next(&rest, &field)) > 0) {
        size_t row = 0;

        while (of->fields[row].name && of->fields[row].number != field.number)
            row++;
        if (!of->fields[row].name)
            return err_set(err, ERR_UNSUPPORTED,
                           "protobuf: member %u of %s is not supported yet: send JSON",
                           field.number, of->name);
        if (set_field(&f, row, &field, err) < 0)
            return -1;
    }
    if (got < 0)
        return cut_off(of->name, err);
    *ret = finish(&f);
    return 0;
}

/* ---- the envelope ---- */

struct envelope {
    struct str api_version, kind, raw, encoding;
};

static int parse_type(struct str bytes, struct envelope *e)
{
    struct protowire_field part;
    struct str rest = bytes;
    int got;

    while ((got = protowire_next(&rest, &part)) > 0)
        if (part.type == PROTOWIRE_BYTES && part.number <= 2)
            *(part.number == 1 ? &e->api_version : &e->kind) = part.bytes;
    return got;
}

static int parse_envelope(struct str bytes, struct envelope *e)
{
    struct protowire_field part;
    struct str rest = bytes;
    int got;

    *e = (struct envelope){STR(""), STR(""), STR(""), STR("")};
    while ((got = protowire_next(&rest, &part)) > 0) {
        if (part.number == 1 && parse_type(part.bytes, e) < 0)
            return -1;
        if (part.number == 2)
            e->raw = part.bytes;
        if (part.number == 3)
            e->encoding = part.bytes;
    }
    return got;
}

bool protobuf_is(struct str bytes)
{
    return str_starts(bytes, STR(MAGIC));
}

int protobuf_parse(struct arena *a, struct str bytes, struct json *ret, struct err *err)
{
    const struct protobuf_kind *of = protobuf_kinds();
    struct json_object_builder b = {0};
    struct envelope e;
    struct json body;

    if (!protobuf_is(bytes) || parse_envelope(str_skip(bytes, sizeof(MAGIC) - 1), &e) < 0)
        return cut_off("Unknown", err);
    while (of->kind && (!str_is(e.api_version, of->api_version) || !str_is(e.kind, of->kind)))
        of++;
    if (!of->kind || e.encoding.len > 0)
        return err_set(err, ERR_UNSUPPORTED,
                       "protobuf: " STR_FMT " of " STR_FMT " is not supported yet: send JSON",
                       STR_ARG(str_head(e.kind, 60)), STR_ARG(str_head(e.api_version, 60)));
    if (parse_message(a, of->message, e.raw, &body, err) < 0)
        return -1;
    json_add(a, &b, STR("apiVersion"), json_string(str_from(of->api_version)));
    json_add(a, &b, STR("kind"), json_string(str_from(of->kind)));
    for (size_t i = 0; i < body.count; i++)
        json_add(a, &b, body.members[i].key, body.members[i].value);
    *ret = json_object(&b);
    return 0;
}
