"""The location of an error: from which gradients are right, where on the way back it comes in."""

from tfmlp.checks.causes import Cause, CauseName, cause
from tfmlp.checks.comparison import Compared
from tfmlp.checks.factors import listed


def locate(parts: list[Compared]) -> Cause | None:
    """Says where the error comes in, or None.

    Args:
      parts: The parameters from the first layer to the last, at least one of them wrong.
    """
    kernels = [part for part in parts if part.is_kernel]
    wrong = [part for part in parts if not part.right]
    names = listed(part.name for part in wrong)
    if len(wrong) > 1 and not kernels:
        right = listed(part.name for part in parts if part.right)
        return cause(CauseName.OUTPUT, "mixed", wrong=names, right=right) if right else None
    if len(wrong) == 1:
        return _only(wrong[0], parts, has_kernels=bool(kernels))
    biases = [part for part in parts if not part.is_kernel]
    if biases and all(part.right for part in biases):
        return cause(CauseName.STALE_ACTIVATIONS, "kernels", names=names)
    last = max(index for index, part in enumerate(parts) if not part.right)
    below = [part for part in parts[: last + 1] if part.is_kernel]
    if last < len(parts) - 1 and not any(part.right for part in below):
        return cause(CauseName.LAYER, above=parts[last + 1].name, below=parts[last].name)
    if not any(part.is_kernel for part in wrong):
        return cause(CauseName.WRONG_AXIS, "biases", names=names)
    if last == len(parts) - 1 and not any(part.right for part in kernels):
        return cause(CauseName.OUTPUT, name=parts[last].name)
    right = listed(part.name for part in parts if part.right)
    return cause(CauseName.OUTPUT, "mixed", wrong=names, right=right) if right else None


def _only(part: Compared, parts: list[Compared], has_kernels: bool) -> Cause:
    """Says what it means that one parameter is wrong."""
    if has_kernels and not part.is_kernel:
        return cause(CauseName.WRONG_AXIS, "one", name=part.name)
    after = parts[parts.index(part) + 1 :]
    if after and after[0].right and not after[0].is_kernel:
        return cause(CauseName.STALE_ACTIVATIONS, "one", name=part.name, bias=after[0].name)
    if after and after[0].right and after[0].is_kernel:
        return cause(CauseName.LAYER, above=after[0].name, below=part.name)
    return cause(CauseName.ONE_KERNEL, name=part.name)
