"""A headless Chromium; what is tested with it is skipped where there is none."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ARGUMENTS = """
    --headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking
    --disable-component-update --disable-sync
""".split()


class Browser:
    """A browser window of any width, light or dark."""

    def __init__(self, driver: Any):
        self.driver = driver
        self.run = driver.execute_script

    def open(self, page: Path, width: int = 1440, scheme: str = "light") -> None:
        """Opens a page anew, and forgets what the console said before."""
        height = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        scheme_media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", height)
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme_media)
        self.driver.get("about:blank")
        self.console()
        self.driver.get(page.absolute().as_uri())

    def console(self) -> list[dict[str, Any]]:
        """Returns what the console said since it was last asked."""
        said: list[dict[str, Any]] = self.driver.get_log("browser")
        return said

    def texts(self, selector: str) -> list[str]:
        """Returns the visible texts of the elements that a selector names."""
        return [one.text for one in self.driver.find_elements("css selector", selector) if one.text]


@pytest.fixture(scope="session")
def browser(tmp_path_factory) -> Iterator[Browser]:
    webdriver = pytest.importorskip(
        "selenium.webdriver", reason="selenium is missing: pip install '.[dev]'"
    )
    from selenium.webdriver.chrome.service import Service

    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in programs:
        pytest.skip("Chromium is missing: on Debian, apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location, driver = programs
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    yield Browser(started)
    started.quit()
