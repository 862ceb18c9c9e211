# SPDX-License-Identifier: MIT
"""The neuron in NumPy: y = sigmoid(w . x + b), its backward pass, and the object with a cache.

Every function computes in the dtype of its arguments (float64 or float32). No global random state.
"""
from __future__ import annotations

import numpy as np


def sigmoid(z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)) for z of any shape; written so that exp never overflows."""
    z = np.asarray(z)
    one = z.dtype.type(1)
    with np.errstate(under="ignore", invalid="ignore"):
        e = np.exp(-np.abs(z))
        return np.where(z >= 0, one / (one + e), e / (one + e))[()]


def sigmoid_derivative(z: np.ndarray) -> np.ndarray:
    """s (1 - s) with s = sigmoid(z), z of any shape."""
    s = sigmoid(z)
    with np.errstate(under="ignore"):
        return s * (s.dtype.type(1) - s)


def sigmoid_backward(z: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """dz = dy * sigmoid'(z); z, dy and the result have one shape."""
    with np.errstate(all="ignore"):
        return dy * sigmoid_derivative(z)


def neuron_forward(x: np.ndarray, w: np.ndarray, b: np.floating) -> tuple[np.floating, np.floating]:
    """x[n], w[n], b[] -> z[] = w . x + b and y[] = sigmoid(z)."""
    with np.errstate(all="ignore"):
        z = np.dot(w, x) + b
    return z, sigmoid(z)


def neuron_backward(x: np.ndarray, w: np.ndarray, b: np.floating, dy: np.floating,
                    ) -> tuple[np.ndarray, np.floating, np.ndarray]:
    """x[n], w[n], b[], dy[] -> dw[n] = dz x, db[] = dz, dx[n] = dz w, with dz = dy * sigmoid'(w . x + b)."""
    z, _ = neuron_forward(x, w, b)
    with np.errstate(all="ignore"):
        dz = dy * sigmoid_derivative(z)
        return dz * x, dz, dz * w


def initial_weights(n: int, seed: int, dtype: np.dtype = np.float64) -> np.ndarray:
    """w[n] = N(0, 1) * 0.01 as np.random.seed(seed); np.random.randn(n) * 0.01 draws, rounded to dtype."""
    return (np.random.RandomState(seed).randn(n) * 0.01).astype(dtype)


class Neuron:
    """The neuron with state: parameters w[n] and b, and what forward leaves for backward."""

    def __init__(self, w: np.ndarray, b: np.floating) -> None:
        """Parameters are copied; the dtype of w is that of everything."""
        self.w = np.array(w)
        self.b = self.w.dtype.type(b)
        self.cache: dict[str, np.ndarray] = {}

    def forward(self, x: np.ndarray) -> np.ndarray:
        """x[n] -> y[], or a batch x[B, n] -> y[B]."""
        with np.errstate(all="ignore"):
            z = np.dot(x, self.w) + self.b
        output = sigmoid(z)
        self.cache = {"x": x, "output": output}
        return output

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """dy[] -> dx[n], or dy[B] -> dx[B, n]; keeps dw[n] and db[].

        For a batch dw and db are means over the batch; dx is not divided by B.
        """
        x, output = self.cache["x"], self.cache["output"]
        with np.errstate(all="ignore"):
            dz = dy * output * (self.w.dtype.type(1) - output)
            if x.ndim == 1:
                self.dw, self.db = dz * x, dz
                return dz * self.w
            batch = self.w.dtype.type(x.shape[0])
            self.dw = np.dot(x.T, dz) / batch
            self.db = np.mean(dz)
            return np.outer(dz, self.w)

    def update_parameters(self, learning_rate: np.floating) -> None:
        """w -= learning_rate * dw, b -= learning_rate * db."""
        with np.errstate(all="ignore"):
            self.w = self.w - learning_rate * self.dw
            self.b = self.b - learning_rate * self.db

    def get_parameters(self) -> dict[str, np.ndarray]:
        """Copies of w[n] and b[]."""
        return {"w": self.w.copy(), "b": self.b}


def update(x: np.ndarray, w: np.ndarray, b: np.floating, dy: np.ndarray, learning_rate: np.floating, steps: int,
           ) -> tuple[np.ndarray, np.floating]:
    """Steps times forward(x), backward(dy), update; x[n] with dy[] or x[B, n] with dy[B] -> w[n], b[]."""
    neuron = Neuron(w, b)
    for _ in range(steps):
        neuron.forward(x)
        neuron.backward(dy)
        neuron.update_parameters(learning_rate)
    return neuron.w, neuron.b


def train(x: np.ndarray, target: np.ndarray, w: np.ndarray, b: np.floating, learning_rate: np.floating, steps: int,
          ) -> tuple[np.ndarray, np.ndarray, np.floating]:
    """x[B, n], target[B] -> loss[steps], w[n], b[]: steps of gradient descent on sum (y - target)^2 / (2 B).

    The loss of step k is that before the k-th update.
    """
    neuron = Neuron(w, b)
    two_b = w.dtype.type(2 * len(target))
    loss = np.empty(steps, w.dtype)
    for step in range(steps):
        residual = neuron.forward(x) - target
        loss[step] = np.sum(residual * residual) / two_b
        neuron.backward(residual)
        neuron.update_parameters(learning_rate)
    return loss, neuron.w, neuron.b
