"""Layouts: how the parameters of a net's layers lie."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice, zip_longest

import numpy as np

from tfmlp.checks.arrays import Array, squeezed
from tfmlp.checks.unrolled import Unrolled, unrolled_in

DenseLayer = tuple[Array, Array | None]  # kernel [inputs, outputs], bias [outputs] or None
_MOST = 64  # ways to read the same arrays, where many have the same shape


@dataclass(frozen=True)
class Place:
    """Where the parameters of one layer are.

    Attributes:
      kernel: The kernel's name.
      bias: The bias's name; None where there is none, or it is a part of the kernel.
      row: "first" or "last" row of the kernel where that is the bias, else "".
      sign: -1 where that row is multiplied by -1, and not by 1.
    """

    kernel: str
    bias: str | None = None
    row: str = ""
    sign: int = 1


@dataclass(frozen=True)
class Layout:
    """How the parameters of the layers lie.

    Attributes:
      shapes: The parameters' shapes, by name.
      places: From the first layer to the last.
      column: Whether kernels are [outputs, inputs].
      width: The number of inputs.
      unrolled: How one vector holds them all; None where it does not.
    """

    shapes: dict[str, tuple[int, ...]]
    places: tuple[Place, ...]
    column: bool
    width: int
    unrolled: Unrolled | None = None

    @property
    def order(self) -> list[str]:
        """The parameters' names, from the first layer to the last."""
        if self.unrolled:
            return self.unrolled.names
        names = chain.from_iterable((place.kernel, place.bias) for place in self.places)
        return [name for name in names if name is not None]

    def read(self, params: dict[str, Array]) -> list[DenseLayer]:
        """Returns the layers."""
        params = self.split(params)
        layers: list[DenseLayer] = []
        width = self.width
        for place in self.places:
            kernel = _as_kernel(params[place.kernel], self.column, width)
            bias = None
            if place.row == "first":
                bias, kernel = place.sign * kernel[0], kernel[1:]
            elif place.row == "last":
                bias, kernel = place.sign * kernel[-1], kernel[:-1]
            elif place.bias is not None:
                bias = np.broadcast_to(params[place.bias].reshape(-1), kernel.shape[1:])
            width = kernel.shape[1]
            layers.append((kernel, bias))
        return layers

    def penalties(self, of: dict[str, float]) -> tuple[tuple[float, float], ...]:
        """Returns penalties by parameter as one of the kernel and one of the bias for each layer;
        empty where all are 0.
        """
        if not any(of.values()):
            return ()
        if self.unrolled:
            of = dict.fromkeys(self.shapes, of.get(self.unrolled.names[0], 0.0))
        found = []
        for place in self.places:
            kernel = of.get(place.kernel, 0.0)
            # A bias that is a part of the kernel shares its penalty.
            bias = kernel if place.row else of.get(place.bias or "", 0.0)
            found.append((kernel, bias))
        return tuple(found)

    def split(self, arrays: dict[str, Array]) -> dict[str, Array]:
        """Returns arrays that lie as the parameters do, one for each parameter."""
        return self.unrolled.split(arrays) if self.unrolled else arrays

    def write(self, gradients: Sequence[DenseLayer]) -> dict[str, Array]:
        """Returns the layers' gradients, by parameter and in its shape."""
        written: dict[str, Array] = {}
        for place, (kernel, bias) in zip(self.places, gradients, strict=True):
            if place.row and bias is not None:
                bias = place.sign * bias[None]
                rows = [bias, kernel] if place.row == "first" else [kernel, bias]
                kernel = np.concatenate(rows)
            shape = self.shapes[place.kernel]
            written[place.kernel] = (kernel.T if self.column else kernel).reshape(shape)
            if place.bias is not None and bias is not None:
                shape = self.shapes[place.bias]
                # One number may be the bias of a whole layer.
                value = bias.sum() if not shape or max(shape) == 1 else bias
                written[place.bias] = np.reshape(value, shape)
        ordered = {name: written[name] for name in self.shapes}
        return self.unrolled.joined(ordered) if self.unrolled else ordered


def layouts_of(params: dict[str, Array], width: int) -> Iterator[Layout]:
    """Yields the ways to read parameters as the layers of a net, the likelier first: in the given
    order, in the reverse order, then in any.

    Args:
      params: The parameters by name, in any order.
      width: The number of inputs.
    """
    yield from _in_order(params, width)
    for unrolled in unrolled_in(params, width):
        pieces = unrolled.split(params)
        for layout in islice(_in_order(pieces, width), 2):
            yield replace(layout, unrolled=unrolled)


def _in_order(params: dict[str, Array], width: int) -> Iterator[Layout]:
    shapes = {name: value.shape for name, value in params.items()}
    names, seen = list(params), set()
    ways = [
        _ways(params, order, width, column)
        for order in (names, names[::-1])
        for column in (False, True)
    ]
    rounds = chain.from_iterable(zip_longest(*ways))
    for places, column in islice((way for way in rounds if way is not None), _MOST):
        if (places, column) not in seen:
            seen.add((places, column))
            yield Layout(shapes, places, column, width)


def likely_layout(params: dict[str, Array]) -> Layout | None:
    """Returns how parameters may lie, as far as their shapes can tell; None if they are not those
    of dense layers.
    """
    first = next(iter(params.values()))
    layouts = (next(layouts_of(params, width), None) for width in dict.fromkeys(first.shape))
    return next((layout for layout in layouts if layout is not None), None)


def _ways(
    params: dict[str, Array], names: list[str], width: int, column: bool
) -> Iterator[tuple[tuple[Place, ...], bool]]:
    for places in _places(params, names, width, column):
        yield places, column


def _places(
    params: dict[str, Array], names: list[str], width: int, column: bool
) -> Iterator[tuple[Place, ...]]:
    """Yields the ways to put names into layers, each of which takes what the one below gives."""
    if not names:
        yield ()
    for name in names:
        value, is_first = params[name], len(names) == len(params)
        kernel = _as_kernel(value, column, width)
        if kernel.ndim != 2 or kernel.shape[0] not in (width, width + 1):
            continue
        for place in _own(name, kernel, params, [n for n in names if n != name], width):
            rest = [other for other in names if other not in (name, place.bias)]
            # A kernel of one axis is that of one unit, the last, or of one input.
            if value.ndim < 2 and rest and not (is_first and width == 1):
                continue
            for above in _places(params, rest, kernel.shape[1], column):
                if not place.row or all(_are_alike(place, one) for one in above):
                    yield (place, *above)


def _are_alike(place: Place, other: Place) -> bool:
    """Whether two layers may be of one net, the first of which has its bias in its kernel."""
    return not other.bias and (not other.row or (place.row, place.sign) == (other.row, other.sign))


def _own(
    name: str, kernel: Array, params: dict[str, Array], others: list[str], width: int
) -> list[Place]:
    """Returns the ways in which a kernel's layer may have its bias."""
    if kernel.shape[0] == width + 1:
        return [Place(name, row=row, sign=sign) for sign in (1, -1) for row in ("last", "first")]
    biases = [other for other in others if _is_bias(params[other], kernel.shape[1])]
    return [Place(name, bias) for bias in (*biases, None)]


def _as_kernel(value: Array, column: bool, width: int) -> Array:
    """Returns a parameter as [inputs, outputs]; one of fewer axes is that of one unit, or of one
    input.
    """
    if value.ndim > 2:
        value = squeezed(value)
    if value.ndim == 2:
        return value.T if column else value
    flat = value.reshape(-1)
    return flat[None] if width == 1 and flat.size > 2 else flat[:, None]


def _is_bias(value: Array, units: int) -> bool:
    return value.size == 1 or (value.size == units and squeezed(value).ndim == 1)
