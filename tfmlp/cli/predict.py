"""`tfmlp predict`: what a run's model says of a person's own files."""

import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tfmlp import files
from tfmlp.cli.options import Command
from tfmlp.cli.predictions import CSV_MARKS, NUMBER_WIDTH, CsvForm, Form, JsonForm, LineForm
from tfmlp.cli.progress import say
from tfmlp.cli.resume import warn_of_model
from tfmlp.data.inputs import has_several, list_files
from tfmlp.errors import DataError
from tfmlp.loaded import load_run
from tfmlp.model.named import Prediction

_STDOUT = "-"


@click.command(cls=Command)
@click.argument("run")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "--fit/--no-fit",
    default=None,
    help=(
        "Fit all pictures to what the net was trained on, or none: then they are only resized."
        "  [default: those of another size or with other channels]"
    ),
)
@click.option("--show-input", metavar="FILE", help="Write a PNG of what the net was fed.")
@click.option("--sheet", metavar="FILE", help="Write a PNG of it with the predictions above each.")
@click.option("--json", "as_json", is_flag=True, help="Print the predictions as a JSON list.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write them as CSV; - is stdout.")
def predict(
    run: str,
    inputs: tuple[str, ...],
    fit: bool | None,
    show_input: str | None,
    sheet: str | None,
    as_json: bool,
    csv_file: str | None,
) -> None:
    """Predict what is in the files INPUT with the model in the run folder RUN.

    INPUT is an image (PNG, JPEG, BMP and what else Pillow reads), a folder (the images in it and in
    the folders below it, sorted by path), a table (.csv, .tsv, .txt; columns are found by their
    names), or arrays (.npy, .npz, IDX, .mat in SVHN's layout). Examples of one file are numbered
    from 0.

    Where the net was trained on figures on a plain ground, such as MNIST's digits, a picture is cut
    to its ink, scaled and centered as they are, dark on light or light on dark.

    What cannot be read is told, and the others are predicted; the exit status then is 1.
    """
    if as_json and csv_file == _STDOUT:
        raise click.UsageError("--json and --csv - both go to stdout: give one, or --csv FILE.")
    _check_outputs({"--show-input": show_input, "--sheet": sheet, "--csv": csv_file})
    loaded = load_run(run)
    warn_of_model(loaded.record, loaded.path)
    failures = []
    logging.getLogger("PIL").setLevel(logging.CRITICAL)  # what is wrong with a file is told below

    def tell(error: DataError) -> None:
        failures.append(error)
        say(" ".join(f"error: {error}".split()))

    predictions = loaded.predict_files(inputs, fit=fit, on_error=tell)
    if (show_input or sheet) and loaded.schema and len(loaded.schema.feature_shape) != 3:
        raise DataError(
            "--show-input and --sheet are for nets that take images; this one takes columns: leave"
            " them out."
        )
    shown: list[Prediction] = []
    if show_input or sheet:
        predictions = _kept(predictions, shown)
    _print(predictions, as_json, csv_file, inputs)
    if shown:
        _draw(shown, show_input, sheet, f"{loaded.path}: what the net was fed, and what it says")
    if failures:
        click.get_current_context().exit(1)


def _check_outputs(named: dict[str, str | None]) -> None:
    """Refuses names of files that could lose something, before any work is done."""
    given: dict[str, str] = {}
    for option, name in named.items():
        if name is None or (option == "--csv" and name == _STDOUT):
            continue
        path = files.user_path(name)
        marks = CSV_MARKS
        if option != "--csv":
            from tfmlp.data.fed import MARK

            marks = (MARK,)
            if path.suffix.lower() != ".png":
                raise click.UsageError(f"{option} writes a PNG: name it FILE.png, not {name}.")
        other = given.setdefault(os.path.abspath(path), option)
        if other != option:
            raise click.UsageError(
                f"{other} and {option} both name {name}: give each its own file."
            )
        if not files.may_be_replaced(path, *marks):
            raise DataError(
                f"{path} is there and was not written by tfmlp predict {option}: choose another"
                " file, or remove it."
            )


def _kept(predictions: Iterator[Prediction], shown: list[Prediction]) -> Iterator[Prediction]:
    """Yields predictions, and keeps the first of them."""
    from tfmlp.data.fed import MOST_SHOWN

    for number, prediction in enumerate(predictions):
        if number < MOST_SHOWN:
            shown.append(prediction)
        elif number == MOST_SHOWN:
            say(f"warning: the first {MOST_SHOWN} inputs are drawn, and no more.")
        yield prediction


def _print(
    predictions: Iterator[Prediction], as_json: bool, csv_file: str | None, inputs: tuple[str, ...]
) -> None:
    """Writes predictions in the forms that were asked for, as they come."""
    forms: list[Form] = []
    if as_json:
        forms.append(JsonForm())
    elif csv_file is None:
        forms.append(LineForm(max(map(_width, inputs))))
    if csv_file == _STDOUT:
        forms.append(CsvForm(sys.stdout))
        csv_file = None
    if csv_file is None:
        _write(predictions, forms)
        return
    path = files.user_path(csv_file)
    with files.written_result(path) as temporary:
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            _write(predictions, [*forms, CsvForm(file)])
    say(f"predictions {path}")


def _width(name: str) -> int:
    """Returns how many characters the longest place has that an input stands for."""
    try:
        listed = list_files(files.user_path(name), lambda error: None)
    except DataError:
        return 0
    return max((len(str(one)) + NUMBER_WIDTH * has_several(one) for one in listed), default=0)


def _write(predictions: Iterator[Prediction], forms: list[Form]) -> None:
    for prediction in predictions:
        for form in forms:
            form.add(prediction)
    for form in forms:
        form.end()


def _draw(shown: list[Prediction], show_input: str | None, sheet: str | None, title: str) -> None:
    from tfmlp.data.fed import draw_captioned, draw_inputs

    fed = [one.features for one in shown]
    if show_input:
        draw_inputs(fed, files.user_path(show_input))
        say(f"inputs {show_input}")
    if sheet:
        captions = [_caption(one) for one in shown]
        draw_captioned(fed, captions, title, files.user_path(sheet))
        say(f"contact sheet {sheet}")


def _caption(one: Prediction) -> str:
    name = Path(one.file).name
    name = name if len(name) <= 18 else f"...{name[-15:]}"
    name += "" if one.index is None else f" {one.index}"
    if one.probability is None:
        return f"{one.value:.6g}\n{name}"
    return (
        f"{one.class_name:.16}  {one.probability:.1%}\n"
        f"{one.runner_up:.16}  {one.runner_up_probability:.1%}\n{name}"
    )
