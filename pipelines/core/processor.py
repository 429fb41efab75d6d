"""Tells what the processor of this machine can do."""

from pathlib import Path

_DESCRIPTION = Path("/proc/cpuinfo")


def processor_flags() -> frozenset[str]:
    """What the processor says that it can do, in the kernel's words; nothing where no kernel says so."""
    try:
        lines = _DESCRIPTION.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    said = (line.partition(":") for line in lines)
    return frozenset(next((words for name, _, words in said if name.strip() in ("flags", "Features")), "").split())
