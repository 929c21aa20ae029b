"""Plots: figures of runs, as notebooks show them and reports contain them.

    run = tfmlp.load_run("runs/third")
    tfmlp.plots.learning_curves(run)                      # a matplotlib Figure
    tfmlp.plots.confusion_matrix(run, dark=True).savefig("confusion.svg")

Any run
    learning_curves         metrics and learning rate by epoch; of several runs, one over the other
    group_curves            the mean of metrics over seeds, and its 95 % interval
    layer_histograms        weights, activations and gradients of each layer
    first_layer             the weights of the first layer, as images
Classes
    confusion_matrix        true classes against predicted ones
    calibration             whether the probabilities are right
    mistakes                the images that the model is sure of and gets wrong
Values
    predicted_against_true  predicted values against true ones
    residuals               how the errors are distributed
    errors_by_decile        the errors of small and of large values

Each takes a run or its folder, and returns a `matplotlib.figure.Figure` on a transparent ground,
with colors for a light ground, or with `dark=True` for a dark one. No TensorFlow.

>>> figure = tfmlp.plots.learning_curves("runs/third", metric="loss")
>>> figure.savefig("loss.png")
"""

from tfmlp.reports.class_plots import calibration, confusion_matrix, mistakes
from tfmlp.reports.curve_plots import group_curves, learning_curves
from tfmlp.reports.layer_plots import first_layer, layer_histograms
from tfmlp.reports.value_plots import errors_by_decile, predicted_against_true, residuals

__all__ = [
    "calibration",
    "confusion_matrix",
    "errors_by_decile",
    "first_layer",
    "group_curves",
    "layer_histograms",
    "learning_curves",
    "mistakes",
    "predicted_against_true",
    "residuals",
]
