"""`tfmlp check --rubric`: many submissions, held against what a teacher expects."""

import contextlib
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import click

from tfmlp import files, signals
from tfmlp.checks.grading import Grade, grade
from tfmlp.checks.mentions import mentions_in
from tfmlp.checks.pool import Results, results_of, usual_jobs
from tfmlp.checks.rubric import Rubric, read_rubric
from tfmlp.checks.submissions import Submission, submissions_in
from tfmlp.checks.tally import tally
from tfmlp.cli.progress import printable, show_work
from tfmlp.reports.grade_rows import render_json
from tfmlp.reports.grades import prepare_folder, write_grades

_SECONDS, _MEGABYTES = 60, 4096


def check_submissions(
    rubric_file: str,
    given: Sequence[str],
    *,
    seconds: float | None,
    megabytes: int | None,
    seed: int,
    jobs: int | None,
    out: str | None,
    as_json: bool,
) -> None:
    """Grades submissions, writes results.csv and index.html, and shows a summary.

    Args:
      rubric_file: The rubric.
      given: Files, and folders of files.
      seconds, megabytes: Limits of each submission that go before those of the rubric.
      seed: Decides the numbers that are tried.
      jobs: How many run at once; one for each core where it is None.
      out: The folder of the results, or None.
      as_json: Whether everything is printed as JSON.
    """
    path = files.user_path(rubric_file)
    rubric = read_rubric(path)
    submissions = submissions_in(files.user_path(one) for one in given)
    folder = files.user_path(out) if out else Path(f"check-{path.stem}")
    prepare_folder(folder)
    seconds = seconds or rubric.seconds or _SECONDS
    megabytes = megabytes or rubric.megabytes or _MEGABYTES
    results = results_of(
        submissions,
        seconds=seconds,
        megabytes=megabytes,
        seed=seed,
        jobs=jobs or usual_jobs(megabytes),
    )
    try:
        grades = _grade(submissions, rubric, results)
    except BaseException:
        with contextlib.suppress(OSError):  # earlier results are in it
            folder.rmdir()
        raise
    with signals.held():
        written = write_grades(grades, rubric, folder)
    if as_json:
        click.echo(render_json(grades, rubric), nl=False)
    else:
        click.echo(_summary(grades, rubric))
    for one in written:
        click.echo(printable(f"results {one}"), err=as_json)
    sys.exit(any(one.needs_a_person for one in grades))


def _grade(submissions: Sequence[Submission], rubric: Rubric, results: Results) -> list[Grade]:
    """Returns the grades of submissions in their order, as `results` come in any."""
    grades: dict[int, Grade] = {}
    with show_work("checking", len(submissions)) as begin, closing(results):
        begin("")
        for number, result in results:
            one = submissions[number]
            grades[number] = grade(one.name, result, mentions_in(one.path), rubric)
            begin(one.name)
    return [grades[number] for number in sorted(grades)]


def _summary(grades: Sequence[Grade], rubric: Rubric) -> str:
    """Returns how many are right in what, and what is to be judged by hand."""
    counts = tally(grades, rubric)
    width = max(len("expected"), *(len(one.name) for one in rubric.expected))
    lines = [f"{'expected':{width}}  points  right  wrong  missing  by hand"]
    for one in counts.expected:
        right, wrong, missing, by_hand = one.counts.values()
        lines.append(
            f"{one.expected.name:{width}}  {one.expected.points:6g}  {right:5}  {wrong:5}"
            f"  {missing:7}  {by_hand:7}"
        )
    lines.append(
        f"\n{counts.full} of {len(grades)} submissions have all points;"
        f" {counts.by_hand} to be judged by hand"
    )
    return printable("\n".join(lines))
