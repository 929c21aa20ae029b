"""Options: their values, their files, and what has no effect."""

import dataclasses
import json

import pytest

from tfmlp.config import FIELDS, GROUPS, Config
from tfmlp.errors import ConfigError
from tfmlp.knobs import parse_text, show_value


def test_every_field_has_help_and_a_name_of_its_own():
    names = [name for group in GROUPS.values() for name in group]
    assert len(names) == len(set(names)) == len(FIELDS)
    assert all(field.metadata["help"].endswith(".") for field in FIELDS.values())


def test_a_dictionary_and_json_give_the_configuration_back():
    config = Config.from_options(hidden_units=(32, 16), clip_norm=1, patience=3, epochs=7)
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize("name", FIELDS)
def test_the_text_of_a_default_gives_the_default(name):
    field = FIELDS[name]
    if field.type is not bool:
        assert parse_text(field, show_value(field.default)) == field.default


def test_values_take_the_type_of_their_field():
    config = Config.from_options(learning_rate=1, hidden_units=[8], epochs=2.0)
    rate = config.optimization.learning_rate
    assert rate == 1.0 and isinstance(rate, float)
    assert config.model.hidden_units == (8,)
    assert isinstance(config.optimization.epochs, int)


def test_a_configuration_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().data.dataset = "svhn"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number, at least 1 .*received 0"),
        ({"batch_size": -1}, "batch_size must be .*received -1"),
        ({"epochs": 2.5}, "received 2.5"),
        ({"epochs": "3"}, "received '3'"),
        ({"batch_norm": 1}, "batch_norm must be true or false"),
        ({"learning_rate": float("nan")}, "learning_rate must be a number; received nan"),
        ({"learning_rate": 10**400}, "learning_rate must be a number"),
        ({"dropout": 1}, "less than 1; received 1"),
        ({"hidden_units": (8, 0)}, "hidden_units must be .*received 0"),
        ({"hidden_units": 8}, "hidden_units must be .*received 8"),
        ({"activation": "rellu"}, "did you mean 'relu'"),
        ({"learning_rat": 1}, "did you mean 'learning_rate'"),
        ({"seed": 2**32}, "seed must be"),
        ({"dataset": None}, "dataset must be text; received None"),
    ],
)
def test_a_wrong_option_is_named_with_what_was_received(options, message):
    with pytest.raises(ConfigError, match=message):
        Config.from_options(**options)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[model]\nhidden_unit = [3]", "did you mean 'hidden_units'"),
        ("[model]\nepochs = 3", r"belongs into \[optimization\]"),
        ("epochs = 3", r"put it into \[optimization\]"),
        ("[modell]\n", "did you mean 'model'"),
        ("model = 3", "'model' must be a table"),
        ("[model", "not valid TOML"),
        ("[model]\ndropout = 'a'", "dropout must be a number"),
    ],
)
def test_a_wrong_file_is_told_apart(tmp_path, text, message):
    path = tmp_path / "my.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as error:
        Config.from_file(path)
    assert "my.toml" in str(error.value)


def test_files_that_are_missing_binary_or_huge(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        Config.from_file(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not valid TOML"):
        Config.from_file(tmp_path / "binary.toml")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    with pytest.raises(ConfigError, match="not valid JSON"):
        Config.from_file(tmp_path / "deep.json")
    (tmp_path / "huge.toml").write_bytes(b"#" * (1 << 21))
    with pytest.raises(ConfigError, match="at most"):
        Config.from_file(tmp_path / "huge.toml")


def test_toml_and_json_files_say_the_same(tmp_path):
    toml = """
    [recipe]
    description = "x"
    [model]
    hidden_units = [5]
    [optimization]
    learning_rate = 1e-2
    """
    tables = {"model": {"hidden_units": [5]}, "optimization": {"learning_rate": 0.01}}
    (tmp_path / "a.toml").write_text(toml)
    (tmp_path / "a.json").write_text(json.dumps(tables))
    assert Config.from_file(tmp_path / "a.toml") == Config.from_file(tmp_path / "a.json")


# An option, a value of it, options with which it has no effect, and others with which it has.
WITHOUT_EFFECT = [
    ("momentum", 0.5, {"optimizer": "adam"}, {"optimizer": "momentum"}),
    ("momentum", 0.5, {"optimizer": "sgd"}, {"optimizer": "nesterov"}),
    ("weight_decay", 0.1, {"optimizer": "sgd"}, {"optimizer": "adamw"}),
    ("drop_every", 3, {"schedule": "cosine"}, {"schedule": "step"}),
    ("drop_factor", 0.5, {"schedule": "constant"}, {"schedule": "step"}),
    ("final_learning_rate", 1e-4, {"schedule": "step"}, {"schedule": "linear"}),
    ("schedule_by", "epoch", {"schedule": "constant"}, {"schedule": "exponential"}),
    ("dropout_form", "course", {"dropout": 0}, {"dropout": 0.5}),
    ("negative_slope", 0.2, {"activation": "relu"}, {"activation": "leaky_relu"}),
    ("negative_slope", 0.2, {"activation": "relu"}, {"output_activation": "leaky_relu"}),
    ("standardize_target", False, {"task": "classification"}, {"task": "regression"}),
    ("label_smoothing", 0.1, {"loss": "squared_error"}, {"loss": "cross_entropy"}),
    ("engine", "xla", {"backend": "numpy"}, {"backend": "tensorflow"}),
    ("device", "cpu", {"backend": "numeric"}, {"backend": "tensorflow"}),
    ("threads", 2, {"backend": "numpy"}, {"backend": "tensorflow"}),
    ("max_restores", 5, {"on_divergence": "stop"}, {"on_divergence": "restore"}),
]


@pytest.mark.parametrize(("name", "value", "without", "with_effect"), WITHOUT_EFFECT)
def test_an_option_without_effect_is_named(name, value, without, with_effect):
    (sentence,) = Config.from_options(**{name: value} | without).without_effect([name])
    assert sentence.startswith(f"{name} has no effect with ")
    for other, its_value in without.items():
        assert f"{other} {its_value}" in sentence.replace("dropout 0.0", "dropout 0")
    has_effect = Config.from_options(**{name: value} | with_effect)
    assert has_effect.without_effect([name]) == []


def test_only_the_options_that_were_given_are_looked_at():
    config = Config.from_options(optimizer="adam", momentum=0.5, weight_decay=0.1)
    assert config.without_effect([]) == []
    sentences = config.without_effect(["weight_decay", "optimizer", "momentum"])
    assert sentences == [
        "weight_decay has no effect with optimizer adam; it is for optimizer adamw",
        "momentum has no effect with optimizer adam; it is for optimizer momentum or nesterov",
    ]


def test_dropout_form_is_for_a_dropout():
    (sentence,) = Config.from_options(dropout_form="course").without_effect(["dropout_form"])
    assert sentence == (
        "dropout_form has no effect with dropout 0.0; it is for dropout other than 0.0"
    )


def test_what_an_option_is_for_is_an_option_and_its_values():
    for name, field in FIELDS.items():
        for other, values in (field.metadata["used_with"] or {}).items():
            assert other in FIELDS and other != name
            assert set(values) <= set(FIELDS[other].metadata["choices"] or ())


def test_options_that_always_have_an_effect_are_never_named():
    always = [name for name, field in FIELDS.items() if not field.metadata["used_with"]]
    assert {"optimizer", "learning_rate", "dropout", "hidden_units", "seed"} <= set(always)
    assert Config().without_effect(always) == []
