"""Checks what colorize-cli writes against the schemas that it prints."""

from typing import Any

import jsonschema

from colorize_cli.schemas import document


def problems(name: str, content: Any) -> list[str]:
    """What a schema finds wrong with a content, each with its place; empty where it fits."""
    errors = jsonschema.Draft202012Validator(document(name)).iter_errors(content)
    return [f"{error.json_path}: {error.message}" for error in errors]
