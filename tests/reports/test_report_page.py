"""The pages: well-formed, self-contained, and, in a real headless Chromium, usable by mouse and keyboard."""

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from pipelines.core.batch.plan import BatchSettings
from pipelines.core.errors import UsageError
from pipelines.count_votes import count_votes
from pipelines.evaluate import EvaluateOptions, References, evaluate
from tests import drawings

VOID = {"meta", "img", "input", "br", "path", "circle"}


@pytest.fixture(scope="module")
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
        asked=EvaluateOptions(compare=(("far", "near"),), ballot=5),
        batch=BatchSettings(jobs=1),
    )
    return work / "report"


class Page(HTMLParser):
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
        found = dict(attributes)
        assert len(found) == len(attributes), f"an attribute twice in {tag}"
        if tag not in VOID:
            self.open.append(tag)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        self.links += [str(found[name]) for name in ("href", "src", "action", "srcset") if found.get(name)]
        if tag == "img":
            self.images.append(found)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag

    def handle_data(self, text: str) -> None:
        self.words += text


@pytest.mark.parametrize("name", ["report.html", "ab.html"])
def test_a_page_is_well_formed_and_needs_no_network(report: Path, name: str) -> None:
    text = (report / name).read_text(encoding="utf-8")
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        assert link.startswith(("#", "data:")), link
        assert not link.startswith("#") or link[1:] in page.ids
    assert not re.search(r"https?://|@import|url\(", text)
    assert "default-src 'none'" in text
    assert all(image.get("alt") is not None for image in page.images)
    assert len(page.images) >= 8


def test_the_page_says_what_the_figures_say(report: Path) -> None:
    page = Page((report / "report.html").read_text(encoding="utf-8"))
    found = json.loads((report / "report.json").read_bytes())
    assert f"{found['methods']['near']['metrics']['psnr']['value']:.2f}" in page.words
    assert "n = 3" in page.words
    assert "1 failed" in page.words
    assert "there is no picture 'c'" in page.words
    assert "a <b> & 'c' \"d\"" in page.words, "names are shown, not obeyed"
    assert found["comparisons"][0]["words"] in page.words


def test_the_blind_page_names_no_method(report: Path) -> None:
    page = Page((report / "ab.html").read_text(encoding="utf-8"))
    assert not re.search(r"\b(near|far)\b", page.words)
    alts = [image["alt"] for image in page.images]
    assert set(alts) <= {"Left picture", "Right picture", "line art", "picture to rate"}


def test_pairs_are_drawn_evenly_and_again_the_same(report: Path) -> None:
    first = (report / "ab.html").read_bytes()
    (report / "ab.html").unlink()
    work = report.parent
    evaluate(
        [str(work / "near"), str(work / "far")],
        References(str(work / "truth"), str(work / "lines"), str(work / "hints")),
        str(report),
        asked=EvaluateOptions(compare=(("far", "near"),), ballot=5),
        batch=BatchSettings(jobs=1),
    )
    assert (report / "ab.html").read_bytes() == first


# in a browser


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's path."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome-headless-shell")
    found = os.environ.get("COLORIZE_CLI_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("no Chromium here: install it (apt-get install chromium) or set COLORIZE_CLI_CHROMIUM")
    return found


def drive(chromium: str, page: Path, script: str, tmp_path: Path, *options: str) -> dict[str, object]:
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
    import base64

    result: dict[str, object] = json.loads(base64.b64decode(found[1]))
    assert result["errors"] == []
    return result


def test_tables_cases_and_pictures_answer_to_keys_and_clicks(report: Path, chromium: str, tmp_path: Path) -> None:
    script = """
      out.broken = [...document.images].filter(i => !i.closest('dialog') && i.complete && !i.naturalWidth).length;
      const column = () => [...document.querySelectorAll('#each tbody tr')].map(row => row.cells[2].dataset.value);
      const psnr = [...document.querySelectorAll('#each th button')].find(b => b.textContent === 'psnr');
      psnr.click(); out.up = column(); out.sorted = psnr.closest('th').getAttribute('aria-sort');
      psnr.click(); out.down = column();
      const filter = document.querySelector('#filter');
      filter.value = 'FAR'; filter.dispatchEvent(new Event('input'));
      out.filtered = [...document.querySelectorAll('#each tbody tr')].filter(row => !row.hidden).length;
      const names = () => [...document.querySelectorAll('#cases article h3')].map(h => h.textContent);
      document.querySelector('#of').value = 'near'; document.querySelector('#by').value = 'delta_e';
      document.querySelector('#by').dispatchEvent(new Event('change')); out.worst = names();
      document.querySelector('#order').value = 'best';
      document.querySelector('#order').dispatchEvent(new Event('change')); out.best = names();
      const map = document.querySelector('.map'), shown = one => getComputedStyle(one).display !== 'none';
      out.before = [shown(map), shown(map.nextElementSibling)];
      press('d'); out.after = [shown(map), shown(map.nextElementSibling)]; press('d');
      press('j'); out.focus = document.activeElement.querySelector('h3').textContent;
      press('j'); out.second = document.activeElement.querySelector('h3').textContent;
      document.querySelector('.row figure button').click();
      const dialog = document.querySelector('dialog'); out.opened = dialog.open;
      out.first = dialog.querySelector('output').textContent;
      press('ArrowRight'); out.next = dialog.querySelector('output').textContent;
      out.loaded = dialog.querySelector('img').src.startsWith('data:image/');
      dialog.close(); await new Promise(done => setTimeout(done, 50)); out.back = document.activeElement.tagName;
    """
    out = drive(chromium, report / "report.html", script, tmp_path)
    assert out["broken"] == 0
    up = [float(value) for value in out["up"] if value]  # type: ignore[attr-defined]
    assert up == sorted(up)
    assert len(up) == 5
    assert out["sorted"] == "ascending"
    assert [float(value) for value in out["down"] if value] == up[::-1]  # type: ignore[attr-defined]
    assert out["up"][-1] == out["down"][-1] == "", "what was not measured stays at the end"  # type: ignore[index]
    assert out["filtered"] == 3
    assert out["worst"] == ["b", "c", "a <b> & 'c' \"d\""]
    assert out["best"] == out["worst"][::-1]  # type: ignore[index]
    assert (out["before"], out["after"]) == ([False, True], [True, False])
    assert [out["focus"], out["second"]] == out["best"][:2]  # type: ignore[index]
    assert out["opened"]
    assert "(1 of" in str(out["first"])
    assert "(2 of" in str(out["next"])
    assert out["loaded"]
    assert out["back"] == "BUTTON"


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


def test_votes_are_cast_by_key_taken_back_and_exported(report: Path, chromium: str, tmp_path: Path) -> None:
    script = """
      const shown = () => [...document.querySelectorAll('.slide')].findIndex(slide => !slide.hidden);
      document.querySelector('#voter').value = 'me';
      document.querySelector('#begin').click(); out.start = shown();
      press('ArrowLeft'); out.one = shown(); press('Backspace'); out.back = shown();
      out.chosen = document.querySelectorAll('.slide')[0].querySelector('.chosen').dataset.choice;
      press('d'); press('s'); press('5'); out.rated = shown(); press('9'); out.still = shown(); press('Escape');
      out.end = !document.querySelector('#end').hidden;
      out.votes = found();
    """
    out = drive(chromium, report / "ab.html", script, tmp_path)
    assert (out["start"], out["one"], out["back"]) == (0, 1, 0)
    assert out["chosen"] == "left"
    assert (out["rated"], out["still"]) == (3, 3)
    assert out["end"]
    votes: dict[str, list[dict[str, object]]] = out["votes"]  # type: ignore[assignment]
    assert [vote["choice"] for vote in votes["pairs"]] == ["right", "tie"]
    assert {votes["pairs"][0]["left"], votes["pairs"][0]["right"]} == {"near", "far"}
    assert [vote["rating"] for vote in votes["ratings"]] == [5]
    path = tmp_path / "votes.json"
    path.write_text(json.dumps(votes), encoding="utf-8")
    count = count_votes([str(path)])
    assert count.unanswered == 1
    assert (count.preferences[0].n, count.preferences[0].ties) == (2, 1)


# votes


def ballot(path: Path, choices: list[str], ratings: list[int]) -> str:
    pairs = [{"name": "a", "left": "flat", "right": "pix2pix", "choice": choice} for choice in choices]
    rated = [{"name": "a", "method": "flat", "rating": rating} for rating in ratings]
    shown = {"pairs": len(pairs) + 1, "ratings": len(rated)}
    path.write_text(json.dumps({"kind": "colorize-cli votes", "shown": shown, "pairs": pairs, "ratings": rated}))
    return str(path)


def test_votes_become_rates_and_scores_with_intervals(tmp_path: Path) -> None:
    first = ballot(tmp_path / "1.json", ["right"] * 6 + ["left"], [4, 5])
    second = ballot(tmp_path / "2.json", ["right", "tie", "tie"], [3])
    count = count_votes([first, second])
    (preference,) = count.preferences
    assert (preference.first_wins, preference.second_wins, preference.ties, preference.n) == (1, 7, 2, 10)
    assert preference.rate == pytest.approx(0.8)  # (7 + 2 / 2) / 10
    assert preference.interval.low == pytest.approx(0.4902, abs=1e-3)  # Wilson, 8 of 10
    assert preference.p == pytest.approx(2 * 9 / 2**8)  # 7 of 8 or more, two-sided
    (opinion,) = count.opinions
    assert (opinion.score, opinion.n) == (4.0, 3)
    assert 3 <= opinion.interval.low <= 4 <= opinion.interval.high <= 5
    assert count.unanswered == 2
    assert "pix2pix preferred to flat: 80 %" in count.table
    assert "n = 10" in count.table
    assert "flat: mean opinion score 4.00" in count.table
    assert count.summary()["preferences"][0]["rate"] == pytest.approx(0.8)


@pytest.mark.parametrize("text", ["", "[]", '{"kind": "other"}', '{"kind": "colorize-cli votes", "pairs": [{}]}'])
def test_files_that_are_no_votes_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "v.json").write_text(text)
    with pytest.raises(UsageError, match=r"is no file of votes|cannot be read"):
        count_votes([str(tmp_path / "v.json")])
