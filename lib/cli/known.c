// SPDX-License-Identifier: MIT
#include "known.h"

#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t max_size = (size_t)1 << 20;

static int fail(const char *path, size_t line, const char *what) {
    return command_fail("verify", "%s:%zu: %s", path, line, what);
}

static int read_file(const char *path, struct known_list *out) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return command_fail("verify", "%s: %s", path, strerror(errno));
    }
    out->bytes = calloc(max_size + 1, 1);
    size_t size = out->bytes != NULL ? fread(out->bytes, 1, max_size, file) : 0;
    bool failed = out->bytes == NULL || ferror(file) || size == max_size;
    (void)fclose(file);
    if (failed) {
        return command_fail("verify", "%s: it cannot be read, or is larger than a megabyte", path);
    }
    return strlen(out->bytes) == size ? 0 : command_fail("verify", "%s: is not a text", path);
}

static bool is_there(const char *dir, const struct gate_known *k) {
    struct golden_suite suite;
    if (golden_load(dir, k->kernel, &suite, NULL) != GOLDEN_OK) {
        return false;
    }
    bool there = golden_find_case(&suite, k->case_id) != NULL;
    golden_free(&suite);
    return there;
}

static bool is_listed(const struct known_list *list, const struct gate_known *k) {
    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->of[i].kernel, k->kernel) == 0 &&
            strcmp(list->of[i].case_id, k->case_id) == 0) {
            return true;
        }
    }
    return false;
}

/* Cuts the line into its three parts. */
static int parse(char *line, struct known_list *list, const char *dir, const char *path,
                 size_t number) {
    char *space = strchr(line, ' ');
    char *slash = strchr(line, '/');
    if (space == NULL || slash == NULL || slash > space || slash == line || space == slash + 1 ||
        space[1] == '\0') {
        return fail(path, number, "it is not KERNEL/CASE REASON");
    }
    *space = *slash = '\0';
    const struct gate_known k = {.kernel = line, .case_id = slash + 1, .reason = space + 1};
    if (!is_there(dir, &k)) {
        return fail(path, number, "there is no such case in the golden values");
    }
    if (is_listed(list, &k)) {
        return fail(path, number, "the case is listed twice");
    }
    struct gate_known *of = realloc(list->of, (list->n + 1) * sizeof of[0]);
    if (of == NULL) {
        return fail(path, number, "out of memory");
    }
    list->of = of;
    list->of[list->n++] = k;
    return 0;
}

int known_read(const char *path, const char *dir, struct known_list *out) {
    *out = (struct known_list){0};
    int code = read_file(path, out);
    size_t number = 0;
    for (char *line = out->bytes; code == 0 && *line != '\0';) {
        char *end = line + strcspn(line, "\n");
        char *next = *end == '\n' ? end + 1 : end;
        *end = '\0';
        number++;
        if (line[0] != '\0' && line[0] != '#') {
            code = parse(line, out, dir, path, number);
        }
        line = next;
    }
    return code;
}

void known_free(struct known_list *list) {
    free(list->bytes);
    free(list->of);
    *list = (struct known_list){0};
}
