// SPDX-License-Identifier: MIT
/* Reports in files: whole or not at all. */
#define _POSIX_C_SOURCE 200809L
#include "sample.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static void make_dir(void) {
    (void)snprintf(dir, sizeof dir, "/tmp/gradgate-report-XXXXXX");
    cr_assert(mkdtemp(dir) != NULL);
}

static void remove_dir(void) {
    DIR *d = opendir(dir);
    struct dirent *entry;
    while ((entry = readdir(d)) != NULL) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        (void)remove(path);
    }
    closedir(d);
    rmdir(dir);
}

TestSuite(report_file, .init = make_dir, .fini = remove_dir);

static const char *in_dir(const char *name) {
    static char path[4][512];
    static size_t next;
    next = (next + 1) % 4;
    (void)snprintf(path[next], sizeof path[next], "%s/%s", dir, name);
    return path[next];
}

static size_t count_files(void) {
    size_t n = 0;
    DIR *d = opendir(dir);
    while (readdir(d) != NULL) {
        n++;
    }
    closedir(d);
    return n - 2;
}

static void put(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    fputs(text, f);
    fclose(f);
}

static bool holds(const char *path, const char *start) {
    char text[64] = "";
    FILE *f = fopen(path, "r");
    if (f == NULL) {
        return false;
    }
    (void)!fread(text, 1, sizeof text - 1, f);
    fclose(f);
    return strncmp(text, start, strlen(start)) == 0;
}

static int fail_late(const struct gate_results *results, const struct report_options *options,
                     FILE *stream) {
    (void)results;
    (void)options;
    fputs("half of a rep", stream);
    return -1;
}

Test(report_file, checking_a_path_leaves_nothing_behind) {
    char why[REPORT_TEXT_SIZE];
    cr_assert(report_check_path(in_dir("new.json"), why) == 0 && count_files() == 0);
    put(in_dir("old.json"), "old");
    cr_assert(report_check_path(in_dir("old.json"), why) == 0 && count_files() == 1);
    cr_assert(holds(in_dir("old.json"), "old"));
}

Test(report_file, a_path_that_cannot_be_written_is_named_with_the_reason) {
    char why[REPORT_TEXT_SIZE];
    char expected[REPORT_TEXT_SIZE];
    cr_assert(report_check_path(in_dir("no/such/place.json"), why) == -1);
    (void)snprintf(expected, sizeof expected, "%s: cannot be written: No such file or directory",
                   in_dir("no/such/place.json"));
    cr_assert_str_eq(why, expected);
    cr_assert(report_check_path(dir, why) == -1 && strstr(why, "Is a directory") != NULL);
    cr_assert(report_check_path("", why) == -1);
    cr_assert(report_write(in_dir("no/such"), report_json, sample("m", "", 0), NULL, why) == -1);
    cr_assert(report_write(dir, report_json, sample("m", "", 0), NULL, why) == -1);
    cr_assert(count_files() == 0);
}

Test(report_file, a_report_replaces_the_old_file_and_nothing_else_remains) {
    char why[REPORT_TEXT_SIZE];
    put(in_dir("r.json"), "old");
    cr_assert(report_write(in_dir("r.json"), report_json, sample("m", "", 0), NULL, why) == 0);
    cr_assert(holds(in_dir("r.json"), "{\n \"format\"") && count_files() == 1);
}

Test(report_file, a_report_that_fails_leaves_the_old_file_alone) {
    char why[REPORT_TEXT_SIZE];
    put(in_dir("r.json"), "old");
    cr_assert(report_write(in_dir("r.json"), fail_late, sample("m", "", 0), NULL, why) == -1);
    cr_assert(holds(in_dir("r.json"), "old") && count_files() == 1 && why[0] != '\0');
    cr_assert(report_write(in_dir("new.json"), fail_late, sample("m", "", 0), NULL, why) == -1);
    cr_assert(count_files() == 1);
}

Test(report_file, a_link_stays_a_link) {
    char why[REPORT_TEXT_SIZE];
    struct stat status;
    put(in_dir("target.json"), "old");
    cr_assert(symlink("target.json", in_dir("link.json")) == 0);
    cr_assert(report_write(in_dir("link.json"), report_junit, sample("m", "", 0), NULL, why) == 0);
    cr_assert(lstat(in_dir("link.json"), &status) == 0 && S_ISLNK(status.st_mode));
    cr_assert(holds(in_dir("target.json"), "<?xml"));
}

Test(report_file, a_device_is_written_to_and_not_replaced) {
    char why[REPORT_TEXT_SIZE];
    struct stat status;
    cr_assert(report_check_path("/dev/null", why) == 0);
    cr_assert(report_write("/dev/null", report_json, sample("m", "", 0), NULL, why) == 0);
    cr_assert(stat("/dev/null", &status) == 0 && S_ISCHR(status.st_mode));
    cr_assert(report_write("/dev/full", report_json, sample("m", "", 0), NULL, why) == -1);
    cr_assert(strstr(why, "No space left on device") != NULL, "%s", why);
}

Test(report_file, a_file_that_may_not_be_changed_is_refused) {
    char why[REPORT_TEXT_SIZE];
    put(in_dir("fixed.json"), "old");
    cr_assert(chmod(in_dir("fixed.json"), 0444) == 0);
    if (access(in_dir("fixed.json"), W_OK) == 0) {
        return; /* this user may change everything */
    }
    cr_assert(report_check_path(in_dir("fixed.json"), why) == -1);
    cr_assert(holds(in_dir("fixed.json"), "old"));
}
