"""`examine_beginning`, `examine_end`: what evaluation.json says of a training.

    folder.write_evaluation(examine_beginning(training))      # before the first step
    folder.write_evaluation(examine_end(training, folder.read_evaluation().layers.beginning))

All of it is computed by the NumPy reference: nothing is traced, and no random number is drawn.
"""

import dataclasses

from tfmlp.examination.classes import Predictions
from tfmlp.examination.examined import Examined
from tfmlp.examination.images import first_layer_images, pixel_shape
from tfmlp.examination.layers import layer_histograms
from tfmlp.examination.values import examine_values
from tfmlp.runs.evaluation import FORMAT, Evaluation, LayerHistograms, Layers
from tfmlp.training.trained import TrainedModel

_SPLIT = "test"


def examine_beginning(training: TrainedModel) -> Evaluation:
    """Returns what can be said before the first step: histograms of the layers."""
    return _of_layers(training, Layers(layer_histograms(_examined(training)), []))


def examine_end(
    training: TrainedModel, beginning: list[LayerHistograms], has_diverged: bool = False
) -> Evaluation:
    """Returns what can be said after the last step.

    Args:
      training: The training, with the weights that it ends with.
      beginning: The histograms of its beginning.
      has_diverged: Whether the layers are all that there is to be looked at.
    """
    examined = _examined(training)
    found = _of_layers(training, Layers(beginning, []))
    # First: batch normalization changes its running means when layers are looked at.
    if not has_diverged:
        found = _with_test(found, examined)
    return dataclasses.replace(found, layers=Layers(beginning, layer_histograms(examined)))


def _with_test(found: Evaluation, examined: Examined) -> Evaluation:
    data = examined.data
    found = dataclasses.replace(
        found,
        count=len(data.splits[_SPLIT]),
        first_layer=first_layer_images(examined.first_kernel, data.feature_shape),
    )
    if data.task == "regression":
        return dataclasses.replace(found, regression=examine_values(examined, _SPLIT))
    predictions = Predictions.of(examined, _SPLIT)
    return dataclasses.replace(
        found,
        confusion=predictions.confusion(data.num_classes),
        calibration=predictions.calibration(),
        mistakes=predictions.mistakes(examined, _SPLIT),
        image_shape=pixel_shape(data.feature_shape),
    )


def _examined(training: TrainedModel) -> Examined:
    return Examined(training.config, training.data, training.backend.get_weights())


def _of_layers(training: TrainedModel, layers: Layers) -> Evaluation:
    return Evaluation(
        format=FORMAT,
        split=_SPLIT,
        count=0,
        task=training.data.task,
        confusion=None,
        calibration=None,
        mistakes=[],
        image_shape=None,
        regression=None,
        layers=layers,
        first_layer=None,
    )
