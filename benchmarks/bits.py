"""The bits of many short trainings: recorded before a change of the house, compared afterwards.

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
_CHOICES = {name: field.metadata["choices"] for name, field in FIELDS.items()}
_RATES = {"adam": 0.01, "adamw": 0.01, "rmsprop": 0.003}


def cases() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yields (name, dataset's kind, options beside the common ones)."""
    for optimizer in _CHOICES["optimizer"]:
        for engine in ("graph", "hybrid", "xla"):
            yield (
                f"optimizer {optimizer}, {engine}",
                "images",
                {
                    "optimizer": optimizer,
                    "engine": engine,
                    "learning_rate": _RATES.get(optimizer, 0.05),
                },
            )
    for activation in _CHOICES["activation"]:
        yield f"activation {activation}", "images", {"activation": activation}
        yield (
            f"activation {activation}, numpy",
            "images",
            {"activation": activation, "backend": "numpy"},
        )
    for initializer in _CHOICES["initializer"]:
        yield f"initializer {initializer}", "images", {"initializer": initializer}
    for schedule in _CHOICES["schedule"]:
        yield (
            f"schedule {schedule}",
            "images",
            {"schedule": schedule, "drop_every": 1, "warmup": 0.5},
        )
    for loss in (
        "binary_cross_entropy",
        "squared_error",
        "summed_squared_error",
        "half_squared_error",
    ):
        for backend in ("tensorflow", "numpy"):
            yield (
                f"loss {loss}, {backend}",
                "images",
                {"loss": loss, "learning_rate": 0.01, "backend": backend},
            )
    yield (
        "sigmoid outputs",
        "images",
        {"loss": "squared_error", "output_activation": "sigmoid", "activation": "sigmoid"},
    )
    everything = {
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
    unclipped = everything | {"clip_norm": None}
    for engine in (
        "graph",
        "hybrid",
        "xla",
        "streaming-graph",
        "streaming-hybrid",
        "streaming-xla",
    ):
        yield f"everything, {engine}", "images", everything | {"engine": engine}
        yield f"dropout, {engine}", "images", {"dropout": 0.5, "engine": engine}
        # The global norm is a sum over the weights in their order.
        yield f"everything unclipped, {engine}", "images", unclipped | {"engine": engine}
    yield (
        "everything, bfloat16",
        "images",
        everything | {"precision": "bfloat16", "engine": "hybrid"},
    )
    yield (
        "wide bfloat16",
        "images",
        {"hidden_units": (512,), "precision": "bfloat16", "engine": "graph"},
    )
    yield "everything, float64", "images", everything | {"precision": "float64"}
    yield "everything, numpy", "images", everything | {"backend": "numpy"}
    yield (
        "everything, numpy float64",
        "images",
        everything | {"backend": "numpy", "precision": "float64"},
    )
    for form in ("inverted", "course"):
        for backend in ("tensorflow", "numpy"):
            options = {"dropout": 0.4, "dropout_form": form, "backend": backend}
            yield f"dropout {form}, {backend}", "images", options
    for preprocessing in ("none", "scale", "standardize", "per_image"):
        for backend in ("tensorflow", "numpy"):
            options = {"preprocessing": preprocessing, "backend": backend, "learning_rate": 1e-3}
            yield f"preprocessing {preprocessing}, {backend}", "images", options
    for backend in ("tensorflow", "numpy"):
        options = {
            "backend": backend,
            "bias_initializer": "normal",
            "initializer": "normal",
            "initializer_scale": 0.1,
        }
        yield f"initial biases, {backend}", "images", options
        yield f"batch norm, {backend}", "images", {"backend": backend, "batch_norm": True}
        yield f"l2, {backend}", "images", {"backend": backend, "l2": 1e-3}
        yield f"clipping, {backend}", "images", {"backend": backend, "clip_norm": 0.1}
        yield f"augmentation, {backend}", "images", {"backend": backend, "shift": 3, "invert": 0.5}
        yield (
            f"no remainder, {backend}",
            "images",
            {"backend": backend, "drop_remainder": True, "shuffle": False},
        )
        for standardized in (True, False):
            options = {"task": "regression", "standardize_target": standardized, "backend": backend}
            yield (
                f"regression {standardized}, {backend}",
                "table",
                options | {"learning_rate": 0.01},
            )
    yield (
        "regression, xla, adam",
        "table",
        {"task": "regression", "engine": "xla", "optimizer": "adam"},
    )
    yield "linear model", "table", {"hidden_units": (), "task": "regression"}
    numeric = {
        "backend": "numeric",
        "hidden_units": (3,),
        "epochs": 1,
        "batch_size": 32,
        "task": "regression",
    }
    yield "numeric", "table", numeric
    for engine in ("graph", "xla"):
        yield (
            f"resumed, {engine}",
            "images",
            everything | {"engine": engine, "epochs": 4, "resume": True},
        )
        unclipped_options = unclipped | {"engine": engine, "epochs": 4, "resume": True}
        yield f"resumed unclipped, {engine}", "images", unclipped_options
    yield "resumed, numpy", "images", everything | {"backend": "numpy", "epochs": 4, "resume": True}
    yield "automatic engine", "images", {"engine": "auto", "precision": "auto"}
    yield "monitor accuracy", "images", {"monitor": "accuracy", "patience": 1, "epochs": 4}


def _write_data(folder: Path) -> dict[str, str]:
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
    resume = options.pop("resume", False)
    config = tfmlp.Config.from_options(**_BASE | options, dataset=dataset)
    data = tfmlp.load_dataset(dataset, validation=config.data.validation, task=config.data.task)
    training = tfmlp.fit(config, data)
    if resume:
        epochs = iter(training)
        next(epochs)
        next(epochs)
        state = training.get_state()
        training = tfmlp.fit(config, data)
        training.set_state(*state)
    for _ in training:
        pass
    epochs = [epoch.to_dict() for epoch in training.history]
    for epoch in epochs:
        del epoch["seconds"]
    digest = hashlib.sha256(json.dumps([epochs, training.evaluate("test").to_dict()]).encode())
    for variable in sorted(training.model.weights, key=lambda variable: variable.path):
        digest.update(np.ascontiguousarray(variable.numpy()).tobytes())
    return digest.hexdigest()


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
