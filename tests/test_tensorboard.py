"""What `--tensorboard` writes, as TensorBoard's own reader finds it."""

import io
import json
import shutil
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from tests.results import lines, read_epochs, read_record
from tests.tiny import make_training
from tfmlp import load_run
from tfmlp.cli.display import draw_confusion
from tfmlp.errors import CheckpointError
from tfmlp.events import EventFile
from tfmlp.tensorboard import TensorBoard
from tfmlp.training.observer import Observer

accumulator = pytest.importorskip(
    "tensorboard.backend.event_processing.event_accumulator", reason="needs the extra tensorboard"
)
ALL = dict.fromkeys(("scalars", "histograms", "images", "tensors"), 0)


def read(folder):
    """Returns a reader that holds all of a folder."""
    reader = accumulator.EventAccumulator(str(folder), size_guidance=ALL)
    return reader.Reload()


def scalars(folder, tag):
    return {event.step: event.value for event in read(folder).Scalars(tag)}


def of(epochs, split, name):
    return {epoch["epoch"]: pytest.approx(epoch[split][name], rel=1e-6) for epoch in epochs}


BACKENDS = pytest.mark.parametrize("backend", ["tensorflow", "numpy"])


@BACKENDS
def test_a_reader_finds_what_the_run_recorded(train, backend):
    result = train("--epochs", 3, "--out", "run", "--tensorboard", "--backend", backend)
    assert result.exit_code == 0, result.stderr
    log, epochs, record = Path("run/tensorboard"), read_epochs("run"), read_record("run")
    for split in ("train", "validation"):
        for name in ("loss", "accuracy"):
            assert scalars(log / split, name) == of(epochs, split, name)
    rates = {epoch["epoch"]: pytest.approx(epoch["learning_rate"]) for epoch in epochs}
    assert scalars(log / "train", "learning rate") == rates
    speed = scalars(log / "train", "examples a second")
    assert speed[3] == pytest.approx(epochs[2]["train"]["count"] / epochs[2]["seconds"])
    for name in ("loss", "accuracy", "balanced_accuracy", "f1"):
        assert scalars(log / "test", name) == {3: pytest.approx(record["test"][name])}

    train_log, test_log = read(log / "train"), read(log / "test")
    names = {"dense_1/kernel", "dense_1/bias", "logits/kernel", "logits/bias"}
    assert set(train_log.Tags()["histograms"]) == names
    kernel = [event.histogram_value for event in train_log.Histograms("dense_1/kernel")]
    assert [sum(one.bucket) for one in kernel] == [one.num for one in kernel] == [784 * 8] * 3
    (text,) = train_log.Tensors("configuration")
    assert b"| hidden_units | [8] |" in text.tensor_proto.string_val[0]
    (image,) = test_log.Images("confusion matrix")
    picture = matplotlib.image.imread(io.BytesIO(image.encoded_image_string))
    assert picture.shape == (image.height, image.width, 4) and len(np.unique(picture)) > 20


def test_the_confusion_matrix_counts_every_test_example(train):
    assert train("--epochs", 1, "--out", "run", "--tensorboard").exit_code == 0
    counts, record = np.array(load_run("run").evaluation.confusion), read_record("run")
    assert counts.sum(axis=1).tolist() == record["dataset"]["class_counts"]["test"]
    assert counts.trace() / counts.sum() == pytest.approx(record["test"]["accuracy"])
    names = [str(number) for number in range(10)]
    axes = draw_confusion(Path("run")).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == names
    assert {text.get_text() for text in axes.texts} == set(map(str, counts[counts > 0]))


def test_a_run_that_goes_on_writes_no_step_twice(train, run_cli):
    plain = ("--recipe", "none")
    assert train(*plain, "--epochs", 4, "--out", "run", "--tensorboard", "logs").exit_code == 0
    # As a run is that was killed in its third epoch, with a checkpoint of the second.
    assert train(*plain, "--epochs", 2, "--out", "short").exit_code == 0
    shutil.rmtree("run/checkpoints")
    shutil.copytree("short/checkpoints", "run/checkpoints")
    resumed = run_cli("train", "--resume", "run", "--epochs", 5, "--tensorboard", "logs")
    assert resumed.exit_code == 0, resumed.stderr
    epochs = read_epochs("run")
    for split in ("train", "validation"):
        events = read(f"logs/{split}").Scalars("loss")
        assert [event.step for event in events] == [1, 2, 3, 4, 5]
        assert scalars(f"logs/{split}", "loss") == of(epochs, split, "loss")
    steps = [event.step for event in read("logs/train").Histograms("logits/bias")]
    assert steps == [1, 2, 3, 4, 5]
    assert list(scalars("logs/test", "loss")) == [4, 5]
    assert len(list(Path("logs/train").iterdir())) == 2


class Stop(Observer):
    """Ends a training after its hundredth epoch."""

    def __init__(self, training):
        self.training = training

    def on_epoch(self, epoch):
        if epoch.epoch == 100:
            self.training.stop()


def test_a_file_that_was_cut_off_hides_no_later_one(tmp_path):
    for first, steps in ((1, (1, 2, 3)), (3, (3, 4))):
        file = EventFile(tmp_path, first)
        for step in steps:
            file.add_scalar("loss", 10 * first + step, step)
        file.close()
        if first == 1:
            (path,) = tmp_path.iterdir()
            path.write_bytes(path.read_bytes()[:-5])  # as of a process that was killed
    assert scalars(tmp_path, "loss") == {1: 11, 2: 12, 3: 33, 4: 34}


def test_histograms_of_a_long_run_are_of_at_most_fifty_epochs_and_the_last(tmp_path):
    training = make_training(epochs=120)
    board = TensorBoard(training, tmp_path)
    training.observers += [Stop(training), board]
    list(training)
    board.end({"loss": 1.0, "count": 1})
    reader = read(tmp_path / "train")
    assert len(reader.Scalars("loss")) == 100
    steps = [event.step for event in reader.Histograms("logits/kernel")]
    assert steps == [*range(3, 100, 3), 100] and len(steps) <= 50


def test_regression_has_its_metrics_and_no_confusion_matrix(run_cli):
    Path("a.csv").write_text("x,y\n" + "".join(f"{n},{2.5 * n}\n" for n in range(100)))
    table = "--dataset csv:a.csv --target y --task regression --epochs 2 --out run".split()
    assert run_cli("train", *table, "--tensorboard").exit_code == 0
    tags = read("run/tensorboard/test").Tags()
    assert set(tags["scalars"]) == {"loss", "mae", "rmse", "r2"} and not tags["images"]


def test_a_histogram_of_equal_numbers(tmp_path):
    file = EventFile(tmp_path, 1)
    file.add_histogram("zeros", np.zeros((2, 3), np.float32), 1)
    file.close()
    (event,) = read(tmp_path).Histograms("zeros")
    assert event.histogram_value.num == sum(event.histogram_value.bucket) == 6


def test_the_bits_of_a_run_do_not_depend_on_it(train):
    import keras

    for name, more in (("a", ()), ("b", ("--tensorboard", "--quiet", "--json-lines"))):
        assert train("--epochs", 2, "--out", name, *more).exit_code == 0
    one, other = (keras.saving.load_model(f"{name}/model.keras").get_weights() for name in "ab")
    assert all(np.array_equal(x, y) for x, y in zip(one, other, strict=True))


def test_a_folder_of_another_run_is_refused(train):
    assert train("--tensorboard", "logs", "--out", "a").exit_code == 0
    result = train("--tensorboard", "logs", "--out", "b")
    assert result.exit_code == 1
    assert lines(result)[-1].startswith("error: logs already holds files for TensorBoard: choose")


def test_a_folder_that_cannot_be_written_is_found_before_the_training(train):
    Path("logs").write_text("")
    for name, reason in {
        "logs": "it is no folder",
        "/proc/nope": "/proc is not a writable",
    }.items():
        result = train("--tensorboard", name, "--out", "run")
        (line,) = lines(result)
        assert result.exit_code == 1 and not Path("run").exists()
        assert line.startswith(f"error: cannot write TensorBoard's files into {name}")
        assert reason in line


def test_a_full_disk_does_not_end_the_training(train, monkeypatch):
    def full(self):
        raise CheckpointError("No space left on device: free space.")

    monkeypatch.setattr("tfmlp.events.EventFile.flush", full)
    result = train("--tensorboard", "--epochs", 2, "--out", "run")
    assert result.exit_code == 0 and "test loss" in result.stdout
    (warning,) = [line for line in lines(result) if "No space left on device" in line]
    assert warning.startswith("warning: ") and "The training goes on" in warning


def test_a_log_in_the_run_folder_goes_on_by_itself(train, run_cli):
    assert train("--tensorboard", "--out", "run").exit_code == 0
    assert run_cli("train", "--resume", "run", "--epochs", 2).exit_code == 0
    assert list(scalars("run/tensorboard/train", "loss")) == [1, 2]


def test_the_result_is_printed_beside_it(train):
    result = train("--tensorboard", "--json-lines", "--out", "run")
    assert json.loads(result.stdout.splitlines()[-1])["test"] == read_record("run")["test"]
