"""The loop that TensorFlow's guides write by hand.

One call of a `tf.function` step for each batch of a tf.data pipeline.
"""

import numpy as np

from benchmarks.cells import Layers, Task
from benchmarks.peers.keras_fit import make_optimizer, read_layers, sequential


class TensorFlowLoop:
    """A hand-written custom loop."""

    def __init__(self, task: Task):
        import keras
        import tensorflow as tf

        self._model = model = sequential(task)
        optimizer = make_optimizer(task)
        loss_function = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self._loss = mean = keras.metrics.Mean()
        self._accuracy = accuracy = keras.metrics.SparseCategoricalAccuracy()

        @tf.function(reduce_retracing=True)
        def step(images, labels):
            with tf.GradientTape() as tape:
                logits = model(images, training=True)
                loss = loss_function(labels, logits)
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            mean.update_state(loss)
            accuracy.update_state(labels, logits)

        @tf.function(reduce_retracing=True)
        def look(images, labels):
            logits = model(images, training=False)
            mean.update_state(loss_function(labels, logits))
            accuracy.update_state(labels, logits)

        self._step, self._look = step, look
        train = tf.data.Dataset.from_tensor_slices((task.features, task.train_labels))
        test = tf.data.Dataset.from_tensor_slices(task.test)
        self._batches, self._test = (
            examples.batch(task.cell.batch).prefetch(tf.data.AUTOTUNE)
            for examples in (train.shuffle(10_000), test)
        )

    def epoch(self, order: np.ndarray) -> None:
        self._loss.reset_state()
        self._accuracy.reset_state()
        for images, labels in self._batches:
            self._step(images, labels)

    def evaluate(self) -> tuple[float, float]:
        self._loss.reset_state()
        self._accuracy.reset_state()
        for images, labels in self._test:
            self._look(images, labels)
        return float(self._loss.result()), float(self._accuracy.result())

    def layers(self) -> Layers:
        return read_layers(self._model)


def make(task: Task, variant: str) -> TensorFlowLoop:
    return TensorFlowLoop(task)
