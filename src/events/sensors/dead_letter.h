/*
 * events/sensors/dead_letter.h - what a sensor gave up, as a row of the store and as the API
 * shows it. Pure, any thread. When rows are written is letters.c's and fire.c's.
 */
#pragma once

#include "events/triggers/trigger.h"

/* Table of the store's rows; their keys are dead_letter_key(). */
#define DEAD_LETTER_TABLE "dead_letter"

enum dead_letter_state {
    DEAD_LETTER_WAITS,     /* for a redrive or a deletion */
    DEAD_LETTER_REDRIVING, /* its trigger fires again; also over a restart */
    DEAD_LETTER_DONE,      /* redriven or deleted: not shown; its events do not fire again */
};

struct dead_letter {
    struct str id; /* mark of the firing: mark_of_firing() */
    struct str ns, sensor, sensor_uid, trigger;
    struct str error;
    int64_t attempts; /* of the trigger, with those of redrives */
    int64_t redrives;
    enum dead_letter_state state;
    struct wall at; /* when it was given up, the last time */
    const struct trigger_event *events;
    size_t event_count;
};

/** dead_letter_key() - key of a row: "namespace/id" */
struct str dead_letter_key(struct arena *a, struct str ns, struct str id);

/** dead_letter_value() - a dead letter as a document; one that is done keeps its identity
 * alone; borrows the texts */
struct json dead_letter_value(struct arena *a, const struct dead_letter *letter);

/**
 * dead_letter_read() - the dead letter of a row
 * @a:    where it lives; nothing of @text is borrowed
 * @text: JSON that dead_letter_value() made
 * @ret:  untouched on failure; its events are as they were at the firing
 * @err:  ERR_INVALID
 *
 * Return: 0 or -1.
 */
int dead_letter_read(struct arena *a, struct str text, struct dead_letter *ret,
                     struct err *err);

/** dead_letter_summary() - a document of dead_letter_value() without what its events hold: of
 * each the dependency and the id are left */
struct json dead_letter_summary(struct arena *a, const struct json *value);
