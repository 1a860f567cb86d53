/*
 * objects/validate/cron_validate.c - schedules of Argo Events, for their faults only. Pure but
 * for the time zone, which is read from the system's database. Any thread.
 */
#include "lang/cron/cron.h"
#include "objects/validate/validate.h"

int validate_cron(struct str text, struct err *err)
{
    _cleanup_arena_ struct arena *a = arena_new();
    struct cron_schedule schedule;

    return cron_parse(a, text, CRON_FIELDS_ONLY, &schedule, err);
}
