/*
 * events/sensors/sensor.h - the controller of Sensor objects: from bus records to fired
 * triggers.
 *
 * Loop-bound. Each trigger of each sensor has a durable bus cursor named "ns/sensor/trigger".
 * For a record: dependency match, filters, condition state, parameters, fire; the cursor moves
 * when the outcome is settled. Condition state that spans records (a && b) is durable: the
 * records that still wait for partners stay unacknowledged until the trigger has fired, so a
 * restart sees them again. Every step leaves a trace row (bus_trace_add). Matching, filters,
 * conditions and parameters are pure functions of their own files (match.c, filter_data.c,
 * filter_context.c, filter_time.c, params.c). Source: ../shared/spec/events.md 4, 5.1; golden
 * events/{filters,params,conditions}.jsonl.
 */
#pragma once

#include "base/metric.h"
#include "events/bus/bus.h"
#include "io/loop.h"
#include "io/workers.h"
#include "store/store.h"

struct trigger_services;
struct sensor_controller;

struct sensor_controller_options {
    struct loop *loop;
    struct workers *workers;
    struct store *store;
    struct bus *bus;
    struct metrics *metrics; /* NULL: nothing is counted */
    const struct trigger_services *services;
};

/** sensor_controller_new() - a stopped controller; owned */
struct sensor_controller *sensor_controller_new(const struct sensor_controller_options *options,
                                                struct err *err);

/** sensor_controller_start() - follow Sensor objects and run them */
int sensor_controller_start(struct sensor_controller *c, struct err *err);

/** sensor_controller_stop() - no callback runs after this; firings on workers are waited for */
void sensor_controller_stop(struct sensor_controller *c);
void sensor_controller_free(struct sensor_controller *c);

/* ---- dead letters: rows of the store's table (dead_letter.h); loop thread ---- */

struct sensor_letter_name {
    struct str ns, id;
};

/* On the loop, once; inside the call when it fails at once. */
typedef void (*sensor_letter_fn)(void *ctx, const struct err *err);

/**
 * sensor_letter_redrive() - put a dead letter through its trigger again
 * @name: copied
 * @fn:   when that is on disk: it will fire, also over a crash. ERR_NOT_FOUND; ERR_CONFLICT
 *        while it is under way, or when its sensor is paused or does not run its trigger
 *
 * An object is made once a redrive. When it fails the letter waits again.
 */
void sensor_letter_redrive(struct sensor_controller *c, const struct sensor_letter_name *name,
                           sensor_letter_fn fn, void *ctx);

/** sensor_letter_delete() - give a dead letter up for good; @fn when that is on disk, errors as
 * sensor_letter_redrive() */
void sensor_letter_delete(struct sensor_controller *c, const struct sensor_letter_name *name,
                          sensor_letter_fn fn, void *ctx);
