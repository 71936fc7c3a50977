/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/timer/rtc-date.h"

#define DAY_SECONDS 86400

/* Days from 1970-01-01 to a day of a proleptic Gregorian date. Years are counted from March, so
 * that the leap day is a year's last: months then have 30.6 days on average from its start. */
static gint64 days_of(gint64 year, int month, gint64 day)
{
    gint64 y = month > 2 ? year : year - 1;
    gint64 m = month > 2 ? month - 3 : month + 9;
    gint64 leap_days = (y >= 0 ? y / 4 - y / 100 + y / 400 : -1);

    return 365 * y + leap_days + (153 * m + 2) / 5 + day - 1 - 719468;
}

static gint64 floor_div(gint64 a, gint64 b)
{
    return a / b - (a % b < 0);
}

void rtc_date_from_seconds(gint64 seconds, RtcDate *date)
{
    gint64 days = floor_div(seconds, DAY_SECONDS);
    int rest = (int)(seconds - days * DAY_SECONDS);
    gint64 year = 1970 + floor_div(days, days < 0 ? 365 : 366);
    int month = 1;

    /* The guesses are too early at most: go on while the next one has begun. */
    while (days_of(year + 1, 1, 1) <= days) {
        year++;
    }
    while (month < 12 && days_of(year, month + 1, 1) <= days) {
        month++;
    }
    *date = (RtcDate){
        .year = (int)year,
        .month = month,
        .day = (int)(days - days_of(year, month, 1)) + 1,
        .weekday = (int)(((days + 4) % 7 + 7) % 7) + 1, /* 1970 began on a Thursday */
        .hour = rest / 3600,
        .minute = rest / 60 % 60,
        .second = rest % 60,
    };
}

gint64 rtc_date_to_seconds(const RtcDate *date)
{
    int month = CLAMP(date->month, 1, 12);

    return days_of(date->year, month, date->day) * DAY_SECONDS + date->hour * 3600 +
           date->minute * 60 + date->second;
}

gint64 rtc_date_last_sunday(int year, int month)
{
    gint64 next = month == 12 ? days_of(year + 1, 1, 1) : days_of(year, month + 1, 1);
    gint64 last = next - 1;

    return (last - ((last + 4) % 7 + 7) % 7) * DAY_SECONDS;
}
