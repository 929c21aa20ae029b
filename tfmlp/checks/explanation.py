"""An explanation: the one likely cause behind all the verdicts on a net."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tfmlp.checks.arrays import Array
from tfmlp.checks.backward import RIGHT
from tfmlp.checks.causes import Cause, CauseName
from tfmlp.checks.comparison import Compared
from tfmlp.checks.factors import (
    detached,
    explain_ratio,
    explain_steps,
    explain_together,
    listed,
)
from tfmlp.checks.location import locate
from tfmlp.checks.mistakes import usual_mistakes
from tfmlp.checks.recognized import RecognizedNet

_UNUSABLE = {
    CauseName.MISSING,
    CauseName.NOT_FINITE,
    CauseName.UNREDUCED_BIAS,
    CauseName.TRANSPOSED,
    CauseName.WRONG_AXIS,
    CauseName.SHAPE,
}


def explain(
    parts: list[Compared],
    alone: Sequence[Cause | None],
    nets: Sequence[RecognizedNet],
    batch: int | None,
    outputs: int | None,
    *,
    any_factor: bool = False,
) -> Cause | None:
    """Returns the cause of it all: shapes first, then one factor, then one mistake, then what each
    gradient shows alone, then where the error comes in.

    Args:
      parts: The parameters from the first layer to the last, at least one of them wrong.
      alone: What is wrong with each taken alone, or None.
      nets: The recognized net, in each form that its gradients may be meant for; may be empty.
      batch: The number of examples, if known.
      outputs: The number of outputs, if known.
      any_factor: Whether one factor on all gradients is no error, and not worth a word.
    """
    named = [_naming(part, cause) for part, cause in zip(parts, alone, strict=True) if cause]
    for cause in named:
        if cause.name in _UNUSABLE:
            return cause
    features = nets[0].inputs.shape[1] if nets else None
    if zeros := detached(parts):
        return zeros
    together = explain_together(parts, batch, outputs, features)
    if together and together.name is not CauseName.SCALED:
        return together
    for net in nets:
        if found := _mistake(parts, net, batch, outputs, any_factor):
            return found
    if together:
        return together
    if in_steps := explain_steps(parts, batch, outputs):
        return in_steps
    kinds = {cause.name for cause in named}
    if len(kinds) == 1 and CauseName.SCALED not in kinds:
        names = listed(part.name for part, cause in zip(parts, alone, strict=True) if cause)
        same = {cause.text for cause in alone if cause}
        return Cause(named[0].name, f"{names}: {same.pop()}") if len(same) == 1 else named[-1]
    top = max(index for index, part in enumerate(parts) if not part.right)
    own = alone[top]
    if own and own.name is not CauseName.SCALED:
        return _naming(parts[top], own)
    return locate(parts)


def _naming(part: Compared, cause: Cause) -> Cause:
    return Cause(cause.name, f"{part.name}: {cause.text}")


def _mistake(
    parts: list[Compared],
    net: RecognizedNet,
    batch: int | None,
    outputs: int | None,
    any_factor: bool,
) -> Cause | None:
    """Returns the mistake whose gradients are those that were given, all of them; else up to one
    factor on all of them; else those of them that are wrong.
    """
    given = {part.name: part.given for part in parts if part.given is not None}
    target = np.concatenate([part.given_entries for part in parts])
    wrong = np.concatenate([np.full(part.numeric.size, not part.right) for part in parts])
    own = net.gradients()
    right = np.concatenate([part.at_entries(own[part.name]) for part in parts])
    scaled: Cause | None = None
    partial: Cause | None = None
    with np.errstate(all="ignore"):
        for likely, mistake in usual_mistakes(net, given):
            gradients = net.gradients(mistake)
            tried = np.concatenate([part.at_entries(gradients[part.name]) for part in parts])
            # What comes to the right gradients here, or to a multiple of them, is no mistake.
            if not np.isfinite(tried).all() or _ratio(tried, right) is not None:
                continue
            if _same(tried, target):
                return replace(likely, reproduced=True)
            if scaled is None and (ratio := _ratio(tried, target)):
                besides = f"; besides, {explain_ratio(ratio, batch, outputs).text}"
                text = likely.text + ("" if any_factor and ratio > 0 else besides)
                scaled = Cause(likely.name, text, reproduced=ratio > 0)
            if partial is None and wrong.sum() > 1 and _same(tried[wrong], target[wrong]):
                names = listed(part.name for part in parts if not part.right)
                partial = Cause(
                    likely.name, f"{likely.text}; only in the gradient of {names}", True
                )
    return scaled or partial or _data_factor(target, parts, net, batch, outputs)


def _data_factor(
    target: Array,
    parts: list[Compared],
    net: RecognizedNet,
    batch: int | None,
    outputs: int | None,
) -> Cause | None:
    """Returns what a factor is that is on the gradient of the loss, and not on its penalty's."""
    if not net.penalties:
        return None
    whole, data = net.gradients(), net.without_penalty().gradients(RIGHT)
    of_data = np.concatenate([part.at_entries(data[part.name]) for part in parts])
    both = np.concatenate([part.at_entries(whole[part.name]) for part in parts])
    rest = target - (both - of_data)
    ratio = float(np.dot(of_data, rest) / np.dot(of_data, of_data)) if of_data.any() else 0.0
    if not ratio or not _same(ratio * of_data, rest):
        return None
    return explain_ratio(ratio, batch, outputs, "the gradient apart from the penalty's part")


def _ratio(tried: Array, given: Array) -> float | None:
    """Returns the factor by which what was tried becomes what was given, or None."""
    if not tried.any():
        return 0.0 if not given.any() else None
    ratio = float(np.dot(tried, given) / np.dot(tried, tried))
    return ratio if _same(ratio * tried, given) else None


def _same(tried: Array, given: Array) -> bool:
    return bool(np.allclose(tried, given, rtol=1e-5, atol=1e-6 * np.abs(given).max()))
