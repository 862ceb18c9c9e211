// SPDX-License-Identifier: MIT
/* Memory: every allocation of this library is missed once, without harm, and given back (malloc and
 * its kin are replaced by the linker: see the Makefile). */
#include "support.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(golden_memory, .init = folder_create, .fini = folder_remove);

static size_t n_calls, failing; /* failing: number of the call that fails */
static ptrdiff_t n_blocks;
static bool counting;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __real_free(void *block);
void __wrap_free(void *block);

static bool fails(void) {
    return counting && ++n_calls == failing;
}

static void *counted(void *block) {
    n_blocks += counting && block != NULL;
    return block;
}

void *__wrap_malloc(size_t size) {
    return fails() ? NULL : counted(__real_malloc(size));
}

/* Of no elements a C library may give NULL, and this one does. */
void *__wrap_calloc(size_t n, size_t size) {
    return fails() || (counting && n == 0) ? NULL : counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *block, size_t size) {
    if (fails()) {
        return NULL;
    }
    n_blocks += counting && block == NULL;
    return __real_realloc(block, size);
}

void __wrap_free(void *block) {
    n_blocks -= counting && block != NULL;
    __real_free(block);
}

/* ---- what is done without memory: each gives back all that it took ---- */

static struct golden_file *file;
static struct golden_npz npz;
static struct golden_suite suite;

static enum golden_status compare(struct golden_error *error) {
    const struct golden_sides sides = {
        .actual = {file, 0}, .expected = {file, 1}, .bound = {file, 0}};
    struct golden_comparison c;
    struct golden_profile p;
    enum golden_status status = golden_compare_files(&sides, NULL, &c, &p, error);
    cr_expect_eq(c.verdict, status == GOLDEN_OK ? GOLDEN_FAIL : GOLDEN_NOT_COMPARED);
    return status;
}

static enum golden_status compare_what_cannot_be(struct golden_error *error) {
    struct golden_sides sides = {.actual = {file, 0}, .expected = {file, 1}, .bound = {file, 5}};
    struct golden_comparison c;
    struct golden_profile p;
    enum golden_status status = golden_compare_files(&sides, NULL, &c, &p, error);
    if (status == GOLDEN_NULL) {
        sides.expected.array = 5;
        status = golden_compare_files(&sides, NULL, &c, &p, error);
    }
    return status == GOLDEN_NULL ? GOLDEN_OK : status;
}

static enum golden_status summarise(struct golden_error *error) {
    struct golden_summary s;
    enum golden_status status = golden_summarise(file, 0, &s, error);
    cr_expect_eq(s.n_finite, status == GOLDEN_OK ? 2u : 0u);
    cr_expect_eq(s.header.major, status == GOLDEN_OK ? 1u : 0u);
    return status;
}

static enum golden_status open_archive(struct golden_error *error) {
    struct golden_file *f;
    enum golden_status status = golden_open(in_folder("two.npz"), &f, error);
    cr_expect_eq(f != NULL, status == GOLDEN_OK);
    golden_close(f);
    return status;
}

static enum golden_status open_npy(struct golden_error *error) {
    struct golden_file *f;
    enum golden_status status = golden_open(in_folder("one.npy"), &f, error);
    cr_expect_eq(f != NULL, status == GOLDEN_OK);
    golden_close(f);
    return status;
}

static enum golden_status read_npz(struct golden_error *error) {
    struct golden_npz out;
    enum golden_status status = golden_npz_read(in_folder("two.npz"), &out, error);
    cr_expect_eq(out.n_members, status == GOLDEN_OK ? 2u : 0u);
    golden_npz_free(&out);
    return status;
}

static enum golden_status read_npy(struct golden_error *error) {
    struct array out;
    enum golden_status status = golden_npy_read(in_folder("one.npy"), &out, error);
    cr_expect_eq(out.data != NULL, status == GOLDEN_OK);
    array_free(&out);
    return status;
}

static enum golden_status write_npz(struct golden_error *error) {
    return golden_npz_write(in_folder("new.npz"), npz.members, npz.n_members, error);
}

/* One block for each member, and libzip frees it. */
static void expect_handed_over(void) {
    cr_expect_eq(n_blocks, (ptrdiff_t)npz.n_members, "write .npz: %td blocks", n_blocks);
}

static enum golden_status write_nothing(struct golden_error *error) {
    return golden_npz_write(in_folder("new.npz"), NULL, 0, error);
}

static enum golden_status read_nothing(struct golden_error *error) {
    struct golden_npz out;
    enum golden_status status = golden_npz_read(in_folder("none.npz"), &out, error);
    cr_expect_eq(out.n_members, 0u);
    golden_npz_free(&out);
    return status;
}

static enum golden_status write_twice(struct golden_error *error) {
    const struct golden_member members[] = {npz.members[0], npz.members[0]};
    enum golden_status status = golden_npz_write(in_folder("new.npz"), members, 2, error);
    return status == GOLDEN_NPZ_NAME_TWICE ? GOLDEN_OK : status;
}

static enum golden_status write_npy(struct golden_error *error) {
    return golden_npy_write(in_folder("new.npy"), &npz.members[0].array, error);
}

static enum golden_status load(struct golden_error *error) {
    struct golden_suite out;
    enum golden_status status = golden_load("tests/golden", "neuron_init", &out, error);
    cr_expect_eq(out.n_cases > 0, status == GOLDEN_OK);
    golden_free(&out);
    return status;
}

static enum golden_status save(struct golden_error *error) {
    return golden_save(in_folder(""), &suite, error);
}

static enum golden_status list(struct golden_error *error) {
    struct golden_names names;
    enum golden_status status = golden_list("tests/golden", &names, error);
    cr_expect_eq(names.n_kernels > 0, status == GOLDEN_OK);
    golden_names_free(&names);
    return status;
}

static const struct {
    const char *name;
    enum golden_status (*run)(struct golden_error *error);
    bool builds; /* an archive: libzip frees what it is handed, which is not seen here */
} actions[] = {
    {"compare", compare, false},
    {"compare what cannot be", compare_what_cannot_be, false},
    {"summarise", summarise, false},
    {"open .npz", open_archive, false},
    {"open .npy", open_npy, false},
    {"read .npz", read_npz, false},
    {"read .npy", read_npy, false},
    {"write .npz", write_npz, true},
    {"write .npz of no members", write_nothing, false},
    {"read .npz of no members", read_nothing, false},
    {"write .npz of two equal names", write_twice, false},
    {"write .npy", write_npy, false},
    {"load", load, false},
    {"save", save, true},
    {"list", list, false},
};

static enum golden_status run(size_t i, size_t call, struct golden_error *error) {
    n_calls = 0;
    n_blocks = 0;
    failing = call;
    counting = true;
    enum golden_status status = actions[i].run(error);
    counting = false;
    if (!actions[i].builds) {
        cr_expect_eq(n_blocks, 0, "%s, call %zu: %td blocks", actions[i].name, call, n_blocks);
    }
    return status;
}

static void expect_none(size_t i, size_t call) {
    struct golden_error error;
    memset(&error, 0x55, sizeof error);
    enum golden_status status = run(i, call, &error);
    if (!actions[i].builds || status != GOLDEN_NPZ_WRITE) {
        EXPECT_STATUS(status, GOLDEN_NO_MEMORY, actions[i].name);
    }
    cr_expect(error.code == status && error.offset == -1, "%s, call %zu: %s", actions[i].name, call,
              error_line(&error));
    EXPECT_STATUS(run(i, call, NULL), status, actions[i].name);
}

Test(golden_memory, when_there_is_none_is_a_status_and_leaves_nothing_behind) {
    struct array one = vector_of(2, (const double[]){1, 2});
    struct array two = vector_of(2, (const double[]){3, 4});
    const struct golden_member members[] = {{(char *)"one", one}, {(char *)"two", two}};
    cr_assert_eq(golden_npz_write(in_folder("two.npz"), members, 2, NULL), GOLDEN_OK);
    cr_assert_eq(golden_npy_write(in_folder("one.npy"), &one, NULL), GOLDEN_OK);
    cr_assert_eq(golden_npz_write(in_folder("none.npz"), NULL, 0, NULL), GOLDEN_OK);
    cr_assert_eq(golden_npz_read(in_folder("two.npz"), &npz, NULL), GOLDEN_OK);
    cr_assert_eq(golden_open(in_folder("two.npz"), &file, NULL), GOLDEN_OK);
    cr_assert_eq(golden_load("tests/golden", "neuron_init", &suite, NULL), GOLDEN_OK);
    for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
        struct golden_error error;
        EXPECT_STATUS(run(i, 0, &error), GOLDEN_OK, actions[i].name);
        if (actions[i].run == write_npz) {
            expect_handed_over();
        }
        const size_t n = n_calls;
        const size_t n_files = count_files();
        cr_expect_gt(n, 0u, "%s", actions[i].name);
        for (size_t call = 1; call <= n; call++) {
            expect_none(i, call);
            cr_expect_eq(count_files(), n_files, "%s, call %zu", actions[i].name, call);
        }
    }
    golden_free(&suite);
    golden_close(file);
    golden_npz_free(&npz);
    array_free(&one);
    array_free(&two);
}

#define MANIFEST                                                                                   \
    "{\"format\": \"gradgate-golden\", \"version\": 1, \"kernel\": \"toy\",\n"                     \
    " \"npz\": \"toy.npz\",\n"                                                                     \
    " \"sha256\": \"0000000000000000000000000000000000000000000000000000000000000000\",\n"         \
    " \"seed\": 7, \"versions\": {}, \"bounds\": {}, \"flags\": {},\n"

Test(golden_memory, is_not_missed_for_lists_of_nothing) {
    static const struct {
        const char *text;
        enum golden_status status;
        const char *field;
    } rows[] = {{MANIFEST " \"cases\": []}", GOLDEN_NO_CASES, "cases"},
                {MANIFEST " \"cases\": [{\"id\": \"a\", \"flags\": [], \"inputs\": [],\n"
                          "  \"expected\": []}]}",
                 GOLDEN_CASE_EMPTY, "cases[0].expected"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct golden_suite out;
        struct golden_error error = dirty_error();
        write_file(in_folder("toy.json"), (struct bytes){.data = (unsigned char *)rows[i].text,
                                                         .size = strlen(rows[i].text)});
        failing = 0;
        counting = true;
        enum golden_status status = golden_load(in_folder(""), "toy", &out, &error);
        counting = false;
        EXPECT_STATUS(status, rows[i].status, rows[i].text);
        expect_bare_error(&error, rows[i].status, 0, in_folder("toy.json"), rows[i].field);
    }
}

/* All of it but the members' bytes, which libzip frees where it is not seen. */
Test(golden_memory, is_given_back_by_who_saves) {
    json_malloc_t kept_malloc;
    json_free_t kept_free;
    cr_assert_eq(golden_load("tests/golden", "neuron_init", &suite, NULL), GOLDEN_OK);
    json_get_alloc_funcs(&kept_malloc, &kept_free);
    json_set_alloc_funcs(malloc, free);
    n_blocks = 0;
    failing = 0;
    counting = true;
    enum golden_status status = golden_save(in_folder(""), &suite, NULL);
    counting = false;
    EXPECT_STATUS(status, GOLDEN_OK, "save");
    json_set_alloc_funcs(kept_malloc, kept_free);
    cr_assert_eq(golden_npz_read(in_folder("neuron_init.npz"), &npz, NULL), GOLDEN_OK);
    cr_expect_eq(n_blocks, (ptrdiff_t)npz.n_members, "%td blocks", n_blocks);
    golden_npz_free(&npz);
    golden_free(&suite);
}

/* ---- the memory of jansson, which escapes the strings of a manifest ---- */

static size_t n_jansson, failing_jansson;

static void *malloc_of_jansson(size_t size) {
    return ++n_jansson == failing_jansson ? NULL : malloc(size);
}

static enum golden_status save_suite(struct golden_error *error) {
    return golden_save(in_folder(""), &suite, error);
}

static enum golden_status load_suite(struct golden_error *error) {
    struct golden_suite again;
    const enum golden_status status = golden_load(in_folder(""), "toy", &again, error);
    golden_free(&again);
    return status;
}

static enum golden_status with_jansson(size_t call, enum golden_status (*f)(struct golden_error *),
                                       struct golden_error *error) {
    json_malloc_t kept_malloc;
    json_free_t kept_free;
    n_jansson = 0;
    failing_jansson = call;
    json_get_alloc_funcs(&kept_malloc, &kept_free);
    json_set_alloc_funcs(malloc_of_jansson, kept_free);
    enum golden_status status = f(error);
    json_set_alloc_funcs(kept_malloc, kept_free);
    return status;
}

static void with_a_small_suite(void (*f)(void)) {
    struct golden_case only = {.id = "only", .note = (char *)"a note", .n_expected = 1};
    struct golden_note bound = {(char *)"y", (char *)"exact"};
    struct golden_expected y = {.name = "y", .grad_scale = 1};
    y.value = y.exact = y.bound = (struct array){.ndim = 1};
    only.expected = &y;
    suite = (struct golden_suite){
        .kernel = (char *)"toy", .n_bounds = 1, .bounds = &bound, .n_cases = 1, .cases = &only};
    f();
    suite = (struct golden_suite){0};
}

static void save_without_memory(void) {
    EXPECT_STATUS(with_jansson(0, save_suite, NULL), GOLDEN_OK, "enough");
    (void)remove(in_folder("toy.json"));
    const size_t n = n_jansson;
    cr_expect_gt(n, 2u);
    for (size_t call = 1; call <= n; call++) {
        struct golden_error error = dirty_error();
        EXPECT_STATUS(with_jansson(call, save_suite, &error), GOLDEN_NO_MEMORY, "save");
        expect_bare_error(&error, GOLDEN_NO_MEMORY, 0, "", "");
        cr_expect_eq(count_files(), 1u, "call %zu: the archive alone", call);
    }
}

Test(golden_memory, that_jansson_misses_is_not_a_string_left_out) {
    with_a_small_suite(save_without_memory);
}

/* jansson says so of most; some it takes for a token that is none, or it leaves characters out. */
static void load_without_memory(void) {
    EXPECT_STATUS(with_jansson(0, save_suite, NULL), GOLDEN_OK, "enough");
    EXPECT_STATUS(with_jansson(0, load_suite, NULL), GOLDEN_OK, "enough");
    const size_t n = n_jansson;
    size_t n_told = 0;
    cr_expect_gt(n, 20u);
    for (size_t call = 1; call <= n; call++) {
        struct golden_error error = dirty_error();
        const enum golden_status status = with_jansson(call, load_suite, &error);
        cr_expect_neq(status, GOLDEN_OK, "call %zu", call);
        if (status == GOLDEN_NO_MEMORY) {
            n_told++;
            expect_bare_error(&error, GOLDEN_NO_MEMORY, 0, in_folder("toy.json"), "");
        }
    }
    cr_expect_gt(2 * n_told, n, "%zu of %zu", n_told, n);
}

Test(golden_memory, that_jansson_misses_is_no_mistake_of_the_manifest) {
    with_a_small_suite(load_without_memory);
}
