// SPDX-License-Identifier: MIT
/*
 * The gate: kernel families x golden cases x checks -> results.
 *
 *     struct gate_options options = {.golden_dir = "tests/golden"};
 *     struct gate_results results;
 *     if (gate_run(families, n_families, &options, &results) == GATE_OK) {
 *         code = gate_exit_code(&results);
 *     }
 *     gate_results_free(&results);
 *
 * Each case runs in a worker of its own: a kernel that crashes, hangs or talks is a finding with
 * the case's id, and the rest still runs. In the worker the kernel is opened for the case's shapes;
 * forward and backward are held against the golden values, then gradcheck runs on the same kernel.
 * What a case yields depends on the family, the case and the seed, never on other cases.
 * Nothing here prints.
 */
#ifndef GRADGATE_GATE_H
#define GRADGATE_GATE_H

#include "golden/golden.h"
#include "gradcheck/gradcheck.h"
#include "port/door.h"
#include "port/worker.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GATE_TEXT_SIZE 512
#define GATE_MAX_ARRAYS 32 /* expected arrays of a case */
#define GATE_MAX_PROBES 4

/* ---- what is checked ---- */

/* From good to bad: a whole is as bad as its worst part. */
#define GATE_VERDICTS(X)                                                                           \
    X(GATE_NOT_RUN, "not run") /* something else stopped it, and is a finding */                   \
    X(GATE_NOT_APPLICABLE, "not applicable")                                                       \
    X(GATE_SKIPPED, "skipped") /* a port said that this is not for it, and why */                  \
    X(GATE_KNOWN, "known")     /* a failure that was accepted, with a reason */                    \
    X(GATE_PASS, "pass")                                                                           \
    X(GATE_INCONCLUSIVE, "inconclusive") /* neither proved nor refuted */                          \
    X(GATE_ERROR, "error")               /* could not be checked */                                \
    X(GATE_FAIL, "fail")

#define GATE_VERDICT_(code, name) code,
enum gate_verdict { GATE_VERDICTS(GATE_VERDICT_) };
#undef GATE_VERDICT_

struct gate_array { /* one expected array against its golden values */
    char name[GOLDEN_NAME_SIZE];
    struct golden_comparison comparison;
};

struct gate_probe { /* a question beyond forward and backward: "interleave", "divergence" */
    char name[16];
    enum gate_verdict verdict; /* NOT_APPLICABLE: a remark on what others found */
    char note[GATE_TEXT_SIZE];
};

struct gate_trouble { /* why forward or backward returned nonzero */
    enum port_answer answer;
    char text[GATE_TEXT_SIZE];
};

/* A kernel made for the shapes of one case. The gate fills the values of its inputs and the
 * cotangents of its outputs from the case's inputs "x" and "y.grad", and compares "y", "x.grad" and
 * the extras with what the case expects. A tensor without an array, or an array without a tensor,
 * is an error. */
struct gate_kernel {
    struct gradcheck_kernel check;
    /* all fields after this point are optional */
    const struct gradcheck_tensor *extras; /* written by forward, compared with golden values, not
                                              differentiated: z. Only value is used */
    size_t n_extras;
    const char *no_gradient; /* why there is nothing to differentiate; NULL: there is. Then backward
                                is not called and no tensor needs a grad */
    const char *gradient_skipped; /* why gradients are compared with golden values only; NULL: they
                                     are checked. The report says so */
    void *self;                   /* the family's own */

    /* Of kernels that live elsewhere: ports. */
    const struct gate_trouble *trouble; /* NULL: every nonzero return is a fault of the kernel */
    /* Did the last forward give this extra? NULL: it gives them all. */
    bool (*gives)(const struct gate_kernel *kernel, const char *name);
    struct port_counts (*count)(const struct gate_kernel *kernel); /* NULL: nothing to count */
    /* After golden values and before gradients. arrays[n_arrays]: what was found. Returns the
     * number of probes made. */
    size_t (*probe)(struct gate_kernel *kernel, const struct gate_array arrays[], size_t n_arrays,
                    struct gate_probe probes[GATE_MAX_PROBES]);
    /* Before close: did it end well? If not, why[GATE_TEXT_SIZE]. */
    bool (*end)(struct gate_kernel *kernel, char why[]);
    bool (*allow)(
        const struct gate_kernel *kernel, const struct golden_expected *e,
        struct array *bound); /* what it is to be allowed beyond the bound; NULL: nothing */
    /* Set by the gate, after open: what is to be said before the process dies. Async-signal-safe.
     */
    void (*last_words)(void *ctx, const char *text);
    void *last_words_ctx;
};

/* One kernel for any shapes and values. A port is a family too. */
struct gate_family {
    const char *name;    /* that of its golden values */
    const char *summary; /* one line */
    /* Makes the kernel for the shapes of c; the values are filled in later. False with a reason in
     * why[GATE_TEXT_SIZE] if there is none for them. Called in the worker. */
    bool (*open)(const struct gate_family *family, const struct golden_case *c,
                 struct gate_kernel *out, char why[]);
    void (*close)(struct gate_kernel *kernel); /* what open returned true for; may be NULL */
    /* Once, when its golden values are there, before the first case; may be NULL. Not in a worker.
     */
    void (*begin)(const struct gate_family *family, const struct golden_suite *suite);
    const void *data; /* the family's own */
};

/* ---- results: plain data, owned by gate_results ---- */

/* How far a worker came. */
#define GATE_STAGES(X)                                                                             \
    X(GATE_STAGE_START, "start")                                                                   \
    X(GATE_STAGE_OPEN, "open")                                                                     \
    X(GATE_STAGE_FORWARD, "forward")                                                               \
    X(GATE_STAGE_BACKWARD, "backward")                                                             \
    X(GATE_STAGE_PROBE, "probes")                                                                  \
    X(GATE_STAGE_GRADIENT, "gradient check")                                                       \
    X(GATE_STAGE_CLOSE, "close")                                                                   \
    X(GATE_STAGE_END, "end")

#define GATE_STAGE_(code, name) code,
enum gate_stage { GATE_STAGES(GATE_STAGE_) };
#undef GATE_STAGE_

struct gate_case {
    char id[GOLDEN_ID_SIZE];
    char *flags;   /* names, joined by ", "; "" if none */
    char *note;    /* "" if none */
    uint64_t seed; /* that the gradient check got: from the run's seed, the kernel and the id */
    enum gate_verdict verdict;
    char finding[GATE_TEXT_SIZE]; /* a finding of the case as a whole: crashed, no such tensor, ...;
                                     "" if none */

    enum gate_verdict golden;
    size_t n_expected;         /* arrays that the case expects */
    size_t n_arrays;           /* of these compared: all, unless the worker did not come that far */
    struct gate_array *arrays; /* outputs first, then gradients, each in the manifest's order */

    bool differentiable; /* false: the kernel has no backward pass, by its nature */
    enum gate_verdict gradient;
    char gradient_note[GATE_TEXT_SIZE]; /* why not applicable, or not a pass */
    enum gradcheck_status gradient_status;
    struct gradcheck_report *report; /* NULL if gradcheck did not run to its end */

    void *values; /* the elements of the expected arrays as the kernel gave them, one array after
                     another in the manifest's order; NULL unless asked for and all there */
    struct golden_measured recorded; /* in the baseline, if that is what the golden values are */

    size_t n_left_out; /* expected arrays that a port may leave out, and did */
    size_t n_probes;
    struct gate_probe probes[GATE_MAX_PROBES];
    struct port_counts calls; /* of a port */

    enum gate_stage stage;
    enum port_end end;
    int end_code; /* as port_outcome.code */
    double seconds;
    size_t talk_total; /* bytes that the kernel printed */
    size_t talk_size;  /* of these kept */
    char *talk;        /* talk_size bytes, any; NULL if 0 */
};

struct gate_counts { /* by verdict */
    size_t of[GATE_FAIL + 1];
};

struct gate_place {
    char case_id[GOLDEN_ID_SIZE]; /* "" if there is none */
    char tensor[GOLDEN_NAME_SIZE];
    size_t ndim;
    size_t index[ARRAY_MAX_DIMS];
};

/* What changed since a baseline was recorded. Arrays that are beyond their bounds fail and are
 * counted there. */
struct gate_baseline {
    bool exists;             /* false: the golden values are no baseline; the rest is zero */
    size_t n_recorded;       /* cases it had */
    size_t n_same, n_moved;  /* arrays with the recorded values; others within their bounds */
    uint64_t moved_ulp;      /* the furthest of these, from what was recorded */
    struct gate_place moved; /* there */
    size_t n_half;           /* arrays within their bounds that use up more than half */
    struct gate_place half;  /* the first of them */
    bool same_seed;          /* false: resolution and evaluations are not compared */
    size_t n_lost;           /* gradients that were proven and are not now */
    size_t n_coarser;        /* proven with a resolution more than GATE_COARSER times what it was */
    char lost[GOLDEN_ID_SIZE]; /* the first case of either */
    size_t evaluations;        /* that the cases which ran took when it was recorded */
};
#define GATE_COARSER 10

struct gate_suite { /* one kernel */
    char name[GOLDEN_NAME_SIZE];
    char *summary;
    char sha256[65]; /* of its golden values; "" if not loaded */
    enum gate_verdict verdict;
    char finding[GATE_TEXT_SIZE]; /* why it is not a pass; "" if it is, or if cases say so */
    size_t n_total;               /* cases that the golden values have */
    size_t n_left_out;            /* cases larger than max_elements */
    size_t n_cases;               /* cases that were asked for and ran */
    struct gate_case *cases;
    /* what the cases amount to */
    struct gate_counts by_case, by_golden, by_gradient;
    size_t n_arrays, n_elements; /* compared with golden values */
    double worst_share;          /* of a golden bound, over everything compared */
    struct gate_place worst;     /* there */
    uint64_t max_ulp;            /* from the exact values */
    size_t n_tensors, n_proven;  /* with a gradient; of these, passed in at least one case */
    double resolution;           /* of the gradient checks that passed, the worst; 0 if none */
    double median_resolution;    /* and the middle one */
    size_t n_evaluations;        /* forward calls of the gradient checks */
    struct gate_baseline baseline;
    double seconds;
};

struct gate_port_report { /* what was verified, if it is a port */
    const char *target;   /* as it was named */
    const char *text;     /* what it says about itself */
    bool flush_to_zero;   /* it says so, and was allowed to */
    const char *finding;  /* beyond the cases: a failure; "" if none */
};

struct gate_results {
    uint64_t seed;
    char *golden_dir;
    double time_limit; /* seconds a case */
    bool interrupted;
    const struct gate_port_report *port; /* NULL: the kernels ran in process. The caller's */
    size_t n_suites;
    struct gate_suite *suites; /* in the order of the families; with gaps if interrupted */
    double seconds;
};

/* ---- running ---- */

struct gate_progress {
    const char *kernel;
    const char *case_id;
    size_t done, total; /* cases of this kernel */
};

struct gate_known { /* a case that fails, and may */
    const char *kernel, *case_id, *reason;
};

struct gate_options {
    const char *golden_dir; /* required */
    /* all fields after this point are optional: zero means what is said */
    const char *case_id;            /* only this case; kernels without it are left out. NULL: all */
    const enum array_dtype *dtype;  /* only kernels of this dtype. NULL: all */
    size_t max_elements;            /* only cases whose arrays have no more; 0: all */
    const struct gate_known *known; /* failures to accept */
    size_t n_known;
    const struct gate_port_report *port; /* of the results */
    uint64_t seed;
    double time_limit;      /* seconds a case; 0: PORT_SECONDS */
    size_t max_evaluations; /* of a gradient check; 0: gradcheck's default */
    size_t n_points;        /* of a gradient check; 0: 3, 2 above 16 entries, 1 above 64 */
    bool thorough;
    bool keep_values;                                                  /* in gate_case.values */
    void (*progress)(void *ctx, const struct gate_progress *progress); /* before each case */
    void *progress_ctx;
};

#define GATE_STATUSES(X)                                                                           \
    X(GATE_OK, "it ran: see the verdicts")                                                         \
    X(GATE_E_NULL, "a required pointer is NULL")                                                   \
    X(GATE_E_OPTION, "the time limit is NaN, infinite or negative")                                \
    X(GATE_E_NO_MEMORY, "out of memory")

#define GATE_STATUS_(code, text) code,
enum gate_status { GATE_STATUSES(GATE_STATUS_) };
#undef GATE_STATUS_

/* Runs every family on its golden values. *results is all zero on a status other than OK. Golden
 * values that cannot be read are an error of that suite. */
enum gate_status gate_run(const struct gate_family families[], size_t n_families,
                          const struct gate_options *options, struct gate_results *results);
void gate_results_free(struct gate_results *results); /* zeroes; NULL is fine */

/* A kernel's results as a baseline: <dir>/<kernel>.npz and .json, golden values whose values are
 * what the kernel gave, exact values and bounds being those that it was held against. The run must
 * have kept its values. A kernel that fails, could not be run or did not run every case makes no
 * baseline: false in gate_may_record, with a line in why[GATE_TEXT_SIZE]. */
bool gate_may_record(const struct gate_suite *suite, char why[]);
enum golden_status gate_record(const struct gate_results *results, const struct gate_suite *suite,
                               const char *dir, struct golden_error *error);

/* 130 interrupted; else 1 something is wrong, 2 something could not be run, 3 something is not
 * proven, or nothing ran; 0. */
int gate_exit_code(const struct gate_results *results);

const char *gate_status_text(enum gate_status status);
const char *gate_verdict_name(enum gate_verdict verdict);
const char *gate_stage_name(enum gate_stage stage);
/* "w.grad[2, 0]"; "b" for a scalar. Always terminated, cut to size. */
void gate_place_text(const char *tensor, size_t ndim, const size_t index[], char text[],
                     size_t size);

#ifdef __cplusplus
}
#endif

#endif
