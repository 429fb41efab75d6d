"""Tells what the processor of this machine can do."""

from pathlib import Path

_DESCRIPTION = Path("/proc/cpuinfo")


def processor_flags() -> frozenset[str]:
    """What the processor says that it can do, in the kernel's words; nothing where no kernel says so."""
    return frozenset(_said("flags", "Features").split())


def processor_name() -> str:
    """What the processor calls itself; nothing where no kernel says so."""
    return _said("model name")


def _said(*names: str) -> str:
    """What the kernel says of the first processor core under one of these names."""
    try:
        lines = _DESCRIPTION.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    said = (line.partition(":") for line in lines)
    return next((words.strip() for name, _, words in said if name.strip() in names), "")
