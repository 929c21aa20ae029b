"""Activations, losses and softmaxes of a file: what their classes keep, and what is wrong."""

import numpy as np
import pytest

from tfmlp.checks.discovery import check_namespace


def findings(text):
    values = {"__name__": "checked", "np": np}
    exec(text, values)
    return {finding.subject: finding.report for finding in check_namespace(values).findings}


def activation(forward, backward, arguments="self, dout"):
    return f"""
class Act:
    def forward(self, z):
        {forward}
    def backward({arguments}):
        {backward}
"""


@pytest.mark.parametrize(
    "forward, backward, cause",
    [
        # The class keeps its output, its input or its mask, and returns its gradient or keeps it.
        ("self.a = np.tanh(z); return self.a", "return dout * (1 - self.a**2)", None),
        ("self.z = z; return np.tanh(z)", "return dout * (1 - np.tanh(self.z)**2)", None),
        (
            "self.z = z; self.output = np.tanh(z)",
            "self.dinputs = dout * (1 - self.output**2)",
            None,
        ),
        ("self.m = z > 0; self.out = z * self.m", "self.dx = dout * self.m", None),
        # Written for the output, and given the input that the class keeps.
        ("self.z = z; return np.tanh(z)", "return dout * (1 - self.z**2)", "derivative_of_input"),
        (
            "self.z = z; return 1 / (1 + np.exp(-z))",
            "return dout * self.z * (1 - self.z)",
            "derivative_of_input",
        ),
        (
            "self.a = np.tanh(z); return self.a",
            "return dout * self.a * (1 - self.a)",
            "wrong_derivative",
        ),
        ("self.a = np.tanh(z); return self.a", "return dout * (1 - self.a)", "wrong_derivative"),
        ("self.z = z; self.output = np.maximum(z, 0)", "self.dinputs = dout", "mask"),
        ("self.m = z <= 0; return np.maximum(z, 0)", "return dout * self.m", "mask_inverted"),
        (
            "self.z = z; return np.where(z > 0, z, 0.1 * z)",
            "return dout * np.where(self.z > 0, 0.1, 1)",
            "mask_inverted",
        ),
    ],
)
def test_activation_classes(forward, backward, cause):
    report = findings(activation(forward, backward))["Act"]
    assert (report.cause and report.cause.name) == cause


def test_a_class_that_makes_rows_of_vectors():
    text = """
class Base:
    def __call__(self, z):
        return self.f(z if z.ndim == 2 else z[None])
class Tanh(Base):
    def f(self, z): return np.tanh(z)
    def grad(self, z): return 1 - np.tanh(z) ** 2
class Wrong(Tanh):
    def grad(self, z): return 1 - np.tanh(z)
"""
    found = findings(text)
    assert found["Tanh"].right and "1 - a" in found["Wrong"].cause.text


def test_a_loss_class_that_keeps_its_gradient():
    text = """
class Loss:
    def forward(self, p, t): return np.mean((p - t) ** 2)
    def backward(self, p, t): self.dinputs = 2 * (p - t)
"""
    assert findings(text)["Loss"].convention is not None  # one factor: no error
    assert findings(text.replace("2 * (p - t)", "2 * p - t"))["Loss"].right is False
    assert findings(text.replace("2 * (p - t)", "2 * (p - t) / p.size"))["Loss"].right


def test_a_softmax_of_columns_that_overflows_is_not_one_of_the_wrong_axis():
    text = "def softmax(x):\n    e = np.exp(x)\n    return e / e.sum(axis=0)"
    found = findings(text)["softmax"]
    assert found.right and "overflows" in found.note and "column" in found.note
    stable = text.replace("np.exp(x)", "np.exp(x - x.max(axis=0))")
    assert findings(stable)["softmax"].right


def test_exchanged_sides_are_not_zero_times_the_derivative():
    text = """
def relu(z): return np.maximum(0, z)
def relu_grad(z): return np.where(z <= 0, 1.0, 0.0)
"""
    assert findings(text)["relu / relu_grad"].cause.name == "mask_inverted"


@pytest.mark.parametrize("names", ["y, t", "out, y", "y_true, y_pred", "y_pred, y_true"])
def test_outputs_and_labels_are_told_apart(names):
    out, true = names.split(", ")[:: -1 if names == "y_true, y_pred" else 1]
    text = f"""
def mse({names}): return (({out} - {true}) ** 2).mean()
def mse_grad({names}): return 2 * ({out} - {true}) / {out}.size
"""
    assert findings(text)["mse / mse_grad"].right is True
