/*
 * events/sensors/letters.h - the dead letters of all sensors: which there are, what becomes of
 * them. Loop thread.
 *
 * The store's rows are the truth; an index without the events stands in memory, so that a
 * firing that comes again after a restart is known to have been given up, and the oldest go
 * when there are too many. A letter that is redriven or deleted leaves a row that says so: its
 * events may still come again from the bus, and must not fire.
 */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "events/sensors/dead_letter.h"

struct sensor_controller;

/* One in the index; owned by it. */
struct letter {
    struct str key; /* "ns/id"; owned, as the next two */
    struct str sensor, trigger;
    struct str ns; /* in key */
    enum dead_letter_state state;
    bool is_stored;      /* false: its first row is not on disk yet */
    unsigned user_count; /* firings, jobs and writes that have it */
    size_t bytes;
    struct wall at;
    struct list link; /* oldest first */
};

struct letters {
    struct map by_key;
    struct list by_age;
    size_t count, bytes, done_count;       /* done ones are not in the first two */
    size_t count_max, bytes_max, done_max; /* limits; tests set others */
    struct timer *timer;                   /* owned: redrives that wait for their trigger */
};

/** sensor_letters_open() - read the rows of the store; blocking: before the loop runs */
int sensor_letters_open(struct sensor_controller *c, struct err *err);

/** sensor_letters_close() - release the index; nobody has a letter any more */
void sensor_letters_close(struct sensor_controller *c);

/** sensor_letter_is_known() - has a firing with this mark been given up before? */
bool sensor_letter_is_known(struct sensor_controller *c, struct str ns, struct str id);

/**
 * sensor_letter_put() - write a letter's row and have the letter until sensor_letter_leave()
 * @letter: state, events and all
 * @done:   on the loop: call sensor_letter_stored() first when there is no error
 * @err:    ERR_TRANSIENT: nothing is written, @done is not called
 *
 * Return: the letter, borrowed; or NULL.
 */
struct letter *sensor_letter_put(struct sensor_controller *c, const struct dead_letter *letter,
                                 store_done_fn done, void *ctx, struct err *err);

/** sensor_letter_stored() - the row is on disk in this state; what is too much goes */
void sensor_letter_stored(struct sensor_controller *c, struct letter *letter,
                          enum dead_letter_state state);

/** sensor_letter_leave() - have it no longer */
void sensor_letter_leave(struct sensor_controller *c, struct letter *letter);

/** sensor_letters_look() - soon start the redrives whose trigger runs and that nobody has */
void sensor_letters_look(struct sensor_controller *c);
