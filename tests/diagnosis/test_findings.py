"""A finding as people read it."""

from colorize_cli.diagnosis.findings import Finding


def test_what_to_type_stands_on_a_line_of_its_own() -> None:
    assert Finding("torch", "ok", "2.6").as_text() == "ok      torch: 2.6"
    lines = Finding("torch", "problem", "not installed", "pip install torch").as_text().splitlines()
    assert lines == ["problem torch: not installed", "        -> pip install torch"]
