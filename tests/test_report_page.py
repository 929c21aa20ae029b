"""The page of a report: its structure, what it escapes, and what its policy allows."""

import base64
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser

import pytest

from tests.made_runs import classified, write_regression, write_run

VOID = {"meta", "link", "img", "input", "wbr"}
HOSTILE = "</script><script>alert(1)</script>"


class Page(HTMLParser):
    """The elements of a page, and its text; what is not closed is an error."""

    def __init__(self, text):
        super().__init__()
        self.text = text
        self.open, self.elements, self.words = [], [], []
        self.contents = {}
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(set(names)) == len(names), (tag, names)
        self.elements.append((tag, dict(attributes), [one for one, _ in self.open]))
        if tag not in VOID:
            self.open.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open and self.open[-1][0] in ("style", "script"):
            self.contents[self.open[-1][0]] = data
        else:
            self.words.append(data)

    def find(self, tag):
        return [attributes for name, attributes, _ in self.elements if name == tag]

    @property
    def shown(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def page(tmp_path, run_cli):
    """Makes the page of runs."""

    def make(*runs):
        out = tmp_path / "out.html"
        result = run_cli("report", *runs, "--out", out)
        assert result.exit_code == 0, result.stderr
        return Page(out.read_text())

    return make


@pytest.fixture(params=["classes", "values", "bare", "several"])
def any_page(request, page, tmp_path):
    """Pages of every kind."""
    classes = write_run(tmp_path / "classes", evaluation=classified())
    values = write_regression(tmp_path / "values")
    bare = write_run(tmp_path / "bare", test=None, epochs=0, status="interrupted")
    runs = {"classes": [classes], "values": [values], "bare": [bare]}
    return page(*runs.get(request.param, [classes, values, bare]))


def test_the_page_is_built_as_a_reader_of_screens_needs_it(any_page):
    tags = [tag for tag, _, _ in any_page.elements]
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    ids = [attributes["id"] for _, attributes, _ in any_page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    for _, attributes, _ in any_page.elements:
        for name in ("aria-labelledby", "for", "data-filters"):
            assert attributes.get(name, ids[0]) in ids
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids
    assert tags.count("caption") == tags.count("table")
    assert all(cell.get("scope") in ("col", "row") for cell in any_page.find("th"))
    assert all(len(image["alt"]) > 10 for image in any_page.find("img"))
    assert any_page.find("html") == [{"lang": "en"}]


def test_the_policy_allows_the_pages_own_style_and_script_alone(any_page):
    (policy,) = [one["content"] for one in any_page.find("meta") if "http-equiv" in one]
    for kind in ("style", "script"):
        digest = hashlib.sha256(any_page.contents[kind].encode()).digest()
        assert f"{kind}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:;") and "unsafe" not in policy
    assert len(any_page.find("script")) == len(any_page.find("style")) == 1
    for _, attributes, _ in any_page.elements:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith(("data:", "#"))


def test_what_comes_from_a_run_is_text(page, tmp_path):
    names = (HOSTILE, "{{ 7 * 7 }}", "a\"b'c&d")
    changes = {"recipe": HOSTILE, "device": HOSTILE, "versions": {HOSTILE: HOSTILE}}
    run = write_run(
        tmp_path / "<script>alert(2)", names=names, evaluation=classified(), changes=changes
    )
    record = json.loads((run / "run.json").read_text())
    record["dataset"] |= {"name": HOSTILE, "source": HOSTILE, "files": {HOSTILE: HOSTILE}}
    record["config"]["data"] |= {"dataset": f"csv:{HOSTILE}", "target": HOSTILE}
    (run / "run.json").write_text(json.dumps(record))
    for runs in ([run], [run, write_run(tmp_path / "other", hidden_units=(9,))]):
        found = page(*runs)
        assert "<script>alert" not in found.text.replace("<script>&", "")
        assert len(found.find("script")) == 1
        for text in (*names, run.name):
            assert text in found.shown


def test_the_first_screen_says_what_on_what_how_well_and_how_sure(page, tmp_path):
    found = page(write_run(tmp_path / "run", evaluation=classified()))
    header = found.shown[: found.shown.index("Learning curves")]
    for said in (
        "multilayer perceptron with 1 hidden layer of 4 units (relu), 83 weights in all",
        "trained on mnist-small",
        "60 training examples, 6 for validation, 30 for test",
        "3 classes",
        "Test accuracy 80.00 % 95 % interval 62.69 % to 90.49 %",
        "30 test examples",
        "33.33 % predicting always the commonest class",
    ):
        assert said in header, header


def test_the_first_screen_of_a_regression(page, tmp_path):
    found = page(write_regression(tmp_path / "run"))
    header = found.shown[: found.shown.index("Learning curves")]
    for said in (
        "Test RMSE 0.7500 95 % interval",
        "Test R\N{SUPERSCRIPT TWO} 0.5500",
        "the mean of the test targets",
    ):
        assert said in header, header


SECTIONS = {
    "classes": "Learning curves,Confusion matrix,Classes,Calibration,The most confident mistakes,"
    "Weights of the first layer,Layers at the beginning and the end,Time and engine,Configuration,"
    "Data,The command to repeat it",
    "values": "Learning curves,Errors,Layers at the beginning and the end,Time and engine,"
    "Configuration,Data,The command to repeat it",
}


@pytest.mark.parametrize("kind", SECTIONS)
def test_the_sections_stand_in_their_order(kind, page, tmp_path):
    run = (
        write_run(tmp_path / "run", evaluation=classified())
        if kind == "classes"
        else write_regression(tmp_path / "run")
    )
    found = page(run)
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", found.text)
    assert titles == SECTIONS[kind].split(",")
    links = [one["href"] for one in found.find("a")][1:]
    assert len(links) == len(titles)


def test_a_mistake_is_shown_with_both_classes(page, tmp_path):
    found = page(write_run(tmp_path / "run", evaluation=classified()))
    assert "true zero , 0.10 % taken for one , 99.80 % test example 17" in found.shown
    assert "Test example 17, of class zero" in [image["alt"] for image in found.find("img")]


def test_several_runs_are_compared(page, tmp_path):
    runs = [
        write_run(tmp_path / f"run{n}", seed=n % 3, learning_rate=0.01 * (1 + n // 3))
        for n in range(12)
    ]
    found = page(*runs)
    assert len(re.findall(r'<th scope="row">\s*learning_rate 0.0[1-4]', found.text)) == 4 * 4
    assert "6 more runs are in the table only" in found.shown
    assert found.text.count('<details id="run-') == 6
    assert len(found.text) < 3e6


def test_many_classes_and_epochs_stay_small(page, tmp_path):
    count = 100
    evaluation = classified() | {"confusion": [[1] * count] * count, "count": count**2}
    names = tuple(f"class {number}" for number in range(count))
    counts = {split: [1] * count for split in ("train", "test")}
    run = write_run(tmp_path / "run", names=names, evaluation=evaluation, epochs=2000)
    record = json.loads((run / "run.json").read_text())
    record["dataset"]["class_counts"] = counts
    (run / "run.json").write_text(json.dumps(record))
    found = page(run)
    assert len(found.text) < 3e6
    assert "class 99" in found.shown


def test_the_best_group_comes_first(page, tmp_path):
    for number, accuracy in enumerate((0.7, 0.9, 0.8)):
        test = {"loss": 0.5, "count": 30, "accuracy": accuracy}
        write_run(tmp_path / str(number), learning_rate=(number + 1) / 4, test=test)
    found = page(*(tmp_path / str(number) for number in range(3)))
    cards = re.findall("Test accuracy, (learning_rate [0-9.]+)", found.shown)
    assert cards == ["learning_rate 0.5", "learning_rate 0.75", "learning_rate 0.25"]
