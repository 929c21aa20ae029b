"""What a user types: read by a type checker in `tests/test_typing.py`, never run.

Each comment is the type that is revealed, without the names of modules; an array is `ndarray`.
"""

from typing import reveal_type

import keras
import numpy as np

import tfmlp

# Data
images, labels = np.zeros((100, 28, 28)), np.arange(100) % 10
data = tfmlp.load_dataset("mnist", validation=0.1, seed=0)
reveal_type(data)  # Dataset
reveal_type(data.schema.class_names)  # tuple[str, ...]
reveal_type(tfmlp.Dataset.from_arrays(images, labels))  # Dataset
reveal_type(tfmlp.Dataset.from_arrays([[0.0], [1.0]] * 50, ["a", "b"] * 50, test=0.5))  # Dataset
reveal_type(data.train.take(np.arange(5)))  # Split
reveal_type(data.class_counts()["train"])  # ndarray

# Configuration
config = tfmlp.Config.from_options(hidden_units=(128, 64), epochs=3)
reveal_type(config.model.hidden_units)  # tuple[int, ...]
reveal_type(config.replace(epochs=5))  # Config
reveal_type(tfmlp.load_recipe("mnist").config)  # Config

# Training
training = tfmlp.fit(config, data)
reveal_type(training)  # Training
for epoch in training:
    reveal_type(epoch)  # EpochResult
    reveal_type(epoch.train.loss)  # float
    reveal_type(epoch.validation)  # Metrics | None
    assert epoch.validation is not None
    reveal_type(epoch.validation.accuracy)  # float | None
reveal_type(training.history)  # list[EpochResult]
reveal_type(training.evaluate("test"))  # Metrics
reveal_type(training.predict(images))  # ndarray
reveal_type(training.save("trained"))  # Path
reveal_type(tfmlp.fit(config, (images, labels)).best)  # EpochResult | None

# Runs
run = tfmlp.load_run("runs/third")
reveal_type(run)  # LoadedRun
reveal_type(run.record.test)  # dict[str, float] | None
reveal_type(run.epochs)  # list[EpochResult]
reveal_type(run.model)  # MLP
reveal_type(run.schema)  # Schema | None
reveal_type(run.predict(images))  # ndarray
reveal_type(run.predict_classes(images))  # list[str]
reveal_type(run.evaluate())  # Metrics
reveal_type(run.evaluate(data, "train").accuracy)  # float | None
reveal_type(run.evaluate((images, labels)))  # Metrics
reveal_type(run.evaluation.confusion)  # list[list[int]] | None
reveal_type(tfmlp.plots.learning_curves(run, "runs/fourth", dark=True))  # Figure
reveal_type(tfmlp.plots.confusion_matrix("runs/third"))  # Figure
reveal_type(tfmlp.export(run, "onnx").folder)  # Path

# Models and steps
model = tfmlp.MLP(hidden_units=(128, 64), activation="relu", num_classes=10)
step = tfmlp.make_train_step(model, keras.optimizers.SGD(0.1), "cross_entropy", [])
reveal_type(model)  # MLP
reveal_type(model.plan)  # Plan | None
reveal_type(tfmlp.load_model("model.keras"))  # MLP
reveal_type(step)  # Step
reveal_type(tfmlp.make_test_step(model))  # Step

# Checks and errors
report = tfmlp.check_gradients(lambda: 0.0, {}, {})
reveal_type(report.right)  # bool | None
reveal_type(report.cause)  # Cause | None
reveal_type(tfmlp.check_loss(lambda o, y: 0.0, lambda o, y: o))  # GradientReport
reveal_type(tfmlp.check_derivative(abs, abs).right)  # bool
reveal_type(tfmlp.diagnose(model, "sgd", (images, labels)).healthy)  # bool
try:
    tfmlp.load_run("runs/fourth")
except tfmlp.TfmlpError as error:
    reveal_type(error.exit_code)  # int

# Estimators
classifier = tfmlp.sklearn.MLPClassifier(hidden_units=(64, 32), epochs=3)
reveal_type(classifier.fit([[1.0]], [1]))  # MLPClassifier
reveal_type(classifier.epochs)  # int
reveal_type(classifier.history_)  # list[EpochResult]
