/* Compiles programs, runs them for their outputs. See jq.h. */
#include "lang/jq/jq_internal.h"

#include <stdio.h>

#include "base/mem.h"

int jq_fail_at(const struct jq_program *p, uint32_t pos, struct err *err, const char *fmt, ...)
{
    unsigned line, column;
    struct err place;
    va_list args;

    json_position(p->source, pos, &line, &column);
    place = (struct err){};
    va_start(args, fmt);
    vsnprintf(place.text, sizeof(place.text), fmt, args);
    va_end(args);
    return err_set(err, ERR_INVALID, "jq: %s at line %u, column %u", place.text, line, column);
}

struct jq_program *jq_compile(struct str source, struct err *err)
{
    struct jq_program *p;
    struct arena *a;

    if (source.len > JQ_TEXT_MAX_BYTES) {
        err_set(err, ERR_LIMIT, "jq program is longer than %d bytes", JQ_TEXT_MAX_BYTES);
        return NULL;
    }
    a = arena_new();
    p = ARENA_NEW(a, struct jq_program);
    p->a = a;
    p->source = str_copy(a, source);
    if (jq_parse(p, err) == 0 && jq_check(p, err) == 0)
        return p;
    jq_free(p);
    return NULL;
}

void jq_free(struct jq_program *p)
{
    if (p)
        arena_free(p->a);
}

/* Keeps outputs until there are enough. */
struct keeper {
    struct jq_sink sink;
    struct json_array_builder outputs;
    size_t max;
};

static int keep(struct jq_run *r, struct jq_sink *self, const struct jq_at *at)
{
    struct keeper *k = (struct keeper *) self;
    struct json v;

    if (jq_to_json(r->a, &at->v, &v, r->err) < 0)
        return JQ_ENDS;
    json_push(r->a, &k->outputs, v);
    r->label = NULL;
    return k->outputs.len < k->max ? jq_charge(r, 1, sizeof(v)) : JQ_BREAKS;
}

/* The words of what a program raised and nothing caught. */
static int fail_raised(struct jq_run *r)
{
    struct str text = r->error.type == JQ_STRING ? jq_str(&r->error) : jq_preview(r, &r->error);

    return err_set(r->err, ERR_INVALID, "jq: " STR_FMT, STR_ARG(str_head(text, 500)));
}

int jq_run(const struct jq_program *p, struct arena *a, const struct json *input, size_t max,
           struct jq_outputs *ret, struct err *err)
{
    char here = 0;
    struct jq_run r = {.a = a, .first_bytes = arena_bytes(a), .stack = &here, .err = err};
    struct keeper k = {.sink = {keep}, .max = max};
    struct jq_at at = {.v = jq_from_json(a, input)};
    int rc = max > 0 ? jq_eval(&r, p->root, NULL, &at, &k.sink) : JQ_OK;

    if (rc == JQ_FAILS)
        return fail_raised(&r);
    if (rc == JQ_ENDS)
        return -1;
    *ret = (struct jq_outputs){.at = k.outputs.at, .len = k.outputs.len};
    return 0;
}

struct str jq_text(struct arena *a, const struct jq_outputs *out)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(JQ_MEMORY_MAX_BYTES);

    for (size_t i = 0; i < out->len; i++) {
        if (out->at[i].type == JSON_STRING)
            strbuf_add(&b, json_str(&out->at[i]));
        else
            json_print(&b, &out->at[i], JSON_ESCAPE_HTML);
        strbuf_addc(&b, '\n');
    }
    return str_copy(a, str_trim(strbuf_str(&b)));
}
