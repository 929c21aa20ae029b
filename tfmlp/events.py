"""An event file: what TensorBoard reads, as TensorFlow's records of `Event` messages.

The messages are written as they are: `tf.summary.scalar` and its like need the package tensorboard
in order to make them.
"""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfmlp.errors import CheckpointError

_proto = tf.compat.v1
_VERSION = "brain.Event:2"
_BINS = 30  # of a histogram, as TensorBoard has them
_RGBA = 4  # the number of an image's colors

EVENT_FILES = "*.tfevents.*"


class EventFile:
    """A new event file in a folder, which goes on where earlier ones ended.

    Args:
      folder: The folder; made with its parents.
      first: The first step that is written: what earlier files hold of this and later steps, a
        reader forgets.

    Raises:
      CheckpointError: when it cannot be written; every verb does so.
    """

    def __init__(self, folder: Path, first: int):
        self._folder = folder
        with self._writing():
            folder.mkdir(parents=True, exist_ok=True)
            # Readers take the files of a folder in the order of their names.
            path = folder / f"events.out.tfevents.{time.time():.6f}.tfmlp"
            self._writer = tf.io.TFRecordWriter(str(path))
        self._write(file_version=_VERSION)
        start = _proto.SessionLog(status=_proto.SessionLog.START)
        self._write(step=first, session_log=start)

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        """Adds a number."""
        self._add(step, tag, simple_value=value)

    def add_histogram(self, tag: str, values: np.ndarray, step: int) -> None:
        """Adds how finite numbers, an array of any shape, are distributed."""
        values = values.astype(np.float64)
        counts, edges = np.histogram(values, _BINS)
        histogram = _proto.HistogramProto(
            min=values.min(),
            max=values.max(),
            num=values.size,
            sum=values.sum(),
            sum_squares=np.square(values).sum(),
            bucket_limit=edges,
            bucket=[0, *counts],  # each limit is the right end of its bucket
        )
        self._add(step, tag, histo=histogram)

    def add_image(self, tag: str, png: bytes, size: tuple[int, int], step: int) -> None:
        """Adds a picture, a PNG with four channels of some height and width."""
        height, width = size
        image = _proto.Summary.Image(
            height=height, width=width, colorspace=_RGBA, encoded_image_string=png
        )
        self._add(step, tag, image=image)

    def add_text(self, tag: str, text: str, step: int) -> None:
        """Adds a text in Markdown."""
        plugin = _proto.SummaryMetadata.PluginData(plugin_name="text")
        metadata = _proto.SummaryMetadata(plugin_data=plugin)
        self._add(step, tag, metadata=metadata, tensor=tf.make_tensor_proto([text]))

    def flush(self) -> None:
        """Writes what was added so far, for who reads the file while it grows."""
        with self._writing():
            self._writer.flush()

    def close(self) -> None:
        """Writes the rest, and closes the file."""
        with self._writing():
            self._writer.close()

    def _add(self, step: int, tag: str, **content: Any) -> None:
        value = _proto.Summary.Value(tag=tag, **content)
        self._write(step=step, summary=_proto.Summary(value=[value]))

    def _write(self, **content: Any) -> None:
        with self._writing():
            event = _proto.Event(wall_time=time.time(), **content)
            self._writer.write(event.SerializeToString())

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Turns the errors of writing files into the one that a user can act on."""
        try:
            yield
        except (OSError, tf.errors.OpError) as error:
            reason = getattr(error, "strerror", None) or getattr(error, "message", error)
            raise CheckpointError(
                f"cannot write TensorBoard's files into {self._folder}: {reason}: free space, or"
                " choose another --tensorboard."
            ) from None
