/*
 * objects/validate/validate.h - the rules of the originals' controllers that field tables
 * cannot say: what must be given together, alone, or at all.
 *
 * Each rule is told in the original's words, the first that is broken only, in the original's
 * order. A document may lack anything; of a type that the tables refuse it counts as absent.
 * Pure functions but for time zones, which are read from the system's database. Any thread.
 * ../shared/golden/events/{eventsource,sensor,eventbus}-validate.jsonl decide.
 */
#pragma once

#include "base/clock.h"
#include "formats/json.h"

/* What carries the events of a sensor. */
enum validate_bus { VALIDATE_BUS_EMBEDDED, VALIDATE_BUS_NATS };

/* A member of the spec, or an item of it. */
struct validate_item {
    const char *list;         /* "triggers", "sqs" */
    struct str name;          /* of an item that has one: "a" of spec.sqs.a; else absent */
    uint32_t index;           /* of an item of a list; UINT32_MAX: the member itself */
    const struct json *value; /* borrowed of the document; NULL: the spec as a whole */
};

/**
 * validate_event_source() - the rules of an EventSource
 * @doc: the whole object
 * @ret: which source breaks a rule; set on failure only
 * @err: ERR_INVALID; the text is empty where the original's is (no webhook)
 *
 * Kinds of sources are looked at in the order of the tables (the original: any order).
 * Return: 0 or -1.
 */
int validate_event_source(const struct json *doc, struct validate_item *ret, struct err *err);

/**
 * validate_sensor() - the rules of a Sensor
 * @doc: the whole object
 * @bus: its bus; NATS Streaming wants each event in one dependency only
 * @now: Unix time; faults of time filters name the day
 * @ret: which dependency or trigger breaks a rule; set on failure only
 * @err: ERR_INVALID
 *
 * Return: 0 or -1.
 */
int validate_sensor(const struct json *doc, enum validate_bus bus, struct wall now,
                    struct validate_item *ret, struct err *err);

/**
 * validate_event_bus() - the rules of an EventBus
 * @doc: the whole object
 * @ret: which kind of bus breaks a rule; set on failure only
 * @err: ERR_INVALID
 *
 * Return: 0 or -1.
 */
int validate_event_bus(const struct json *doc, struct validate_item *ret, struct err *err);

/**
 * validate_cron() - is this a schedule of five fields, as robfig/cron reads it?
 * @text: schedule, perhaps with "TZ=zone " before it
 * @err:  ERR_INVALID with that library's text
 *
 * Return: 0 or -1.
 */
int validate_cron(struct str text, struct err *err);
