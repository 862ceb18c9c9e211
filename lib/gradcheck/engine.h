// SPDX-License-Identifier: MIT
/*
 * Private to lib/gradcheck: one run's state, and what its files offer each other.
 *
 * Inputs are seen as one packed list of doubles ("entries"): every float input, in C order, one
 * after the other; likewise the elements of every float output. A float32 value is exact in a
 * double, so what is written back is what was read.
 */
#ifndef GRADGATE_GRADCHECK_ENGINE_H
#define GRADGATE_GRADCHECK_ENGINE_H

#include <math.h>

#include "gradcheck/gradcheck.h"

#define GC_MAX_LEVELS 32 /* steps tried along one line */

struct gc_estimate;

/* ---- random.c ---- */

struct gc_random {
    uint64_t state;
};

void gc_random_seed(struct gc_random *random, uint64_t seed, uint64_t stream);
uint64_t gc_random_bits(struct gc_random *random);
double gc_random_uniform(struct gc_random *random); /* [0, 1) */
double gc_random_signed(struct gc_random *random);  /* random sign x magnitude in [0.5, 1.5] */
size_t gc_random_below(struct gc_random *random, size_t n);

/* ---- tensor.c: elements of a described tensor, whatever its dtype and strides ---- */

bool gc_is_float(enum gradcheck_dtype dtype);
size_t gc_dtype_size(enum gradcheck_dtype dtype);
double gc_dtype_epsilon(enum gradcheck_dtype dtype); /* distance from 1 to its neighbour */
double gc_dtype_tiny(enum gradcheck_dtype dtype);    /* smallest positive value */
double gc_dtype_round(enum gradcheck_dtype dtype, double value);
size_t gc_tensor_count(const struct gradcheck_tensor *t);
bool gc_tensor_packed(const struct gradcheck_tensor *t);
size_t gc_tensor_extent(const struct gradcheck_tensor *t); /* bytes from first to past last */
size_t gc_tensor_offset(const struct gradcheck_tensor *t, size_t flat); /* elements */
void gc_tensor_index(const struct gradcheck_tensor *t, size_t flat, size_t index[]);
void gc_tensor_read(const struct gradcheck_tensor *t, const void *buffer, double out[]);
void gc_tensor_write(const struct gradcheck_tensor *t, void *buffer, const double in[]);
double gc_tensor_get(const struct gradcheck_tensor *t, const void *buffer, size_t flat);
void gc_tensor_put(const struct gradcheck_tensor *t, void *buffer, size_t flat, double value);
void gc_tensor_fill(const struct gradcheck_tensor *t, void *buffer, double value);
void gc_tensor_save(const struct gradcheck_tensor *t, const void *buffer, unsigned char raw[]);
void gc_tensor_restore(const struct gradcheck_tensor *t, void *buffer, const unsigned char raw[]);
bool gc_overlap(const struct gradcheck_tensor *a, const void *p, const struct gradcheck_tensor *b,
                const void *q); /* extents of two buffers */
uint64_t gc_padding_hash(const struct gradcheck_tensor *t, const void *buffer);
bool gc_same_bits(double a, double b); /* NaN equals NaN; +0 and -0 differ */

/* ---- numbers.c ---- */

struct gc_sum { /* compensated (Neumaier) */
    double high, low;
};
static inline void gc_sum_add(struct gc_sum *sum, double term) {
    double total = sum->high + term;
    double lost =
        fabs(sum->high) >= fabs(term) ? (sum->high - total) + term : (term - total) + sum->high;
    sum->low += isfinite(lost) ? lost : 0;
    sum->high = total;
}
double gc_sum_value(const struct gc_sum *sum);

/* The root of a sum of squares that neither overflows nor loses what is tiny: squares of small,
 * ordinary and large terms are added apart (Blue 1978). */
struct gc_norm {
    double small, middle, large;
};
#define GC_NORM_LARGE 0x1p480 /* its square, and 2^60 of them, is finite; so is its inverse's */
#define GC_NORM_SHIFT 0x1p600
static inline void gc_norm_add(struct gc_norm *norm, double term) {
    double size = fabs(term);
    if (size >= 1 / GC_NORM_LARGE && size <= GC_NORM_LARGE) {
        norm->middle += size * size;
    } else if (size > 1) {
        norm->large += (size / GC_NORM_SHIFT) * (size / GC_NORM_SHIFT);
    } else {
        norm->small += (size * GC_NORM_SHIFT) * (size * GC_NORM_SHIFT);
    }
}
double gc_norm_value(const struct gc_norm *norm); /* NaN if a term was */

double gc_rms(const double values[], size_t n); /* over the finite ones; no overflow */
double gc_max_abs(const double values[], size_t n);
double gc_median(double values[], size_t n); /* reorders values; 0 if n is 0 */
void gc_text(char out[], size_t size, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ; /* snprintf that always terminates and never fails */

/* ---- session.c: one run's memory ---- */

struct gc_input {
    const struct gradcheck_tensor *t;
    size_t count;  /* elements */
    size_t first;  /* its first entry; meaningless for integers */
    size_t raw;    /* byte offset of its saved copy */
    bool is_float; /* it has entries */
    bool checked;  /* it has a grad */
    double scale;  /* grad_scale, 1 if 0 */
    double lower, upper;
};

struct gc_output {
    const struct gradcheck_tensor *t;
    size_t count, first;
    bool is_float;
    bool has_cotangent; /* a float with a grad */
};

struct gc_guess {
    enum gradcheck_cause cause;
    double confidence;
    char text[GRADCHECK_TEXT_SIZE];
};

enum gc_outcome {
    GC_DONE,
    GC_REFUSED,    /* forward returned nonzero */
    GC_NON_FINITE, /* an output is NaN or infinite */
    GC_STOPPED,    /* budget, time or the caller */
};

struct gc_session {
    const struct gradcheck_kernel *k;
    struct gradcheck_options options; /* defaults filled in */
    struct gradcheck_report *report;
    struct gc_random random;

    /* A kernel has one of each at least: a place is left after the last of each, and is zero. */
    struct gc_input inputs[GRADCHECK_MAX_TENSORS];
    struct gc_output outputs[GRADCHECK_MAX_TENSORS];
    size_t n_entries, n_checked, n_outs;

    /* per entry */
    double *base;      /* the point under examination */
    double *here;      /* what the caller's buffers hold now */
    double *grad;      /* backward there, over grad_scale */
    double *rounding;  /* measured rounding of grad */
    double *numeric;   /* elementwise result */
    double *bound;     /* its error bound; negative: not examined */
    double *step;      /* finest step of the result */
    double *direction; /* of a screen */
    double *scratch;
    unsigned char *state; /* of each entry at this point: enum gc_entry_state */
    unsigned char *shown; /* passed at some point */

    /* per output element */
    double *y0, *plus, *minus; /* at the point, and displaced */
    double *cotangent;
    double *sigma; /* noise, standard deviation, measured */
    double *noise_table;
    unsigned char *touched; /* it moved with the entry under examination: 1, and 1 for each value
                             * that its grain is known from, as long as that fits */
    unsigned char *alive;   /* it moved while noise was measured at this point */
    double *cotangent_scratch;
    double *grain;  /* values of one examination are multiples of this */
    double *wobble; /* rounding that nudged inputs showed */

    unsigned char *saved; /* every input's bits, as the caller left them */
    unsigned char *raw;   /* scratch of the same size */

    double examined_noise;                   /* of the last entry that was looked at by itself */
    size_t accused_in_vain, blurred_in_vain; /* of a tensor: noise measured anew did not help */
    double epsilon;        /* of the coarsest float output (or of the wide forward) */
    bool wide;             /* probes call forward_wide */
    bool rewrite;          /* forward may overwrite inputs: write all of them before each */
    bool line_noise_known; /* s->sigma was measured along a line through this point */
    bool fixed_cotangent;  /* an output is a loss: its cotangent is 1 and cannot be scaled */
    bool stopped;
    bool forward_only; /* no backward to agree with */
    double narrow_epsilon;

    uint64_t padding_value[GRADCHECK_MAX_TENSORS]; /* hashes of padding, before the first call */
    uint64_t padding_grad[GRADCHECK_MAX_TENSORS];

    /* for the diagnosis */
    size_t n_accumulated, n_overwritten; /* entries that added to what they held, or did not */
    const struct gc_input *forgotten;    /* none of its entries is written */
    struct gc_guess guess;               /* the best so far */
    size_t n_jacobians;                  /* that were looked at */

    size_t n_screened; /* points where the screen passed */
    size_t point;
    double deadline; /* 0: none */
    struct gradcheck_progress progress;
};

enum gradcheck_status gc_session_open(struct gc_session *s, const struct gradcheck_kernel *k,
                                      const struct gradcheck_options *options,
                                      struct gradcheck_report *report, bool forward_only);
void gc_session_close(struct gc_session *s); /* restores the inputs */
const struct gc_input *gc_input_of(const struct gc_session *s, size_t entry);
void gc_place_of(const struct gc_session *s, size_t entry, struct gradcheck_place *place);
void gc_place_text(const struct gradcheck_place *place, char out[], size_t size);

/* ---- validate.c ---- */

enum gradcheck_status gc_validate(const struct gradcheck_kernel *k,
                                  const struct gradcheck_options *options, bool forward_only,
                                  char what[], size_t size);

/* ---- evaluate.c: calls into the kernel, and nothing else is one ---- */

void gc_write_point(struct gc_session *s, const double values[]); /* all inputs, integers too */
void gc_put(struct gc_session *s, size_t entry, double value);
enum gc_outcome gc_forward(struct gc_session *s, double y[]); /* at what the buffers hold */
enum gc_outcome gc_backward(struct gc_session *s, const double cotangent[], const double fill[],
                            double grads[]);
void gc_backward_only(struct gc_session *s, const double cotangent[], const double fill[],
                      double grads[]);
double gc_now(void); /* seconds */
void gc_phase(struct gc_session *s, const char *name, size_t total);
bool gc_tick(struct gc_session *s, size_t done); /* progress; false: stop */

/* ---- point.c ---- */

void gc_choose_point(struct gc_session *s, size_t point);
void gc_choose_cotangent(struct gc_session *s);
double gc_tensor_scale(const struct gc_session *s, const struct gc_input *in); /* of its values */
/* By a share of itself, which keeps its sign and order of magnitude (a logarithm stays in its
 * domain even where none was stated); a zero by one of the tensor's scale. */
double gc_moved(const struct gc_input *in, double value, double by, double scale);

/* ---- contract.c ---- */

void gc_note_paddings(struct gc_session *s); /* before the first call */
void gc_check_contract(struct gc_session *s);
void gc_apply_waivers(struct gc_session *s);

/* ---- judge.c ---- */

struct gc_claim { /* what is known about one entry */
    double backward, numeric, bound, rounding;
    double scale;   /* of its tensor: rms of the derivatives */
    double epsilon; /* of what the gradient is stored in and computed from */
    bool kink;      /* numeric +- bound spans the subgradients */
    bool tie_broken;
    enum gradcheck_reason doubt;
};

struct gc_judgement {
    enum gradcheck_verdict verdict;
    enum gradcheck_reason reason;
    double resolution;
};

struct gc_judgement gc_judge(const struct gc_claim *claim);
/* Of a direction: backward . v against differences. False for NaN. */
bool gc_agrees(double predicted, double numeric, double allowed);
double gc_loosest(double epsilon); /* a pass needs a resolution at most this */

/* ---- rounding.c ---- */

void gc_measure_rounding(struct gc_session *s);

/* ---- second_look.c ---- */

/* What a unit in the last place of a hidden value makes of a gradient, if that value is as large as
 * the input or as an output. Touched: as one that the entry under examination moved. */
double gc_hidden_unit(const struct gc_session *s, const struct gc_input *in, bool touched);
void gc_look_again(struct gc_session *s); /* at entries off by little, before they are judged */

/* ---- elementwise.c ---- */

enum gc_entry_state { /* bits */
                      GC_UNSEEN = 0,
                      GC_SEEN = 1,
                      GC_AT_KINK = 2,
                      GC_CONVEX = 4,       /* the kink opens upwards */
                      GC_DOUBT = 8,        /* the reason in this and the next three bits */
                      GC_TIE_BROKEN = 128, /* entries on the same kink contradict it together */
};

void gc_record(struct gc_session *s, size_t entry, const struct gc_estimate *estimate,
               enum gradcheck_reason doubt);

/* ---- verdict.c ---- */

struct gc_claim gc_claim_of(const struct gc_session *s, const struct gc_input *in, size_t entry,
                            double scale);
double gc_gradient_scale(const struct gc_session *s, const struct gc_input *in);
struct gc_screen;
void gc_judge_entries(struct gc_session *s);
void gc_judge_screen(struct gc_session *s, const struct gc_screen *screen);
void gc_conclude(struct gc_session *s);

/* ---- wide.c, jvp.c, controls.c ---- */

bool gc_widen(struct gc_session *s);
void gc_check_jvp(struct gc_session *s);
void gc_run_controls(struct gc_session *s, const struct gc_screen *screen);

#endif
