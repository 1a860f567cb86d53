/* Sets of completion indexes as a Job's status has them. See decide.h. */
#include "base/strbuf.h"
#include "workflows/jobs/decide.h"

enum { TEXT_MAX_BYTES = JOB_INDEXES_MAX * 7 };

/* One or several that follow each other. */
static void add_run(struct strbuf *b, size_t first, size_t last)
{
    if (b->len > 0)
        strbuf_addc(b, ',');
    strbuf_addf(b, "%zu", first);
    if (last > first)
        strbuf_addf(b, last == first + 1 ? ",%zu" : "-%zu", last);
}

struct str jobs_indexes_print(struct arena *a, const struct bitset *set)
{
    _cleanup_strbuf_ struct strbuf b = STRBUF_INIT(TEXT_MAX_BYTES);

    for (size_t i = 0; i < set->count; i++) {
        size_t first = i;

        if (!bitset_has(set, i))
            continue;
        while (i + 1 < set->count && bitset_has(set, i + 1))
            i++;
        add_run(&b, first, i);
    }
    return str_copy(a, strbuf_str(&b));
}

struct bitset jobs_indexes_parse(struct arena *a, struct str text, size_t count)
{
    struct bitset set = bitset_new(a, count);
    struct str rest = text, part;

    while (!str_is_empty(text) && str_cut(&rest, ',', &part)) {
        struct str last = part, first;
        int64_t from, to;

        if (!str_cut(&last, '-', &first) || !parse_i64(first, &from) || from < 0)
            continue;
        if (str_is_none(last) || !parse_i64(last, &to))
            to = from;
        for (int64_t i = from; i <= to && i < (int64_t) count; i++)
            bitset_add(&set, (size_t) i);
    }
    return set;
}
