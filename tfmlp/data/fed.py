"""What a net was fed, as pictures: its inputs themselves, and a contact sheet with captions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tfmlp import files
from tfmlp.data.rowfile import Array

MOST_SHOWN = 100
MARK = "tfmlp predict"  # in the PNG files written here
_TEXT = "Software"  # the name of that text
_SIDE = 224  # pixels of one image, at least, once each of its pixels is a square
_GAP, _GAP_GRAY = 4, 128  # between images
_COLUMNS = 10
_INCHES = 1.1  # of an image on the sheet, and of its captions


def draw_inputs(inputs: Sequence[Array], path: Path) -> None:
    """Writes inputs as one PNG, ten in a row, each of their pixels a square of whole pixels.

    Args:
      inputs: Images as the net takes them, [height, width, channels]; at least one.
      path: The PNG.

    Raises:
      DataError: when it cannot be written.
    """
    shown = _visible(inputs)
    height, width, channels = shown.shape[1:]
    factor = max(1, -(-_SIDE // max(height, width)) if len(shown) == 1 else 3)
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    tall, wide = height * factor + _GAP, width * factor + _GAP
    canvas = np.full((rows * tall - _GAP, columns * wide - _GAP, channels), _GAP_GRAY, np.uint8)
    for number, image in enumerate(shown.repeat(factor, axis=1).repeat(factor, axis=2)):
        top, left = number // columns * tall, number % columns * wide
        canvas[top : top + height * factor, left : left + width * factor] = image
    picture = Image.fromarray(canvas[..., 0] if channels == 1 else canvas)
    with files.written_result(path) as temporary:
        information = PngInfo()
        information.add_text(_TEXT, MARK)
        picture.save(temporary, format="PNG", pnginfo=information)


def draw_captioned(
    inputs: Sequence[Array], captions: Sequence[str], title: str, path: Path
) -> None:
    """Writes a contact sheet as a PNG: each input with its caption above, ten in a row.

    Args:
      inputs: As `draw_inputs`.
      captions: One for each.
      title: The line above all.
      path: The PNG.

    Raises:
      DataError: when it cannot be written.
    """
    from matplotlib.figure import Figure

    columns = min(_COLUMNS, max(4, len(inputs)))
    rows = -(-len(inputs) // columns)
    size = (columns * _INCHES, rows * 1.45 * _INCHES + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(title, fontsize=9, parse_math=False)
    places = figure.subplots(rows, columns, squeeze=False).reshape(-1)
    for place in places:
        place.set_axis_off()
    for place, image, caption in zip(places, _visible(inputs), captions):
        place.imshow(np.squeeze(image), cmap="gray", vmin=0, vmax=255)
        place.set_title(caption, fontsize=7, pad=3, parse_math=False)
    with files.written_result(path) as temporary:
        figure.savefig(temporary, dpi=120, format="png", metadata={_TEXT: MARK})


def _visible(inputs: Sequence[Array]) -> Array:
    """Returns images as uint8, [n, height, width, 1 or 3]."""
    images = np.stack(inputs)
    if images.shape[3] not in (1, 3):
        images = images[..., :1]
    if images.dtype == np.uint8:
        return images
    low, high = float(images.min()), float(images.max())
    low, high = min(low, 0.0), max(high, low + 1e-6, 1.0 if high <= 1 else 0.0)
    return np.round((images - low) * (255 / (high - low))).astype(np.uint8)
