"""The parts of `check`: a user's code may raise anything, a defect of the checker may not hide."""

import ast
import json
import subprocess
import sys
from collections import defaultdict, namedtuple
from pathlib import Path

import numpy as np
import pytest

import tfmlp.checks
from tfmlp import ConfigError, check_derivative, check_gradients
from tfmlp.checks import child, derivatives, point, question
from tfmlp.checks.calls import UserCodeError, attempt, attribute, guarded
from tfmlp.checks.causes import CauseName, cause
from tfmlp.checks.discovery import check_namespace
from tfmlp.checks.roles import Role, call, required
from tfmlp.checks.texts import TEXTS
from tfmlp.checks.trees import items_of, leaves_of, rebuilt

ROOM = Path(tfmlp.checks.__file__).parent
GALLERY = Path(__file__).parent / "gallery"


def namespace_of(text):
    values = {"__name__": "checked", "np": np}
    exec(text, values)
    return values


# --- a user's code and the checker's own


@pytest.mark.parametrize(
    "module, name, file",
    [
        (point, "judge", "rows_dict"),
        (question, "answer", "columns_functions"),
        (derivatives, "numbers", "activation_classes"),
    ],
)
def test_a_defect_of_the_checker_is_not_a_wrong_guess(module, name, file, monkeypatch):
    def broken(*args, **options):
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(module, name, broken)
    with pytest.raises(ZeroDivisionError, match="a defect"):
        check_namespace(namespace_of((GALLERY / f"{file}.py").read_text()))


def test_a_defect_of_the_checker_does_not_read_as_the_files(monkeypatch, capsys):
    def broken(*args):
        raise IndexError("out of range")

    monkeypatch.setattr(child, "check_namespace", broken)
    found = child.findings_in(str(GALLERY / "rows_dict.py"), 0)
    assert "the check itself failed: IndexError: out of range" in found["error"]
    assert "Traceback" in capsys.readouterr().err


def test_guarded_keeps_the_signature_and_wraps_whatever_is_raised():
    def theirs(x, lr=0.1):
        raise KeyError(x)

    assert required(guarded(theirs)) == ["x"]
    with pytest.raises(UserCodeError, match="KeyError: 3") as caught:
        guarded(theirs)(3)
    assert isinstance(caught.value.__cause__, KeyError)
    assert attempt(lambda: guarded(theirs)(3)) is None
    with pytest.raises(TypeError):
        attempt(lambda: len(3))


def test_from_python_a_users_exception_is_raised_as_it_is():
    def loss(params):
        raise KeyError("W7")

    with pytest.raises(KeyError, match="W7"):
        check_gradients(loss, {"W": np.ones(2)}, {"W": np.ones(2)})


def test_a_class_may_raise_wherever_it_is_touched():
    text = """
class Net:
    def __init__(self): self.W = np.ones((5, 3))
    @property
    def params(self): raise RuntimeError("not yet")
    def get_params(self): raise RuntimeError("not yet")
    def forward(self, x): return x @ self.W
    def loss(self, out, y): return np.mean((out - y) ** 2)
    def backward(self, x, y): return {"W": x.T @ (x @ self.W - y) * 2 / y.size}
"""
    found = check_namespace(namespace_of(text))
    assert [finding.report.right for finding in found.findings] == [True]
    assert attribute(namespace_of(text)["Net"](), "params") is None


def test_a_net_with_one_parameter_may_return_its_gradient_alone():
    text = """
class LogisticRegression:
    def __init__(self): self.w = np.ones((5, 1))
    def forward(self, x): return 1 / (1 + np.exp(-x @ self.w))
    def loss(self, p, y): return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    def backward(self, x, y): return x.T @ (self.forward(x) - y) / len(x)
"""
    for wrong in (False, True):
        edited = text.replace(" / len(x)\n", "\n") if wrong else text
        [finding] = check_namespace(namespace_of(edited)).findings
        assert finding.report.right
        assert wrong is (finding.report.convention is not None)  # the learning rate takes it up


# --- causes


def test_a_cause_compares_equal_to_its_string_and_is_plain_in_json():
    found = check_derivative(np.sin, lambda z: -np.cos(z)).cause
    assert found.name is CauseName.SIGN and found.name == "sign"
    assert json.loads(json.dumps(found.to_dict())) == {
        "name": "sign",
        "text": "the derivative has the wrong sign",
    }


def test_every_cause_has_a_text_and_every_text_a_cause():
    assert {key.split("/")[0] for key in TEXTS} == {name.value for name in CauseName}


def test_every_text_that_the_code_asks_for_is_there():
    asked = set()
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "cause":
                name, *others = node.args
                if isinstance(name, ast.Attribute):
                    key = CauseName[name.attr].value
                    constants = [n for o in others for n in ast.walk(o) if hasattr(n, "value")]
                    asked |= {f"{key}/{constant.value}" for constant in constants} or {key}
    assert len(asked) > 40 and asked <= set(TEXTS)


def test_an_adapter_says_what_is_wrong_with_it():
    text = "def tfmlp_check(): return {'loss': 1, 'params': 2, 'grads': 3, 'batch_size': 'all'}"
    with pytest.raises(ConfigError, match="received the batch_size 'all'"):
        check_namespace(namespace_of(text))
    text = "def tfmlp_check(): return {'loss': lambda: 1 / 0, 'params': [1.0], 'grads': [1.0]}"
    with pytest.raises(UserCodeError, match="ZeroDivisionError"):
        check_namespace(namespace_of(text))


def test_a_text_is_filled_in():
    values = dict(what="it", ratio=7.0, batch=7, besides="")
    found = cause(CauseName.BATCH_SIZE, "too_large", **values)
    assert "divided by the batch size 7" in found.text


# --- parameter trees and conventions


def test_trees_keep_their_types():
    pair = namedtuple("Pair", "kernel bias")
    layers = defaultdict(dict, first=pair(np.ones((2, 3)), [0, 1, 2]))
    leaves = leaves_of(layers)
    assert list(leaves) == ["first.0", "first.1"]
    again = rebuilt(layers, leaves)
    assert isinstance(again, defaultdict) and isinstance(again["first"], pair)
    assert again["first"].bias.dtype == np.float64 and layers["first"].bias == [0, 1, 2]
    assert dict(items_of({"W": None})) == {"W": None}


def test_a_tensor_is_rebuilt_as_a_tensor_of_its_type():
    import tensorflow as tf

    tensor = tf.constant([1.0, 2.0], tf.float32)
    again = rebuilt([tensor], leaves_of([tensor]))[0]
    assert isinstance(again, tf.Tensor) and again.dtype == tf.float32


def test_checking_imports_no_tensorflow():
    code = """
import sys, numpy as np, tfmlp
class Tensor:
    def __init__(self, value): self.value = value
    def numpy(self): return self.value
weights = Tensor(np.ones(3))
report = tfmlp.check_gradients(lambda p: np.sum(p[0] ** 2), [weights], [Tensor(2 * np.ones(3))])
sys.exit(not report.right or "tensorflow" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    "params, message",
    [
        ([], "at least one entry"),
        ([np.zeros((0, 3))], "at least one entry"),
        ({"W": None}, "W: expected numbers; received None"),
        ({"W": "ones"}, "W: expected numbers"),
    ],
)
def test_parameters_that_are_none(params, message):
    with pytest.raises(ConfigError, match=message):
        check_gradients(lambda p: 0.0, params, params)


def test_parameters_that_cannot_be_changed_in_place():
    fixed = np.ones(3)
    fixed.flags.writeable = False
    with pytest.raises(ConfigError, match="changed in place"):
        check_gradients(lambda: fixed.sum(), [fixed], [np.ones(3)])
    assert check_gradients(lambda p: p[0].sum(), [fixed], [np.ones(3)]).right


def test_arguments_are_told_by_their_names():
    roles = {Role.INPUTS: "inputs", Role.LABELS: "labels", Role.GRADIENT: "gradient"}
    assert call(lambda X, y_true: (X, y_true), roles).value == ("inputs", "labels")
    assert call(lambda out, *, t, lr=3: (out, t, lr), roles).value == ("gradient", "labels", 3)
    with pytest.raises(ConfigError, match="received 'q'"):
        call(lambda q: q, roles)
