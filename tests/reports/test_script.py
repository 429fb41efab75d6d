"""The page of an evaluation in a real headless Chromium, by mouse and keyboard."""

from pathlib import Path

from tests.reports.pages import drive


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
      const closed = new Promise(done => dialog.addEventListener('close', done));  // after the page's own listener
      dialog.close(); await closed; out.back = document.activeElement.tagName;
    """
    out = drive(chromium, report / "report.html", script, tmp_path)
    assert out["broken"] == 0
    up = [float(value) for value in out["up"] if value]
    assert up == sorted(up)
    assert len(up) == 5
    assert out["sorted"] == "ascending"
    assert [float(value) for value in out["down"] if value] == up[::-1]
    assert out["up"][-1] == out["down"][-1] == "", "what was not measured stays at the end"
    assert out["filtered"] == 3
    assert out["worst"] == ["b", "c", "a <b> & 'c' \"d\""]
    assert out["best"] == out["worst"][::-1]
    assert (out["before"], out["after"]) == ([False, True], [True, False])
    assert [out["focus"], out["second"]] == out["best"][:2]
    assert out["opened"]
    assert "(1 of" in str(out["first"])
    assert "(2 of" in str(out["next"])
    assert out["loaded"]
    assert out["back"] == "BUTTON"
