"""`--quiet` and `--json-lines`: what scripts read, and when it is no longer read."""

import json
import subprocess
import sys

from tests.results import lines, read_epochs, read_record


def test_json_lines_are_the_epochs_and_the_record(train):
    result = train("--epochs", 3, "--json-lines", "--out", "run")
    assert result.exit_code == 0, result.stderr
    *epochs, end = map(json.loads, result.stdout.splitlines())
    assert [epoch.pop("event") for epoch in epochs] == ["epoch"] * 3
    assert epochs == read_epochs("run")
    assert (end.pop("event"), end.pop("folder")) == ("end", "run")
    assert end == read_record("run")
    assert sum(line.startswith("epoch ") for line in lines(result)) == 3


def test_json_lines_of_a_run_that_goes_on_are_of_new_epochs(train, run_cli):
    assert train("--epochs", 2, "--out", "run").exit_code == 0
    result = run_cli("train", "--resume", "run", "--epochs", 3, "--json-lines")
    epoch, end = map(json.loads, result.stdout.splitlines())
    assert epoch["epoch"] == 3 and end["resumed_after"]["epoch"] == 2


def test_json_lines_end_with_the_record_of_a_divergence(train):
    wild = ("--optimizer", "sgd", "--learning-rate", "1e30", "--epochs", 2, "--out", "run")
    result = train(*wild, "--json-lines")
    assert result.exit_code == 3
    assert json.loads(result.stdout.splitlines()[-1])["status"] == "diverged"


def test_json_and_json_lines_exclude_one_another(train):
    result = train("--json", "--json-lines")
    assert result.exit_code == 2 and "give one" in result.stderr


def start(mnist_dir, *options):
    command = [sys.executable, "-m", "tfmlp", "train", "--data-dir", str(mnist_dir), *options]
    command += "--epochs 30 --hidden-units 8 --out run --json-lines".split()
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_reader_of_one_line_ends_neither_the_run_nor_in_a_traceback(mnist_dir):
    process = start(mnist_dir, "--quiet")
    first = json.loads(process.stdout.readline())
    assert process.poll() is None  # it came as its epoch ended
    process.stdout.close()
    told = process.stderr.read()
    assert process.wait() == 1 and told.count("\n") == told.count("warning: ") == 1
    assert first["event"] == "epoch" and first["epoch"] == 1
    assert read_record("run")["status"] == "completed" and len(read_epochs("run")) == 30


def test_quiet_leaves_warnings_and_the_result(train):
    told, quiet = train("--out", "a"), train("--out", "b", "--quiet")
    assert quiet.exit_code == 0
    # A cut of MNIST is warned of.
    assert lines(quiet) == [line for line in lines(told) if line.startswith("warning: ")] != []
    assert quiet.stdout.splitlines()[:-1] == told.stdout.splitlines()[:-1]


def test_quiet_hides_notes_and_no_error(train, run_cli):
    small = ("--batch-size", 5000, "--quiet", "--out", "run")
    assert "note:" not in train(*small).stderr
    assert "going on" not in run_cli("train", "--resume", "run", "--epochs", 2, "--quiet").stderr
    again = train(*small)
    assert again.exit_code == 1 and "already holds a run" in again.stderr
