"""Experiments with published figures: the exact ones digit by digit, and the machinery that judges
the others.
"""

import json
import statistics

import numpy as np
import pytest

from tfmlp.errors import ConfigError
from tfmlp.experiments.exact import EXACT, boston_rows
from tfmlp.experiments.figures import Figure, Outcome
from tfmlp.experiments.reproduce import PENDING, Reproduction, list_experiments, results_table
from tfmlp.experiments.studies import STUDIES, depth_network
from tfmlp.recipes.recipe import list_recipes, load_recipe


@pytest.mark.parametrize("name", EXACT)
def test_exact_experiments_come_out_to_every_printed_digit(name):
    figures = EXACT[name]()
    assert figures and {figure.verdict for figure in figures} == {"exact"}
    expected = {"toy-online": 32, "relu-derivative": 10}.get(name, 7)
    assert len(figures) == expected


def test_boston_is_cut_as_published():
    rows, targets, test_rows, test_targets = boston_rows()
    assert (len(rows), len(test_rows)) == (354, 152) and targets.shape == (354, 1)
    everything = np.concatenate([rows, test_rows])
    assert np.allclose(everything.mean(axis=0), 0) and np.allclose(everything.std(axis=0), 1)


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("f", 1.234, (1.2344,), "equals", 3), "exact"),
        (Figure("f", 1.234, (1.2346,), "equals", 3), "not reached"),
        (Figure("f", 97.0, (97.0, 97.2), "at least"), "reached"),
        (Figure("f", 97.0, (80.0, 80.1, 80.2), "at least"), "not reached"),
        (Figure("f", 97.0, (96.8, 97.0, 96.9), "at least"), "within spread"),
        (
            Figure("f", 97.0, (96.8, 97.0), "at least"),
            "not reached",
        ),  # two runs say nothing of a spread
        (Figure("f", 0.07, (0.06, 0.065), "at most"), "reached"),
        (Figure("f", 2000.0, (300.0,), "magnitude"), "reached"),
        (Figure("f", 2000.0, (3.0,), "magnitude"), "not reached"),
        (Figure("f", None, (3.0,)), "shown"),
        (Figure("f", 5.0, (3.0,), "shown"), "shown"),
    ],
)
def test_verdicts(figure, verdict):
    assert figure.verdict == verdict


def test_an_outcome_is_as_good_as_its_worst_figure():
    good, bad, shown = Figure("a", 1.0, (1.0,)), Figure("b", 2.0, (1.0,)), Figure("c", None, (1.0,))
    assert Outcome("x", (good, bad, shown), 1.0).verdict == "not reached"
    assert Outcome("x", (good, shown), 1.0).verdict == "reached"
    assert Outcome("x", (), 1.0, "why").verdict == "skipped"
    table = results_table([Outcome("x", (good, shown), 1.0), Outcome("y", (), 0.0, "why")])
    assert (
        "| x | a | 1 | 1.00 | reached | 1 s |" in table and "| y | why | | | skipped | |" in table
    )


def test_mean_and_deviation_are_over_seeds():
    figure = Figure("a", None, (1.0, 2.0, 4.0))
    assert (
        figure.mean == pytest.approx(7 / 3)
        and figure.deviation == statistics.stdev((1, 2, 4))
        and figure.show_measured() == "2.33 ± 1.53"
    )


def test_every_experiment_of_the_course_has_a_name():
    names = {*list_experiments(), *PENDING}
    assert (
        len([name for name in names if name.startswith("mnist-options-")]) == 12
    )  # eleven runs, and the defect of one
    assert {
        "relu-derivative",
        "mnist-fullbatch-sigmoid",
        "mnist-relu-sgd",
        "mnist-leakyrelu-adam",
        "mnist-leakyrelu-adam-tuned",
        "numeric-depth",
        "backprop-tanh",
        "svhn-custom-loop",
        "svhn-custom-loop-standardized",
        "toy-online",
        "mnist-sigmoid-sgd",
        "mnist-sigmoid-sgd-improved",
        "mnist-sgd-noise",
        "mnist-two-layer",
        "mnist-random-search",
        "boston-linear",
        "boston-13",
        "boston-13-13",
    } <= names
    for name in set(list_recipes()) & names:
        assert load_recipe(name).source, name


def test_the_deep_narrow_nets_have_the_published_sizes():
    sizes = {
        depth: sum(p.size for p in depth_network(depth, "sigmoid", 0).parameters().values())
        for depth in (5, 10)
    }
    assert sizes == {5: 4642, 10: 9922}


def test_backpropagation_through_tanh_trains_and_is_the_numerical_gradient():
    assert {figure.verdict for figure in STUDIES["backprop-tanh"](0, True).figures} == {"reached"}


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
    assert (
        record["figures"] == {"test accuracy %": first.figures[0].measured[0]}
        and record["recipe"] == "mnist-options-tanh"
    )
    (tmp_path / "mnist-options-tanh-seed1" / "run.json").unlink()  # as if broken off
    (tmp_path / "mnist-options-tanh-seed1" / "run.json").write_text(
        json.dumps(record | {"figures": None}).replace('"figures": null', '"other": 1')
    )
    assert reproduction.run("mnist-options-tanh").figures == first.figures
    assert ran[2:] == ["mnist-options-tanh, seed 1"]


@pytest.mark.filterwarnings("ignore::tfmlp.errors.TfmlpWarning")
def test_a_run_stops_at_the_first_rise_of_the_test_loss_and_goes_back(tmp_path, small_mnist):
    outcome = Reproduction(tmp_path, seeds=1).run(
        "mnist-options-sigmoid-momentum"
    )  # looks every epoch
    folder = tmp_path / "mnist-options-sigmoid-momentum-seed0"
    record = json.loads((folder / "run.json").read_text())
    epochs = (folder / "epochs.jsonl").read_text().splitlines()
    assert record["status"] == "stopped" and 2 <= len(epochs) < 50
    assert outcome.figures[0].measured[0] == pytest.approx(100 * record["test"]["accuracy"])


def test_unknown_and_pending_and_absent(tmp_path, monkeypatch):
    reproduction = Reproduction(tmp_path)
    with pytest.raises(ConfigError, match="did you mean 'toy-online'"):
        reproduction.run("toy-onlin")
    with pytest.raises(ConfigError, match="unknown experiment 'tabular'"):
        reproduction.run("tabular")
    assert reproduction.run("mnist-random-search").verdict == "skipped"
    assert "needs SVHN" in reproduction.run("svhn-custom-loop").note


def test_the_command(run_cli, tmp_path):
    result = run_cli(
        "reproduce",
        "toy-online",
        "relu-derivative",
        "boston-13",
        "--markdown",
        "--out",
        tmp_path / "out",
    )
    assert (
        result.exit_code == 0
        and "| toy-online | 32 figures, to every printed digit | | | exact |" in result.stdout
    )
    rows = json.loads(
        run_cli("reproduce", "relu-derivative", "--json", "--out", tmp_path / "out").stdout
    )
    assert rows[0]["verdict"] == "exact" and rows[0]["figures"][0]["name"] == "relu(-1.3)"
    assert "verdict" in run_cli("reproduce", "relu-derivative", "--out", tmp_path / "out").stdout
    listed = run_cli("reproduce", "--list").stdout
    assert all(name in listed for name in list_experiments())
    assert (
        run_cli("reproduce").exit_code == 2
        and run_cli("reproduce", "--all", "toy-online").exit_code == 2
    )


def test_a_figure_that_is_not_reached_exits_with_1(run_cli, monkeypatch, tmp_path):
    monkeypatch.setitem(EXACT, "toy-online", lambda: (Figure("error", 1.0, (2.0,), "equals"),))
    result = run_cli("reproduce", "toy-online", "--out", tmp_path / "out")
    assert result.exit_code == 1 and "not reached" in result.stdout


def test_training_on_the_reference_from_the_command_line(run_cli, mnist_dir, tmp_path):
    options = (
        "--data-dir",
        mnist_dir,
        "--hidden-units",
        8,
        "--epochs",
        3,
        "--recipe",
        "none",
        "--precision",
        "float64",
        "--json",
    )
    figures = {}
    for backend in ("numpy", "tensorflow"):
        result = run_cli("train", *options, "--backend", backend, "--out", tmp_path / backend)
        assert result.exit_code == 0, result.stderr
        figures[backend] = json.loads(result.stdout)
    assert (
        figures["numpy"]["engine"]["name"] == "numpy"
        and figures["numpy"]["parameters"] == figures["tensorflow"]["parameters"]
    )
    assert figures["numpy"]["test"]["loss"] == pytest.approx(
        figures["tensorflow"]["test"]["loss"], rel=1e-9
    )
    assert figures["numpy"]["test"]["accuracy"] == figures["tensorflow"]["test"]["accuracy"]
    assert run_cli("evaluate", tmp_path / "numpy").exit_code == 0


def test_numerical_differentiation_says_what_it_costs_before_it_starts(run_cli, tmp_path):
    rows = np.random.default_rng(0).random((60, 2))
    (tmp_path / "my.csv").write_text(
        "a,b,y\n" + "".join(f"{a},{b},{int(a > b)}\n" for a, b in rows)
    )
    result = run_cli(
        "train",
        "--dataset",
        "csv:my.csv",
        "--target",
        "y",
        "--backend",
        "numeric",
        "--hidden-units",
        "3",
        "--epochs",
        "2",
        "--patience",
        "none",
    )
    assert result.exit_code == 0, result.stderr
    note = next(line for line in result.stderr.splitlines() if "numeric differentiation" in line)
    assert "2 x 17 weights" in note and "forward passes, about" in note
    assert result.stderr.index("numeric differentiation") < result.stderr.index("epoch 1/2")
