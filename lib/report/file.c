// SPDX-License-Identifier: MIT
/* realpath. NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _XOPEN_SOURCE 700
#include "report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the bytes go first, and where then. */
struct target {
    char *final;     /* links resolved, so that a link stays one */
    char *temporary; /* NULL: written directly */
};

static int fail(const char *path, const char *what, char why[]) {
    (void)snprintf(why, REPORT_TEXT_SIZE, "%s: %s: %s", path, what, strerror(errno));
    return -1;
}

static void target_free(struct target *t) {
    free(t->final);
    free(t->temporary);
}

static char *resolve(const char *path, bool exists) {
    if (exists) {
        return realpath(path, NULL);
    }
    size_t size = strlen(path) + 1;
    char *copy = malloc(size);
    return copy != NULL ? memcpy(copy, path, size) : NULL;
}

static bool target_make(const char *path, struct target *t) {
    struct stat status;
    bool exists = stat(path, &status) == 0;
    *t = (struct target){.final = resolve(path, exists)};
    if (t->final == NULL) {
        return false;
    }
    if (exists && !S_ISREG(status.st_mode)) {
        return true;
    }
    size_t size = strlen(t->final) + 40;
    t->temporary = malloc(size);
    if (t->temporary == NULL) {
        return false;
    }
    (void)snprintf(t->temporary, size, "%s.%ld.tmp", t->final, (long)getpid());
    return true;
}

static FILE *target_open(const struct target *t) {
    return t->temporary != NULL ? fopen(t->temporary, "wbx") : fopen(t->final, "wb");
}

/* A folder, or a file that is there and may not be changed (a rename would replace even that). */
static bool is_refused(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0) {
        return path[0] == '\0'; /* else it may be made */
    }
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return true;
    }
    return access(path, W_OK) != 0;
}

/* A pipe is not opened: its reader would take that for the whole report. */
static bool can_create(const struct target *t) {
    if (t->temporary == NULL) {
        return true;
    }
    FILE *stream = target_open(t);
    if (stream == NULL) {
        return false;
    }
    (void)fclose(stream);
    (void)remove(t->temporary);
    return true;
}

int report_check_path(const char *path, char why[]) {
    struct target t = {0};
    bool good = !is_refused(path) && target_make(path, &t) && can_create(&t);
    int status = good ? 0 : fail(path, "cannot be written", why);
    target_free(&t);
    return status;
}

int report_write_file(const char *path, report_writer *writer, const void *ctx, char why[]) {
    struct target t = {0};
    FILE *stream = !is_refused(path) && target_make(path, &t) ? target_open(&t) : NULL;
    if (stream == NULL) {
        int failed = fail(path, "cannot be written", why);
        target_free(&t);
        return failed;
    }
    errno = 0;
    bool written = writer(ctx, stream) == 0;
    written = fclose(stream) == 0 && written;
    bool renamed = written && (t.temporary == NULL || rename(t.temporary, t.final) == 0);
    if (!renamed) {
        errno = errno != 0 ? errno : ENOMEM;
        (void)fail(path, "cannot be written", why);
        if (t.temporary != NULL) {
            (void)remove(t.temporary);
        }
    }
    target_free(&t);
    return renamed ? 0 : -1;
}

/* ---- reports of the gate ---- */

struct gate_report {
    report_function *reporter;
    const struct gate_results *results;
    const struct report_options *options;
};

static int write_report(const void *ctx, FILE *stream) {
    const struct gate_report *r = ctx;
    return r->reporter(r->results, r->options, stream);
}

int report_write(const char *path, report_function *reporter, const struct gate_results *results,
                 const struct report_options *options, char why[]) {
    const struct gate_report r = {reporter, results, options};
    return report_write_file(path, write_report, &r, why);
}
