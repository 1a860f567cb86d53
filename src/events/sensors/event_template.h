/*
 * events/sensors/event_template.h - templates over events: dataTemplate, contextTemplate and
 * the template of a data filter, with the environment that Argo Events gives them.
 *
 * Any thread. The clock is read for templates that ask for the time. Source:
 * ../shared/spec/events.md 4.9, 5.1.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "formats/json.h"

/**
 * event_template() - the text that a template makes of a value
 * @a:        where the text lives
 * @template: Go text/template with sprig
 * @input:    what {{.Input}} is
 * @ret:      the text; untouched on failure
 * @err:      ERR_INVALID with Go's text, or because the text is empty or "<no value>";
 * ERR_LIMIT
 *
 * Return: 0 or -1.
 */
int event_template(struct arena *a, struct str template, const struct json *input,
                   struct str *ret, struct err *err);
