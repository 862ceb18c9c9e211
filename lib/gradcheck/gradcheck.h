// SPDX-License-Identifier: MIT
/*
 * gradcheck: proves that a hand-written backward pass computes the derivative of its forward pass.
 *
 *     double x[3], dx[3], w[3], dw[3], b, db, y, dy;
 *     struct gradcheck_tensor in[] = {
 *         GRADCHECK_INPUT("x", x, dx, 3),
 *         GRADCHECK_INPUT("w", w, dw, 3),
 *         GRADCHECK_INPUT("b", &b, &db),
 *     };
 *     struct gradcheck_tensor out[] = {GRADCHECK_OUTPUT("y", &y, &dy)};
 *     struct gradcheck_kernel k = {
 *         .name = "neuron", .inputs = in, .n_inputs = 3, .outputs = out, .n_outputs = 1,
 *         .forward = forward, .backward = backward, .ctx = &layer,
 *     };
 *     struct gradcheck_report r;
 *     enum gradcheck_status s = gradcheck_run(&k, NULL, &r);
 *     // s: could it be checked?  r.verdict: is it right?
 *     gradcheck_print(&r, stderr);
 *
 * C11, libc and libm only. Serial, no global state; nothing prints (but gradcheck_print), exits or
 * aborts.
 *
 * Memory: for n float elements of inputs, m of outputs and s bytes of all inputs together, a run
 * takes 82 n + 162 m + 2 s bytes; 8 m and 1.2 KiB a row more if rows are stated to be independent;
 * and 25 n m at most, or 25 n, while the cause of a failure is looked for; besides 30 KiB of stack.
 * It is freed before gradcheck_run returns.
 *
 * Methods:
 *  - extrapolation to step 0: Richardson 1911; Ridders, Adv. Eng. Software 4, 1982; the bound adds
 *    consistency over steps, measured noise, a rounding floor and kinks to what these estimate;
 *  - steps from noise and truncation: Gill, Murray, Saunders, Wright, SIAM J. Sci. Stat. Comput. 4,
 *    1983; Shi, Xie, Xuan, Nocedal, SIAM J. Sci. Comput. 44, 2022;
 *  - noise: ECnoise, More and Wild, SIAM J. Sci. Comput. 33, 2011;
 *  - compensated sums: Neumaier, Z. Angew. Math. Mech. 54, 1974;
 *  - rounding of backward by nudged arguments: Stott Parker, Monte Carlo Arithmetic, UCLA 1997; and
 *    of values inside it that no nudge moves, by the sign of the error at up to 200 neighbours of
 *    the point, before an entry that is off by little is accused;
 *  - many entries in one evaluation: Curtis, Powell, Reid, J. Inst. Math. Appl. 13, 1974;
 *  - u.(J v) = (J' u).v: Griewank and Walther, Evaluating Derivatives, SIAM 2008;
 *  - subgradients at kinks: Clarke, Optimization and Nonsmooth Analysis, Wiley 1983;
 *  - location by halves: group testing, Dorfman, Ann. Math. Stat. 14, 1943.
 */
#ifndef GRADGATE_GRADCHECK_H
#define GRADGATE_GRADCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GRADCHECK_MAX_DIMS 4
#define GRADCHECK_MAX_TENSORS 32 /* inputs and outputs together */
#define GRADCHECK_NAME_SIZE 32   /* names in a report are cut to this, terminator included */
#define GRADCHECK_TEXT_SIZE 256
#define GRADCHECK_MAX_POINTS 16
#define GRADCHECK_MAX_DIRECTIONS 64

enum gradcheck_dtype {
    GRADCHECK_F64,
    GRADCHECK_F32,
    GRADCHECK_I64, /* integers: indices and labels, never perturbed, no grad */
    GRADCHECK_I32,
    GRADCHECK_U8,
};

/* ---- the descriptor ---- */

enum gradcheck_tensor_flags {
    GRADCHECK_IN_PLACE =
        1, /* output: its value shares memory with an input, which forward overwrites */
    GRADCHECK_CLOBBERED = 2, /* output: backward may overwrite the cotangent; input: forward may
                                overwrite the value */
};

struct gradcheck_tensor {
    const char *name; /* [A-Za-z_][A-Za-z0-9_.]*, unique in the kernel */
    void
        *value; /* the caller's buffer. Inputs: perturbed and restored bit for bit. Outputs: read */
    void *grad; /* input: the gradient that backward writes; NULL = not differentiable.
                   output: the cotangent, which the engine writes; NULL = a loss, its cotangent is 1
                 */
    enum gradcheck_dtype dtype;
    size_t ndim;                      /* 0: a scalar */
    size_t shape[GRADCHECK_MAX_DIMS]; /* first ndim, each > 0 */

    /* all fields after this point are optional: zero means what is said */
    size_t strides[GRADCHECK_MAX_DIMS];   /* elements between neighbours on an axis; all 0: C order,
                                             packed. Holds for value and grad; padding must stay
                                             untouched: it is watched, and never written, for it
                                             may be somebody else's */
    const char *dims[GRADCHECK_MAX_DIMS]; /* "B", "n": used by the diagnosis */
    void *tangent; /* for .jvp: same shape as value (input: written by the engine, output: read) */
    double grad_scale;   /* what backward stores is grad_scale times the derivative; 0 = 1 */
    double lower, upper; /* domain of every entry; both 0: unbounded. 0 and INFINITY: x >= 0 */
    unsigned flags;      /* enum gradcheck_tensor_flags */
    unsigned batch_axis; /* 1 + the axis whose rows are independent of each other; 0: none */
};

/* A rule that this kernel breaks on purpose. */
struct gradcheck_waiver {
    const char *rule;   /* name as in GRADCHECK_RULES */
    const char *reason; /* repeated in the report */
};

struct gradcheck_kernel {
    const char *name;
    const struct gradcheck_tensor *inputs;
    size_t n_inputs; /* > 0 */
    const struct gradcheck_tensor *outputs;
    size_t n_outputs;           /* > 0 */
    int (*forward)(void *ctx);  /* reads input values, writes output values; nonzero: outside the
                                   domain, or failed */
    int (*backward)(void *ctx); /* reads cotangents, writes grads of inputs; directly follows a
                                   forward at the same point. NULL: forward writes the grads too
                                   (one loss output without grad) */
    void *ctx;

    /* all fields after this point are optional */
    void (*reset)(void *ctx); /* before each forward: dropout, recurrent state */
    int (*jvp)(void *ctx);    /* writes output tangents from input tangents */
    int (*forward_wide)(void *ctx,
                        double *const outputs[]); /* the same forward in wider precision: the truth
                                                     for float32. outputs[i]: packed, C order */
    bool grad_accumulates; /* backward adds to grad instead of overwriting it */
    bool jvp_symmetric;    /* inputs and outputs match, and the Jacobian is symmetric: forward is
                              a gradient routine, jvp its Hessian-vector product */
    double accuracy;       /* relative error of an approximate forward; 0: exact */
    const char *accuracy_reason; /* required with accuracy */
    const struct gradcheck_waiver *waivers;
    size_t n_waivers;
};

/* ---- options: NULL or all zero means the defaults ---- */

struct gradcheck_entry;

struct gradcheck_progress { /* what the progress callback is told */
    const char *phase;      /* "contract", "rounding", "jvp", "wide", "screen", "elementwise",
                               "second look", "location", "controls" */
    size_t point, n_points;
    size_t done, total; /* of this phase */
    size_t evaluations; /* forward calls so far */
};

struct gradcheck_options {
    uint64_t seed;          /* of every random choice; the report repeats it */
    size_t n_points;        /* points checked: the buffers' own and random ones around it; 0 = 3 */
    size_t n_directions;    /* of the screen, each point; 0 = 3 */
    size_t max_evaluations; /* forward calls; 0 = 100000. What it left uncovered is inconclusive
                               (budget) */
    double
        max_seconds; /* 0 = no limit. A run ended by it is inconclusive and marked not repeatable */
    bool thorough;   /* more evaluations an entry, smaller bounds */
    bool screen_only;  /* no elementwise phase but to locate what the screen found */
    bool no_diagnosis; /* a run that fails names no cause, and saves what it takes to find one */
    /* Called between evaluations; nonzero ends the run as inconclusive (budget). */
    int (*progress)(void *ctx, const struct gradcheck_progress *progress);
    void *progress_ctx;
    /* Called with every entry that the elementwise phase judged. */
    void (*on_entry)(void *ctx, const struct gradcheck_entry *entry);
    void *on_entry_ctx;
};

/* ---- the report: plain data without pointers; nothing to free ---- */

enum gradcheck_verdict {
    GRADCHECK_NOT_CHECKED = 0,
    GRADCHECK_PASS,
    GRADCHECK_INACCURATE,   /* right, but for the rounding of the backward itself */
    GRADCHECK_INCONCLUSIVE, /* neither proved nor refuted: see the reason */
    GRADCHECK_FAIL,
};

enum gradcheck_reason {
    GRADCHECK_NO_REASON = 0,
    GRADCHECK_KINK,        /* not differentiable here, and the value is not a subgradient of use */
    GRADCHECK_NOISE,       /* forward is too noisy for a difference to tell */
    GRADCHECK_DOMAIN_EDGE, /* no room to step within lower/upper, or forward refused */
    GRADCHECK_NON_FINITE,  /* forward gave NaN or infinity at the point or around it */
    GRADCHECK_VACUOUS,     /* all-zero gradient, constant output, saturated: nothing was shown */
    GRADCHECK_BUDGET,      /* max_evaluations, max_seconds or the caller ended it */
    GRADCHECK_CONTROL_MISSED, /* a gradient corrupted on purpose was not caught */
    GRADCHECK_NUMERICS, /* two numeric truths disagree: the check, not the kernel, is in doubt */
};

#define GRADCHECK_RULES(X)                                                                         \
    X(FORWARD_DETERMINISTIC, "forward_deterministic")                                              \
    X(BACKWARD_DETERMINISTIC, "backward_deterministic")                                            \
    X(INPUTS_UNTOUCHED, "inputs_untouched")                                                        \
    X(OUTPUTS_UNTOUCHED, "outputs_untouched")                                                      \
    X(COTANGENTS_UNTOUCHED, "cotangents_untouched")                                                \
    X(PADDING_UNTOUCHED, "padding_untouched")                                                      \
    X(EVERY_ENTRY_WRITTEN, "every_entry_written")                                                  \
    X(OVERWRITE_OR_ACCUMULATE, "overwrite_or_accumulate")                                          \
    X(ZERO_COTANGENT, "zero_cotangent")                                                            \
    X(HOMOGENEOUS, "homogeneous")                                                                  \
    X(ADDITIVE, "additive")                                                                        \
    X(NO_STALE_CACHE, "no_stale_cache")                                                            \
    X(VALUE_INDEPENDENT_OF_BACKWARD, "value_independent_of_backward")                              \
    X(ROW_INDEPENDENCE, "row_independence")                                                        \
    X(FORWARD_WIDE_AGREES, "forward_wide_agrees")                                                  \
    X(JVP_IS_ADJOINT, "jvp_is_adjoint")                                                            \
    X(JVP_IS_DERIVATIVE, "jvp_is_derivative")                                                      \
    X(JVP_SYMMETRIC, "jvp_symmetric")

#define GRADCHECK_RULE_(code, text) GRADCHECK_RULE_##code,
enum gradcheck_rule { GRADCHECK_RULES(GRADCHECK_RULE_) GRADCHECK_N_RULES };
#undef GRADCHECK_RULE_

/* What is likely wrong with a backward: the diagnosis as a label. A closed list. */
#define GRADCHECK_CAUSES(X)                                                                        \
    X(NONE, "")                                                                                    \
    X(SIGN, "sign")                         /* of the whole or of one term */                      \
    X(CONSTANT_FACTOR, "constant factor")   /* such as 2 or 1/2 */                                 \
    X(SIZE_FACTOR, "size factor")           /* mean for sum, sum for mean, 1/B twice */            \
    X(MISSING_FACTOR, "missing factor")     /* of the chain rule */                                \
    X(EXTRA_FACTOR, "extra factor")         /* there twice, or does not belong */                  \
    X(WRONG_ARGUMENT, "wrong argument")     /* derivative elsewhere, or another tensor's */        \
    X(DROPPED_TERM, "dropped term")         /* of a sum or product rule */                         \
    X(TRANSPOSED, "transposed")             /* or reversed */                                      \
    X(SHIFTED, "shifted")                   /* an index off by one, padding included */            \
    X(TAIL, "tail")                         /* last row, column, rest of an unrolled loop */       \
    X(BROADCAST, "broadcast")               /* summed or repeated over the wrong axis */           \
    X(NOT_WRITTEN, "not written")           /* a gradient forgotten altogether */                  \
    X(ACCUMULATES, "accumulates")           /* where it should overwrite */                        \
    X(OVERWRITES, "overwrites")             /* where it should add up */                           \
    X(STALE_CACHE, "stale cache")           /* of an earlier forward */                            \
    X(TIES, "ties")                         /* equal maxima or a kink counted wrongly */           \
    X(EPSILON, "epsilon")                   /* left out, or on the wrong side of a root */         \
    X(LOW_PRECISION, "low precision")       /* float where double was promised */                  \
    X(OVERFLOWS, "overflows")               /* forward, where the function does not */             \
    X(UNINITIALISED, "uninitialised")       /* reads memory that nobody wrote */                   \
    X(OUT_OF_BOUNDS, "out of bounds")       /* writes outside a gradient */                        \
    X(WRITES_INPUT, "writes input")         /* or an output or a cotangent */                      \
    X(NONDETERMINISTIC, "nondeterministic") /* another answer each time */                         \
    X(CRASHES, "crashes")                   /* or never returns: said by who runs the kernel */    \
    X(CONDITIONAL, "conditional")           /* wrong for some sizes or values only */

#define GRADCHECK_CAUSE_(code, text) GRADCHECK_CAUSE_##code,
enum gradcheck_cause { GRADCHECK_CAUSES(GRADCHECK_CAUSE_) GRADCHECK_N_CAUSES };
#undef GRADCHECK_CAUSE_

struct gradcheck_place {
    char tensor[GRADCHECK_NAME_SIZE];
    size_t ndim;
    size_t index[GRADCHECK_MAX_DIMS];
};

struct gradcheck_entry { /* one gradient entry, checked */
    struct gradcheck_place place;
    enum gradcheck_verdict verdict;
    enum gradcheck_reason reason;
    size_t point;      /* 0: the buffers' own values; k: the k-th random point */
    double value;      /* of the input there */
    double backward;   /* the stored gradient divided by grad_scale */
    double numeric;    /* finite differences (or the wide forward's) */
    double bound;      /* |numeric - truth| + rounding of backward, here and where it was looked at
                          again, <= bound */
    double resolution; /* bound / max(|numeric|, scale of the tensor) */
    double step;       /* half width of the finest difference used */
};

struct gradcheck_rule_report {
    enum gradcheck_verdict verdict; /* NOT_CHECKED: not applicable, evidence says why */
    bool waived;                    /* a failure was accepted: the reason stands in evidence */
    char evidence[GRADCHECK_TEXT_SIZE];
};

struct gradcheck_tensor_report {
    char name[GRADCHECK_NAME_SIZE]; /* of the input */
    enum gradcheck_verdict verdict;
    enum gradcheck_reason reason;
    size_t n_entries;                                    /* that have a gradient, in one point */
    size_t n_pass, n_inaccurate, n_inconclusive, n_fail; /* over all points */
    size_t n_subgradient;    /* of n_pass: at a kink, accepted as a subgradient */
    size_t n_uncovered;      /* entries no phase looked at */
    double worst_resolution; /* over the entries that passed */
    double median_resolution;
    struct gradcheck_entry
        worst; /* the clearest failure; else the largest |backward - numeric| / bound */
};

struct gradcheck_screen_report {
    enum gradcheck_verdict verdict;
    size_t n_directions;     /* over all points */
    double resolution;       /* worst over directions that passed */
    double miss_probability; /* bound on the chance that an error ten times the resolution went
                                unseen */
    size_t n_fail;           /* directions that failed */
    /* of the first failure, floats in hex: point, direction, step, and the entry that weighs most.
     * Points and directions depend on the seed and their number alone. */
    char evidence[GRADCHECK_TEXT_SIZE];
};

struct gradcheck_point_report {
    enum gradcheck_verdict verdict;
    enum gradcheck_reason reason;
};

struct gradcheck_controls_report {
    size_t n_applied, n_caught, n_not_applicable;
    char missed[GRADCHECK_TEXT_SIZE]; /* names of the missed ones; "" if none */
};

struct gradcheck_report {
    char kernel[GRADCHECK_NAME_SIZE];
    enum gradcheck_verdict verdict;
    enum gradcheck_reason reason;
    uint64_t seed;
    size_t n_forward, n_backward; /* calls made */
    size_t n_forward_contract, n_forward_screen, n_forward_elementwise, n_forward_location;
    bool repeatable;   /* false if max_seconds ended the run */
    double resolution; /* the smallest relative error the run could have seen: worst over what
                          passed */
    struct gradcheck_rule_report rules[GRADCHECK_N_RULES];
    struct gradcheck_screen_report screen;
    size_t n_tensors; /* inputs with a gradient */
    struct gradcheck_tensor_report tensors[GRADCHECK_MAX_TENSORS];
    size_t n_points;
    struct gradcheck_point_report points[GRADCHECK_MAX_POINTS];
    struct gradcheck_controls_report controls;
    char summary[GRADCHECK_TEXT_SIZE]; /* one sentence: what is right, or what is wrong and where */
    enum gradcheck_cause cause;        /* the likely one; NONE if none fits */
    char diagnosis[GRADCHECK_TEXT_SIZE]; /* in a sentence; "" if none fits */
    double diagnosis_confidence;         /* 0..1 */
};

/* ---- status: could it be checked? ---- */

#define GRADCHECK_STATUSES(X)                                                                      \
    X(GRADCHECK_OK, "checked: see the verdict")                                                    \
    X(GRADCHECK_E_NULL, "a required pointer is NULL")                                              \
    X(GRADCHECK_E_NO_INPUT, "the kernel has no input")                                             \
    X(GRADCHECK_E_NO_OUTPUT, "the kernel has no output")                                           \
    X(GRADCHECK_E_TOO_MANY_TENSORS, "more tensors than GRADCHECK_MAX_TENSORS")                     \
    X(GRADCHECK_E_NAME, "a tensor has no name, a bad one, or one used twice")                      \
    X(GRADCHECK_E_DTYPE, "a tensor's dtype is unknown, or an integer tensor has a grad")           \
    X(GRADCHECK_E_SHAPE, "a shape has too many axes, an axis of length 0, or overflows")           \
    X(GRADCHECK_E_STRIDES, "strides overlap or overflow")                                          \
    X(GRADCHECK_E_DOMAIN, "lower or upper is NaN, lower > upper, or a value lies outside them")    \
    X(GRADCHECK_E_SCALE, "grad_scale is NaN or infinite")                                          \
    X(GRADCHECK_E_BATCH_AXIS, "batch_axis names an axis that the tensor has not")                  \
    X(GRADCHECK_E_LOSS, "backward is NULL, but the outputs are not one float loss without grad")   \
    X(GRADCHECK_E_ACCURACY, "accuracy is NaN, negative or infinite, or has no reason")             \
    X(GRADCHECK_E_WAIVER, "a waiver names no rule or gives no reason")                             \
    X(GRADCHECK_E_OPTION, "an option is NaN, infinite, negative or out of range")                  \
    X(GRADCHECK_E_OVERLAP, "two tensors share memory without a flag that says so")                 \
    X(GRADCHECK_E_JVP, "jvp without tangents, or jvp_symmetric with unlike inputs and outputs")    \
    X(GRADCHECK_E_NO_GRADIENT, "no input has a grad: there is nothing to check")                   \
    X(GRADCHECK_E_FORWARD, "forward failed at the very point in the buffers")                      \
    X(GRADCHECK_E_NO_MEMORY, "out of memory")

#define GRADCHECK_STATUS_(code, text) code,
enum gradcheck_status { GRADCHECK_STATUSES(GRADCHECK_STATUS_) };
#undef GRADCHECK_STATUS_

/* ---- functions ---- */

/* Checks k at the point in its buffers and at random points around it. options may be NULL. *report
 * is always filled: on a status other than OK its verdict is NOT_CHECKED and its summary names the
 * offending field. Inputs are restored bit for bit; outputs, grads and cotangents are left with
 * arbitrary content. */
enum gradcheck_status gradcheck_run(const struct gradcheck_kernel *k,
                                    const struct gradcheck_options *options,
                                    struct gradcheck_report *report);

/* Writes the report as text. Returns 0, or -1 if the stream failed. */
int gradcheck_print(const struct gradcheck_report *report, FILE *stream);

/* Vector-Jacobian product by differences alone: forward is called, backward is not. The cotangents
 * are what the outputs' grads hold (1 where an output has none). For each input i with numeric[i],
 * its derivatives go to numeric[i] and their error bounds to bound[i] (bound and bound[i] may be
 * NULL), packed, C order; NaN and INFINITY where nothing could be said. Inputs need no grad. */
enum gradcheck_status gradcheck_numeric_vjp(const struct gradcheck_kernel *k,
                                            const struct gradcheck_options *options,
                                            double *const numeric[], double *const bound[]);

const char *gradcheck_status_text(enum gradcheck_status status);
const char *gradcheck_verdict_name(enum gradcheck_verdict verdict); /* "pass", "fail", ... */
const char *gradcheck_reason_name(enum gradcheck_reason reason);    /* "kink", ...; "" for none */
const char *gradcheck_rule_name(enum gradcheck_rule rule);
const char *gradcheck_cause_name(enum gradcheck_cause cause); /* "sign", ...; "" for none */

/* ---- descriptor macros: dtype from the pointer, shape from the rest (0 to 4 axes) ---- */

#ifndef __cplusplus

#define GRADCHECK_INPUT(...)                                                                       \
    GRADCHECK_TENSOR_(__VA_ARGS__) /* name, value, grad or NULL, shape... */
#define GRADCHECK_OUTPUT(...) GRADCHECK_TENSOR_(__VA_ARGS__)

#define GRADCHECK_TENSOR_(...)                                                                     \
    GRADCHECK_EXPAND_(GRADCHECK_NDIM_(__VA_ARGS__, 4, 3, 2, 1, 0, 0), __VA_ARGS__, 0, 0, 0, 0, 0)
#define GRADCHECK_NDIM_(name, value, grad, a, b, c, d, ndim, ...) ndim
#define GRADCHECK_EXPAND_(ndim, ...) GRADCHECK_FILL_(ndim, __VA_ARGS__)
/* (1 ? grad : value) refuses pointers of different types and accepts NULL. */
#define GRADCHECK_FILL_(n_axes, name_, value_, grad_, a, b, c, d, ...)                             \
    {                                                                                              \
        .name = (name_), .value = (value_), .grad = (1 ? (grad_) : (value_)),                      \
        .dtype = GRADCHECK_DTYPE_(value_), .ndim = (n_axes), .shape = {                            \
            (a),                                                                                   \
            (b),                                                                                   \
            (c),                                                                                   \
            (d)                                                                                    \
        }                                                                                          \
    }
#define GRADCHECK_DTYPE_(pointer)                                                                  \
    _Generic((pointer), double *: GRADCHECK_F64, float *: GRADCHECK_F32, int64_t *: GRADCHECK_I64, \
             int32_t *: GRADCHECK_I32, uint8_t *: GRADCHECK_U8)

#else

} /* extern "C" */

/* The same in C++17: gradcheck_describe(name, value, grad or nullptr, shape...). */
inline enum gradcheck_dtype gradcheck_dtype_of(const double *) {
    return GRADCHECK_F64;
}
inline enum gradcheck_dtype gradcheck_dtype_of(const float *) {
    return GRADCHECK_F32;
}
inline enum gradcheck_dtype gradcheck_dtype_of(const int64_t *) {
    return GRADCHECK_I64;
}
inline enum gradcheck_dtype gradcheck_dtype_of(const int32_t *) {
    return GRADCHECK_I32;
}
inline enum gradcheck_dtype gradcheck_dtype_of(const uint8_t *) {
    return GRADCHECK_U8;
}
template <class T> struct gradcheck_same {
    typedef T *pointer; /* not deduced: grad must have value's type, or be nullptr */
};
template <class T, class... N>
inline struct gradcheck_tensor gradcheck_describe(const char *name, T *value,
                                                  typename gradcheck_same<T>::pointer grad,
                                                  N... shape) {
    static_assert(sizeof...(N) <= GRADCHECK_MAX_DIMS, "at most four axes");
    const size_t axes[] = {static_cast<size_t>(shape)..., 0};
    struct gradcheck_tensor tensor = {};
    tensor.name = name;
    tensor.value = value;
    tensor.grad = grad;
    tensor.dtype = gradcheck_dtype_of(value);
    tensor.ndim = sizeof...(N);
    for (size_t i = 0; i < sizeof...(N); i++) {
        tensor.shape[i] = axes[i];
    }
    return tensor;
}
#define GRADCHECK_INPUT(...) gradcheck_describe(__VA_ARGS__)
#define GRADCHECK_OUTPUT(...) gradcheck_describe(__VA_ARGS__)

#endif

#endif
