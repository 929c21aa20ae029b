"""MNIST in Keras: `python -m benchmarks.scripts.keras_mnist UNITS,UNITS BATCH EPOCHS [SEED]`, Adam
with a linear decay of the learning rate to zero.
"""

import sys

import keras

from benchmarks.scripts.idx import load

units, batch, epochs, seed = (
    sys.argv[1].split(","),
    int(sys.argv[2]),
    int(sys.argv[3]),
    int((sys.argv[4:] or [0])[0]),
)
keras.utils.set_random_seed(seed)
x_train, y_train, x_test, y_test = load()
mean, deviation = x_train.mean(), x_train.std()
model = keras.Sequential(
    [keras.layers.Dense(int(u), activation="relu") for u in units] + [keras.layers.Dense(10)]
)
rate = keras.optimizers.schedules.PolynomialDecay(2e-3, -(-len(x_train) // batch) * epochs, 1e-5)
model.compile(
    keras.optimizers.Adam(rate),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit((x_train - mean) / deviation, y_train, batch_size=batch, epochs=epochs, verbose=0)
print(model.evaluate((x_test - mean) / deviation, y_test, verbose=0)[1])
