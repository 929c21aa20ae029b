"""Is my gradient right? Anybody's loss, parameters and gradients, held against central differences;
and if not, why.

report = check_gradients(loss_fn, params, grads, inputs=X, labels=Y)
print(report)           # a table
assert report.right
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfmlp.check.causes import (
    Cause,
    Compared,
    explain_one,
    explain_ratio,
    explain_together,
    locate,
    squeezed,
)
from tfmlp.check.differences import computes_in_float32, measure_slopes
from tfmlp.check.mirror import recognize
from tfmlp.check.trees import leaves_of, matched, rebuilt
from tfmlp.errors import ConfigError

_TOLERANCE = {8: 1e-5, 4: 2e-2}  # relative, by the bytes of the type that the loss is computed in
_FLOAT32 = 1e-3  # what gradients computed in float32 may be off by, relative to the largest entry


@dataclass(frozen=True)
class ParameterVerdict:
    """What was found of one parameter's gradient.

    Attributes:
      name: The parameter's name.
      right: Whether the gradient agrees with the differences.
      error: The largest difference, relative to the larger of the two slopes or a thousandth of the
        parameter's largest.
      where: The index of the entry where it is.
      given, measured: The gradient's entry there, and the difference's.
      entries: How many entries were looked at; of these `kinks` lie on a kink and were held against
        both sides.
      kinks: See `entries`.
      cause: What is wrong with this gradient taken alone, or None.
      note: A remark, such as that float32 noise is all there is.
    """

    name: str
    right: bool
    error: float
    where: tuple[int, ...]
    given: float | None
    measured: float
    entries: int
    kinks: int
    cause: Cause | None
    note: str = ""


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradients` found.

    Attributes:
      parameters: A verdict for each parameter.
      cause: The likely cause of what is wrong, or None.
      recognized: What the net was recognized as, or "".
    """

    parameters: tuple[ParameterVerdict, ...]
    cause: Cause | None
    recognized: str = ""

    @property
    def right(self) -> bool:
        """Whether every gradient is right."""
        return all(verdict.right for verdict in self.parameters)

    def to_dict(self) -> dict[str, Any]:
        """Returns the report as plain values."""
        rows = []
        for verdict in self.parameters:
            row = vars(verdict) | {
                "where": list(verdict.where),
                "cause": verdict.cause and vars(verdict.cause),
            }
            rows.append(
                {
                    key: None if isinstance(value, float) and not np.isfinite(value) else value
                    for key, value in row.items()
                }
            )
        return {
            "right": self.right,
            "cause": self.cause and vars(self.cause),
            "recognized": self.recognized,
            "parameters": rows,
        }

    def __str__(self) -> str:
        width = max(len("parameter"), *(len(verdict.name) for verdict in self.parameters))
        lines = [
            f"{'parameter':{width}}  verdict  largest error  where         given        measured"
        ]
        for verdict in self.parameters:
            given = "none" if verdict.given is None else f"{verdict.given:.6g}"
            place = str(list(verdict.where)).replace(" ", "")
            lines.append(
                f"{verdict.name:{width}}  {'right' if verdict.right else 'WRONG':7} "
                f" {verdict.error:13.1e}  {place:12}  {given:11}  {verdict.measured:.6g}"
                + (f"  ({verdict.note})" if verdict.note else "")
            )
        if self.cause:
            lines.append(f"likely cause: {self.cause.text}")
        return "\n".join(lines)


def check_gradients(
    loss_fn: Callable[..., Any],
    params: Any,
    grads: Any,
    *,
    inputs: Any = None,
    labels: Any = None,
    batch_size: int | None = None,
    entries: int = 120,
    seed: int = 0,
) -> GradientReport:
    """Checks gradients against central differences in float64, and says what is likely wrong with
    them.

    Args:
      loss_fn: Returns the loss as a number. Either takes the parameters, nested as `params` is, or
        nothing: then `params` are changed in place (NumPy arrays, lists, tf.Variables).
      params: dicts, lists or tuples of arrays, from the first layer to the last; NumPy, TensorFlow
        or lists of numbers.
      grads: The gradients to check: under the same names, names such as dW1 for W1, or in the same
        order.
      inputs: What the loss is computed of, [n, d] or [d, n]. With inputs and labels, a net of dense
        layers is recognized and the usual mistakes are tried on it, which tells many more causes.
      labels: Classes [n], or targets [n, k] or [k, n].
      batch_size: Rows in the batch; taken from `labels` if None.
      entries: How many entries of each array are looked at; all, if it has no more.
      seed: Decides which.

    Returns:
      A `GradientReport`.

    Raises:
      ConfigError: when parameters and gradients do not correspond, or the loss is not one finite
        number.
    """
    leaves = leaves_of(params)
    given = matched(
        leaves,
        leaves_of(
            grads,
            make=lambda name, tree: np.asarray(tree.numpy() if hasattr(tree, "numpy") else tree),
        ),
    )
    loss = _closed(loss_fn, params, leaves)
    first = float(loss())
    if not np.isfinite(first):
        raise ConfigError(
            f"the loss must be a finite number; received {first}: choose smaller parameters or"
            " inputs."
        )
    kept = {name: leaf.value.copy() for name, leaf in leaves.items()}

    def move(size: float) -> None:
        for name, leaf in leaves.items():
            leaf.value[...] = kept[name] * (1 + size)

    itemsize = (
        4
        if any(leaf.dtype == np.float32 for leaf in leaves.values())
        or computes_in_float32(loss, move)
        else 8
    )
    stream = np.random.default_rng(seed)
    parts, verdicts = [], []
    for name, leaf in leaves.items():
        size = leaf.value.size
        chosen = (
            np.arange(size)
            if size <= entries
            else np.sort(stream.choice(size, entries, replace=False))
        )
        slopes = measure_slopes(loss, leaf.value, chosen, itemsize)
        gradient = None if given[name] is None else np.asarray(given[name], np.float64)
        parts.append(Compared(name, leaf.value.copy(), gradient, slopes))
    scale = max(float(np.abs(part.numeric).max(initial=0)) for part in parts)
    single = itemsize == 4 or any(
        value is not None and np.asarray(value).dtype == np.float32 for value in given.values()
    )
    for part in parts:
        verdicts.append(_judge(part, _TOLERANCE[itemsize], single, scale))
    loss()  # parameters that were changed in place are as they were
    if labels is not None and batch_size is None:
        batch_size = _rows(labels, inputs)
    outputs = parts[-1].value.size if squeezed(parts[-1].value).ndim == 1 else None
    if all(verdict.right for verdict in verdicts):
        return GradientReport(tuple(verdicts), None)
    mirror = (
        None
        if inputs is None or labels is None
        else recognize(inputs, labels, {part.name: part.value for part in parts}, first)
    )
    for index, part in enumerate(parts):
        if not part.right:
            verdicts[index] = _with_cause(verdicts[index], explain_one(part, batch_size, outputs))
    cause = _cause(parts, verdicts, mirror, batch_size, outputs)
    return GradientReport(tuple(verdicts), cause, mirror.description if mirror else "")


def assert_gradients_close(
    loss_fn: Callable[..., Any], params: Any, grads: Any, **options: Any
) -> None:
    """For tests: raises AssertionError, with the table and the likely cause, where
    `check_gradients` finds something wrong. Arguments as there.
    """
    report = check_gradients(loss_fn, params, grads, **options)
    if not report.right:
        raise AssertionError(f"gradients differ from central differences\n{report}")


def _closed(
    loss_fn: Callable[..., Any], params: Any, leaves: dict[str, Any]
) -> Callable[[], float]:
    """Returns the loss as a function of nothing that reads the leaves' values."""
    try:
        wanted = [
            p
            for p in inspect.signature(loss_fn).parameters.values()
            if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        wanted = [None]
    if len(wanted) > 1:
        raise ConfigError(
            "loss_fn must take the parameters or nothing; received one that takes"
            f" {', '.join(p.name for p in wanted)}: wrap it in a lambda."
        )

    def loss() -> float:
        if wanted:
            value = loss_fn(rebuilt(params, leaves))
        else:
            for leaf in leaves.values():
                leaf.write()
            value = loss_fn()
        array = np.asarray(value.numpy() if hasattr(value, "numpy") else value, np.float64)
        if array.size != 1:
            raise ConfigError(
                f"loss_fn must return one number; received an array of shape {array.shape}: take"
                " its mean or its sum."
            )
        return array.reshape(())[()]

    return loss


def _rows(labels: Any, inputs: Any) -> int | None:
    labels = np.asarray(labels)
    if inputs is not None:
        common = [length for length in labels.shape if length in np.asarray(inputs).shape]
        return common[0] if common else None
    return len(labels) if labels.ndim else None


def _judge(part: Compared, tolerance: float, single: bool, scale: float) -> ParameterVerdict:
    """Compares one gradient, and sets `part.right`."""
    slopes, entries = part.slopes, part.slopes.entries
    largest = float(np.abs(slopes.central).max(initial=0))
    worst = int(np.argmax(np.abs(slopes.central))) if len(entries) else 0
    place = (
        tuple(int(i) for i in np.unravel_index(entries[worst], part.value.shape))
        if part.value.ndim
        else ()
    )
    values = part.at_entries()
    if (
        values is None
        or not np.isfinite(values).all()
        or not squeezed(part.given).shape == squeezed(part.value).shape
    ):
        return ParameterVerdict(
            part.name,
            False,
            float("inf"),
            place,
            None,
            float(slopes.central[worst]),
            len(entries),
            int(slopes.kinked.sum()),
            None,
        )
    difference = np.abs(values - slopes.central)
    # On a kink any slope between the two sides is a subgradient.
    outside = np.maximum(np.maximum(slopes.low - values, values - slopes.high), 0)
    difference = np.where(slopes.kinked, outside, difference)
    floor = max(1e-3 * largest, 1e-6 * scale, 1e-12)
    relative = difference / np.maximum(np.maximum(np.abs(values), np.abs(slopes.central)), floor)
    relative = np.where(difference <= slopes.noise, 0.0, relative)
    worst = int(np.argmax(relative))
    place = (
        tuple(int(i) for i in np.unravel_index(entries[worst], part.value.shape))
        if part.value.ndim
        else ()
    )
    error, note = float(relative[worst]), ""
    right = error <= tolerance
    if (
        not right
        and single
        and difference.max() <= _FLOAT32 * max(largest, 1e-3 * scale) + slopes.noise
    ):
        right, note = True, "float32 noise only"
    part.right = right
    return ParameterVerdict(
        part.name,
        right,
        error,
        place,
        float(values[worst]),
        float(slopes.central[worst]),
        len(entries),
        int(slopes.kinked.sum()),
        None,
        note,
    )


def _with_cause(verdict: ParameterVerdict, cause: Cause | None) -> ParameterVerdict:
    return ParameterVerdict(**(vars(verdict) | {"cause": cause}))


def _cause(
    parts: list[Compared],
    verdicts: list[ParameterVerdict],
    mirror: Any,
    batch: int | None,
    outputs: int | None,
) -> Cause | None:
    """Returns the cause of it all: shapes first, then one factor, then one mistake, then what each
    shows alone, then where it starts.
    """
    alone = [verdict.cause for verdict in verdicts if verdict.cause]
    shapes = [
        cause
        for cause in alone
        if cause.name
        in (
            "missing",
            "not_finite",
            "unreduced_bias",
            "transposed",
            "wrong_axis",
            "shape",
        )
    ]
    if shapes:
        index = [verdict.cause for verdict in verdicts].index(shapes[0])
        return Cause(shapes[0].name, f"{parts[index].name}: {shapes[0].text}")
    if together := explain_together(parts, batch, outputs):
        return together
    if mirror is not None and (found := _mistake(parts, mirror, batch, outputs)):
        return found
    if alone and len({cause.name for cause in alone}) == 1:
        index = next(i for i, verdict in enumerate(verdicts) if verdict.cause)
        return Cause(alone[0].name, f"{parts[index].name}: {alone[0].text}")
    located = locate(parts)
    top = next((i for i in range(len(parts) - 1, -1, -1) if not parts[i].right), None)
    if verdicts[top].cause and verdicts[top].cause.name != "scaled":
        return Cause(verdicts[top].cause.name, f"{parts[top].name}: {verdicts[top].cause.text}")
    return located


def _mistake(
    parts: list[Compared], mirror: Any, batch: int | None, outputs: int | None
) -> Cause | None:
    """Returns the mistake whose gradients are those that were given, all of them; also up to one
    factor on all of them.
    """
    given = np.concatenate([part.at_entries() for part in parts])
    largest = np.abs(given).max()
    for exact in (True, False):
        for name, text, gradients in mirror.mistakes({part.name: part.given for part in parts}):
            if set(gradients) != {part.name for part in parts}:
                continue
            tried = np.concatenate([part.at_entries(gradients[part.name]) for part in parts])
            if not np.isfinite(tried).all() or not tried.any():
                continue
            if exact and np.allclose(tried, given, rtol=1e-5, atol=1e-6 * largest):
                return Cause(name, text)
            if not exact:
                ratio = float(np.dot(tried, given) / np.dot(tried, tried))
                if ratio and np.allclose(ratio * tried, given, rtol=1e-5, atol=1e-6 * largest):
                    extra = explain_ratio(ratio, batch, outputs).text
                    return Cause(name, f"{text}; besides, {extra}")
    return None
