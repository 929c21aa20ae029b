"""Small nets written by hand: each file is right, and `WRONG` says how each is made wrong by
changing a line, and what the cause is.

Several causes may be named where they come to the same numbers. What only a guessed convention
makes wrong has no cause: one factor on all gradients is a "convention", which the learning rate
takes up; the opposite sign of all, penalties in one of loss and gradient, and clipped gradients are
"undecided"; a softmax that overflows is right, with that "note".
"""

# (file, the right text, the wrong text, the causes that name it)
WRONG = [
    ("rows_dict", "        d2 /= n\n", "", "convention"),
    (
        "rows_dict",
        "d1 = d1 * (self.z1 > 0)",
        "d1 = d1 * (self.a1 >= 0)",
        "mask",
    ),  # the course's net
    ("rows_dict", "d2 /= n", "d2 /= -n", "undecided"),
    ("rows_dict", "d2 /= n", "d2 /= n * n", "convention"),
    (
        "rows_dict",
        "        d2 /= n\n",
        "        d2 = probs * (d2 - (d2 * probs).sum(axis=1, keepdims=True))\n",
        "softmax_twice",
    ),  # and no 1/n
    ("rows_dict", 'grads["db1"] = d1.sum(axis=0)', 'grads["db1"] = d1', "unreduced_bias undecided"),
    ("rows_dict", 'grads["db2"] = d2.sum(axis=0)', 'grads["db2"] = d2.sum(axis=1)', "wrong_axis"),
    ("rows_dict", "self.a1.T @ d2", "self.z1.T @ d2", "preactivation"),
    (
        "rows_dict",
        "        d2 /= n\n",
        "        d2 /= n\n        d2 = probs * (d2 - (d2 * probs).sum(axis=1, keepdims=True))\n",
        "softmax_twice",
    ),
    (
        "rows_dict",
        "        d2 = probs.copy()\n        d2[np.arange(n), y] -= 1\n",
        (
            "        d2 = np.zeros_like(probs)\n        d2[np.arange(n), y] = -1 /"
            " probs[np.arange(n), y]\n"
        ),
        "softmax_left_out",
    ),
    (
        "rows_dict",
        "        return grads",
        "        return {k: 0.1 * v for k, v in grads.items()}",
        "convention",
    ),
    ("columns_functions", "(1 - A1**2)", "(1 - np.tanh(A1) ** 2)", "derivative_of_output"),
    ("columns_functions", "(1 - A1**2)", '(1 - cache["Z1"] ** 2)', "derivative_of_input"),
    ("columns_functions", "(1 - A1**2)", "A1 * (1 - A1)", "wrong_derivative"),
    ("columns_functions", "dW1 = dZ1 @ X.T / m", "dW1 = X @ dZ1.T / m", "transposed"),
    (
        "columns_functions",
        "dZ2 = A2 - Y",
        "dZ2 = (A2 - Y) * A2 * (1 - A2)",
        "output_derivative_twice",
    ),
    (
        "columns_functions",
        "db1 = np.sum(dZ1, axis=1, keepdims=True) / m",
        "db1 = np.sum(dZ1, axis=1, keepdims=True)",
        "batch_size",
    ),
    (
        "layer_objects",
        "return grad_out * self.out * (1 - self.out)",
        "return grad_out",
        "no_derivative",
    ),
    ("layer_objects", "return grad_out * self.mask", "return grad_out", "mask layer"),
    (
        "layer_objects",
        "grad = 2 * (self.forward(x) - targets) / len(x)",
        "grad = (self.forward(x) - targets) / len(x)",
        "convention",
    ),
    (
        "columns_lists",
        "delta = (activations[-1] - y) * sigmoid_prime(zs[-1])",
        "delta = activations[-1] - y",
        "output_derivative_missing",
    ),
    (
        "columns_lists",
        "sigmoid_prime(zs[-layer])",
        "sigmoid_prime(activations[-layer])",
        "derivative_of_output",
    ),
    (
        "attributes",
        "d1 = d2 @ self.W2.T * (1 - self.A1**2)",
        "d1 = d2 @ self.W2 * (1 - self.A1**2)",
        "untransposed",
    ),
    ("attributes", "self.dW2 = self.A1.T @ d2", "self.dW2 = (self.A1.T @ d2).T", "transposed"),
    ("attributes", "self.dW2 = self.A1.T @ d2", "self.dW2 = X.T @ d2", "wrong_input"),
    (
        "attributes",
        "d2 = d3 @ self.W3.T * (1 - self.A2**2)",
        "d2 = d3 @ self.W3.T * (1 - self.A1**2)",
        "wrong_layer",
    ),
    (
        "updates",
        (
            "        dh = delta @ self.W2.T\n        dz = dh * np.where(self.z > 0, 1,"
            " self.slope)\n        self.W2 -= lr * self.h.T @ delta\n"
        ),
        (
            "        self.W2 -= lr * self.h.T @ delta\n        dz = delta @ self.W2.T *"
            " np.where(self.z > 0, 1, self.slope)\n"
        ),
        "updated_weights",
    ),
    ("updates", "np.where(self.z > 0, 1, self.slope)", "np.where(self.z > 0, 1, 0)", "slope"),
    (
        "updates",
        "delta = (out - y) / len(x)",
        "delta = lr * (out - y) / len(x)",
        "learning_rate",
    ),  # applied twice
    (
        "python_lists",
        "hidden_deltas.append(error * h * (1 - h))",
        "hidden_deltas.append(error)",
        "no_derivative",
    ),
    ("python_lists", "out_deltas = [2 * (o - t)", "out_deltas = [-2 * (o - t)", "undecided"),
    ("penalty", "X.T @ dh + 2 * LAMBDA * W1", "X.T @ dh + LAMBDA * W1", "undecided"),
    (
        "penalty",
        "        return [dW1, db1, dW2, db2]",
        "        return [np.clip(v, -0.05, 0.05) for v in (dW1, db1, dW2, db2)]",
        "undecided",
    ),
    ("deep", "* a * (1 - a)", "* a", "function_for_derivative"),
    (
        "deep",
        "np.sum(delta, axis=0)\n",
        (
            "np.sum(delta, axis=0)\n            if i == 1:\n                grads['W1'] ="
            " np.zeros_like(grads['W1'])\n"
        ),
        "zero",
    ),
    ("augmented", "h * (1 - h)", "1.0", "no_derivative"),
    (
        "module_params",
        "    d2 = (out - y) / len(x)\n",
        (
            "    for i in range(len(x)):\n        d2 = np.zeros_like(out)\n        d2[i] = (out -"
            " y)[i] / len(x)\n"
        ),
        "one_example",
    ),
    ("adapted", "* (h > 0)", "", "mask"),
    ("activations", "return (x > 0).astype(float)", "return (relu(x) >= 0).astype(float)", "mask"),
    (
        "activations",
        "return 1 - np.tanh(x) ** 2",
        "return 1 + np.tanh(x) ** 2",
        "wrong wrong_derivative",
    ),
    ("activations", "return np.where(x > 0, 1, 0.01)", "return np.where(x > 0, 1, 0)", "slope"),
    ("activations", "return a * (1 - a)", "return sigmoid(a)", "function_for_derivative"),
    (
        "activation_classes",
        "return dout * (1 - self.y**2)",
        "return dout * (self.y**2 - 1)",
        "sign",
    ),
    (
        "activation_classes",
        "return 2 * (pred - target) / pred.size",
        "return (pred - target) / pred.size",
        "factor_2",
    ),
    ("losses", "return p / len(labels)", "return p", "batch_size"),
    (
        "losses",
        "    return 2 * (y_pred - y_true) / len(y_true)",
        "    return 2 * (y_true - y_pred) / len(y_true)",
        "undecided",
    ),
    ("losses", "np.exp(x - np.max(x, axis=1, keepdims=True))", "np.exp(x)", "note"),
    ("losses", "return x * mask / (1 - p)", "return x * mask", "mean"),
]
