// SPDX-License-Identifier: MIT
/*
 * Golden values: strict .npy and .npz files, the manifests beside them, and the comparison of an
 * array with what it should be.
 *
 *     struct golden_suite suite;
 *     struct golden_error error;
 *     if (golden_load("tests/golden", "neuron", &suite, &error) != GOLDEN_OK) {
 *         golden_error_text(&error, text, sizeof text);
 *     }
 *     const struct golden_expected *y = &suite.cases[0].expected[0];
 *     struct golden_comparison c;
 *     golden_compare(&actual, &y->exact, &y->bound, &y->value, &c);   // c.verdict: is it right?
 *     golden_free(&suite);
 *
 * A status says whether something could be done, a golden_comparison whether a result is right.
 * Files are read strictly: what is not exactly understood is refused, with a code, the byte and the
 * field. Memory is bounded by the size of the file read (GOLDEN_MAX_INFLATION).
 * No global state; nothing prints, exits or aborts.
 */
#ifndef GRADGATE_GOLDEN_H
#define GRADGATE_GOLDEN_H

#include "array/array.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GOLDEN_ID_SIZE 64   /* a case id, terminator included */
#define GOLDEN_NAME_SIZE 32 /* an array's name, terminator included */
#define GOLDEN_WHERE_SIZE 192
#define GOLDEN_MAX_HEADER 65535 /* bytes of a .npy header; NumPy's own are below 200 */
/* The members of an archive may add up to this many times the file's size, or to
 * GOLDEN_FREE_INFLATION bytes whatever its size: enough for any array of numbers, too little for a
 * zip bomb. */
#define GOLDEN_MAX_INFLATION 64
#define GOLDEN_FREE_INFLATION ((size_t)1 << 20)

/* ---- status ---- */

#define GOLDEN_STATUSES(X)                                                                         \
    X(GOLDEN_OK, "no error")                                                                       \
    X(GOLDEN_NULL, "a required pointer is NULL")                                                   \
    X(GOLDEN_NO_MEMORY, "out of memory")                                                           \
    /* files */                                                                                    \
    X(GOLDEN_FILE_OPEN, "cannot be opened")                                                        \
    X(GOLDEN_FILE_KIND, "is not a regular file")                                                   \
    X(GOLDEN_FILE_READ, "cannot be read")                                                          \
    X(GOLDEN_FILE_WRITE, "cannot be written")                                                      \
    X(GOLDEN_DIR_OPEN, "the folder cannot be opened")                                              \
    X(GOLDEN_DIR_READ, "the folder cannot be read")                                                \
    /* .npy */                                                                                     \
    X(GOLDEN_NPY_PREAMBLE, "ends before the length of the header")                                 \
    X(GOLDEN_NPY_MAGIC, "does not start with \\x93NUMPY: not a .npy file")                         \
    X(GOLDEN_NPY_VERSION, "the .npy version is none of 1.0, 2.0, 3.0")                             \
    X(GOLDEN_NPY_HEADER_TOO_LONG, "the header is longer than 65535 bytes")                         \
    X(GOLDEN_NPY_HEADER_BEYOND_FILE, "the header does not end before the file does")               \
    X(GOLDEN_NPY_HEADER_SYNTAX, "the header is not a dict as NumPy writes it")                     \
    X(GOLDEN_NPY_HEADER_END, "the header does not end in spaces and a line feed")                  \
    X(GOLDEN_NPY_KEY_UNKNOWN, "the header has an unknown key")                                     \
    X(GOLDEN_NPY_KEY_TWICE, "the header has a key twice")                                          \
    X(GOLDEN_NPY_KEY_MISSING, "the header lacks descr, fortran_order or shape")                    \
    X(GOLDEN_NPY_DESCR, "the dtype is none of <f8, <f4, <i8, <i4, |u1")                            \
    X(GOLDEN_NPY_DESCR_OBJECT, "the dtype holds Python objects, which are never read")             \
    X(GOLDEN_NPY_DESCR_STRUCTURED, "the dtype is structured")                                      \
    X(GOLDEN_NPY_DESCR_BIG_ENDIAN, "the dtype is big-endian")                                      \
    X(GOLDEN_NPY_FORTRAN, "the array is in Fortran order")                                         \
    X(GOLDEN_NPY_FORTRAN_SYNTAX, "fortran_order is neither True nor False")                        \
    X(GOLDEN_NPY_SHAPE_SYNTAX, "the shape is not a tuple of decimal integers")                     \
    X(GOLDEN_NPY_SHAPE_NEGATIVE, "the shape has a negative axis")                                  \
    X(GOLDEN_NPY_SHAPE_DIMS, "the shape has more than 8 axes")                                     \
    X(GOLDEN_NPY_SHAPE_OVERFLOW, "the shape's size overflows")                                     \
    X(GOLDEN_NPY_DATA_TRUNCATED, "the data end before the shape is filled")                        \
    X(GOLDEN_NPY_TRAILING_BYTES, "there are bytes after the data")                                 \
    /* .npz */                                                                                     \
    X(GOLDEN_NPZ_ARCHIVE, "is not a zip archive, or its directory is damaged")                     \
    X(GOLDEN_NPZ_NAME_UNSAFE, "a member's name is empty, absolute, leaves its folder, is too "     \
                              "long or has unusual characters")                                    \
    X(GOLDEN_NPZ_NAME_SUFFIX, "a member's name does not end in .npy")                              \
    X(GOLDEN_NPZ_NAME_TWICE, "two members have the same name")                                     \
    X(GOLDEN_NPZ_ENCRYPTED, "a member is encrypted")                                               \
    X(GOLDEN_NPZ_METHOD, "a member is neither stored nor deflated")                                \
    X(GOLDEN_NPZ_BOMB, "the members inflate to more than 64 times the file")                       \
    X(GOLDEN_NPZ_DATA, "a member's data are damaged")                                              \
    X(GOLDEN_NPZ_CRC, "a member's checksum is wrong")                                              \
    X(GOLDEN_NPZ_WRITE, "the archive cannot be built")                                             \
    /* manifests */                                                                                \
    X(GOLDEN_JSON_SYNTAX, "is not JSON (UTF-8, no key twice)")                                     \
    X(GOLDEN_JSON_MISSING, "a required field is missing")                                          \
    X(GOLDEN_JSON_UNKNOWN, "an unknown field")                                                     \
    X(GOLDEN_JSON_TYPE, "the field has another type than it must have")                            \
    X(GOLDEN_FORMAT, "format is not \"gradgate-golden\"")                                          \
    X(GOLDEN_VERSION, "the version of the format is not 1")                                        \
    X(GOLDEN_KERNEL_NAME, "the kernel's name is malformed or is not the file's")                   \
    X(GOLDEN_NPZ_FIELD, "npz does not name the archive beside the manifest")                       \
    X(GOLDEN_SHA256, "the archive's SHA-256 is not the manifest's")                                \
    X(GOLDEN_NO_CASES, "there is no case")                                                         \
    X(GOLDEN_CASE_ID, "the case id is not 1 to 63 of [A-Za-z0-9_.=+-], or is . or ..")             \
    X(GOLDEN_CASE_TWICE, "two cases have the same id")                                             \
    X(GOLDEN_CASE_EMPTY, "the case expects nothing")                                               \
    X(GOLDEN_FLAG_UNKNOWN, "the flag is not described under flags")                                \
    X(GOLDEN_ARRAY_NAME, "the array's name is not [A-Za-z_][A-Za-z0-9_.]* up to 31 bytes")         \
    X(GOLDEN_ARRAY_TWICE, "two arrays of the case have the same name")                             \
    X(GOLDEN_ARRAY_DTYPE, "the dtype is none of f64, f32, i64, i32, u8")                           \
    X(GOLDEN_ARRAY_SHAPE, "the shape is not up to 8 integers of 0 or more")                        \
    X(GOLDEN_ARRAY_MISSING, "the archive lacks the array")                                         \
    X(GOLDEN_ARRAY_UNREFERENCED, "the archive has an array that the manifest does not name")       \
    X(GOLDEN_ARRAY_DTYPE_DIFFERS, "the archive's dtype is not the manifest's")                     \
    X(GOLDEN_ARRAY_SHAPE_DIFFERS, "the archive's shape is not the manifest's")                     \
    X(GOLDEN_BOUND_UNDERIVED, "bounds has no sentence for the expected array")                     \
    X(GOLDEN_BASELINE, "baseline stands in the root and in every case, or nowhere")                \
    X(GOLDEN_GRAD_SCALE, "grad_scale is 0 or not finite, or the array is no input's gradient")     \
    /* comparison, and the bounds of a suite */                                                    \
    X(GOLDEN_BOUND_SHAPE, "bound or NumPy's value differs from exact in dtype or shape")           \
    X(GOLDEN_BOUND_VALUE, "a bound is NaN, infinite or negative, or not 0 where the exact value "  \
                          "is NaN or infinite")                                                    \
    X(GOLDEN_TOLERANCE, "a tolerance is NaN, infinite or negative")

#define GOLDEN_STATUS_(code, text) code,
enum golden_status { GOLDEN_STATUSES(GOLDEN_STATUS_) };
#undef GOLDEN_STATUS_

/* Plain data; valid as long as you like. */
struct golden_error {
    enum golden_status code;
    int64_t offset;   /* byte in the file, or in the .npz member named below; -1: none applies */
    int system_errno; /* of the failing system call; 0: none */
    const char *text; /* golden_status_text(code), never NULL */
    char file[GOLDEN_WHERE_SIZE];   /* path as given; a long one loses its start */
    char member[GOLDEN_WHERE_SIZE]; /* of an .npz: "n17-random/x.npy"; "" if none */
    char field[GOLDEN_WHERE_SIZE];  /* "descr"; in a manifest the JSON path,
                                       "cases[3].inputs[0].shape"; "" if none */
};

const char *golden_status_text(enum golden_status status);
/* One line: "dir/neuron.npz: n17/x.npy: byte 61: descr: the dtype is big-endian". Always
 * terminated, cut to size. */
void golden_error_text(const struct golden_error *error, char text[], size_t size);

/* Everywhere below: error may be NULL; it is filled whenever the status is not GOLDEN_OK, and set
 * to GOLDEN_OK otherwise. On failure the out-parameter is all zero. */

/* ---- .npy ---- */

struct golden_npy_header {
    unsigned major; /* version 1, 2 or 3 */
    enum array_dtype dtype;
    size_t ndim;
    size_t shape[ARRAY_MAX_DIMS];
    size_t count;       /* product of shape */
    size_t data_offset; /* bytes before the data */
    size_t data_size;   /* count * size of the dtype */
};

/* Reads the header alone. bytes are the first n_bytes of a file of file_size bytes; 12 +
 * GOLDEN_MAX_HEADER are always enough. That the data fill the file exactly is checked too. */
enum golden_status golden_npy_parse(const unsigned char bytes[], size_t n_bytes, size_t file_size,
                                    struct golden_npy_header *header, struct golden_error *error);
/* A whole .npy in memory. *out is the caller's: array_free. */
enum golden_status golden_npy_decode(const unsigned char bytes[], size_t n_bytes, struct array *out,
                                     struct golden_error *error);
enum golden_status golden_npy_read(const char *path, struct array *out, struct golden_error *error);
/* Version 1.0, byte for byte what numpy.save writes. The file appears whole or not at all: it is
 * written under a temporary name in the same folder, then renamed. */
enum golden_status golden_npy_write(const char *path, const struct array *a,
                                    struct golden_error *error);

/* ---- .npz ---- */

struct golden_member {
    char *name; /* without ".npy" */
    struct array array;
};

struct golden_npz {
    size_t n_members;
    struct golden_member *members; /* in the order of the archive's directory */
};

/* Stored and deflated members, every checksum verified, the whole archive or nothing. */
enum golden_status golden_npz_read(const char *path, struct golden_npz *out,
                                   struct golden_error *error);
enum golden_status golden_npz_decode(const unsigned char bytes[], size_t n_bytes,
                                     struct golden_npz *out, struct golden_error *error);
/* NULL if there is none of that name. */
const struct array *golden_npz_find(const struct golden_npz *npz, const char *name);
/* Stored, in the order given, with a fixed time: the same members give the same bytes. Whole or not
 * at all, as golden_npy_write. */
enum golden_status golden_npz_write(const char *path, const struct golden_member members[],
                                    size_t n_members, struct golden_error *error);
void golden_npz_free(struct golden_npz *npz); /* zeroes *npz; NULL is fine */

/* ---- suites: a manifest with its archive ---- */

struct golden_note { /* a flag and which bug it catches; an array and how its bound is derived */
    char *name;
    char *text;
};

struct golden_input {
    char name[GOLDEN_NAME_SIZE]; /* "x", "y.grad" */
    struct array array;
};

struct golden_expected {
    char name[GOLDEN_NAME_SIZE]; /* "y", "w.grad" */
    struct array value;          /* what NumPy gave: reported, never judged by */
    struct array exact;          /* the truth, correctly rounded; NaN and infinity where due */
    struct array bound;          /* >= 0, finite, absolute; 0 where exact is NaN or infinite */
    double grad_scale; /* a gradient stands there times this, as in gradcheck_tensor; else 1 */
};

/* What else was measured when a baseline was recorded. */
struct golden_measured {
    char gradient[GOLDEN_NAME_SIZE]; /* the gradient check's verdict: "pass" */
    double resolution;               /* 0 if there is none */
    size_t evaluations;
};

struct golden_case {
    char id[GOLDEN_ID_SIZE];
    char *note; /* "" if none */
    size_t n_flags;
    const struct golden_note **flags; /* into the suite's flags */
    size_t n_inputs;
    struct golden_input *inputs;
    size_t n_expected; /* >= 1 */
    struct golden_expected *expected;
    struct golden_measured measured; /* of a baseline; else all zero */
};

/* A baseline is a suite whose values are not NumPy's but a kernel's own, as they were when it was
 * recorded; exact values and bounds are those of the suite that it was recorded from. */
struct golden_suite {
    char *kernel; /* "neuron_batch" */
    char sha256[65];
    int64_t seed; /* of the random inputs; of the gradient checks of a baseline */
    size_t n_versions;
    struct golden_note *versions; /* informative */
    bool is_baseline;
    size_t n_recorded; /* cases that a baseline had when it was recorded */
    size_t n_flags;
    struct golden_note *flags;
    size_t n_bounds;
    struct golden_note *bounds;
    size_t n_cases; /* >= 1 */
    struct golden_case *cases;
};

/* Reads <dir>/<kernel>.json and the .npz beside it. Everything that the two say is held against
 * each other: nothing missing, nothing left over, same dtypes and shapes, bounds usable, SHA-256
 * right. */
enum golden_status golden_load(const char *dir, const char *kernel, struct golden_suite *out,
                               struct golden_error *error);
void golden_free(struct golden_suite *suite); /* zeroes *suite; NULL is fine */

/* Writes <dir>/<kernel>.npz and .json, each under a temporary name that is then renamed; should the
 * second fail, the checksum in the old manifest tells. The same suite gives the same bytes, those
 * of the manifest being the same as oracle/gradgate.py writes, but for subnormal numbers and from
 * 1e15 on; sha256 is computed anew. A grad_scale that is 0 or not finite: GOLDEN_GRAD_SCALE. */
enum golden_status golden_save(const char *dir, const struct golden_suite *suite,
                               struct golden_error *error);

/* NULL if there is none of that name. */
const struct golden_case *golden_find_case(const struct golden_suite *suite, const char *id);
const struct golden_input *golden_find_input(const struct golden_case *c, const char *name);
const struct golden_expected *golden_find_expected(const struct golden_case *c, const char *name);

struct golden_names {
    size_t n_kernels;
    char **kernels; /* sorted; stems of the .json files in the folder */
};
enum golden_status golden_list(const char *dir, struct golden_names *out,
                               struct golden_error *error);
void golden_names_free(struct golden_names *names); /* zeroes *names; NULL is fine */

/* What a port is asked for on a case. Gradients come out of a backward pass; parameters after
 * update steps, and what else such a case expects, out of training; everything else out of forward.
 */
enum golden_pass { GOLDEN_FORWARD, GOLDEN_BACKWARD, GOLDEN_TRAIN, GOLDEN_N_PASSES };
const char *golden_pass_name(enum golden_pass pass); /* "forward" */
/* The pass that the expected array of that name comes out of. */
enum golden_pass golden_pass_of(const struct golden_case *c, const char *name);
bool golden_has_pass(const struct golden_case *c, enum golden_pass pass);
/* Is the input of that name given? Cotangents are not given to forward. */
bool golden_pass_is_given(enum golden_pass pass, const char *name);

/* The suites as a vector pack, the lines of the port protocol (tests/golden/README.md): a call for
 * each case and pass, numbered from 1. With `expected` each wanted array is followed by its exact
 * values and bounds, which readers of requests ignore. name is one word. FILE_WRITE if the stream
 * failed. */
enum golden_status golden_pack_write(const struct golden_suite suites[], size_t n_suites,
                                     const char *name, bool expected, FILE *out);

/* ---- comparison ---- */

enum golden_verdict {
    GOLDEN_NOT_COMPARED = 0, /* the status says why */
    GOLDEN_PASS,
    GOLDEN_FAIL,
};

/* What is wrong with an element, or with an array as a whole: its most severe. */
#define GOLDEN_MISMATCHES(X)                                                                       \
    X(GOLDEN_MATCH, "none")                                                                        \
    X(GOLDEN_ZERO_SIGN, "zero_sign") /* +0 for -0 or the reverse, and it was asked for */          \
    X(GOLDEN_VALUE, "value")         /* both finite, further apart than allowed */                 \
    X(GOLDEN_INF, "inf")             /* infinite on one side only, or of opposite signs */         \
    X(GOLDEN_NAN, "nan")             /* NaN on one side only */                                    \
    X(GOLDEN_SHAPE, "shape")                                                                       \
    X(GOLDEN_DTYPE, "dtype")

#define GOLDEN_MISMATCH_(code, name) code,
enum golden_mismatch { GOLDEN_MISMATCHES(GOLDEN_MISMATCH_) };
#undef GOLDEN_MISMATCH_

struct golden_element {
    size_t flat;
    size_t index[ARRAY_MAX_DIMS]; /* the first ndim of the comparison */
    enum golden_mismatch mismatch;
    double expected, actual;          /* rounded to double for integers beyond 2^53 ... */
    int64_t expected_int, actual_int; /* ... so for integer dtypes they stand here exactly */
    double absolute; /* |actual - expected|; infinity if it overflows or on an INF mismatch, NaN on
                        a NAN mismatch */
    double relative; /* absolute / |expected|; 0 for equal values, infinity if expected is 0 */
    uint64_t ulp;   /* in the arrays' own dtype; for integers the difference; UINT64_MAX with NaN */
    double allowed; /* the absolute difference that was allowed here */
    double share;   /* of what was allowed, used: <= 1 passes. 0 if equal, infinity if nothing was
                       allowed or the class is wrong */
};

/* Plain data without pointers: may be copied between processes. */
struct golden_comparison {
    enum golden_verdict verdict;
    enum golden_mismatch mismatch; /* the most severe; GOLDEN_MATCH on pass */

    enum array_dtype dtype, actual_dtype; /* of the expected array; of the actual one */
    size_t ndim, shape[ARRAY_MAX_DIMS];
    size_t actual_ndim, actual_shape[ARRAY_MAX_DIMS];

    /* On a dtype or shape mismatch no element is compared, and the rest is zero. */
    size_t count;                /* elements compared; 0 for an empty array, which passes */
    size_t n_mismatch;           /* elements that fail */
    size_t n_nan;                /* of these: NaN on one side only */
    size_t n_inf;                /* infinity on one side only, or of the other sign */
    size_t n_value;              /* too far apart */
    size_t n_zero_sign;          /* +0 against -0, whether or not that fails */
    size_t n_equal;              /* equal values, +0 and -0 included, and NaN for NaN */
    size_t n_nonfinite;          /* expected NaN or infinity */
    struct golden_element worst; /* most severe mismatch, then largest share, then absolute, then
                                    ULP, then first; valid if count > 0, on a pass too */
    double max_share;            /* over all elements; NaN never hides in it */
    double max_absolute;         /* these three over elements finite on both sides */
    double max_relative;
    uint64_t max_ulp;

    /* Against NumPy's own value, if given: reported, never judged by. */
    bool has_numpy;
    size_t n_numpy_equal;   /* the same sign of zero included */
    uint64_t max_numpy_ulp; /* UINT64_MAX if NaN stands on one side only */
    size_t furthest;        /* flat index of the first element that far; 0 if all are equal */
};

/* Is actual within bound of exact, element by element? NaN for NaN and infinity of the same sign
 * pass; every other difference must be <= bound. The sign of zero is counted, never judged: the
 * exact reference of a sum of zeros has none. numpy may be NULL. The status is GOLDEN_OK whenever a
 * verdict was reached; *out is filled in any case. */
enum golden_status golden_compare(const struct array *actual, const struct array *exact,
                                  const struct array *bound, const struct array *numpy,
                                  struct golden_comparison *out);

/* All zero: equal values only. */
struct golden_tolerance {
    double atol, rtol;      /* as numpy.testing.assert_allclose: atol + rtol * |expected| */
    uint64_t ulp;           /* or this many units in the last place: either suffices */
    bool zero_sign_matters; /* +0 for -0 is a mismatch */
    bool nan_differs;       /* NaN for NaN is a mismatch: equal_nan=False */
};
/* The verdict of numpy.testing.assert_allclose to the last bit: in float32 difference, allowance
 * and comparison are made in float32, too. Stricter than NumPy on purpose: another dtype or shape
 * never passes (NumPy promotes and broadcasts), and integers are compared exactly (NumPy rounds
 * them to float64, which hides differences beyond 2^53). */
enum golden_status golden_compare_close(const struct array *actual, const struct array *expected,
                                        const struct golden_tolerance *tolerance,
                                        struct golden_comparison *out);

/* ---- files, however large: mapped, and read once from front to back ---- */

struct golden_file; /* a .npy or a .npz, told apart by content */
/* As long as it is open, another process must not shorten the file: that would be a SIGBUS. */
enum golden_status golden_open(const char *path, struct golden_file **out,
                               struct golden_error *error);
void golden_close(struct golden_file *file); /* NULL is fine */
bool golden_is_archive(const struct golden_file *file);
size_t golden_n_arrays(const struct golden_file *file);                  /* of a .npy: 1 ... */
const char *golden_array_name(const struct golden_file *file, size_t i); /* ... called "" */

struct golden_place {
    const struct golden_file *file;
    size_t array;
};

struct golden_sides {
    struct golden_place actual, expected;
    struct golden_place bound; /* file NULL: a tolerance decides */
};

#define GOLDEN_TABLE_SIZE 10
#define GOLDEN_ULP_BINS 14

struct golden_profile { /* beside a golden_comparison */
    size_t n_finite;    /* elements finite on both sides: over these, and valid if there are any, */
    struct golden_element worst_absolute, worst_relative, worst_ulp;
    size_t n_table; /* the worst elements that are not equal, pass or not, worst first */
    struct golden_element table[GOLDEN_TABLE_SIZE];
    size_t bins[GOLDEN_ULP_BINS]; /* elements by distance; the last: no distance, NaN or infinity
                                     on one side, or UINT64_MAX of int64 */
};
/* The largest distance in a bin: 0, 1, 2, 4, ... */
uint64_t golden_ulp_bin_limit(size_t bin);

/* As golden_compare, if there is a bound, or as golden_compare_close. */
enum golden_status golden_compare_files(const struct golden_sides *sides,
                                        const struct golden_tolerance *tolerance,
                                        struct golden_comparison *out,
                                        struct golden_profile *profile, struct golden_error *error);

struct golden_summary {
    struct golden_npy_header header;
    size_t n_finite; /* integers all are */
    size_t n_nan, n_plus_inf, n_minus_inf;
    double min, max;          /* of the finite values of a float array, if there are any */
    int64_t min_int, max_int; /* of an integer array */
};
enum golden_status golden_summarise(const struct golden_file *file, size_t i,
                                    struct golden_summary *out, struct golden_error *error);

const char *golden_mismatch_name(enum golden_mismatch mismatch);
/* One line on the worst element or the dtypes or shapes: "[3, 1]: expected 1.5, got 1.25: off by
 * 0.25 (0.17 relative, 1125899906842624 ULP), allowed 2.2e-16; 3 of 64 elements differ". Always
 * terminated, cut to size. */
void golden_comparison_text(const struct golden_comparison *c, char text[], size_t size);

#ifdef __cplusplus
}
#endif

#endif
