"""A report on two methods, and the browser to look at it."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from pipelines.evaluate import References, evaluate
from tests import drawings
from tests.reports.pages import ONE, OPTIONS


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report on two methods; one picture's name is meant to break pages, one result is missing."""
    work = tmp_path_factory.mktemp("work")
    for name, shift in (("a <b> & 'c' \"d\"", 3), ("b", 60), ("c", 20)):
        truth = drawings.two_circles_coloured(64)
        drawings.write(work / f"truth/{name}.png", truth)
        drawings.write(work / f"lines/{name}.png", drawings.two_circles(64))
        drawings.write(work / f"hints/{name}.png", drawings.two_hints(64))
        drawings.write(work / f"near/{name}.png", np.where(truth > 200, truth - shift, truth).astype(np.uint8))
        if name != "c":
            drawings.write(work / f"far/{name}.png", np.roll(truth, 8 + shift // 6, axis=1))
    evaluate(
        [str(work / "near"), str(work / "far")],
        References(str(work / "truth"), str(work / "lines"), str(work / "hints")),
        str(work / "report"),
        options=OPTIONS,
        batch=ONE,
    )
    return work / "report"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome-headless-shell")
    found = os.environ.get("COLORIZE_CLI_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("no Chromium here: install it (apt-get install chromium) or set COLORIZE_CLI_CHROMIUM")
    return found
