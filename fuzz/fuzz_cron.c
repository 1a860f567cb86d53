/* Schedules: any text is refused with a message, or comes due later and later, on whole minutes
 * of a clock. */
#include <assert.h>

#include "lang/cron/cron.h"

enum { STEPS = 5 };

static void walk(const struct cron_schedule *s, int64_t start_s)
{
    struct gotime at = gotime_unix(start_s, 500);

    for (int i = 0; i < STEPS; i++) {
        struct gotime next;
        struct gotime_civil c;

        if (!cron_next(s, &at, NULL, &next))
            return;
        assert(next.unix_s > at.unix_s);
        next = gotime_in(&next, s->is_zoned ? s->zone : NULL);
        c = gotime_civil_of(&next);
        assert(s->is_every || (c.second == 0 && (s->minute >> c.minute & 1)));
        at = gotime_in(&next, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct str text = str_of((const char *) data, size);
    struct cron_schedule s;
    struct err err = {};

    if (cron_parse(a, text, CRON_STANDARD, &s, &err) < 0) {
        assert(err.kind == ERR_INVALID && err.text[0]);
        return 0;
    }
    walk(&s, 1772890000);  /* before a night in which clocks go forward */
    walk(&s, 1793500000);  /* and one in which they go back */
    walk(&s, -3000000000); /* local mean times */
    return 0;
}
