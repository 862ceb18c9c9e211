// SPDX-License-Identifier: MIT
/* What an error says in all of its fields, whatever stood there before, and what is cut from it. */
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

TestSuite(golden_error, .init = folder_create, .fini = folder_remove);

/* ---- all of it ---- */

Test(golden_error, of_a_required_pointer_names_nothing) {
    struct golden_error error = dirty_error();
    struct golden_names names;
    EXPECT_STATUS(golden_list(NULL, &names, &error), GOLDEN_NULL, "list");
    expect_bare_error(&error, GOLDEN_NULL, 0, "", "");
    error = dirty_error();
    EXPECT_STATUS(golden_list(in_folder(""), NULL, &error), GOLDEN_NULL, "list");
    expect_bare_error(&error, GOLDEN_NULL, 0, "", "");
}

Test(golden_error, of_a_file_has_its_path_and_the_errno_of_the_system) {
    struct golden_error error = dirty_error();
    struct array a;
    struct golden_names names;
    EXPECT_STATUS(golden_npy_read(in_folder(""), &a, &error), GOLDEN_FILE_KIND, "a folder");
    expect_bare_error(&error, GOLDEN_FILE_KIND, 0, in_folder(""), "");
    error = dirty_error();
    EXPECT_STATUS(golden_npy_read(in_folder("none.npy"), &a, &error), GOLDEN_FILE_OPEN, "none");
    expect_bare_error(&error, GOLDEN_FILE_OPEN, ENOENT, in_folder("none.npy"), "");
    error = dirty_error();
    EXPECT_STATUS(golden_list(in_folder("none"), &names, &error), GOLDEN_DIR_OPEN, "none");
    expect_bare_error(&error, GOLDEN_DIR_OPEN, ENOENT, in_folder("none"), "");
}

Test(golden_error, of_before_is_gone_when_all_is_well) {
    struct golden_error error = dirty_error();
    struct golden_names names;
    EXPECT_STATUS(golden_list(in_folder(""), &names, &error), GOLDEN_OK, "list");
    expect_bare_error(&error, GOLDEN_OK, 0, "", "");
    golden_names_free(&names);
}

/* ---- what is too long ---- */

/* Every byte of it tells where it stands; behind its end there are others. */
static const char *path_of(size_t length) {
    static char path[512];
    for (size_t i = 0; i < sizeof path; i++) {
        path[i] = (char)('!' + (i * 7 + i / 90) % 90);
    }
    path[0] = '0'; /* no such file, and not at the root */
    for (size_t i = 0; i < length; i++) {
        path[i] = path[i] == '/' ? '_' : path[i];
    }
    path[length] = '\0';
    return path;
}

Test(golden_error, keeps_a_path_that_fits_and_the_end_of_one_that_does_not) {
    for (size_t length = GOLDEN_WHERE_SIZE - 6; length < GOLDEN_WHERE_SIZE + 6; length++) {
        const char *path = path_of(length);
        struct golden_error error;
        struct array a;
        char expected[GOLDEN_WHERE_SIZE];
        const size_t most = GOLDEN_WHERE_SIZE - 1;
        (void)snprintf(expected, sizeof expected, "%s%s", length > most ? "..." : "",
                       length > most ? path + length - (most - 3) : path);
        error = dirty_error();
        EXPECT_STATUS(golden_npy_read(path, &a, &error), GOLDEN_FILE_OPEN, path);
        expect_bare_error(&error, GOLDEN_FILE_OPEN, ENOENT, expected, "");
    }
}

static void expect_field(const char *manifest, enum golden_status status, const char *field) {
    struct golden_suite suite;
    struct golden_error error;
    write_file(in_folder("toy.json"),
               (struct bytes){.data = (unsigned char *)manifest, .size = strlen(manifest)});
    error = dirty_error();
    EXPECT_STATUS(golden_load(in_folder(""), "toy", &suite, &error), status, manifest);
    expect_bare_error(&error, status, 0, in_folder("toy.json"), field);
}

/* A path into a manifest loses its end instead. */
Test(golden_error, keeps_the_start_of_the_path_to_a_field) {
    static const char head[] = "{\"format\": \"gradgate-golden\", \"version\": 1, ";
    static const char body[] =
        "\"kernel\": \"toy\", \"npz\": \"toy.npz\", \"seed\": 1, \"versions\": {}, \"bounds\": {},"
        "\"sha256\": \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"";
    const size_t lengths[] = {100, 180, 184, 185, 186, 190, 191, 192, 193, 300};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char key[512];
        char manifest[1024];
        char field[1024];
        (void)snprintf(key, sizeof key, "%s", path_of(lengths[i]));
        for (char *c = key; *c != '\0'; c++) {
            *c = *c == '"' || *c == '\\' ? '_' : *c;
        }
        (void)snprintf(manifest, sizeof manifest, "%s\"%s\": 1}", head, key);
        (void)snprintf(field, sizeof field, "%s", key);
        field[GOLDEN_WHERE_SIZE - 1] = '\0';
        expect_field(manifest, GOLDEN_JSON_UNKNOWN, field);
        (void)snprintf(manifest, sizeof manifest, "%s%s, \"flags\": {\"%s\": {\"more\": 1}}}", head,
                       body, key);
        (void)snprintf(field, sizeof field, "flags.%s.more", key);
        field[GOLDEN_WHERE_SIZE - 1] = '\0';
        expect_field(manifest, GOLDEN_JSON_UNKNOWN, field);
    }
}

Test(golden_error, text_fills_the_room_there_is) {
    const struct golden_error errors[] = {
        {.offset = 61, .text = "is big", .file = "a.npz", .member = "n17/x.npy", .field = "descr"},
        {.offset = -1, .text = "t", .system_errno = ENOENT},
        {.offset = -1, .text = "t", .file = "f", .system_errno = ENOENT}};
    static const char *const lines[] = {"a.npz: n17/x.npy: byte 61: descr: is big",
                                        "t: No such file or directory",
                                        "f: t: No such file or directory"};
    for (size_t i = 0; i < 3; i++) {
        for (size_t size = 1; size < 60; size++) {
            char text[64];
            char expected[64];
            memset(text, '#', sizeof text);
            golden_error_text(&errors[i], text, size);
            (void)snprintf(expected, size, "%s", lines[i]);
            cr_expect_str_eq(text, expected, "%zu bytes: '%s'", size, text);
            cr_expect_eq(text[size], '#', "%zu bytes: one more is written", size);
        }
    }
}
