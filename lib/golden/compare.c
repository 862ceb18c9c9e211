// SPDX-License-Identifier: MIT
#include "compare.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- what an element may be off by ---- */

static double share_of(double absolute, double allowed, bool within) {
    if (absolute == 0) {
        return 0;
    }
    double share = allowed > 0 ? absolute / allowed : INFINITY;
    /* Rounding of the quotient must not contradict the verdict; infinity over infinity is NaN. */
    if (within) {
        return share <= 1 ? share : 1;
    }
    return share > 1 ? share : nextafter(1, 2);
}

/* By units in the last place, where a tolerance allows that too. */
static bool judge_ulp(const struct compare_task *t, struct golden_element *e) {
    if (t->tolerance == NULL || e->ulp > t->tolerance->ulp) {
        return false;
    }
    double share = e->ulp == 0 ? 0 : (double)e->ulp / (double)t->tolerance->ulp;
    e->share = share < e->share ? share : e->share;
    return true;
}

/* NumPy rounds a tolerance to float32 where the arrays are, unless it would overflow. */
static bool in_float32(const struct compare_task *t) {
    return t->tolerance != NULL && t->expected->dtype == ARRAY_F32 &&
           t->tolerance->atol <= (double)FLT_MAX && t->tolerance->rtol < (double)FLT_MAX;
}

static double allowed_float(const struct compare_task *t, size_t i, double expected) {
    if (t->bound != NULL) {
        return array_get(t->bound, i);
    }
    if (!isfinite(expected)) {
        return 0;
    }
    if (in_float32(t)) {
        float relative = (float)t->tolerance->rtol * fabsf((float)expected);
        return (double)((float)t->tolerance->atol + relative);
    }
    return t->tolerance->atol + t->tolerance->rtol * fabs(expected);
}

/* ---- floats ---- */

static uint64_t ulp_distance(enum array_dtype dtype, double a, double b) {
    return dtype == ARRAY_F32 ? array_ulp_distance_f32((float)a, (float)b)
                              : array_ulp_distance_f64(a, b);
}

static bool same_class_or_finite(const struct compare_task *t, double a, double b,
                                 enum golden_mismatch *mismatch) {
    if (isnan(a) || isnan(b)) {
        bool same = isnan(a) && isnan(b) && !(t->tolerance != NULL && t->tolerance->nan_differs);
        *mismatch = same ? GOLDEN_MATCH : GOLDEN_NAN;
    } else if (isinf(a) || isinf(b)) {
        *mismatch = a == b ? GOLDEN_MATCH : GOLDEN_INF;
    }
    return *mismatch == GOLDEN_MATCH;
}

/* The difference of two finite values may overflow: half of it does not. */
static void judge_finite(const struct compare_task *t, struct golden_element *e) {
    double a = e->actual;
    double b = e->expected;
    e->absolute = fabs(a - b);
    e->relative = e->absolute / fabs(b);
    double compared = e->absolute;
    double allowed = e->allowed;
    if (isinf(e->absolute)) {
        compared = fabs(a / 2 - b / 2);
        allowed /= 2;
        e->relative = compared / fabs(b / 2);
    }
    bool within =
        in_float32(t) ? fabsf((float)a - (float)b) <= (float)e->allowed : compared <= allowed;
    e->share = share_of(compared, allowed, within);
    if (!judge_ulp(t, e) && !within) {
        e->mismatch = GOLDEN_VALUE;
    }
}

static void judge_float(const struct compare_task *t, size_t i, struct golden_element *e) {
    e->actual = array_get(t->actual, i);
    e->expected = array_get(t->expected, i);
    e->allowed = allowed_float(t, i, e->expected);
    e->ulp = ulp_distance(t->expected->dtype, e->actual, e->expected);
    if (!same_class_or_finite(t, e->actual, e->expected, &e->mismatch)) {
        e->absolute = e->mismatch == GOLDEN_NAN ? NAN : INFINITY;
        e->relative = e->absolute;
        e->share = INFINITY;
    } else if (!isfinite(e->expected)) {
        e->ulp = 0;
    } else if (e->actual != e->expected) {
        judge_finite(t, e);
    } else if (signbit(e->actual) != signbit(e->expected)) {
        t->out->n_zero_sign++;
        bool matters = t->tolerance != NULL && t->tolerance->zero_sign_matters;
        e->mismatch = matters ? GOLDEN_ZERO_SIGN : GOLDEN_MATCH;
        e->share = matters ? INFINITY : 0;
    }
}

/* ---- integers: exact in 64 bits, where a double is not ---- */

static bool within_integer(uint64_t difference, double allowed) {
    /* 2^64, the first double that no difference reaches */
    return allowed >= 18446744073709551616.0 || difference <= (uint64_t)allowed;
}

static uint64_t integer_distance(int64_t a, int64_t b) {
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

static void judge_integer(const struct compare_task *t, size_t i, struct golden_element *e) {
    e->actual = array_get(t->actual, i);
    e->expected = array_get(t->expected, i);
    e->actual_int = array_get_int(t->actual, i);
    e->expected_int = array_get_int(t->expected, i);
    e->ulp = integer_distance(e->actual_int, e->expected_int);
    e->allowed = allowed_float(t, i, e->expected);
    if (e->ulp == 0) {
        return;
    }
    e->absolute = (double)e->ulp;
    e->relative = e->absolute / fabs(e->expected);
    bool within = t->bound != NULL ? e->ulp <= (uint64_t)array_get_int(t->bound, i)
                                   : within_integer(e->ulp, e->allowed);
    e->share = share_of(e->absolute, e->allowed, within);
    if (!judge_ulp(t, e) && !within) {
        e->mismatch = GOLDEN_VALUE;
    }
}

/* ---- all elements ---- */

bool compare_is_worse(const struct golden_element *e, const struct golden_element *than) {
    if (e->mismatch != than->mismatch) {
        return e->mismatch > than->mismatch;
    }
    if (e->share != than->share) {
        return e->share > than->share;
    }
    if (e->absolute != than->absolute) {
        return e->absolute > than->absolute;
    }
    return e->ulp > than->ulp;
}

static void count(struct golden_comparison *out, const struct golden_element *e) {
    out->n_mismatch += e->mismatch != GOLDEN_MATCH;
    out->n_nan += e->mismatch == GOLDEN_NAN;
    out->n_inf += e->mismatch == GOLDEN_INF;
    out->n_value += e->mismatch == GOLDEN_VALUE;
    out->n_equal += e->absolute == 0;
    out->n_nonfinite += isfinite(e->expected) ? 0 : 1;
    out->max_share = e->share > out->max_share ? e->share : out->max_share;
    if (isfinite(e->expected) && isfinite(e->actual)) {
        out->max_absolute = e->absolute > out->max_absolute ? e->absolute : out->max_absolute;
        out->max_relative = e->relative > out->max_relative ? e->relative : out->max_relative;
        out->max_ulp = e->ulp > out->max_ulp ? e->ulp : out->max_ulp;
    }
}

static void count_numpy(const struct compare_task *t, size_t i) {
    uint64_t ulp;
    bool same_sign = true;
    if (array_dtype_is_float(t->actual->dtype)) {
        double a = array_get(t->actual, i);
        double b = array_get(t->numpy, i);
        ulp = isnan(a) && isnan(b) ? 0 : ulp_distance(t->actual->dtype, a, b);
        same_sign = isnan(a) || signbit(a) == signbit(b);
    } else {
        ulp = integer_distance(array_get_int(t->actual, i), array_get_int(t->numpy, i));
    }
    t->out->n_numpy_equal += ulp == 0 && same_sign;
    if (ulp > t->out->max_numpy_ulp) {
        t->out->max_numpy_ulp = ulp;
        t->out->furthest = t->first + i;
    }
}

static bool is_usable_bound(const struct compare_task *t, size_t i) {
    double bound = array_get(t->bound, i);
    bool usable = bound >= 0 && isfinite(bound);
    return usable && (bound == 0 || isfinite(array_get(t->expected, i)));
}

static bool equal_and_finite_f64(const double a[], const double b[], size_t i) {
    const uint64_t exponent = UINT64_C(0x7ff0000000000000);
    uint64_t x;
    uint64_t y;
    memcpy(&x, &a[i], sizeof x);
    memcpy(&y, &b[i], sizeof y);
    return x == y && (x & exponent) != exponent;
}

static bool equal_and_finite_f32(const float a[], const float b[], size_t i) {
    const uint32_t exponent = UINT32_C(0x7f800000);
    uint32_t x;
    uint32_t y;
    memcpy(&x, &a[i], sizeof x);
    memcpy(&y, &b[i], sizeof y);
    return x == y && (x & exponent) != exponent;
}

/* By their bits, so that zeros of different signs are not. */
static bool equal_and_finite(const struct array *a, const struct array *b, size_t i) {
    switch (a->dtype) {
    case ARRAY_F64:
        return equal_and_finite_f64(a->data, b->data, i);
    case ARRAY_F32:
        return equal_and_finite_f32(a->data, b->data, i);
    default:
        return array_get_int(a, i) == array_get_int(b, i);
    }
}

/* The number of elements from i on that have nothing to say but that they are equal, counted: most
 * of most arrays. The first element of all is never one, so that there is a worst to begin with. */
static size_t count_equal(const struct compare_task *t, size_t i) {
    if (t->bound != NULL || t->numpy != NULL || t->first + i == 0 ||
        (t->profile != NULL && t->profile->n_finite == 0)) {
        return 0;
    }
    size_t n = 0;
    while (i + n < t->expected->count && equal_and_finite(t->actual, t->expected, i + n)) {
        n++;
    }
    t->out->n_equal += n;
    if (t->profile != NULL) {
        t->profile->n_finite += n;
        t->profile->bins[0] += n;
    }
    return n;
}

enum golden_status compare_add(const struct compare_task *t) {
    struct golden_comparison *out = t->out;
    bool is_float = array_dtype_is_float(t->expected->dtype);
    for (size_t i = 0; i < t->expected->count; i++) {
        i += count_equal(t, i);
        if (i == t->expected->count) {
            break;
        }
        if (t->bound != NULL && !is_usable_bound(t, i)) {
            return GOLDEN_BOUND_VALUE;
        }
        struct golden_element e = {.flat = t->first + i};
        if (is_float) {
            judge_float(t, i, &e);
        } else {
            judge_integer(t, i, &e);
        }
        count(out, &e);
        if (e.flat == 0 || compare_is_worse(&e, &out->worst)) {
            out->worst = e;
        }
        if (t->profile != NULL) {
            profile_add(t->profile, &e);
        }
        if (t->numpy != NULL) {
            count_numpy(t, i);
        }
    }
    out->count += t->expected->count;
    return GOLDEN_OK;
}

/* ---- begin and end ---- */

bool compare_begin(const struct compare_task *t) {
    struct golden_comparison *out = t->out;
    out->dtype = t->expected->dtype;
    out->ndim = t->expected->ndim;
    memcpy(out->shape, t->expected->shape, sizeof out->shape);
    out->actual_dtype = t->actual->dtype;
    out->actual_ndim = t->actual->ndim;
    memcpy(out->actual_shape, t->actual->shape, sizeof out->actual_shape);
    if (t->actual->dtype != t->expected->dtype) {
        out->mismatch = GOLDEN_DTYPE;
    } else if (!array_same_shape(t->actual, t->expected)) {
        out->mismatch = GOLDEN_SHAPE;
    } else {
        out->has_numpy = t->numpy != NULL;
        return true;
    }
    return false;
}

void compare_end(const struct compare_task *t) {
    struct golden_comparison *out = t->out;
    if (out->count > 0) {
        array_unravel(t->expected, out->worst.flat, out->worst.index);
        out->mismatch = out->worst.mismatch;
    }
    if (out->count > 0 && t->profile != NULL) {
        profile_end(t->profile, t->expected);
    }
    out->verdict = out->mismatch == GOLDEN_MATCH ? GOLDEN_PASS : GOLDEN_FAIL;
}

static enum golden_status run(const struct compare_task *t) {
    enum golden_status status = compare_begin(t) ? compare_add(t) : GOLDEN_OK;
    if (status != GOLDEN_OK) {
        *t->out = (struct golden_comparison){0};
        return status;
    }
    compare_end(t);
    return GOLDEN_OK;
}

/* ---- entry points ---- */

static bool same_kind(const struct array *a, const struct array *b) {
    return a->dtype == b->dtype && array_same_shape(a, b);
}

enum golden_status golden_compare(const struct array *actual, const struct array *exact,
                                  const struct array *bound, const struct array *numpy,
                                  struct golden_comparison *out) {
    if (out != NULL) {
        *out = (struct golden_comparison){0};
    }
    if (actual == NULL || exact == NULL || bound == NULL || out == NULL) {
        return GOLDEN_NULL;
    }
    if (!same_kind(exact, bound) || (numpy != NULL && !same_kind(exact, numpy))) {
        return GOLDEN_BOUND_SHAPE;
    }
    const struct compare_task t = {
        .actual = actual, .expected = exact, .bound = bound, .numpy = numpy, .out = out};
    return run(&t);
}

static bool is_usable(double tolerance) {
    return tolerance >= 0 && isfinite(tolerance);
}

enum golden_status compare_check_tolerance(const struct golden_tolerance *tolerance) {
    bool usable = is_usable(tolerance->atol) && is_usable(tolerance->rtol);
    return usable ? GOLDEN_OK : GOLDEN_TOLERANCE;
}

enum golden_status golden_compare_close(const struct array *actual, const struct array *expected,
                                        const struct golden_tolerance *tolerance,
                                        struct golden_comparison *out) {
    static const struct golden_tolerance none = {0};
    if (out != NULL) {
        *out = (struct golden_comparison){0};
    }
    if (actual == NULL || expected == NULL || out == NULL) {
        return GOLDEN_NULL;
    }
    tolerance = tolerance != NULL ? tolerance : &none;
    if (compare_check_tolerance(tolerance) != GOLDEN_OK) {
        return GOLDEN_TOLERANCE;
    }
    const struct compare_task t = {
        .actual = actual, .expected = expected, .tolerance = tolerance, .out = out};
    return run(&t);
}
