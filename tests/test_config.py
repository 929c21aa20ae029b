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
    assert config.optimization.learning_rate == 1.0 and isinstance(
        config.optimization.learning_rate, float
    )
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
    (tmp_path / "a.toml").write_text(
        '[recipe]\ndescription = "x"\n[model]\nhidden_units = [5]\n[optimization]\nlearning_rate ='
        " 1e-2\n"
    )
    (tmp_path / "a.json").write_text(
        '{"model": {"hidden_units": [5]}, "optimization": {"learning_rate": 0.01}}'
    )
    assert Config.from_file(tmp_path / "a.toml") == Config.from_file(tmp_path / "a.json")
