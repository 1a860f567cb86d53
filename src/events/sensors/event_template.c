/* events/sensors/event_template.c - templates over events. See event_template.h. */
#include "events/sensors/event_template.h"

#include <stdlib.h>

#include "base/clock.h"
#include "lang/template/template.h"

/* Of the daemon's variables what tells nothing: the others are not the manifests' business,
 * where upstream's sensor has a pod and an environment of its own. */
static const char *variable(const char *name)
{
    static const char *const names[] = {"HOME", "HOSTNAME", "LANG", "PATH", "TZ"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(name, names[i]) == 0)
            return getenv(name);
    return NULL;
}

int event_template(struct arena *a, struct str template, const struct json *input,
                   struct str *ret, struct err *err)
{
    struct value_pair *pair = ARENA_NEW(a, struct value_pair);
    struct template_input in = {.now = clock_wall(), .variable = variable};
    struct str text = STR_NONE;

    *pair = (struct value_pair){value_string(STR("Input")), value_of_json(a, input)};
    in.dot = value_map(a, pair, 1);
    if (template_eval(a, template, &in, &text, err) < 0)
        return -1;
    if (str_is_empty(text) || str_is(text, "<no value>"))
        return err_set(err, ERR_INVALID,
                       "template evaluated to empty string or no value: '" STR_FMT "'",
                       STR_ARG(str_head(template, 200)));
    *ret = text;
    return 0;
}
