"""JSON Schemas (draft 2020-12) of all that colorize-cli writes for programs: what `colorize-cli schema` prints."""

from typing import Any

from colorize_cli.schemas import batch, datasets, evaluation, models, training
from pipelines.core import registry
from pipelines.core.errors import UsageError

SCHEMAS: dict[str, dict[str, Any]] = {
    **batch.SCHEMAS,
    **evaluation.SCHEMAS,
    **datasets.SCHEMAS,
    **training.SCHEMAS,
    **models.SCHEMAS,
}
"""Every schema by its name, without the lines that make it a document of its own."""


def document(name: str) -> dict[str, Any]:
    """The schema of a name as a document; raises UsageError that lists the choices for an unknown one."""
    if name not in SCHEMAS:
        raise UsageError(f"there is no schema '{name}'", hint=registry.suggestion(name, tuple(SCHEMAS)))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:colorize-cli:schema:{name}",
        **SCHEMAS[name],
    }
