// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L /* mkdtemp, strdup */
/* Two results of the gate compared: what got better or worse, and what cannot be read. */
#include "report/report.h"
#include "sample.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/gradgate-changes-XXXXXX";
static char now_path[64], was_path[64];

static void create(void) {
    cr_assert(mkdtemp(folder) != NULL);
    (void)snprintf(now_path, sizeof now_path, "%s/now.json", folder);
    (void)snprintf(was_path, sizeof was_path, "%s/was.json", folder);
}

static void clean(void) {
    (void)remove(now_path);
    (void)remove(was_path);
    cr_expect(rmdir(folder) == 0);
}

TestSuite(report_changes, .init = create, .fini = clean);

/* One kernel with two cases, cut to what is read. */
static const char plain[] =
    "{\"format\": \"gradgate-results\", \"version\": 1, \"seed\": \"7\", \"kernels\": [\n"
    "{\"name\": \"k\", \"verdict\": \"pass\", \"worst_share\": 0.25, \"max_ulp\": 3, \"arrays\": "
    "2,\n"
    " \"resolution\": 2e-11, \"median_resolution\": 1e-11, \"evaluations\": 300,\n"
    " \"by_gradient\": {\"pass\": 2}, \"cases\": [\n"
    "  {\"id\": \"a\", \"verdict\": \"pass\",\n"
    "   \"golden\": {\"verdict\": \"pass\", \"arrays\": [{\"max_share\": 0.25, \"max_ulp\": 3}]},\n"
    "   \"gradient\": {\"verdict\": \"pass\", \"report\": {\"resolution\": 1e-11,\n"
    "     \"forward_calls\": 100}}},\n"
    "  {\"id\": \"b\", \"verdict\": \"inconclusive\",\n"
    "   \"golden\": {\"verdict\": \"pass\", \"arrays\": []},\n"
    "   \"gradient\": {\"verdict\": \"inconclusive\", \"report\": null}}]}]}\n";

static void write_edited(const char *path, const char *from, const char *to) {
    const char *at = strstr(plain, from);
    cr_assert(at != NULL, "%s", from);
    FILE *file = fopen(path, "w");
    (void)fwrite(plain, 1, (size_t)(at - plain), file);
    (void)fprintf(file, "%s%s", to, at + strlen(from));
    (void)fclose(file);
}

static struct report_changes changes_of(const char *from, const char *to, bool reverse) {
    struct report_changes c;
    char why[REPORT_TEXT_SIZE];
    write_edited(reverse ? now_path : was_path, "", "");
    write_edited(reverse ? was_path : now_path, from, to);
    cr_assert(report_changes_read(now_path, was_path, &c, why) == 0, "%s", why);
    return c;
}

Test(report_changes, say_in_which_direction_each_field_moved) {
    static const struct {
        const char *from, *to; /* in the newer results */
        const char *case_id, *what;
        enum report_direction direction, reverse; /* the other way round */
        const char *was, *now;
    } rows[] = {
        {"\"pass\", \"worst_share\"", "\"fail\", \"worst_share\"", "", "verdict", REPORT_WORSE,
         REPORT_BETTER, "pass", "fail"},
        {"\"pass\", \"worst_share\"", "\"inconclusive\", \"worst_share\"", "", "verdict",
         REPORT_WORSE, REPORT_BETTER, "pass", "inconclusive"},
        {"\"worst_share\": 0.25", "\"worst_share\": 0.26", "", "share", REPORT_WEAKER,
         REPORT_BETTER, "0.25", "0.26"},
        {"\"worst_share\": 0.25", "\"worst_share\": \"NaN\"", "", "share", REPORT_WEAKER,
         REPORT_BETTER, "0.25", "inf"},
        {"\"max_ulp\": 3, \"arrays\"", "\"max_ulp\": 4, \"arrays\"", "", "ULP", REPORT_WEAKER,
         REPORT_BETTER, "3", "4"},
        {"\"max_ulp\": 3, \"arrays\"", "\"max_ulp\": null, \"arrays\"", "", "ULP", REPORT_WEAKER,
         REPORT_BETTER, "3", "inf"},
        {"\"resolution\": 2e-11", "\"resolution\": 2.001e-11", "", "worst resolution",
         REPORT_WEAKER, REPORT_BETTER, "2e-11", "2.001e-11"},
        {"\"median_resolution\": 1e-11", "\"median_resolution\": 1e-9", "", "median resolution",
         REPORT_WEAKER, REPORT_BETTER, "1e-11", "1e-09"},
        {"\"evaluations\": 300", "\"evaluations\": 301", "", "evaluations", REPORT_WEAKER,
         REPORT_BETTER, "300", "301"},
        {"\"a\", \"verdict\": \"pass\"", "\"a\", \"verdict\": \"error\"", "a", "verdict",
         REPORT_WORSE, REPORT_BETTER, "pass", "error"},
        {"\"pass\", \"arrays\": [{", "\"fail\", \"arrays\": [{", "a", "golden", REPORT_WORSE,
         REPORT_BETTER, "pass", "fail"},
        {"\"max_share\": 0.25", "\"max_share\": 0.75", "a", "share", REPORT_WEAKER, REPORT_BETTER,
         "0.25", "0.75"},
        {"\"resolution\": 1e-11", "\"resolution\": 9.9e-11", "a", "resolution", REPORT_WEAKER,
         REPORT_BETTER, "1e-11", "9.9e-11"},
        {"\"resolution\": 1e-11", "\"resolution\": 1.1e-10", "a", "resolution", REPORT_WORSE,
         REPORT_BETTER, "1e-11", "1.1e-10"},
        {"\"forward_calls\": 100", "\"forward_calls\": 99", "a", "evaluations", REPORT_BETTER,
         REPORT_WEAKER, "100", "99"},
        {"\"inconclusive\", \"report\"", "\"not run\", \"report\"", "b", "gradient", REPORT_WORSE,
         REPORT_BETTER, "inconclusive", "not run"},
        {"\"inconclusive\", \"report\"", "\"unheard of\", \"report\"", "b", "gradient",
         REPORT_WORSE, REPORT_BETTER, "inconclusive", "unheard of"},
        {"{\"name\": \"k\"", "{\"name\": \"other\"", "", "kernel", REPORT_WORSE, REPORT_WORSE,
         "pass", "-"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int reverse = 0; reverse < 2; reverse++) {
            struct report_changes c = changes_of(rows[i].from, rows[i].to, reverse);
            bool renamed = strcmp(rows[i].what, "kernel") == 0;
            cr_assert(c.n_changes == (renamed ? 2 : 1), "row %zu: %zu changes", i, c.n_changes);
            enum report_direction direction = reverse ? rows[i].reverse : rows[i].direction;
            cr_expect(c.changes[0].direction == direction, "row %zu, reverse %d", i, reverse);
            cr_expect_str_eq(c.changes[0].what, rows[i].what, "row %zu", i);
            cr_expect_str_eq(c.changes[0].case_id, rows[i].case_id, "row %zu", i);
            if (!renamed) {
                cr_expect_str_eq(c.changes[0].was, reverse ? rows[i].now : rows[i].was);
                cr_expect_str_eq(c.changes[0].now, reverse ? rows[i].was : rows[i].now);
            }
            cr_expect(report_changes_exit_code(&c) == (direction == REPORT_WORSE ? 1 : 0));
            report_changes_free(&c);
        }
    }
}

Test(report_changes, a_case_that_is_gone_is_worse_and_a_new_one_better) {
    struct report_changes c = changes_of("\"id\": \"a\"", "\"id\": \"z\"", false);
    cr_assert(c.n_changes == 2 && c.n_kernels == 1 && c.n_cases == 1);
    cr_expect(c.changes[0].direction == REPORT_WORSE && c.changes[1].direction == REPORT_BETTER);
    cr_expect_str_eq(c.changes[0].case_id, "a");
    cr_expect_str_eq(c.changes[0].now, "-");
    cr_expect_str_eq(c.changes[1].case_id, "z");
    report_changes_free(&c);
}

Test(report_changes, nothing_changed_and_nothing_in_common_are_told_apart) {
    struct report_changes c = changes_of("", "", false);
    cr_expect(c.n_changes == 0 && c.n_cases == 2 && report_changes_exit_code(&c) == 0);
    report_changes_free(&c);
    const char *kernels = strchr(strchr(plain, '\n'), '{');
    char *empty = strdup(plain);
    cr_assert(kernels != NULL && empty != NULL);
    (void)snprintf(empty + (kernels - plain), 8, "]}");
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(i == 0 ? now_path : was_path, "w");
        (void)fputs(empty, file);
        (void)fclose(file);
    }
    char why[REPORT_TEXT_SIZE];
    cr_assert(report_changes_read(now_path, was_path, &c, why) == 0, "%s", why);
    cr_expect(report_changes_exit_code(&c) == 3, "neither has a kernel");
    report_changes_free(&c);
    free(empty);
}

Test(report_changes, another_seed_takes_no_part_in_resolution_and_evaluations) {
    struct report_changes c = changes_of("\"seed\": \"7\"", "\"seed\": \"8\"", false);
    cr_expect(!c.same_seed && c.n_changes == 0);
    report_changes_free(&c);
    static const char from[] = "\"resolution\": 1e-11,\n     \"forward_calls\": 100";
    char *was = strstr(plain, from) != NULL ? strdup(plain) : NULL;
    cr_assert(was != NULL);
    strstr(was, "\"7\"")[1] = '8';
    memcpy(strstr(was, "\"resolution\": 1e-11"), "\"resolution\": 9e-09", 19);
    write_edited(now_path, "", "");
    FILE *file = fopen(was_path, "w");
    (void)fputs(was, file);
    (void)fclose(file);
    char why[REPORT_TEXT_SIZE];
    cr_assert(report_changes_read(was_path, now_path, &c, why) == 0, "%s", why);
    cr_expect(c.n_changes == 0 && report_changes_exit_code(&c) == 0);
    report_changes_free(&c);
    free(was);
}

Test(report_changes, what_cannot_be_read_is_named_with_its_place) {
    static const struct {
        const char *from, *to, *why;
    } rows[] = {
        {"gradgate-results", "gradgate-golden", "format: is not gradgate-results"},
        {"\"version\": 1", "\"version\": 2", "version: is not 1"},
        {"\"seed\": \"7\"", "\"seed\": 7", "seed: is no text"},
        {"\"kernels\": [", "\"kernel\": [", "kernels: is no list"},
        {"\"name\": \"k\"", "\"name\": null", "kernels[0].name: is no text"},
        {"\"worst_share\": 0.25", "\"worst_share\": \"much\"",
         "kernels[0].worst_share: is no number"},
        {"\"by_gradient\": {\"pass\": 2}", "\"by_gradient\": 2",
         "kernels[0].by_gradient: is no object"},
        {"\"evaluations\": 300", "\"evaluation\": 300", "kernels[0].evaluations: is no number"},
        {"\"id\": \"b\"", "\"id\": 3", "kernels[0].cases[1].id: is no text"},
        {"\"golden\": {\"verdict\": \"pass\", \"arrays\": []}", "\"golden\": []",
         "kernels[0].cases[1].golden: is no object"},
        {"\"arrays\": []", "\"arrays\": {}", "kernels[0].cases[1].arrays: is no list"},
        {"\"max_share\": 0.25", "\"max_share\": true",
         "kernels[0].cases[0].max_share: is no number"},
        {"\"forward_calls\": 100", "\"forward_call\": 100",
         "kernels[0].cases[0].forward_calls: is no number"},
        {"\"seed\": \"7\"", "\"seed\": \"7\", \"seed\": \"7\"", "line 1: is not JSON: duplicate"},
        {"{\"format\"", "\xff{\"format\"", "line 1: is not JSON: "},
        {"]}]}", "", "line 12: is not JSON: "},
    };
    char why[REPORT_TEXT_SIZE];
    struct report_changes c;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_edited(was_path, "", "");
        write_edited(now_path, rows[i].from, rows[i].to);
        cr_expect(report_changes_read(now_path, was_path, &c, why) == -1, "row %zu", i);
        cr_expect(strncmp(why, now_path, strlen(now_path)) == 0 && strstr(why, rows[i].why) != NULL,
                  "row %zu: %s", i, why);
        cr_expect(c.changes == NULL && c.actual == NULL);
        cr_expect(report_changes_read(was_path, now_path, &c, why) == -1, "row %zu", i);
    }
    cr_expect(report_changes_read("/no/such.json", was_path, &c, why) == -1);
    cr_expect_str_eq(why, "/no/such.json: cannot be opened: No such file or directory");
}

/* Every cut of a real report is refused, and the whole compares with itself. */
Test(report_changes, a_real_report_is_read_whole_or_not_at_all) {
    const struct gate_results *results = sample("it said \"no\"", "", 0);
    size_t size;
    char *text = written(report_json, results, NULL, &size);
    char why[REPORT_TEXT_SIZE];
    struct report_changes c;
    for (size_t cut = 0; cut < size - 2; cut += 1 + size / 500) {
        FILE *file = fopen(now_path, "w");
        (void)fwrite(text, 1, cut, file);
        (void)fclose(file);
        cr_expect(report_changes_read(now_path, now_path, &c, why) == -1, "%zu", cut);
    }
    FILE *file = fopen(now_path, "w");
    (void)fwrite(text, 1, size, file);
    (void)fclose(file);
    cr_assert(report_changes_read(now_path, now_path, &c, why) == 0, "%s", why);
    cr_expect(c.n_kernels == results->n_suites && c.n_changes == 0);
    report_changes_free(&c);
    free(text);
}
