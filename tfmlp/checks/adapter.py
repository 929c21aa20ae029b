"""The adapter: a function of a user's file that says what to check."""

from collections.abc import Callable, Iterator
from numbers import Real
from typing import Any

from tfmlp.checks.calls import guarded
from tfmlp.checks.findings import Finding
from tfmlp.checks.gradients import check_gradients
from tfmlp.checks.reports import GradientReport
from tfmlp.errors import ConfigError

ADAPTER = "tfmlp_check"

_NEEDED = ("loss", "params", "grads")
_OPTIONAL = ("inputs", "labels", "batch_size", "name")


def adapted(adapter: Callable[[], Any], seed: int) -> Iterator[Finding]:
    """Checks what a user's adapter says.

    Args:
      adapter: Returns what `tfmlp.check` returned, or a case or a list of them: a dict, or a tuple
        of loss, params, grads, inputs and labels.
      seed: Decides the numbers that are tried.

    Raises:
      ConfigError: when it returns something else.
      UserCodeError: when it, or a loss, raises.
    """
    result = guarded(adapter)()
    if isinstance(result, GradientReport):
        yield Finding(ADAPTER, "gradient", result)
        return
    for number, case in enumerate(_cases(result)):
        subject = str(case.pop("name", f"{ADAPTER} {number + 1}" if number else ADAPTER))
        loss = guarded(case.pop("loss"))
        report = check_gradients(loss, case.pop("params"), case.pop("grads"), seed=seed, **case)
        yield Finding(subject, "gradient", report)


def _cases(result: Any) -> list[dict[str, Any]]:
    is_list = isinstance(result, list) and result and isinstance(result[0], dict | tuple)
    return [_case(case) for case in (result if is_list else [result])]


def _case(case: Any) -> dict[str, Any]:
    if isinstance(case, tuple):
        case = dict(zip((*_NEEDED, "inputs", "labels"), case))
    if not isinstance(case, dict):
        raise _unexpected(type(case).__name__)
    if not set(_NEEDED) <= set(case) <= {*_NEEDED, *_OPTIONAL}:
        raise _unexpected(sorted(map(str, case)))
    if not isinstance(case.get("batch_size"), Real | None):
        raise _unexpected(f"the batch_size {case['batch_size']!r}")
    return dict(case)


def _unexpected(received: Any) -> ConfigError:
    return ConfigError(
        f"{ADAPTER} must return a dict with loss, params and grads (and inputs, labels, batch_size,"
        f" name); received {received}."
    )
