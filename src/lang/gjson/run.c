/* Budgets of a run, and the door to it. See gjson_internal.h. */
#include "base/limits.h"
#include "lang/gjson/gjson_internal.h"

static bool stop(struct gjson_run *run, const char *what, long long limit, const char *unit)
{
    if (!run->is_over)
        err_set(run->err, ERR_LIMIT, "gjson path: %s over %lld %s", what, limit, unit);
    run->is_over = true;
    return false;
}

bool gjson_spend(struct gjson_run *run, size_t bytes)
{
    run->scanned += bytes;
    if (run->is_over)
        return false;
    if (run->scanned > GJSON_SCAN_MAX_BYTES)
        return stop(run, "work", GJSON_SCAN_MAX_BYTES, "bytes");
    return true;
}

bool gjson_enter(struct gjson_run *run)
{
    run->depth++;
    if (run->is_over)
        return false;
    if (run->depth > GJSON_DEPTH_MAX)
        return stop(run, "nesting", GJSON_DEPTH_MAX, "levels");
    return true;
}

void gjson_leave(struct gjson_run *run)
{
    run->depth--;
}

struct str gjson_keep(struct gjson_run *run, struct strbuf *b)
{
    struct str made = STR("");

    run->written += b->len;
    if (b->is_over || run->written > GJSON_OUTPUT_MAX_BYTES)
        stop(run, "result", GJSON_OUTPUT_MAX_BYTES, "bytes");
    if (!run->is_over)
        made = str_copy(run->a, strbuf_str(b));
    strbuf_done(b);
    return made;
}

int gjson_get(struct arena *a, struct str json, struct str path, struct gjson *ret,
              struct err *err)
{
    struct gjson_run run = {.a = a, .err = err};
    struct gjson found = gjson_find(&run, json, path);

    if (run.is_over)
        return -1;
    *ret = found;
    return 0;
}
