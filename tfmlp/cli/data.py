"""`tfmlp data`: what there is, getting it, checking it, looking at it."""

import warnings
from pathlib import Path

import click

from tfmlp import files
from tfmlp.cli.options import Command, config_options, given_options
from tfmlp.cli.progress import printable, show_downloads
from tfmlp.config import DataConfig
from tfmlp.errors import ConfigError, DataError, TfmlpWarning

_MOST_LINES = 50  # of a table


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def data() -> None:
    """List, download, verify and show datasets."""


@data.command("list", cls=Command)
def list_command() -> None:
    """List the datasets, and where their files are looked for."""
    from tfmlp.data.sources import SOURCES

    width = max(map(len, SOURCES))
    for name, source in SOURCES.items():
        click.echo(f"{name:<{width}}  {source.description}")
    click.echo(
        f"\nmnist and svhn are looked for in --data-dir, or else in ${files.DATA_DIR_VARIABLE},"
        " then in:"
    )
    for folder in files.data_folders("NAME", None):
        click.echo(f"  {folder}")


@data.command(cls=Command)
@click.argument("name")
@config_options("data_dir", "tfds_dir", "extra")
def download(name: str, **options) -> None:
    """Download NAME (mnist, svhn, tfds:NAME), or make it (svhn-synthetic), unless it is there
    already.
    """
    dataset = _load(name, **options)
    click.echo(f"{name}: {dataset.provenance.source}")


@data.command(cls=Command)
@click.argument("name_or_path")
@config_options("data_dir", "tfds_dir", "extra", "target", "task")
def verify(name_or_path: str, **options) -> None:
    """Read all of NAME_OR_PATH and compare it with what was published.

    Takes a dataset's name, a folder of MNIST's or SVHN's files, or one .mat, .npz or .csv file.
    Exits with 1 when the files are damaged or are not the published ones.
    """
    name = _as_source(name_or_path, options)
    if name == "svhn":
        _require_svhn(given_options(options).get("data_dir"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TfmlpWarning)  # what it would say is the verdict below
        dataset = _load(name, **options)
    for file, digest in dataset.provenance.files.items():
        click.echo(f"{digest}  {file}")
    click.echo(
        f"{dataset.provenance.source}:"
        f" {', '.join(f'{len(split):,} {name}' for name, split in dataset.splits.items())} rows"
    )
    if dataset.provenance.official is False:
        raise DataError(
            f"{dataset.provenance.source} can be read, but these are not the published files: their"
            " sha256 differ. Train on them if they are meant to be another set; otherwise replace"
            " them."
        )
    click.echo(
        "these are the published files"
        if dataset.provenance.official
        else "whole and readable; there are no published files to compare with"
    )


@data.command(cls=Command)
@click.argument("name")
@config_options("data_dir", "tfds_dir", "extra", "target", "task")
@click.option(
    "--out", metavar="PATH", help="The picture to write. Without it, NAME.png in this folder."
)
def show(name: str, out: str | None, **options) -> None:
    """Show NAME: a contact sheet as a PNG, a table of classes, statistics of pixels or columns."""
    from rich.console import Console
    from rich.table import Table

    from tfmlp.data.sheet import draw_sheet, statistics

    dataset = _load(name, **options)
    console = Console(highlight=False, markup=False, emoji=False)
    if counts := dataset.class_counts():
        table = Table("class", *counts, title="rows per class")
        for label, class_name in enumerate(dataset.class_names[:_MOST_LINES]):
            table.add_row(
                printable(class_name),
                *(
                    f"{split[label]:,} ({split[label] / split.sum():.1%})"
                    for split in counts.values()
                ),
            )
        console.print(table)
        _say_more(len(dataset.class_names), "classes")
    is_image = len(dataset.feature_shape) == 3
    table = Table(
        "channel" if is_image else "column",
        "mean",
        "deviation",
        "least",
        "largest",
        title="training features",
    )
    rows = statistics(dataset.train)
    for index, row in enumerate(rows[:_MOST_LINES]):
        table.add_row(
            str(index),
            *(f"{row[figure]:.4g}" for figure in ("mean", "deviation", "least", "largest")),
        )
    console.print(table)
    _say_more(len(rows), "columns")
    if is_image:
        path = (
            Path(out)
            if out
            else Path("".join(c if c.isalnum() or c in "-_" else "-" for c in name) + ".png")
        )
        draw_sheet(dataset, path)
        click.echo(f"contact sheet {path}")


def _say_more(count: int, what: str) -> None:
    if count > _MOST_LINES:
        click.echo(f"... and {count - _MOST_LINES:,} more {what}")


def _require_svhn(data_dir: str | None) -> None:
    """Verifying must not start a download of hundreds of megabytes."""
    from tfmlp.data.svhn import OFFICIAL, find

    missing = [name for name in list(OFFICIAL)[:2] if find(name, data_dir) is None]
    if missing:
        searched = ", ".join(map(str, files.data_folders("svhn", data_dir)))
        raise DataError(
            f"there is nothing to verify: {' and '.join(missing)} not found in {searched}. Get them"
            " with: tfmlp data download svhn"
        )


def _as_source(name_or_path: str, options: dict) -> str:
    """Returns the dataset's name that reads a path; for a folder, the path becomes the data_dir
    option.
    """
    path = files.user_path(name_or_path)
    if path.is_dir():
        options["data_dir"] = str(path)
        return "svhn" if any(path.glob("*_32x32.mat")) else "mnist"
    if path.is_file():
        kinds = {".mat": "mat", ".npz": "arrays", ".csv": "csv"}
        if path.suffix not in kinds:
            raise ConfigError(
                f"{path}: expected a file that ends in {', '.join(kinds)}, or a folder of MNIST's"
                " or SVHN's files."
            )
        return f"{kinds[path.suffix]}:{path}"
    return name_or_path


def _load(name: str, **options):
    from tfmlp.cli.quiet import import_tensorflow
    from tfmlp.data.sources import load_configured, parse_name

    if parse_name(name)[0] == "tfds":
        import_tensorflow()
    with show_downloads() as progress:
        return load_configured(
            DataConfig(dataset=name, validation=0, **given_options(options)),
            seed=0,
            progress=progress,
        )
