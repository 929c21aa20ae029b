"""The data of the trainings in `tests.sick`."""

import functools

import numpy as np

from tfmlp.data.dataset import Dataset, Provenance, Split
from tfmlp.data.mnist import find_mnist, read_mnist
from tfmlp.data.synthetic import draw_images


@functools.cache
def mnist():
    return read_mnist(find_mnist(None))


def digits(count=4000, test=1000):
    """MNIST's first examples: two pairs of images uint8 [n, 28, 28, 1] and labels [n]."""
    raw = mnist()
    parts = ((raw.train, count), (raw.test, test))
    return tuple((x[:n, ..., None], y[:n].astype(np.int32)) for (x, y), n in parts)


def dataset(train=None, test=None):
    own_train, own_test = digits()
    splits = Split(*(train or own_train)), None, Split(*(test or own_test))
    names = tuple(map(str, range(10)))
    return Dataset(*splits, "classification", names, Provenance("digits", "a test"))


def changed(change):
    """The data with other training images and labels."""
    return lambda: dataset(train=change(*digits()[0]))


def numbers():
    """A smooth function of eight columns."""
    stream = np.random.default_rng(0)
    x = stream.normal(size=(2000, 8)).astype(np.float32)
    y = np.sin(x[:, 0]) + x[:, 1] * x[:, 2] + 0.1 * stream.normal(size=2000)
    y = y.astype(np.float32)
    splits = Split(x[:1600], y[:1600]), None, Split(x[1600:], y[1600:])
    return Dataset(*splits, "regression", (), Provenance("numbers", "a test"))


def colored():
    stream, parts = np.random.default_rng(0), []
    for images, labels in digits(3000, 600):
        images, labels = draw_images(images[..., 0], labels, len(labels), stream)
        parts.append((images, (labels % 10).astype(np.int32)))
    return dataset(*parts)


def moved():
    return dataset(*((x.astype(np.float32) / 255 + 30, y) for x, y in digits()))


def sort_by_class(images, labels):
    order = np.argsort(labels, kind="stable")
    return images[order], labels[order]


def scramble(images, labels):
    return images, np.random.default_rng(0).permutation(labels)


def mostly_ones(images, labels):
    chosen = np.concatenate([np.flatnonzero(labels == 1), np.flatnonzero(labels != 1)[:14]])
    return images[chosen], labels[chosen]


def scaled():
    """The digits as rows of pixels in [0, 1]."""
    return tuple((x.reshape(len(x), -1) / np.float32(255), y) for x, y in digits())
