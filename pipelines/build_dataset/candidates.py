"""Decides what becomes of each picture that was found: its name, its lines, its split, or why it is left out."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.build_dataset.options import Splitting
from pipelines.build_dataset.sample import SampleTask
from pipelines.core.batch.plan import BatchSettings, Job
from pipelines.core.data.attribution import Attributions
from pipelines.core.data.curation import CurationResult
from pipelines.core.data.layout import DatasetLayout, record_path
from pipelines.core.data.pairing import Pair, PairingResult
from pipelines.core.data.splits import SPLITS, split_named, split_of


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that was found, and what is to become of it."""

    pair: Pair
    name: str  # of everything made from it
    lines: tuple[str, ...]  # LINES that it gets
    split: str
    skip_reason: str  # why it is left out; empty where it is not

    def files(self, layout: DatasetLayout, hints: Sequence[str]) -> list[str]:
        """Its files in the dataset's folder: the hidden record of what was made, then its artifacts."""
        artifacts = layout.artifacts(self.lines, hints)
        return [record_path(self.name), *(layout.path_of(item, self.split, self.name) for item in artifacts)]


@dataclass(frozen=True, slots=True)
class CandidateOutputs:
    """The output paths of a candidate's job, worked out each time: kept, they would take most of a run's memory."""

    folder: Path
    layout: DatasetLayout
    candidate: Candidate
    hints: Sequence[str]

    def __iter__(self) -> Iterator[Path]:
        """The paths, the record first."""
        return (self.folder / file for file in self.candidate.files(self.layout, self.hints))


def list_candidates(
    pairing: PairingResult,
    curation: CurationResult,
    task: SampleTask,
    *,
    splitting: Splitting,
    attributions: Attributions,
    settings: BatchSettings,
) -> list[Candidate]:
    """A candidate for each pair, in their order."""
    mismatches = {str(mismatch.path): mismatch.reason for mismatch in pairing.mismatches}
    is_split_picture = task.reading in ("AB", "BA")
    candidates = []
    for index, pair in enumerate(pairing.pairs):
        lines = task.line_labels(has_own_lines=pair.lines is not None or is_split_picture)
        reason = curation.reasons.get(index, "") or ("" if lines else mismatches[str(pair.picture)])
        name = str(pair.name if settings.keep_extension else pair.name.with_suffix(""))
        split = "" if reason else choose_split(pair, name, splitting, seed=settings.seed, attributions=attributions)
        candidates.append(Candidate(pair, name, lines, split, reason))
    return candidates


def choose_split(pair: Pair, name: str, splitting: Splitting, *, seed: int, attributions: Attributions) -> str:
    """The split that a sidecar or a folder names, where these count, else the one of the picture's group or name."""
    attribution = attributions.of(pair.picture) if splitting.keep or splitting.group_by else {}
    if splitting.keep:
        named = split_named(str(attribution.get("split", ""))) or split_of_folders(pair)
        if named is not None:
            return named
    key = str(pair.name.with_suffix(""))
    if splitting.group_by in attribution:
        key = str(attribution[splitting.group_by])
    elif splitting.group_pattern is not None:
        match = re.search(splitting.group_pattern, key)
        key = (match and match[match.lastindex or 0]) or key
    return split_of(key, seed, splitting.shares)


def split_of_folders(pair: Pair) -> str | None:
    """The split that a picture's folders name, the one that was given as an input included; None where they do not."""
    named = split_named(str(pair.name.parent))
    parents = list(pair.picture.absolute().parents)
    is_below_input = (
        named is None and PurePosixPath(pair.picture.as_posix()).parts[-len(pair.name.parts) :] == pair.name.parts
    )
    return split_named(parents[len(pair.name.parts) - 1].name) if is_below_input else named


def note_split_folders(pairs: Sequence[Pair], splitting: Splitting) -> list[str]:
    """A note where pictures lie in folders named after splits, and these do not count."""
    if splitting.keep:
        return []
    counts = Counter(split_of_folders(pair) for pair in pairs)
    inside = any(split_named(str(pair.name.parent)) for pair in pairs)
    named = [f"{counts[split]} in {split}" for split in SPLITS if counts[split]]
    if not named or (len(named) < 2 and not inside):
        return []
    return [
        f"folders name splits ({', '.join(named)}), but the pictures were divided anew: --keep-split keeps these splits"
    ]


def job_of(candidate: Candidate, layout: DatasetLayout, hints: Sequence[str], *, folder: Path) -> Job:
    """The job that makes a candidate's files in the dataset's folder; `hints` are the HINTS of every picture."""
    reads: list[tuple[str, Path | None]] = [("picture", candidate.pair.picture)]
    if candidate.pair.lines is not None:
        reads.append(("lines", candidate.pair.lines))
    return Job(tuple(reads), CandidateOutputs(folder, layout, candidate, hints), candidate.pair.name)
