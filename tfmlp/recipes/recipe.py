"""A recipe: a configuration with a name, from a TOML file beside this one.

    load_recipe("mnist").config.replace(epochs=3)

A recipe is what `Config.from_file` reads, with a table [recipe] that says what it is for.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfmlp.config import Config, read_tables
from tfmlp.errors import ConfigError, nearest

_FOLDER = Path(__file__).parent
# Kind of dataset -> recipe that is used when none is named.
_DEFAULTS = {"mnist": "mnist", "idx": "mnist", "svhn": "svhn", "svhn-synthetic": "svhn", "mat": "svhn", "csv": "tabular"}


@dataclass(frozen=True)
class Recipe:
    """A named configuration.

    Attributes:
      name: Its file's name, without the ending.
      description: What it is for, one sentence.
      source: Where it comes from, or None.
      published: Figures to compare with, by name.
      config: The configuration.
    """

    name: str
    description: str
    source: str | None
    published: dict[str, Any]
    config: Config


def list_recipes() -> list[str]:
    """Returns the names of all recipes."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load_recipe(name: str) -> Recipe:
    """Reads a recipe by its name.

    Raises:
      ConfigError: when there is none of that name.
    """
    if name not in list_recipes():
        raise ConfigError(f"unknown recipe {name!r}: {nearest(name, list_recipes())}.")
    tables = read_tables(_FOLDER / f"{name}.toml")
    about = tables.pop("recipe")
    config = Config.from_dict(tables, source=f"recipe {name}")
    return Recipe(name, about["description"], about.get("source"), about.get("published", {}), config)


def default_recipe(kind: str) -> str | None:
    """Returns the recipe for a kind of dataset ("mnist", "csv", ...), or None where Config's defaults are as good."""
    return _DEFAULTS.get(kind)
