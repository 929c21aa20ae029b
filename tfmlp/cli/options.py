"""What commands share: the class they are made with, and options that follow from `Config`."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from tfmlp.config import FIELDS, GROUPS, Config
from tfmlp.data.sources import parse_name
from tfmlp.errors import ConfigError
from tfmlp.knobs import metavar, parse_text, plain_type, show_value
from tfmlp.recipes.recipe import config_for, default_recipe, list_recipes, load_recipe

DEBUG_KEY = "tfmlp.debug"
_TITLES = {
    "data": "Data",
    "model": "Model",
    "optimization": "Optimization",
    "runtime": "Runtime",
}
_Function = TypeVar("_Function", bound=Callable[..., Any])


class Command(click.Command):
    """A command with -h and --debug, whose help lists the options of `Config` group by group."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.context_settings.setdefault("help_option_names", ["-h", "--help"])
        debug = click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_set_debug,
            help="Show the traceback of an error.",
        )
        self.params.append(debug)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        rows = {option.name: row for option in options if (row := option.get_help_record(ctx))}
        for group, names in GROUPS.items():
            if fields := [rows.pop(name) for name in names if name in rows]:
                with formatter.section(_TITLES[group]):
                    formatter.write_dl(fields)
        with formatter.section("Options"):
            formatter.write_dl(list(rows.values()))


def _set_debug(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.meta[DEBUG_KEY] = True


def _parse(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
    if value is None:
        return None
    try:
        # Wrapped, for None is what "not given" looks like, and some options may be given as none.
        return (parse_text(FIELDS[str(param.name)], value),)
    except ConfigError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def _config_option(name: str, shows_default: bool) -> Callable[[_Function], _Function]:
    """Makes the option of a field of `Config`; its value is None unless it was given."""
    field = FIELDS[name]
    dashed = name.replace("_", "-")
    is_switch = plain_type(field)[0] is bool
    text: str = field.metadata["help"]
    if shows_default:
        default: Any = field.default
        shown = ("on" if default else "off") if is_switch else show_value(default)
        text += f"  [default: {shown}]"
    if is_switch:
        return click.option(f"--{dashed}/--no-{dashed}", default=None, help=text)
    return click.option(
        f"--{dashed}", metavar=metavar(field), default=None, callback=_parse, help=text
    )


def config_options(*names: str) -> Callable[[_Function], _Function]:
    """Adds options for the named fields of `Config`; or for all of them, with their defaults."""

    def decorate(function: _Function) -> _Function:
        for name in reversed(names or tuple(FIELDS)):
            function = _config_option(name, shows_default=not names)(function)
        return function

    return decorate


def recipe_options(function: _Function) -> _Function:
    """Adds --recipe and --config."""
    recipe = click.option(
        "--recipe",
        metavar="NAME",
        help=(
            f"Start from a named recipe: {', '.join(list_recipes())}; or none. Without it, the"
            " dataset's default recipe."
        ),
    )
    config = click.option(
        "--config",
        "config_file",
        metavar="FILE",
        help=(
            "Start from a TOML or JSON file, with one table each of data, model, optimization,"
            " runtime."
        ),
    )
    return recipe(config(function))


def given_options(options: dict[str, Any]) -> dict[str, Any]:
    """Returns those options of `Config` that were given, unwrapped."""
    given = {name: value for name, value in options.items() if name in FIELDS}
    return {
        name: value[0] if isinstance(value, tuple) else value
        for name, value in given.items()
        if value is not None
    }


def make_config(
    recipe: str | None, config_file: str | None, options: dict[str, Any]
) -> tuple[Config, str | None]:
    """Puts a configuration together: a file or a recipe, overridden by what was given.

    Args:
      recipe: A recipe's name, "none", or None for the dataset's default.
      config_file: The path of a configuration file, or None.
      options: All options of the command, as click gives them.

    Returns:
      The configuration, and the name of the recipe it started from, if any.
    """
    given = given_options(options)
    if recipe and config_file:
        raise click.UsageError("--recipe and --config both say where to start from: give one.")
    if config_file:
        return Config.from_file(config_file).replace(**given), None
    if recipe == "none":
        return Config().replace(**given), None
    if recipe is None:
        given = {"dataset": Config().data.dataset} | given
        return config_for(**given), default_recipe(parse_name(given["dataset"])[0])
    return load_recipe(recipe).config.replace(**given), recipe
