"""Reports in headless Chromium: nothing is blocked, nothing overflows, tables sort and filter."""

import pytest

from tests.made_runs import classified, write_regression, write_run

pytestmark = pytest.mark.browser
SCRIPT = "<script>document.title='run'</script>"
NAME = f"a {'long ' * 20}name <img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def pages(tmp_path_factory, run_cli):
    """Pages by name: of classes, of values, of a run without anything, and of several runs."""
    folder = tmp_path_factory.mktemp("pages")
    names = (SCRIPT, "a\"b'c&d", "x" * 80)
    classes = write_run(folder / NAME, names=names, evaluation=classified())
    values = write_regression(folder / "values")
    bare = write_run(folder / "bare", test=None, epochs=0, status="interrupted")
    seeds = []
    for seed, accuracy in enumerate((0.9, 0.94, 0.92)):
        test = {"loss": 0.2, "count": 30, "accuracy": accuracy}
        options = {
            "seed": seed,
            "evaluation": classified(),
            "learning_rate": 0.01 * (seed // 2 + 1),
        }
        seeds.append(write_run(folder / f"seed{seed}", test=test, **options))
    runs = {"classes": [classes], "values": [values], "bare": [bare], "several": [*seeds, bare]}
    for name, shown in runs.items():
        result = run_cli("report", *shown, "--out", folder / f"{name}.html")
        assert result.exit_code == 0, result.stderr
    return {name: folder / f"{name}.html" for name in runs}


NAMES = ("classes", "values", "bare", "several")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_overflows_and_nothing_is_blocked(browser, pages, name, width, scheme):
    browser.open(pages[name], width, scheme)
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    widths = browser.run("return [document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1] == width
    broken = (
        "return [...document.images].filter((one) => !one.complete || !one.naturalWidth).length"
    )
    assert browser.run(broken) == 0
    assert browser.console() == []
    asked = browser.run("return performance.getEntriesByType('resource').map((one) => one.name)")
    assert all(name.startswith("data:") for name in asked)


LUMINANCE = """
    const parts = (color) => color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
    const linear = (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    const luminance = (color) => {
      const [red, green, blue] = parts(color).map(linear);
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const ground = (one) => {
      for (; one; one = one.parentElement) {
        const color = getComputedStyle(one).backgroundColor;
        if (!/, 0\\)$/.test(color)) return color;
      }
    };
    const worst = [21, ""];
    for (const one of document.querySelectorAll("body *")) {
      if (![...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
      const lights = [getComputedStyle(one).color, ground(one)].map(luminance);
      const contrast = (Math.max(...lights) + 0.05) / (Math.min(...lights) + 0.05);
      if (contrast < worst[0]) worst.splice(0, 2, contrast, one.outerHTML.slice(0, 200));
    }
    return worst;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_text_stands_out(browser, pages, name, scheme):
    browser.open(pages[name], scheme=scheme)
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    contrast, element = browser.run(LUMINANCE)
    assert contrast >= 4.5, element
    is_dark = browser.run("return getComputedStyle(document.body).backgroundColor") != (
        "rgb(255, 255, 255)"
    )
    assert is_dark == (scheme == "dark")


def test_what_runs_and_classes_are_called_is_shown_as_text(browser, pages):
    browser.open(pages["classes"])
    assert browser.driver.title == NAME and browser.texts("h1") == [NAME]
    assert SCRIPT in browser.texts("#classes tbody th")
    assert browser.run("return document.scripts.length") == 1


def column(browser, table, number):
    rows = f"return [...document.querySelectorAll('{table} tbody tr:not([hidden])')]"
    cells = browser.run(f"{rows}.map((row) => row.cells[{number}].textContent)")
    return [" ".join(text.split()) for text in cells]


def test_tables_sort_by_keyboard_and_mouse(browser, pages):
    browser.open(pages["several"])
    headings = browser.driver.find_elements("css selector", "#runs thead th")
    number = [one.text.split("\n")[0].strip().lower() for one in headings].index("accuracy")
    before = column(browser, "#runs", number)
    assert before == ["90.00 %", "94.00 %", "92.00 %", "\N{EN DASH}"]
    button = headings[number].find_element("css selector", "button")
    button.click()
    assert column(browser, "#runs", number) == ["90.00 %", "92.00 %", "94.00 %", before[3]]
    assert headings[number].get_attribute("aria-sort") == "ascending"
    button.send_keys("\ue007")  # Enter
    assert column(browser, "#runs", number) == ["94.00 %", "92.00 %", "90.00 %", before[3]]
    assert headings[number].get_attribute("aria-sort") == "descending"
    first = headings[0].find_element("css selector", "button")
    first.send_keys(" ")
    assert column(browser, "#runs", 0) == ["bare", "seed0", "seed1", "seed2"]
    assert headings[number].get_attribute("aria-sort") is None


def test_runs_are_filtered_by_words(browser, pages):
    browser.open(pages["several"])
    field = browser.driver.find_element("id", "filter")
    field.send_keys("SEED completed")
    assert column(browser, "#runs", 0) == ["seed0", "seed1", "seed2"]
    assert browser.texts("#said") == ["3 of 4 shown"]
    field.send_keys(" 94.00")
    assert column(browser, "#runs", 0) == ["seed1"]
    field.clear()
    field.send_keys("nothing like that")
    assert browser.texts("#said") == ["0 of 4 shown"]


def test_a_link_opens_the_details_that_it_leads_to(browser, pages):
    browser.open(pages["several"])
    browser.driver.find_element("link text", "seed1").click()
    assert browser.run("return location.hash") == "#run-2"
    assert browser.run("return document.getElementById('run-2').open")
    assert not browser.run("return document.getElementById('run-1').open")


def test_what_is_focused_is_seen(browser, pages):
    browser.open(pages["several"])
    body = browser.driver.find_element("css selector", "body")
    body.send_keys("\ue004")  # Tab
    assert browser.run("return document.activeElement.textContent") == "Skip to the results"
    style = browser.run("return getComputedStyle(document.activeElement).outlineStyle")
    assert style == "solid"


def test_what_is_printed_fits_the_paper(browser, pages):
    browser.open(pages["classes"], width=794)  # A4 at 96 pixels an inch
    browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        tables = "return [...document.querySelectorAll('table')].map((one) => one.scrollWidth)"
        assert max(browser.run(tables)) <= 794
        assert browser.run("return getComputedStyle(document.querySelector('nav')).display") == (
            "none"
        )
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
