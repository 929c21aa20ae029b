"""Pictures: figures and pixels as images that stand in the page itself."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_SVG = 300_000  # bytes; what has more lines than that is smaller as pixels
_WIDE = 8  # inches
_COLUMNS = 16  # images in a row
_SALT = "tfmlp"  # so that a report of the same run has the same bytes


Image = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """An image in a page.

    Attributes:
      source: The image as a data URI.
      alt: What it shows, for whoever does not see it.
      caption: What stands below it.
      kind: "drawn", for lines and text on a clear ground, which a dark page inverts, or "pixels".
      is_wide: Whether it is too wide for a phone, where it is scrolled.
    """

    source: str
    alt: str
    caption: str = ""
    kind: str = "drawn"
    is_wide: bool = False


def draw(figure: "Figure", alt: str, caption: str = "") -> Picture:
    """Returns a figure as a picture on a clear ground."""
    import matplotlib

    settings: dict[Any, Any] = {"svg.hashsalt": _SALT, "svg.fonttype": "path"}
    is_wide = bool(figure.get_figwidth() > _WIDE)
    with matplotlib.rc_context(settings):
        file = io.BytesIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
        if file.tell() <= _MOST_SVG:
            return Picture(_uri("image/svg+xml", file.getvalue()), alt, caption, is_wide=is_wide)
        file = io.BytesIO()
        figure.savefig(file, format="png", transparent=True, dpi=120)
    return Picture(_uri("image/png", file.getvalue()), alt, caption, is_wide=is_wide)


def tile(images: Sequence[Image], alt: str, caption: str = "") -> Picture:
    """Returns images of weights side by side; those of one channel are red above the middle of
    their range and blue below.

    Args:
      images: Each uint8 [h, w, 1 or 3], all of one shape.
      alt, caption: As a picture has them.
    """
    import matplotlib

    columns = min(_COLUMNS, len(images))
    height, width, channels = images[0].shape
    rows = -(-len(images) // columns)
    # Between two images, a clear line.
    sheet = np.zeros((rows * (height + 1) - 1, columns * (width + 1) - 1, 4), np.uint8)
    colors = matplotlib.colormaps["RdBu_r"]
    for number, image in enumerate(images):
        top, left = (height + 1) * (number // columns), (width + 1) * (number % columns)
        shown = colors(image[..., 0], bytes=True)[..., :3] if channels == 1 else image
        place = sheet[top : top + height, left : left + width]
        place[..., :3], place[..., 3] = shown, 255
    return Picture(_png(sheet), alt, caption, "pixels", is_wide=True)


def pixels_uri(image: Image) -> str:
    """Returns an image, uint8 [h, w, 1 or 3], as a data URI."""
    return _png(image[..., 0] if image.shape[2] == 1 else image)


def _png(image: Image) -> str:
    from PIL import Image as Pillow

    file = io.BytesIO()
    Pillow.fromarray(image).save(file, "PNG")
    return _uri("image/png", file.getvalue())


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
