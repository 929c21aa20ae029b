"""What watches a training is called in order, and may end it."""

import numpy as np
import pytest

from tests.tiny import make_training
from tfmlp.training.observer import Observer


class Diary(Observer):
    """Writes down each call as (its own name, what it saw)."""

    def __init__(self, name, pages, training):
        self.name, self.pages, self.training = name, pages, training

    def on_epoch(self, epoch):
        assert self.training.history[-1] is epoch and self.training.step == 0
        self.pages.append((self.name, f"epoch {epoch.epoch}"))

    def on_pause(self):
        # Others may come besides: about once a second.
        if self.training.step == 2:
            self.pages.append((self.name, "pause"))


class FullDisk(Observer):
    """Fails in one of its verbs."""

    def __init__(self, verb):
        setattr(self, verb, self.fail)

    def fail(self, *arguments):
        raise OSError("the disk is full")


def test_observers_are_called_in_order_before_the_loop_sees_the_epoch():
    training, pages = make_training(), []
    training.observers += [Diary(name, pages, training) for name in ("first", "second")]
    for result in training:
        pages.append(("loop", f"epoch {result.epoch}"))
    expected = []
    for epoch in ("epoch 1", "epoch 2"):
        expected += [("first", "pause"), ("second", "pause")]
        expected += [("first", epoch), ("second", epoch), ("loop", epoch)]
    assert pages == expected


@pytest.mark.parametrize("verb", ["on_epoch", "on_pause"])
def test_what_an_observer_raises_ends_the_training(verb):
    training, pages = make_training(), []
    failing = FullDisk(verb)
    training.observers += [failing, Diary("later", pages, training)]
    with pytest.raises(OSError, match="the disk is full"):
        list(training)
    assert ("later", "epoch 1") not in pages
    assert len(training.history) == (verb == "on_epoch")


@pytest.mark.parametrize("verb", ["on_epoch", "on_pause"])
def test_a_training_that_an_observer_ended_goes_on_where_it_was(verb):
    ended, whole = make_training(), make_training()
    failing = FullDisk(verb)
    ended.observers.append(failing)
    with pytest.raises(OSError):
        list(ended)
    ended.observers.remove(failing)
    results = list(ended)
    assert [result.epoch for result in results] == ([2] if verb == "on_epoch" else [1, 2])
    list(whole)
    assert [result.train for result in ended.history] == [result.train for result in whole.history]
    for name, array in whole.backend.get_weights().items():
        assert np.array_equal(array, ended.backend.get_weights()[name]), name


def test_an_observer_by_itself_does_nothing():
    watched, plain = make_training(), make_training()
    watched.observers.append(Observer())
    for one, other in zip(watched, plain, strict=True):
        assert (one.train, one.validation) == (other.train, other.validation)
