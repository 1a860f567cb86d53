/*
 * formats/gozone.h - time zones from the system's database, looked up as Go does.
 *
 * A zone is a list of transitions and a rule for the time behind the last one. "" and "UTC"
 * need no file; "Local" is UTC, because the program does not depend on where it runs. Zones are
 * immutable, live in the arena they were loaded into, and may be used on any thread. Loading
 * reads one file below ZONE_DIR and blocks.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

struct gozone;

/* The offset that holds at an instant. */
struct gozone_span {
    int32_t offset_s; /* seconds east of UTC */
    struct str name;  /* abbreviation: "CET" */
    int64_t start_s;  /* Unix seconds at which it began; INT64_MIN when unknown */
    int64_t end_s;    /* and ends; INT64_MAX when it does not */
    bool is_dst;
};

/**
 * gozone_load() - a zone by name
 * @a:    where it lives
 * @name: as "Europe/Paris"
 * @ret:  the zone
 * @err:  ERR_INVALID "unknown time zone X" or "time: invalid location name"
 *
 * Return: 0 or -1.
 */
int gozone_load(struct arena *a, struct str name, const struct gozone **ret, struct err *err);

/**
 * gozone_parse() - a zone from the bytes of a TZif file
 * @a:     where it lives
 * @bytes: the file; copied
 * @ret:   the zone
 * @err:   ERR_INVALID when it is none
 *
 * Return: 0 or -1.
 */
int gozone_parse(struct arena *a, struct str bytes, const struct gozone **ret, struct err *err);

/**
 * gozone_at() - what holds at an instant
 * @zone:   zone; NULL is UTC
 * @unix_s: Unix seconds
 */
struct gozone_span gozone_at(const struct gozone *zone, int64_t unix_s);

/**
 * gozone_find() - the offset that an abbreviation means
 * @zone:   zone; NULL is UTC, which has no abbreviations to find
 * @name:   as "CET"
 * @unix_s: what the zone's clock shows, as Unix seconds of UTC; decides between offsets of one
 * name
 * @ret_s:  seconds east of UTC
 *
 * Return: whether the zone has it.
 */
bool gozone_find(const struct gozone *zone, struct str name, int64_t unix_s, int32_t *ret_s);
