/*
 * events/sensors/sensor_internal.h - what controller.c (life of sensors, what is kept) and
 * fire.c (firing) share. Loop thread.
 */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "events/sensors/action.h"
#include "events/sensors/conditions.h"
#include "events/sensors/letters.h"
#include "events/sensors/match.h"
#include "events/sensors/origins.h"
#include "events/sensors/rate_limit.h"
#include "events/sensors/reset.h"
#include "events/sensors/sensor.h"
#include "events/triggers/trigger.h"

struct kept {
    struct arena *arena; /* owned; NULL: nothing is kept */
    uint64_t seq;
    struct wall stored;
    struct trigger_event event;
};

struct sensor;

/* What is counted of one action. */
struct sensor_counts {
    struct metric *triggered, *failed, *retries_failed, *duration;
};

struct sensor_trigger {
    struct sensor *sensor;
    struct trigger_action action;
    const struct trigger_action *dead_letter; /* dlqTrigger's; NULL: none */
    struct sensor_counts counts, dead_letter_counts;
    struct rate_limit limit;
    struct resets resets;
    struct timer *reset_timer; /* owned; NULL: no resets */
    struct wall reset_at;      /* the last one: what was stored before it is forgotten */
    const struct condition *condition;
    struct bus_consumer *consumer;
    struct kept *kept; /* one a dependency */
    struct list firings,
        waiting; /* of struct firing: on a worker or between tries; not begun */
    size_t firing_count;
    bool is_in_order; /* atLeastOnce: one firing after the other */
};

struct sensor {
    struct sensor_controller *c;
    struct arena *arena; /* of everything below; renewed with the spec */
    struct str key, ns, name;
    struct str account;                /* ServiceAccount that its triggers act as, or "" */
    struct str space;                  /* bus_space() of its events */
    struct str spec;                   /* text */
    const struct store_object *object; /* reference */
    struct match_dependencies dependencies;
    struct programs **programs; /* of each dependency; owned */
    struct sensor_trigger *triggers;
    size_t trigger_count;
    bool is_paused; /* nothing new is delivered; what was delivered goes on */
    char message[512];
    char unfed[512]; /* what it waits for and nobody gives, or "" */
};

struct sensor_controller {
    struct sensor_controller_options options;
    struct store_follower *follower;
    struct map sensors; /* "ns/name" -> struct sensor */
    size_t firings;     /* that a worker or the store has */
    struct letters letters;
    struct origins origins;
};

/* ---- controller.c ---- */

/** sensor_tell_unfed() - what it waits for and nobody gives, or "": into its status where that
 * does not say so, and into the log when it is new */
void sensor_tell_unfed(struct sensor *s, struct str text);

/* ---- fire.c ---- */

/** sensor_trace() - remember a step of an event on its way through a trigger */
void sensor_trace(struct sensor_trigger *t, struct str event_id, const char *stage,
                  struct str result);

/** sensor_drop_kept() - settle a kept event, unless the consumer is closed */
void sensor_drop_kept(struct sensor_trigger *t, struct kept *k);

/** sensor_fire() - fire with all that is kept; it is settled when the firing is */
void sensor_fire(struct sensor_trigger *t);

/** sensor_fire_letter() - fire with the events of a dead letter, whose row says so; takes the
 * arena of @read and has the letter until it is done with it */
void sensor_fire_letter(struct sensor_trigger *t, struct letter *letter,
                        const struct dead_letter *read, struct arena *a);

/** sensor_firings_leave() - the trigger goes away: firings under way end by themselves, their
 * events come again */
void sensor_firings_leave(struct sensor_trigger *t);

/* ---- redrive.c ---- */

/** sensor_redrives_look() - start the redrives whose trigger runs and that nobody has */
void sensor_redrives_look(struct sensor_controller *c);

/* ---- forget.c ---- */

/** sensor_forget() - settle what is kept and was stored before a time */
void sensor_forget(struct sensor_trigger *t, struct wall before);

/** sensor_resets_look() - carry out the resets that are due at @now; how many milliseconds
 * until it is to be looked again */
uint64_t sensor_resets_look(struct sensor_trigger *t, struct wall now);

/** sensor_resets_begin() - look at resets from now on; reset_timer ends it */
void sensor_resets_begin(struct sensor_trigger *t);
