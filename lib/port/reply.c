// SPDX-License-Identifier: MIT
#include "reply.h"

#include "doors.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* ---- words ---- */

struct text {
    const char *at;
    size_t length;
};

static bool equals(struct text word, const char *other) {
    return word.length == strlen(other) && memcmp(word.at, other, word.length) == 0;
}

/* The word that starts there, up to a space or the end. */
static struct text next_word(struct text *rest) {
    const char *space = memchr(rest->at, ' ', rest->length);
    struct text word = {rest->at, space != NULL ? (size_t)(space - rest->at) : rest->length};
    size_t used = word.length + (space != NULL ? 1 : 0);
    *rest = (struct text){rest->at + used, rest->length - used};
    return word;
}

void reply_quote(const char line[], size_t length, char text[REPLY_QUOTE_SIZE]) {
    size_t used = 0;
    text[used++] = '\'';
    for (size_t i = 0; i < length && used < REPLY_QUOTE_SIZE - 6; i++) {
        const char shown[] = {'?', line[i]};
        text[used++] = shown[line[i] >= ' ' && line[i] <= '~'];
    }
    (void)snprintf(text + used, REPLY_QUOTE_SIZE - used, "%s",
                   length > REPLY_QUOTE_SIZE - 7 ? "...'" : "'");
}

static enum port_answer malformed(const char *what, struct text line, char why[]) {
    char quoted[REPLY_QUOTE_SIZE];
    reply_quote(line.at, line.length, quoted);
    return door_say(why, PORT_BROKEN, "malformed line %s: %s", quoted, what);
}

enum reply_word reply_word_of(const char line[], size_t length) {
    static const struct {
        const char *name;
        enum reply_word word;
    } words[] = {{"@port", REPLY_PORT},
                 {"@out", REPLY_OUT},
                 {"@done", REPLY_DONE},
                 {"@skip", REPLY_SKIP},
                 {"@error", REPLY_ERROR}};
    struct text rest = {line, length};
    if (length == 0 || line[0] != '@') {
        return REPLY_TALK;
    }
    struct text word = next_word(&rest);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (equals(word, words[i].name)) {
            return words[i].word;
        }
    }
    return REPLY_MALFORMED;
}

/* What spoils every line alike. */
static const char *fault_of(struct text line) {
    if (line.length > 0 && line.at[line.length - 1] == '\r') {
        return "lines end in LF, not in CR LF";
    }
    for (size_t i = 0; i < line.length; i++) {
        if (line.at[i] < ' ' || line.at[i] > '~') {
            return "a byte that is not printable ASCII";
        }
    }
    return NULL;
}

/* ---- @port, @done, @skip, @error ---- */

bool reply_greeting(const char line[], size_t length, struct port_about *about, char why[]) {
    struct text whole = {line, length};
    struct text rest = whole;
    (void)next_word(&rest);
    struct text version = next_word(&rest);
    if (fault_of(whole) != NULL) {
        (void)malformed(fault_of(whole), whole, why);
        return false;
    }
    if (!equals(version, "1")) {
        (void)malformed("the gate speaks version 1 of the protocol: @port 1 TEXT", whole, why);
        return false;
    }
    door_hear_about(about, rest.at, rest.length);
    return true;
}

static bool parse_id(struct text word, size_t *id) {
    size_t number = 0;
    if (word.length == 0 || word.length > 18 || word.at[0] == '0') {
        return false;
    }
    for (size_t i = 0; i < word.length; i++) {
        if (word.at[i] < '0' || word.at[i] > '9') {
            return false;
        }
        number = 10 * number + (size_t)(word.at[i] - '0');
    }
    *id = number;
    return true;
}

bool reply_id(const char line[], size_t length, size_t *id, char why[]) {
    struct text whole = {line, length};
    struct text rest = whole;
    (void)next_word(&rest);
    struct text word = next_word(&rest);
    if (fault_of(whole) != NULL || !parse_id(word, id)) {
        const char *fault = fault_of(whole);
        (void)malformed(fault != NULL ? fault : "the number of a call must follow", whole, why);
        return false;
    }
    return true;
}

static bool has_given(const struct port_call *call) {
    for (size_t i = 0; i < call->n_wanted; i++) {
        if (call->wanted[i].answered) {
            return true;
        }
    }
    return false;
}

static enum port_answer take_end(const struct port_call *call, enum reply_word word, size_t id,
                                 struct text line, char why[]) {
    struct text rest = line;
    size_t answered;
    if (!reply_id(line.at, line.length, &answered, why)) {
        return PORT_BROKEN;
    }
    if (answered != id) {
        char quoted[REPLY_QUOTE_SIZE];
        reply_quote(line.at, line.length, quoted);
        return door_say(why, PORT_BROKEN,
                        "%s answers another call than number %zu, whose turn it is", quoted, id);
    }
    if (word == REPLY_SKIP && has_given(call)) {
        return malformed("it skips a call that it has given arrays for", line, why);
    }
    (void)next_word(&rest);
    (void)next_word(&rest);
    if (word == REPLY_DONE) {
        bool ends = rest.length == 0 && line.at[line.length - 1] != ' ';
        return ends ? PORT_ANSWERED : malformed("nothing may follow the number", line, why);
    }
    int shown = rest.length < PORT_TEXT_SIZE ? (int)rest.length : PORT_TEXT_SIZE - 1;
    return door_say(why, word == REPLY_SKIP ? PORT_SKIPPED : PORT_REFUSED, "%.*s",
                    shown > 0 ? shown : 16, shown > 0 ? rest.at : "without a reason");
}

/* ---- @out ---- */

static int digit_of(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_hex(const char at[], size_t digits, uint64_t *bits) {
    uint64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        int digit = digit_of(at[i]);
        if (digit < 0) {
            return false;
        }
        value = value << 4 | (uint64_t)digit;
    }
    *bits = value;
    return true;
}

static enum port_answer fail_numbers(const struct port_wanted *w, size_t i, struct text rest,
                                     char why[]) {
    size_t digits = 2 * array_dtype_size(w->array.dtype);
    if (rest.length == 0) {
        return door_say(why, PORT_BROKEN, "@out %s has %zu numbers, not %zu", w->name, i,
                        w->array.count);
    }
    struct text word = next_word(&rest);
    char quoted[REPLY_QUOTE_SIZE];
    reply_quote(word.at, word.length, quoted);
    return door_say(why, PORT_BROKEN, "@out %s: number %zu is %s, not %zu lower-case hex digits",
                    w->name, i, quoted, digits);
}

/* rest follows SHAPE: {" " HEX}. */
static enum port_answer take_numbers(struct port_wanted *w, struct text rest, char why[]) {
    size_t digits = 2 * array_dtype_size(w->array.dtype);
    for (size_t i = 0; i < w->array.count; i++) {
        uint64_t bits;
        bool there = rest.length >= digits && (rest.length == digits || rest.at[digits] == ' ');
        if (!there || !parse_hex(rest.at, digits, &bits)) {
            return fail_numbers(w, i, rest, why);
        }
        array_set_bits(&w->array, i, bits);
        size_t used = rest.length == digits ? digits : digits + 1;
        rest = (struct text){rest.at + used, rest.length - used};
        if (rest.length == 0 && used > digits) {
            return door_say(why, PORT_BROKEN, "@out %s ends in a space", w->name);
        }
    }
    if (rest.length > 0) {
        return door_say(why, PORT_BROKEN, "@out %s has more than %zu numbers", w->name,
                        w->array.count);
    }
    w->answered = true;
    return PORT_ANSWERED;
}

static enum port_answer fail_kind(const struct port_wanted *w, struct text dtype, struct text shape,
                                  char why[]) {
    char wanted[ARRAY_MAX_DIMS * 21];
    char quoted[REPLY_QUOTE_SIZE];
    array_shape_text(w->array.ndim, w->array.shape, wanted, sizeof wanted);
    reply_quote(dtype.at, (size_t)(shape.at - dtype.at) + shape.length, quoted);
    return door_say(why, PORT_BROKEN, "@out %s is %s, wanted is '%s %s'", w->name, quoted,
                    array_dtype_name(w->array.dtype), wanted);
}

static struct port_wanted *find_wanted(const struct port_call *call, struct text name) {
    for (size_t i = 0; i < call->n_wanted; i++) {
        if (equals(name, call->wanted[i].name)) {
            return &call->wanted[i];
        }
    }
    return NULL;
}

static enum port_answer take_out(const struct port_call *call, struct text line, char why[]) {
    struct text rest = line;
    char wanted[ARRAY_MAX_DIMS * 21];
    (void)next_word(&rest);
    struct text name = next_word(&rest);
    struct text dtype = next_word(&rest);
    struct text shape = next_word(&rest);
    if (name.length == 0 || dtype.length == 0 || shape.length == 0) {
        return malformed("@out NAME DTYPE SHAPE must come, single spaces between", line, why);
    }
    struct port_wanted *w = find_wanted(call, name);
    if (w == NULL) {
        char quoted[REPLY_QUOTE_SIZE];
        reply_quote(name.at, name.length, quoted);
        return door_say(why, PORT_BROKEN, "@out %s was not asked for", quoted);
    }
    if (w->answered) {
        return door_say(why, PORT_BROKEN, "@out %s comes twice", w->name);
    }
    array_shape_text(w->array.ndim, w->array.shape, wanted, sizeof wanted);
    if (!equals(dtype, array_dtype_name(w->array.dtype)) || !equals(shape, wanted)) {
        return fail_kind(w, dtype, shape, why);
    }
    return take_numbers(w, rest, why);
}

static enum port_answer check_complete(const struct port_call *call, char why[]) {
    for (size_t i = 0; i < call->n_wanted; i++) {
        if (!call->wanted[i].answered && !call->wanted[i].optional) {
            return door_say(why, PORT_BROKEN, "the answer lacks %s", call->wanted[i].name);
        }
    }
    return PORT_ANSWERED;
}

/* ---- a line of a reply ---- */

enum port_answer reply_take(const struct port_call *call, size_t id, const char line[],
                            size_t length, bool *more, char why[]) {
    struct text whole = {line, length};
    enum reply_word word = reply_word_of(line, length);
    *more = word == REPLY_OUT;
    if (fault_of(whole) != NULL) {
        return malformed(fault_of(whole), whole, why);
    }
    switch (word) {
    case REPLY_OUT:
        return take_out(call, whole, why);
    case REPLY_DONE:
    case REPLY_SKIP:
    case REPLY_ERROR: {
        enum port_answer answer = take_end(call, word, id, whole, why);
        return answer == PORT_ANSWERED ? check_complete(call, why) : answer;
    }
    case REPLY_PORT:
        return malformed("the port has introduced itself before", whole, why);
    case REPLY_TALK:
    case REPLY_MALFORMED:
        break;
    }
    return malformed("it is none of @out, @done, @skip, @error", whole, why);
}

size_t reply_longest(const struct port_call *call) {
    const size_t head = 2048; /* names, a shape, or a reason */
    size_t longest = head;
    for (size_t i = 0; i < call->n_wanted; i++) {
        const struct array *a = &call->wanted[i].array;
        size_t size = head + a->count * (2 * array_dtype_size(a->dtype) + 1);
        longest = size > longest ? size : longest;
    }
    return longest;
}
