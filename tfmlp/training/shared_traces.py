"""Functions that are traced and compiled once for all trainings that are alike.

A trace reads and writes the variables of the training that it was made for. Those of a later
training with the same key lie in the same places of its state, and are put in their stead for each
call. So a second fit of equal shapes neither traces nor compiles.
"""

import gc
import math
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import keras
import tensorflow as tf

_MOST_KEPT = 32  # traces, each of about 1 MiB; a training has two to five
# A trace keeps the variables that it was made for. Beside the steps of larger nets, tracing takes
# no time.
_MOST_BYTES = 16 << 20

_COLLECTED_AFTER = {"traces": 40, "bytes": 256 << 20}

_made: Counter[str] = Counter()
_kept: OrderedDict[Hashable, Any] = OrderedDict()
_lock = threading.RLock()
_state: ContextVar[Sequence[tf.Tensor]] = ContextVar("tfmlp_state")


class Traces:
    """The traces of one training.

    Args:
      key: Whatever the traces depend on, besides the shapes of their arguments and the values in
        the state; None: they are not shared.
      state: The variables that each training of this key has for itself, in the same order.
    """

    def __init__(self, key: Hashable, state: Sequence[keras.Variable | tf.Variable]):
        self._key = key
        self._handles = [variable.handle for variable in state]  # what a trace captures
        size = sum(math.prod(one.shape) * tf.as_dtype(one.dtype).size for one in state)
        if size > _MOST_BYTES:
            self._key = None
        _collect_after(bytes=size)

    def bind(
        self, function: Callable[..., Any], *arguments: Any, jit_compile: bool = False
    ) -> tuple[Callable[..., Any], bool]:
        """Traces a function, unless one of its name is traced, for this training's state.

        Args:
          function: Of tensors; what else it uses follows from the key or is in the state.
          *arguments: Tensors like those that it will be called with, or their `tf.TensorSpec`.
          jit_compile: Whether XLA compiles it.

        Returns:
          The function to call, and whether it was traced now.
        """
        types = tuple(map(_type, tf.nest.flatten(arguments)))
        place = self._key, function.__qualname__, types
        with _lock:
            concrete = _kept.get(place) if self._key is not None else None
            is_new = concrete is None
            if concrete is None:
                # Without AutoGraph, whose rewriting takes longer than tracing.
                _collect_after(traces=1)
                traced = tf.function(function, autograph=False, jit_compile=jit_compile or None)
                concrete = traced.get_concrete_function(*arguments)
                if self._key is None or not self._share(concrete):
                    return concrete, True
                _kept[place] = concrete
            _kept.move_to_end(place)
            while len(_kept) > _MOST_KEPT:
                _kept.popitem(last=False)

        def call(*arguments: Any) -> Any:
            with _state_is(self._handles):
                return concrete(*arguments)

        return call, is_new

    def _share(self, concrete: Any) -> bool:
        """Lets a trace read its state at each call; returns whether all of it is known."""
        places = {id(tensor): place for place, tensor in enumerate(self._handles)}
        captured = concrete.captured_inputs
        if any(id(tensor) not in places for tensor in captured):
            return False
        concrete.set_external_captures([_reader(places[id(tensor)]) for tensor in captured])
        return True


def _collect_after(**made: int) -> None:
    """Collects what trainings left, when enough was made since the last time.

    Their models and traces are cycles of old objects, which Python collects when they are a quarter
    of all: beside TensorFlow's own, after hundreds of trainings. It takes 0.1 to 0.2 s.
    """
    _made.update(made)
    if any(_made[kind] >= most for kind, most in _COLLECTED_AFTER.items()):
        _made.clear()
        gc.collect()


@contextmanager
def _state_is(state: Sequence[tf.Tensor]) -> Iterator[None]:
    token = _state.set(state)
    try:
        yield
    finally:
        _state.reset(token)


def _reader(place: int) -> Callable[[], tf.Tensor]:
    return lambda: _state.get()[place]


def _type(argument: tf.Tensor | tf.TensorSpec | None) -> Hashable:
    return None if argument is None else (tuple(argument.shape), argument.dtype)


def forget_traces() -> None:
    """Forgets all traces: the next training is traced and compiled anew."""
    with _lock:
        _kept.clear()
