/*
 * lang/subst/items.c - loops.
 *
 * Items always come from one JSON text: that of withParam, the printed list of withItems, or
 * the one that withSequence counts. Each value knows where it begins there, so its own text can
 * be shown as it was written. Tags are filled in with two sources of names, the item first.
 * Invariant: expanding an item changes nothing in the loop.
 */
#include "lang/subst/items.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "formats/jsonraw.h"

static const char *const members[] = {"withItems", "withParam", "withSequence"};

static const struct json *member_of(const struct json *step, const char *name)
{
    const struct json *v = json_get(step, str_from(name));

    return v && v->type != JSON_NULL ? v : NULL;
}

bool items_is_loop(const struct json *step)
{
    const struct json *list = member_of(step, "withItems");

    return (list && list->count > 0) || !str_is_empty(json_get_str(step, STR("withParam"))) ||
           member_of(step, "withSequence");
}

/* Go's decoder names no position. */
static int without_position(struct err *err)
{
    char *last = NULL;

    for (char *at = err->text; (at = strstr(at, " (line ")); at++)
        last = at;
    if (last)
        *last = '\0';
    return -1;
}

int item_parse(struct arena *a, struct str text, struct item *ret, struct err *err)
{
    struct json v;

    if (json_parse(a, text, &v, err) < 0)
        return without_position(err);
    *ret = (struct item){.value = v, .raw = str_trim(text)};
    return 0;
}

/* A child of an item, with its text. */
static struct item child_of(const struct item *parent, const struct json *v)
{
    /* Positions count from the beginning of the source, of which the parent's text is a part.
     */
    return (struct item){.value = *v,
                         .raw = json_raw_at(parent->raw, v->pos - parent->value.pos)};
}

enum item_type item_type_of(const struct item *item)
{
    switch ((enum json_type) item->value.type) {
    case JSON_STRING:
        return ITEM_STRING;
    case JSON_NUMBER:
        return ITEM_NUMBER;
    case JSON_BOOL:
        return ITEM_BOOL;
    case JSON_OBJECT:
        return ITEM_MAP;
    case JSON_ARRAY:
    case JSON_NULL:
        break;
    }
    return ITEM_LIST;
}

/* What Go's encoder escapes for HTML's sake is written plainly, whoever escaped it. */
static void add_plain(struct strbuf *b, struct str text)
{
    static const struct {
        struct str escape;
        char plain;
    } all[] = {
        {STR_INIT("\\u003c"), '<'}, {STR_INIT("\\u003e"), '>'}, {STR_INIT("\\u0026"), '&'}};

    while (text.len > 0) {
        char c = text.ptr[0];
        size_t used = 1;

        for (size_t i = 0; c == '\\' && i < COUNT_OF(all); i++)
            if (str_starts(text, all[i].escape)) {
                c = all[i].plain;
                used = all[i].escape.len;
            }
        strbuf_addc(b, c);
        text = str_skip(text, used);
    }
}

struct str item_shown(struct arena *a, const struct item *item)
{
    _cleanup_strbuf_ struct strbuf compact = STRBUF_INIT(ARENA_DOC_MAX_BYTES),
                                   plain = STRBUF_INIT(ARENA_DOC_MAX_BYTES);
    struct str text;

    json_raw_compact(&compact, item->raw);
    text = strbuf_str(&compact);
    if (item->value.type == JSON_STRING && text.len >= 2)
        text = str_of(text.ptr + 1, text.len - 2);
    add_plain(&plain, text);
    return str_copy(a, strbuf_str(&plain));
}

static int compare_keys(const void *left, const void *right)
{
    const struct json_member *const *l = left, *const *r = right;

    return str_cmp((*l)->key, (*r)->key);
}

typedef VEC(const struct json_member *) member_list;

/* Members by key; of equal keys the last one. */
static member_list sorted_members(struct arena *a, const struct json *v)
{
    member_list list = {0};

    for (uint32_t i = 0; i < v->count; i++)
        if (json_get(v, v->members[i].key) == &v->members[i].value)
            VEC_APUSH(a, &list, &v->members[i]);
    if (list.len > 1)
        qsort(list.at, list.len, sizeof(*list.at), compare_keys);
    return list;
}

void item_compact(struct strbuf *b, const struct item *item)
{
    json_raw_compact(b, item->raw);
}

struct str item_text(struct arena *a, const struct item *item)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(ARENA_DOC_MAX_BYTES);
    member_list list;

    if (item->value.type == JSON_STRING)
        return json_str(&item->value);
    if (item->value.type != JSON_OBJECT) {
        json_raw_compact(&b, item->raw);
        return str_copy(a, strbuf_str(&b));
    }
    list = sorted_members(a, &item->value);
    strbuf_addc(&b, '{');
    for (size_t i = 0; i < list.len; i++) {
        struct item child = child_of(item, &list.at[i]->value);

        if (i > 0)
            strbuf_addc(&b, ',');
        json_print_string(&b, list.at[i]->key, JSON_ESCAPE_HTML);
        strbuf_addc(&b, ':');
        json_raw_compact(&b, child.raw);
    }
    strbuf_addc(&b, '}');
    return str_copy(a, strbuf_str(&b));
}

struct str item_member(struct arena *a, const struct item *item, struct str key)
{
    const struct json *v = json_get(&item->value, key);
    struct item child;

    if (!v)
        return STR_NONE;
    child = child_of(item, v);
    return item_shown(a, &child);
}

/* Appends without parentheses, which stand for the index in a node's name. */
static void add_name_part(struct strbuf *b, struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] != '(' && s.ptr[i] != ')')
            strbuf_addc(b, s.ptr[i]);
}

static int compare_texts(const void *left, const void *right)
{
    return str_cmp(*(const struct str *) left, *(const struct str *) right);
}

static void describe_map(struct strbuf *b, struct arena *a, const struct item *item)
{
    member_list list = sorted_members(a, &item->value);
    VEC(struct str) texts = {0};

    for (size_t i = 0; i < list.len; i++) {
        struct str shown = item_member(a, item, list.at[i]->key);

        VEC_APUSH(a, &texts,
                  str_printf(a, STR_FMT ":" STR_FMT, STR_ARG(list.at[i]->key), STR_ARG(shown)));
    }
    if (texts.len > 1)
        qsort(texts.at, texts.len, sizeof(*texts.at), compare_texts);
    for (size_t i = 0; i < texts.len; i++) {
        if (i > 0)
            strbuf_addc(b, ',');
        add_name_part(b, texts.at[i]);
    }
}

static void describe_list(struct strbuf *b, struct arena *a, const struct item *item)
{
    strbuf_addc(b, '[');
    for (uint32_t i = 0; item->value.type == JSON_ARRAY && i < item->value.count; i++) {
        struct item child = child_of(item, &item->value.items[i]);

        if (i > 0)
            strbuf_addc(b, ' ');
        add_name_part(b, item_shown(a, &child));
    }
    strbuf_addc(b, ']');
}

bool item_index(struct str name, uint64_t *ret)
{
    size_t open = str_find_char(name, '(');
    size_t colon = str_find_char(name, ':');

    return open != SIZE_MAX && colon != SIZE_MAX && colon > open &&
           parse_u64(str_of(name.ptr + open + 1, colon - open - 1), ret);
}

int item_node_name(struct arena *a, struct str name, size_t index, const struct item *item,
                   struct str *ret, struct err *err)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(ARENA_DOC_MAX_BYTES);
    struct str text;
    uint64_t found;

    strbuf_add(&b, name);
    strbuf_addf(&b, "(%zu:", index);
    if (item_type_of(item) == ITEM_MAP)
        describe_map(&b, a, item);
    else if (item_type_of(item) == ITEM_LIST)
        describe_list(&b, a, item);
    else
        add_name_part(&b, item_shown(a, item));
    strbuf_addc(&b, ')');
    if (strbuf_finish(&b, &text, err) < 0)
        return -1;
    if (!item_index(text, &found) || found != index)
        return err_set(err, ERR_INVALID,
                       STR_FMT ": the name of a looped step must not hold ':' or '('",
                       STR_ARG(str_head(name, 200)));
    *ret = str_copy(a, text);
    return 0;
}

static const char *type_name(const struct json *v)
{
    switch ((enum json_type) v->type) {
    case JSON_STRING:
        return "string";
    case JSON_NUMBER:
        return "number";
    case JSON_BOOL:
        return "bool";
    case JSON_OBJECT:
        return "object";
    case JSON_ARRAY:
    case JSON_NULL:
        break;
    }
    return "array";
}

/* Reads a JSON list into items. */
static int read_list(struct arena *a, struct str text, struct items_loop *ret, struct err *err)
{
    struct item list;
    struct item *items;

    if (item_parse(a, text, &list, err) < 0)
        return -1;
    if (list.value.type == JSON_NULL)
        return 0;
    if (list.value.type != JSON_ARRAY)
        return err_set(err, ERR_INVALID,
                       "json: cannot unmarshal %s into Go value of type []v1alpha1.Item",
                       type_name(&list.value));
    if (list.value.count > WORKFLOW_FAN_OUT_MAX)
        return err_set(err, ERR_LIMIT, "%u items, at most %d", list.value.count,
                       WORKFLOW_FAN_OUT_MAX);
    items = ARENA_ARRAY(a, struct item, list.value.count + 1);
    for (uint32_t i = 0; i < list.value.count; i++)
        items[i] = child_of(&list, &list.value.items[i]);
    ret->at = items;
    ret->len = list.value.count;
    return 0;
}

static int read_param(struct arena *a, struct str param, struct items_loop *ret,
                      struct err *err)
{
    struct str shown = str_head(str_trim(param), 300);

    if (read_list(a, str_copy(a, param), ret, err) == 0)
        return 0;
    if (ret->when == ITEMS_SKIPPED && err->kind == ERR_INVALID)
        return 0;
    return err_wrap(err, "withParam value could not be parsed as a JSON list: " STR_FMT,
                    STR_ARG(shown));
}

static int read_items(struct arena *a, const struct json *step, struct items_loop *ret,
                      struct err *err)
{
    const struct json *list = member_of(step, "withItems");
    struct str param = json_get_str(step, STR("withParam"));
    const struct json *sequence = member_of(step, "withSequence");
    struct str text;

    if (list && list->count > 0)
        return read_list(a, json_text(a, list, JSON_COMPACT), ret, err);
    if (!str_is_empty(param))
        return read_param(a, param, ret, err);
    if (!sequence)
        return err_set(err, ERR_INVALID, "expandStep() was called with withItems and withParam empty");
    if (sequence_texts(a, sequence, &text, err) < 0)
        return ret->when == ITEMS_SKIPPED && err->kind == ERR_INVALID ? 0 : -1;
    return read_list(a, text, ret, err);
}

static struct json without_items(struct arena *a, struct json step)
{
    for (size_t i = 0; i < COUNT_OF(members); i++)
        if (json_get(&step, str_from(members[i])))
            step = json_without(a, &step, str_from(members[i]));
    return step;
}

int items_open(struct arena *a, const struct json *step, enum items_owner owner,
               enum items_when when, struct items_loop *ret, struct err *err)
{
    struct items_loop loop = {
        .step = step, .name = json_get_str(step, STR("name")), .when = when};
    struct json *body = ARENA_NEW(a, struct json);
    struct subst_plan *plan;

    if (read_items(a, step, &loop, err) < 0)
        return -1;
    *body = owner == ITEMS_OF_TASK ? *step : without_items(a, *step);
    if (subst_compile(a, body, &plan, err) < 0)
        return owner == ITEMS_OF_TASK ? err_wrap(err, "unable to parse argo variable") : -1;
    loop.plan = plan;
    *ret = loop;
    return 0;
}

/* Names of one expansion: the item's, then those around it. */
struct item_scope {
    struct arena *arena;
    const struct item *item;
    const struct subst_options *outer;
};

static enum subst_answer lookup_item(const void *ctx, struct str name, struct str *ret)
{
    const struct item_scope *scope = ctx;

    if (str_is(name, "item")) {
        *ret = item_text(scope->arena, scope->item);
        return SUBST_TEXT;
    }
    if (str_starts(name, STR("item.")) && scope->item->value.type == JSON_OBJECT) {
        struct str member = item_member(scope->arena, scope->item, str_skip(name, 5));

        if (!str_is_none(member)) {
            *ret = member;
            return SUBST_TEXT;
        }
    }
    if (!scope->outer || !scope->outer->lookup)
        return SUBST_MISSING;
    return scope->outer->lookup(scope->outer->lookup_ctx, name, ret);
}

int items_fill(const struct items_loop *loop, size_t index, struct arena *a,
               const struct json *doc, struct json *ret, struct err *err)
{
    struct item_scope scope = {.arena = a, .item = &loop->at[index]};
    const struct subst_options opts = {
        .lookup = lookup_item, .lookup_ctx = &scope, .unresolved = SUBST_LEAVE};

    return subst_json(a, doc, &opts, ret, err);
}

int items_expand(const struct items_loop *loop, size_t index, struct arena *a,
                 const struct subst_options *outer, struct json *ret, struct err *err)
{
    const struct item *item = &loop->at[index];
    struct item_scope scope = {.arena = a, .item = item, .outer = outer};
    struct subst_options opts = {
        .lookup = lookup_item,
        .lookup_ctx = &scope,
        .unresolved = loop->when == ITEMS_SKIPPED ? SUBST_LEAVE : SUBST_REFUSE,
        .expr = outer ? outer->expr : NULL,
        .expr_ctx = outer ? outer->expr_ctx : NULL,
    };
    const struct json *tmpl = json_get(loop->step, STR("template"));
    struct json made;
    struct str name;

    if (item_node_name(a, loop->name, index, item, &name, err) < 0)
        return -1;
    if (subst_apply(loop->plan, a, &opts, &made, err) < 0)
        return -1;
    made = without_items(a, made);
    made = json_set(a, &made, STR("name"), json_string(name));
    if (tmpl)
        made = json_set(a, &made, STR("template"), *tmpl);
    *ret = made;
    return 0;
}
