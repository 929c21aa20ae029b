"""The ink of a picture: what stands out from its ground, whichever of the two is the lighter."""

import numpy as np
from PIL import Image
from scipy import ndimage

from tfmlp.data.rowfile import Array

_LONGEST = 1024  # pixels of a side; a larger picture is made smaller first
_LEAST = 12.0  # of 255: a picture in which nothing differs more has no ink
_NOISE = 6.0  # standard deviations of the ground that are no ink
_SAMPLED = 30_011  # pixels through which the ground is laid
_SPECK = 0.03  # of the largest stroke's area: what is smaller is dirt
_CONNECTED = np.ones((3, 3), bool)  # also by their corners


def find_ink(picture: Array) -> Array | None:
    """Returns how much of each pixel is ink, cut to the box around all ink.

    The ground is a smooth surface of color, of most of the picture and of its border: paper that
    is lit from one side, or darker at its corners, is still ground. What differs from it, in
    lightness or in color, is ink; the two are told apart by Otsu's threshold (N. Otsu, "A threshold
    selection method from gray-level histograms", 1979), at least by six standard deviations of the
    ground. Specks, and what reaches in from the border beside a figure, are left out.

    Args:
      picture: uint8 [height, width] or [height, width, 3].

    Returns:
      Shares from 0 to 1, float32 [box height, box width]; None where the picture has no ink.
    """
    pixels = _limited(picture).astype(np.float32)
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    distance = np.sqrt(np.square(pixels - _ground(pixels)).mean(axis=-1))
    highest = float(distance.max())
    if highest < _LEAST:
        return None
    border = np.concatenate([distance[0], distance[-1], distance[:, 0], distance[:, -1]])
    noise = 1.48 * float(np.median(border))  # of a normal distribution: its standard deviation
    threshold = min(max(_otsu(distance), _NOISE * noise), 0.9 * highest)
    inked = distance > threshold
    dirt = _dirt(inked)
    inked &= ~dirt
    distance[ndimage.binary_dilation(dirt, _CONNECTED, iterations=2)] = 0
    full = float(np.percentile(distance[inked], 75))
    least = min(threshold / 2, _NOISE / 2 * noise)
    strength = np.clip((distance - least) / max(full - least, 1e-6), 0, 1)
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    box: Array = strength[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return box


def _limited(picture: Array) -> Array:
    factor = -(-max(picture.shape[:2]) // _LONGEST)
    return picture if factor < 2 else np.asarray(Image.fromarray(picture).reduce(factor))


def _ground(pixels: Array) -> Array:
    """Returns the color of the ground at each pixel, [height, width, channels].

    At first it is the median of the border. Then a plane and a surface of the second degree are
    laid, twice each, through the half of the picture that is nearest to the ground so far (the
    concentration steps of P. Rousseeuw and K. Van Driessen, "Computing LTS regression for large
    data sets", 2006): lines on the paper and ink that reaches the border do not bend it.
    """
    height, width, channels = pixels.shape
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, np.newaxis]
    columns = np.linspace(-1, 1, width, dtype=np.float32)[np.newaxis]
    terms = [rows * 0 + 1, rows, columns, rows * columns, rows**2, columns**2]
    places = np.stack([np.broadcast_to(term, (height, width)) for term in terms], axis=-1)
    step = max(1, height * width // _SAMPLED)
    some, at_some = pixels.reshape(-1, channels)[::step], places.reshape(-1, len(terms))[::step]
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    ground = np.median(border, axis=0)
    for degrees in (3, 3, 6, 6):
        distance = np.abs(some - ground).max(axis=1)
        near = distance <= max(float(np.median(distance)), _LEAST / 2)
        surface, *_ = np.linalg.lstsq(at_some[near, :degrees], some[near], rcond=1e-5)
        ground = at_some[:, :degrees] @ surface
    return np.clip(places @ surface, 0, 255)


def _otsu(values: Array) -> float:
    """Returns the threshold that parts values into two classes of the largest variance between."""
    counts, edges = np.histogram(values, bins=256)
    centers = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centers)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1 + int(np.nanargmax(between[:-1]))])


def _dirt(inked: Array) -> Array:
    """Returns which inked pixels are specks, or reach in from the border beside a figure."""
    strokes, number = ndimage.label(inked, _CONNECTED)
    areas = np.bincount(strokes.reshape(-1), minlength=number + 1)
    areas[0] = 0
    at_border = np.zeros(number + 1, bool)
    for line in (strokes[0], strokes[-1], strokes[:, 0], strokes[:, -1]):
        at_border[line] = True
    at_border[0] = False
    inner = np.where(at_border, 0, areas)
    if 4 * inner.max() < areas.max():  # the figure itself reaches the border
        at_border[:] = False
    is_dirt = at_border | (areas < _SPECK * np.where(at_border, 0, areas).max())
    is_dirt[0] = False
    dirt: Array = is_dirt[strokes]
    return dirt
