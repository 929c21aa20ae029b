"""What is in a dataset: a contact sheet of its images, statistics of pixels or columns."""

from pathlib import Path
from typing import cast

import numpy as np

from tfmlp import files
from tfmlp.data.dataset import Dataset
from tfmlp.data.rowfile import Array, Features
from tfmlp.errors import DataError
from tfmlp.reference.preprocessing import moments

_COLUMNS = 12  # examples of each class
_EXAMPLES_AT_A_TIME = 8192  # bounds the memory that features in a file take
_MOST_CLASSES = 30  # rows of a sheet that still fits on a screen
_INCHES = 0.75  # of an image on the sheet


def statistics(features: Features) -> list[dict[str, float]]:
    """Returns mean, standard deviation, least and largest value of each channel (images) or column
    (tables).
    """
    axes = tuple(range(features.ndim - 1))
    mean, deviation = moments(cast(Array, features), axes)
    pieces = [
        features[start : start + _EXAMPLES_AT_A_TIME]
        for start in range(0, len(features), _EXAMPLES_AT_A_TIME)
    ]
    values = {
        "mean": mean,
        "deviation": deviation,
        "least": np.min([piece.min(axis=axes) for piece in pieces], axis=0),
        "largest": np.max([piece.max(axis=axes) for piece in pieces], axis=0),
    }
    return [
        {name: float(of_all[i]) for name, of_all in values.items()}
        for i in range(features.shape[-1])
    ]


def draw_sheet(data: Dataset, path: Path) -> None:
    """Draws the first training images of each class, one row for each class, into a picture file.

    Raises:
      DataError: when the examples are not images, or the file cannot be written.
    """
    images = data.train.features
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise DataError(
            "a contact sheet needs images with 1 or 3 channels; received examples of shape"
            f" {images.shape[1:]}."
        )
    from matplotlib.figure import Figure

    names = data.class_names[:_MOST_CLASSES] or ("",)  # values to predict have one row
    size = (_COLUMNS * _INCHES + 1, len(names) * _INCHES)  # an inch for the names
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(names), _COLUMNS, squeeze=False)
    scale = 255.0
    if images.dtype != np.uint8:
        lightest = max(channel["largest"] for channel in statistics(images))
        scale = lightest if lightest > 0 else 1.0
    for label, (name, row) in enumerate(zip(names, grid)):
        for place in row:
            place.set_axis_off()
        chosen = np.arange(len(data.train))
        if data.class_names:
            chosen = np.flatnonzero(data.train.labels == label)
        examples = images[chosen[:_COLUMNS]]
        for place, image in zip(row, np.clip(examples / scale, 0, 1)):
            place.imshow(np.squeeze(image), cmap="gray", vmin=0, vmax=1)
        row[0].text(
            -0.3, 0.5, name, transform=row[0].transAxes, ha="right", va="center", parse_math=False
        )
    try:
        with files.written_atomically(path) as temporary:
            figure.savefig(temporary, dpi=100, format="png")
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}. Choose another --out.") from None
