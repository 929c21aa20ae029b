"""Experiments with published metrics: the exact ones digit by digit, and what judges the others."""

import json
import statistics
from types import SimpleNamespace

import numpy as np
import pytest

from tfmlp.config import Config
from tfmlp.data.dataset import Split
from tfmlp.errors import ConfigError
from tfmlp.experiments.boston import load_boston
from tfmlp.experiments.catalog import EXACT, PENDING, STUDIES, describe, list_experiments
from tfmlp.experiments.comparison import Comparison
from tfmlp.experiments.deep_net import make_deep_network
from tfmlp.experiments.first_rise import FirstRise
from tfmlp.experiments.outcome import Outcome
from tfmlp.experiments.reproduce import Reproduction
from tfmlp.experiments.results_table import markdown_table
from tfmlp.recipes.recipe import list_recipes, load_recipe


@pytest.mark.parametrize("name", EXACT)
def test_exact_experiments_come_out_to_every_printed_digit(name):
    comparisons = EXACT[name]()
    assert comparisons and {comparison.verdict for comparison in comparisons} == {"exact"}
    expected = {"toy-online": 32, "relu-derivative": 10}.get(name, 7)
    assert len(comparisons) == expected


def test_boston_is_cut_as_published():
    features, targets, test_features, test_targets = load_boston()
    assert (len(features), len(test_features)) == (354, 152)
    assert targets.shape == (354, 1) and test_targets.shape == (152, 1)
    everything = np.concatenate([features, test_features])
    assert np.allclose(everything.mean(axis=0), 0) and np.allclose(everything.std(axis=0), 1)


@pytest.mark.parametrize(
    ("comparison", "verdict"),
    [
        (Comparison("f", 1.234, (1.2344,), "equals", 3), "exact"),
        (Comparison("f", 1.234, (1.2346,), "equals", 3), "not reached"),
        (Comparison("f", 97.0, (97.0, 97.2), "at least"), "reached"),
        (Comparison("f", 97.0, (80.0, 80.1, 80.2), "at least"), "not reached"),
        (Comparison("f", 97.0, (96.8, 97.0, 96.9), "at least"), "within spread"),
        # Two runs say nothing of a spread.
        (Comparison("f", 97.0, (96.8, 97.0), "at least"), "not reached"),
        (Comparison("f", 0.07, (0.06, 0.065), "at most"), "reached"),
        (Comparison("f", 2000.0, (300.0,), "magnitude"), "reached"),
        (Comparison("f", 2000.0, (3.0,), "magnitude"), "not reached"),
        (Comparison("f", None, (3.0,)), "shown"),
        (Comparison("f", 5.0, (3.0,), "shown"), "shown"),
    ],
)
def test_verdicts(comparison, verdict):
    assert comparison.verdict == verdict


def test_an_outcome_is_as_good_as_its_worst_comparison():
    good, bad = Comparison("a", 1.0, (1.0,)), Comparison("b", 2.0, (1.0,))
    shown = Comparison("c", None, (1.0,))
    assert Outcome("x", (good, bad, shown), 1.0).verdict == "not reached"
    assert Outcome("x", (good, shown), 1.0).verdict == "reached"
    assert Outcome("x", (), 1.0, "why").verdict == "skipped"
    table = markdown_table([Outcome("x", (good, shown), 1.0), Outcome("y", (), 0.0, "why")])
    assert "| x | a | 1 | 1.00 | reached | 1 s |" in table
    assert "| y | why | | | skipped | |" in table


def test_mean_and_standard_deviation_are_over_seeds():
    comparison = Comparison("a", None, (1.0, 2.0, 4.0))
    assert comparison.mean == pytest.approx(7 / 3)
    assert comparison.standard_deviation == statistics.stdev((1, 2, 4))
    assert comparison.show_measured() == "2.33 ± 1.53"
    keys = "name published measured rule digits mean deviation verdict"
    assert list(comparison.to_dict()) == keys.split()


def test_every_experiment_of_the_course_has_a_name():
    names = {*list_experiments(), *PENDING}
    # Eleven runs, and the defect of one.
    assert len([name for name in names if name.startswith("mnist-options-")]) == 12
    by_notebook = """
        relu-derivative mnist-fullbatch-sigmoid mnist-relu-sgd mnist-leakyrelu-adam
        mnist-leakyrelu-adam-tuned
        numeric-depth backprop-tanh svhn-custom-loop svhn-custom-loop-standardized
        toy-online mnist-sigmoid-sgd mnist-sigmoid-sgd-improved mnist-sgd-noise
        mnist-two-layer mnist-random-search
        boston-linear boston-13 boston-13-13
    """
    assert set(by_notebook.split()) <= names
    for name in set(list_recipes()) & names:
        assert load_recipe(name).source, name
    # The list shows one line each, which must be whole.
    assert all(describe(name).endswith((".", "?")) for name in list_experiments())


def test_the_deep_narrow_nets_have_the_published_sizes():
    sizes = {
        depth: sum(p.size for p in make_deep_network(depth, "sigmoid", 0).parameters().values())
        for depth in (5, 10)
    }
    assert sizes == {5: 4642, 10: 9922}


def test_backpropagation_through_tanh_trains_and_is_the_numerical_gradient():
    comparisons = STUDIES["backprop-tanh"](0, True).comparisons
    assert {comparison.verdict for comparison in comparisons} == {"reached"}


@pytest.fixture
def small_mnist(monkeypatch, mnist_dir):
    monkeypatch.setenv("TFMLP_DATA_DIR", str(mnist_dir))


@pytest.mark.filterwarnings("ignore::tfmlp.errors.TfmlpWarning")
def test_runs_that_are_complete_are_not_run_again(tmp_path, small_mnist):
    ran = []
    reproduction = Reproduction(tmp_path, seeds=2, on_progress=ran.append)
    first = reproduction.run("mnist-options-tanh")
    assert ran == ["mnist-options-tanh, seed 0", "mnist-options-tanh, seed 1"]
    record = json.loads((tmp_path / "mnist-options-tanh-seed0" / "run.json").read_text())
    assert record["figures"] == {"test accuracy %": first.comparisons[0].measured[0]}
    assert record["recipe"] == "mnist-options-tanh"
    del record["figures"]  # as if broken off
    (tmp_path / "mnist-options-tanh-seed1" / "run.json").write_text(json.dumps(record))
    assert reproduction.run("mnist-options-tanh").comparisons == first.comparisons
    assert ran[2:] == ["mnist-options-tanh, seed 1"]


def test_studies_that_are_kept_are_not_run_again(tmp_path):
    ran = []
    first = Reproduction(tmp_path, seeds=2, on_progress=ran.append).run("backprop-tanh")
    assert len(first.comparisons[0].measured) == 2
    again = Reproduction(tmp_path, seeds=2, on_progress=ran.append).run("backprop-tanh")
    assert again == first and ran == ["backprop-tanh, seed 0", "backprop-tanh, seed 1"]


@pytest.mark.filterwarnings("ignore::tfmlp.errors.TfmlpWarning")
def test_a_run_stops_at_the_first_rise_of_the_test_loss_and_rolls_back(tmp_path, small_mnist):
    # This recipe looks every epoch.
    outcome = Reproduction(tmp_path, seeds=1).run("mnist-options-sigmoid-momentum")
    folder = tmp_path / "mnist-options-sigmoid-momentum-seed0"
    record = json.loads((folder / "run.json").read_text())
    epochs = (folder / "epochs.jsonl").read_text().splitlines()
    assert record["status"] == "stopped" and 2 <= len(epochs) < 50
    assert outcome.comparisons[0].measured[0] == pytest.approx(100 * record["test"]["accuracy"])


def test_unknown_and_pending_and_absent(tmp_path, monkeypatch):
    reproduction = Reproduction(tmp_path)
    with pytest.raises(ConfigError, match="did you mean 'toy-online'"):
        reproduction.run("toy-onlin")
    with pytest.raises(ConfigError, match="unknown experiment 'tabular'"):
        reproduction.run("tabular")
    assert reproduction.run("mnist-random-search").verdict == "skipped"
    assert "needs SVHN" in reproduction.run("svhn-custom-loop").note


def test_the_weights_roll_back_to_the_epoch_before_the_look_that_sees_a_rise():
    stopped, epoch = [], 0
    logits = {2: 1.0, 4: 3.0, 6: 2.0}  # of the right class: the loss falls, then rises
    training = SimpleNamespace(
        model=lambda features: np.array([[logits[epoch], 0.0]]),
        data=SimpleNamespace(test=Split(np.zeros((1, 1)), np.array([0]))),
        config=Config.from_options(),
        backend=SimpleNamespace(get_weights=lambda: f"weights of epoch {epoch}"),
        stop=stopped.append,
    )
    rise = FirstRise(training, look_every=2)
    for epoch in range(1, 7):
        assert not stopped
        rise.on_epoch(SimpleNamespace(epoch=epoch))
    assert stopped == ["weights of epoch 5"]


def test_the_command(run_cli, tmp_path):
    out = ("--out", tmp_path / "out")
    names = ("toy-online", "relu-derivative", "boston-13")
    result = run_cli("reproduce", *names, "--markdown", *out)
    assert result.exit_code == 0
    assert "| toy-online | 32 values, to every printed digit | | | exact |" in result.stdout
    outcomes = json.loads(run_cli("reproduce", "relu-derivative", "--json", *out).stdout)
    assert outcomes[0]["verdict"] == "exact" and outcomes[0]["figures"][0]["name"] == "relu(-1.3)"
    assert "verdict" in run_cli("reproduce", "relu-derivative", *out).stdout
    listed = run_cli("reproduce", "--list").stdout
    assert all(name in listed for name in list_experiments())
    assert run_cli("reproduce").exit_code == 2
    assert run_cli("reproduce", "--all", "toy-online").exit_code == 2


def test_a_metric_that_is_not_reached_exits_with_1(run_cli, monkeypatch, tmp_path):
    monkeypatch.setitem(EXACT, "toy-online", lambda: (Comparison("error", 1.0, (2.0,), "equals"),))
    result = run_cli("reproduce", "toy-online", "--out", tmp_path / "out")
    assert result.exit_code == 1 and "not reached" in result.stdout


def test_training_on_the_reference_from_the_command_line(run_cli, mnist_dir, tmp_path):
    options = "--hidden-units 8 --epochs 3 --recipe none --precision float64 --json".split()
    options += ["--data-dir", mnist_dir]
    records = {}
    for backend in ("numpy", "tensorflow"):
        result = run_cli("train", *options, "--backend", backend, "--out", tmp_path / backend)
        assert result.exit_code == 0, result.stderr
        records[backend] = json.loads(result.stdout)
    numpy, tensorflow = records["numpy"], records["tensorflow"]
    assert numpy["engine"]["name"] == "numpy"
    assert numpy["parameters"] == tensorflow["parameters"]
    assert numpy["test"]["loss"] == pytest.approx(tensorflow["test"]["loss"], rel=1e-9)
    assert numpy["test"]["accuracy"] == tensorflow["test"]["accuracy"]
    assert run_cli("evaluate", tmp_path / "numpy").exit_code == 0


def test_numerical_differentiation_says_what_it_costs_before_it_starts(run_cli, tmp_path):
    rows = np.random.default_rng(0).random((60, 2))
    lines = [f"{a},{b},{int(a > b)}\n" for a, b in rows]
    (tmp_path / "my.csv").write_text("a,b,y\n" + "".join(lines))
    options = "--dataset csv:my.csv --target y --backend numeric --hidden-units 3 --epochs 2"
    result = run_cli("train", *options.split(), "--patience", "none")
    assert result.exit_code == 0, result.stderr
    note = next(line for line in result.stderr.splitlines() if "numeric differentiation" in line)
    assert "2 x 17 weights" in note and "forward passes, about" in note
    assert result.stderr.index("numeric differentiation") < result.stderr.index("epoch 1/2")
