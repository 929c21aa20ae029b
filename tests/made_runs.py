"""Run folders that are made by hand: what is in them is known, and no training is needed."""

import base64
import json
from pathlib import Path
from typing import Any

from tfmlp.config import Config

NAMES = ("zero", "one", "two")
CONFUSION = [[8, 2, 0], [0, 10, 0], [3, 1, 6]]


def histogram() -> dict[str, Any]:
    return {"edges": [-1.0, 0.0, 1.0], "counts": [3, 5]}


def layers() -> list[dict[str, Any]]:
    parts = {"weights": histogram(), "activations": histogram(), "gradients": histogram()}
    return [{"name": name} | parts for name in ("dense_1", "logits")]


def pixels(count: int) -> str:
    return base64.b64encode(bytes(range(count))).decode()


def classified() -> dict[str, Any]:
    """An evaluation of 30 examples of three classes, images of 4 x 4 pixels."""
    mistake = {"index": 17, "label": 0, "predicted": 1, "probability": 0.998}
    mistake |= {"label_probability": 0.001, "pixels": pixels(16)}
    calibration = {"edges": [0.0, 0.5, 1.0], "counts": [0, 30], "ece": 0.0123}
    calibration |= {"confidence": [None, 0.9], "accuracy": [None, 0.8]}
    return {
        "format": 1,
        "split": "test",
        "count": 30,
        "task": "classification",
        "confusion": CONFUSION,
        "calibration": calibration,
        "mistakes": [mistake],
        "image_shape": [4, 4, 1],
        "regression": None,
        "layers": {"beginning": layers(), "end": layers()},
        "first_layer": {"shape": [4, 4, 1], "low": -0.4, "high": 0.5, "images": [pixels(16)] * 8},
    }


def predicted() -> dict[str, Any]:
    """An evaluation of four values."""
    deciles = [{"low": 1.0, "high": 2.0, "count": 2, "mae": 0.5, "rmse": 0.6}]
    regression = {"true": [1.0, 2.0, 3.0, 4.0], "predicted": [1.5, 2.0, 2.0, 4.5]}
    regression |= {"histogram": histogram(), "deciles": deciles}
    empty = {"confusion": None, "calibration": None, "mistakes": [], "image_shape": None}
    return (
        classified()
        | empty
        | {
            "count": 4,
            "task": "regression",
            "regression": regression,
            "first_layer": None,
        }
    )


TEST = {"loss": 0.5, "count": 30, "accuracy": 0.8, "balanced_accuracy": 0.8, "f1": 0.79}


def write_run(
    path: Path,
    *,
    recipe: str | None = "mnist-small",
    epochs: int = 3,
    status: str = "completed",
    test: dict[str, float] | None = TEST,
    evaluation: dict[str, Any] | None = None,
    names: tuple[str, ...] = NAMES,
    changes: dict[str, Any] | None = None,
    **options: Any,
) -> Path:
    """Writes a run folder, and returns it.

    Args:
      path: The folder.
      recipe, status, test: As in run.json.
      epochs: How many have ended, of three.
      evaluation: What evaluation.json holds; without it, there is none.
      names: The classes' names; none for regression.
      changes: What else is put into run.json.
      options: What differs from the defaults.
    """
    base = {"dataset": "mnist-small", "hidden_units": (4,), "epochs": 3, "seed": 0}
    config = Config.from_options(**base | options)
    counts = {"train": [20, 30, 10], "test": [10, 10, 10]}
    schema = {"task": "classification", "feature_shape": [4, 4, 1], "feature_dtype": "uint8"}
    schema |= {"class_names": list(names)}
    if not names:
        schema = {"task": "regression", "feature_shape": [2], "feature_dtype": "float32"}
        schema |= {"columns": ["a", "b"], "column_kinds": ["number"] * 2, "target": "y"}
    record = {
        "format": 2,
        "status": status,
        "recipe": recipe,
        "config": config.to_dict(),
        "seed": config.runtime.seed,
        "dataset": {
            "name": config.data.dataset,
            "source": "made by hand",
            "sha256": "ab" * 32,
            "sizes": {"train": 60, "validation": 6, "test": 30},
            "files": {"images": "cd" * 32},
            "official": None,
            "class_counts": counts if names else {},
            "class_names": list(names),
        },
        "schema": schema,
        "parameters": 83,
        "engine": {"name": "graph", "precision": "float32"},
        "device": "/CPU:0",
        "versions": {"tfmlp": "0.1.0", "python": "3.11.2"},
    }
    if test:
        record["timing"] = {"total_seconds": 4.5, "training_seconds": 3, "compile_seconds": 1}
        record["test"] = test
    path.mkdir(parents=True)
    (path / "run.json").write_text(json.dumps(record | (changes or {})))
    lines = [json.dumps(_epoch(number, bool(names))) + "\n" for number in range(1, epochs + 1)]
    (path / "epochs.jsonl").write_text("".join(lines))
    if evaluation is not None:
        (path / "evaluation.json").write_text(json.dumps(evaluation))
    return path


def write_regression(path: Path, **more: Any) -> Path:
    """Writes the run folder of a regression, and returns it."""
    test = {"loss": 0.4, "count": 4, "mae": 0.5, "rmse": 0.75, "r2": 0.55}
    options = {"dataset": "csv:my table.csv", "target": "y", "task": "regression"}
    return write_run(
        path, recipe=None, test=test, names=(), evaluation=predicted(), **options | more
    )


def _epoch(number: int, has_classes: bool) -> dict[str, Any]:
    metrics: dict[str, Any] = {"loss": 1 / number, "count": 60}
    metrics |= {"accuracy": 0.5 + number / 10} if has_classes else {"mae": 0.5, "rmse": 1 / number}
    values = {"epoch": number, "learning_rate": 0.001, "train": metrics}
    return values | {"validation": metrics | {"loss": 2 / number}, "seconds": 0.25}
