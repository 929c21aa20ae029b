"""What a user types: read by a type checker in `tests/test_typing.py`, never run."""

from typing import reveal_type

import keras

import tfmlp

data = tfmlp.load_dataset("mnist", validation=0.1, seed=0)
config = tfmlp.Config.from_options(hidden_units=(128, 64), epochs=3)
training = tfmlp.fit(config, data)
for epoch in training:
    reveal_type(epoch.train.loss)  # float
    assert epoch.validation is not None
    reveal_type(epoch.validation.accuracy)  # float | None
model = tfmlp.MLP(hidden_units=(128, 64), activation="relu", num_classes=10)
step = tfmlp.make_train_step(model, keras.optimizers.SGD(0.1), "cross_entropy", [])
report = tfmlp.check_gradients(lambda: 0.0, {}, {})
reveal_type(data)
reveal_type(data.schema.class_names)
reveal_type(config.model.hidden_units)
reveal_type(training.evaluate("test"))
reveal_type(model)
reveal_type(model.plan)
reveal_type(step)
reveal_type(tfmlp.load_model("model.keras"))
reveal_type(report.right)
reveal_type(report.cause)
reveal_type(tfmlp.load_recipe("mnist").config)
classifier = tfmlp.sklearn.MLPClassifier(hidden_units=(64, 32), epochs=3)
reveal_type(classifier.fit([[1.0]], [1]))
reveal_type(classifier.epochs)
reveal_type(classifier.history_)
