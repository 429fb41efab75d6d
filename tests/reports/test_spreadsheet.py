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
