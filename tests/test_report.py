"""What a report says of runs: plain values, Markdown, JSON, CSV, and the command line."""

import contextlib
import csv
import io
import json
import math
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from tests.conftest import ROOT
from tests.made_runs import CONFUSION, classified, predicted, write_regression, write_run
from tests.results import lines
from tfmlp.cli.options import make_config
from tfmlp.cli.train import train as train_command
from tfmlp.config import FIELDS, Config
from tfmlp.errors import ConfigError
from tfmlp.knobs import check_value
from tfmlp.loaded import load_run
from tfmlp.recipes.recipe import list_recipes, load_recipe
from tfmlp.reports.changes import repeat_command
from tfmlp.reports.classes import class_scores, most_confused
from tfmlp.reports.groups import differing_options, group_runs
from tfmlp.reports.intervals import Interval, interval_of_root, interval_of_share, mean_of
from tfmlp.reports.markdown import MARK
from tfmlp.reports.summary import summarize, summarize_all

# --- intervals


@pytest.mark.parametrize(("right", "count"), [(0, 7), (7, 7), (960, 1000), (1, 2)])
def test_the_interval_of_a_share_is_scipys(right, count):
    expected = stats.binomtest(right, count).proportion_ci(method="wilson")
    interval = interval_of_share(right / count, count)
    assert interval.low == pytest.approx(expected.low, abs=1e-12)
    assert interval.high == pytest.approx(expected.high, abs=1e-12)


def test_the_interval_of_a_mean_is_scipys():
    values = [0.91, 0.93, 0.92, 0.95, 0.9]
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    mean = mean_of(values)
    assert (mean.interval.low, mean.interval.high) == pytest.approx((low, high))
    assert mean.standard_deviation == pytest.approx(np.std(values, ddof=1))
    assert mean_of([0.9]).interval is None


def test_the_interval_of_a_root_mean_square_holds_it():
    squares = [0.25, 0.0, 1.0, 0.25]
    interval = interval_of_root(squares)
    assert 0 <= interval.low < math.sqrt(np.mean(squares)) < interval.high
    assert interval_of_root([1.0]) is None


# --- classes


def test_scores_of_classes_are_scikit_learns():
    scores = class_scores(CONFUSION, ["zero", "one", "two"])
    metrics = pytest.importorskip("sklearn.metrics")
    true = [row for row, counts in enumerate(CONFUSION) for n in counts for _ in range(n)]
    found = [column for counts in CONFUSION for column, n in enumerate(counts) for _ in range(n)]
    expected = metrics.precision_recall_fscore_support(true, found)
    for index, name in enumerate(("precision", "recall", "f1", "count")):
        assert [getattr(one, name) for one in scores] == pytest.approx(list(expected[index]))
    assert [pair.count for pair in most_confused(CONFUSION, ["0", "1", "2"])] == [3, 2, 1]


def test_a_class_that_neither_occurs_nor_is_predicted_has_no_scores():
    absent = class_scores([[3, 0], [0, 0]], ["a", "b"])[1]
    assert absent.precision is absent.recall is absent.f1 is None


# --- the summary of a run


def test_the_headline_of_classes(tmp_path):
    summary = summarize(load_run(write_run(tmp_path / "run", evaluation=classified())))
    best = summary.headline
    assert (best.metric, best.value, best.count) == ("accuracy", 0.8, 30)
    assert (best.interval.low, best.interval.high) == pytest.approx((0.6269, 0.9049), abs=1e-4)
    assert best.beside == pytest.approx(1 / 3)  # the commonest class of training is "one"
    assert not summary.gaps and summary.task == "classification"
    assert summary.confused[0].label == "two" and summary.confused[0].predicted == "zero"


def test_the_headline_of_values(tmp_path):
    summary = summarize(load_run(write_regression(tmp_path / "run")))
    best = summary.headline
    assert (best.metric, best.value, best.count) == ("rmse", 0.75, 4)
    # R squared is what the errors are less than those of the mean.
    assert 1 - (best.value / best.beside) ** 2 == pytest.approx(0.55)
    assert best.beside_what.endswith("mean of the test targets")  # all that there was to know
    true, found = (predicted()["regression"][name] for name in ("true", "predicted"))
    squares = [(a - b) ** 2 for a, b in zip(true, found)]
    assert best.interval == interval_of_root(squares)
    assert summary.task == "regression" and not summary.classes


def test_what_differs_from_defaults_and_from_the_recipe(tmp_path):
    run = load_run(write_run(tmp_path / "run", learning_rate=0.01, shift=1))
    changed = {option.name: option for option in summarize(run).changed}
    assert list(changed) == ["dataset", "shift", "hidden_units", "learning_rate", "epochs"]
    assert changed["learning_rate"].value == "0.01"
    assert changed["learning_rate"].default == changed["learning_rate"].in_recipe == "0.001"
    assert changed["shift"].in_recipe == "1" and changed["shift"].default == "0"


GAPS = {
    "interrupted": ({"test": None, "epochs": 2, "status": "interrupted"}, "2 of 3 epochs"),
    "just begun": ({"test": None, "epochs": 0, "status": "interrupted"}, "No epoch has ended"),
    "no evaluation": ({}, "no evaluation.json"),
    "diverged": (
        {
            "test": None,
            "epochs": 1,
            "status": "diverged",
            "changes": {"divergence": {"tensor": "the loss", "value": "nan", "step": 7}},
        },
        r"the loss became nan \(step 7\)",
    ),
    "format 1": ({"changes": {"format": 1, "schema": None}}, "earlier format"),
    "evaluation of the beginning": (
        {"evaluation": classified() | {"count": 0, "confusion": None, "calibration": None}},
        "not been evaluated",
    ),
    "damaged evaluation": ({"evaluation": {"format": 1}}, "changed since"),
    "evaluation of another run": (
        {"evaluation": classified() | {"count": 31}},
        "is of another run",
    ),
    "epochs cut off": (
        {"epochs": 1, "changes": {"checkpoint": {"epoch": 3, "step": 0}}},
        "Of 3 epochs, epochs.jsonl has 1: it was cut off",
    ),
    "no epochs any more": (
        {"epochs": 0, "changes": {"checkpoint": {"epoch": 3, "step": 0}}},
        "Of 3 epochs, epochs.jsonl has 0: it was cut off",
    ),
    "resumed and not ended": (
        {
            "test": None,
            "status": "interrupted",
            "evaluation": classified(),
            "changes": {"resumed_after": {"epoch": 1, "step": 0}},
        },
        "was resumed and has not ended since.*model of before",
    ),
}


@pytest.mark.parametrize("case", GAPS)
def test_a_run_that_lacks_something_is_reported_with_a_sentence(case, tmp_path, run_cli):
    options, said = GAPS[case]
    run = write_run(tmp_path / "run", **options)
    for form in ("json", "markdown", "csv"):
        assert run_cli("report", run, "--format", form).exit_code == 0
    result = run_cli("report", run)
    assert result.exit_code == 0, result.stderr
    gaps = json.loads(run_cli("report", run, "--format", "json").stdout)["runs"][0]["gaps"]
    assert re.search(said, " ".join(gaps)), gaps
    assert all(gap[0].isupper() for gap in gaps if str(run) not in gap), gaps
    assert (run / "report.html").stat().st_size < 3e6


# --- the command that repeats a run


def parsed(command):
    """Returns the configuration that a command line gives."""
    words = shlex.split(command)
    assert words[:2] == ["tfmlp", "train"]
    values = train_command.make_context("train", words[2:]).params
    return make_config(values["recipe"], values["config_file"], values)


OPTIONS = [
    {},
    {"dataset": "mnist-small", "hidden_units": (), "learning_rate": 1 / 3, "shift": 0},
    {"dataset": "csv:my table's.csv", "target": 'a "b"', "drop": "x, y", "task": "regression"},
    {"dataset": "arrays:$HOME/`x`.npz", "patience": 5, "batch_norm": True, "clip_norm": 1.5},
    {"dataset": "svhn", "extra": True, "shuffle": False, "standardize_target": False, "seed": 3},
    {"dataset": "csv:a.csv", "patience": None, "clip_norm": None},
]


@pytest.mark.parametrize("recipe", [None, "mnist-small", "svhn", "tabular", "no-longer-there"])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_command_gives_the_same_configuration(options, recipe):
    base = load_recipe(recipe).config if recipe in list_recipes() else Config()
    config = base.replace(**options)
    if config.data.dataset == "csv":
        config = config.replace(dataset="csv:a.csv")
    found, started = parsed(repeat_command(config, recipe))
    assert found == config
    assert started == (recipe if recipe in list_recipes() else None)


def test_a_run_that_was_made_longer_takes_two_commands(train, run_cli):
    options = ("--schedule", "cosine", "--engine", "auto", "--out", "my run")
    assert train(*options).exit_code == 0
    asked = load_run("my run").config
    assert run_cli("train", "--resume", "my run", "--epochs", 2).exit_code == 0
    summary = summarize(load_run("my run"))
    first, second = summary.command.splitlines()
    assert "--epochs 1 " in f"{first} " and first.endswith("--out 'my run'")
    assert second == "tfmlp train --resume 'my run' --epochs 2"
    assert "planned until epoch 1, it went on after epoch 1" in " ".join(summary.gaps)
    # A seed that was resumed stays in its group.
    assert summary.run.config == asked.replace(epochs=2)
    assert run_cli("train", "--resume", "my run").exit_code == 0
    assert summarize(load_run("my run")).command == summary.command


def other_value(field):
    """Returns a value of an option that is not its default."""
    tried = field.metadata["choices"] or (True, False, (5, 6), 7, 1, 0.25, "some text")
    for value in tried:
        with contextlib.suppress(ConfigError):
            checked = check_value(field, value)
            if checked != field.default:
                return checked
    raise AssertionError(field.name)


@pytest.mark.parametrize("name", [name for name in FIELDS if name != "dataset"])
def test_every_option_can_be_repeated(name):
    config = Config.from_options(dataset="mnist-small", **{name: other_value(FIELDS[name])})
    assert parsed(repeat_command(config, None)) == (config, None)


# --- groups over seeds


def seeds(tmp_path, **options):
    for seed, accuracy in enumerate((0.9, 0.94, 0.92)):
        test = {"loss": 0.2, "count": 30, "accuracy": accuracy}
        yield load_run(write_run(tmp_path / f"seed{seed}", test=test, seed=seed, **options))


def test_runs_that_differ_by_their_seed_alone_are_a_group(tmp_path):
    runs = [*seeds(tmp_path, keep_checkpoints=3)]
    other = write_run(tmp_path / "other", learning_rate=0.01, data_dir="elsewhere")
    summaries = summarize_all([*runs, load_run(other)])
    first, second = group_runs(summaries)
    assert first.seeds == [0, 1, 2] and second.runs == ["other"]
    assert first.metrics["accuracy"] == mean_of([0.9, 0.94, 0.92])
    assert second.metrics["accuracy"].interval is None
    assert first.name == "learning_rate 0.001" and second.name == "learning_rate 0.01"
    assert differing_options(summaries) == ["learning_rate"]


def test_the_interval_of_a_share_ends_at_one(tmp_path):
    tests = [{"loss": value, "count": 30, "accuracy": value} for value in (0.5, 1.0)]
    runs = [
        load_run(write_run(tmp_path / str(seed), seed=seed, test=test))
        for seed, test in enumerate(tests)
    ]
    (group,) = group_runs(summarize_all(runs))
    assert group.metrics["accuracy"].interval == Interval(0.0, 1.0)
    assert group.metrics["loss"].interval.high > 1


def test_a_seed_that_is_there_twice_counts_once(tmp_path):
    runs = [*seeds(tmp_path)]
    again = load_run(write_run(tmp_path / "again", seed=0, test={"loss": 9, "accuracy": 0.9}))
    (group,) = group_runs(summarize_all([*runs, again]))
    assert group.metrics["accuracy"].count == 3 and len(group.runs) == 4


def test_other_data_are_another_group(tmp_path):
    dataset = json.loads((write_run(tmp_path / "one") / "run.json").read_text())["dataset"]
    write_run(tmp_path / "two", seed=1, changes={"dataset": dataset | {"sha256": "ef" * 32}})
    runs = [load_run(tmp_path / name) for name in ("one", "two")]
    names = [group.name for group in group_runs(summarize_all(runs))]
    assert names == ["mnist-small (abababab)", "mnist-small (efefefef)"]


def test_runs_of_one_name_are_called_by_their_paths(tmp_path):
    runs = [load_run(write_run(tmp_path / one / "run")) for one in "ab"]
    assert len({summary.name for summary in summarize_all(runs)}) == 2


# --- Markdown, JSON, CSV


def test_json_has_the_record_and_what_follows_from_it(tmp_path, run_cli):
    run = write_run(tmp_path / "run", evaluation=classified())
    values = json.loads(run_cli("report", run, "--format", "json").stdout)
    (one,) = values["runs"]
    assert one["record"] == json.loads((run / "run.json").read_text()) | {
        name: None for name in ("best", "checkpoint", "divergence")
    }
    assert len(one["epochs"]) == 3 and one["confusion"] == CONFUSION and one["ece"] == 0.0123
    assert one["classes"][0]["recall"] == 0.8
    assert one["command"].startswith("tfmlp train --dataset mnist-small")
    assert values["groups"][0]["metrics"]["accuracy"]["value"] == 0.8


def test_csv_has_a_line_a_run_and_every_option(tmp_path, run_cli):
    runs = [write_run(tmp_path / "a,b", hidden_units=(5, 6)), write_regression(tmp_path / "c")]
    text = run_cli("report", *runs, "--format", "csv").stdout
    first, second = csv.DictReader(io.StringIO(text))
    assert first["run"] == "a,b" and first["hidden_units"] == "5,6"
    assert float(first["test_accuracy"]) == 0.8 and not first["test_rmse"]
    assert float(second["test_rmse"]) == 0.75 and second["target"] == "y"
    assert set(FIELDS) <= set(first)


def test_markdown_escapes_what_could_be_markup(tmp_path, run_cli):
    names = ("<script>alert(1)</script>", "a|b", "**c**")
    run = write_run(tmp_path / "<b>run", names=names, evaluation=classified())
    text = run_cli("report", run, "--format", "markdown").stdout
    assert "# \\<b\\>run" in text and r"| \<script\>alert(1)\</script\> |" in text
    assert r"a\|b" in text and r"\*\*c\*\*" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert tables and all(line.endswith("|") for line in tables)
    assert "80.00 % | 62.69 % to 90.49 %" in text and "```\ntfmlp train" in text


def test_a_run_that_goes_on_is_not_called_interrupted(tmp_path, run_cli):
    going = write_run(tmp_path / "going", status="interrupted", test=None, epochs=1)
    other = write_run(tmp_path / "other", dataset="mnist")
    for runs in ([going], [going, other]):
        text = run_cli("report", *runs, "--format", "markdown").stdout
        assert "not ended" in text and "interrupted" not in text
    assert text.splitlines()[6].count("dataset") == 1


def test_markdown_of_several_runs_has_their_groups(tmp_path, run_cli):
    runs = [run.path for run in seeds(tmp_path)]
    text = run_cli("report", *runs, "--format", "markdown").stdout
    assert "| mnist-small | 3 | accuracy | 92.00 % | 2.00 % | 87.03 % to 96.97 % |" in text


# --- the command line


def test_where_a_report_goes(tmp_path, run_cli, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runs = [write_run(tmp_path / one) for one in "ab"]
    assert run_cli("report", "a").stdout == "report a/report.html\n"
    assert run_cli("report", *runs).stdout == "report report.html\n"
    for form in ("html", "markdown", "json", "csv"):
        for _ in range(2):  # an earlier report is replaced
            result = run_cli("report", "a", "--format", form, "--out", f"my.{form}")
            assert result.stdout == f"report my.{form}\n", result.stderr
        assert (tmp_path / f"my.{form}").stat().st_size > 100


def test_the_ending_of_a_file_says_the_format(tmp_path, run_cli):
    run = write_run(tmp_path / "run")
    for ending, beginning in {
        ".md": MARK,
        ".JSON": "{",
        ".csv": "run,",
        ".htm": "<!DOCTYPE",
    }.items():
        out = tmp_path / f"new/r{ending}"
        assert run_cli("report", run, "--out", out).exit_code == 0
        assert out.read_text().startswith(beginning)
    assert run_cli("report", run, "--out", "-").stdout.startswith("<!DOCTYPE")
    assert not (tmp_path / "-").exists()
    result = run_cli("report", run, "--out", "r.pdf")
    assert result.exit_code == 2 and "expected the ending .html" in result.stderr


def test_a_run_that_is_named_twice_is_one(tmp_path, run_cli):
    run = write_run(tmp_path / "run")
    result = run_cli("report", run, f"{run}/", "run", "--format", "csv")
    assert len(result.stdout.splitlines()) == 2


def test_what_is_no_report_is_not_replaced(tmp_path, run_cli):
    run = write_run(tmp_path / "run")
    mine = tmp_path / "mine.html"
    mine.write_text("<html>my own</html>")
    result = run_cli("report", run, "--out", mine)
    assert result.exit_code == 1 and "is no html report" in result.stderr
    assert len(lines(result)) == 1 and mine.read_text() == "<html>my own</html>"
    assert run_cli("report", run, "--format", "html", "--out", run).exit_code == 1


@pytest.mark.parametrize("out", ["/proc/none/r.html", "a\0b.html"])
def test_a_file_that_cannot_be_written_is_one_line(tmp_path, run_cli, out):
    run = write_run(tmp_path / "run")
    result = run_cli("report", run, "--out", out)
    assert result.exit_code == 1 and len(lines(result)) == 1
    assert "cannot write the report" in result.stderr


def test_what_is_no_run_is_one_line(tmp_path, run_cli):
    result = run_cli("report", tmp_path)
    assert result.exit_code == 1 and len(lines(result)) == 1
    assert "expected a run folder" in result.stderr and not result.stdout
    assert run_cli("report").exit_code == 2


def test_a_broken_run_among_others_is_named(tmp_path, run_cli):
    good = [run.path for run in seeds(tmp_path)]
    broken = write_run(tmp_path / "broken")
    (broken / "run.json").write_text("{")
    out = tmp_path / "out.html"
    result = run_cli("report", *good, broken, "--out", out)
    assert result.exit_code == 1 and str(broken) in result.stderr and len(lines(result)) == 1
    page = out.read_text()
    assert all(run.name in page for run in good) and str(broken) not in page


def test_a_report_needs_no_tensorflow_and_is_small(tmp_path):
    run = write_run(tmp_path / "run", evaluation=classified())
    code = (
        "import sys, time, tfmlp.cli.main as program\n"
        "program.main(['report', sys.argv[1]], standalone_mode=False)\n"
        "print(time.process_time())\n"
        "sys.exit('tensorflow' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, run], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert (run / "report.html").stat().st_size < 3e6
    assert float(done.stdout.split()[-1]) < 5  # seconds; about 2 on a machine that is not busy


def test_a_report_of_the_same_run_has_the_same_bytes(tmp_path, run_cli):
    run = write_run(tmp_path / "run", evaluation=classified())
    pages = []
    for _ in range(2):
        assert run_cli("report", run).exit_code == 0
        pages.append((run / "report.html").read_bytes())
    assert pages[0] == pages[1]


# --- train --report


def test_train_writes_the_report_at_the_end(train, tmp_path):
    run = tmp_path / "run"
    result = train("--report", "--out", run)
    assert result.exit_code == 0, result.stderr
    assert f"report {run}/report.html" in lines(result)
    assert "Confusion matrix" in (run / "report.html").read_text()
    assert result.stdout.splitlines()[-1] == f"run folder {run}"


def test_a_report_that_cannot_be_written_leaves_the_run_whole(train, tmp_path, monkeypatch):
    run = tmp_path / "run"

    def is_full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tfmlp.reports.report.render_report", is_full)
    result = train("--report", "--out", run)
    assert result.exit_code == 1 and "No space left on device" in lines(result)[-1]
    assert load_run(run).record.status == "completed" and (run / "model.keras").exists()
    assert not (run / "report.html").exists()


def test_a_package_that_is_missing_is_named(train, tmp_path, run_cli, monkeypatch):
    run = tmp_path / "run"
    for name in ("page", "frame"):
        monkeypatch.delitem(sys.modules, f"tfmlp.reports.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    result = train("--report", "--out", run)
    said = "error: this needs jinja2, which is not installed: pip install jinja2."
    assert result.exit_code == 1 and lines(result)[-1] == said
    assert result.stdout.splitlines()[-1] == f"run folder {run}"
    result = run_cli("report", run)
    assert result.exit_code == 1 and lines(result) == [said]


def test_a_run_that_diverges_has_its_report_all_the_same(train, tmp_path):
    run = tmp_path / "run"
    result = train("--report", "--learning-rate", 1e30, "--out", run)
    assert result.exit_code == 3, result.stderr
    assert f"report {run}/report.html" in lines(result)
    text = " ".join((run / "report.html").read_text().split())
    assert re.search(r"The training diverged: [^.]* became (nan|inf) \(step \d+, epoch 1", text)


def test_a_resumed_run_has_a_new_report(train, run_cli, tmp_path):
    run = tmp_path / "run"
    assert train("--report", "--out", run).exit_code == 0
    result = run_cli("train", "--resume", run, "--epochs", 2, "--report")
    assert result.exit_code == 0, result.stderr
    assert "Completed: 2 epochs." in (run / "report.html").read_text()
