"""The CSV of an evaluation, as a spreadsheet takes it."""

import csv
import io

from pipelines.metrics.base.results import Evaluation, PictureScores
from pipelines.reports import spreadsheet
from tests.reports.findings import small_evaluation


def test_every_picture_of_every_method_is_a_row() -> None:
    head, *rows = csv.reader(io.StringIO(spreadsheet.write(small_evaluation()).decode()))
    assert head == ["method", "picture", "psnr", "delta_e", "problem"]
    assert rows[0] == ["near", "a", "30.0", "1.0", ""]
    assert rows[1] == ["near", "b", "inf", "0.0", ""]
    assert rows[2] == ["near", "'=c", "32.0", "", ""]
    assert rows[5] == ["far", "'=c", "", "", "cannot be read"]


def test_no_text_is_taken_for_a_formula_and_any_name_can_be_written() -> None:
    names = ["=1+1", "+1", "-1", "@x", "\tx", "a,b", 'a"b', "two\nlines", "\udce9"]
    rows = tuple(PictureScores("m", name, {}) for name in names)
    content = spreadsheet.write(Evaluation("truth", (), (), rows)).decode()
    written = [row[1] for row in list(csv.reader(io.StringIO(content)))[1:]]
    assert written == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "a,b", 'a"b', "two\nlines", "\\udce9"]


def test_a_bare_carriage_return_splits_no_row_and_nothing_steers_a_terminal() -> None:
    names = ["x\r=1+1", "\r=2", "\n=3", "\uff1d4", "a\x1b[31mb\x9bc\x00", "wide\u3000space"]
    rows = tuple(PictureScores("m", name, {}, problem="p\rq") for name in names)
    content = spreadsheet.write(Evaluation("truth", (), (), rows)).decode()
    assert content.count("\n") == len(names) + 2, "a line for each, and one line feed in a name"
    assert '"x\r=1+1"' in content
    written = list(csv.reader(io.StringIO(content, newline="")))[1:]
    shown = ["x\r=1+1", "'\r=2", "'\n=3", "'\uff1d4", r"a\x1b[31mb\x9bc\x00", "wide\u3000space"]
    assert [row[1] for row in written] == shown
    assert {tuple(row[2:]) for row in written} == {("p\rq",)}
