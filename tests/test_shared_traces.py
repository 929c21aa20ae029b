"""Fits of equal shapes share one compiled program, and nothing else."""

import threading

import numpy as np
import pytest

import tfmlp
from tfmlp.training.shared_traces import Traces, forget_traces

_RANDOM = np.random.default_rng(0)
IMAGES = _RANDOM.integers(0, 256, (120, 6, 6, 1), dtype=np.uint8)
LABELS = (IMAGES[:, 3, 3, 0] > 127).astype(np.int32)
PLAIN = {"hidden_units": (16,), "epochs": 2, "batch_size": 25, "learning_rate": 0.05}
CASES = {
    "graph": {"engine": "graph"},
    "hybrid adam": {"engine": "hybrid", "optimizer": "adam"},
    "xla": {"engine": "xla", "optimizer": "momentum"},
    "streaming": {"engine": "streaming-graph"},
    "few units are dropped": {"engine": "graph", "dropout": 0.4},
    "many units are dropped": {"engine": "xla", "dropout": 0.4, "hidden_units": (200,)},
    "augmentation": {"engine": "graph", "shift": 1, "invert": 0.5},
    "batch norm and moments": {"engine": "xla", "batch_norm": True, "preprocessing": "standardize"},
    "schedule": {"engine": "graph", "schedule": "cosine"},
    "penalty and clipping": {"engine": "hybrid", "l2": 1e-3, "clip_norm": 0.1},
    "bfloat16": {"engine": "hybrid", "precision": "bfloat16"},
}


@pytest.fixture
def traced(monkeypatch):
    """The names of the functions that are traced."""
    names, bind = [], Traces.bind

    def noted(self, function, *arguments, **options):
        called, is_new = bind(self, function, *arguments, **options)
        names.extend([function.__name__] if is_new else [])
        return called, is_new

    monkeypatch.setattr(Traces, "bind", noted)
    forget_traces()
    return names


def trained(seed, data=None, **options):
    data = data or tfmlp.Dataset.from_arrays(IMAGES, LABELS, validation=0.1, test=0.1, seed=seed)
    training = tfmlp.fit(tfmlp.Config.from_options(**(PLAIN | options), seed=seed), data)
    epochs = [(epoch.train.loss, epoch.validation.loss) for epoch in training]
    return training.backend.get_state(), epochs, training.evaluate("test")


def equal(one, other):
    same_state = all(np.array_equal(one[0][name], other[0][name]) for name in one[0])
    return same_state and one[1:] == other[1:]


@pytest.mark.parametrize("options", CASES.values(), ids=CASES.keys())
def test_a_shared_program_gives_the_bits_of_ones_own(options, traced):
    by_own = trained(2, **options)
    forget_traces()
    first = trained(1, **options)
    count = len(traced)
    by_shared = trained(2, **options)
    assert len(traced) == count, "the second fit traced anew"
    assert equal(by_shared, by_own)
    assert not equal(by_shared, first)


def test_a_learning_rate_is_no_part_of_a_program(traced):
    slow = trained(0, learning_rate=1e-6)
    count = len(traced)
    fast = trained(0)
    assert len(traced) == count and not equal(slow, fast)


@pytest.mark.parametrize(
    "options",
    [
        {"learning_rate": 0.1, "schedule": "cosine"},
        {"epochs": 3, "schedule": "cosine"},
        {"momentum": 0.5, "optimizer": "momentum"},
        {"clip_norm": 0.01},
        {"class_weights": "balanced"},
        {"label_smoothing": 0.2},
        {"dropout": 0.2},
        {"l2": 0.1},
    ],
)
def test_another_option_is_another_program(options, traced):
    base = {"schedule": "cosine"} if "schedule" in options else {}
    base |= {"optimizer": "momentum"} if "momentum" in options else {}
    by_own = trained(0, **(base | options))
    forget_traces()
    before = trained(0, **base)
    del traced[:]
    assert equal(trained(0, **(base | options)), by_own)
    assert "graph_program" in traced or "xla_program" in traced
    assert not equal(before, by_own)


def test_balanced_weights_are_those_of_the_data(traced):
    """Two datasets of one shape, whose classes have other shares."""
    options = {"class_weights": "balanced"}
    rare = tfmlp.Dataset.from_arrays(IMAGES, (LABELS * np.arange(120) < 30).astype(int))
    by_own = trained(0, rare, **options)
    forget_traces()
    trained(0, **options)
    assert equal(trained(0, rare, **options), by_own)


def test_two_trainings_take_turns():
    config = tfmlp.Config.from_options(**PLAIN, dropout=0.3)
    data = tfmlp.Dataset.from_arrays(IMAGES, LABELS, validation=0.1, test=0.1)
    alone = [trained(seed, data, dropout=0.3) for seed in (1, 2)]
    pair = [tfmlp.fit(config.replace(seed=seed), data) for seed in (1, 2)]
    epochs = [
        [(a.train.loss, a.validation.loss), (b.train.loss, b.validation.loss)]
        for a, b in zip(*pair)
    ]
    for number, training in enumerate(pair):
        result = training.backend.get_state(), [e[number] for e in epochs]
        assert equal((*result, training.evaluate("test")), alone[number])


def test_threads_do_not_mix_their_weights():
    data = tfmlp.Dataset.from_arrays(IMAGES, LABELS, validation=0.1, test=0.1)
    alone = {seed: trained(seed, data) for seed in range(4)}
    together = {}
    threads = [
        threading.Thread(target=lambda seed=seed: together.update({seed: trained(seed, data)}))
        for seed in alone
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(equal(together[seed], alone[seed]) for seed in alone)


def test_large_nets_are_not_kept(traced):
    for _ in range(2):
        trained(0, hidden_units=(2000, 2000), epochs=1)
    assert traced.count("graph_program") + traced.count("xla_program") == 2
