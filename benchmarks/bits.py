"""The bits of many short trainings: recorded before a change of the code, compared afterwards.

    python -m benchmarks.bits --out before.json
    python -m benchmarks.bits --against before.json

Each case trains a small net for a few epochs and is one sha256 of the final weights, of the metrics
of every epoch and of the metrics on the test examples. A change that is not meant to change any
arithmetic changes none of them. The bits belong to one machine and one TensorFlow: they are
compared on the same machine, and never kept as goldens.
"""

import argparse
import gc
import hashlib
import itertools
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import tfmlp
from tfmlp.config import FIELDS

_BASE = {
    "hidden_units": (24, 16),
    "epochs": 2,
    "batch_size": 64,
    "learning_rate": 0.05,
    "optimizer": "sgd",
    "engine": "graph",
    "precision": "float32",
    "validation": 0.1,
}
_EVERYTHING = {
    "dropout": 0.3,
    "batch_norm": True,
    "l2": 1e-4,
    "clip_norm": 1.0,
    "optimizer": "adam",
    "learning_rate": 0.01,
    "shift": 2,
    "invert": 0.3,
    "schedule": "cosine",
    "patience": 2,
}
_UNCLIPPED = _EVERYTHING | {"clip_norm": None}
_METRICS = ("loss", "count", "accuracy", "mae", "rmse")
_CHOICES = {name: field.metadata["choices"] for name, field in FIELDS.items()}
_RATES = {"adam": 0.01, "adamw": 0.01, "rmsprop": 0.003}
_BACKENDS = ("tensorflow", "numpy")

# (name, options beside the common ones)
_Case = tuple[str, dict[str, Any]]


def cases() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yields (name, dataset's kind, options beside the common ones)."""
    of_images = (_choices(), _losses(), _engines(), _precisions(), _backends(), _resumed())
    for name, options in itertools.chain(*of_images):
        yield name, "images", options
    for name, options in _regressions():
        yield name, "table", {"task": "regression"} | options


def _choices() -> Iterator[_Case]:
    for optimizer, engine in itertools.product(_CHOICES["optimizer"], ("graph", "hybrid", "xla")):
        rate = _RATES.get(optimizer, 0.05)
        options = {"optimizer": optimizer, "engine": engine, "learning_rate": rate}
        yield f"optimizer {optimizer}, {engine}", options
    for activation in _CHOICES["activation"]:
        options = {"activation": activation}
        yield f"activation {activation}", options
        yield f"activation {activation}, numpy", options | {"backend": "numpy"}
    for initializer in _CHOICES["initializer"]:
        yield f"initializer {initializer}", {"initializer": initializer}
    for schedule in _CHOICES["schedule"]:
        options = {"schedule": schedule, "drop_every": 1, "warmup": 0.5}
        yield f"schedule {schedule}", options
    yield "monitor accuracy", {"monitor": "accuracy", "patience": 1, "epochs": 4}


def _losses() -> Iterator[_Case]:
    names = [name for name in _CHOICES["loss"] if name not in ("auto", "cross_entropy")]
    for loss, backend in itertools.product(names, _BACKENDS):
        options = {"loss": loss, "learning_rate": 0.01, "backend": backend}
        yield f"loss {loss}, {backend}", options
    sigmoids = {"output_activation": "sigmoid", "activation": "sigmoid"}
    yield "sigmoid outputs", {"loss": "squared_error"} | sigmoids


def _engines() -> Iterator[_Case]:
    for place, program in itertools.product(("", "streaming-"), ("graph", "hybrid", "xla")):
        engine = place + program
        yield f"everything, {engine}", _EVERYTHING | {"engine": engine}
        yield f"dropout, {engine}", {"dropout": 0.5, "engine": engine}
        # The global norm is a sum over the weights in their order.
        yield f"everything unclipped, {engine}", _UNCLIPPED | {"engine": engine}
    yield "automatic engine", {"engine": "auto", "precision": "auto"}


def _precisions() -> Iterator[_Case]:
    bfloat16, float64 = {"precision": "bfloat16"}, {"precision": "float64"}
    yield "everything, bfloat16", _EVERYTHING | bfloat16 | {"engine": "hybrid"}
    yield "wide bfloat16", {"hidden_units": (512,), "engine": "graph"} | bfloat16
    yield "everything, float64", _EVERYTHING | float64
    yield "everything, numpy", _EVERYTHING | {"backend": "numpy"}
    yield "everything, numpy float64", _EVERYTHING | {"backend": "numpy"} | float64


def _backends() -> Iterator[_Case]:
    by_name = {
        "dropout inverted": {"dropout": 0.4, "dropout_form": "inverted"},
        "dropout course": {"dropout": 0.4, "dropout_form": "course"},
        "initial biases": {
            "bias_initializer": "normal",
            "initializer": "normal",
            "initializer_scale": 0.1,
        },
        "batch norm": {"batch_norm": True},
        "layer norm": {"layer_norm": True},
        "label smoothing": {"label_smoothing": 0.1},
        "l2": {"l2": 1e-3},
        "clipping": {"clip_norm": 0.1},
        "augmentation": {"shift": 3, "invert": 0.5},
        "no remainder": {"drop_remainder": True, "shuffle": False},
    }
    for kind in _CHOICES["preprocessing"]:
        by_name[f"preprocessing {kind}"] = {"preprocessing": kind, "learning_rate": 1e-3}
    for (name, options), backend in itertools.product(by_name.items(), _BACKENDS):
        yield f"{name}, {backend}", options | {"backend": backend}


def _resumed() -> Iterator[_Case]:
    resumed = {"epochs": 4, "resume": True}
    for engine in ("graph", "xla"):
        yield f"resumed, {engine}", _EVERYTHING | {"engine": engine} | resumed
        yield f"resumed unclipped, {engine}", _UNCLIPPED | {"engine": engine} | resumed
    yield "resumed, numpy", _EVERYTHING | {"backend": "numpy"} | resumed


def _regressions() -> Iterator[_Case]:
    for backend, standardized in itertools.product(_BACKENDS, (True, False)):
        options = {"standardize_target": standardized, "backend": backend, "learning_rate": 0.01}
        yield f"regression {standardized}, {backend}", options
    yield "regression, xla, adam", {"engine": "xla", "optimizer": "adam"}
    yield "linear model", {"hidden_units": ()}
    numeric = {"hidden_units": (3,), "epochs": 1, "batch_size": 32}
    yield "numeric", {"backend": "numeric"} | numeric


def _write_data(folder: Path) -> dict[str, str]:
    """Writes images of five classes and a table; returns the dataset option of each kind."""
    stream = np.random.default_rng(0)
    centers = stream.integers(0, 256, (5, 12, 12))
    labels = stream.integers(0, 5, 700)
    noise = stream.normal(0, 60, (700, 12, 12))
    images = np.clip(centers[labels] + noise, 0, 255).astype(np.uint8)
    np.savez(folder / "images.npz", x=images, y=labels)
    table = stream.normal(2, 3, (300, 6)).astype(np.float32)
    values = (table @ stream.normal(size=6) + 0.3 * table[:, 0] ** 2).astype(np.float32)
    np.savez(folder / "table.npz", x=table, y=values)
    return {kind: f"arrays:{folder / kind}.npz" for kind in ("images", "table")}


def _train(dataset: str, options: dict[str, Any]) -> str:
    """Returns the digest of a training; with "resume", of one that is restored half-way."""
    resume = options.pop("resume", False)
    config = tfmlp.Config.from_options(**_BASE | options, dataset=dataset)
    data = tfmlp.load_dataset(dataset, validation=config.data.validation, task=config.data.task)
    training = tfmlp.fit(config, data)
    if resume:
        for _ in itertools.islice(training, 2):
            pass
        state = training.get_state()
        training = tfmlp.fit(config, data)
        training.set_state(*state)
    for _ in training:
        pass
    epochs = [epoch.to_dict() for epoch in training.history]
    for epoch in epochs:
        del epoch["seconds"]
        for split in epoch.keys() & {"train", "validation"}:
            epoch[split] = _known(epoch[split])
    metrics = [epochs, _known(training.evaluate("test").to_dict())]
    digest = hashlib.sha256(json.dumps(metrics).encode())
    for variable in sorted(training.model.weights, key=lambda variable: variable.path):
        digest.update(np.ascontiguousarray(variable.numpy()).tobytes())
    return digest.hexdigest()


def _known(metrics: dict[str, Any]) -> dict[str, Any]:
    """Returns the metrics that there always were, so that one more does not change the digest."""
    return {name: value for name, value in metrics.items() if name in _METRICS}


def main() -> None:
    """Runs the cases; prints what differs from an earlier run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="write the digests into this file")
    parser.add_argument("--against", type=Path, help="compare with the digests in this file")
    parser.add_argument("--only", default="", help="only the cases whose names contain this")
    arguments = parser.parse_args()
    digests: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        datasets = _write_data(Path(folder))
        for name, kind, options in cases():
            if arguments.only in name:
                digests[name] = _train(datasets[kind], dict(options))
                gc.collect()
    if arguments.out:
        arguments.out.write_text(json.dumps(digests, indent=1) + "\n")
    if arguments.against:
        before = json.loads(arguments.against.read_text())
        differing = [name for name, digest in digests.items() if before.get(name, digest) != digest]
        print("\n".join(f"DIFFERS  {name}" for name in differing))
        known = sum(name in before for name in digests)
        print(f"{known - len(differing)} of {known} trainings end with the same bits")
        sys.exit(bool(differing))
    print(f"{len(digests)} trainings recorded")


if __name__ == "__main__":
    main()
