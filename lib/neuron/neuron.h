// SPDX-License-Identifier: MIT
/*
 * One neuron, y = sigmoid(w . x + b), its backward pass, and an object that keeps the state between
 * the two. In float64 and, with the suffix _f32, in float32 (end of this file).
 *
 *     double x[3] = {1, 2, 3}, w[3] = {0.5, -0.2, 0.1}, y, dw[3], db, dx[3];
 *     neuron_forward(x, w, 3, 0.3, NULL, &y);              // y = 0.6682
 *     neuron_backward(x, w, 3, 0.3, 1.0, dw, &db, dx);     // dw = [0.2217 0.4434 0.6651]
 *
 * Errors. A function that can fail returns a status and, if it is not NEURON_OK, has written
 * nothing: results, object and generator are as they were. Arguments are checked in the order of
 * enum neuron_status. NaN and infinities are values, not errors: they go through the arithmetic as
 * IEEE 754 says, in every argument (a learning rate of NaN makes NaN parameters, as in NumPy).
 *
 * Memory. Outputs must not overlap inputs or each other. Nothing is aligned beyond its element.
 * neuron_create and the first neuron_forward_batch of a larger B allocate, nothing else does.
 *
 * Threads. No global state; an object or a generator belongs to one thread at a time.
 *
 * Numbers. Sums run over fixed lanes, products are not contracted, sigmoid uses no libm: compiled
 * with -ffp-contract=off the results are the same bits with gcc and clang, at every -O level,
 * with and without AVX, and on any machine whose double and float are IEEE 754 and rounded to
 * nearest (i386 needs -msse2 -mfpmath=sse). Only the sign and payload of a NaN may differ.
 */
#ifndef GRADGATE_NEURON_H
#define GRADGATE_NEURON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NEURON_STATUSES(X)                                                                         \
    X(NEURON_OK, "no error")                                                                       \
    X(NEURON_E_NULL, "a required pointer is NULL")                                                 \
    X(NEURON_E_EMPTY, "the number of features or the batch size is 0")                             \
    X(NEURON_E_SHAPE, "the shape is not that of the neuron or of its last forward pass")           \
    X(NEURON_E_NO_FORWARD, "backward without a forward pass before it")                            \
    X(NEURON_E_NO_BACKWARD, "no gradients yet: no backward pass before")                           \
    X(NEURON_E_OVERFLOW, "batch size times stride, in bytes, overflows")                           \
    X(NEURON_E_STRIDE, "the stride is smaller than the number of features")                        \
    X(NEURON_E_NO_MEMORY, "out of memory")

#define NEURON_STATUS_(code, text) code,
enum neuron_status { NEURON_STATUSES(NEURON_STATUS_) };
#undef NEURON_STATUS_

const char *neuron_status_text(enum neuron_status status); /* "?" if not a status */

/* ---- sigmoid ---- */

/* 1 / (1 + exp(-z)), at most 1 ULP from the exact value for every z, subnormal results included
 * (measured: 0.79): +inf gives 1, -inf (and every z < -745.14) gives 0, NaN gives NaN. */
double neuron_sigmoid(double z);

/* exp(-|z|) / (1 + exp(-|z|))^2, the derivative of sigmoid at z, at most 4 ULP from the exact value
 * (measured: 1.9) in both tails, where y * (1 - y) has no correct digit beyond z = 37: 1/4 at 0, 0
 * at +-inf, even in z bit for bit. */
double neuron_sigmoid_derivative(double z);

/* The same values, bit for bit, for n values; y may be z itself. n = 0 does nothing. */
void neuron_sigmoid_array(const double z[], double y[], size_t n);
void neuron_sigmoid_derivative_array(const double z[], double dy_dz[], size_t n);

/* ---- without state ---- */

/* z = w . x + b and y = sigmoid(z). z may be NULL. NEURON_E_NULL, NEURON_E_EMPTY (n = 0). */
enum neuron_status neuron_forward(const double x[], const double w[], size_t n, double b, double *z,
                                  double *y);

/* With dz = dy * sigmoid'(z): dw[n] = dz * x, db = dz, dx[n] = dz * w. Each of dw, db, dx may be
 * NULL. NEURON_E_NULL (x or w), NEURON_E_EMPTY. */
enum neuron_status neuron_backward(const double x[], const double w[], size_t n, double b,
                                   double dy, double dw[], double *db, double dx[]);

/* ---- random numbers as NumPy draws them ---- */

/* The state of MT19937 (Matsumoto and Nishimura 1998) and the second value of the polar method
 * (Marsaglia and Bray 1964), kept for the next draw. Copy it to fork the stream. */
struct neuron_random {
    uint32_t state[624];
    uint32_t position; /* next word of state; 624: all used */
    int has_normal;
    double normal;
};

/* Starts the stream of np.random.seed(seed). No pointer here may be NULL. */
void neuron_random_seed(struct neuron_random *random, uint32_t seed);

/* The next 32 random bits: exactly MT19937's. */
uint32_t neuron_random_uint32(struct neuron_random *random);

/* The next N(0, 1) value, equal to np.random.randn() but for about 3 draws in 1,000, which are 1
 * ULP off, and 2 ULP in less than 1 draw in a million. NumPy takes the logarithm of the C library
 * it finds, whose last bit differs between machines; here it is our own, so the draws are the same
 * bits everywhere. */
double neuron_random_normal(struct neuron_random *random);

/* ---- the neuron with state ---- */

/* Parameters w[n_features] and b, what the last forward pass left for backward, and the gradients
 * dw[n_features], db of the last backward pass. */
struct neuron;

/* A neuron with w = n_features draws of N(0, 1) * 0.01 and b = 0, as after np.random.seed(s) the
 * seed's class has. *out is the caller's, to be freed by neuron_free. NEURON_E_NULL,
 * NEURON_E_EMPTY, NEURON_E_OVERFLOW, NEURON_E_NO_MEMORY; then nothing was drawn. */
enum neuron_status neuron_create(size_t n_features, struct neuron_random *random,
                                 struct neuron **out);
void neuron_free(struct neuron *neuron); /* NULL is fine */

size_t neuron_n_features(const struct neuron *neuron); /* 0 for NULL */

/* y = sigmoid(w . x + b) for one sample x[n], n = n_features.
 *
 * x is borrowed, not copied: it must stay where it is, unchanged, until the last backward pass that
 * follows this forward (a changed x gives the dw of the changed x). A failed forward leaves the
 * state of the one before. NEURON_E_NULL, NEURON_E_EMPTY, NEURON_E_SHAPE (n). */
enum neuron_status neuron_forward_sample(struct neuron *neuron, const double x[], size_t n,
                                         double *y);

/* y[B] for a batch x[B, n]. Row i begins at x + i * stride, stride >= n elements (n if packed);
 * what lies between the rows is not read. x is borrowed as above. NEURON_E_NULL, NEURON_E_EMPTY
 * (n or B = 0), NEURON_E_SHAPE (n), NEURON_E_OVERFLOW, NEURON_E_STRIDE, NEURON_E_NO_MEMORY. */
enum neuron_status neuron_forward_batch(struct neuron *neuron, const double x[], size_t B, size_t n,
                                        size_t stride, double y[]);

/* After neuron_forward_sample, with dz = dy * sigmoid'(z): keeps dw = dz * x and db = dz, and
 * writes dx[n_features] = dz * w unless dx is NULL. May be called again with another dy.
 * NEURON_E_NULL (neuron), NEURON_E_SHAPE (the last forward was a batch), NEURON_E_NO_FORWARD. */
enum neuron_status neuron_backward_sample(struct neuron *neuron, double dy, double dx[]);

/* After neuron_forward_batch of the same B, with dz[i] = dy[i] * sigmoid'(z[i]):
 *
 *     dw = sum over i of dz[i] * x[i, :]  / B      kept: the MEAN over the batch
 *     db = sum over i of dz[i]            / B      kept: the MEAN over the batch
 *     dx[i, :] = dz[i] * w                         written: NOT divided by B
 *
 * This asymmetry is that of the class this library reproduces: if the loss is the sum over the
 * batch, dx is its gradient and dw is 1/B of it; if it is the mean and dy does not hold the 1/B,
 * dw is its gradient and dx is B times it. Who chains neurons must choose one.
 *
 * dx has rows dx_stride >= n_features elements apart, their padding is not written; it may be NULL,
 * then dx_stride is ignored. NEURON_E_NULL, NEURON_E_EMPTY, NEURON_E_SHAPE (B is not the last
 * forward's, or that was of one sample), NEURON_E_NO_FORWARD, NEURON_E_OVERFLOW, NEURON_E_STRIDE.
 */
enum neuron_status neuron_backward_batch(struct neuron *neuron, const double dy[], size_t B,
                                         double dx[], size_t dx_stride);

/* Copies the gradients of the last backward pass; dw[n] or db may be NULL. NEURON_E_NULL (neuron),
 * NEURON_E_SHAPE (n), NEURON_E_NO_BACKWARD. */
enum neuron_status neuron_get_gradients(const struct neuron *neuron, double dw[], size_t n,
                                        double *db);

/* w -= learning_rate * dw, b -= learning_rate * db. Gradients and the state of the last forward
 * stay, as in the seed's class: a second update takes the same step again, and a backward before
 * the next forward uses the old sigmoid'(z) with the new w. NEURON_E_NULL, NEURON_E_NO_BACKWARD. */
enum neuron_status neuron_update_parameters(struct neuron *neuron, double learning_rate);

/* Copies the parameters; w[n] or b may be NULL. NEURON_E_NULL (neuron), NEURON_E_SHAPE (n). */
enum neuron_status neuron_get_parameters(const struct neuron *neuron, double w[], size_t n,
                                         double *b);

/* Replaces the parameters. The last forward and backward were those of another function, so they
 * are forgotten: backward then needs a new forward, update a new backward. NEURON_E_NULL,
 * NEURON_E_SHAPE (n). */
enum neuron_status neuron_set_parameters(struct neuron *neuron, const double w[], size_t n,
                                         double b);

/* ---- float32: the same contracts ---- */

/* Both are within 1 ULP (measured over all 2^32 values: 0.5001). */
float neuron_sigmoid_f32(float z);
float neuron_sigmoid_derivative_f32(float z);
void neuron_sigmoid_array_f32(const float z[], float y[], size_t n);
void neuron_sigmoid_derivative_array_f32(const float z[], float dy_dz[], size_t n);

enum neuron_status neuron_forward_f32(const float x[], const float w[], size_t n, float b, float *z,
                                      float *y);
enum neuron_status neuron_backward_f32(const float x[], const float w[], size_t n, float b,
                                       float dy, float dw[], float *db, float dx[]);

struct neuron_f32;

/* The weights are those of neuron_create, rounded to float. */
enum neuron_status neuron_create_f32(size_t n_features, struct neuron_random *random,
                                     struct neuron_f32 **out);
void neuron_free_f32(struct neuron_f32 *neuron);
size_t neuron_n_features_f32(const struct neuron_f32 *neuron);
enum neuron_status neuron_forward_sample_f32(struct neuron_f32 *neuron, const float x[], size_t n,
                                             float *y);
enum neuron_status neuron_forward_batch_f32(struct neuron_f32 *neuron, const float x[], size_t B,
                                            size_t n, size_t stride, float y[]);
enum neuron_status neuron_backward_sample_f32(struct neuron_f32 *neuron, float dy, float dx[]);
enum neuron_status neuron_backward_batch_f32(struct neuron_f32 *neuron, const float dy[], size_t B,
                                             float dx[], size_t dx_stride);
enum neuron_status neuron_get_gradients_f32(const struct neuron_f32 *neuron, float dw[], size_t n,
                                            float *db);
enum neuron_status neuron_update_parameters_f32(struct neuron_f32 *neuron, float learning_rate);
enum neuron_status neuron_get_parameters_f32(const struct neuron_f32 *neuron, float w[], size_t n,
                                             float *b);
enum neuron_status neuron_set_parameters_f32(struct neuron_f32 *neuron, const float w[], size_t n,
                                             float b);

#ifdef __cplusplus
}
#endif

#endif
