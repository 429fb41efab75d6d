"""The page for blind votes in a real headless Chromium."""

import json
from pathlib import Path

from pipelines.count_votes import count_votes
from tests.reports.pages import drive


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
    votes = out["votes"]
    assert [vote["choice"] for vote in votes["pairs"]] == ["right", "tie"]
    assert {votes["pairs"][0]["left"], votes["pairs"][0]["right"]} == {"near", "far"}
    assert [vote["rating"] for vote in votes["ratings"]] == [5]
    path = tmp_path / "votes.json"
    path.write_text(json.dumps(votes), encoding="utf-8")
    count = count_votes([str(path)])
    assert count.unanswered == 1
    assert (count.preferences[0].n, count.preferences[0].ties) == (2, 1)
