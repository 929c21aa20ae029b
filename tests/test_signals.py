"""SIGINT and SIGTERM: handlers for a time, and a program that they end at any early moment."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tfmlp import signals
from tfmlp.errors import Interruption

INT, TERM = signal.SIGINT, signal.SIGTERM


@pytest.fixture(autouse=True)
def handlers():
    """Restores the handlers; returns a function that returns those there are."""

    def handlers():
        return [signal.getsignal(number) for number in (INT, TERM)]

    before = handlers()
    yield handlers
    for number, handler in zip((INT, TERM), before):
        signal.signal(number, handler)


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [INT, TERM])
def test_a_signal_is_raised_and_told(number):
    numbers = signals.raising()
    with pytest.raises(Interruption) as interruption:
        send(number)
    assert numbers == [number] and interruption.value.exit_code == 128 + number


def test_a_signal_that_python_drops_is_sent_again(monkeypatch):
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)

    class Dropping:
        def __del__(self):
            send(INT)
            time.sleep(0)

    signals.send_dropped_again()
    numbers = signals.raising()
    with pytest.raises(Interruption):
        Dropping()
        assert numbers == [INT]
        time.sleep(5)
    assert numbers == [INT, INT]


@pytest.mark.parametrize("number", [INT, TERM])
def test_the_first_signal_is_noted_and_the_second_raised(handlers, number):
    before = handlers()
    with signals.noted() as numbers:
        assert numbers == []
        send(number)
        assert numbers == [number]
        with pytest.raises(Interruption) as interruption:
            send(TERM)
        assert numbers == [number] and interruption.value.exit_code == 143
    assert handlers() == before


def test_ctrl_c_is_ignored_while_it_is_held(handlers):
    signals.raising()
    before = handlers()
    with signals.held():
        send(INT)
        with pytest.raises(Interruption):
            send(TERM)
    assert handlers() == before
    with pytest.raises(Interruption):
        send(INT)


@pytest.mark.parametrize("context", [signals.noted, signals.held])
def test_handlers_come_back_after_an_error(handlers, context):
    before = handlers()
    with pytest.raises(RuntimeError), context():
        assert handlers() != before
        raise RuntimeError
    assert handlers() == before


def test_other_threads_leave_the_handlers_alone(handlers):
    before, results = handlers(), []

    def use():
        with signals.noted() as numbers, signals.held():
            results.append((numbers, handlers()))
        results.append((signals.raising(), handlers()))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert results == [([], before), ([], before)]


# --- the program


MOMENTS = {
    "at the start": None,
    "before TensorFlow is imported": "_multiarray_umath",
    "while TensorFlow is loaded": "libtensorflow_framework",
    "while TensorFlow is imported": "_pywrap_tfe",
    "while Keras is imported": "libhdf5",
    "when TensorFlow is there": "_psutil_linux",
}


def has_come(process, library):
    """Returns whether a process has loaded a library; with None, whether it handles signals."""
    about = Path("/proc") / str(process.pid)
    handled = re.search(r"SigCgt:\s+(\w+)", (about / "status").read_text())
    if not handled or not int(handled[1], 16) >> (TERM - 1) & 1:
        return False
    return library is None or library in (about / "maps").read_text()


@pytest.mark.parametrize("number", [INT, TERM])
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_early_signal_is_one_line_and_leaves_nothing(tmp_path, moment, number):
    table, temporary = tmp_path / "my.csv", tmp_path / "temporary"
    table.write_text("a,b,kind\n" + "".join(f"{n},{n % 7},{'xy'[n % 2]}\n" for n in range(400)))
    temporary.mkdir()
    before = sorted(tmp_path.rglob("*"))
    command = [sys.executable, "-m", "tfmlp", "train", "--dataset", f"csv:{table}"]
    command += "--target kind --recipe none --epochs 1000".split()
    environment = os.environ | {"TMPDIR": str(temporary)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, env=environment, cwd=tmp_path, **pipes)
    while process.poll() is None and not has_come(process, MOMENTS[moment]):
        time.sleep(0.001)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert (stdout, stderr) == ("", "interrupted\n")
    assert process.returncode == 128 + number
    assert sorted(tmp_path.rglob("*")) == before
