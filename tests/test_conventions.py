"""What `check` understands unasked: each convention, right and wrong; and what it cannot judge."""

import ast
import json

import numpy as np
import pytest

from tests.conventions import (
    APPLIED,
    COURSE,
    GIVEN_LAYERS,
    HOLDER,
    KEPT,
    LAYER,
    RIGHT,
    SEPARATE,
    SIGMOID,
    UNROLLED,
    WRONG,
)
from tests.test_check import said_against
from tfmlp.checks import conventions, guessing
from tfmlp.checks.discovery import check_namespace


def found_in(text, seed=0):
    values = {"__name__": "checked", "np": np}
    np.random.seed(seed)
    exec(text, values)
    return check_namespace(values, seed, ast.parse(text).body)


@pytest.mark.parametrize("name, layout, text", RIGHT, ids=[f"{n}, {lay}" for n, lay, _ in RIGHT])
def test_a_convention_alone_judges_a_right_file(name, layout, text, monkeypatch):
    monkeypatch.setattr(guessing, "CONVENTIONS", (getattr(conventions, name),))
    for seed in range(2):
        found = found_in(text, seed)
        judged = [finding.report for finding in found.findings if finding.kind == "gradient"]
        assert judged and all(report.right for report in judged), list(map(str, judged))


def test_every_convention_has_two_layouts():
    names = [name for name, _, _ in RIGHT]
    modules = [module.__name__.split(".")[-1] for module in guessing.CONVENTIONS]
    assert set(names) == set(modules) and all(names.count(name) >= 2 for name in names)


@pytest.mark.parametrize(
    "text, right, wrong, said", WRONG, ids=[f"{s}, {r}" for _, r, _, s in WRONG]
)
def test_a_wrong_file_is_never_right_and_its_cause_is_named(text, right, wrong, said):
    assert text.count(right) == 1
    found = found_in(text.replace(right, wrong))
    against = [name for finding in found.findings if (name := said_against(finding.report))]
    assert against and against[0] in said.split(), [str(f.report) for f in found.findings]


# --- what is not judged

LOOP = f"""
{SIGMOID}
rng = np.random.default_rng(0)
X, y = rng.normal(size=(8, 3)), rng.integers(0, 2, (8, 1)).astype(float)
w1, w2 = rng.normal(size=(3, 4)), rng.normal(size=(4, 1))
for epoch in range(3):
    hidden = sigmoid(X @ w1)
    out = sigmoid(hidden @ w2)
    delta = (out - y) * out * (1 - out)
    dw2 = hidden.T @ delta
    dw1 = X.T @ (delta @ w2.T * hidden * (1 - hidden))
    w1, w2 = w1 - 0.1 * dw1, w2 - 0.1 * dw2
"""
STEP = """
    global w1, w2
    hidden = sigmoid(X @ w1)
    delta = (outputs() - y) * outputs() * (1 - outputs())
    w1, w2 = w1 - X.T @ (delta @ w2.T * hidden * (1 - hidden)), w2 - hidden.T @ delta"""

# (the text, what is changed in it so that it cannot be judged, what is filled into the call,
# whether it is right when it is asked)
UNJUDGED = {
    "an object": (
        KEPT,
        [
            ("def backward(self, X, Y)", "def backward(self, X, Y, mean)"),
            ("@ X.T / m", "@ X.T * mean"),
            ("dZ1, axis=1, keepdims=True) / m", "dZ1, axis=1, keepdims=True) * mean"),
        ],
        [("mean=...", "mean=1 / X.shape[1]")],
        True,
    ),
    "an object that applies": (
        APPLIED,
        [("def train(self, x, y)", "def train(self, x, y, strength)")],
        [("strength=...", "strength=1")],
        True,
    ),
    "a dict of parameters": (
        COURSE,
        [
            ("(parameters, cache, X, Y)", "(parameters, ff_dict, X, Y)"),
            ("= cache[", "= ff_dict["),
            (', cache["A2"]', ', ff_dict["A2"]'),
        ],
        [("ff_dict=...", "ff_dict=forward_propagation(X, params)[1]")],
        True,
    ),
    "separate arguments": (
        SEPARATE,
        [("def backward(X, y, z1,", "def backward(X, y, first,")],
        [("first=...", "first=None")],
        True,
    ),
    "an object made of its data": (
        HOLDER.replace("OUTPUTS", "3"),
        [
            ("def backprop(self)", "def backprop(self, speed)"),
            ("+= d_weights", "+= speed * d_weights"),
        ],
        [("speed=...", "speed=0.5")],
        True,
    ),
    "a container": (GIVEN_LAYERS, [("grad.sum(axis=0)", "grad")], [], False),
    "a layer": (LAYER, [("np.sum(dvalues, axis=0, keepdims=True)", "dvalues")], [], False),
    "one vector": (UNROLLED, [("* a2 * (1 - a2))", "* np.cos(a2))")], [], False),
    "lists of neurons": (
        RIGHT[12][2],
        [
            ("(network, input_vector, target)", "(network, input_vector, target, speed)"),
            ("-= d * x", "-= speed * d * x"),
            ("-= d * h", "-= speed * d * h"),
        ],
        [("speed=...", "speed=0.5")],
        True,
    ),
    "a loop": (
        LOOP,
        [],
        [
            ("X, y = ..., ...", "X, y = X, y"),
            ("return ...", "return sigmoid(sigmoid(X @ w1) @ w2)"),
            ("\n    ...", STEP),
        ],
        True,
    ),
}


@pytest.mark.parametrize("case", UNJUDGED)
def test_the_call_that_is_printed_works(case, tmp_path, run_cli):
    text, changes, filled, right = UNJUDGED[case]
    text = "import numpy as np\n" + changed(text, changes)
    path = tmp_path / "mine.py"
    path.write_text(text)
    result = run_cli("check", str(path), "--json")
    values = json.loads(result.stdout)
    assert result.exit_code == 1 and values["right"] is None, values
    *_, ask = values["unclear"]
    assert ask["found"] and ask["missing"] and "..." not in ask["found"] + ask["missing"]
    assert max(map(len, ask["call"].splitlines())) <= 100
    path.write_text(text + "\n" + changed(ask["call"], filled))
    values = json.loads(run_cli("check", str(path), "--json").stdout)
    assert values["right"] is right, f"{ask['call']}\n\n{values}"


def test_a_loss_that_is_in_doubt_is_to_be_given(tmp_path, run_cli):
    # Right for binary cross-entropy, of which the file does not speak.
    changes = [("delta = (y - out) * out * (1 - out)", "delta = y - out")]
    text = "import numpy as np\n" + changed(APPLIED, changes)
    path = tmp_path / "mine.py"
    path.write_text(text)
    values = json.loads(run_cli("check", str(path), "--json").stdout)
    assert values["right"] is None and "logarithm" in values["unclear"][0]["missing"]
    call = values["unclear"][0]["call"]
    filled = [("loss=lambda: ...", "loss=lambda: ((net.feedforward(X) - y) ** 2).mean()")]
    path.write_text(f"{text}\n{changed(call, filled)}")
    values = json.loads(run_cli("check", str(path), "--json").stdout)
    assert values["findings"][0]["cause"]["name"] == "output_derivative_missing"


def changed(text, changes):
    for old, new in changes:
        assert old in text, (old, text)
        text = text.replace(old, new)
    return text
