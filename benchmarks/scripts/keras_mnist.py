"""MNIST in Keras: Adam with a linear decay of the learning rate.

python -m benchmarks.scripts.keras_mnist UNITS,UNITS BATCH EPOCHS [SEED]
"""

import sys

import keras

from benchmarks.scripts.idx import load

units, batch, epochs = sys.argv[1].split(","), int(sys.argv[2]), int(sys.argv[3])
keras.utils.set_random_seed(int(sys.argv[4]) if sys.argv[4:] else 0)
x_train, y_train, x_test, y_test = load()
mean, std = x_train.mean(), x_train.std()
hidden = [keras.layers.Dense(int(u), activation="relu") for u in units]
model = keras.Sequential([*hidden, keras.layers.Dense(10)])
rate = keras.optimizers.schedules.PolynomialDecay(2e-3, -(-len(x_train) // batch) * epochs, 1e-5)
model.compile(
    keras.optimizers.Adam(rate),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit((x_train - mean) / std, y_train, batch_size=batch, epochs=epochs, verbose=0)
print(model.evaluate((x_test - mean) / std, y_test, verbose=0)[1])
