"""`check --rubric`: who is right, who has which cause, and nobody loses points unnoticed."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tfmlp.checks.grading import grade
from tfmlp.checks.mentions import Mentions, mentions_in
from tfmlp.checks.rubric import Expected, Rubric, RubricError, read_rubric
from tfmlp.checks.sandbox import FileResult
from tfmlp.checks.submissions import submissions_in
from tfmlp.checks.tally import tally
from tfmlp.reports.grade_rows import render_csv, render_json
from tfmlp.reports.grades_page import render_grades

RUBRIC = """
title = "Week 3"
[[expected]]
subject = "relu / d_relu"
points = 2
partial = 0.5
[[expected]]
kind = "loss"
points = 3
"""
RELU = "def relu(z):\n    return z * (z > 0)\n\n\ndef d_relu(z):\n    return 1.0 * (z > 0)\n"
MSE = """
def mse(p, t):
    return ((p - t) ** 2).mean()


def mse_grad(p, t):
    return 2 * (p - t) / p.size
"""
WRONG = RELU.replace("1.0 * (z > 0)", "1.0 + 0 * z")
HANGING = "def relu(z):\n    while True: pass\n\n\ndef d_relu(z):\n    return z\n"
HOSTILE = "<script>alert(1)</script>"


def rubric_of(text, tmp_path):
    path = tmp_path / "week3.toml"
    path.write_text(text)
    return read_rubric(path)


# --- the rubric


def test_a_rubric_is_read(tmp_path):
    rubric = rubric_of("seconds = 9\nmegabytes = 512" + RUBRIC, tmp_path)
    assert rubric.title == "Week 3" and rubric.points == 5
    assert (rubric.seconds, rubric.megabytes) == (9, 512)
    assert rubric.expected[0] == Expected("relu / d_relu", "", 2, 0.5)
    assert rubric_of(RUBRIC.replace('title = "Week 3"', ""), tmp_path).title == "week3"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"at least one table \[\[expected\]\]; received none"),
        ("expected = []", r"at least one table \[\[expected\]\]; received none"),
        ("expected = 3", r"at least one table \[\[expected\]\]; received 3"),
        ("[[expected]]\npoints = 1", "expected a subject, such as 'relu', or a kind"),
        ("[[expected]]\nsubject = '/'\npoints = 1", "received '/'"),
        ("[[expected]]\nsubject = 'relu'", "expected points, a number from 0 on; received none"),
        ("[[expected]]\nsubject = 'relu'\npoints = -1", "points must be a number .* received '-1'"),
        ("[[expected]]\nsubject = 'relu'\npoints = '2'", "points must be a number .* received '2'"),
        ("[[expected]]\nsubject = 'relu'\npoints = true", "points must be a number"),
        ("[[expected]]\nsubject = 'relu'\npoints = nan", "points must be a number"),
        ("[[expected]]\nsubject = 3\npoints = 1", "subject must be a text of one line"),
        ("[[expected]]\nsubject = 'relu'\npoints = 1\npartial = 2", "partial must .* from 0 to 1;"),
        ("[[expected]]\nsubjct = 'relu'\npoints = 1", "'subjct': did you mean 'subject'"),
        ("[[expected]]\nkind = 'softmx'\npoints = 1", "'softmx': did you mean 'softmax'"),
        ("[[expect]]\nsubject = 'relu'\npoints = 1", "'expect': did you mean 'expected'"),
        ("[[expected]]\nkind='loss'\npoints=1\n" * 2, "is expected 2 times: keep one"),
        ("seconds = 0" + RUBRIC, "seconds must be a number from 0.1"),
        ("megabytes = 300.5" + RUBRIC, "megabytes must be a whole number"),
        (
            'title = "a\\nb"\n[[expected]]\nkind="loss"\npoints=1',
            "title must be a text of one line",
        ),
        ("title = ", "is not valid TOML"),
    ],
)
def test_a_wrong_rubric_is_told_in_a_line(text, message, tmp_path):
    with pytest.raises(RubricError, match=message) as caught:
        rubric_of(text, tmp_path)
    assert len(str(caught.value).splitlines()) == 1 and caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("subject", "kind", "found", "found_kind", "fits"),
    [
        ("relu / d_relu", "", "relu / relu_prime", "derivative", True),
        ("d_relu", "", "relu / d_relu", "derivative", True),
        ("sigmoid_prime", "", "sigmoid / sigmoid_derivative", "derivative", True),
        ("leaky_relu", "", "LeakyReLU", "derivative", True),
        ("relu", "", "leaky_relu / d_leaky_relu", "derivative", False),
        ("Net", "", "Net", "gradient", True),
        ("", "gradient", "forward/backward", "gradient", True),
        ("", "gradient", "relu / d_relu", "derivative", False),
        ("relu", "loss", "relu / d_relu", "derivative", False),
    ],
)
def test_subjects_match_forgivingly(subject, kind, found, found_kind, fits):
    assert Expected(subject, kind, 1).fits({"subject": found, "kind": found_kind}) is fits


# --- a submission


def finding(subject, right, kind="derivative", cause="the mask is missing"):
    named = {"name": "mask", "text": cause} if right is False and cause else None
    values = {"subject": subject, "kind": kind, "right": right, "cause": named}
    return values | ({"text": "table", "recognized": ""} if kind == "gradient" else {})


NET = Rubric("Nets", (Expected("relu", "", 4, 1), Expected("", "gradient", 6)))


def graded(*findings, rubric=NET, mentions=None, **result):
    values = FileResult(findings=list(findings), **result)
    return grade("a.py", values, mentions or Mentions(), rubric)


@pytest.mark.parametrize(
    ("findings", "result", "verdicts", "score"),
    [
        ([("relu / d", True), ("Net", True, "gradient")], {}, "right right", "10 of 10"),
        ([("relu / d", False), ("Net", True, "gradient")], {}, "wrong right", "7 of 10"),
        ([("relu / d", True)], {}, "right missing", "4 of 10"),
        (
            [("relu / d", True), ("Net", None, "gradient")],
            {},
            "right unclear",
            "4 of 10, 6 to be judged by hand",
        ),
        (
            [("relu / d", True), ("A", True, "gradient"), ("B", False, "gradient")],
            {},
            "right wrong",
            "4 of 10",
        ),
        (
            [("relu / d", True)],
            {"unclear": [{"subject": "Net"}]},
            "right unclear",
            "4 of 10, 6 to be judged by hand",
        ),
        ([], {"error": "boom"}, "unclear unclear", "0 of 10, 10 to be judged by hand"),
        ([], {}, "missing missing", "0 of 10"),
    ],
)
def test_a_grade_is_the_sum_of_its_marks(findings, result, verdicts, score):
    one = graded(*(finding(*values) for values in findings), **result)
    assert " ".join(mark.verdict for mark in one.marks) == verdicts
    assert one.score == score
    assert one.needs_a_person == ("by hand" in score)


def test_causes_are_named_or_said_not_to_be():
    one = graded(finding("relu / d_relu", False), finding("Net", False, "gradient", cause=None))
    assert [mark.why for mark in one.marks] == ["the mask is missing", "its cause is not named"]
    one = graded(finding("relu / d", None), finding("Net", None, "gradient") | {"undecided": "why"})
    assert [mark.why for mark in one.marks] == ["no verdict", "why"]


@pytest.mark.parametrize(
    ("text", "verdicts"),
    [
        ("", "missing missing"),
        ("# relu\n'relu'\n", "missing missing"),
        ("def relu(z):\n    'to do'\n    raise NotImplementedError\n", "missing missing"),
        ("def rel_u(z):\n    ...\n", "missing missing"),
        ("relu = make('relu')\n", "unclear missing"),
        ("def relu(z, slope, mode):\n    return z\n", "unclear unclear"),
        ("class Network:\n    def go(self):\n        return 1\n", "missing unclear"),
        ("def main():\n    return 1\n", "missing missing"),
        ("from layers import relu\n", "unclear missing"),
    ],
)
def test_missing_is_only_what_is_surely_not_there(text, verdicts, tmp_path):
    path = tmp_path / "a.py"
    path.write_text(text)
    notebook = tmp_path / "a.ipynb"
    cells = [
        {"cell_type": "markdown", "source": ["relu"]},
        {"cell_type": "code", "source": ["%pip install relu\n", text]},
    ]
    notebook.write_text(json.dumps({"cells": cells}))
    for one in (path, notebook):
        marks = graded(mentions=mentions_in(one)).marks
        assert " ".join(mark.verdict for mark in marks) == verdicts


def test_a_kind_may_hide_in_a_method_of_a_net_that_was_understood(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("class Net:\n    def softmax(self, z):\n        return z\n")
    found = finding("Net", True, "gradient")
    kinds = {"softmax": "unclear", "dropout": "missing", "loss": "missing"}
    for kind, verdict in kinds.items():
        rubric = Rubric("", (Expected("", kind, 1),))
        (mark,) = graded(found, rubric=rubric, mentions=mentions_in(path)).marks
        assert mark.verdict == verdict
    path.write_text("def f(z):\n    return z\n")
    for kind in kinds:  # a loss may be called anything, a softmax is called so
        rubric = Rubric("", (Expected("", kind, 1),))
        (mark,) = graded(found, rubric=rubric, mentions=mentions_in(path)).marks
        assert mark.verdict == ("unclear" if kind == "loss" else "missing")


def test_damaged_notebooks_mention_nothing(tmp_path):
    path = tmp_path / "a.ipynb"
    for text in ("", "[]", "{}", '{"cells": 3}', '{"cells": [{"cell_type": "code"}]}'):
        path.write_text(text)
        assert mentions_in(path) == Mentions()


# --- submissions


def test_folders_are_walked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = "b/net.py a/x/y.ipynb a/net.PY a/.hidden.py a/__pycache__/net.py a/notes.txt"
    names += " a/.ipynb_checkpoints/y.ipynb __MACOSX/._net.py c.py"
    for name in names.split():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    Path("a/loop").symlink_to(tmp_path)
    found = [one.name for one in submissions_in([Path("b"), Path("c.py"), Path(".")])]
    assert found == ["b/net.py", "c.py", "a/net.PY", "a/x/y.ipynb"]
    with pytest.raises(RubricError, match="there is no file or folder d"):
        submissions_in([Path("d")])
    with pytest.raises(RubricError, match=r"found no \.py and no \.ipynb file"):
        submissions_in([Path("c.py"), Path("__MACOSX")])


# --- results


def test_a_table_has_no_formulas_and_a_page_no_elements_of_submissions():
    names = ["=cmd()|x.py", "+1.py", "-1.py", "@a.py", HOSTILE, " =a.py", "\t=a.py", "a,b\n.py"]
    rubric = Rubric(HOSTILE, (Expected(f"={HOSTILE}", "", 1),))
    found = finding(HOSTILE, False, cause=HOSTILE)
    ask = dict.fromkeys(("subject", "found", "missing", "call"), HOSTILE)
    result = FileResult([found], unclear=[ask], notes=[HOSTILE], error=f"={HOSTILE}")
    results = [result] * len(names)
    grades = [grade(name, one, Mentions(), rubric) for name, one in zip(names, results)]
    table = render_csv(grades, rubric)
    rows = list(csv.reader(io.StringIO(table)))
    assert len({len(row) for row in rows}) == 1
    assert not [cell for row in rows for cell in row if cell.lstrip(" ")[:1] in "=+-@\t" and cell]
    assert [row[0].removeprefix("'") for row in rows[1:]] == names
    page = render_grades(grades, rubric)
    assert HOSTILE not in page and page.count("<script>") == 1
    assert page.count("&lt;script&gt;") >= 4 * len(names)
    assert json.loads(render_json(grades, rubric))["submissions"][0]["submission"] == names[0]


def test_a_tally_counts_causes_once_a_submission():
    rubric = Rubric("", (Expected("", "derivative", 1),))
    pairs = [finding("a / d_a", False, cause="one"), finding("b / d_b", False, cause="one")]
    grades = [graded(*pairs, rubric=rubric), graded(finding("a", True), rubric=rubric)]
    counts = tally(grades, rubric)
    assert [(one.name, one.text, one.numbers) for one in counts.causes] == [("mask", "one", (0,))]
    assert list(counts.expected[0].counts.values()) == [1, 1, 0, 0]


def hand_in(folder, files):
    (folder / "in").mkdir()
    for name, text in files.items():
        (folder / "in" / name).write_text(text)
    (folder / "week3.toml").write_text(RUBRIC)


def read_table(path):
    with open(path, newline="") as file:
        return {row["submission"]: row for row in csv.DictReader(file)}


def test_submissions_are_graded(tmp_path, run_cli):
    hand_in(tmp_path, {"right.py": RELU + MSE, "wrong.py": WRONG})
    result = run_cli("check", "--rubric", "week3.toml", "in", "--jobs", 2)
    assert result.exit_code == 0, result.output
    assert re.search(r"relu / d_relu +2 +1 +1 +0 +0\n", result.stdout)
    rows = read_table("check-week3/results.csv")
    assert rows["in/right.py"]["points"] == "5" and rows["in/wrong.py"]["points"] == "0.5"
    assert "mask is missing" in rows["in/wrong.py"]["relu / d_relu: why"]
    assert rows["in/wrong.py"]["loss with its gradient"] == "missing"
    assert "in/right.py" in Path("check-week3/index.html").read_text()


def test_a_submission_that_destroys_what_it_can_disturbs_no_other(tmp_path, run_cli):
    spoil = "import os, shutil\nshutil.rmtree(os.path.dirname(os.path.abspath(__file__)))\n"
    kill = "import os\nos.killpg(os.getpgid(os.getppid()), 9)\n"
    files = {"a.py": spoil + RELU, "b.py": kill, "c.py": "def f(:", "z.py": RELU}
    hand_in(tmp_path, files)
    result = run_cli("check", "--rubric", "week3.toml", "in", "--json", "--out", "out")
    assert result.exit_code == 1
    assert sorted(os.listdir("in")) == sorted(files)
    found = {one["submission"]: one for one in json.loads(result.stdout)["submissions"]}
    assert found["in/a.py"]["points"] == found["in/z.py"]["points"] == 2
    assert "ended with status" in found["in/b.py"]["error"]
    assert "SyntaxError" in found["in/c.py"]["error"] and found["in/c.py"]["by_hand"] == 5


def test_wrong_use_is_told_before_anything_is_run(tmp_path, run_cli):
    hand_in(tmp_path, {"a.py": "open('/dev/null/no')"})
    assert run_cli("check", "in/a.py", "in/a.py").exit_code == 2
    assert run_cli("check", "in/a.py", "--jobs", 2).exit_code == 2
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "index.html").write_text("mine")
    for options, message in (
        (("in", "--out", "taken"), "was not written by tfmlp check"),
        (("in", "--out", "week3.toml"), "cannot write into week3.toml"),
        (("in", "--out", ""), "--out is empty"),
        (("none",), "there is no file or folder none"),
    ):
        result = run_cli("check", "--rubric", "week3.toml", *options)
        assert result.exit_code == 2 and message in result.stderr, result.stderr
    (tmp_path / "week3.toml").write_text("")
    result = run_cli("check", "--rubric", "week3.toml", "in")
    assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "check-week3").exists()


@pytest.mark.slow
def test_results_are_the_same_however_many_run_at_once(tmp_path, run_cli):
    files = {
        "hangs.py": HANGING,
        "memory.py": HANGING.replace("while True: pass", "return [0] * 10**11"),
        "prints.py": HANGING.replace("pass", "print('x' * 100_000)"),
        "exits.py": "import os; os._exit(0)",
        "raises.py": f"raise ValueError(__file__ + {HOSTILE!r} + 'x' * 10**6)",
        "alone.py": "import os\nos.kill(os.getppid(), 9)\n" + HANGING,
        f"{HOSTILE.replace('/', '')}.py": WRONG,
        "right.py": RELU + MSE,
    }
    hand_in(tmp_path, files)
    os.mkfifo("in/pipe.py")
    Path("in/dangling.py").symlink_to("nowhere")
    tables = []
    for jobs in (1, 2, 5):
        options = ("--jobs", jobs, "--seconds", 6, "--out", f"out{jobs}")
        assert run_cli("check", "--rubric", "week3.toml", "in", *options).exit_code == 1
        results = [Path(f"out{jobs}", name).read_text() for name in ("results.csv", "index.html")]
        tables.append(results)
    assert tables[0] == tables[1] == tables[2]
    rows = read_table("out1/results.csv")
    assert len(rows) == len(files) + 2 and rows["in/right.py"]["points"] == "5"
    assert rows["in/hangs.py"]["error"].startswith("it did not end within 6 s")
    assert rows["in/memory.py"]["relu / d_relu"] == "unclear"


@pytest.mark.slow
def test_ctrl_c_leaves_nothing_behind(tmp_path):
    mark = f"mark{os.getpid()}"
    hand_in(tmp_path, {f"{mark}{n}.py": HANGING for n in range(6)})
    command = [sys.executable, "-m", "tfmlp", "check", "--rubric", "week3.toml", "in"]
    root = str(Path(__file__).resolve().parent.parent)
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": root}, text=True
    )
    limit = time.monotonic() + 30
    while not running(mark):
        assert time.monotonic() < limit
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 130 and "interrupted" in errors
    assert not running(mark) and not Path("check-week3").exists()


def running(mark):
    listed = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if mark in line and "checks.child" in line]


@pytest.mark.slow
def test_the_option_goes_before_the_limit_of_the_rubric(tmp_path, run_cli):
    hand_in(tmp_path, {"hangs.py": HANGING})
    (tmp_path / "week3.toml").write_text("seconds = 1\n" + RUBRIC)
    for options, limit in (((), 1), (("--seconds", 2), 2)):
        result = run_cli("check", "--rubric", "week3.toml", "in", "--json", *options)
        (found,) = json.loads(result.stdout)["submissions"]
        assert found["error"].startswith(f"it did not end within {limit} s")
