"""Figures of runs: what they show is what is recorded, on light and dark grounds."""

import io
import subprocess
import sys
import warnings

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

import tfmlp
from tests.made_runs import CONFUSION, classified, write_regression, write_run
from tfmlp.errors import CheckpointError, ConfigError, DataError
from tfmlp.reports import plots
from tfmlp.reports.drawing import colors_of
from tfmlp.reports.intervals import mean_of

CLASSES = "confusion_matrix calibration mistakes first_layer".split()
VALUES = "predicted_against_true residuals errors_by_decile".split()
ANY = "learning_curves layer_histograms".split()


@pytest.fixture
def run(tmp_path):
    """The folder of a run on images of three classes."""
    return write_run(tmp_path / "run", evaluation=classified())


@pytest.fixture
def prices(tmp_path):
    """The folder of a run that predicts values."""
    return write_regression(tmp_path / "prices")


def texts(figure):
    """Returns every text that a figure shows."""
    figure.draw_without_rendering()
    found = figure.findobj(lambda artist: hasattr(artist, "get_text"))
    return {text.get_text().strip() for text in found if text.get_visible()}


def svg(figure):
    """Returns a figure as it is written, where no warning is given."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        file = io.StringIO()
        figure.savefig(file, format="svg")
    return file.getvalue()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", plots.__all__)
def test_every_figure_is_drawn_on_a_transparent_ground(run, prices, name, dark):
    folder = prices if name in VALUES else run
    figure = getattr(tfmlp.plots, name)(folder, dark=dark)
    assert isinstance(figure, Figure) and len(svg(figure)) > 1000
    assert figure.get_facecolor()[3] == 0
    grounds = [axes for axes in figure.axes if axes.axison and not axes.images]
    assert all(axes.get_facecolor()[3] == 0 for axes in grounds if axes.get_ylabel() != "weight")
    loaded = tfmlp.load_run(folder)
    again = getattr(plots, name)(loaded, dark=dark)
    assert texts(again) == texts(figure)


@pytest.mark.parametrize("name", [*ANY, "group_curves"])
def test_values_have_curves_and_layers_too(prices, name):
    figure = getattr(plots, name)(prices)
    assert len(svg(figure)) > 1000


def test_plots_need_no_tensorflow_and_no_pyplot(run):
    code = (
        "import sys, tfmlp\n"
        f"for name in {CLASSES + ANY}: getattr(tfmlp.plots, name)({str(run)!r}).savefig('a.png')\n"
        "sys.exit(any(one in sys.modules for one in ('tensorflow', 'matplotlib.pyplot')))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_importing_tfmlp_imports_no_matplotlib():
    code = "import sys, tfmlp; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


# --- what they show


def test_learning_curves_are_the_epochs(run):
    loaded = tfmlp.load_run(run)
    figure = plots.learning_curves(loaded)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "loss",
        "accuracy",
        "learning rate",
    ]
    train, validation = (line.get_ydata() for line in figure.axes[0].lines[:2])
    assert train.tolist() == [epoch.train.loss for epoch in loaded.epochs]
    assert validation.tolist() == [epoch.validation.loss for epoch in loaded.epochs]
    rates = figure.axes[2].lines[0].get_ydata().tolist()
    assert rates == [epoch.learning_rate for epoch in loaded.epochs]
    assert {"training", "validation", "epoch", "accuracy"} <= texts(figure)


def test_the_best_epoch_is_marked(tmp_path):
    best = {"epoch": 2, "validation": {"loss": 1.0, "accuracy": 0.7, "count": 6}}
    folder = write_run(tmp_path / "run", changes={"best": best})
    figure = plots.learning_curves(folder, metric="accuracy")
    marker = figure.axes[0].lines[2]
    assert (marker.get_xdata()[0], marker.get_ydata()[0]) == (2, 0.7)
    assert "best epoch: 2" in texts(figure)


def test_several_runs_are_laid_over_one_another(run, tmp_path):
    other = write_run(tmp_path / "other", epochs=2)
    figure = plots.learning_curves(run, other, metric=["loss", "learning_rate"])
    assert [len(line.get_xdata()) for line in figure.axes[0].lines] == [3, 3, 2, 2]
    assert {"run", "other", "training", "validation"} <= texts(figure)


def test_the_best_epochs_of_several_runs_are_last_in_the_legend(tmp_path):
    best = {"epoch": 2, "validation": {"loss": 1.0, "accuracy": 0.7, "count": 6}}
    runs = [write_run(tmp_path / name, changes={"best": best}) for name in "ab"]
    (legend,) = plots.learning_curves(*runs, metric="loss").legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["a", "b", "training", "validation", "best epoch"]
    colors = {line.get_color() for line in legend.legend_handles[:2]}
    assert legend.legend_handles[-1].get_color() not in colors


def test_every_learning_rate_can_be_seen(tmp_path):
    runs = [write_run(tmp_path / name) for name in ("low", "high")]
    path = runs[1] / "epochs.jsonl"
    path.write_text(path.read_text().replace('"learning_rate": 0.001', '"learning_rate": 0.5'))
    (axes,) = plots.learning_curves(*runs, metric="learning_rate").axes
    assert axes.get_ylim()[0] == 0 and axes.get_ylim()[1] > 0.5


def test_one_epoch_can_be_seen(tmp_path):
    figure = plots.learning_curves(write_run(tmp_path / "run", epochs=1), metric="loss")
    assert all(line.get_marker() == "o" for line in figure.axes[0].lines)


def test_groups_have_their_mean_and_interval(tmp_path):
    folders = []
    for seed in range(3):
        folder = write_run(tmp_path / f"seed{seed}", seed=seed, epochs=2 + (seed > 0))
        path = folder / "epochs.jsonl"
        path.write_text(path.read_text().replace('"loss": 2.0', f'"loss": {seed}.5'))
        folders.append(folder)
    folders.append(write_run(tmp_path / "wide", hidden_units=(9,)))
    figure = plots.group_curves(*folders, metric="loss")
    line, alone = figure.axes[0].lines
    expected = mean_of([0.5, 1.5, 2.5])
    assert line.get_ydata()[0] == expected.value and len(line.get_xdata()) == 2
    (band,) = figure.axes[0].collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.min() == pytest.approx(expected.interval.low)
    assert heights.max() == pytest.approx(expected.interval.high)
    assert len(alone.get_xdata()) == 3
    assert any(text.endswith("(3 runs)") for text in texts(figure))
    assert any(text.endswith("(1 run)") for text in texts(figure))


def test_a_confusion_matrix_shows_shares_and_counts(run):
    figure = plots.confusion_matrix(run)
    shares = figure.axes[0].images[0].get_array()
    np.testing.assert_allclose(shares, np.array(CONFUSION) / 10)
    assert {"8", "2", "10", "3", "1", "6", "zero", "one", "two"} <= texts(figure)


def test_many_classes_have_a_matrix_without_numbers(tmp_path):
    counts = (np.eye(60, dtype=int) * 9).tolist()
    names = tuple(f"class {number}" for number in range(60))
    folder = write_run(
        tmp_path / "run", evaluation=classified() | {"confusion": counts}, names=names
    )
    figure = plots.confusion_matrix(folder)
    assert not figure.axes[0].texts and len(svg(figure)) > 1000


def test_calibration_shows_bins_that_have_examples(run):
    figure = plots.calibration(run)
    (points,) = figure.axes[0].collections
    assert points.get_offsets().tolist() == [[0.9, 0.8]]
    assert "expected calibration error 1.23 %" in texts(figure)


def test_mistakes_show_pixels_and_names(run):
    figure = plots.mistakes(run)
    assert len(figure.axes) == 1
    assert figure.axes[0].images[0].get_array().ravel().tolist() == list(range(16))
    assert "true: zero\npredicted: one\n99.8 %" in texts(figure)


def test_a_run_without_mistakes_says_so(tmp_path):
    folder = write_run(tmp_path / "run", evaluation=classified() | {"mistakes": []})
    figure = plots.mistakes(folder)
    assert "every test example is recognized" in texts(figure) and svg(figure)


def test_distributions_are_those_recorded(run):
    figure = plots.layer_histograms(run)
    assert len(figure.axes) == 6
    assert {"weights", "activations", "gradients", "dense_1", "logits"} <= texts(figure)
    stairs = figure.axes[0].patches[0].get_data()
    assert stairs.values.tolist() == [0.6, 1.0] and stairs.edges.tolist() == [-1, 0, 1]


def test_deep_networks_show_twelve_layers(tmp_path):
    values = classified()
    (layer, _) = values["layers"]["end"]
    layers = [layer | {"name": f"dense_{number}"} for number in range(1, 41)]
    empty = layer | {"name": "logits", "gradients": {"edges": [], "counts": []}}
    values["layers"] = {"beginning": [], "end": [*layers, empty]}
    figure = plots.layer_histograms(write_run(tmp_path / "run", evaluation=values))
    assert len(figure.axes) == 36 and {"dense_1", "logits"} <= texts(figure) and svg(figure)


def test_color_images_are_shown_in_color(tmp_path):
    values = classified()
    text = "AAAA" * 16  # 4 x 4 x 3 bytes
    first = {"shape": [4, 4, 3], "low": -1.0, "high": 1.0, "images": [text]}
    mistake = values["mistakes"][0] | {"pixels": text}
    changed = {"image_shape": [4, 4, 3], "first_layer": first, "mistakes": [mistake]}
    folder = write_run(tmp_path / "run", evaluation=values | changed)
    for name in ("mistakes", "first_layer"):
        (image,) = (axes.images[0] for axes in getattr(plots, name)(folder).axes if axes.images)
        assert image.get_array().shape == (4, 4, 3)


def test_values_are_those_recorded(prices):
    regression = tfmlp.load_run(prices).evaluation.regression
    points = plots.predicted_against_true(prices).axes[0].collections[0].get_offsets()
    assert points.tolist() == [list(one) for one in zip(regression.true, regression.predicted)]
    bars = [bar.get_height() for bar in plots.errors_by_decile(prices).axes[0].patches]
    assert bars == [0.5, 0.6]
    figure = plots.residuals(prices)
    assert figure.axes[0].patches[0].get_data().values.tolist() == [3, 5]
    assert "y, predicted less true" in texts(figure)


def test_names_are_shown_as_they_are(tmp_path):
    names = ("$x_1$", "_hidden", "<script>alert(1)</script>\nand a very long name")
    folder = write_run(tmp_path / "$a$", evaluation=classified(), names=names)
    other = write_run(tmp_path / "_b")
    shown = texts(plots.confusion_matrix(folder))
    assert {"$x_1$", "_hidden", "<script>alert(1)</scrip…"} <= shown
    figure = plots.learning_curves(folder, other)
    assert {"$a$", "_b"} <= texts(figure)
    assert "<script>" not in svg(plots.confusion_matrix(folder))


# --- what is missing is said in one line


@pytest.mark.parametrize("name", [*CLASSES, "layer_histograms"])
def test_an_earlier_run_has_no_evaluation(tmp_path, name):
    with pytest.raises(CheckpointError, match="has no evaluation.json: it was made by an earlier"):
        getattr(plots, name)(write_run(tmp_path / "run"))


@pytest.mark.parametrize("name", CLASSES)
def test_values_have_no_classes(prices, name):
    with pytest.raises(DataError, match="has no .*: its (task is regression|examples are no im)"):
        getattr(plots, name)(prices)


@pytest.mark.parametrize("name", VALUES)
def test_classes_have_no_values(run, name):
    with pytest.raises(DataError, match="has no predicted values: its task is classification"):
        getattr(plots, name)(run)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"count": 0}, "it has not ended, or diverged"),
        ({}, "it has more than 100 classes"),
    ],
)
def test_why_there_is_no_confusion_matrix(tmp_path, changes, said):
    evaluation = classified() | {"confusion": None} | changes
    with pytest.raises(DataError, match=said):
        plots.confusion_matrix(write_run(tmp_path / "run", evaluation=evaluation))


def test_a_table_has_no_images(tmp_path):
    evaluation = classified() | {"image_shape": None, "mistakes": [], "first_layer": None}
    folder = write_run(tmp_path / "run", evaluation=evaluation)
    for name in ("mistakes", "first_layer"):
        with pytest.raises(DataError, match="its examples are no images"):
            getattr(plots, name)(folder)


def test_curves_that_cannot_be_drawn(run, tmp_path):
    with pytest.raises(ConfigError, match="there is no metric 'acuracy'.*accuracy"):
        plots.learning_curves(run, metric="acuracy")
    with pytest.raises(ConfigError, match="at least one run"):
        plots.learning_curves()
    with pytest.raises(DataError, match="has no epochs"):
        plots.learning_curves(write_run(tmp_path / "new", epochs=0))
    with pytest.raises(CheckpointError, match="expected a run folder"):
        plots.learning_curves(tmp_path / "none")


# --- contrast, as the Web Content Accessibility Guidelines 2.2 define it


def luminance(color):
    values = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    return float(np.dot([0.2126, 0.7152, 0.0722], values))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_colors_stand_out_from_their_ground(dark):
    colors = colors_of(dark)
    assert contrast(colors.text, colors.ground) >= 7
    assert contrast(colors.line, colors.ground) >= 3
    assert min(contrast(color, colors.ground) for color in colors.series) >= 4.5
