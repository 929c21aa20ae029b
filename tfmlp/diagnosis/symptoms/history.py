"""What can be wrong with the epochs of a run: overfitting."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tfmlp.diagnosis.catalog import make_finding
from tfmlp.diagnosis.findings import Finding, Name


def history_findings(history: list[dict[str, Any]]) -> Iterator[Finding]:
    """Looks at the epochs of a run, as `epochs.jsonl` holds them."""
    epochs = [epoch for epoch in history if "validation" in epoch]
    if len(epochs) < 4:
        return
    losses = [epoch["validation"]["loss"] for epoch in epochs]
    best, now, train = int(np.argmin(losses)), losses[-1], epochs[-1]["train"]["loss"]
    if best < 0.7 * len(epochs) and now > 1.15 * losses[best] and train < 0.6 * now:
        yield make_finding(
            Name.OVERFITTING,
            f"validation loss {losses[best]:.4g} then, {now:.4g} now; training loss {train:.4g}",
            epoch=epochs[best]["epoch"],
        )
