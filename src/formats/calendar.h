/*
 * formats/calendar.h - the Gregorian calendar as arithmetic on days since 1970-01-01.
 *
 * The calendar is extended backwards without change, as Go's is. Years may be negative. Pure
 * functions.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** floor_div() - quotient rounded down; @by is positive */
static inline int64_t floor_div(int64_t n, int64_t by)
{
    return n / by - (n % by < 0);
}

static inline bool calendar_is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/** calendar_year_start() - days from 1970-01-01 to the first of January of a year */
static inline int64_t calendar_year_start(int64_t year)
{
    int64_t y = year - 1;

    return 365 * (year - 1970) + floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400) - 477;
}

/** calendar_year_of() - the year that a day falls in */
static inline int64_t calendar_year_of(int64_t days)
{
    int64_t year = 1970 + floor_div(days * 400, 146097);

    while (calendar_year_start(year) > days)
        year--;
    while (calendar_year_start(year + 1) <= days)
        year++;
    return year;
}

/** calendar_month_start() - days of a year before a month; @month 1 to 13 */
static inline int32_t calendar_month_start(int64_t year, int32_t month)
{
    static const int16_t before[] = {0,   31,  59,  90,  120, 151, 181,
                                     212, 243, 273, 304, 334, 365};

    return before[month - 1] + (month > 2 && calendar_is_leap(year));
}

/** calendar_days_in() - days of a month; @month 1 to 12 */
static inline int32_t calendar_days_in(int64_t year, int32_t month)
{
    return calendar_month_start(year, month + 1) - calendar_month_start(year, month);
}

/** calendar_weekday() - 0 is Sunday */
static inline int32_t calendar_weekday(int64_t days)
{
    return (int32_t) (days + 4 - 7 * floor_div(days + 4, 7));
}
