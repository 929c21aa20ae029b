"""How many steps are taken between two pauses."""

import math

_SECONDS = 1.0  # between two pauses


class Pace:
    """The number of steps until the next pause, so that pauses are about a second apart.

    Args:
      grain: How many steps a part of an epoch should have at least.
    """

    def __init__(self, grain: int):
        self._part = grain

    def next_pause(self, done: int, pause_every: int | None) -> int:
        """Returns how many steps to take now.

        Args:
          done: The number of steps done, over the whole run.
          pause_every: Also pause whenever this many steps of the run are done; None for no number.
        """
        if pause_every is None:
            return self._part
        return min(self._part, pause_every - done % pause_every)

    def learn(self, steps: int, seconds: float) -> None:
        """Takes how long some steps took."""
        self._part = min(8 * self._part, math.ceil(steps * _SECONDS / seconds))
