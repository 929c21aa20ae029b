"""The configuration of a training run: every option once, in four groups.

    config = Config.from_options(dataset="mnist", hidden_units=(128, 64), epochs=3)
    config = Config.from_file("my.toml").replace(learning_rate=0.01)
    config.model.hidden_units, config.to_dict()

The options themselves are in `tfmlp.settings`. An option's name is unique over all groups; the
command line's option is the same name with dashes, and a TOML or JSON file has one table a group.
"""

import dataclasses
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfmlp import files
from tfmlp.errors import ConfigError, nearest
from tfmlp.settings.data import DataConfig
from tfmlp.settings.model import ModelConfig
from tfmlp.settings.optimization import OptimizationConfig
from tfmlp.settings.runtime import RuntimeConfig

_FILE_LIMIT = 1 << 20  # bytes; a configuration is a page of text
_GROUPS: dict[str, type] = {
    "data": DataConfig,
    "model": ModelConfig,
    "optimization": OptimizationConfig,
    "runtime": RuntimeConfig,
}
# Names of the groups -> the names of their options.
GROUPS = {name: [f.name for f in dataclasses.fields(group)] for name, group in _GROUPS.items()}
FIELDS: dict[str, dataclasses.Field[Any]] = {
    f.name: f for group in _GROUPS.values() for f in dataclasses.fields(group)
}
_LISTS_OPTIONS = "tfmlp train --help"
_GROUP_OF = {name: group for group, names in GROUPS.items() for name in names}


@dataclass(frozen=True)
class Config:
    """Every option of a run, in four groups. Immutable; `replace` makes a changed copy.

    >>> config = tfmlp.Config.from_options(hidden_units=(128, 64), learning_rate=0.01)
    >>> config.model.hidden_units, config.optimization.learning_rate
    ((128, 64), 0.01)
    """

    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    optimization: OptimizationConfig = OptimizationConfig()
    runtime: RuntimeConfig = RuntimeConfig()

    @classmethod
    def from_options(cls, **options: Any) -> "Config":
        """Makes a configuration from options, whatever their group; others have their defaults.

        No recipe is taken, whatever the dataset: `tfmlp.config_for(dataset)` starts from the
        dataset's, as `tfmlp train --dataset` does.

        Raises:
          ConfigError: for an unknown name or a value out of range.

        >>> Config.from_options(hidden_units=(32,), epochs=3).optimization.epochs
        3
        """
        return cls().replace(**options)

    @classmethod
    def from_dict(cls, tables: Mapping[str, Any], source: str = "the configuration") -> "Config":
        """Makes a configuration from one mapping a group, as read from TOML, JSON or run.json.

        Args:
          tables: {"data": {...}, "model": {...}, ...}; what is absent has its default.
          source: Where it was read, for error messages.

        Raises:
          ConfigError: for unknown tables or options, or a value out of range.

        >>> tables = {"model": {"hidden_units": [32]}, "optimization": {"epochs": 3}}
        >>> Config.from_dict(tables) == Config.from_options(hidden_units=(32,), epochs=3)
        True
        """
        expected = f"{source}: expected the tables {', '.join(GROUPS)}"
        if not isinstance(tables, Mapping):
            raise ConfigError(f"{expected}; received {type(tables).__name__}.")
        options: dict[str, Any] = {}
        for group, values in tables.items():
            if group not in GROUPS:
                is_option = group in FIELDS
                hint = f"put it into [{_GROUP_OF[group]}]" if is_option else nearest(group, GROUPS)
                raise ConfigError(f"{expected}; received '{group}': {hint}.")
            if not isinstance(values, Mapping):
                raise ConfigError(
                    f"{source}: '{group}' must be a table of options; received {values!r}."
                )
            for name in values:
                _require_in_group(name, group, source)
            options |= values
        try:
            return cls.from_options(**options)
        except ConfigError as error:
            raise ConfigError(f"{source}: {error}") from None

    @classmethod
    def from_file(cls, path: str | Path) -> "Config":
        """Reads a TOML file (or JSON, by its ending) with one table a group.

        A table `recipe` (its description) is passed over.

        >>> _ = Path("my.toml").write_text("optimization.epochs = 3")
        >>> Config.from_file("my.toml").optimization.epochs
        3
        """
        tables = read_tables(Path(path))
        tables.pop("recipe", None)
        return cls.from_dict(tables, source=str(path))

    def replace(self, **options: Any) -> "Config":
        """Returns a copy with some options changed, named without their group.

        Raises:
          ConfigError: for an unknown name or a value out of range.

        >>> Config().replace(dropout=0.5, epochs=3).model.dropout
        0.5
        """
        changes: dict[str, dict[str, Any]] = {}
        for name, value in options.items():
            if name not in FIELDS:
                known = nearest(name, FIELDS, where=_LISTS_OPTIONS)
                raise ConfigError(f"unknown option '{name}': {known}.")
            changes.setdefault(_GROUP_OF[name], {})[name] = value
        groups = {
            group: dataclasses.replace(getattr(self, group), **values)
            for group, values in changes.items()
        }
        return dataclasses.replace(self, **groups)

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Returns plain values, one mapping a group; `from_dict` reads them back.

        >>> Config.from_options(hidden_units=(32,)).to_dict()["model"]["hidden_units"]
        [32]
        """
        return {
            group: {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
            for group, values in dataclasses.asdict(self).items()
        }

    def option(self, name: str) -> Any:
        """Returns the value of an option by its name alone.

        >>> Config.from_options(epochs=3).option("epochs")
        3
        """
        return getattr(getattr(self, _GROUP_OF[name]), name)

    def without_effect(self, names: Iterable[str]) -> list[str]:
        """Returns a sentence for each of these options that has no effect beside the others.

        >>> Config.from_options(optimizer="adam", momentum=0.5).without_effect(["momentum"])
        ['momentum has no effect with optimizer adam; it is for optimizer momentum or nesterov']
        """
        sentences = []
        for name in names:
            needs = FIELDS[name].metadata["used_with"]
            if not needs or any(self._has(other, values) for other, values in needs.items()):
                continue
            given = " and ".join(f"{other} {self.option(other)}" for other in needs)
            other, values = next(iter(needs.items()))
            wanted = " or ".join(values) if values else f"other than {self.option(other)}"
            sentences.append(f"{name} has no effect with {given}; it is for {other} {wanted}")
        return sentences

    def _has(self, name: str, values: tuple[str, ...]) -> bool:
        value = self.option(name)
        return value in values if values else bool(value != FIELDS[name].default)


def _require_in_group(name: str, group: str, source: str) -> None:
    if name not in FIELDS:
        known = nearest(name, GROUPS[group], where=_LISTS_OPTIONS)
        raise ConfigError(f"{source}: unknown option '{name}' in [{group}]: {known}.")
    if _GROUP_OF[name] != group:
        raise ConfigError(
            f"{source}: option '{name}' stands in [{group}]; it belongs into [{_GROUP_OF[name]}]."
        )


def read_tables(path: Path) -> dict[str, Any]:
    """Reads a TOML or JSON file into nested mappings.

    Raises:
      ConfigError: when the file cannot be read or is not what its ending says.
    """
    kind = "JSON" if path.suffix == ".json" else "TOML"
    try:
        files.require_regular(path)
        size = path.stat().st_size
        if size > _FILE_LIMIT:
            raise ConfigError(
                f"{path}: expected a configuration of at most {_FILE_LIMIT:,} bytes; received"
                f" {size:,}."
            )
        text = path.read_text(encoding="utf-8")
        tables = json.loads(text) if kind == "JSON" else tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"cannot read the configuration {path}: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:  # both decoders' errors are ValueErrors
        raise ConfigError(f"{path} is not valid {kind}: {error}.") from None
    if not isinstance(tables, dict):
        raise ConfigError(f"{path}: expected tables of options; received {type(tables).__name__}.")
    return tables
