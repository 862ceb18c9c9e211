// SPDX-License-Identifier: MIT
/* Whatever bytes a kernel or a file brings, the reports stay well-formed. */
#include "sample.h"
#include "xml.h"

#include "report/scrub.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct row {
    const char *name;
    const char *bytes;
    size_t size;
};
#define ROW(name, bytes)                                                                           \
    { (name), (bytes), sizeof(bytes) - 1 }

static const struct row rows[] = {
    ROW("plain", "an ordinary message"),
    ROW("markup", "a < b && b > c \"quoted\" 'so' ]]> <![CDATA[ <!-- --> <?xml ?> &amp; &#0;"),
    ROW("lines", "one\ntwo\r\nthree\ttabbed\n\n"),
    ROW("escape", "\033[31mred\033[0m \033]0;title\007"),
    ROW("controls", "\001\002\003\004\005\006\007\010\013\014\016\017\020\037\177"),
    ROW("not UTF-8", "\377\376 \200 \300\257 \355\240\200 \364\220\200\200 \370\210\200\200\200"),
    ROW("cut UTF-8", "a\303"),
    ROW("cut longer UTF-8", "a\360\237\230"),
    ROW("good UTF-8",
        "\320\235\320\265\320\271\321\200\320\276\320\275 \317\203(z) \360\237\230\200"),
    ROW("noncharacters", "\357\277\276 \357\277\277 \357\267\220 \360\237\277\277"),
    ROW("C1 and reordering", "\302\205 \302\233 \342\200\256 \342\200\250 \357\273\277"),
    ROW("backslashes", "\\x1b \\n \\\\ \"\\\""),
    ROW("percent", "%s %n %d %%"),
    ROW("empty", ""),
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

static void check_xml(const char *name, const struct gate_results *r) {
    size_t size;
    size_t at;
    const struct report_options options = {.again = "gradgate verify"};
    char *xml = written(report_junit, r, &options, &size);
    const char *wrong = xml_check(xml, size, &at);
    cr_expect(wrong == NULL, "%s: %s at byte %zu: %.60s", name, wrong, at, xml + at);
    cr_expect(strlen(xml) == size, "%s: a zero byte", name);
    free(xml);
}

static void check_json(const char *name, const struct gate_results *r) {
    size_t size;
    json_error_t error;
    char *text = written(report_json, r, NULL, &size);
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    cr_expect(root != NULL, "%s: %s", name, error.text);
    json_decref(root);
    free(text);
}

/* No control byte that a terminal would act on; the table and the messages keep their lines. */
static void check_text(const char *name, const struct gate_results *r) {
    size_t size;
    const struct report_options options = {.verbose = true, .again = "gradgate verify"};
    char *text = written(report_text, r, &options, &size);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        cr_expect(c >= 0x20 || c == '\n' || c == '\t', "%s: byte 0x%02x", name, c);
        cr_expect(c != 0x7F, "%s: DEL", name);
    }
    free(text);
}

Test(report_nasty, every_format_survives_every_message) {
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct gate_results *r = sample(rows[i].bytes, rows[i].bytes, rows[i].size);
        check_xml(rows[i].name, r);
        check_json(rows[i].name, r);
        check_text(rows[i].name, r);
    }
}

Test(report_nasty, every_byte_value_and_pair_of_them_in_what_a_kernel_says) {
    static char talk[2 * 256 * 256];
    for (size_t i = 0; i < 256; i++) {
        for (size_t j = 0; j < 256; j++) {
            talk[2 * (256 * i + j)] = (char)i;
            talk[2 * (256 * i + j) + 1] = (char)j;
        }
    }
    const struct gate_results *r = sample("message", talk, sizeof talk);
    check_xml("all bytes", r);
    check_json("all bytes", r);
    check_text("all bytes", r);
}

Test(report_nasty, a_message_that_is_cut_in_the_middle_of_a_character_is_still_well_formed) {
    char message[2 * GATE_TEXT_SIZE];
    for (size_t i = 0; i + 2 < sizeof message; i += 2) {
        memcpy(message + i, "\317\203", 2);
    }
    for (size_t shift = 0; shift < 2; shift++) {
        message[sizeof message - 2] = '\0';
        const struct gate_results *r = sample(message + shift, message, 11);
        check_xml("cut", r);
        check_json("cut", r);
    }
}

Test(report_nasty, what_cannot_be_printed_is_shown_and_the_rest_kept) {
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"plain \317\203\n\t.", "plain \317\203\n\t."},
        {"\033[31m", "\\x1b[31m"},
        {"\377a\200", "\\xffa\\x80"},
        {"a\303", "a\\xc3"},
        {"\300\257", "\\xc0\\xaf"},
        {"\355\240\200", "\\xed\\xa0\\x80"},
        {"\342\200\256", "\\xe2\\x80\\xae"},
        {"\357\277\277", "\\xef\\xbf\\xbf"},
        {"\r\n", "\\x0d\n"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = scrub_text(cases[i].in);
        cr_expect_str_eq(text, cases[i].out);
        free(text);
    }
    char *text = scrub_bytes("a\0b", 3);
    cr_expect_str_eq(text, "a\\x00b");
    free(text);
}

/* ---- the checker itself ---- */

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

Test(report_nasty, the_xml_check_sees_what_is_malformed) {
    static const char *const good[] = {HEAD "<a/>", HEAD "<a b=\"c\"><d>e &amp; &#10;</d></a>\n"};
    static const char *const bad[] = {
        "<a/>",
        HEAD,
        HEAD "<a>",
        HEAD "<a></b>",
        HEAD "<a/><b/>",
        HEAD "<a>&</a>",
        HEAD "<a b=\"<\"/>",
        HEAD "<a b=c/>",
        HEAD "<a b=\"1\" b=\"2\"/>",
        HEAD "<a>]]></a>",
        HEAD "<a>\001</a>",
        HEAD "<a>\377</a>",
        HEAD "<a>\033</a>",
        HEAD "<a b=\"1\"c=\"2\"/>",
        HEAD "<a>\357\277\277</a>",
        HEAD "<a><b></a></b>",
    };
    size_t at;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_expect(xml_check(good[i], strlen(good[i]), &at) == NULL, "%s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect(xml_check(bad[i], strlen(bad[i]), &at) != NULL, "%s", bad[i]);
    }
}
