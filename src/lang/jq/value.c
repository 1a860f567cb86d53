/* Values of jq: numbers, order, conversion, operators. See jq_internal.h. */
#include "lang/jq/jq_internal.h"

#include <math.h>

#include "base/mem.h"
#include "formats/gofloat.h"
#include "formats/goquote.h"

const char *jq_type_name(const struct jq_value *v)
{
    switch ((enum jq_type) v->type) {
    case JQ_NULL:
    case JQ_GONE:
        return "null";
    case JQ_FALSE:
    case JQ_TRUE:
        return "boolean";
    case JQ_INT:
    case JQ_FLOAT:
    case JQ_BIG:
        return "number";
    case JQ_STRING:
        return "string";
    case JQ_ARRAY:
        return "array";
    case JQ_OBJECT:
        return "object";
    }
    return "null";
}

/* ---- numbers ---- */

static bool to_wide(const struct jq_value *v, __int128 *ret)
{
    struct str s = jq_str(v);
    bool is_negative;

    if (v->type == JQ_INT) {
        *ret = v->i;
        return true;
    }
    is_negative = str_starts(s, STR("-"));
    s = str_skip(s, is_negative);
    *ret = 0;
    for (size_t i = 0; i < s.len && s.len < 38; i++)
        *ret = *ret * 10 + (s.ptr[i] - '0');
    *ret = is_negative ? -*ret : *ret;
    return s.len < 38;
}

static struct jq_value from_wide(struct arena *a, __int128 n)
{
    char text[48], *at = text + sizeof(text);
    bool is_negative = n < 0;
    struct str s;

    if (n >= INT64_MIN && n <= INT64_MAX)
        return jq_int((int64_t) n);
    for (; n != 0; n /= 10)
        *--at = (char) ('0' + (is_negative ? -(int) (n % 10) : (int) (n % 10)));
    if (is_negative)
        *--at = '-';
    s = str_copy(a, str_of(at, (size_t) (text + sizeof(text) - at)));
    return (struct jq_value){.type = JQ_BIG, .count = (uint32_t) s.len, .text = s.ptr};
}

bool jq_to_f64(const struct jq_value *v, double *ret)
{
    if (v->type == JQ_INT)
        *ret = (double) v->i;
    else if (v->type == JQ_FLOAT)
        *ret = v->f;
    else if (v->type == JQ_BIG)
        go_float_parse(jq_str(v), ret);
    else
        return false;
    return true;
}

bool jq_to_i64(const struct jq_value *v, int64_t *ret)
{
    double f = 0;

    if (v->type == JQ_INT) {
        *ret = v->i;
        return true;
    }
    if (!jq_to_f64(v, &f))
        return false;
    *ret = f >= -9.2233720368547758e18 && f < 9.2233720368547758e18 ? (int64_t) f
           : f > 0                                                  ? INT64_MAX
                                                                    : INT64_MIN;
    return true;
}

struct jq_value jq_number(struct arena *a, struct str text)
{
    struct str s = text;
    double f = 0;
    int64_t i;

    if (parse_i64(str_skip(s, str_starts(s, STR("+"))), &i))
        return jq_int(i);
    for (size_t k = 0; k < s.len; k++)
        if (strchr(".eE", s.ptr[k])) {
            go_float_parse(s, &f);
            return jq_float(f);
        }
    while (s.len > 1 && s.ptr[0] == '0')
        s = str_skip(s, 1);
    s = str_copy(a, s);
    return (struct jq_value){.type = JQ_BIG, .count = (uint32_t) s.len, .text = s.ptr};
}

/* ---- order ---- */

static int compare_f64(double x, double y)
{
    return x < y || isnan(x) ? -1 : x == y ? 0 : 1;
}

static int compare_numbers(const struct jq_value *x, const struct jq_value *y)
{
    __int128 i, k;
    double f = 0, g = 0;

    if (x->type != JQ_FLOAT && y->type != JQ_FLOAT && to_wide(x, &i) && to_wide(y, &k))
        return i < k ? -1 : i > k;
    jq_to_f64(x, &f);
    jq_to_f64(y, &g);
    return compare_f64(f, g);
}

static int rank(const struct jq_value *v)
{
    return jq_is_number(v) ? JQ_INT : v->type;
}

static int compare_counts(uint32_t x, uint32_t y)
{
    return x < y ? -1 : x > y;
}

static int compare_objects(struct jq_run *r, const struct jq_value *x, const struct jq_value *y)
{
    for (size_t i = 0; i < x->count && i < y->count; i++) {
        int order = str_cmp(x->members[i].key, y->members[i].key);

        jq_compared(r, x->members[i].key.len);
        if (order)
            return order < 0 ? -1 : 1;
    }
    if (x->count != y->count)
        return compare_counts(x->count, y->count);
    for (size_t i = 0; i < x->count; i++) {
        int order = jq_compare(r, &x->members[i].value, &y->members[i].value);

        if (order)
            return order;
    }
    return 0;
}

int jq_compare(struct jq_run *r, const struct jq_value *x, const struct jq_value *y)
{
    int order = 0;

    if (r->compared > (int64_t) JQ_STEPS_MAX * JQ_COMPARED_STEP_BYTES)
        return 0;
    jq_compared(r, sizeof(*x));
    if (rank(x) != rank(y))
        return rank(x) < rank(y) ? -1 : 1;
    if (jq_is_number(x))
        return compare_numbers(x, y);
    if (x->type == JQ_STRING) {
        if (jq_str(x).ptr == jq_str(y).ptr && jq_str(x).len == jq_str(y).len)
            return 0;
        jq_compared(r, jq_str(x).len);
        order = str_cmp(jq_str(x), jq_str(y));
        return order < 0 ? -1 : order > 0;
    }
    if (x->type == JQ_OBJECT)
        return compare_objects(r, x, y);
    if (x->type != JQ_ARRAY)
        return 0;
    for (size_t i = 0; order == 0 && i < x->count && i < y->count; i++)
        order = jq_compare(r, &x->items[i], &y->items[i]);
    return order ? order : compare_counts(x->count, y->count);
}

/* ---- objects ---- */

/* Where a key is, or where it would be. */
static size_t place_of(const struct jq_value *object, struct str key, bool *ret_is_there)
{
    size_t low = 0, high = object->count;

    *ret_is_there = false;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = str_cmp(object->members[mid].key, key);

        if (order == 0) {
            *ret_is_there = true;
            return mid;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

const struct jq_value *jq_get(const struct jq_value *object, struct str key)
{
    bool is_there;
    size_t at = place_of(object, key, &is_there);

    return is_there ? &object->members[at].value : NULL;
}

struct jq_value jq_set(struct arena *a, const struct jq_value *object, struct str key,
                       struct jq_value v)
{
    bool is_there;
    size_t at = place_of(object, key, &is_there), count = object->count;
    struct jq_member *made = ARENA_ARRAY(a, struct jq_member, count + 1);

    if (count > 0)
        memcpy(made, object->members, at * sizeof(*made));
    if (count > at)
        memcpy(made + at + 1, object->members + at + is_there,
               (count - at - is_there) * sizeof(*made));
    made[at] = (struct jq_member){.key = key, .value = v};
    return jq_object(made, count + !is_there);
}

struct ordered {
    struct jq_member member;
    size_t place;
};

static int by_key(const void *x, const void *y)
{
    const struct ordered *p = x, *q = y;
    int order = str_cmp(p->member.key, q->member.key);

    return order ? order : p->place < q->place ? -1 : 1;
}

struct jq_value jq_make_object(struct jq_member *members, size_t count)
{
    struct ordered few[16],
        *all = count <= COUNT_OF(few) ? few : mem_array(count, sizeof(*all));
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        all[i] = (struct ordered){.member = members[i], .place = i};
    if (count > 1)
        qsort(all, count, sizeof(*all), by_key);
    for (size_t i = 0; i < count; i++) {
        bool is_again = kept > 0 && str_eq(members[kept - 1].key, all[i].member.key);

        kept -= is_again;
        members[kept++] = all[i].member;
    }
    if (all != few)
        free(all);
    return jq_object(members, kept);
}

/* ---- documents ---- */

typedef struct jq_value (*number_fn)(struct arena *a, struct str text);

static struct jq_value double_of(struct arena *a _unused_, struct str text)
{
    double f = 0;

    go_float_parse(text, &f);
    return jq_float(f);
}

static struct jq_value read_json(struct arena *a, const struct json *v, number_fn number)
{
    struct jq_value *items;
    struct jq_member *members;

    switch ((enum json_type) v->type) {
    case JSON_NULL:
        return jq_null();
    case JSON_BOOL:
        return jq_bool(v->is_true);
    case JSON_NUMBER:
        return number(a, str_of(v->text, v->count));
    case JSON_STRING:
        return jq_string(str_of(v->text, v->count));
    case JSON_ARRAY:
        items = ARENA_ARRAY(a, struct jq_value, v->count + 1);
        for (size_t i = 0; i < v->count; i++)
            items[i] = read_json(a, &v->items[i], number);
        return jq_array(items, v->count);
    case JSON_OBJECT:
        members = ARENA_ARRAY(a, struct jq_member, v->count + 1);
        for (size_t i = 0; i < v->count; i++)
            members[i] = (struct jq_member){
                .key = v->members[i].key, .value = read_json(a, &v->members[i].value, number)};
        return jq_make_object(members, v->count);
    }
    return jq_null();
}

struct jq_value jq_from_json(struct arena *a, const struct json *v)
{
    return read_json(a, v, double_of);
}

/* Did the text end too early? Then what stands behind it is what is wrong. */
static bool is_cut(struct jq_run *r, struct str text, struct str why)
{
    struct str more = str_concat(r->a, text, STR("!"));
    struct json doc;
    struct err err;

    return str_starts(why, STR("unexpected end of")) ||
           (str_starts(why, STR("invalid character ' '")) &&
            json_parse(r->a, more, &doc, &err) < 0 &&
            str_starts(str_from(err.text), STR("invalid character '!'")));
}

/* In the words of Go's decoder, which does not tell the place. */
static int fail_text(struct jq_run *r, const struct jq_value *text, const struct err *err)
{
    struct str why = str_from(err->text);
    size_t place = str_find(why, STR(" (line "));

    why = go_trim_space(jq_str(text)).len == 0 ? STR("EOF")
          : is_cut(r, jq_str(text), why)       ? STR("unexpected EOF")
          : place == SIZE_MAX                  ? why
                                               : str_head(why, place);
    return jq_fail(r, "fromjson cannot be applied to " STR_FMT ": " STR_FMT,
                   STR_ARG(jq_preview(r, text)), STR_ARG(why));
}

int jq_from_text(struct jq_run *r, struct str text, struct jq_value *ret)
{
    struct str rest = text;
    struct json doc;
    struct err err = {};
    struct jq_value v = jq_string(text);
    int rc = jq_charge(r, text.len, text.len * 24);

    if (rc)
        return rc;
    if (json_parse_next(r->a, &rest, &doc, &err) <= 0)
        return fail_text(r, &v, &err);
    if (go_trim_space(rest).len > 0)
        return jq_fail_type(r, "fromjson", &v);
    *ret = read_json(r->a, &doc, jq_number);
    return JQ_OK;
}

int jq_to_json(struct arena *a, const struct jq_value *v, struct json *ret, struct err *err)
{
    struct json_array_builder items = {};
    struct json_object_builder members = {};
    struct json inner;

    switch ((enum jq_type) v->type) {
    case JQ_NULL:
    case JQ_GONE:
        *ret = json_null();
        return 0;
    case JQ_FALSE:
    case JQ_TRUE:
        *ret = json_bool(v->type == JQ_TRUE);
        return 0;
    case JQ_INT:
        *ret = json_int(a, v->i);
        return 0;
    case JQ_FLOAT:
        if (!isfinite(v->f))
            return err_set(err, ERR_INVALID, "json: unsupported value: %s",
                           isnan(v->f) ? "NaN"
                           : v->f > 0  ? "+Inf"
                                       : "-Inf");
        *ret = json_float(a, v->f);
        return 0;
    case JQ_BIG:
        *ret = json_number_text(str_copy(a, jq_str(v))); /* texts may be the program's */
        return 0;
    case JQ_STRING:
        *ret = json_string(str_copy(a, jq_str(v)));
        return 0;
    case JQ_ARRAY:
        for (size_t i = 0; i < v->count; i++) {
            if (jq_to_json(a, &v->items[i], &inner, err) < 0)
                return -1;
            json_push(a, &items, inner);
        }
        *ret = json_array(&items);
        return 0;
    case JQ_OBJECT:
        for (size_t i = 0; i < v->count; i++) {
            if (jq_to_json(a, &v->members[i].value, &inner, err) < 0)
                return -1;
            json_add(a, &members, str_copy(a, v->members[i].key), inner);
        }
        *ret = json_object(&members);
        return 0;
    }
    return 0;
}

/* ---- texts ---- */

static void print_string(struct strbuf *b, struct str s)
{
    static const char letters[] = "\"\\\b\f\n\r\t", shown[] = "\"\\bfnrt";

    strbuf_addc(b, '"');
    for (size_t i = 0, size = 1; i < s.len && !b->is_over; i += size) {
        uint32_t rune = go_rune_next(str_skip(s, i), &size);
        const char *letter = rune > 0 && rune < 0x80 ? strchr(letters, (int) rune) : NULL;

        if (letter) {
            strbuf_addc(b, '\\');
            strbuf_addc(b, shown[letter - letters]);
        } else if (rune == UINT32_MAX) {
            strbuf_addz(b, "\\ufffd");
        } else if (rune < ' ' || rune == 0x7f) {
            strbuf_addf(b, "\\u00%02x", rune);
        } else {
            strbuf_add(b, str_of(s.ptr + i, size));
        }
    }
    strbuf_addc(b, '"');
}

/* In pieces: of what is too long the beginning is there. */
static void print_digits(struct strbuf *b, struct str s)
{
    for (; s.len > 0 && !b->is_over; s = str_skip(s, 16))
        strbuf_add(b, str_head(s, 16));
}

static void print_f64(struct strbuf *b, double f)
{
    _cleanup_arena_ struct arena *a = arena_new_sized(256);
    struct json v;

    if (isnan(f)) {
        strbuf_addz(b, "null");
        return;
    }
    v = json_float(a, f > __DBL_MAX__ ? __DBL_MAX__ : f < -__DBL_MAX__ ? -__DBL_MAX__ : f);
    json_print(b, &v, 0);
}

void jq_print(struct strbuf *b, const struct jq_value *v)
{
    switch ((enum jq_type) v->type) {
    case JQ_NULL:
    case JQ_GONE:
        strbuf_addz(b, "null");
        return;
    case JQ_FALSE:
    case JQ_TRUE:
        strbuf_addz(b, v->type == JQ_TRUE ? "true" : "false");
        return;
    case JQ_INT:
        strbuf_addf(b, "%lld", (long long) v->i);
        return;
    case JQ_FLOAT:
        print_f64(b, v->f);
        return;
    case JQ_BIG:
        print_digits(b, jq_str(v));
        return;
    case JQ_STRING:
        print_string(b, jq_str(v));
        return;
    case JQ_ARRAY:
        strbuf_addc(b, '[');
        for (size_t i = 0; i < v->count && !b->is_over; i++) {
            if (i > 0)
                strbuf_addc(b, ',');
            jq_print(b, &v->items[i]);
        }
        strbuf_addc(b, ']');
        return;
    case JQ_OBJECT:
        strbuf_addc(b, '{');
        for (size_t i = 0; i < v->count && !b->is_over; i++) {
            if (i > 0)
                strbuf_addc(b, ',');
            print_string(b, v->members[i].key);
            strbuf_addc(b, ':');
            jq_print(b, &v->members[i].value);
        }
        strbuf_addc(b, '}');
        return;
    }
}

int jq_to_text(struct jq_run *r, const struct jq_value *v, struct str *ret)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(JQ_MEMORY_MAX_BYTES);
    int rc;

    if (v->type == JQ_STRING) {
        *ret = jq_str(v);
        return JQ_OK;
    }
    jq_print(&b, v);
    rc = jq_charge(r, b.len / 16, b.is_over ? JQ_MEMORY_MAX_BYTES : b.len);
    if (rc == JQ_OK)
        *ret = str_copy(r->a, strbuf_str(&b));
    return rc;
}

struct str jq_preview(struct jq_run *r, const struct jq_value *v)
{
    static const char *const ends[] = {
        [JQ_STRING] = " ...\"", [JQ_ARRAY] = " ...]", [JQ_OBJECT] = " ...}", [JQ_GONE] = NULL};
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(2 * JQ_PREVIEW_BYTES);
    const char *end = ends[v->type] ? ends[v->type] : " ...";
    struct str s;

    jq_print(&b, v);
    s = strbuf_str(&b);
    if (s.len <= JQ_PREVIEW_BYTES)
        return str_copy(r->a, s);
    s = str_head(s, JQ_PREVIEW_BYTES - strlen(end));
    while (s.len > 0 && ((uint8_t) b.ptr[s.len] & 0xc0) == 0x80)
        s.len--;
    return str_concat(r->a, s, str_from(end));
}

struct str jq_shown(struct jq_run *r, const struct jq_value *v)
{
    if (v->type == JQ_NULL)
        return STR("null");
    return str_printf(r->a, "%s (" STR_FMT ")", jq_type_name(v), STR_ARG(jq_preview(r, v)));
}

int jq_fail_type(struct jq_run *r, const char *name, const struct jq_value *v)
{
    return jq_fail(r, "%s cannot be applied to: " STR_FMT, name, STR_ARG(jq_shown(r, v)));
}

int jq_fail_with(struct jq_run *r, const char *name, const struct jq_value *in,
                 const struct jq_value *arg)
{
    return jq_fail(r, "%s(" STR_FMT ") cannot be applied to: " STR_FMT, name,
                   STR_ARG(jq_preview(r, arg)), STR_ARG(jq_shown(r, in)));
}

/* ---- operators ---- */

static int fail_operands(struct jq_run *r, const char *what, const struct jq_value *x,
                         const struct jq_value *y)
{
    return jq_fail(r, "cannot %s: " STR_FMT " and " STR_FMT, what, STR_ARG(jq_shown(r, x)),
                   STR_ARG(jq_shown(r, y)));
}

static int fail_zero(struct jq_run *r, const char *what, const struct jq_value *x,
                     const struct jq_value *y)
{
    return jq_fail(r, "cannot %s " STR_FMT " by: " STR_FMT, what, STR_ARG(jq_shown(r, x)),
                   STR_ARG(jq_shown(r, y)));
}

static int f64_binary(struct jq_run *r, enum jq_op op, const struct jq_value *x,
                      const struct jq_value *y, struct jq_value *ret)
{
    double f = 0, g = 0;
    int64_t i = 0, k = 0;

    jq_to_f64(x, &f);
    jq_to_f64(y, &g);
    if (op == JQ_OP_DIV && g == 0)
        return fail_zero(r, "divide", x, y);
    if (op == JQ_OP_MOD && !isnan(f) && !isnan(g)) {
        jq_to_i64(x, &i);
        jq_to_i64(y, &k);
        if (k == 0)
            return fail_zero(r, "modulo", x, y);
        *ret = jq_int(k == -1 ? 0 : i % k);
        return JQ_OK;
    }
    *ret = jq_float(op == JQ_OP_ADD   ? f + g
                    : op == JQ_OP_SUB ? f - g
                    : op == JQ_OP_MUL ? f * g
                    : op == JQ_OP_DIV ? f / g
                                      : (double) NAN);
    return JQ_OK;
}

/* Whole numbers stay whole where they can. */
static int number_binary(struct jq_run *r, enum jq_op op, const struct jq_value *x,
                         const struct jq_value *y, struct jq_value *ret)
{
    __int128 i, k, n = 0;

    if (x->type == JQ_FLOAT || y->type == JQ_FLOAT || !to_wide(x, &i) || !to_wide(y, &k))
        return f64_binary(r, op, x, y, ret);
    if ((op == JQ_OP_DIV || op == JQ_OP_MOD) && k == 0)
        return fail_zero(r, op == JQ_OP_DIV ? "divide" : "modulo", x, y);
    if (op == JQ_OP_DIV && i % k != 0)
        return f64_binary(r, op, x, y, ret);
    if (op == JQ_OP_MUL && __builtin_mul_overflow(i, k, &n))
        return f64_binary(r, op, x, y, ret);
    n = op == JQ_OP_ADD   ? i + k
        : op == JQ_OP_SUB ? i - k
        : op == JQ_OP_DIV ? i / k
        : op == JQ_OP_MOD ? i % k
                          : n;
    *ret = from_wide(r->a, n);
    return JQ_OK;
}

static int add_arrays(struct jq_run *r, const struct jq_value *x, const struct jq_value *y,
                      struct jq_value *ret)
{
    size_t count = (size_t) x->count + y->count;
    int rc = jq_charge(r, 1 + count / 8, count * sizeof(*x));
    struct jq_value *items;

    *ret = x->count == 0 ? *y : *x;
    if (rc || x->count == 0 || y->count == 0)
        return rc;
    items = ARENA_ARRAY(r->a, struct jq_value, count);
    memcpy(items, x->items, x->count * sizeof(*items));
    memcpy(items + x->count, y->items, y->count * sizeof(*items));
    *ret = jq_array(items, count);
    return JQ_OK;
}

/* The members of both; those of @y win, or are joined when both are objects and @op is "*". */
static int add_objects(struct jq_run *r, enum jq_op op, const struct jq_value *x,
                       const struct jq_value *y, struct jq_value *ret)
{
    size_t count = (size_t) x->count + y->count, made = 0, i = 0, k = 0;
    struct jq_member *members;
    int rc = jq_charge(r, 1 + count / 8, count * sizeof(*members));

    *ret = x->count == 0 ? *y : *x;
    if (rc || x->count == 0 || y->count == 0)
        return rc;
    members = ARENA_ARRAY(r->a, struct jq_member, count);
    while (i < x->count || k < y->count) {
        int order = i == x->count   ? 1
                    : k == y->count ? -1
                                    : str_cmp(x->members[i].key, y->members[k].key);

        if (i < x->count)
            jq_compared(r, x->members[i].key.len);
        members[made] = order < 0 ? x->members[i] : y->members[k];
        if (order == 0 && op == JQ_OP_MUL && x->members[i].value.type == JQ_OBJECT &&
            y->members[k].value.type == JQ_OBJECT &&
            (rc = add_objects(r, op, &x->members[i].value, &y->members[k].value,
                              &members[made].value)))
            return rc;
        i += order <= 0;
        k += order >= 0;
        made++;
    }
    *ret = jq_object(members, made);
    return JQ_OK;
}

static int subtract_arrays(struct jq_run *r, const struct jq_value *x, const struct jq_value *y,
                           struct jq_value *ret)
{
    struct jq_value *items;
    size_t count = 0;
    int rc = jq_charge(r, 1 + (size_t) x->count * y->count, x->count * sizeof(*items));

    if (rc)
        return rc;
    items = ARENA_ARRAY(r->a, struct jq_value, x->count + 1);
    for (size_t i = 0; i < x->count; i++) {
        size_t k = 0;

        while (k < y->count && jq_compare(r, &x->items[i], &y->items[k]) != 0)
            k++;
        if (k == y->count)
            items[count++] = x->items[i];
    }
    *ret = jq_array(items, count);
    return JQ_OK;
}

static int repeat_text(struct jq_run *r, const struct jq_value *text,
                       const struct jq_value *times, struct jq_value *ret)
{
    struct str s = jq_str(text);
    double n = 0;
    size_t count;
    char *made;
    int rc;

    jq_to_f64(times, &n);
    *ret = jq_null();
    if (n < 0 || isnan(n))
        return JQ_OK;
    count = n > INT32_MAX ? INT32_MAX : (size_t) n;
    if ((double) s.len * (double) count >= INT32_MAX)
        return jq_fail(r, "repeat string result too large: " STR_FMT " * " STR_FMT,
                       STR_ARG(jq_preview(r, text)), STR_ARG(jq_preview(r, times)));
    rc = jq_charge(r, 1 + count / 8, s.len * count);
    if (rc)
        return rc;
    made = arena_alloc_raw(r->a, s.len * count + 1);
    for (size_t i = 0; s.len > 0 && i < count; i++)
        memcpy(made + i * s.len, s.ptr, s.len);
    *ret = jq_string(str_of(made, s.len * count));
    return JQ_OK;
}

int jq_split(struct jq_run *r, struct str s, struct str by, struct jq_value *ret)
{
    VEC(struct jq_value) parts = {};
    size_t size = 1;
    int rc = jq_charge(r, 1 + s.len / 8, 0);

    while (rc == JQ_OK && by.len == 0 && s.len > 0) {
        go_rune_next(s, &size);
        VEC_APUSH(r->a, &parts, jq_string(str_head(s, size)));
        s = str_skip(s, size);
        rc = jq_charge(r, 1, 0);
    }
    while (rc == JQ_OK && by.len > 0) {
        size_t at = str_find(s, by);

        VEC_APUSH(r->a, &parts, jq_string(str_head(s, at == SIZE_MAX ? s.len : at)));
        if (at == SIZE_MAX)
            break;
        s = str_skip(s, at + by.len);
        rc = jq_charge(r, 1, 0);
    }
    *ret = jq_array(parts.at, parts.len);
    return rc;
}

static int text_binary(struct jq_run *r, enum jq_op op, const struct jq_value *x,
                       const struct jq_value *y, struct jq_value *ret)
{
    int rc;

    if (op == JQ_OP_DIV && x->count == 0) {
        *ret = jq_array(NULL, 0);
        return JQ_OK;
    }
    if (op == JQ_OP_DIV)
        return jq_split(r, jq_str(x), jq_str(y), ret);
    rc = jq_charge(r, 1 + ((size_t) x->count + y->count) / 64, (size_t) x->count + y->count);
    if (rc == JQ_OK)
        *ret = jq_string(str_concat(r->a, jq_str(x), jq_str(y)));
    return rc;
}

static int arithmetic(struct jq_run *r, enum jq_op op, const struct jq_value *x,
                      const struct jq_value *y, struct jq_value *ret)
{
    static const char *const words[] = {"add", "subtract", "multiply", "divide", "modulo"};
    bool is_same = x->type == y->type;

    if (jq_is_number(x) && jq_is_number(y))
        return number_binary(r, op, x, y, ret);
    if (op == JQ_OP_ADD && (x->type == JQ_NULL || y->type == JQ_NULL)) {
        *ret = x->type == JQ_NULL ? *y : *x;
        return JQ_OK;
    }
    if (is_same && x->type == JQ_STRING && (op == JQ_OP_ADD || op == JQ_OP_DIV))
        return text_binary(r, op, x, y, ret);
    if (is_same && x->type == JQ_ARRAY && op == JQ_OP_ADD)
        return add_arrays(r, x, y, ret);
    if (is_same && x->type == JQ_ARRAY && op == JQ_OP_SUB)
        return subtract_arrays(r, x, y, ret);
    if (is_same && x->type == JQ_OBJECT && (op == JQ_OP_ADD || op == JQ_OP_MUL))
        return add_objects(r, op, x, y, ret);
    if (op == JQ_OP_MUL && x->type == JQ_STRING && jq_is_number(y))
        return repeat_text(r, x, y, ret);
    if (op == JQ_OP_MUL && jq_is_number(x) && y->type == JQ_STRING)
        return repeat_text(r, y, x, ret);
    return fail_operands(r, words[op], x, y);
}

int jq_binary(struct jq_run *r, enum jq_op op, const struct jq_value *x,
              const struct jq_value *y, struct jq_value *ret)
{
    switch (op) {
    case JQ_OP_EQ:
        *ret = jq_bool(jq_compare(r, x, y) == 0);
        return JQ_OK;
    case JQ_OP_NE:
        *ret = jq_bool(jq_compare(r, x, y) != 0);
        return JQ_OK;
    case JQ_OP_LT:
        *ret = jq_bool(jq_compare(r, x, y) < 0);
        return JQ_OK;
    case JQ_OP_LE:
        *ret = jq_bool(jq_compare(r, x, y) <= 0);
        return JQ_OK;
    case JQ_OP_GT:
        *ret = jq_bool(jq_compare(r, x, y) > 0);
        return JQ_OK;
    case JQ_OP_GE:
        *ret = jq_bool(jq_compare(r, x, y) >= 0);
        return JQ_OK;
    case JQ_OP_ALT:
        *ret = jq_is_true(x) ? *x : *y;
        return JQ_OK;
    case JQ_OP_ADD:
    case JQ_OP_SUB:
    case JQ_OP_MUL:
    case JQ_OP_DIV:
    case JQ_OP_MOD:
        return arithmetic(r, op, x, y, ret);
    }
    return JQ_OK;
}

/* Long sums of one kind are made at once, or they would be copied again and again. */
static size_t run_of(const struct jq_value *items, size_t count, size_t *ret_size)
{
    size_t i = 0;

    *ret_size = 0;
    for (; i < count && items[i].type == items[0].type; i++)
        *ret_size += items[i].count;
    return i;
}

static int join_run(struct jq_run *r, const struct jq_value *items, size_t count, size_t size,
                    struct jq_value *ret)
{
    size_t unit = items->type == JQ_STRING  ? 1
                  : items->type == JQ_ARRAY ? sizeof(struct jq_value)
                                            : sizeof(struct jq_member);
    int rc = jq_charge(r, 1 + count + size / 64, size * unit);
    char *made, *at;

    if (rc)
        return rc;
    made = at = arena_alloc(r->a, size * unit + 1);
    for (size_t i = 0; i < count; i++) {
        size_t len = items[i].count * unit;

        if (len > 0)
            memcpy(at, items[i].text, len);
        at += len;
    }
    *ret = items->type == JQ_OBJECT
               ? jq_make_object((struct jq_member *) (void *) made, size)
               : (struct jq_value){.type = items->type, .count = (uint32_t) size, .text = made};
    return JQ_OK;
}

int jq_add_all(struct jq_run *r, const struct jq_value *items, size_t count,
               struct jq_value *ret)
{
    int rc = JQ_OK;

    *ret = jq_null();
    while (rc == JQ_OK && count > 0) {
        struct jq_value next = items[0];
        size_t size, len = 1;

        if (next.type == JQ_STRING || next.type == JQ_ARRAY || next.type == JQ_OBJECT) {
            len = run_of(items, count, &size);
            rc = join_run(r, items, len, size, &next);
        }
        if (rc == JQ_OK)
            rc = jq_binary(r, JQ_OP_ADD, ret, &next, ret);
        items += len;
        count -= len;
    }
    return rc;
}
