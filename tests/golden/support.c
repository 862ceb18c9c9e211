// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#include "support.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- bytes ---- */

/* Doubling: ASan makes every realloc a copy. */
void bytes_append(struct bytes *b, const void *data, size_t size) {
    if (b->data == NULL || b->size + size > b->capacity) {
        b->capacity = 2 * (b->size + size) + 16;
        b->data = realloc(b->data, b->capacity);
        cr_assert_not_null(b->data);
    }
    if (size > 0) {
        memcpy(b->data + b->size, data, size);
    }
    b->size += size;
}

struct bytes bytes_of(const void *data, size_t size) {
    struct bytes b = {0};
    bytes_append(&b, data, size);
    return b;
}

void bytes_append_number(struct bytes *b, uint64_t value, size_t n) {
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)(i < 8 ? value >> 8 * i : 0);
        bytes_append(b, &byte, 1);
    }
}

void bytes_free(struct bytes *b) {
    free(b->data);
    *b = (struct bytes){0};
}

struct bytes npy_bytes(unsigned major, const char *header, const void *data, size_t size) {
    struct bytes b = bytes_of("\x93NUMPY", 6);
    bytes_append_number(&b, major, 2);
    bytes_append_number(&b, strlen(header), major == 1 ? 2 : 4);
    bytes_append(&b, header, strlen(header));
    bytes_append(&b, data, size);
    return b;
}

struct bytes npy_three(void) {
    static const unsigned char data[24] = {0, 0, 0, 0,    0, 0, 0xf0, 0x3f, 0, 0, 0, 0,
                                           0, 0, 0, 0x40, 0, 0, 0,    0,    0, 0, 8, 0x40};
    return npy_bytes(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }  \n", data,
                     sizeof data);
}

/* ---- zip archives ---- */

uint32_t crc32_of(const unsigned char bytes[], size_t size) {
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        }
    }
    return ~crc;
}

/* What the local and the central header have in common, from the flags on. */
static void append_common(struct bytes *b, const struct zip_entry *e, const char *name) {
    bytes_append_number(b, e->flags, 2);
    bytes_append_number(b, e->method, 2);
    bytes_append_number(b, 33U << 16, 4); /* 1980-01-01 00:00 */
    uint32_t crc = e->method == 0 ? crc32_of(e->content.data, e->content.size) : 0;
    bytes_append_number(b, crc ^ e->crc_xor, 4);
    bytes_append_number(b, e->content.size, 4);
    bytes_append_number(b, e->size > 0 ? e->size : e->content.size, 4);
    bytes_append_number(b, strlen(name), 2);
    bytes_append_number(b, 0, 2);
}

struct bytes zip_bytes(const struct zip_entry entries[], size_t n_entries) {
    struct bytes b = bytes_of("", 0);
    struct bytes directory = bytes_of("", 0);
    for (size_t i = 0; i < n_entries; i++) {
        const struct zip_entry *e = &entries[i];
        size_t offset = b.size;
        const char *local_name = e->local_name != NULL ? e->local_name : e->name;
        bytes_append(&b, "PK\3\4\24\0", 6);
        append_common(&b, e, local_name);
        bytes_append(&b, local_name, strlen(local_name));
        bytes_append(&b, e->content.data, e->content.size);
        bytes_append(&directory, "PK\1\2\24\0\24\0", 8);
        append_common(&directory, e, e->name);
        bytes_append_number(&directory, 0, 10); /* comment, disk, attributes */
        bytes_append_number(&directory, offset, 4);
        bytes_append(&directory, e->name, strlen(e->name));
    }
    size_t start = b.size;
    bytes_append(&b, directory.data, directory.size);
    bytes_append(&b, "PK\5\6\0\0\0\0", 8);
    bytes_append_number(&b, n_entries, 2);
    bytes_append_number(&b, n_entries, 2);
    bytes_append_number(&b, directory.size, 4);
    bytes_append_number(&b, start, 4);
    bytes_append_number(&b, 0, 2);
    bytes_free(&directory);
    return b;
}

struct bytes deflated(struct bytes content) {
    struct bytes b = bytes_of("\1", 1); /* the last block, uncompressed */
    cr_assert_leq(content.size, 65535u);
    bytes_append_number(&b, content.size, 2);
    bytes_append_number(&b, ~content.size, 2);
    bytes_append(&b, content.data, content.size);
    return b;
}

struct bit_writer {
    struct bytes out;
    unsigned pending, n_pending;
};

/* Huffman codes go out from their highest bit, into bytes filled from their lowest. */
static void write_code(struct bit_writer *w, unsigned code, unsigned n_bits) {
    while (n_bits-- > 0) {
        w->pending |= (code >> n_bits & 1) << w->n_pending++;
        if (w->n_pending == 8) {
            bytes_append_number(&w->out, w->pending, 1);
            w->pending = w->n_pending = 0;
        }
    }
}

struct bytes deflated_zeros(size_t n) {
    struct bit_writer w = {.out = bytes_of("", 0)};
    write_code(&w, 1, 1);    /* the last block */
    write_code(&w, 2, 2);    /* fixed codes, number 1 sent from its lowest bit */
    write_code(&w, 0x30, 8); /* a zero */
    for (n--; n >= 258; n -= 258) {
        write_code(&w, 0xc5, 8); /* 258 bytes ... */
        write_code(&w, 0, 5);    /* ... as the one before */
    }
    while (n-- > 0) {
        write_code(&w, 0x30, 8);
    }
    write_code(&w, 0, 7); /* the end */
    write_code(&w, 0, 7);
    return w.out;
}

/* ---- files ---- */

static char folder[256];

void folder_create(void) {
    const char *top = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/gradgate-XXXXXX", top != NULL ? top : "/tmp");
    cr_assert_not_null(mkdtemp(folder));
}

const char *in_folder(const char *name) {
    static char paths[4][1024];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s%s%s", folder, name[0] != '\0' ? "/" : "", name);
    return path;
}

static size_t visit_files(bool delete_them) {
    size_t n = 0;
    DIR *dir = opendir(folder);
    cr_assert_not_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            n++;
            if (delete_them) {
                (void)remove(in_folder(entry->d_name));
            }
        }
    }
    (void)closedir(dir);
    return n;
}

size_t count_files(void) {
    return visit_files(false);
}

void folder_remove(void) {
    (void)visit_files(true);
    (void)rmdir(folder);
}

void write_file(const char *path, struct bytes b) {
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fwrite(b.data, 1, b.size, file), b.size);
    cr_assert_eq(fclose(file), 0);
}

struct bytes read_file(const char *path) {
    struct bytes b = bytes_of("", 0);
    unsigned char chunk[4096];
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    for (size_t n = fread(chunk, 1, sizeof chunk, file); n > 0;
         n = fread(chunk, 1, sizeof chunk, file)) {
        bytes_append(&b, chunk, n);
    }
    (void)fclose(file);
    return b;
}

void run_python(const char *script) {
    const char *python = getenv("PYTHON");
    cr_assert(python != NULL && python[0] != '\0', "PYTHON is not set: run this through make");
    char command[2048];
    write_file(in_folder("script.py"),
               (struct bytes){.data = (unsigned char *)script, .size = strlen(script)});
    (void)snprintf(command, sizeof command, "cd '%s' && '%s' script.py", folder, python);
    cr_assert_eq(system(command), 0, "%s", script);
    (void)remove(in_folder("script.py"));
}

/* ---- arrays and errors ---- */

struct array array_from(enum array_dtype dtype, size_t ndim, const size_t shape[],
                        const double values[]) {
    struct array a;
    cr_assert_eq(array_create(dtype, ndim, shape, &a), ARRAY_OK);
    for (size_t i = 0; i < a.count; i++) {
        array_set(&a, i, values[i]);
    }
    return a;
}

struct array vector_of(size_t n, const double values[]) {
    return array_from(ARRAY_F64, 1, &n, values);
}

const char *status_name(enum golden_status status) {
    static const char *const names[] = {
#define NAME(code, text) #code,
        GOLDEN_STATUSES(NAME)
#undef NAME
    };
    return (size_t)status < sizeof names / sizeof names[0] ? names[status] : "?";
}

const char *error_line(const struct golden_error *error) {
    static char line[1024];
    golden_error_text(error, line, sizeof line);
    return line;
}

struct golden_error dirty_error(void) {
    struct golden_error error;
    memset(&error, 0x55, sizeof error);
    return error;
}

void expect_bare_error(const struct golden_error *error, enum golden_status code, int system_errno,
                       const char *file, const char *field) {
    const char *label = status_name(code);
    EXPECT_STATUS(error->code, code, label);
    cr_expect_str_eq(error->text, golden_status_text(code), "%s: '%s'", label, error->text);
    cr_expect_eq(error->offset, -1, "%s: byte %lld", label, (long long)error->offset);
    cr_expect_eq(error->system_errno, system_errno, "%s: errno %d", label, error->system_errno);
    cr_expect_str_eq(error->file, file, "%s: file '%s'", label, error->file);
    cr_expect_str_eq(error->member, "", "%s: member '%s'", label, error->member);
    cr_expect_str_eq(error->field, field, "%s: field '%s'", label, error->field);
}
