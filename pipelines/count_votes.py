"""Stage: files of blind votes -> preference rates and mean opinion scores, with intervals."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.core.errors import UsageError
from pipelines.core.files import show_path
from pipelines.core.settings import plain
from pipelines.metrics.base.statistics import Interval, bootstrap_mean, sign_test, wilson_interval
from pipelines.reports._words import show_p
from pipelines.reports.ballot import KIND
from pipelines.reports.data import sound

_CHOICES = ("left", "right", "tie")


@dataclass(frozen=True)
class Preference:
    """How often the second of two methods was preferred to the first."""

    first: str
    second: str
    first_wins: int
    second_wins: int
    ties: int

    @property
    def n(self) -> int:
        """Votes on this pair of methods."""
        return self.first_wins + self.second_wins + self.ties

    @property
    def rate(self) -> float:
        """Share of votes for the second, ties counted half."""
        return (self.second_wins + self.ties / 2) / self.n

    @property
    def interval(self) -> Interval:
        """Of the rate, 95 %, by Wilson."""
        return wilson_interval(self.second_wins + self.ties / 2, self.n)

    @property
    def p(self) -> float:
        """Two-sided p-value of the sign test, ties left out."""
        return sign_test(self.second_wins, self.first_wins)


@dataclass(frozen=True)
class Opinion:
    """What voters think of one method, 1 (bad) to 5 (excellent)."""

    method: str
    score: float  # mean opinion score (ITU-T P.800.1)
    interval: Interval
    n: int


@dataclass(frozen=True)
class Votes:
    """All votes, counted."""

    voters: int  # files
    preferences: tuple[Preference, ...]
    opinions: tuple[Opinion, ...]
    unanswered: int  # pairs and pictures that were shown and passed over

    @property
    def table(self) -> str:
        """The counts in words, with n on every line."""
        lines = [f"{self.voters} files of votes, {self.unanswered} questions not answered"]
        lines += [_preference_line(preference) for preference in self.preferences]
        lines += [
            f"{opinion.method}: mean opinion score {opinion.score:.2f}{_interval(opinion.interval, 2)}, n = {opinion.n}"
            for opinion in self.opinions
        ]
        return "\n".join(lines)

    def summary(self) -> dict[str, Any]:
        """The counts as plain values."""
        preferences = [
            plain(one) | {"n": one.n, "rate": one.rate, "interval": plain(one.interval), "p": one.p}
            for one in self.preferences
        ]
        summary = {"voters": self.voters, "unanswered": self.unanswered, "preferences": preferences}
        return dict(sound(summary | {"opinions": plain(self.opinions)}))


def count_votes(files: Sequence[str]) -> Votes:
    """Count the votes in files that the page for blind votes saved; raises UsageError for any other file."""
    ballots = [_read(Path(name)) for name in files]
    places = [Path(name).resolve() for name in files]
    for number, place in enumerate(places):
        if place in places[:number]:
            raise UsageError(f"{show_path(files[number])} is given twice", hint="Give each file of votes once")
    shown = sum(sum(ballot["shown"].values()) for ballot in ballots)
    pairs = [vote for ballot in ballots for vote in ballot["pairs"]]
    ratings = [vote for ballot in ballots for vote in ballot["ratings"]]
    return Votes(len(ballots), tuple(_preferences(pairs)), tuple(_opinions(ratings)), shown - len(pairs) - len(ratings))


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{show_path(path)} cannot be read: {error.strerror}", hint="Check --votes") from error
    except ValueError as error:
        raise _foreign(path) from error
    if not isinstance(found, dict) or found.get("kind") != KIND or not _is_sound(found):
        raise _foreign(path)
    return found


def _foreign(path: Path) -> UsageError:
    return UsageError(f"{show_path(path)} is no file of votes", hint="Give files that ab.html saved")


def _is_sound(found: dict[str, Any]) -> bool:
    try:
        pairs = all(
            vote["choice"] in _CHOICES and _are_names(vote["left"], vote["right"]) and vote["left"] != vote["right"]
            for vote in found["pairs"]
        )
        ratings = all(vote["rating"] in (1, 2, 3, 4, 5) and _are_names(vote["method"]) for vote in found["ratings"])
        shown = all(
            isinstance(found["shown"][kind], int) and found["shown"][kind] >= len(found[kind])
            for kind in ("pairs", "ratings")
        )
        return pairs and ratings and shown
    except (KeyError, TypeError, AttributeError):
        return False


def _are_names(*values: object) -> bool:
    return all(isinstance(value, str) and value for value in values)


def _preferences(votes: Sequence[dict[str, Any]]) -> Iterator[Preference]:
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for vote in votes:
        first, second = sorted((vote["left"], vote["right"]))
        chosen = {"left": vote["left"], "right": vote["right"], "tie": None}[vote["choice"]]
        counts[first, second][2 if chosen is None else (first, second).index(chosen)] += 1
    for (first, second), (first_wins, second_wins, ties) in sorted(counts.items()):
        yield Preference(first, second, first_wins, second_wins, ties)


def _opinions(votes: Sequence[dict[str, Any]]) -> Iterator[Opinion]:
    ratings: dict[str, list[int]] = defaultdict(list)
    for vote in votes:
        ratings[vote["method"]].append(vote["rating"])
    for method, given in sorted(ratings.items()):
        yield Opinion(method, sum(given) / len(given), bootstrap_mean(given), len(given))


def _preference_line(one: Preference) -> str:
    rate = f"{100 * one.rate:.0f} % (95 % {100 * one.interval.low:.0f}..{100 * one.interval.high:.0f})"
    wins = f"{one.second_wins} wins, {one.first_wins} losses, {one.ties} ties"
    return f"{one.second} preferred to {one.first}: {rate}, {wins}, n = {one.n}, sign test {show_p(one.p)}"


def _interval(interval: Interval, digits: int) -> str:
    bounded = abs(interval.low) < float("inf")
    return f" (95 % {interval.low:.{digits}f}..{interval.high:.{digits}f})" if bounded else ""
