"""JUnit XML at the end of the run: one test case per input, one more for each limit that was not kept.

Elements and attributes are those that Jenkins, GitLab, Azure Pipelines and CircleCI read: https://llg.cubic.org/docs/junit/
"""

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from colorize_cli.output_formats._words import TOOL, one_line, run_problems
from pipelines.core.batch.report import Record, Report
from pipelines.core.errors import ColorizeError


def of_record(record: Record) -> str:
    """Nothing: the document comes at the end."""
    return ""


def of_report(report: Report) -> str:
    """The document of a run."""
    cases = [*_cases(report), *(_problem(report.command, problem) for problem in run_problems(report))]
    return _document(report.command, cases, seconds=report.seconds, notes=report.notes)


def of_error(error: ColorizeError) -> str:
    """A document with one case, an error."""
    case = Element("testcase", classname=TOOL, name="run", time="0.000")
    SubElement(case, "error", message=one_line(str(error)), type=type(error).__name__)
    return _document("run", [case])


def _cases(report: Report) -> Iterator[Element]:
    for record in report.records:
        case = Element(
            "testcase",
            classname=f"{TOOL}.{report.command}",
            name=one_line(record.input),
            time=f"{record.milliseconds / 1000:.3f}",
        )
        if record.status == "failed":
            SubElement(case, "failure", message=one_line(record.reason), type="failed")
        elif record.status == "skipped":
            SubElement(case, "skipped", message=one_line(record.reason))
        if record.warnings:
            SubElement(case, "system-out").text = _lines("warning: ", record.warnings)
        yield case


def _problem(command: str, problem: str) -> Element:
    """A case that failed, for what is wrong with the whole run."""
    case = Element("testcase", classname=f"{TOOL}.{command}", name=one_line(problem), time="0.000")
    SubElement(case, "failure", message=one_line(problem), type="run")
    return case


def _document(command: str, cases: Sequence[Element], *, seconds: float = 0.0, notes: Sequence[str] = ()) -> str:
    counts = {
        "tests": str(len(cases)),
        "failures": _count(cases, "failure"),
        "errors": _count(cases, "error"),
        "skipped": _count(cases, "skipped"),
        "time": f"{seconds:.3f}",
    }
    root = Element("testsuites", {"name": TOOL, **counts})
    suite = SubElement(root, "testsuite", {"name": command, **counts})
    suite.extend(cases)
    if notes:
        SubElement(suite, "system-out").text = _lines("", notes)
    indent(root)
    text: str = tostring(root, encoding="us-ascii").decode()
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'


def _count(cases: Sequence[Element], kind: str) -> str:
    return str(sum(case.find(kind) is not None for case in cases))


def _lines(prefix: str, texts: Sequence[str]) -> str:
    return "\n".join(prefix + one_line(text) for text in texts)
