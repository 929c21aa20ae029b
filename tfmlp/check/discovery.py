"""What there is to check in somebody's file: pairs of functions by their names, nets, or what an
adapter says.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tfmlp.check.functions import (
    FunctionReport,
    check_derivative,
    check_dropout,
    check_loss,
    check_softmax,
)
from tfmlp.check.gradients import GradientReport, check_gradients
from tfmlp.check.nets import BACKWARD, FORWARD, check_nets
from tfmlp.check.roles import required
from tfmlp.errors import ConfigError

ADAPTER = "tfmlp_check"
ADAPTER_TEXT = f"""def {ADAPTER}():
    net, X, y = Net(), np.random.randn(7, 5), np.random.randint(0, 3, 7)
    loss = lambda: net.loss(X, y)          # a number, computed from the parameters as they stand
    grads = net.backward(X, y)             # one for each parameter, in order or by name
    return {{"loss": loss, "params": net.params, "grads": grads, "inputs": X, "labels": y}}"""

_PREFIXES = (
    "deriv_",
    "derivative_",
    "derivative_of_",
    "grad_",
    "gradient_",
    "d_",
    "prime_",
    "der_",
    "back_",
    "dx_",
    "d",
)
_SUFFIXES = (
    "_derivative",
    "_deriv",
    "_prime",
    "_grad",
    "_gradient",
    "_backward",
    "_back",
    "_der",
    "_d",
    "_dx",
    "_bwd",
    "_df",
    "prime",
    "derivative",
)
_LOSS_WORDS = ("loss", "mse", "cross", "entropy", "cost", "error", "bce", "nll", "squared")
_FUNCTIONS = ("__call__", "forward", "function", "activate", "f", "calc", "fn", "compute")
_DERIVATIVES = (
    "grad",
    "derivative",
    "deriv",
    "backward",
    "gradient",
    "prime",
    "df",
    "d",
    "dfn",
    "bprop",
)


@dataclass
class Finding:
    """What was found of one thing in a file.

    Attributes:
      subject: What it is called in the file.
      kind: "derivative", "loss", "softmax", "dropout" or "gradient".
      report: A `FunctionReport` or a `GradientReport`.
    """

    subject: str
    kind: str
    report: FunctionReport | GradientReport

    def to_dict(self) -> dict[str, Any]:
        """Returns the finding as plain values."""
        report = self.report
        values = {
            "subject": self.subject,
            "kind": self.kind,
            "right": report.right,
            "cause": report.cause and vars(report.cause),
        }
        if isinstance(report, GradientReport):
            return (
                values
                | {key: value for key, value in report.to_dict().items() if key not in values}
                | {"text": str(report)}
            )
        return values | {"note": report.note, "detail": report.detail}


@dataclass
class FileFindings:
    """Everything that was found in a file.

    Attributes:
      findings: What could be checked.
      unclear: Names of what looks as if it should be checked, and could not be.
    """

    findings: list[Finding] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)


def check_namespace(namespace: dict[str, Any], seed: int = 0) -> FileFindings:
    """Checks what a file defined.

    Args:
      namespace: Names and what they stand for, as `runpy.run_path` returns them.
      seed: Decides the numbers that are tried.

    Raises:
      ConfigError: when its adapter returns something else than it should.
    """
    own = {
        name: value
        for name, value in namespace.items()
        if not name.startswith("__") and not inspect.ismodule(value) and _is_own(value, namespace)
    }
    found = FileFindings()
    if callable(namespace.get(ADAPTER)):
        for number, case in enumerate(_cases(namespace[ADAPTER]())):
            found.findings.append(
                Finding(
                    str(case.pop("name", ADAPTER if number == 0 else f"{ADAPTER} {number + 1}")),
                    "gradient",
                    check_gradients(
                        case.pop("loss"), case.pop("params"), case.pop("grads"), seed=seed, **case
                    ),
                )
            )
        return found
    found.findings += _functions(own, seed)
    found.findings += _classes(own, found, seed)
    nets, failed = check_nets(own, seed)
    found.findings += [Finding(name, "gradient", report) for name, report in nets]
    found.unclear += failed
    if not nets and not failed:
        found.unclear += [
            name
            for name, value in own.items()
            if inspect.isclass(value)
            and any(hasattr(value, word) for word in FORWARD[:6])
            and any(hasattr(value, word) for word in BACKWARD)
            and name not in {finding.subject for finding in found.findings}
        ]
        functions = {name for name, value in own.items() if inspect.isfunction(value)}
        if functions & set(BACKWARD) and functions & set(FORWARD):
            found.unclear += sorted(functions & set(BACKWARD))
    return found


def _is_own(value: Any, namespace: dict[str, Any]) -> bool:
    module = getattr(value, "__module__", None)
    return not callable(value) or module == namespace.get("__name__")


def _cases(result: Any) -> list[dict[str, Any]]:
    cases = (
        result
        if isinstance(result, list) and result and isinstance(result[0], dict | tuple)
        else [result]
    )
    cases = [
        (
            dict(zip(("loss", "params", "grads", "inputs", "labels"), case))
            if isinstance(case, tuple)
            else case
        )
        for case in cases
    ]
    for case in cases:
        known = {"loss", "params", "grads", "inputs", "labels", "batch_size", "name"}
        if (
            not isinstance(case, dict)
            or not {"loss", "params", "grads"} <= set(case)
            or not set(case) <= known
        ):
            raise ConfigError(
                f"{ADAPTER} must return a dict with loss, params and grads (and inputs, labels,"
                " batch_size, name); received"
                f" {sorted(case) if isinstance(case, dict) else type(case).__name__}."
            )
    return [dict(case) for case in cases]


def _functions(own: dict[str, Any], seed: int) -> Iterator[Finding]:
    functions = {name: value for name, value in own.items() if inspect.isfunction(value)}
    lower = {name.lower(): name for name in functions}
    for name, derivative in functions.items():
        base = next((lower[stem] for stem in _stems(name.lower()) if stem in lower), None)
        if base is None or base in BACKWARD or base in FORWARD:
            continue
        finding = _pair(f"{base} / {name}", functions[base], derivative, seed)
        if finding is not None:
            yield finding
    for name, function in functions.items():
        if name.lower() in ("softmax", "stable_softmax") and len(required(function) or ()) == 1:
            yield Finding(name, "softmax", _softmax(function))
        if name.lower() in ("dropout", "dropout_forward", "apply_dropout"):
            report = _dropout(function)
            if report is not None:
                yield Finding(name, "dropout", report)


def _stems(name: str) -> Iterator[str]:
    for prefix in _PREFIXES:
        if name.startswith(prefix) and len(name) > len(prefix):
            yield name[len(prefix) :]
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix):
            yield name[: -len(suffix)].rstrip("_")


def _pair(subject: str, function: Callable, derivative: Callable, seed: int) -> Finding | None:
    """Checks a function and its derivative: of one argument, or of outputs and labels."""
    first, second = required(function), required(derivative)
    if first is None or second is None:
        return None
    words = subject.lower()
    if len(first) == 1 and "softmax" not in words:
        if not _is_elementwise(function):
            return None
        if len(second) == 1:
            return Finding(subject, "derivative", check_derivative(function, derivative))
        if (
            len(second) == 2
        ):  # the gradient from above and the input, in either order; or the input and the output
            ones = lambda x: np.ones_like(np.asarray(x, float))  # noqa: E731
            ways = (
                lambda z: derivative(ones(z), z),
                lambda z: derivative(z, ones(z)),
                lambda z: derivative(z, function(z)),
            )
            reports = [
                report
                for report in (
                    _attempt(lambda way=way: check_derivative(function, way)) for way in ways
                )
                if report is not None
            ]
            right = next((report for report in reports if report.right), None)
            return Finding(subject, "derivative", right or reports[0]) if reports else None
        return None
    if len(first) == 2 and len(second) == 2 and any(word in words for word in _LOSS_WORDS):
        report = _loss(function, derivative, seed)
        return Finding(subject, "loss", report) if report is not None else None
    return None


def _loss(function: Callable, derivative: Callable, seed: int) -> GradientReport | None:
    names = [name.lower() for name in required(function) or ()]
    swapped = bool(names) and names[0] in (
        "y",
        "t",
        "target",
        "targets",
        "label",
        "labels",
        "y_true",
        "truth",
        "expected",
    )
    loss, gradient = (
        ((lambda o, y: function(y, o)), (lambda o, y: derivative(y, o)))
        if swapped
        else (function, derivative)
    )
    reports = [
        _attempt(lambda classes=classes: check_loss(loss, gradient, classes=classes, seed=seed))
        for classes in (False, True)
    ]
    reports = [report for report in reports if report is not None]
    return next((report for report in reports if report.right), reports[0] if reports else None)


def _classes(own: dict[str, Any], found: FileFindings, seed: int) -> Iterator[Finding]:
    for name, kind in own.items():
        if not inspect.isclass(kind) or required(kind):
            continue
        defined = {word for base in kind.__mro__[:-1] for word in vars(base)}
        forward, backward = (
            next((word for word in words if word in defined), None)
            for words in (_FUNCTIONS, _DERIVATIVES)
        )
        made = _attempt(kind)
        if made is None or forward is None:
            continue
        first = required(getattr(made, forward)) or []
        if name.lower() in ("softmax",) and len(first) == 1:
            yield Finding(name, "softmax", _softmax(getattr(made, forward)))
            continue
        if backward is None:
            continue
        second = required(getattr(made, backward)) or []
        run, back = getattr(made, forward), getattr(made, backward)
        if len(first) == 1 and "softmax" not in name.lower() and _is_elementwise(run):
            if len(second) == 1:
                ways = [back, lambda z, run=run, back=back: (run(z), back(np.ones_like(z)))[1]]
            elif len(second) == 2:
                ways = [
                    lambda z, back=back: back(np.ones_like(z), z),
                    lambda z, back=back: back(z, np.ones_like(z)),
                ]
            else:
                ways = [lambda z, run=run, back=back: (run(z), back())[1]]
            if len(second) == 1 and second[0].lower().strip("_") in (
                "dout",
                "grad_out",
                "grad_output",
                "grad",
                "upstream",
                "dy",
                "delta",
                "d_out",
                "gradient",
                "output_grad",
                "da",
            ):
                ways.reverse()
            reports = [
                report
                for report in (
                    _attempt(lambda way=way, run=run: check_derivative(run, way)) for way in ways
                )
                if report is not None
            ]
            right = next((report for report in reports if report.right), None)
            if reports:
                yield Finding(name, "derivative", right or reports[0])
        elif len(first) == 2 and any(word in name.lower() for word in _LOSS_WORDS):
            gradient = (
                back
                if len(second) == 2
                else (
                    (lambda o, y, run=run, back=back: (run(o, y), back())[1])
                    if not second
                    else None
                )
            )
            report = None if gradient is None else _loss(run, gradient, seed)
            if report is not None:
                yield Finding(name, "loss", report)


def _is_elementwise(function: Callable) -> bool:
    def test() -> bool:
        with np.errstate(all="ignore"):
            points = np.array([-1.5, -0.2, 0.3, 2.0])
            one, other = (
                np.asarray(function(points.copy()), float),
                np.asarray(function(points[::-1].copy()), float),
            )
        return one.shape == points.shape and np.allclose(one, other[::-1])

    return bool(_attempt(test))


def _softmax(function: Callable) -> FunctionReport:
    row = _attempt(lambda: check_softmax(function))
    if row is None or (row.cause and row.cause.name == "wrong_axis"):
        column = _attempt(lambda: check_softmax(function, column=True))
        # Batches of columns are a layout, and not a mistake.
        if column is not None and column.right:
            return FunctionReport(True, note="an example is a column")
        row = row or column
    return row or check_softmax(function)


def _dropout(function: Callable) -> FunctionReport | None:
    names = list(inspect.signature(function).parameters)
    flag = next(
        (name for name in names if name.lower() in ("training", "train", "is_training", "mode")),
        None,
    )
    rate = next(
        (
            name
            for name in names
            if name.lower()
            in ("p", "rate", "keep_prob", "keep", "p_drop", "prob", "drop_prob", "keep_probability")
        ),
        None,
    )
    if flag is None or rate is None or flag == names[0] or rate == names[0]:
        return None

    def run(training: bool):
        value = {"mode": "train" if training else "test"}.get(flag.lower(), training)

        def layer(x):
            result = function(x, **{rate: 0.4, flag: value})
            return result[0] if isinstance(result, tuple) else result

        return layer

    return _attempt(lambda: check_dropout(run(True), run(False)))


def _attempt(make: Callable[[], Any]) -> Any:
    """Returns what a call gives, or None if it raises: it was not meant to be called so."""
    try:
        return make()
    except Exception:
        return None
