"""The page of grades in headless Chromium: nothing is blocked, nothing overflows, points sort."""

from pathlib import Path

import pytest

from tfmlp.checks.grading import grade
from tfmlp.checks.mentions import Mentions
from tfmlp.checks.rubric import Expected, Rubric
from tfmlp.checks.sandbox import FileResult
from tfmlp.reports.grades_page import render_grades

pytestmark = pytest.mark.browser
NAME = f"<script>document.title='x'</script> {'long' * 40} Müller.py"


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """A page with submissions of 10, 9 and 0 points, and one that ended with an error."""
    rubric = Rubric(
        "Week 3", tuple(Expected(f"f{n}", "", points) for n, points in enumerate((1, 9)))
    )

    def result(first, second):
        values = {"kind": "derivative", "detail": "", "note": ""}
        cause = {"name": "mask", "text": "the mask is missing " * 8}
        verdicts = enumerate((first, second))
        return FileResult(
            [
                values
                | {"subject": f"f{n} / d_f{n}", "right": one, "cause": None if one else cause}
                for n, one in verdicts
            ]
        )

    results = {
        "right.py": result(True, True),
        NAME: result(False, True),
        "wrong.py": result(False, False),
        "error.py": FileResult(error="ValueError: " + "x" * 300),
    }
    grades = [grade(name, one, Mentions(), rubric) for name, one in results.items()]
    path = tmp_path_factory.mktemp("grades") / "index.html"
    path.write_text(render_grades(grades, rubric), encoding="utf-8")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_overflows_and_nothing_is_blocked(browser, page, width, scheme):
    browser.open(page, width, scheme)
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    widths = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1] == width
    assert browser.console() == []
    assert browser.driver.title == "Week 3" and browser.run("return document.scripts.length") == 1


def test_submissions_sort_by_points_and_a_link_opens_one(browser, page):
    browser.open(page)
    headings = browser.driver.find_elements("css selector", "#submissions thead th")
    headings[1].find_element("css selector", "button").click()
    rows = "return [...document.querySelectorAll('#submissions tbody tr')].map((row) => "
    assert browser.run(f"{rows} row.cells[1].textContent)") == ["0", "0", "9", "10"]
    browser.driver.find_element("css selector", "#submissions a[href='#submission-2']").click()
    assert browser.run("return document.getElementById('submission-2').open")
    assert NAME in " ".join(browser.texts("#submission-2 h3"))
