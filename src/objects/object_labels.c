/*
 * objects/object_labels.c - the rules for names and values of labels and annotations, which no
 * table can say. Values that hold no text are the table's to refuse. Pure; any thread.
 */
#include "base/vec.h"
#include "objects/object_internal.h"

#include <ctype.h>

enum { PART_MAX_BYTES = 63, ANNOTATIONS_MAX_BYTES = 256 << 10 }; /* Kubernetes' */

#define PART_RULE                                                                            \
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with " \
    "an alphanumeric character"

/* One place in metadata. */
struct checking {
    struct arena *a;
    struct field_faults *faults;
    struct str path; /* "metadata.labels" */
};

static bool is_part(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!isalnum((unsigned char) s.ptr[i]) &&
            (!strchr("-_.", s.ptr[i]) || i == 0 || i + 1 == s.len))
            return false;
    return s.len > 0;
}

static void fault(const struct checking *c, const struct json *value, struct str found,
                  const char *why)
{
    VEC_APUSH(c->a, c->faults,
              ((struct field_fault){
                  .kind = ERR_INVALID,
                  .path = c->path,
                  .text = str_printf(c->a, "Invalid value: \"" STR_FMT "\": %s",
                                     STR_ARG(str_head(found, OBJECT_NAME_MAX_BYTES)), why),
                  .pos = value->pos}));
}

/* "app.kubernetes.io/name" */
static void check_key(const struct checking *c, struct str key, const struct json *value)
{
    size_t slash = str_find_char(key, '/');
    struct str part = slash == SIZE_MAX ? key : str_skip(key, slash + 1);

    if (slash != SIZE_MAX && !object_is_subdomain(str_head(key, slash)))
        fault(c, value, key,
              "prefix part a lowercase RFC 1123 subdomain must consist of lower case "
              "alphanumeric characters, '-' or '.', and must start and end with an "
              "alphanumeric character");
    if (part.len == 0)
        fault(c, value, key, "name part must be non-empty");
    else if (part.len > PART_MAX_BYTES)
        fault(c, value, key, "name part must be no more than 63 bytes");
    else if (!is_part(part))
        fault(c, value, key, "name part " PART_RULE);
}

static void check_value(const struct checking *c, const struct json *value)
{
    struct str text = json_str(value);

    if (!json_is(value, JSON_STRING) || text.len == 0)
        return;
    if (text.len > PART_MAX_BYTES)
        fault(c, value, text, "must be no more than 63 bytes");
    else if (!is_part(text))
        fault(c, value, text, "a valid label must be an empty string or " PART_RULE);
}

static struct str lower(struct arena *a, struct str s)
{
    struct str copy = str_copy(a, s);

    for (size_t i = 0; i < copy.len; i++)
        ((char *) (uintptr_t) copy.ptr)[i] = (char) tolower((unsigned char) copy.ptr[i]);
    return copy;
}

static void check_annotations(const struct checking *c, const struct json *all)
{
    size_t size = 0;

    for (uint32_t i = 0; json_is(all, JSON_OBJECT) && i < all->count; i++) {
        check_key(c, lower(c->a, all->members[i].key), &all->members[i].value);
        size += all->members[i].key.len + json_str(&all->members[i].value).len;
    }
    if (size > ANNOTATIONS_MAX_BYTES)
        VEC_APUSH(
            c->a, c->faults,
            ((struct field_fault){.kind = ERR_INVALID,
                                  .path = c->path,
                                  .text = STR("Too long: may not be more than 262144 bytes"),
                                  .pos = all->pos}));
}

void object_check_labels(struct arena *a, struct str path, const struct json *meta,
                         struct field_faults *faults)
{
    const struct checking labels = {a, faults, str_concat(a, path, STR(".labels"))},
                          annotations = {a, faults, str_concat(a, path, STR(".annotations"))};
    const struct json *all = json_get(meta, STR("labels"));

    for (uint32_t i = 0; json_is(all, JSON_OBJECT) && i < all->count; i++) {
        check_key(&labels, all->members[i].key, &all->members[i].value);
        check_value(&labels, &all->members[i].value);
    }
    check_annotations(&annotations, json_get(meta, STR("annotations")));
}
