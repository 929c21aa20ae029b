"""What can be wrong with the learning rate, held against a range test."""

from collections.abc import Iterator

from tfmlp.diagnosis.catalog import make_finding
from tfmlp.diagnosis.findings import Finding, Name
from tfmlp.diagnosis.range_test import RangeTest


def rate_findings(
    rate: float, losses: list[float], learned: bool, test: RangeTest
) -> Iterator[Finding]:
    """Holds the learning rate against a range test.

    Args:
      rate: The learning rate.
      losses: The losses of a short training with it.
      learned: Whether the model learned in that training.
      test: The range test.
    """
    if test.suggested is None:
        return
    suggested, breaks = float(f"{test.suggested:.2g}"), test.breaks
    seen = f"a range test suggests about {suggested:.2g}"
    if breaks:
        seen += f", and training breaks down at {breaks:.2g}"
    # A net can learn its classes while its loss explodes: the steps are too large all the same.
    exploded = rate > 10 * test.suggested and max(losses) > 5 * losses[0]
    broken = breaks is not None and rate >= breaks and (not learned or rate >= 10 * breaks)
    if exploded or broken:
        if exploded:
            seen += f"; the loss started at {losses[0]:.4g} and rose to {max(losses):.4g}"
        yield make_finding(Name.LEARNING_RATE_TOO_LARGE, seen, rate=rate, learning_rate=suggested)
    elif not learned and rate <= test.suggested / 30:
        fell = f"from {losses[0]:.4g} to {losses[-1]:.4g} in {len(losses)} steps"
        seen = f"the loss went {fell}; {seen}"
        yield make_finding(Name.LEARNING_RATE_TOO_SMALL, seen, rate=rate, learning_rate=suggested)
