"""The plan describes the network that its two interpreters make."""

import itertools

import numpy as np
import pytest

from tfmlp import MLP, Config, files
from tfmlp.errors import ConfigError
from tfmlp.plan import Activation, BatchNorm, Dense, Dropout, LayerNorm, make_plan
from tfmlp.reference.interpreter import make_network
from tfmlp.reference.losses import make_loss
from tfmlp.settings.model import ACTIVATIONS, BIAS_INITIALIZERS, INITIALIZERS

SHAPE, CLASSES, SEED = (4, 3, 2), 5, 11
NORMALIZATIONS = [{}, {"batch_norm": True}, {"layer_norm": True}]
OPTIONS = [
    {"hidden_units": hidden_units, "dropout": dropout, "output_activation": output} | normalization
    for hidden_units, dropout, output, normalization in itertools.product(
        [(), (7,), (6, 8, 3)], [0.0, 0.3], ["linear", "sigmoid"], NORMALIZATIONS
    )
]
# One choice at a time, beside a normalization or none.
CHOICES = [
    *({"activation": name} for name in ACTIVATIONS),
    *({"initializer": name, "initializer_scale": 0.5} for name in INITIALIZERS),
    *({"bias_initializer": name} for name in BIAS_INITIALIZERS),
    {"l2": 0.1},
    {"dropout": 0.3, "dropout_form": "course"},
    {"negative_slope": 0.3, "activation": "leaky_relu"},
]
OPTIONS += [
    {"hidden_units": (6, 8)} | choice | normalization
    for choice, normalization in itertools.product(CHOICES, NORMALIZATIONS)
]


def words(options):
    return " ".join(f"{name}={value}" for name, value in options.items())


def plan_of(task="classification", outputs=CLASSES, **options):
    return make_plan(Config.from_options(**options).model, SHAPE, outputs, task)


def keras_model(dtype="float32", **options):
    model = MLP(**options, num_classes=CLASSES, seed=SEED, preprocessing="none", dtype=dtype)
    model.build((None, *SHAPE))
    return model


def reference_network(dtype="float32", **options):
    def draw(layer, keep, shape):
        return np.ones(shape, bool)

    layers = plan_of(**options).layers
    return make_network(layers, make_loss("squared_error"), SEED, np.dtype(dtype), draw)


@pytest.mark.parametrize("options", OPTIONS, ids=words)
def test_names_widths_and_parameters_are_those_of_both_networks(options):
    plan, model, network = plan_of(**options), keras_model(**options), reference_network(**options)
    names = [spec.name for spec in plan.layers]
    assert len(set(names)) == len(names)
    assert [layer.name for layer in model.stack] == names
    assert [name for name, _ in network.layers] == names
    assert model.plan.layers == plan.layers

    kernels = [w.shape for w in model.trainable_variables if w.name == "kernel"]
    assert plan.kernel_shapes == kernels
    of_network = [a.shape for name, a in network.parameters().items() if name.endswith("kernel")]
    assert plan.kernel_shapes == of_network
    assert plan.kernel_shapes[0][0] == 24 and plan.kernel_shapes[-1][1] == CLASSES

    assert plan.parameters == sum(np.prod(w.shape) for w in model.trainable_variables)
    assert plan.parameters == sum(array.size for array in network.parameters().values())
    for spec, layer, (_, other) in zip(plan.layers, model.stack, network.layers, strict=True):
        assert spec.parameters == sum(np.prod(w.shape) for w in layer.trainable_variables)
        assert spec.parameters == sum(array.size for array in other.parameters.values())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("options", OPTIONS, ids=words)
def test_both_networks_have_the_same_weights_from_the_start(options, dtype):
    model, network = keras_model(dtype, **options), reference_network(dtype, **options)
    weights = {w.path.removeprefix(f"{model.name}/"): w.numpy() for w in model.weights}
    arrays = network.parameters() | network.state()
    assert weights.keys() == arrays.keys()
    for name, array in arrays.items():
        assert array.dtype == weights[name].dtype == dtype, name
        assert np.array_equal(array, weights[name]), name
    trainable = [w.path.removeprefix(f"{model.name}/") for w in model.trainable_variables]
    assert trainable == list(network.parameters())


def test_the_layers_of_a_plan():
    plan = plan_of(hidden_units=(6, 8), dropout=0.5, batch_norm=True, l2=0.1)
    kinds = [type(spec) for spec in plan.layers]
    assert kinds == [Dense, BatchNorm, Activation, Dropout] * 2 + [Dense]
    denses = [spec for spec in plan.layers if isinstance(spec, Dense)]
    assert [spec.index for spec in denses] == [0, 1, 2]
    assert [spec.use_bias for spec in denses] == [False, False, True]
    assert [spec.is_output for spec in denses] == [False, False, True]
    assert {spec.l2 for spec in denses} == {0.1} and not plan.is_plain
    assert [spec.index for spec in plan.layers if isinstance(spec, Dropout)] == [0, 1]


def test_layer_normalization_leaves_the_bias():
    plan = plan_of(hidden_units=(6,), layer_norm=True, output_activation="tanh")
    assert [type(spec) for spec in plan.layers] == [Dense, LayerNorm, Activation, Dense, Activation]
    assert plan.layers[0].use_bias and plan.layers[1].parameters == 12
    assert plan.layers[-1].is_output and not plan.is_plain
    assert plan_of(hidden_units=(6,), output_activation="tanh").is_plain


@pytest.mark.parametrize(
    ("task", "options", "standardizes"),
    [
        ("classification", {}, False),
        ("regression", {}, True),
        ("regression", {"standardize_target": False}, False),
        ("regression", {"output_activation": "sigmoid"}, False),
    ],
)
def test_targets_are_standardized_where_the_output_can_reach_them(task, options, standardizes):
    assert plan_of(task, outputs=1, **options).standardize_target is standardizes


def test_a_network_that_does_not_fit_in_memory_is_refused(monkeypatch):
    plan = plan_of(hidden_units=(1000, 1000))
    needed = 20 * plan.parameters
    monkeypatch.setattr(files, "machine_memory", lambda: needed)
    plan.require_memory()
    monkeypatch.setattr(files, "machine_memory", lambda: needed - 1)
    message = f"hidden_units 1000,1000 make {plan.parameters:,} weights.*use fewer units"
    with pytest.raises(ConfigError, match=message) as error:
        plan.require_memory()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("make", [Config.from_options, MLP])
def test_two_normalizations_together_are_refused_in_one_line(make):
    with pytest.raises(ConfigError, match="received both: choose one") as error:
        make(batch_norm=True, layer_norm=True)
    assert "\n" not in str(error.value)


def test_two_normalizations_on_the_command_line(run_cli):
    result = run_cli("train", "--batch-norm", "--layer-norm")
    assert result.exit_code == 1 and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1 and "choose one" in result.stderr
