"""Pictures: one image file as pixels, whatever its format, mode and orientation."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tfmlp import files
from tfmlp.data.rowfile import Array
from tfmlp.errors import DataError

SUFFIXES = frozenset(
    ".png .jpg .jpeg .jfif .bmp .gif .tif .tiff .webp .pgm .ppm .pbm .pnm .tga .ico".split()
)
_MOST_PIXELS = 89_000_000  # about a quarter of a gigabyte in color
_PROGRAMS = ("EPS", "WMF")  # Pillow draws them with other programs
_DEEP_GRAY = ("I;16", "I;16L", "I;16B", "I;16N")


def read_picture(path: Path) -> Array:
    """Reads an image file: the first image in it, as it is to be looked at.

    The orientation that a camera noted is applied. What is transparent shows a white ground, or a
    black one where the opaque pixels are light.

    Args:
      path: A file in any format that Pillow reads.

    Returns:
      Gray values, uint8 [height, width], or colors, uint8 [height, width, 3].

    Raises:
      DataError: when it is no whole image.
    """
    try:
        files.require_regular(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of metadata; the pixels are looked at below
            with Image.open(path) as image:
                if image.format in _PROGRAMS:
                    raise DataError(
                        f"{path}: {image.format} files hold programs, which are not run: save it as"
                        " PNG."
                    )
                if image.width * image.height > _MOST_PIXELS:
                    raise DataError(
                        f"{path}: expected at most {_MOST_PIXELS / 1e6:.0f} million pixels;"
                        f" received {image.width:,} x {image.height:,}: make it smaller."
                    )
                return _pixels(ImageOps.exif_transpose(image))
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError(
            f"{path}: expected at most {_MOST_PIXELS / 1e6:.0f} million pixels; received more than"
            " twice as many: make it smaller."
        ) from None
    except MemoryError:
        raise DataError(f"{path} needs more memory than there is.") from None
    except UnidentifiedImageError:
        raise DataError(_unknown(path)) from None
    except PermissionError as error:
        raise DataError(f"cannot read {path}: {error.strerror}.") from None
    except Exception as error:  # Pillow's plugins raise whatever their parsers stumbled over
        if isinstance(error, OSError) and error.strerror:
            raise DataError(f"cannot read {path}: {error.strerror}.") from None
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"{path} is a damaged image ({reason:.80}): replace it by a whole copy."
        ) from None


def _unknown(path: Path) -> str:
    with open(path, "rb") as file:
        head = file.read(8)
    received = f"a file that starts with {head!r}" if head else "an empty file"
    return f"{path}: expected an image (PNG, JPEG, BMP, ...); received {received}."


def _pixels(image: Image.Image) -> Array:
    if image.mode in _DEEP_GRAY:
        return (np.asarray(image).astype(np.float32) / 257).round().astype(np.uint8)
    if image.mode in ("I", "F"):
        values = np.asarray(image).astype(np.float64)
        largest = float(values.max())
        if not (np.isfinite(values).all() and values.min() >= 0 and largest <= 65535):
            raise ValueError(f"gray values of {values.min():g} to {largest:g}")
        return (values / (257 if largest > 255 else 1)).round().astype(np.uint8)
    if image.has_transparency_data:
        image = _on_ground(image.convert("RGBA"))
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))
    return np.asarray(image.convert("RGB"))


def _on_ground(image: Image.Image) -> Image.Image:
    """Returns an image on a ground from which its opaque pixels differ."""
    values = np.asarray(image)
    opaque = values[values[..., 3] > 127, :3]
    is_light = len(opaque) < values[..., 0].size and len(opaque) and opaque.mean() > 127
    ground = Image.new("RGBA", image.size, (0, 0, 0) if is_light else (255, 255, 255))
    return Image.alpha_composite(ground, image).convert("RGB")
