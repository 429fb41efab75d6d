"""Pages taken apart by a parser, or opened in a browser."""

import base64
import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from pipelines.core.batch.plan import BatchSettings
from pipelines.evaluate import EvaluateOptions

ONE = BatchSettings(jobs=1)
OPTIONS = EvaluateOptions(compare=(("far", "near"),), ballot=5)
VOID = {"meta", "img", "input", "br", "path", "circle"}


class HtmlPage(HTMLParser):
    """Collects what a page is made of, and fails where tags do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.words = ""
        self.feed(text)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        assert len(values) == len(attributes), f"an attribute twice in {tag}"
        if tag not in VOID:
            self.open.append(tag)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        self.links += [str(values[name]) for name in ("href", "src", "action", "srcset") if values.get(name)]
        if tag == "img":
            self.images.append(values)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag

    def handle_data(self, text: str) -> None:
        self.words += text


def drive(chromium: str, page: Path, script: str, tmp_path: Path, *options: str) -> dict[str, Any]:
    """Open a copy of a page, run `script` in it, which fills `out`, and return that; errors of the page count."""
    harness = (
        "<script>const out = {errors: []}; window.addEventListener('error', e => out.errors.push(e.message));"
        "window.addEventListener('securitypolicyviolation', e => out.errors.push(e.blockedURI));"
        "const press = key => document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));</script>"
    )
    ending = (
        "<script>window.addEventListener('load', async () => { try {"
        f"{script}"
        "} catch (error) { out.errors.push(String(error)); }"
        "const all = document.createElement('pre'); all.id = 'out'; all.textContent = btoa(JSON.stringify(out));"
        "document.body.append(all); });</script></body>"
    )
    text = page.read_text(encoding="utf-8").replace("</title>", f"</title>{harness}", 1).replace("</body>", ending)
    copy = tmp_path / "page.html"
    copy.write_text(text, encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", *options]
    done = subprocess.run(
        [chromium, *flags, "--virtual-time-budget=4000", "--dump-dom", copy.as_uri()],
        capture_output=True,
        timeout=120,
        check=False,
    )
    found = re.search(rb'<pre id="out">([^<]*)</pre>', done.stdout)
    assert found, done.stderr.decode(errors="replace")[-800:]
    result: dict[str, Any] = json.loads(base64.b64decode(found[1]))
    assert result["errors"] == []
    return result


def check_self_contained(text: str) -> HtmlPage:
    """Assert that a page is well-formed and needs nothing from outside, and take it apart."""
    page = HtmlPage(text)
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        assert link.startswith(("#", "data:")), link
        assert not link.startswith("#") or link[1:] in page.ids
    assert not re.search(r"https?://|@import|url\(", text)
    assert "default-src 'none'" in text
    assert all(image.get("alt") is not None for image in page.images)
    return page
