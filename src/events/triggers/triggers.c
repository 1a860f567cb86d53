/* The table of trigger drivers, from triggers.def, and which one a template means. */
#include "events/triggers/trigger.h"

#define TRIGGER(kind) extern const struct trigger_driver kind##_trigger;
#include "events/triggers/triggers.def"
#undef TRIGGER

static const struct trigger_driver *const drivers[] = {
#define TRIGGER(kind) &kind##_trigger,
#include "events/triggers/triggers.def"
#undef TRIGGER
};

/* Kinds of upstream that are not built yet. */
static const char *const known[] = {
    "awsLambda", "azureEventHubs", "azureServiceBus", "custom", "email",
    "kafka",     "nats",           "openWhisk",       "pulsar", "slack"};

const struct trigger_driver *const *trigger_drivers(size_t *ret_count)
{
    *ret_count = COUNT_OF(drivers);
    return drivers;
}

const struct trigger_driver *trigger_driver_of(const struct json *template, struct err *err)
{
    const struct trigger_driver *found = NULL;

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (json_get(template, str_from(known[i]))) {
            err_set(err, ERR_UNSUPPORTED, "template.%s is not supported yet", known[i]);
            return NULL;
        }
    for (size_t i = 0; i < COUNT_OF(drivers); i++)
        if (json_get(template, str_from(drivers[i]->kind))) {
            if (found) {
                err_set(err, ERR_INVALID,
                        "trigger template \"" STR_FMT "\" names %s and %s: one must be given",
                        STR_ARG(json_get_str(template, STR("name"))), found->kind,
                        drivers[i]->kind);
                return NULL;
            }
            found = drivers[i];
        }
    if (!found)
        err_set(err, ERR_INVALID, "trigger template \"" STR_FMT "\" names no kind of trigger",
                STR_ARG(json_get_str(template, STR("name"))));
    return found;
}
