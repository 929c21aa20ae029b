"""What a terminal shows while something runs, and what it shows afterwards."""

import contextlib
import io
import json
import os
import re
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from tests.forked import run_forked
from tests.screen import Terminal, resize, show
from tests.tiny import make_training
from tfmlp.cli.display import show_training
from tfmlp.cli.epochs import describe_epoch
from tfmlp.cli.live import LiveEpochs, describe_state
from tfmlp.cli.progress import say, show_loading, show_work
from tfmlp.training.observer import Observer

PLAIN = {"TERM": "xterm-256color", "COLUMNS": "80"}
STATE = re.compile(r"\x1b\[2K(epoch \d+/\d+(?:  [^\r\n]*)?)\r")


class Every(Observer):
    """Does something at each call."""

    def __init__(self, do):
        self.do = do

    def on_epoch(self, epoch):
        self.do()

    def on_pause(self):
        self.do()


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """What a terminal of 80 columns sets."""
    for name in ("NO_COLOR", "FORCE_COLOR", "LINES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in PLAIN.items():
        monkeypatch.setenv(name, value)


@contextlib.contextmanager
def at_terminal():
    """Makes this process's stderr a terminal, which is left as it was found."""
    terminal = Terminal()
    with open(terminal.name, "w") as stderr, contextlib.redirect_stderr(stderr):
        try:
            yield terminal
            assert sys.stderr is stderr
        finally:
            stderr.close()
            terminal.close()


def run(training, *observers, look=lambda epoch: []):
    with show_training(training, look, None) as shown:
        training.observers += [*shown, *observers]
        for _ in training:
            pass


def epoch_lines(training):
    epochs = training.config.optimization.epochs
    return [describe_epoch(epoch, epochs) for epoch in training.history]


def test_epochs_stay_and_the_state_goes():
    training = make_training(epochs=3)
    with at_terminal() as terminal:
        run(training, Every(lambda: time.sleep(0.25)))
    written = terminal.written
    assert [line for line in show(written) if line] == epoch_lines(training)
    states = STATE.findall(written)
    assert {state.split()[1] for state in states} == {"1/3", "2/3", "3/3"}
    whole = r"epoch \d/3(  50 %)?  \d\.\d steps/s  loss \S+  accuracy \S+ %  lr 0.\d+  0:0\d left"
    assert re.fullmatch(whole, states[2]), states[2]
    assert "evaluating on the test examples" in written


def test_epochs_of_a_millisecond_are_all_shown_in_few_writings():
    training = make_training(epochs=1000)
    started = time.monotonic()
    with at_terminal() as terminal:
        run(training)
    seconds = time.monotonic() - started
    written = terminal.written
    assert [line for line in show(written, 200) if line] == epoch_lines(training)
    assert written.count("\x1b[2K") < 2 * (seconds / 0.2 + 3)


def test_it_is_called_at_epochs_and_pauses_only(monkeypatch):
    calls = []
    for verb in ("on_epoch", "on_pause"):
        monkeypatch.setattr(LiveEpochs, verb, lambda *_, verb=verb: calls.append(verb))
    training = make_training(batch_size=1, epochs=2)  # 32 steps
    training.pause_every = 16  # the first epoch's last step, where there is no pause
    with at_terminal():
        run(training)
    assert calls.count("on_epoch") == 2 and len(calls) <= 6


@pytest.mark.parametrize("seconds", [0.0, 0.25])
def test_warnings_stand_below_their_epoch(seconds):
    training = make_training(epochs=20 if not seconds else 4)
    warned = "w" * 100

    def look(epoch):
        return [warned] if epoch["epoch"] == 3 else []

    with at_terminal() as terminal:
        run(training, Every(lambda: time.sleep(seconds)), look=look)
    shown = [line for line in show(terminal.written) if line]
    at = shown.index(epoch_lines(training)[2])
    assert "".join(shown[at + 1 : at + 3]) == f"warning: {warned}."
    del shown[at + 1 : at + 3]
    assert shown == epoch_lines(training)


def test_an_error_leaves_the_terminal_as_it_was():
    training = make_training(epochs=3)

    def fail():
        raise RuntimeError("a defect")

    with at_terminal() as terminal:
        with pytest.raises(RuntimeError):
            run(training, Every(fail))
        say("and then")
    written = terminal.written
    assert [line for line in show(written) if line] == ["and then"]
    assert "\x1b[?" not in written  # neither a hidden cursor nor another screen


class Gone(io.TextIOBase):
    """A terminal after its end."""

    def write(self, text):
        raise OSError(5, "Input/output error")

    def isatty(self):
        return True


def test_a_terminal_that_goes_away_ends_no_work():
    training = make_training(epochs=3)
    with contextlib.redirect_stderr(Gone()):
        run(training, look=lambda epoch: ["lost"])
        with show_work("reproducing", 2) as begin:
            begin("one")
            time.sleep(0.6)
    assert len(training.history) == 3


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_dumb_terminal_gets_plain_lines(monkeypatch, term):
    monkeypatch.setenv("TERM", term)
    training = make_training(epochs=3)
    with at_terminal() as terminal:
        run(training, Every(lambda: time.sleep(0.1)))
    assert terminal.written == "".join(f"{line}\r\n" for line in epoch_lines(training))


@pytest.mark.parametrize("columns", [120, 80, 60, 40, 20, 5])
def test_a_state_fits_into_any_terminal(columns):
    training = make_training(epochs=100)
    states = []

    def look():
        metrics = training.backend.train_metrics(training.step or 4)
        states.append(describe_state(training, metrics, 12345.6, columns))

    training.observers.append(Every(look))
    list(training)
    assert len(states) >= 200
    for state in states:
        assert len(state) <= columns and state.startswith("epoch"[:columns])
    if columns >= 20:
        assert all(re.match(r"epoch \d+/100($|  )", state) for state in states)
    if columns >= 40:
        assert all("loss" in state and "left" in state for state in states[:-1])
    if columns >= 80:
        parts = ("steps/s", "loss", "accuracy", "lr", "left")
        assert all(part in state for state in states[:-1] for part in parts)


# --- other work


def shown_states(written):
    plain = re.sub(r"\x1b\[[\d;]*m", "", written)
    return re.findall(r"\x1b\[2K([^\r\n\x1b]+)", plain)


def test_work_shows_which_part_of_how_many():
    with at_terminal() as terminal, show_work("reproducing", parts=3) as begin:
        for part in ("one", "two", "three"):
            begin(part)
            say(f"running {part}")
            time.sleep(0.6)
    written = terminal.written
    assert [line for line in show(written) if line] == [
        f"running {p}" for p in "one two three".split()
    ]
    states = shown_states(written)
    assert any(re.match(r"reproducing three 0:00:01 .* 2/3 00:0\d", state) for state in states)


def test_work_shows_the_seconds_it_may_take():
    with at_terminal() as terminal, show_work("looking [at] it", limit=45):
        time.sleep(1.2)
    written = terminal.written
    assert not any(show(written))
    assert "looking [at] it 1 s of at most 45 s" in shown_states(written)


def test_loading_shows_each_file():
    with at_terminal() as terminal, show_loading("csv:a.csv") as told:
        time.sleep(0.6)
        told("reading a.csv", 5_000_000, 20_000_000)
        time.sleep(0.6)
    written = terminal.written
    assert not any(show(written))
    states = shown_states(written)
    assert any(state.startswith("reading csv:a.csv 0:00:0") for state in states)
    assert any(re.match("reading a.csv .* 5.0/20.0 MB", state) for state in states)


def test_no_color_where_none_is_wanted(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    with at_terminal() as terminal, show_work("reproducing", parts=3) as begin:
        begin("one")
        time.sleep(0.6)
    assert not re.search(r"\x1b\[[\d;]*3\d", terminal.written)


@pytest.mark.parametrize("shown", [partial(show_work, "x", 2), partial(show_loading, "x")])
def test_elsewhere_work_is_quiet(capsys, shown):
    with shown():
        time.sleep(0.01)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


# --- the program


def on_terminal(name, number=None, both=False, widths=()):
    """Puts the program's stderr onto a terminal.

    When it has trained some epochs, the terminal has these widths for a while, and a signal comes.
    """
    descriptor = os.open(name, os.O_RDWR)
    for one in (0, 2, *([1] if both else [])):
        os.dup2(descriptor, one)
    sys.stderr = open(2, "w", buffering=1, closefd=False)
    os.environ.update({"TERM": "xterm"})
    os.environ.pop("COLUMNS", None)
    if number is not None:
        threading.Thread(target=disturb, args=(number, widths), daemon=True).start()


def disturb(number, widths):
    epochs = Path("run/epochs.jsonl")
    while not epochs.exists() or epochs.stat().st_size < 2000:
        time.sleep(0.01)
    for columns in widths:
        resize(2, columns)
        time.sleep(0.7)
    os.kill(os.getpid(), number)


def run_on_terminal(folder, *arguments, columns=80, **options):
    terminal = Terminal(columns)
    outcome = run_forked(list(arguments), folder, partial(on_terminal, terminal.name, **options))
    return outcome, terminal.close()


TRAIN = "train --dataset mnist-small --recipe none --hidden-units 8 --out run".split()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_the_terminal_as_it_was(tmp_path, number):
    outcome, written = run_on_terminal(
        tmp_path, *TRAIN, "--epochs", 100_000, columns=200, number=number
    )
    assert outcome.status == 128 + number
    lines = [line for line in show(written, 200) if line]
    assert lines[-2:] == ["to go on: tfmlp train --resume run", "interrupted"]
    assert all(re.match(r"epoch +\d+/100000 \| loss ", line) for line in lines[1:-2])
    assert "\x1b[?" not in written and STATE.search(written)


def test_a_divergence_leaves_the_terminal_as_it_was(tmp_path):
    wild = "--optimizer sgd --learning-rate 1e30 --epochs 3".split()
    outcome, written = run_on_terminal(tmp_path, *TRAIN, *wild)
    assert outcome.status == 3
    lines = [line for line in show(written, 80) if line]
    assert any(line.startswith("error: training diverged") for line in lines)
    assert not any(line.startswith(("training", "epoch 1/3  ")) for line in lines)


@pytest.mark.parametrize("columns", [80, 33])
def test_a_run_on_a_terminal_shows_its_epochs(tmp_path, columns):
    outcome, written = run_on_terminal(tmp_path, *TRAIN, "--epochs", 3, columns=columns)
    assert outcome.status == 0 and outcome.stdout.startswith("test loss ")
    text = "".join(show(written, columns))
    assert re.search(
        r"engine \w+ *epoch 1/3 \| .*epoch 2/3 \| .*epoch 3/3 \| [^|]*\|[^|]*\| \S+ s$", text
    )
    assert all(len(state) <= columns for state in STATE.findall(written))


def test_the_state_follows_the_width(tmp_path):
    arguments = [*TRAIN, "--epochs", 90_000]
    _, written = run_on_terminal(tmp_path, *arguments, number=signal.SIGTERM, widths=(100, 40, 15))
    lengths = [len(state) for state in STATE.findall(written)]
    assert max(lengths) > 60 and min(lengths) <= 15 and any(15 < n <= 40 for n in lengths)


def test_json_lines_on_the_terminal_are_the_progress(tmp_path):
    arguments = [*TRAIN, "--epochs", 3, "--json-lines"]
    _, written = run_on_terminal(tmp_path, *arguments, both=True)
    *epochs, end = [line for line in written.splitlines() if line.startswith("{")]
    assert [json.loads(line)["event"] for line in epochs] == ["epoch"] * 3
    assert json.loads(end)["event"] == "end" and not STATE.search(written)


def test_json_lines_beside_the_terminal_leave_the_live_display(tmp_path):
    outcome, written = run_on_terminal(tmp_path, *TRAIN, "--epochs", 3, "--json-lines")
    assert len(outcome.stdout.splitlines()) == 4 and STATE.search(written)
    assert len([line for line in show(written) if line.startswith("epoch ")]) == 3


def test_reproduce_shows_which_experiment_of_how_many(tmp_path):
    names = ("relu-derivative", "toy-online")
    outcome, written = run_on_terminal(tmp_path, "reproduce", *names, "--json")
    assert outcome.status == 0 and len(json.loads(outcome.stdout)) == 2
    lines = [line for line in show(written) if line]
    assert lines == ["running relu-derivative", "running toy-online"]
    assert any(
        re.match("reproducing toy-online 0:00:0.* 1/2", state) for state in shown_states(written)
    )


def test_diagnose_shows_the_seconds_it_may_take(tmp_path):
    arguments = "diagnose --dataset mnist-small --hidden-units 8 --seconds 5".split()
    outcome, written = run_on_terminal(tmp_path, *arguments)
    assert outcome.status == 0
    lines = [line for line in show(written) if line]
    assert len(lines) == 1 and lines[0].startswith("looking at mnist-small with 8")
    states = shown_states(written)
    assert any(
        re.fullmatch(r"looking at mnist-small \d s of at most 5 s", state) for state in states
    )


def test_quiet_shows_nothing_on_a_terminal(tmp_path):
    outcome, written = run_on_terminal(tmp_path, *TRAIN, "--epochs", 3, "--quiet")
    assert outcome.stdout.startswith("test loss ") and written == ""
    assert (Path(tmp_path) / "run" / "model.keras").exists()
