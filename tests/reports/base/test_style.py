"""Both pages on a phone, light and dark, in a real headless Chromium."""

from pathlib import Path

import pytest

from tests.reports.pages import drive


@pytest.mark.parametrize("name", ["report.html", "ab.html"])
def test_a_phone_is_wide_enough_and_dark_is_dark(report: Path, chromium: str, tmp_path: Path, name: str) -> None:
    script = """
      const frame = document.documentElement;
      frame.style.width = '360px'; document.body.style.width = '360px';
      out.wide = [...document.querySelectorAll('body *')].filter(one => !one.closest('.scroll, dialog, .skip, svg')
        && one.getBoundingClientRect().right > 361).map(one => one.outerHTML.slice(0, 80));
      const rgb = getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number);
      out.light = rgb.reduce((a, b) => a + b) / 3;
    """
    dark = drive(chromium, report / name, script, tmp_path, "--blink-settings=preferredColorScheme=0")
    light = drive(chromium, report / name, script, tmp_path, "--blink-settings=preferredColorScheme=1")
    assert dark["wide"] == []
    assert float(str(dark["light"])) < 60 < 200 < float(str(light["light"]))
