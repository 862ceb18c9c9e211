// SPDX-License-Identifier: MIT
#include "choose.h"

#include "builtin.h"
#include "check.h"
#include "command.h"

#include <string.h>

static bool is_named(const struct gate_family families[], size_t n, const char *name) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(families[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

int choose_kernels(const char *command, char *const names[], size_t n,
                   struct gate_family families[]) {
    for (size_t i = 0; i < n; i++) {
        const struct gate_family *family = builtin_find(names[i]);
        if (family == NULL) {
            char guess[NEAR_TEXT_SIZE];
            builtin_guess(names[i], guess);
            return command_fail(command, "no kernel '%s'%s ('gradgate list' lists them)", names[i],
                                guess);
        }
        if (is_named(families, i, family->name)) {
            return command_fail(command, "kernel %s is named twice", family->name);
        }
        families[i] = *family;
    }
    return 0;
}

int choose_in_folder(const char *command, const char *dir, struct gate_family families[],
                     size_t *n) {
    struct golden_names names;
    int code = 0;
    *n = 0;
    if (!check_golden_dir(command, dir)) {
        return EXIT_USAGE;
    }
    if (golden_list(dir, &names, NULL) != GOLDEN_OK) {
        return command_fail(command, "%s: the folder changed", dir);
    }
    for (size_t i = 0; i < names.n_kernels && code == 0; i++) {
        if (builtin_find(names.kernels[i]) == NULL) {
            code = command_fail(
                command,
                "%s/%s.json: no built-in kernel has this name: verify its port (--port, "
                "--port-command), or name the kernels to verify",
                dir, names.kernels[i]);
        }
    }
    for (size_t i = 0; i < builtin_n_families; i++) {
        for (size_t j = 0; j < names.n_kernels; j++) {
            if (strcmp(names.kernels[j], builtin_families[i].name) == 0) {
                families[(*n)++] = builtin_families[i];
            }
        }
    }
    golden_names_free(&names);
    return code;
}
