"""The usual mistakes: what goes wrong in the backward passes that people write.

    for cause, mistake in usual_mistakes(net, given): net.gradients(mistake)

A cause found here is not a guess: the wrong gradient was computed with this one mistake and came
out the same.
"""

from collections.abc import Iterator

from tfmlp.checks.arrays import Array
from tfmlp.checks.backward import Mistake
from tfmlp.checks.bias_mistakes import bias_mistakes
from tfmlp.checks.causes import Cause
from tfmlp.checks.hidden_mistakes import hidden_mistakes
from tfmlp.checks.kernel_mistakes import kernel_mistakes
from tfmlp.checks.output_mistakes import output_mistakes
from tfmlp.checks.recognized import RecognizedNet
from tfmlp.checks.updated_weights import updated_weights

Explained = tuple[Cause, Mistake]


def usual_mistakes(net: RecognizedNet, given: dict[str, Array]) -> Iterator[Explained]:
    """Yields each mistake with its cause, the likelier first.

    Args:
      net: The recognized net.
      given: The gradients to be explained, by parameter.
    """
    yield from hidden_mistakes(net)
    yield from output_mistakes(net)
    yield from kernel_mistakes(net)
    yield from bias_mistakes(net)
    yield from updated_weights(net, given)
