"""What a wrong gradient looks like: hypotheses, tested against the numbers.

Each takes a `Compared` and says a `Cause` or nothing. They are tried from the particular to the
general; the first that fits is the likely cause.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tfmlp.check.differences import Slopes

_SAME = 1e-4  # relative deviation within which a ratio counts as constant


@dataclass(frozen=True)
class Cause:
    """A likely cause.

    Attributes:
      name: A short name, such as "batch_size".
      text: A sentence for the person who wrote the gradient.
    """

    name: str
    text: str


@dataclass
class Compared:
    """One parameter: what was given and what was measured.

    Attributes:
      name: The parameter's name.
      value: float64, its value.
      given: float64, its gradient as given, in the shape it was given in; None if there was none.
      slopes: What was measured.
      right: Whether they agree.
    """

    name: str
    value: np.ndarray
    given: np.ndarray | None
    slopes: Slopes
    right: bool = False

    @property
    def numeric(self) -> np.ndarray:
        return self.slopes.central

    @property
    def smooth(self) -> np.ndarray:
        """Which entries have one slope, bool [m]."""
        return ~self.slopes.kinked

    def at_entries(self, array: np.ndarray | None = None) -> np.ndarray | None:
        """Returns an array's (the given gradient's) values at the measured entries, or None if its
        shape does not fit.
        """
        array = self.given if array is None else array
        if array is None or squeezed(array).shape != squeezed(self.value).shape:
            return None
        return array.reshape(-1)[self.slopes.entries]


def squeezed(array: np.ndarray) -> np.ndarray:
    """Returns the array without axes of length 1: a bias may lie as [k], [1, k] or [k, 1]."""
    return array.reshape([length for length in array.shape if length > 1])


def constant_ratio(part: Compared) -> float | None:
    """Returns c where the given gradient is c times the measured one, or None."""
    given = part.at_entries()
    if given is None:
        return None
    numeric = part.numeric
    scale = np.abs(numeric[part.smooth]).max(initial=0.0)
    heavy = part.smooth & (np.abs(numeric) > 1e-3 * scale)
    if not heavy.any() or scale <= part.slopes.noise * 10:
        return None
    ratio = float(np.dot(given[heavy], numeric[heavy]) / np.dot(numeric[heavy], numeric[heavy]))
    error = np.abs(given - ratio * numeric)[part.smooth].max()
    return (
        ratio
        if error <= _SAME * max(abs(ratio), 1e-12) * scale + abs(ratio) * part.slopes.noise
        else None
    )


def explain_ratio(
    ratio: float, batch: int | None, outputs: int | None, what: str = "the gradient"
) -> Cause:
    """Says what a constant factor is."""

    def near(value: float) -> bool:
        return np.isclose(ratio, value, rtol=1e-3)

    if near(-1):
        return Cause("sign", f"{what} has the wrong sign")
    if batch and batch > 2:
        for factor, text in ((1, ""), (2, " and by 2"), (0.5, ""), (-1, ", with the wrong sign")):
            if near(factor * batch):
                return Cause(
                    "batch_size",
                    f"{what} is {ratio:g} times what it should be: it must be divided by the batch"
                    f" size {batch}{text}",
                )
            if near(factor / batch):
                return Cause(
                    "batch_size",
                    f"{what} is {batch} times too small{text}: it is divided by the batch size once"
                    " too often, or the loss is a sum",
                )
    if near(2) or near(0.5):
        return Cause(
            "factor_2",
            f"{what} is {ratio:g} times what it should be: a factor 2, as from the derivative of a"
            " square",
        )
    if near(-2) or near(-0.5):
        return Cause("sign", f"{what} has the wrong sign, and is off by a factor 2")
    if outputs and outputs > 2 and (near(outputs) or near(1 / outputs)):
        return Cause(
            "outputs",
            f"{what} is {ratio:g} times what it should be: the number of outputs is {outputs}, over"
            " which the loss takes a mean or a sum",
        )
    for rate in (
        0.5,
        0.4,
        0.3,
        0.2,
        0.125,
        0.1,
        0.05,
        0.03,
        0.02,
        0.01,
        0.005,
        0.003,
        0.002,
        0.001,
        1e-4,
    ):
        if near(rate) or near(-rate):
            return Cause(
                "learning_rate",
                f"{what} is {ratio:g} times what it should be: it looks multiplied by a learning"
                " rate already",
            )
        if batch and (near(rate * batch) or near(rate / batch) or near(-rate * batch)):
            return Cause(
                "learning_rate",
                f"{what} is {ratio:g} times what it should be: a learning rate of {rate:g} and the"
                f" batch size {batch} would make that",
            )
    if ratio > 2 and near(round(ratio)):
        return Cause(
            "batch_size",
            f"{what} is {round(ratio)} times what it should be: if that is the number of rows, it"
            " must be divided by it",
        )
    if 0 < ratio < 0.5 and np.isclose(1 / ratio, round(1 / ratio), rtol=1e-3):
        return Cause(
            "batch_size",
            f"{what} is {round(1 / ratio)} times too small: if that is the number of rows, it is"
            " divided by it once too often",
        )
    return Cause("scaled", f"{what} is {ratio:.6g} times what it should be")


def explain_one(part: Compared, batch: int | None, outputs: int | None) -> Cause | None:
    """Says what is wrong with one parameter's gradient, as far as it can be told from it alone."""
    if part.given is None:
        return Cause("missing", "there is no gradient")
    if not np.isfinite(part.given).all():
        return Cause(
            "not_finite",
            f"the gradient has {int((~np.isfinite(part.given)).sum())} entries that are NaN or"
            " infinite",
        )
    if not part.given.any() and np.abs(part.numeric).max(initial=0) > 10 * part.slopes.noise:
        return Cause("zero", "the gradient is all zeros; the loss does depend on this parameter")
    shape, given = part.value.shape, squeezed(part.given)
    own = squeezed(part.value)
    if given.shape != own.shape:
        if given.ndim == own.ndim + 1 or (own.ndim == 1 and given.ndim == 2):
            for axis in range(given.ndim):
                for reduce, word in ((np.sum, "summed"), (np.mean, "averaged")):
                    reduced = reduce(given, axis=axis)
                    if reduced.shape == own.shape and np.allclose(
                        reduced.reshape(-1)[part.slopes.entries],
                        part.numeric,
                        rtol=1e-4,
                        atol=1e-8 + part.slopes.noise,
                    ):
                        return Cause(
                            "unreduced_bias",
                            f"the gradient has the shape {part.given.shape}, one row an example;"
                            f" {word} over axis {axis} it is right",
                        )
            return Cause(
                "unreduced_bias",
                f"the gradient has the shape {part.given.shape}, the parameter {shape}: it is not"
                " summed over the examples",
            )
        if given.ndim == own.ndim == 2 and given.shape == own.shape[::-1]:
            turned = given.T.reshape(-1)[part.slopes.entries]
            ending = (
                "; transposed, it is right"
                if np.allclose(turned, part.numeric, rtol=1e-3, atol=1e-8 + part.slopes.noise)
                else ", and its numbers are wrong, too"
            )
            return Cause(
                "transposed",
                f"the gradient has the shape {part.given.shape}, transposed to the parameter's"
                f" {shape}{ending}",
            )
        if own.ndim == given.ndim == 1 or given.ndim == 0:
            return Cause(
                "wrong_axis",
                f"the gradient has the shape {part.given.shape}, the parameter {shape}: it is"
                " summed over the wrong axis",
            )
        return Cause(
            "shape", f"the gradient has the shape {part.given.shape}, the parameter {shape}"
        )
    if own.ndim == 2 and own.shape[0] == own.shape[1]:
        turned = given.T.reshape(-1)[part.slopes.entries]
        if np.allclose(
            turned,
            part.numeric,
            rtol=1e-4,
            atol=1e-6 * np.abs(part.numeric).max() + part.slopes.noise,
        ):
            return Cause(
                "transposed",
                "the gradient is transposed: entry (i, j) holds what belongs to (j, i)",
            )
    ratio = constant_ratio(part)
    if ratio is not None:
        return explain_ratio(ratio, batch, outputs)
    values, numeric, smooth = part.at_entries(), part.numeric, part.smooth
    weights = part.value.reshape(-1)[part.slopes.entries]
    difference = (values - numeric)[smooth]
    if len(difference) > 2 and np.abs(weights[smooth]).max(initial=0) > 0:
        factor = float(
            np.dot(difference, weights[smooth]) / np.dot(weights[smooth], weights[smooth])
        )
        if np.allclose(
            difference,
            factor * weights[smooth],
            rtol=1e-3,
            atol=1e-5 * np.abs(difference).max() + part.slopes.noise,
        ):
            word = "too much" if factor > 0 else "missing"
            return Cause(
                "penalty",
                f"{abs(factor):.3g} times the weights are {word}: the penalty (weight decay) in the"
                " loss and in the gradient do not match",
            )
    largest = np.abs(values[smooth]).max(initial=0)
    clipped = np.isclose(np.abs(values), largest, rtol=1e-9) & smooth
    if (
        1 < clipped.sum() < smooth.sum()
        and np.all(np.abs(numeric[clipped]) >= largest * (1 - 1e-6))
        and np.allclose(
            values[~clipped & smooth],
            numeric[~clipped & smooth],
            rtol=1e-3,
            atol=part.slopes.noise + 1e-9,
        )
    ):
        return Cause("clipped", f"entries are clipped at {largest:.4g}; the others are right")
    return None


def explain_together(parts: list[Compared], batch: int | None, outputs: int | None) -> Cause | None:
    """Says what is wrong where one factor explains every wrong gradient."""
    wrong = [part for part in parts if not part.right]
    ratios = [
        constant_ratio(part)
        for part in wrong
        if not np.allclose(part.numeric, 0, atol=10 * part.slopes.noise)
    ]
    if (
        not ratios
        or any(ratio is None or abs(ratio) < 1e-9 for ratio in ratios)
        or not np.allclose(ratios, ratios[0], rtol=1e-3)
    ):
        return None
    if len(wrong) == len(parts):
        return explain_ratio(ratios[0], batch, outputs)
    return explain_ratio(
        ratios[0], batch, outputs, f"the gradient of {_listed(part.name for part in wrong)}"
    )


def locate(parts: list[Compared]) -> Cause | None:
    """Says where the error comes in, from which gradients are right and which wrong; parameters
    stand from the first layer to the last.
    """
    kernels = [part for part in parts if squeezed(part.value).ndim >= 2]
    wrong = [part for part in parts if not part.right]
    if len(wrong) == 1 or not kernels:
        part = wrong[0]
        if part in kernels or not kernels:
            after = parts[parts.index(part) + 1 : parts.index(part) + 2]
            if after and after[0].right and after[0] not in kernels:
                return Cause(
                    "stale_activations",
                    f"only {part.name} is wrong, its bias {after[0].name} is right: the layer's"
                    " input that it is multiplied by is not that of this forward pass (stale, or"
                    " of another layer)",
                )
            return Cause("one_kernel", f"only {part.name} is wrong")
        return Cause(
            "wrong_axis",
            f"only {part.name} is wrong: it is summed over the wrong axis, or not over all"
            " examples",
        )
    right_after = None
    for index in range(len(parts) - 1, -1, -1):
        if not parts[index].right:
            right_after = index
            break
    if (
        right_after is not None
        and right_after < len(parts) - 1
        and all(not part.right for part in kernels if parts.index(part) <= right_after)
    ):
        above = parts[right_after + 1].name
        return Cause(
            "layer",
            f"from {above} upwards all is right, from {parts[right_after].name} down it is wrong:"
            " the error is in the step from the one to the other (the activation's derivative, or"
            " the product with the kernel above)",
        )
    if all(part in kernels for part in wrong):
        return Cause(
            "stale_activations",
            f"the biases are right and {_listed(part.name for part in wrong)} wrong: the layers'"
            " inputs that they are multiplied by are not those of this forward pass",
        )
    if all(part not in kernels for part in wrong):
        return Cause(
            "wrong_axis",
            f"the kernels are right and {_listed(part.name for part in wrong)} wrong: summed over"
            " the wrong axis, or not over all examples",
        )
    return None


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
