// SPDX-License-Identifier: MIT
/* A right suite of two cases, and then the same with one thing wrong: in the manifest a text
 * replaced by another, in the archive a member changed. */
#include "support.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(golden_suite, .init = folder_create, .fini = folder_remove);

static const char manifest[] =
    "{\"format\": \"gradgate-golden\", \"version\": 1, \"kernel\": \"toy\", \"npz\": \"toy.npz\",\n"
    " \"sha256\": \"SHA256\", \"seed\": 7, \"versions\": {\"numpy\": \"1.24.2\"},\n"
    " \"bounds\": {\"y\": \"two roundings\"},\n"
    " \"flags\": {\"odd\": {\"note\": \"the tail of a loop\"}, \"tiny\": {\"note\": \"n = 1\"}},\n"
    " \"cases\": [\n"
    "  {\"id\": \"n3-random\", \"flags\": [\"tiny\", \"odd\"], \"note\": \"first\",\n"
    "   \"inputs\": [{\"name\": \"x\", \"dtype\": \"f64\", \"shape\": [2, 3]},\n"
    "              {\"name\": \"steps\", \"dtype\": \"i64\", \"shape\": []}],\n"
    "   \"expected\": [{\"name\": \"y\", \"dtype\": \"f32\", \"shape\": [2]}]},\n"
    "  {\"id\": \"b\", \"flags\": [], \"inputs\": [],\n"
    "   \"expected\": [{\"name\": \"y\", \"dtype\": \"f64\", \"shape\": [0]}]}\n"
    " ]}\n";

#define N_MEMBERS 8
static const char *const names[N_MEMBERS] = {
    "n3-random/x", "n3-random/steps", "n3-random/y", "n3-random/y.exact", "n3-random/y.bound",
    "b/y",         "b/y.exact",       "b/y.bound"};

static void make_members(struct golden_member members[N_MEMBERS]) {
    const double x[] = {1, 2, 3, 4, 5, 6};
    const size_t matrix[] = {2, 3};
    const size_t two[] = {2};
    const size_t none[] = {0};
    for (size_t i = 0; i < N_MEMBERS; i++) {
        members[i].name = (char *)names[i];
    }
    members[0].array = array_from(ARRAY_F64, 2, matrix, x);
    members[1].array = array_from(ARRAY_I64, 0, NULL, (const double[]){5});
    members[2].array = array_from(ARRAY_F32, 1, two, (const double[]){0.25, NAN});
    members[3].array = array_from(ARRAY_F32, 1, two, (const double[]){0.5, NAN});
    members[4].array = array_from(ARRAY_F32, 1, two, (const double[]){0.25, 0});
    for (size_t i = 5; i < N_MEMBERS; i++) {
        members[i].array = array_from(ARRAY_F64, 1, none, x);
    }
}

static void free_members(struct golden_member members[N_MEMBERS]) {
    for (size_t i = 0; i < N_MEMBERS; i++) {
        array_free(&members[i].array);
    }
}

static void write_archive(const struct golden_member members[], size_t n_members) {
    struct golden_error error;
    cr_assert_eq(golden_npz_write(in_folder("toy.npz"), members, n_members, &error), GOLDEN_OK,
                 "%s", error_line(&error));
}

/* The manifest with the first `from` replaced by `to`, and the archive's true checksum. */
static void write_manifest(const char *from, const char *to) {
    struct bytes archive = read_file(in_folder("toy.npz"));
    char sha256[65];
    (void)SHA256Data(archive.data, archive.size, sha256);
    bytes_free(&archive);
    const char *at = strstr(manifest, from);
    cr_assert_not_null(at, "%s", from);
    char *text = malloc(sizeof manifest + strlen(to) + 100);
    cr_assert_not_null(text);
    sprintf(text, "%.*s%s%s", (int)(at - manifest), manifest, to, at + strlen(from));
    char *place = strstr(text, "SHA256");
    if (place != NULL) {
        memmove(place + 64, place + 6, strlen(place + 6) + 1);
        memcpy(place, sha256, 64);
    }
    write_file(in_folder("toy.json"),
               (struct bytes){.data = (unsigned char *)text, .size = strlen(text)});
    free(text);
}

static void write_suite(void) {
    struct golden_member members[N_MEMBERS];
    make_members(members);
    write_archive(members, N_MEMBERS);
    free_members(members);
    write_manifest("", "");
}

static void expect_load(enum golden_status expected, const char *field, const char *member,
                        const char *label) {
    struct golden_suite suite;
    struct golden_error error = dirty_error();
    EXPECT_STATUS(golden_load(in_folder(""), "toy", &suite, &error), expected, label);
    cr_expect_str_eq(error.field, field, "%s: %s", label, error_line(&error));
    cr_expect_str_eq(error.member, member, "%s: %s", label, error_line(&error));
    cr_expect(error.offset == -1 && error.system_errno == 0, "%s: %s", label, error_line(&error));
    cr_expect(suite.kernel == NULL && suite.cases == NULL && suite.n_cases == 0, "%s", label);
    cr_expect_eq(golden_load(in_folder(""), "toy", &suite, NULL), expected, "%s", label);
}

/* ---- a right one ---- */

Test(golden_suite, loads_everything_that_manifest_and_archive_say) {
    write_suite();
    struct golden_suite s;
    struct golden_error error = dirty_error();
    EXPECT_STATUS(golden_load(in_folder(""), "toy", &s, &error), GOLDEN_OK, error_line(&error));
    expect_bare_error(&error, GOLDEN_OK, 0, "", "");
    cr_assert(s.n_cases == 2 && s.n_flags == 2 && s.n_bounds == 1);
    cr_expect_str_eq(s.kernel, "toy");
    cr_expect_eq(strlen(s.sha256), 64u);
    cr_expect_str_eq(s.bounds[0].name, "y");
    cr_expect_str_eq(s.bounds[0].text, "two roundings");
    const struct golden_case *c = golden_find_case(&s, "n3-random");
    cr_assert_eq(c, &s.cases[0]);
    cr_expect_str_eq(c->note, "first");
    cr_assert_eq(c->n_flags, 2u);
    cr_expect_str_eq(c->flags[0]->name, "tiny");
    cr_expect_str_eq(c->flags[1]->text, "the tail of a loop");
    cr_expect_eq(array_get(&golden_find_input(c, "x")->array, 5), 6);
    cr_expect_eq(array_get_int(&golden_find_input(c, "steps")->array, 0), 5);
    const struct golden_expected *y = golden_find_expected(c, "y");
    cr_expect(array_get(&y->value, 0) == 0.25 && array_get(&y->exact, 0) == 0.5 &&
              array_get(&y->bound, 0) == 0.25 && y->bound.dtype == ARRAY_F32);
    c = &s.cases[1];
    cr_expect_str_eq(c->id, "b");
    cr_expect_str_eq(c->note, "");
    cr_expect(c->n_flags == 0 && c->n_inputs == 0 && c->n_expected == 1);
    cr_expect_eq(c->expected[0].exact.count, 0u);
    cr_expect_null(golden_find_case(&s, "n3"));
    cr_expect_null(golden_find_case(&s, ""));
    cr_expect_null(golden_find_input(c, "x"));
    cr_expect_null(golden_find_expected(c, "x"));
    cr_expect_null(golden_find_case(NULL, "b"));
    cr_expect_null(golden_find_input(NULL, "x"));
    cr_expect_null(golden_find_expected(NULL, "x"));
    golden_free(&s);
    cr_expect_null(s.cases);
    golden_free(&s);
    golden_free(NULL);
}

/* ---- manifests with one thing wrong ---- */

static const struct {
    const char *from, *to;
    enum golden_status status;
    const char *field;
} damaged[] = {
    {"{\"format\": \"gradgate-golden\", ", "{", GOLDEN_JSON_MISSING, "format"},
    {"gradgate-golden", "gradgate", GOLDEN_FORMAT, "format"},
    {"\"gradgate-golden\"", "3", GOLDEN_JSON_TYPE, "format"},
    {" \"version\": 1,", "", GOLDEN_JSON_MISSING, "version"},
    {"\"version\": 1", "\"version\": 2", GOLDEN_VERSION, "version"},
    {"\"version\": 1", "\"version\": 1.0", GOLDEN_JSON_TYPE, "version"},
    {"\"version\": 1", "\"version\": \"1\"", GOLDEN_JSON_TYPE, "version"},
    {"\"seed\": 7", "\"seed\": 7, \"surprise\": 1", GOLDEN_JSON_UNKNOWN, "surprise"},
    {" \"kernel\": \"toy\",", "", GOLDEN_JSON_MISSING, "kernel"},
    {"\"kernel\": \"toy\"", "\"kernel\": \"toys\"", GOLDEN_KERNEL_NAME, "kernel"},
    {" \"npz\": \"toy.npz\",", "", GOLDEN_JSON_MISSING, "npz"},
    {"\"npz\": \"toy.npz\"", "\"npz\": \"../toy.npz\"", GOLDEN_NPZ_FIELD, "npz"},
    {"\"sha256\": \"SHA256\",", "", GOLDEN_JSON_MISSING, "sha256"},
    {"SHA256", "abc", GOLDEN_SHA256, "sha256"},
    {"SHA256", "SHA256x", GOLDEN_SHA256, "sha256"},
    {"SHA256", "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", GOLDEN_SHA256,
     "sha256"},
    {"SHA256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", GOLDEN_SHA256,
     "sha256"},
    {" \"seed\": 7,", "", GOLDEN_JSON_MISSING, "seed"},
    {"\"seed\": 7", "\"seed\": 7.5", GOLDEN_JSON_TYPE, "seed"},
    {"\"versions\": {\"numpy\": \"1.24.2\"}", "\"versions\": []", GOLDEN_JSON_TYPE, "versions"},
    {"\"bounds\": {\"y\": \"two roundings\"}", "\"bounds\": {}", GOLDEN_BOUND_UNDERIVED,
     "cases[0].expected[0]"},
    {"\"two roundings\"", "2", GOLDEN_JSON_TYPE, "bounds.y"},
    {"\"bounds\": {\"y\": \"two roundings\"},", "", GOLDEN_JSON_MISSING, "bounds"},
    {"{\"note\": \"n = 1\"}", "\"n = 1\"", GOLDEN_JSON_TYPE, "flags.tiny"},
    {"{\"note\": \"n = 1\"}", "{}", GOLDEN_JSON_MISSING, "flags.tiny.note"},
    {"{\"note\": \"n = 1\"}", "{\"note\": \"\", \"more\": 1}", GOLDEN_JSON_UNKNOWN,
     "flags.tiny.more"},
    {"{\"note\": \"n = 1\"}", "{\"note\": null}", GOLDEN_JSON_TYPE, "flags.tiny.note"},
    {"\"cases\"", "\"bases\"", GOLDEN_JSON_UNKNOWN, "bases"},
    {"\"id\": \"n3-random\", ", "", GOLDEN_JSON_MISSING, "cases[0].id"},
    {"n3-random", "", GOLDEN_CASE_ID, "cases[0].id"},
    {"n3-random", "n3 random", GOLDEN_CASE_ID, "cases[0].id"},
    {"n3-random", "../x", GOLDEN_CASE_ID, "cases[0].id"},
    {"n3-random", ".", GOLDEN_CASE_ID, "cases[0].id"},
    {"n3-random", "..", GOLDEN_CASE_ID, "cases[0].id"},
    {"n3-random", "a234567890123456789012345678901234567890123456789012345678901234",
     GOLDEN_CASE_ID, "cases[0].id"},
    {"\"n3-random\"", "3", GOLDEN_JSON_TYPE, "cases[0].id"},
    {"\"id\": \"b\"", "\"id\": \"n3-random\"", GOLDEN_CASE_TWICE, "cases[1].id"},
    {"\"odd\"]", "\"even\"]", GOLDEN_FLAG_UNKNOWN, "cases[0].flags[1]"},
    {"\"odd\"]", "7]", GOLDEN_JSON_TYPE, "cases[0].flags[1]"},
    {"[\"tiny\", \"odd\"]", "\"tiny\"", GOLDEN_JSON_TYPE, "cases[0].flags"},
    {" \"note\": \"first\",", " \"note\": 1,", GOLDEN_JSON_TYPE, "cases[0].note"},
    {" \"note\": \"first\",", " \"notes\": \"first\",", GOLDEN_JSON_UNKNOWN, "cases[0].notes"},
    {"\"inputs\": [],", "", GOLDEN_JSON_MISSING, "cases[1].inputs"},
    {"\"inputs\": []", "\"inputs\": {}", GOLDEN_JSON_TYPE, "cases[1].inputs"},
    {"\"inputs\": []", "\"inputs\": [1]", GOLDEN_JSON_TYPE, "cases[1].inputs[0]"},
    {"[{\"name\": \"y\", \"dtype\": \"f64\", \"shape\": [0]}]", "[]", GOLDEN_CASE_EMPTY,
     "cases[1].expected"},
    {"\"name\": \"x\", ", "", GOLDEN_JSON_MISSING, "cases[0].inputs[0].name"},
    {"\"name\": \"x\"", "\"name\": \"1x\"", GOLDEN_ARRAY_NAME, "cases[0].inputs[0].name"},
    {"\"name\": \"x\"", "\"name\": \"x/y\"", GOLDEN_ARRAY_NAME, "cases[0].inputs[0].name"},
    {"\"name\": \"x\"", "\"name\": \"\"", GOLDEN_ARRAY_NAME, "cases[0].inputs[0].name"},
    {"\"name\": \"x\"", "\"name\": \"x2345678901234567890123456789012\"", GOLDEN_ARRAY_NAME,
     "cases[0].inputs[0].name"},
    {"\"name\": \"steps\"", "\"name\": \"x\"", GOLDEN_ARRAY_TWICE, "cases[0].inputs[1]"},
    {"\"name\": \"y\"", "\"name\": \"x\"", GOLDEN_ARRAY_TWICE, "cases[0].expected[0]"},
    {"\"dtype\": \"f64\", ", "", GOLDEN_JSON_MISSING, "cases[0].inputs[0].dtype"},
    {"\"dtype\": \"f64\"", "\"dtype\": \"float64\"", GOLDEN_ARRAY_DTYPE,
     "cases[0].inputs[0].dtype"},
    {"\"shape\": [2, 3]", "\"shape\": [2, 3], \"order\": 1", GOLDEN_JSON_UNKNOWN,
     "cases[0].inputs[0].order"},
    {"[2, 3]", "[2, 3], \"grad_scale\": 2", GOLDEN_JSON_UNKNOWN, "cases[0].inputs[0].grad_scale"},
    {"[2]}", "[2], \"grad_scale\": \"2\"}", GOLDEN_JSON_TYPE, "cases[0].expected[0].grad_scale"},
    {"[2]}", "[2], \"grad_scale\": 0}", GOLDEN_GRAD_SCALE, "cases[0].expected[0].grad_scale"},
    {"[2]}", "[2], \"grad_scale\": 2}", GOLDEN_GRAD_SCALE, "cases[0].expected[0].grad_scale"},
    {"\"y\", \"dtype\": \"f32\", \"shape\": [2]}",
     "\"w.grad\", \"dtype\": \"f32\", \"shape\": [2], \"grad_scale\": 2}", GOLDEN_GRAD_SCALE,
     "cases[0].expected[0].grad_scale"},
    {"\"y\", \"dtype\": \"f32\", \"shape\": [2]}",
     "\"x.grad\", \"dtype\": \"f32\", \"shape\": [2], \"grad_scale\": 0}", GOLDEN_GRAD_SCALE,
     "cases[0].expected[0].grad_scale"},
    {"\"y\", \"dtype\": \"f32\", \"shape\": [2]}",
     "\"x.grad\", \"dtype\": \"f32\", \"shape\": [2], \"grad_scale\": 1}", GOLDEN_BOUND_UNDERIVED,
     "cases[0].expected[0]"},
    {"[2]}", "[2]}, {\"name\": \"y\", \"dtype\": \"f32\", \"shape\": [2]}", GOLDEN_ARRAY_TWICE,
     "cases[0].expected[1]"},
    {"[2, 3]", "6", GOLDEN_JSON_TYPE, "cases[0].inputs[0].shape"},
    {"[2, 3]", "[2, -3]", GOLDEN_ARRAY_SHAPE, "cases[0].inputs[0].shape[1]"},
    {"[2, 3]", "[2, 3.0]", GOLDEN_ARRAY_SHAPE, "cases[0].inputs[0].shape[1]"},
    {"[2, 3]", "[1, 1, 1, 1, 1, 1, 1, 2, 3]", GOLDEN_ARRAY_SHAPE, "cases[0].inputs[0].shape"},
    {"[2, 3]", "[4611686018427387904, 4611686018427387904]", GOLDEN_ARRAY_SHAPE,
     "cases[0].inputs[0].shape"},
};

Test(golden_suite, refuses_every_damaged_manifest_and_gives_the_path_to_the_field) {
    write_suite();
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        write_manifest(damaged[i].from, damaged[i].to);
        expect_load(damaged[i].status, damaged[i].field, "", damaged[i].to);
    }
}

Test(golden_suite, refuses_a_manifest_without_cases) {
    write_suite();
    const char *cases = strstr(manifest, "[\n  {\"id\"");
    cr_assert_not_null(cases);
    char list[sizeof manifest];
    (void)snprintf(list, sizeof list, "%.*s", (int)(strrchr(manifest, ']') + 1 - cases), cases);
    write_manifest(list, "[]");
    expect_load(GOLDEN_NO_CASES, "cases", "", "[]");
}

Test(golden_suite, refuses_what_is_not_json_and_says_where) {
    write_suite();
    static const struct {
        const char *text;
        int64_t least, most;
    } rows[] = {{"", 0, 0},
                {"{", 1, 1},
                {"{\"a\": 1, \"a\": 2}", 9, 12},
                {"{\"a\": \x01}", 6, 7},
                {"{\"a\": \"\xff\"}", 6, 9},
                {"{} x", 3, 4},
                {"{\"a\": \"\\u0000\"}", 6, 14}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct golden_suite suite;
        struct golden_error error;
        write_file(in_folder("toy.json"), (struct bytes){.data = (unsigned char *)rows[i].text,
                                                         .size = strlen(rows[i].text)});
        EXPECT_STATUS(golden_load(in_folder(""), "toy", &suite, &error), GOLDEN_JSON_SYNTAX,
                      rows[i].text);
        cr_expect(error.offset >= rows[i].least && error.offset <= rows[i].most, "%s: byte %lld",
                  rows[i].text, (long long)error.offset);
    }
    static const char *const others[] = {"[]", "[1, 2]"};
    for (size_t i = 0; i < 2; i++) {
        struct golden_suite suite;
        write_file(in_folder("toy.json"),
                   (struct bytes){.data = (unsigned char *)others[i], .size = strlen(others[i])});
        EXPECT_STATUS(golden_load(in_folder(""), "toy", &suite, NULL), GOLDEN_JSON_TYPE, others[i]);
    }
}

Test(golden_suite, refuses_a_manifest_cut_at_any_byte) {
    write_suite();
    struct bytes whole = read_file(in_folder("toy.json"));
    size_t end = whole.size - 1; /* the line feed may go */
    for (size_t size = 0; size < end; size++) {
        struct golden_suite suite;
        write_file(in_folder("toy.json"), (struct bytes){.data = whole.data, .size = size});
        cr_expect_neq(golden_load(in_folder(""), "toy", &suite, NULL), GOLDEN_OK, "%zu", size);
        cr_expect_null(suite.cases);
    }
    bytes_free(&whole);
}

/* ---- archives that do not fit ---- */

static void load_without(size_t left_out) {
    struct golden_member members[N_MEMBERS];
    make_members(members);
    struct golden_member kept[N_MEMBERS];
    size_t n_kept = 0;
    for (size_t i = 0; i < N_MEMBERS; i++) {
        if (i != left_out) {
            kept[n_kept++] = members[i];
        }
    }
    write_archive(kept, n_kept);
    free_members(members);
    write_manifest("", "");
    static const char *const fields[N_MEMBERS] = {"cases[0].inputs[0]",   "cases[0].inputs[1]",
                                                  "cases[0].expected[0]", "cases[0].expected[0]",
                                                  "cases[0].expected[0]", "cases[1].expected[0]",
                                                  "cases[1].expected[0]", "cases[1].expected[0]"};
    expect_load(GOLDEN_ARRAY_MISSING, fields[left_out], names[left_out], names[left_out]);
}

Test(golden_suite, misses_every_array_that_is_left_out) {
    for (size_t i = 0; i < N_MEMBERS; i++) {
        load_without(i);
    }
}

static void load_with(size_t changed, struct array by, enum golden_status status,
                      const char *member) {
    struct golden_member members[N_MEMBERS];
    make_members(members);
    array_free(&members[changed].array);
    members[changed].array = by;
    write_archive(members, N_MEMBERS);
    free_members(members);
    write_manifest("", "");
    struct golden_suite suite;
    struct golden_error error;
    EXPECT_STATUS(golden_load(in_folder(""), "toy", &suite, &error), status, names[changed]);
    cr_expect_str_eq(error.member, member);
    golden_free(&suite);
}

Test(golden_suite, refuses_arrays_of_another_dtype_or_shape) {
    const double zeros[8] = {0};
    for (size_t i = 0; i < N_MEMBERS; i++) {
        load_with(i, array_from(ARRAY_U8, 1, (const size_t[]){2}, zeros),
                  GOLDEN_ARRAY_DTYPE_DIFFERS, names[i]);
    }
    load_with(0, array_from(ARRAY_F64, 2, (const size_t[]){3, 2}, zeros),
              GOLDEN_ARRAY_SHAPE_DIFFERS, names[0]);
    load_with(1, array_from(ARRAY_I64, 1, (const size_t[]){1}, zeros), GOLDEN_ARRAY_SHAPE_DIFFERS,
              names[1]);
    load_with(3, array_from(ARRAY_F32, 1, (const size_t[]){3}, zeros), GOLDEN_ARRAY_SHAPE_DIFFERS,
              names[3]);
}

Test(golden_suite, refuses_bounds_that_bound_nothing) {
    const double bad[][2] = {{-1e-9, 0}, {NAN, 0}, {INFINITY, 0}, {0.25, 1e-9}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        load_with(4, array_from(ARRAY_F32, 1, (const size_t[]){2}, bad[i]), GOLDEN_BOUND_VALUE,
                  "n3-random");
    }
}

Test(golden_suite, refuses_an_array_that_no_manifest_names) {
    struct golden_member members[N_MEMBERS];
    make_members(members);
    for (size_t place = 0; place <= N_MEMBERS; place++) {
        struct golden_member more[N_MEMBERS + 1];
        memcpy(more, members, place * sizeof more[0]);
        more[place] = (struct golden_member){(char *)"n3-random/extra", members[0].array};
        memcpy(more + place + 1, members + place, (N_MEMBERS - place) * sizeof more[0]);
        write_archive(more, N_MEMBERS + 1);
        write_manifest("", "");
        expect_load(GOLDEN_ARRAY_UNREFERENCED, "", "n3-random/extra", "extra");
    }
    free_members(members);
}

/* An input called "y.exact" would be the same member as the exact value of y. */
Test(golden_suite, refuses_names_that_mean_one_member_twice) {
    write_suite();
    write_manifest("{\"name\": \"steps\", \"dtype\": \"i64\", \"shape\": []}",
                   "{\"name\": \"y.exact\", \"dtype\": \"f32\", \"shape\": [2]}");
    expect_load(GOLDEN_ARRAY_TWICE, "cases[0].expected[0]", "n3-random/y.exact", "y.exact");
}

Test(golden_suite, notices_every_changed_byte_of_the_archive) {
    write_suite();
    struct bytes b = read_file(in_folder("toy.npz"));
    for (size_t i = 0; i < b.size; i += 7) {
        b.data[i] ^= 1;
        write_file(in_folder("toy.npz"), b);
        struct golden_suite suite;
        cr_expect_neq(golden_load(in_folder(""), "toy", &suite, NULL), GOLDEN_OK, "byte %zu", i);
        b.data[i] ^= 1;
    }
    bytes_free(&b);
}

/* More than that the archive is not the one that the manifest means. */
Test(golden_suite, says_which_member_is_damaged) {
    write_suite();
    struct bytes b = read_file(in_folder("toy.npz"));
    enum { LOCAL_HEADER = 30, NAME_LENGTH = 26, EXTRA_LENGTH = 28 };
    const size_t npy = LOCAL_HEADER + b.data[NAME_LENGTH] + b.data[EXTRA_LENGTH];
    const size_t whole = b.size;
    b.data[npy + 128] ^= 1; /* the first byte after the header of the first member */
    write_file(in_folder("toy.npz"), b);
    expect_load(GOLDEN_NPZ_CRC, "", "n3-random/x.npy", "data");
    b.data[npy + 128] ^= 1;
    b.size = whole / 2;
    write_file(in_folder("toy.npz"), b);
    expect_load(GOLDEN_NPZ_ARCHIVE, "", "", "half of the archive");
    bytes_free(&b);
}

/* ---- files ---- */

Test(golden_suite, names_the_file_that_is_missing) {
    struct golden_suite suite;
    struct golden_error error;
    EXPECT_STATUS(golden_load(in_folder(""), "toy", &suite, &error), GOLDEN_FILE_OPEN, "json");
    cr_expect_eq(error.system_errno, ENOENT);
    cr_expect_str_eq(error.file, in_folder("toy.json"));
    write_suite();
    (void)remove(in_folder("toy.npz"));
    EXPECT_STATUS(golden_load(in_folder(""), "toy", &suite, &error), GOLDEN_FILE_OPEN, "npz");
    cr_expect_str_eq(error.file, in_folder("toy.npz"));
    cr_expect_null(suite.cases);
}

Test(golden_suite, refuses_kernel_names_that_are_paths) {
    write_suite();
    static const char *const bad[] = {"", "../toy", "./toy", "toy/", "to y", "7toy", ".toy"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct golden_suite suite;
        EXPECT_STATUS(golden_load(in_folder(""), bad[i], &suite, NULL), GOLDEN_KERNEL_NAME, bad[i]);
    }
    struct golden_suite suite;
    struct golden_error error = dirty_error();
    cr_expect_eq(golden_load(in_folder(""), "to y", &suite, &error), GOLDEN_KERNEL_NAME);
    expect_bare_error(&error, GOLDEN_KERNEL_NAME, 0, "", "kernel");
    error = dirty_error();
    cr_expect_eq(golden_load(NULL, "toy", &suite, &error), GOLDEN_NULL);
    expect_bare_error(&error, GOLDEN_NULL, 0, "", "");
    cr_expect_eq(golden_load(in_folder(""), NULL, &suite, NULL), GOLDEN_NULL);
    cr_expect_eq(golden_load(in_folder(""), "toy", NULL, NULL), GOLDEN_NULL);
}

Test(golden_suite, lists_its_kernels_in_order) {
    static const char *const files[] = {"zeta.json", "alpha.json", "alpha.npz",   "mid.json",
                                        "README.md", ".json",      ".hidden.json"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        write_file(in_folder(files[i]), (struct bytes){.data = (unsigned char *)""});
    }
    struct golden_names list;
    cr_assert_eq(golden_list(in_folder(""), &list, NULL), GOLDEN_OK);
    cr_assert_eq(list.n_kernels, 3u);
    cr_expect_str_eq(list.kernels[0], "alpha");
    cr_expect_str_eq(list.kernels[1], "mid");
    cr_expect_str_eq(list.kernels[2], "zeta");
    golden_names_free(&list);
    golden_names_free(&list);
    golden_names_free(NULL);
    char name[32];
    for (int i = 0; i < 40; i++) {
        (void)snprintf(name, sizeof name, "k%d.json", i);
        write_file(in_folder(name), (struct bytes){.data = (unsigned char *)""});
    }
    cr_assert_eq(golden_list(in_folder(""), &list, NULL), GOLDEN_OK);
    cr_expect_eq(list.n_kernels, 43u);
    golden_names_free(&list);
    struct golden_error error;
    EXPECT_STATUS(golden_list(in_folder("none"), &list, &error), GOLDEN_DIR_OPEN, "none");
    cr_expect_eq(error.system_errno, ENOENT);
    cr_expect_str_eq(error.file, in_folder("none"));
    cr_expect_eq(golden_list(NULL, &list, NULL), GOLDEN_NULL);
    cr_expect_eq(golden_list(in_folder(""), NULL, NULL), GOLDEN_NULL);
}
