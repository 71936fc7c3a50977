/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dates as the MC146818 keeps them, and as seconds since 1970: proleptic Gregorian, without leap
 * seconds. No state; any thread.
 */
#pragma once

#include <glib.h>

typedef struct RtcDate {
    int year;    /* 0 to 9999 */
    int month;   /* 1 to 12 */
    int day;     /* 1 to 31 */
    int weekday; /* 1 = Sunday to 7 */
    int hour, minute, second;
} RtcDate;

void rtc_date_from_seconds(gint64 seconds, RtcDate *date);

/* Fields out of their range are carried over, as mktime(3) does; `weekday` is not looked at. */
gint64 rtc_date_to_seconds(const RtcDate *date);

/* The first second of the last Sunday of a month (4 = April). */
gint64 rtc_date_last_sunday(int year, int month);
