"""Changes: the options of a configuration that differ from others, and the command that gives them.

repeat_command(run.config, run.record.recipe)    # 'tfmlp train --dataset mnist --epochs 3'
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfmlp.config import FIELDS, GROUPS, Config
from tfmlp.data.sources import parse_name
from tfmlp.errors import ConfigError
from tfmlp.knobs import show_value
from tfmlp.recipes.recipe import default_recipe, list_recipes, load_recipe


@dataclass(frozen=True)
class Option:
    """An option of a run.

    Attributes:
      group: "data", "model", "optimization" or "runtime".
      name: Its name.
      value: Its value, as the command line takes it.
      default: Its default.
      in_recipe: Its value in the recipe that the run started from; None where there is none.
      help: What it does.
    """

    group: str
    name: str
    value: str
    default: str
    in_recipe: str | None
    help: str

    @property
    def is_default(self) -> bool:
        """Whether the run has the default."""
        return self.value == self.default


def options_of(config: Config, recipe: str | None) -> list[Option]:
    """Returns every option of a run beside its default and its value in the recipe."""
    base = recipe_config(recipe)
    return [
        Option(
            group,
            name,
            show_option(config.option(name)),
            show_option(FIELDS[name].default),
            None if base is None else show_option(base.option(name)),
            FIELDS[name].metadata["help"],
        )
        for group, names in GROUPS.items()
        for name in names
    ]


def recipe_config(name: str | None) -> Config | None:
    """Returns the configuration of a recipe as it is today, or None where there is none."""
    return load_recipe(name).config if name in list_recipes() and name else None


def show_option(value: Any) -> str:
    """Returns an option's value as people read it."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else show_value(value)


def differing(configs: Sequence[Config]) -> list[str]:
    """Returns the names of the options that are not the same in all configurations."""
    return [name for name in FIELDS if len({one.option(name) for one in configs}) > 1]


def repeat_command(config: Config, recipe: str | None) -> str:
    """Returns the command line that trains with a configuration, for a POSIX shell.

    Args:
      config: The configuration.
      recipe: The recipe that it started from, if any.

    >>> config = tfmlp.load_recipe("mnist").config.replace(epochs=3)
    >>> repeat_command(config, "mnist")
    'tfmlp train --dataset mnist --epochs 3'
    """
    base = recipe_config(recipe)
    words = ["tfmlp", "train", "--dataset", config.data.dataset]
    if base is None:
        base, recipe = Config(), None
    if recipe != _implied_recipe(config.data.dataset):
        words += ["--recipe", recipe or "none"]
    for name in FIELDS:
        value = config.option(name)
        if name != "dataset" and value != base.option(name):
            words += _option_words(name, value)
    return shlex.join(words)


def _implied_recipe(dataset: str) -> str | None:
    try:
        return default_recipe(parse_name(dataset)[0])
    except ConfigError:  # data that were given as arrays have a name of their own
        return None


def _option_words(name: str, value: Any) -> list[str]:
    dashed = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{dashed}" if value else f"--no-{dashed}"]
    return [f"--{dashed}", show_value(value)]
