/* Values from documents, and as Go's %v prints them. See cond_internal.h. */
#include <stdlib.h>

#include "base/limits.h"
#include "formats/gofloat.h"
#include "lang/cond/cond_internal.h"

struct str cond_number_text(struct arena *a, double number)
{
    char text[GO_FLOAT_TEXT_SIZE];

    go_float_text(number, text);
    return str_copy(a, str_from(text));
}

static struct cond_value list_of(struct arena *a, const struct json *v)
{
    struct cond_value made = {.type = COND_LIST, .count = v->count, .room = v->count};

    made.items = ARENA_ARRAY(a, struct cond_value, v->count + 1);
    for (uint32_t i = 0; i < v->count; i++)
        made.items[i] = cond_value_of(a, &v->items[i]);
    return made;
}

struct cond_value cond_value_of(struct arena *a, const struct json *v)
{
    struct cond_value made = {.type = COND_NIL};

    switch (v->type) {
    case JSON_NULL:
        break;
    case JSON_BOOL:
        made = (struct cond_value){.type = COND_BOOL, .is_true = v->is_true};
        break;
    case JSON_NUMBER:
        made.type = COND_NUMBER;
        go_float_parse(json_number(v), &made.number);
        break;
    case JSON_STRING:
        made = (struct cond_value){.type = COND_TEXT, .text = json_str(v)};
        break;
    case JSON_ARRAY:
        return list_of(a, v);
    case JSON_OBJECT:
        made = (struct cond_value){.type = COND_OBJECT, .object = v};
        break;
    }
    return made;
}

static int compare_members(const void *a, const void *b)
{
    const struct json_member *const *left = a, *const *right = b;

    return str_cmp((*left)->key, (*right)->key);
}

/* "map[a:1 b:[x y]]", in the order of the names. */
static void add_object(struct strbuf *b, const struct json *object)
{
    _cleanup_arena_ struct arena *a = arena_new();
    const struct json_member **order =
        ARENA_ARRAY(a, const struct json_member *, object->count + 1);

    for (uint32_t i = 0; i < object->count; i++)
        order[i] = &object->members[i];
    qsort(order, object->count, sizeof(*order), compare_members);
    strbuf_addz(b, "map[");
    for (uint32_t i = 0; i < object->count; i++) {
        const struct cond_value v = cond_value_of(a, &order[i]->value);

        if (i > 0)
            strbuf_addc(b, ' ');
        strbuf_add(b, order[i]->key);
        strbuf_addc(b, ':');
        cond_value_add(b, &v);
    }
    strbuf_addc(b, ']');
}

void cond_value_add(struct strbuf *b, const struct cond_value *v)
{
    char text[GO_FLOAT_TEXT_SIZE];

    switch (v->type) {
    case COND_NIL:
        strbuf_addz(b, "<nil>");
        break;
    case COND_BOOL:
        strbuf_addz(b, v->is_true ? "true" : "false");
        break;
    case COND_NUMBER:
        go_float_text(v->number, text);
        strbuf_addz(b, text);
        break;
    case COND_TEXT:
    case COND_REGEX:
        strbuf_add(b, v->text);
        break;
    case COND_LIST:
        strbuf_addc(b, '[');
        for (size_t i = 0; i < v->count; i++) {
            if (i > 0)
                strbuf_addc(b, ' ');
            cond_value_add(b, &v->items[i]);
        }
        strbuf_addc(b, ']');
        break;
    case COND_OBJECT:
        add_object(b, v->object);
        break;
    }
}

struct str cond_value_text(struct arena *a, const struct cond_value *v)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(COND_OUTPUT_MAX_BYTES);

    cond_value_add(&b, v);
    return str_copy(a, strbuf_str(&b));
}
