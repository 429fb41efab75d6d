"""`colorize-cli schema`."""

import json
from pathlib import Path

import jsonschema
import pytest

from colorize_cli.schemas import SCHEMAS
from tests.conftest import Cli

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "schemas"


def test_without_a_name_every_schema_is_listed_with_what_it_is_for(cli: Cli) -> None:
    lines = cli("schema").out.splitlines()
    assert [line.partition(":")[0] for line in lines] == list(SCHEMAS)
    assert all(line.partition(": ")[2].endswith(".") for line in lines)


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_is_printed_is_a_schema_and_lies_in_docs(cli: Cli, name: str) -> None:
    printed = cli("schema", name).out
    schema = json.loads(printed)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:colorize-cli:schema:{name}"
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == printed, "write them anew: make schemas"


def test_docs_have_no_other_schema() -> None:
    assert {path.stem for path in FOLDER.glob("*")} == set(SCHEMAS)


def test_an_unknown_name_is_exit_2_with_the_nearest(cli: Cli) -> None:
    ran = cli("schema", "records")
    assert ran.code == 2
    assert "Did you mean 'record'?" in ran.err
