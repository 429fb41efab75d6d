"""`--output-format junit`: test cases as CI services read them."""

from xml.etree import ElementTree

from colorize_cli.output_formats import junit
from pipelines.core.errors import UsageError
from tests.output_formats.runs import RECORDS, report


def test_each_input_is_a_case_and_counts_add_up() -> None:
    text = junit.of_report(report())
    assert text.isascii()
    root = ElementTree.fromstring(text)
    suite = root[0]
    for element in (root, suite):
        counts = [element.get(name) for name in ("tests", "failures", "errors", "skipped", "time")]
        assert counts == ["3", "1", "0", "1", "2.250"]
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases[:2]] == ["art/a.png", "art/deep/b.png"]
    assert {case.get("classname") for case in cases} == {"colorize-cli.colorize"}
    assert cases[0].get("time") == "1.500"
    assert cases[0].findtext("system-out") == "warning: it is dark\nwarning: it is small"
    assert cases[1].find("skipped").get("message") == "unchanged"  # type: ignore[union-attr]
    assert suite.findtext("system-out") == "9 areas"


def test_names_and_reasons_with_markup_and_control_letters_come_back_as_one_line() -> None:
    case = ElementTree.fromstring(junit.of_report(report()))[0].findall("testcase")[2]
    assert case.get("name") == r"art/50%,a:b\n::stop-commands::x\udc80<é>.png"
    assert case.find("failure").get("message") == r'it is "empty" & cut\noff: 100 %'  # type: ignore[union-attr]


def test_a_limit_that_was_not_kept_is_a_failure_of_its_own() -> None:
    root = ElementTree.fromstring(junit.of_report(report(limits=("psnr is low",))))
    assert (root.get("tests"), root.get("failures")) == ("4", "2")
    assert root[0].findall("testcase")[-1].get("name") == "psnr is low"


def test_an_error_of_the_run_is_one_case() -> None:
    root = ElementTree.fromstring(junit.of_error(UsageError("there is no input", hint="Name one")))
    assert (root.get("tests"), root.get("errors")) == ("1", "1")
    error = root.find("testsuite/testcase/error")
    assert error is not None
    assert error.get("message") == "there is no input. Name one"
    assert junit.of_record(RECORDS[2]) == ""
