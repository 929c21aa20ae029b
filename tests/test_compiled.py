"""What XLA compiled, kept from one command to the next."""

import errno
import hashlib
import os
import subprocess
import sys
import time

import pytest

from tfmlp.cli import compiled
from tfmlp.model.saved import load_model


@pytest.fixture
def trained(mnist_dir, tmp_path):
    """Returns a function that trains in a process of its own and returns the weights, as bytes; None where that ends with an error."""

    def train(name: str, **environment: str) -> list[bytes] | None:
        command = [sys.executable, "-m", "tfmlp", "train", "--dataset", "mnist", "--data-dir", mnist_dir, "--engine", "xla", "--epochs", 1]
        command += ["--hidden-units", "12", "--batch-size", 50, "--dropout", "0.2", "--shift", 1, "--out", tmp_path / name]
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, env=os.environ | environment)
        if done.returncode:
            assert done.stderr.splitlines()[-1].startswith("error: "), done.stderr
            return None
        return [weight.numpy().tobytes() for weight in load_model(tmp_path / name / "model.keras").weights]

    return train


def digest(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def kept() -> list:
    return sorted(compiled.cache_dir().glob("compiled/*/*.pb.*"))


def test_a_kept_program_is_loaded_and_computes_the_same_bits(trained):
    first = trained("first")
    (program,) = kept()
    assert digest(program) == program.suffix[1:]
    assert first and trained("again") == first and kept() == [program]
    assert trained("without", TFMLP_COMPILE_CACHE="0") == first
    program.write_bytes(program.read_bytes()[:-1000])
    assert trained("damaged") == first
    (whole,) = kept()
    assert whole != program and digest(whole) == whole.suffix[1:]
    assert not list(program.parent.glob("run-*"))


def test_a_program_that_cannot_be_loaded_is_forgotten(trained):
    trained("first")
    (program,) = kept()
    program.write_bytes(b"nonsense with the right checksum")
    program.rename(program.with_suffix(f".{digest(program)}"))
    assert trained("second") is None and not kept()
    assert trained("third") and kept()


@pytest.fixture
def ending(monkeypatch):
    """The functions that would be called at the program's end."""
    monkeypatch.delenv("TF_XLA_FLAGS", raising=False)
    monkeypatch.delenv(compiled.SWITCH, raising=False)
    calls = []
    monkeypatch.setattr(compiled.atexit, "register", lambda *call: calls.append(call))
    monkeypatch.setattr(compiled, "_offered", [])
    yield calls
    os.environ.pop("TF_XLA_FLAGS", None)


def begin(calls):
    """A command begins; returns its folder, and a function that ends it."""
    compiled.keep_compiled_programs()
    function, *arguments = calls.pop()
    return arguments[0], lambda: (function(*arguments), os.environ.pop("TF_XLA_FLAGS", None))


def test_what_a_command_adds_is_there_for_the_next(ending):
    own, end = begin(ending)
    assert f"directory={own} " in os.environ["TF_XLA_FLAGS"]
    (own / "a.pb").write_bytes(b"program")
    end()
    assert not own.exists() and [path.read_bytes() for path in kept()] == [b"program"]
    own, end = begin(ending)
    assert (own / "a.pb").read_bytes() == b"program"
    compiled.forget_compiled_programs()
    end()
    assert not kept()


def test_the_oldest_are_removed_where_they_are_too_many(ending, monkeypatch):
    monkeypatch.setattr(compiled, "_MOST_BYTES", 250)
    own, end = begin(ending)
    for number in range(4):
        (own / f"{number}.pb").write_bytes(bytes(100))
        os.utime(own / f"{number}.pb", (number, number))
    killed = own.parent / "run-killed"
    killed.mkdir()
    end()
    assert [path.name[:4] for path in kept()] == ["2.pb", "3.pb"] and killed.exists()
    os.utime(killed, (time.time() - 1e6,) * 2)
    begin(ending)[1]()
    assert not killed.exists()


def no_room(*arguments):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("reason", ["switch", "flags", "file of flags", "room", "others", "path", "processor"])
def test_where_programs_cannot_be_kept_all_are_compiled(ending, tmp_path, monkeypatch, reason):
    flags = {"flags": "--tf_xla_persistent_cache_directory=x", "file of flags": "flags.txt"}.get(reason, "--tf_xla_auto_jit=0")
    monkeypatch.setenv("TF_XLA_FLAGS", flags)
    if reason == "switch":
        monkeypatch.setenv(compiled.SWITCH, "0")
    elif reason == "room":
        monkeypatch.setattr(compiled.os, "posix_fallocate", no_room)
    elif reason == "others":
        begin(ending)[1]()
        monkeypatch.setenv("TF_XLA_FLAGS", flags)
        (compiled.cache_dir() / "compiled").chmod(0o777)
    elif reason == "path":
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a b"))
    elif reason == "processor":
        monkeypatch.setattr(compiled, "_PROCESSOR", ())
    compiled.keep_compiled_programs()
    assert os.environ["TF_XLA_FLAGS"] == flags
    for function, *arguments in ending:
        function(*arguments)
    assert not list(compiled.cache_dir().glob("compiled/*/run-*"))


def test_another_processor_or_setting_has_programs_of_its_own(monkeypatch):
    names = {compiled._machine()}
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    names.add(compiled._machine())
    monkeypatch.setattr(compiled.os, "sched_getaffinity", lambda process: set(range(99)))
    names.add(compiled._machine())
    assert len(names) == 3
