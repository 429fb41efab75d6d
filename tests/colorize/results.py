"""What tests look at in the results of a run."""

from pathlib import Path


def files_of(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*.png"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def two(networks: Path) -> tuple[object, ...]:
    return ("--model", f"pix2pix={networks / 'p2p'}", "--model", f"cyclegan={networks / 'run'}")
