// SPDX-License-Identifier: MIT
/* The reply parser, line by line: what is exactly right is taken, everything else is refused. */
#include "port/reply.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static double y[2], z;
static int32_t count;

/* y[2] and count[] must come, z[] may. */
static struct port_wanted wanted[3];
static const struct port_call call = {
    .kernel = "k", .pass = "forward", .wanted = wanted, .n_wanted = 3};

static void reset(void) {
    y[0] = y[1] = z = -7;
    count = -7;
    wanted[0] = (struct port_wanted){
        .name = "y", .array = {.dtype = ARRAY_F64, .ndim = 1, .shape = {2}, .count = 2, .data = y}};
    wanted[1] = (struct port_wanted){
        .name = "z", .optional = true, .array = {.dtype = ARRAY_F64, .count = 1, .data = &z}};
    wanted[2] = (struct port_wanted){.name = "count",
                                     .array = {.dtype = ARRAY_I32, .count = 1, .data = &count}};
}

#define ONE "3ff0000000000000"
#define TWO "4000000000000000"
#define Y "@out y f64 2 " ONE " " TWO "\n"
#define N "@out count i32 - ffffffff\n"

/* The reply to call 7, lines separated by \n; what the last line taken gave. */
static enum port_answer take(const char *reply, size_t size, char why[]) {
    enum port_answer answer = PORT_ANSWERED;
    bool more = true;
    reset();
    why[0] = '\0';
    while (size > 0 && more && answer == PORT_ANSWERED) {
        const char *end = memchr(reply, '\n', size);
        size_t length = end != NULL ? (size_t)(end - reply) : size;
        answer = reply_take(&call, 7, reply, length, &more, why);
        size_t used = length + (end != NULL);
        reply += used;
        size -= used;
    }
    return answer;
}

Test(port_reply, takes_what_is_right) {
    static const struct {
        const char *reply;
        double z;
    } rows[] = {
        {Y N "@done 7", -7},
        {N Y "@done 7", -7}, /* in any order */
        {Y "@out z f64 - " TWO "\n" N "@done 7", 2},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char why[PORT_TEXT_SIZE];
        enum port_answer answer = take(rows[i].reply, strlen(rows[i].reply), why);
        cr_expect(answer == PORT_ANSWERED, "row %zu: %s", i, why);
        cr_expect(y[0] == 1 && y[1] == 2 && count == -1 && z == rows[i].z, "row %zu", i);
        cr_expect(wanted[1].answered == (z == 2), "row %zu", i);
    }
}

Test(port_reply, a_skip_and_an_error_carry_their_reason) {
    char why[PORT_TEXT_SIZE];
    cr_expect(take("@skip 7 too large for me", 24, why) == PORT_SKIPPED);
    cr_expect_str_eq(why, "too large for me");
    cr_expect(take("@error 7 no luck", 16, why) == PORT_REFUSED);
    cr_expect_str_eq(why, "no luck");
    cr_expect(take("@error 7", 8, why) == PORT_REFUSED);
    cr_expect_str_eq(why, "without a reason");
    cr_expect(take(Y "@error 7 halfway", sizeof Y - 1 + 16, why) == PORT_REFUSED);
}

Test(port_reply, refuses_what_is_wrong_and_says_where) {
    static const struct {
        const char *reply;
        const char *why;
    } rows[] = {
        {Y "@done 7", "lacks count"},
        {"@done 7", "lacks y"},
        {Y N "@done 8", "another call than number 7"},
        {Y N "@done 6", "another call than number 7"},
        {Y N "@done", "number of a call must follow"},
        {Y N "@done 07", "number of a call must follow"},
        {Y N "@done -7", "number of a call must follow"},
        {Y N "@done 7x", "number of a call must follow"},
        {Y N "@done 99999999999999999999999999", "number of a call must follow"},
        {Y N "@done 7 ", "malformed"},
        {Y N "@done 7 twice", "nothing may follow"},
        {Y N "@done  7", "number of a call must follow"},
        {Y "@skip 7 no", "skips a call that it has given arrays for"},
        {"@skip 8 no", "another call"},
        {Y Y, "@out y comes twice"},
        {"@out q f64 - " ONE, "'q' was not asked for"},
        {"@out Y f64 2 " ONE " " TWO, "'Y' was not asked for"},
        {"@out y f32 2 3f800000 3f800000", "'f32 2', wanted is 'f64 2'"},
        {"@out y f64 3 " ONE " " TWO " " ONE, "'f64 3', wanted is 'f64 2'"},
        {"@out y f64 2x1 " ONE " " TWO, "'f64 2x1', wanted is 'f64 2'"},
        {"@out y f64 - " ONE, "'f64 -', wanted is 'f64 2'"},
        {"@out y f64 02 " ONE " " TWO, "wanted is 'f64 2'"},
        {"@out y f64", "NAME DTYPE SHAPE"},
        {"@out", "NAME DTYPE SHAPE"},
        {"@out  y f64 2 " ONE " " TWO, "NAME DTYPE SHAPE"},
        {"@out y f64 2", "has 0 numbers, not 2"},
        {"@out y f64 2 " ONE, "has 1 numbers, not 2"},
        {"@out y f64 2 " ONE " ", "@out y ends in a space"},
        {"@out y f64 2 " ONE " " TWO " ", "@out y ends in a space"},
        {"@out y f64 2 " ONE " " TWO " " ONE, "more than 2 numbers"},
        {"@out y f64 2 " ONE "  " TWO, "number 1 is"},
        {"@out y f64 2 1.0 2.0", "number 0 is '1.0', not 16 lower-case hex digits"},
        {"@out y f64 2 3FF0000000000000 " TWO, "number 0 is '3FF0000000000000', not 16"},
        {"@out y f64 2 " ONE " 0x40000000000000", "number 1 is '0x40000000000000'"},
        {"@out y f64 2 3f800000 40000000", "number 0 is '3f800000', not 16"},
        {"@out y f64 2 " ONE "0 " TWO, "number 0 is '3ff00000000000000', not 16"},
        {"@out y f64 2 " ONE " -1", "number 1 is '-1'"},
        {"@out count i32 - ffffffffffffffff", "number 0 is"},
        {Y N "@done 7\r", "LF, not in CR LF"},
        {"@out y f64 2 " ONE " " TWO "\r", "LF, not in CR LF"},
        {"@out\ty f64 2 " ONE " " TWO, "not printable ASCII"},
        {"@out \xc3\xbf f64 2", "not printable ASCII"},
        {"@port 1 again", "introduced itself before"},
        {"@", "none of @out"},
        {"@ out y", "none of @out"},
        {"@Done 7", "none of @out"},
        {"@outy f64", "none of @out"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char why[PORT_TEXT_SIZE];
        enum port_answer answer = take(rows[i].reply, strlen(rows[i].reply), why);
        cr_expect(answer == PORT_BROKEN && strstr(why, rows[i].why) != NULL,
                  "row %zu: %s: answer %d, %s", i, rows[i].reply, (int)answer, why);
    }
}

/* Every change of one byte of a right reply, and every prefix of it: never a crash (this runs under
 * sanitizers), and a reply that is taken has all that must be there. */
Test(port_reply, no_damaged_reply_gets_through_without_its_arrays) {
    static const char right[] = Y "@out z f64 - " TWO "\n" N "@done 7";
    const size_t size = sizeof right - 1;
    size_t n_taken = 0;
    for (size_t at = 0; at < size; at++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            char damaged[sizeof right];
            char why[PORT_TEXT_SIZE];
            memcpy(damaged, right, sizeof right);
            damaged[at] = (char)byte;
            bool whole = take(damaged, size, why) == PORT_ANSWERED;
            n_taken += whole;
            cr_expect(!whole || (wanted[0].answered && wanted[2].answered), "byte %zu: %02x", at,
                      byte);
        }
    }
    /* Numbers of 16, 16, 16 and 8 digits, each of which may be any of 16; all else must stay. */
    cr_expect(n_taken == (3 * 16 + 8) * 16 + (size - (3 * 16 + 8)), "%zu", n_taken);
    for (size_t length = 0; length < size; length++) {
        char why[PORT_TEXT_SIZE];
        (void)take(right, length, why);
        bool complete = wanted[0].answered && wanted[2].answered;
        cr_expect(!complete || length >= size - sizeof "@done 7", "prefix %zu", length);
    }
}

Test(port_reply, greetings) {
    static const struct {
        const char *line;
        bool good;
        const char *text;
        bool flushes;
    } rows[] = {
        {"@port 1 mine 2.0", true, "mine 2.0", false},
        {"@port 1", true, "", false},
        {"@port 1 board flush-to-zero", true, "board flush-to-zero", true},
        {"@port 1 no-flush-to-zero here", true, "no-flush-to-zero here", false},
        {"@port 2 mine", false, "", false},
        {"@port", false, "", false},
        {"@port 1 mine\r", false, "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct port_about about = {0};
        char why[PORT_TEXT_SIZE] = "";
        bool good = reply_greeting(rows[i].line, strlen(rows[i].line), &about, why);
        cr_expect(good == rows[i].good, "%s: %s", rows[i].line, why);
        cr_expect_str_eq(about.text, rows[i].text);
        cr_expect(about.flush_to_zero == rows[i].flushes, "%s", rows[i].line);
    }
}
