/*
 * events/sensors/origins.h - which events the EventSource objects give, and what a sensor waits
 * for that none of them does.
 *
 * A slip in a dependency's eventName is no fault of the sensor: the source may come later. It
 * is told in the sensor's status as the condition EventsProvided, and once in the log, as long
 * as nobody gives the event. Loop thread, but origins_fault() is pure.
 */
#pragma once

#include "base/map.h"
#include "events/sensors/match.h"
#include "store/follow.h"

struct sensor_controller;

/* One EventSource object as it is now. */
struct origin {
    struct arena *arena; /* owned: this and what is below */
    struct json spec;
};

/* Zeroed: it looks at nothing. */
struct origins {
    struct store_follower *follower;
    struct timer *timer; /* looks at all sensors some time after the last change */
    struct map sources;  /* "ns/name" -> struct origin, owned */
};

/**
 * origins_fault() - the first dependency whose event nobody gives
 * @a:       where the text lives
 * @sources: of struct origins
 * @ns:      the sensor's namespace
 * @space:   bus_space() of the sensor
 * @deps:    its dependencies
 *
 * Return: what is missing, with the path and the nearest name, or "".
 */
struct str origins_fault(struct arena *a, const struct map *sources, struct str ns,
                         struct str space, const struct match_dependencies *deps);

/** origins_put() - an EventSource object is now as @spec says; NULL: it is gone */
void origins_put(struct map *sources, struct str ns, struct str name, const struct json *spec);

/** origins_free_all() - release what origins_put() has kept */
void origins_free_all(struct map *sources);

/** sensor_origins_start() - follow EventSource objects */
void sensor_origins_start(struct sensor_controller *c);

/** sensor_origins_stop() - nothing is looked at after this */
void sensor_origins_stop(struct sensor_controller *c);

/** sensor_origins_look() - look at all sensors soon: one has changed */
void sensor_origins_look(struct sensor_controller *c);
