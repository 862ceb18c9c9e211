// SPDX-License-Identifier: MIT
#include "support.h"
#include "vector_pack.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

TestSuite(golden_pack, .init = folder_create, .fini = folder_remove);

/* ---- the pack of a suite, read back ---- */

struct reader {
    const struct golden_suite *suite;
    size_t n_seen[4]; /* in, want, expect, bound */
};

static const struct array *find(const struct golden_case *c, const struct pack_array *a) {
    if (strcmp(a->role, "in") == 0) {
        const struct golden_input *in = golden_find_input(c, a->name);
        return in != NULL ? &in->array : NULL;
    }
    const struct golden_expected *e = golden_find_expected(c, a->name);
    return e == NULL ? NULL : strcmp(a->role, "bound") == 0 ? &e->bound : &e->exact;
}

static int check_array(const struct pack_array *a, void *ctx) {
    struct reader *r = ctx;
    const struct golden_case *c = golden_find_case(r->suite, a->id);
    cr_assert_str_eq(a->kernel, r->suite->kernel);
    cr_assert(c != NULL, "%s", a->id);
    const struct array *golden = find(c, a);
    cr_assert(golden != NULL, "%s: %s %s", a->id, a->role, a->name);
    cr_assert_str_eq(a->dtype, array_dtype_name(golden->dtype));
    cr_assert(a->ndim == golden->ndim && a->count == golden->count);
    cr_assert(memcmp(a->shape, golden->shape, a->ndim * sizeof a->shape[0]) == 0);
    for (size_t i = 0; a->bits != NULL && i < a->count; i++) {
        uint32_t half = (uint32_t)a->bits[i];
        const char *at = (const char *)golden->data + i * array_dtype_size(golden->dtype);
        bool wide = array_dtype_size(golden->dtype) == 8;
        cr_assert(memcmp(at, wide ? (void *)&a->bits[i] : (void *)&half, wide ? 8 : 4) == 0,
                  "%s: %s[%zu]", a->id, a->name, i);
    }
    static const char first[] = "iweb";
    r->n_seen[strchr(first, a->role[0]) - first]++;
    return 0;
}

static void check_kernel(const char *kernel) {
    struct golden_suite suite;
    struct golden_error error;
    cr_assert(golden_load("tests/golden", kernel, &suite, &error) == GOLDEN_OK, "%s",
              error_line(&error));
    FILE *file = tmpfile();
    cr_assert(golden_pack_write(&suite, 1, kernel, true, file) == GOLDEN_OK);
    rewind(file);
    struct reader r = {.suite = &suite};
    cr_assert_eq(pack_read(file, check_array, &r), 0);
    size_t n_expected = 0;
    for (size_t i = 0; i < suite.n_cases; i++) {
        n_expected += suite.cases[i].n_expected;
    }
    cr_expect(r.n_seen[0] >= suite.n_cases && r.n_seen[1] == n_expected, "%s", kernel);
    cr_expect(r.n_seen[2] == n_expected && r.n_seen[3] == n_expected, "%s", kernel);
    (void)fclose(file);
    golden_free(&suite);
}

Test(golden_pack, holds_every_committed_array_bit_for_bit) {
    struct golden_names names;
    cr_assert(golden_list("tests/golden", &names, NULL) == GOLDEN_OK);
    for (size_t i = 0; i < names.n_kernels; i++) {
        check_kernel(names.kernels[i]);
    }
    cr_expect(names.n_kernels >= 14);
    golden_names_free(&names);
}

/* ---- what is in a pack, line by line ---- */

/* Behind every list stands one more that would change the pack if it were looked at. */
struct small {
    struct array x, one;
    struct golden_input inputs[4];
    struct golden_expected both[3], forward[2], train[3];
    struct golden_case cases[4];
    struct golden_suite suites[3];
};

static void fill_small(struct small *s) {
    s->x = array_from(ARRAY_F32, 2, (const size_t[]){2, 1}, (const double[]){1, -2});
    s->one = array_from(ARRAY_I32, 0, NULL, (const double[]){-1});
    const struct golden_input inputs[] = {
        {"x", s->x}, {"y.grad", s->one}, {"w", s->one}, {"beyond", s->one}};
    const struct golden_expected y = {.name = "y", .exact = s->x, .bound = s->x};
    memcpy(s->inputs, inputs, sizeof inputs);
    s->both[0] = s->both[1] = s->both[2] = s->forward[0] = s->forward[1] = y;
    s->train[0] = s->train[1] = s->train[2] = y;
    (void)strcpy(s->both[1].name, "x.grad");
    (void)strcpy(s->both[2].name, "beyond.updated");
    (void)strcpy(s->forward[1].name, "beyond.grad");
    (void)strcpy(s->train[0].name, "w.updated");
    (void)strcpy(s->train[1].name, "a_long_loss");
    s->cases[0] = (struct golden_case){.id = "both", .n_inputs = 3, .n_expected = 2};
    s->cases[1] = (struct golden_case){.id = "forward", .n_inputs = 1, .n_expected = 1};
    s->cases[2] = (struct golden_case){.id = "train", .n_inputs = 1, .n_expected = 2};
    s->cases[3] = (struct golden_case){.id = "beyond", .n_expected = 1};
    s->cases[0].expected = s->both;
    s->cases[1].expected = s->cases[3].expected = s->forward;
    s->cases[2].expected = s->train;
    for (size_t i = 0; i < 4; i++) {
        s->cases[i].inputs = s->inputs;
    }
    s->suites[0] = (struct golden_suite){.kernel = (char *)"k", .n_cases = 2, .cases = s->cases};
    s->suites[1] =
        (struct golden_suite){.kernel = (char *)"l", .n_cases = 1, .cases = s->cases + 2};
    s->suites[2] = (struct golden_suite){.kernel = (char *)"beyond"};
}

static void expect_pack(const struct golden_suite suites[], size_t n_suites, bool expected,
                        const char *text) {
    FILE *out = fopen(in_folder("pack"), "wb");
    cr_assert_not_null(out);
    EXPECT_STATUS(golden_pack_write(suites, n_suites, "name", expected, out), GOLDEN_OK, text);
    (void)fclose(out);
    struct bytes b = read_file(in_folder("pack"));
    cr_expect(b.size == strlen(text) && memcmp(b.data, text, b.size) == 0, "%.*s", (int)b.size,
              (const char *)b.data);
    bytes_free(&b);
}

#define IN_X "in x f32 2x1 3f800000 c0000000\n"
#define VALUES(name)                                                                               \
    "expect " name " f32 2x1 3f800000 c0000000\n"                                                  \
    "bound " name " f32 2x1 3f800000 c0000000\n"

static const char lines[] = "gradgate 1 name\n"
                            "call 1 k forward\ncase both\n" IN_X "in w i32 - ffffffff\n"
                            "want y f32 2x1\n%sgo\n"
                            "call 2 k backward\ncase both\n" IN_X "in y.grad i32 - ffffffff\n"
                            "in w i32 - ffffffff\nwant x.grad f32 2x1\n%sgo\n"
                            "call 3 k forward\ncase forward\n" IN_X "want y f32 2x1\n%sgo\n"
                            "call 4 l train\ncase train\n" IN_X "want w.updated f32 2x1\n%s"
                            "want a_long_loss f32 2x1\n%sgo\nbye\n";

Test(golden_pack, is_a_call_for_each_pass_of_each_case_numbered_throughout) {
    struct small s;
    char text[1024];
    fill_small(&s);
    (void)snprintf(text, sizeof text, lines, "", "", "", "", "");
    expect_pack(s.suites, 2, false, text);
    (void)snprintf(text, sizeof text, lines, VALUES("y"), VALUES("x.grad"), VALUES("y"),
                   VALUES("w.updated"), VALUES("a_long_loss"));
    expect_pack(s.suites, 2, true, text);
    expect_pack(s.suites, 0, true, "gradgate 1 name\nbye\n");
    expect_pack(NULL, 0, true, "gradgate 1 name\nbye\n");
    array_free(&s.x);
    array_free(&s.one);
}

/* An ending alone, or a part of one, is the gradient of nothing. */
Test(golden_pack, has_gradients_in_backward_and_updates_in_training) {
    struct small s;
    fill_small(&s);
    static const char *const plain[] = {"y", "grad", ".grad", "y.gradient", "x.grad.y"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        cr_expect_eq(golden_pass_of(&s.cases[0], plain[i]), GOLDEN_FORWARD, "%s", plain[i]);
        cr_expect(golden_pass_is_given(GOLDEN_FORWARD, plain[i]), "%s", plain[i]);
        cr_expect_eq(golden_pass_of(&s.cases[2], plain[i]), GOLDEN_TRAIN, "%s", plain[i]);
    }
    cr_expect_eq(golden_pass_of(&s.cases[0], "y.grad"), GOLDEN_BACKWARD);
    cr_expect(!golden_pass_is_given(GOLDEN_FORWARD, "y.grad"));
    cr_expect(golden_pass_is_given(GOLDEN_BACKWARD, "y.grad"));
    cr_expect(golden_pass_is_given(GOLDEN_TRAIN, "y.grad"));
    static const bool has[4][GOLDEN_N_PASSES] = {{1, 1, 0}, {1, 0, 0}, {0, 0, 1}, {1, 0, 0}};
    for (size_t i = 0; i < 4; i++) {
        for (int pass = 0; pass < GOLDEN_N_PASSES; pass++) {
            cr_expect_eq(golden_has_pass(&s.cases[i], (enum golden_pass)pass), has[i][pass],
                         "%s: %d", s.cases[i].id, pass);
        }
    }
    array_free(&s.x);
    array_free(&s.one);
}

Test(golden_pack, names_its_passes_as_the_protocol_does) {
    static const char *const names[] = {"forward", "backward", "train", "?", "?"};
    for (int pass = 0; pass < 5; pass++) {
        cr_expect_str_eq(golden_pass_name((enum golden_pass)pass), names[pass], "%d", pass);
    }
}

/* ---- damaged packs ---- */

static int accept(const struct pack_array *a, void *ctx) {
    uint64_t sum = 0; /* touches every value: a sanitizer would see one that is not there */
    for (size_t i = 0; a->bits != NULL && i < a->count; i++) {
        sum += a->bits[i];
    }
    *(uint64_t *)ctx += sum;
    return 0;
}

static long read_text(const char *text, size_t size) {
    FILE *file = tmpfile();
    uint64_t sum = 0;
    cr_assert(fwrite(text, 1, size, file) == size);
    rewind(file);
    long result = pack_read(file, accept, &sum);
    (void)fclose(file);
    return result;
}

static const char good[] = "gradgate 1 k\ncall 1 k forward\ncase a\nin x u8 2x1 0a ff\nin e f64 0\n"
                           "in s i32 - 00000001\nwant y f32 1\nsomething new\ngo\nbye\n";

Test(golden_pack, reads_what_the_grammar_allows) {
    cr_expect_eq(read_text(good, sizeof good - 1), 0);
}

Test(golden_pack, names_the_line_that_is_malformed) {
    static const char *const bad[] = {
        "in x u8 2 0a\n",
        "in x u8 2 0a ff 00\n",
        "in x u8 2 0a fg\n",
        "in x u8 2 0A FF\n",
        "in x u8 1 0aa\n",
        "in x f64 1 3ff000000000000\n",
        "in x f16 1 3c00\n",
        "in x f 1 00\n",
        "in x 64 1 3ff0000000000000\n",
        "in x u8 -1 00\n",
        "in x u8 2x 0a 0a\n",
        "in x u8 2y1 0a 0a\n",
        "in x u8 1x1x1x1x1x1x1x1x1 0a\n",
        "in x u8\n",
        "in x\n",
        "want y f32 1 00000000\n",
        "in x u8 99999999 00\n",
        "in x u8 18446744073709551615x18446744073709551615 00\n",
        "in x u8 4294967296x4294967296x0 00\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[256];
        int n = snprintf(text, sizeof text, "gradgate 1 k\n%sbye\n", bad[i]);
        long expected = 2;
        cr_expect_eq(read_text(text, (size_t)n), expected, "%s", bad[i]);
    }
}

Test(golden_pack, refuses_a_pack_cut_at_any_byte) {
    for (size_t size = 0; size < sizeof good - 1; size++) {
        cr_expect(read_text(good, size) != 0, "%zu", size);
    }
}

Test(golden_pack, survives_every_changed_byte) {
    char text[sizeof good];
    for (size_t at = 0; at < sizeof good - 1; at++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(text, good, sizeof good);
            text[at] = (char)byte;
            (void)read_text(text, sizeof good - 1);
        }
    }
}

Test(golden_pack, refuses_what_it_cannot_write) {
    struct golden_suite none = {0};
    cr_expect_eq(golden_pack_write(NULL, 1, "k", true, stdout), GOLDEN_NULL);
    cr_expect_eq(golden_pack_write(&none, 0, NULL, true, stdout), GOLDEN_NULL);
    FILE *full = fopen("/dev/full", "w");
    cr_assert_not_null(full);
    cr_expect_eq(golden_pack_write(&none, 0, "k", true, full), GOLDEN_FILE_WRITE);
    (void)fclose(full);
    full = fopen("/dev/full", "w"); /* of which nothing is left to flush in the end */
    cr_assert(full != NULL && setvbuf(full, NULL, _IONBF, 0) == 0);
    cr_expect_eq(golden_pack_write(&none, 0, "k", true, full), GOLDEN_FILE_WRITE);
    (void)fclose(full);
    cr_expect_eq(golden_pack_write(&none, 1, "k", true, NULL), GOLDEN_NULL);
}
