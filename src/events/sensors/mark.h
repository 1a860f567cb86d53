/*
 * events/sensors/mark.h - the identity of what one firing brings about. Pure, any thread.
 *
 * A firing that is repeated after a crash has the same mark, so that what it creates is created
 * once (store_txn_once()).
 */
#pragma once

#include "events/triggers/trigger.h"

/**
 * mark_of_firing() - sensor, trigger and the events that take part, as one word
 * @a:          where it lives
 * @sensor_uid: uid of the Sensor object: one that is deleted and made again counts as another
 * @trigger:    name of the trigger
 * @events:     events by dependency, in the order of the sensor's dependencies
 * @count:      how many
 *
 * Return: 64 hexadecimal digits.
 */
struct str mark_of_firing(struct arena *a, struct str sensor_uid, struct str trigger,
                          const struct trigger_event *events, size_t count);
