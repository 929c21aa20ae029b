"""The fitting of a picture to a net's input: channels, size, ground and place."""

import warnings

import numpy as np
from PIL import Image

from tfmlp.data.framing import Framing
from tfmlp.data.rowfile import Array
from tfmlp.data.schema import Schema
from tfmlp.errors import DataError, TfmlpWarning

_SMOOTH = Image.Resampling.BILINEAR


class Fitting:
    """Makes inputs of a net from pictures.

    Where the net was trained on figures on a plain ground, in gray (`Framing.is_plain`), a picture
    is made one: its ink is cut out, scaled to the extent that the training images' ink has, its
    aspect kept, drawn in their ink on their ground, and centered as they are: by mass, as MNIST's
    digits (Y. LeCun et al., "Gradient-based learning applied to document recognition", 1998), or by
    its box. For other nets, whose images fill their frame, a picture is scaled until its shorter
    side fits, and cut around its center: bars beside it would be something they never saw.

    Args:
      schema: What the net takes.
      framing: What its training images have in common; None where that is not known: then pictures
        are cut around their center, and keep ground and ink.
      fit: True for all pictures; None for those that do not have the net's size and channels
        already; False for none: they are only brought to them.

    Raises:
      DataError: when the net takes no pictures.
    """

    def __init__(self, schema: Schema, framing: Framing | None, fit: bool | None = None):
        if len(schema.feature_shape) != 3 or schema.feature_shape[2] not in (1, 3):
            takes = "x".join(map(str, schema.feature_shape))
            raise DataError(
                "expected inputs of the net's own kind, which takes"
                f" {takes if len(schema.feature_shape) == 3 else f'{takes} columns'}; received a"
                " picture."
            )
        self._height, self._width, self._channels = schema.feature_shape
        self._is_float = schema.feature_dtype == "float32"
        self._framing, self._fit = framing, fit
        self._is_plain = framing is not None and framing.is_plain and self._channels == 1
        if framing is None and (self._is_float or (self._channels == 1 and fit is not False)):
            warnings.warn(
                "the run does not record how its training images look (a later version does): size"
                " and channels are fitted, ground and values are left as they are.",
                TfmlpWarning,
                stacklevel=3,
            )

    def fit(self, picture: Array) -> Array:
        """Returns a picture as the net takes it.

        Args:
          picture: uint8 [height, width] or [height, width, 3].

        Returns:
          [net's height, net's width, net's channels], in the type that it was trained on.

        Raises:
          DataError: when it has no ink, and the net takes figures on a plain ground.
        """
        if picture.ndim == 3 and (picture == picture[..., :1]).all():
            picture = picture[..., 0]
        has_size = picture.shape[:2] == (self._height, self._width)
        is_fit = has_size and (picture.ndim == 2 or self._channels == 3)
        if is_fit and not self._fit:
            values = self._scaled(self._converted(picture))
            if self._fit is None and self._is_plain:
                self._warn_of_ground(values)
            return values
        if self._is_plain and self._fit is not False:
            return self._drawn(picture)
        return self._scaled(self._resized(self._converted(picture)))

    def _warn_of_ground(self, values: Array) -> None:
        framing = self._framing
        assert framing is not None
        border = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
        if 2 * abs(np.median(border) - framing.ground) > abs(framing.ink - framing.ground):
            warnings.warn(
                "a picture has the net's size, but not the ground that its training images have: it"
                " is fed as it is. To fit it all the same: --fit, or fit=True.",
                TfmlpWarning,
                stacklevel=4,
            )

    def _converted(self, picture: Array) -> Array:
        """Returns a picture with the net's channels; one channel has no axis of its own."""
        if self._channels == 1:
            return np.asarray(Image.fromarray(picture).convert("L"))
        return np.asarray(Image.fromarray(picture).convert("RGB"))

    def _resized(self, picture: Array) -> Array:
        height, width = picture.shape[:2]
        box = None
        if self._fit is not False:
            scale = max(self._height / height, self._width / width)
            tall, wide = min(self._height / scale, height), min(self._width / scale, width)
            top, left = (height - tall) / 2, (width - wide) / 2
            box = (left, top, min(left + wide, width), min(top + tall, height))
        image = Image.fromarray(picture)
        return np.asarray(image.resize((self._width, self._height), _SMOOTH, box))

    def _scaled(self, picture: Array) -> Array:
        """Returns pixels in the net's type and range."""
        picture = picture.reshape(self._height, self._width, self._channels)
        if not self._is_float:
            return picture
        low, high = (0, 255) if self._framing is None else (self._framing.low, self._framing.high)
        return (low + (high - low) / 255 * picture).astype(np.float32)

    def _drawn(self, picture: Array) -> Array:
        from tfmlp.data.ink import find_ink  # here: SciPy's part of it is slow to import

        framing = self._framing
        assert framing is not None
        ink = find_ink(picture)
        if ink is None:
            raise DataError("expected a figure that stands out from its ground; found none.")
        scale = min(framing.extent, self._height, self._width) / max(ink.shape)
        size = [max(1, round(side * scale)) for side in ink.shape]
        ink = np.asarray(Image.fromarray(ink).resize((size[1], size[0]), _SMOOTH))
        ink = ink / max(float(ink.max()), 1e-6)
        if framing.by_mass:
            total, wanted = float(ink.sum()), framing.mass_center
            sums = ink.sum(axis=1), ink.sum(axis=0)
            center = [float(one @ np.arange(len(one))) / total for one in sums]
        else:
            center, wanted = [(side - 1) / 2 for side in size], framing.box_center
        limits = self._height - size[0], self._width - size[1]
        places = zip(wanted, center, limits)
        top, left = (min(max(0, round(there - own)), most) for there, own, most in places)
        drawn = np.zeros((self._height, self._width, 1), np.float32)
        drawn[top : top + size[0], left : left + size[1], 0] = ink
        values = framing.ground + (framing.ink - framing.ground) * drawn
        return values if self._is_float else values.round().astype(np.uint8)
