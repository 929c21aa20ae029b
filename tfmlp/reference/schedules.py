"""The learning rate as a function of the step."""

import math

import numpy as np


def learning_rate_at(
    step: np.ndarray | int,
    *,
    schedule: str,
    learning_rate: float,
    final_learning_rate: float,
    steps_per_epoch: int,
    epochs: int,
    by: str = "step",
    drop_every: int = 10,
    drop_factor: float = 0.1,
    warmup: float = 0.0,
) -> np.ndarray:
    """Returns the learning rate that each step uses, float64 in the shape of `step`.

    With a warm-up of w epochs the rate of step s is learning_rate * (s + 1) / (w * steps_per_epoch)
    during the warm-up, and the schedule runs over what is left. `progress` below goes from 0 at the
    first step (or epoch) after the warm-up to 1 at the last:

        linear        learning_rate + (final - learning_rate) * progress
        exponential   learning_rate * (final / learning_rate) ** progress
        cosine        final + (learning_rate - final) * (1 + cos(pi * progress)) / 2    (Loshchilov
        and Hutter, "SGDR", 2017)
        step          learning_rate * drop_factor ** floor(epochs since the warm-up / drop_every)

    Args:
      step: int, any shape: the number of steps done before, from 0.
      schedule: `constant` or one of the above.
      learning_rate: The rate after the warm-up.
      final_learning_rate: The rate of the last step (or epoch).
      steps_per_epoch: Steps in an epoch.
      epochs: Epochs in the whole run.
      by: `step`: a new rate every step; `epoch`: one rate for all steps of an epoch.
      drop_every: Epochs between two drops.
      drop_factor: The factor of a drop.
      warmup: Epochs of warm-up; may be a fraction.

    >>> options = {"final_learning_rate": 0.0, "steps_per_epoch": 1, "epochs": 5}
    >>> learning_rate_at(np.arange(5), schedule="linear", learning_rate=1.0, **options)
    array([1.  , 0.75, 0.5 , 0.25, 0.  ])
    """
    step = np.asarray(step)
    warmup_steps = round(warmup * steps_per_epoch)
    done, total = (
        np.maximum(step - warmup_steps, 0),
        max(steps_per_epoch * epochs - warmup_steps, 1),
    )
    epoch = done // steps_per_epoch
    if by == "epoch":
        done, total = epoch, math.ceil(total / steps_per_epoch)
    progress = np.minimum(done / max(total - 1, 1), 1.0)
    if schedule == "constant":
        rate = np.full(step.shape, learning_rate)
    elif schedule == "linear":
        rate = learning_rate + (final_learning_rate - learning_rate) * progress
    elif schedule == "exponential":
        rate = learning_rate * (final_learning_rate / learning_rate) ** progress
    elif schedule == "cosine":
        rate = (
            final_learning_rate
            + (learning_rate - final_learning_rate) * (1 + np.cos(np.pi * progress)) / 2
        )
    elif schedule == "step":
        rate = learning_rate * drop_factor ** (epoch // drop_every)
    else:
        raise ValueError(f"expected the name of a schedule; received {schedule!r}")
    return np.where(step < warmup_steps, learning_rate * (step + 1) / max(warmup_steps, 1), rate)
