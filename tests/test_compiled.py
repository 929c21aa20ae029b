"""What XLA compiled, kept from one command to the next."""

import hashlib
import os
import signal
import subprocess
import sys
import time

import pytest

from tfmlp.cli import compiled
from tfmlp.config import Config
from tfmlp.errors import DataError
from tfmlp.files import cache_dir
from tfmlp.model.saved import load_model


def digest(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def kept() -> list:
    return sorted(cache_dir().glob("compiled/*.pb.*"))


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    for name in (compiled.SWITCH, "TF_XLA_FLAGS", "XLA_FLAGS"):
        monkeypatch.delenv(name, raising=False)


def train_command(mnist_dir, seed, out) -> list[str]:
    options = [
        "--dataset",
        "mnist",
        "--data-dir",
        mnist_dir,
        "--engine",
        "xla",
        "--epochs",
        1,
        "--hidden-units",
        "12",
        "--batch-size",
        50,
    ]
    options += ["--dropout", "0.2", "--shift", 1, "--seed", seed, "--out", out]
    return [sys.executable, "-m", "tfmlp", "train", *map(str, options)]


@pytest.fixture
def trained(mnist_dir, tmp_path):
    """Returns a function that trains in a process of its own and returns the weights, as bytes;
    None where that ends with an error.
    """

    def train(name: str, seed: int = 0, **environment: str) -> list[bytes] | None:
        done = subprocess.run(
            train_command(mnist_dir, seed, tmp_path / name),
            capture_output=True,
            text=True,
            env=os.environ | environment,
        )
        if done.returncode:
            assert done.stderr.splitlines()[-1].startswith("error: "), done.stderr
            return None
        return [
            weight.numpy().tobytes()
            for weight in load_model(tmp_path / name / "model.keras").weights
        ]

    return train


def test_a_kept_program_computes_the_same_bits_for_every_seed(trained):
    first = trained("first")
    (program,) = kept()
    assert digest(program) == program.suffix[1:] and program.stat().st_mode & 0o777 == 0o600
    second = trained("second", seed=1)
    assert kept() == [program]
    assert second != first and second == trained("compiled", seed=1, TFMLP_COMPILE_CACHE="0")


def test_a_program_that_cannot_be_loaded_is_not_tried_again(trained):
    trained("first")
    (program,) = kept()
    program.write_bytes(b"nonsense with the right checksum")
    program.rename(program.with_suffix(f".{digest(program)}"))
    assert trained("second") is None and not kept()
    assert trained("third") and not kept()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_early_signal_leaves_what_was_kept_and_nothing_else(
    trained, mnist_dir, tmp_path, number
):
    trained("first")
    before = kept()
    (tmp_path / "temporary").mkdir()
    command = train_command(mnist_dir, 0, tmp_path / "run")
    environment = os.environ | {"TMPDIR": str(tmp_path / "temporary")}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    while kept() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(number)
    told = process.communicate()[1]
    assert told.splitlines()[-1:] == ["interrupted"] and process.returncode == 128 + number, told
    assert (
        kept() == before
        and not list((tmp_path / "temporary").glob("tfmlp-*"))
        and not (tmp_path / "run").exists()
    )


@pytest.fixture
def begin(monkeypatch, tmp_path):
    """Begins a command that trains; returns a function that ends it. `begin.folder()` is the folder
    that TensorFlow was told.
    """
    monkeypatch.delitem(sys.modules, "tensorflow")
    monkeypatch.setattr(compiled.atexit, "register", lambda *call, **options: None)
    monkeypatch.setattr(compiled.tempfile, "tempdir", str(tmp_path))

    def begin(**options):
        monkeypatch.delenv("TF_XLA_FLAGS", raising=False)
        command = compiled.kept_programs(Config.from_options(**options))
        command.__enter__()
        return lambda error=None: command.__exit__(type(error) if error else None, error, None)

    begin.folder = lambda: compiled.Path(
        os.environ["TF_XLA_FLAGS"].split("directory=")[1].split()[0]
    )
    return begin


def test_what_a_command_adds_is_there_for_the_next(begin):
    end = begin(seed=3)
    (begin.folder() / "a.pb").write_bytes(b"program")
    end()
    assert [path.read_bytes() for path in kept()] == [b"program"]
    begin(hidden_units=(7,))
    assert not list(begin.folder().iterdir())
    end = begin(seed=4)
    assert (
        begin.folder() / "a.pb"
    ).read_bytes() == b"program" and not kept()  # taken out: a process that dies of it dies once
    end(DataError("no rows"))
    assert kept()


def test_two_commands_at_once(begin):
    ends = []
    for content in (b"one", b"another"):
        ends.append(begin())
        (begin.folder() / "a.pb").write_bytes(content)
    for end in ends:
        end()
    assert len(kept()) == 2
    end = begin()
    assert (begin.folder() / "a.pb").read_bytes() in (b"one", b"another")
    end()
    assert len(kept()) == 1


@pytest.mark.parametrize("damage", ["truncated", "writable"])
def test_what_is_damaged_or_may_be_anothers_is_not_loaded(begin, damage):
    end = begin()
    (begin.folder() / "a.pb").write_bytes(b"program")
    end()
    if damage == "truncated":
        kept()[0].write_bytes(b"pro")
    else:
        kept()[0].chmod(0o620)
    begin()
    assert not list(begin.folder().iterdir()) and not kept()


def test_the_oldest_are_removed_where_they_are_too_many(begin, monkeypatch):
    monkeypatch.setattr(compiled, "_MOST_BYTES", 250)
    for number in range(4):
        end = begin(hidden_units=(number + 1,))
        (begin.folder() / f"{number}.pb").write_bytes(bytes(100))
        end()
        for path in kept():
            os.utime(path, (int(path.name.split("-")[1][0]),) * 2)
    assert sorted(path.name.split("-")[1][0] for path in kept()) == ["2", "3"]


@pytest.mark.parametrize(
    "reason", ["switch", "flags", "XLA's flags", "room", "path", "processor", "home", "TensorFlow"]
)
def test_where_programs_cannot_be_kept_all_are_compiled(begin, tmp_path, monkeypatch, reason):
    if reason == "switch":
        monkeypatch.setenv(compiled.SWITCH, "0")
    elif reason == "XLA's flags":
        monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=here")
    elif reason == "room":
        monkeypatch.setattr(compiled, "_ROOM", 1 << 80)
    elif reason == "path":
        (tmp_path / "a b").mkdir()
        monkeypatch.setattr(compiled.tempfile, "tempdir", str(tmp_path / "a b"))
    elif reason == "processor":
        monkeypatch.setattr(compiled, "_PROCESSOR", None)
    elif reason == "home":
        monkeypatch.setattr(compiled, "cache_dir", lambda: compiled.Path("~/.cache/tfmlp"))
    elif reason == "TensorFlow":
        monkeypatch.setattr(compiled, "_TESTED", ("1.15.",))
    if reason == "flags":
        monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_auto_jit=0")
        with compiled.kept_programs(Config()):
            assert os.environ["TF_XLA_FLAGS"] == "--tf_xla_auto_jit=0"
        return
    begin()()
    assert "TF_XLA_FLAGS" not in os.environ and not compiled.Path("~").exists()


def test_what_decides_what_is_compiled_decides_the_name(monkeypatch):
    def name(**options) -> str:
        return compiled._name(Config.from_options(**options))

    assert name(seed=1) == name(seed=2)
    names = [name(), name(threads=1), name(batch_size=7)]
    monkeypatch.setattr(compiled, "_PROCESSOR", ("processor",))
    names.append(name())
    monkeypatch.setattr(compiled.os, "sched_getaffinity", lambda process: set(range(99)))
    names.append(name())
    monkeypatch.setattr("importlib.metadata.version", lambda package: "2.20.99")
    names.append(name())
    assert len(set(names)) == 6
