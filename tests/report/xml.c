// SPDX-License-Identifier: MIT
#include "xml.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { MAX_DEPTH = 16, MAX_ATTRIBUTES = 16 };

struct reader {
    const char *text;
    size_t size, at;
    const char *wrong;
};

static bool fail(struct reader *r, const char *wrong) {
    if (r->wrong == NULL) {
        r->wrong = wrong;
    }
    return false;
}

static bool starts(const struct reader *r, const char *what) {
    size_t length = strlen(what);
    return r->size - r->at >= length && memcmp(r->text + r->at, what, length) == 0;
}

static bool take(struct reader *r, const char *what) {
    if (!starts(r, what)) {
        return false;
    }
    r->at += strlen(what);
    return true;
}

static void skip_spaces(struct reader *r) {
    while (r->at < r->size && strchr(" \n\t", r->text[r->at]) != NULL && r->text[r->at] != '\0') {
        r->at++;
    }
}

static size_t name_length(const struct reader *r) {
    size_t n = 0;
    while (r->at + n < r->size) {
        char c = r->text[r->at + n];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (n > 0 && c == '-');
        if (!letter) {
            break;
        }
        n++;
    }
    return n;
}

/* One character of RFC 3629 that XML allows. */
static bool take_utf8(struct reader *r) {
    const unsigned char *s = (const unsigned char *)r->text + r->at;
    size_t left = r->size - r->at;
    size_t length = s[0] < 0x80                   ? 1
                    : s[0] >= 0xC2 && s[0] < 0xE0 ? 2
                    : s[0] >= 0xE0 && s[0] < 0xF0 ? 3
                    : s[0] >= 0xF0 && s[0] < 0xF5 ? 4
                                                  : 0;
    if (length == 0 || length > left) {
        return fail(r, "bad UTF-8");
    }
    uint32_t point = length == 1 ? s[0] : s[0] & (0x7FU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xC0U) != 0x80) {
            return fail(r, "bad UTF-8");
        }
        point = point << 6 | (s[i] & 0x3FU);
    }
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    bool allowed = point == '\t' || point == '\n' || (point >= 0x20 && point < 0xD800) ||
                   (point >= 0xE000 && point < 0xFFFE) || (point >= 0x10000 && point <= 0x10FFFF);
    if (point < smallest[length] || !allowed) {
        return fail(r, "a character that XML does not allow");
    }
    r->at += length;
    return true;
}

static bool take_reference(struct reader *r) {
    static const char *const entities[] = {"&amp;",  "&lt;",  "&gt;", "&quot;",
                                           "&apos;", "&#10;", "&#9;", "&#13;"};
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
        if (take(r, entities[i])) {
            return true;
        }
    }
    return fail(r, "a bare &");
}

static bool take_text(struct reader *r, char end) {
    while (r->at < r->size && r->text[r->at] != end) {
        if (r->text[r->at] == '<') {
            return fail(r, "a bare <");
        }
        if (starts(r, "]]>")) {
            return fail(r, "a bare ]]>");
        }
        if (!(r->text[r->at] == '&' ? take_reference(r) : take_utf8(r))) {
            return false;
        }
    }
    return true;
}

static bool take_attributes(struct reader *r) {
    struct {
        const char *name;
        size_t length;
    } seen[MAX_ATTRIBUTES];
    for (size_t n = 0; n < MAX_ATTRIBUTES; n++) {
        size_t before = r->at;
        skip_spaces(r);
        size_t length = name_length(r);
        if (length == 0) {
            return true;
        }
        if (r->at == before) {
            return fail(r, "no space before an attribute");
        }
        seen[n].name = r->text + r->at;
        seen[n].length = length;
        for (size_t i = 0; i < n; i++) {
            if (seen[i].length == length && memcmp(seen[i].name, seen[n].name, length) == 0) {
                return fail(r, "an attribute twice");
            }
        }
        r->at += length;
        if (!take(r, "=\"") || !take_text(r, '"') || !take(r, "\"")) {
            return fail(r, "a broken attribute");
        }
    }
    return fail(r, "too many attributes");
}

static bool take_element(struct reader *r, int depth) {
    if (depth > MAX_DEPTH || !take(r, "<")) {
        return fail(r, "no element where one must be");
    }
    const char *name = r->text + r->at;
    size_t length = name_length(r);
    r->at += length;
    if (length == 0 || !take_attributes(r)) {
        return fail(r, "a broken tag");
    }
    if (take(r, "/>")) {
        return true;
    }
    if (!take(r, ">")) {
        return fail(r, "a tag without end");
    }
    while (take_text(r, '<') && !starts(r, "</")) {
        if (!take_element(r, depth + 1)) {
            return false;
        }
    }
    bool closed = r->wrong == NULL && take(r, "</") && r->size - r->at > length &&
                  memcmp(r->text + r->at, name, length) == 0 && r->text[r->at + length] == '>';
    r->at += closed ? length + 1 : 0;
    return closed || fail(r, "a tag closed by another");
}

const char *xml_check(const char text[], size_t size, size_t *at) {
    struct reader r = {.text = text, .size = size};
    if (!take(&r, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")) {
        (void)fail(&r, "no declaration");
    } else if (take_element(&r, 0)) {
        skip_spaces(&r);
        if (r.at != r.size) {
            (void)fail(&r, "something after the root");
        }
    }
    *at = r.at;
    return r.wrong;
}
