/*
 * events/sources/event_data.h - the data of an event as upstream's source of that kind prints
 * it: which members there are, in which order, and what stands for those that nobody gave.
 *
 * One const table a kind. Pure, any thread. ../shared/golden/formats/event-data.jsonl decides.
 */
#pragma once

#include "formats/json.h"

/**
 * event_data_print() - the text of an event's data
 * @a:       where it lives
 * @kind:    of the source: "sqs"
 * @members: what is known, by name; others are not looked at
 * @raw:     JSON text that is the body as it was written (jsonBody), or absent: the member
 * "body"
 * @ret:     compact, as Go's encoder has it
 * @err:     ERR_NOT_FOUND for a kind without a table; ERR_INVALID when @raw is no JSON
 *
 * Return: 0 or -1.
 */
int event_data_print(struct arena *a, struct str kind, const struct json *members,
                     struct str raw, struct str *ret, struct err *err);
