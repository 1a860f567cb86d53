/*
 * formats/gotime_internal.h - layouts cut into elements. Private to formats/gotime*.c.
 */
#pragma once

#include "base/str.h"

enum layout_type {
    LAYOUT_END, /* no element is left */
    LAYOUT_LONG_MONTH,
    LAYOUT_MONTH,
    LAYOUT_NUM_MONTH,
    LAYOUT_ZERO_MONTH,
    LAYOUT_LONG_WEEKDAY,
    LAYOUT_WEEKDAY,
    LAYOUT_DAY,
    LAYOUT_UNDER_DAY,
    LAYOUT_ZERO_DAY,
    LAYOUT_UNDER_YEAR_DAY,
    LAYOUT_ZERO_YEAR_DAY,
    LAYOUT_HOUR,
    LAYOUT_HOUR_12,
    LAYOUT_ZERO_HOUR_12,
    LAYOUT_MINUTE,
    LAYOUT_ZERO_MINUTE,
    LAYOUT_SECOND,
    LAYOUT_ZERO_SECOND,
    LAYOUT_LONG_YEAR,
    LAYOUT_YEAR,
    LAYOUT_UPPER_PM,
    LAYOUT_LOWER_PM,
    LAYOUT_ZONE,
    LAYOUT_OFFSET,         /* see below for its form */
    LAYOUT_FRACTION_ZEROS, /* ".000" */
    LAYOUT_FRACTION_NINES, /* ".999" */
};

struct layout_element {
    enum layout_type type;
    struct str prefix; /* literal text before it */
    struct str text;   /* the element itself */
    /* LAYOUT_OFFSET */
    bool is_iso;     /* "Z07:00": Z for UTC */
    bool has_colons; /* "-07:00" */
    int part_count;  /* 1 hours, 2 also minutes, 3 also seconds */
    /* LAYOUT_FRACTION_* */
    size_t digits;
    char separator; /* '.' or ',' */
};

/** layout_next() - the next element of a layout; @rest moves behind it */
struct layout_element layout_next(struct str *rest);

extern const char *const gotime_month_names[12];
extern const char *const gotime_weekday_names[7];
