"""The framing of images: their ground, their ink, and how large and where it lies in them.

framing = measure_framing(data.train.features)
framing.is_plain, framing.ground, framing.ink, framing.extent       # MNIST: True, 0.0, 255.0, 20.0
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from tfmlp.data.rowfile import Array, Features
from tfmlp.errors import DataError

_MOST_IMAGES, _MOST_PIXELS = 1000, 4_000_000  # that are looked at: 5 ms for MNIST
_TOLERANCE = 0.1  # of the values' range: what lies nearer to the ground is ground
_PLAIN = 0.8  # of the border's pixels are ground where figures stand on a plain ground


@dataclass(frozen=True)
class Framing:
    """What the images that a net was trained on have in common. Lengths are in pixels.

    Attributes:
      low, high: The least and the largest value.
      ground: The median of the pixels at the border.
      ink: The median over the images of the value that is farthest from the ground.
      plain: The share of the pixels at the border that are nearly the ground's.
      extent: The median over the images of the longer side of the box around the ink.
      mass_center: Row and column of the ink's center of mass, the mean over the images.
      mass_spread: The standard deviation of its distance from that mean.
      box_center, box_spread: Likewise of the center of the box around the ink.
    """

    low: float
    high: float
    ground: float
    ink: float
    plain: float
    extent: float
    mass_center: tuple[float, float]
    mass_spread: float
    box_center: tuple[float, float]
    box_spread: float

    @property
    def is_plain(self) -> bool:
        """Whether the images are figures on a plain ground, as MNIST's are and photos are not."""
        return self.plain >= _PLAIN and self.extent > 0

    @property
    def by_mass(self) -> bool:
        """Whether it is the centers of mass that are always at the same place, not the boxes."""
        return self.mass_spread < self.box_spread

    def to_dict(self) -> dict[str, Any]:
        """Returns the framing as plain JSON."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Framing":
        """Makes a framing from what `to_dict` returned.

        Raises:
          DataError: when they describe none.
        """
        try:
            found = {
                field.name: tuple(map(float, values[field.name]))
                if field.name.endswith("_center")
                else float(values[field.name])
                for field in fields(cls)
            }
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                "framing: expected numbers that describe the training images; received"
                f" {values!r:.80} ({type(error).__name__}): run.json was changed since."
            ) from None
        return cls(**found)  # type: ignore[arg-type]  # each as its annotation says


def measure_framing(features: Features) -> Framing | None:
    """Returns the framing of training images [n, height, width, channels]; None for tables."""
    if len(features.shape) != 4:
        return None
    count, height, width, channels = features.shape
    most = min(_MOST_IMAGES, max(16, _MOST_PIXELS // (height * width * channels)))
    chosen = np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))
    images = np.asarray(features[chosen]).astype(np.float32)
    low, high = float(images.min()), float(images.max())
    gray = images.mean(axis=-1)
    border = np.concatenate([gray[:, 0], gray[:, -1], gray[:, :, 0], gray[:, :, -1]], axis=1)
    ground = float(np.median(border))
    near = _TOLERANCE * (high - low)
    plain = float((np.abs(border - ground) <= near).mean())
    distance = np.abs(gray - ground)
    farthest = distance.reshape(len(gray), -1).argmax(axis=1)
    ink = float(np.median(gray.reshape(len(gray), -1)[np.arange(len(gray)), farthest]))
    distance = distance[distance.max(axis=(1, 2)) > near]  # images that show something
    if not len(distance):
        return Framing(low, high, ground, ink, plain, 0.0, (0.0, 0.0), 0.0, (0.0, 0.0), 0.0)
    inked = distance > near
    tops, heights = _spans(inked.any(axis=2))
    lefts, widths = _spans(inked.any(axis=1))
    boxes = np.stack([tops + (heights - 1) / 2, lefts + (widths - 1) / 2], axis=1)
    masses = np.stack([_means(distance.sum(axis=2)), _means(distance.sum(axis=1))], axis=1)
    extent = float(np.median(np.maximum(heights, widths)))
    return Framing(low, high, ground, ink, plain, extent, *_center(masses), *_center(boxes))


def _spans(marked: Array) -> tuple[Array, Array]:
    """Returns where the marked places of each row [n, length] begin, and how far they reach."""
    first = marked.argmax(axis=1)
    last = marked.shape[1] - 1 - marked[:, ::-1].argmax(axis=1)
    return first, last - first + 1


def _means(weights: Array) -> Array:
    """Returns the mean place [n] of weights [n, length]."""
    return weights @ np.arange(weights.shape[1]) / weights.sum(axis=1)


def _center(places: Array) -> tuple[tuple[float, float], float]:
    """Returns the mean of places [n, 2], and how far they are spread about it."""
    row, column = places.mean(axis=0).tolist()
    return (row, column), float(np.sqrt(places.var(axis=0).sum()))
