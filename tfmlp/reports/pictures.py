"""Pictures: figures and pixels as images that stand in the page itself."""

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_SVG = 300_000  # bytes; what has more lines than that is smaller as pixels
_SALT = "tfmlp"  # so that a report of the same run has the same bytes


@dataclass(frozen=True)
class Picture:
    """An image in a page.

    Attributes:
      source: The image as a data URI.
      alt: What it shows, for whoever does not see it.
      caption: What stands below it.
      kind: "drawn", for lines and text on a clear ground, which a dark page inverts, or "pixels".
    """

    source: str
    alt: str
    caption: str = ""
    kind: str = "drawn"


def draw(figure: "Figure", alt: str, caption: str = "") -> Picture:
    """Returns a figure as a picture on a clear ground."""
    import matplotlib

    settings: dict[Any, Any] = {"svg.hashsalt": _SALT, "svg.fonttype": "path"}
    with matplotlib.rc_context(settings):
        file = io.BytesIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
        if file.tell() <= _MOST_SVG:
            return Picture(_uri("image/svg+xml", file.getvalue()), alt, caption)
        file = io.BytesIO()
        figure.savefig(file, format="png", transparent=True, dpi=120)
    return Picture(_uri("image/png", file.getvalue()), alt, caption)


def pixels_uri(image: npt.NDArray[np.uint8]) -> str:
    """Returns an image, uint8 [h, w, 1 or 3], as a data URI."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(file, "PNG")
    return _uri("image/png", file.getvalue())


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
