"""Stage: files of blind votes -> preference rates and mean opinion scores, with intervals."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict, cast, get_args

from pipelines.core.errors import UsageError
from pipelines.core.files import read_bounded, show_path
from pipelines.core.json_text import FieldError, field, from_json, json_values, wrong_field
from pipelines.core.settings import plain
from pipelines.metrics.base.statistics import Interval, bootstrap_mean, sign_test, wilson_interval
from pipelines.reports.ballot import KIND
from pipelines.reports.base.wording import format_p_value

Choice = Literal["left", "right", "tie"]
_CHOICES: tuple[str, ...] = get_args(Choice)


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
        lines += map(_describe_preference, self.preferences)
        lines += map(_describe_opinion, self.opinions)
        return "\n".join(lines)

    def summary(self) -> dict[str, Any]:
        """The counts as plain values."""
        preferences = [
            plain(preference)
            | {
                "n": preference.n,
                "rate": preference.rate,
                "interval": plain(preference.interval),
                "p": preference.p,
            }
            for preference in self.preferences
        ]
        summary = {"voters": self.voters, "unanswered": self.unanswered, "preferences": preferences}
        return dict(json_values(summary | {"opinions": plain(self.opinions)}))


class _PairVote(TypedDict):
    left: str  # method
    right: str
    choice: Choice


class _RatingVote(TypedDict):
    method: str
    rating: int  # 1..5


class _VoteFile(TypedDict):
    shown: dict[str, int]  # how many pairs and how many pictures to rate the voter was shown
    pairs: list[_PairVote]
    ratings: list[_RatingVote]


def count_votes(files: Sequence[str]) -> Votes:
    """Count the votes in files that the page for blind votes saved; raises UsageError for any other file."""
    votes = [_read(Path(name)) for name in files]
    paths = [Path(name).resolve() for name in files]
    for number, path in enumerate(paths):
        if path in paths[:number]:
            raise UsageError(f"{show_path(files[number])} is given twice", hint="Give each file of votes once")
    shown = sum(sum(voter["shown"].values()) for voter in votes)
    pairs = [vote for voter in votes for vote in voter["pairs"]]
    ratings = [vote for voter in votes for vote in voter["ratings"]]
    return Votes(len(votes), tuple(_preferences(pairs)), tuple(_opinions(ratings)), shown - len(pairs) - len(ratings))


def _read(path: Path) -> _VoteFile:
    try:
        content: object = from_json(read_bounded(path))
    except OSError as error:
        raise UsageError(f"{show_path(path)} cannot be read: {error.strerror}", hint="Check --votes") from error
    except ValueError as error:
        raise _foreign(path, "it is damaged or cut short") from error
    try:
        return _votes_of(content)
    except FieldError as error:
        raise _foreign(path, str(error)) from error


def _foreign(path: Path, reason: str) -> UsageError:
    return UsageError(f"{show_path(path)} is no file of votes: {reason}", hint="Give files that ab.html saved")


def _votes_of(content: object) -> _VoteFile:
    """The votes in a file; raises FieldError for the first field that is missing or holds something else."""
    if field(content, ["kind"], str) != KIND:
        raise wrong_field(["kind"], field(content, ["kind"], str), f'"{KIND}"')
    pairs = [_pair_vote(content, at) for at in range(len(field(content, ["pairs"], list)))]
    ratings = [_rating_vote(content, at) for at in range(len(field(content, ["ratings"], list)))]
    shown = {name: _shown(content, name, len(votes)) for name, votes in (("pairs", pairs), ("ratings", ratings))}
    return {"shown": shown, "pairs": pairs, "ratings": ratings}


def _pair_vote(content: object, at: int) -> _PairVote:
    left, right = (_method(content, ["pairs", at, side]) for side in ("left", "right"))
    choice = field(content, ["pairs", at, "choice"], str)
    if choice not in _CHOICES:
        raise wrong_field(["pairs", at, "choice"], choice, f"one of {', '.join(_CHOICES)}")
    if left == right:
        raise wrong_field(["pairs", at, "right"], right, "another method than on the left")
    return {"left": left, "right": right, "choice": cast(Choice, choice)}


def _rating_vote(content: object, at: int) -> _RatingVote:
    rating = field(content, ["ratings", at, "rating"], int)
    if not 1 <= rating <= 5:
        raise wrong_field(["ratings", at, "rating"], rating, "one of 1, 2, 3, 4, 5")
    return {"method": _method(content, ["ratings", at, "method"]), "rating": rating}


def _method(content: object, path: list[str | int]) -> str:
    """The name of a method, which is shown: nothing in it moves a cursor."""
    name = field(content, path, str)
    if not name:
        raise wrong_field(path, name, "the name of a method")
    return show_path(name)


def _shown(content: object, part: str, votes: int) -> int:
    count = field(content, ["shown", part], int)
    if count < votes:
        raise wrong_field(["shown", part], count, f"at least {votes}, as many votes as there are")
    return count


def _preferences(votes: Sequence[_PairVote]) -> Iterator[Preference]:
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)  # winner -> votes; "": a tie
    for vote in votes:
        first, second = sorted((vote["left"], vote["right"]))
        counts[first, second]["" if vote["choice"] == "tie" else vote[vote["choice"]]] += 1
    for (first, second), wins in sorted(counts.items()):
        yield Preference(first, second, wins[first], wins[second], wins[""])


def _opinions(votes: Sequence[_RatingVote]) -> Iterator[Opinion]:
    by_method: dict[str, list[int]] = defaultdict(list)
    for vote in votes:
        by_method[vote["method"]].append(vote["rating"])
    for method, ratings in sorted(by_method.items()):
        yield Opinion(method, sum(ratings) / len(ratings), bootstrap_mean(ratings), len(ratings))


def _describe_preference(preference: Preference) -> str:
    low, high = 100 * preference.interval.low, 100 * preference.interval.high
    wins = f"{preference.second_wins} wins, {preference.first_wins} losses, {preference.ties} ties"
    return (
        f"{preference.second} preferred to {preference.first}: {100 * preference.rate:.0f} % "
        f"(95 % {low:.0f}..{high:.0f}), {wins}, n = {preference.n}, sign test {format_p_value(preference.p)}"
    )


def _describe_opinion(opinion: Opinion) -> str:
    low, high = opinion.interval.low, opinion.interval.high
    interval = f" (95 % {low:.2f}..{high:.2f})" if math.isfinite(low) else ""
    return f"{opinion.method}: mean opinion score {opinion.score:.2f}{interval}, n = {opinion.n}"
