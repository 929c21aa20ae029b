"""What is in a dataset: a contact sheet, a table of classes, statistics of pixels or columns."""

from pathlib import Path
from typing import Any

import numpy as np

from tfmlp import files
from tfmlp.data.dataset import Dataset, Split
from tfmlp.errors import DataError
from tfmlp.reference.preprocessing import moments

_COLUMNS = 12  # examples of each class
_ROWS_AT_A_TIME = 8192  # bounds the memory that features in a file take
_MOST_CLASSES = 30  # rows of a sheet that still fits on a screen


def statistics(split: Split) -> list[dict[str, Any]]:
    """Returns mean, standard deviation, least and largest value of each channel (images) or column
    (tables).
    """
    features = split.features
    axes = tuple(range(features.ndim - 1))
    mean, deviation = moments(features, axes)
    pieces = [
        features[start : start + _ROWS_AT_A_TIME]
        for start in range(0, len(features), _ROWS_AT_A_TIME)
    ]
    least = np.min([piece.min(axis=axes) for piece in pieces], axis=0)
    largest = np.max([piece.max(axis=axes) for piece in pieces], axis=0)
    return [
        {
            "mean": float(mean[i]),
            "deviation": float(deviation[i]),
            "least": float(least[i]),
            "largest": float(largest[i]),
        }
        for i in range(features.shape[-1])
    ]


def draw_sheet(data: Dataset, path: Path) -> None:
    """Draws the first training images of each class, a row a class, into a picture file.

    Raises:
      DataError: when the rows are no images, or the file cannot be written.
    """
    images = data.train.features
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise DataError(
            "a contact sheet needs images with 1 or 3 channels; received rows of shape"
            f" {images.shape[1:]}."
        )
    from matplotlib.figure import Figure

    names = data.class_names[:_MOST_CLASSES]
    figure = Figure(figsize=(_COLUMNS * 0.75 + 1, len(names) * 0.75), layout="constrained")
    grid = figure.subplots(len(names), _COLUMNS, squeeze=False)
    lightest = (
        255
        if images.dtype == np.uint8
        else max(values["largest"] for values in statistics(data.train))
    )
    for label, (name, row) in enumerate(zip(names, grid)):
        examples = images[np.flatnonzero(data.train.labels == label)[:_COLUMNS]]
        for place in row:
            place.set_axis_off()
        for place, image in zip(row, examples):
            place.imshow(
                np.squeeze(image if images.dtype == np.uint8 else np.clip(image / lightest, 0, 1)),
                cmap="gray",
                vmin=0,
                vmax=lightest,
            )
        row[0].text(
            -0.3, 0.5, name, transform=row[0].transAxes, ha="right", va="center", parse_math=False
        )
    try:
        with files.written_atomically(path) as temporary:
            figure.savefig(temporary, dpi=100, format="png")
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}. Choose another --out.") from None
