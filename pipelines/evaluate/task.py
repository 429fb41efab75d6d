"""The work on one picture of one method: from its files to a small file of scores, and back to a row of the report."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from pipelines.core.batch.plan import Job
from pipelines.core.batch.report import Record
from pipelines.core.batch.workers import Produced
from pipelines.core.errors import MethodError, PictureError
from pipelines.core.files import show_path
from pipelines.core.imaging.arrays import U8
from pipelines.core.imaging.colours import WHITE
from pipelines.core.imaging.compositing import composite
from pipelines.core.imaging.picture import Picture, decode_picture
from pipelines.core.json_text import json_values
from pipelines.metrics.base.case import Case
from pipelines.metrics.base.metric import create_metric, needs_of
from pipelines.metrics.base.results import Features, PictureScores, Score
from pipelines.regions import trapped_ball
from pipelines.segmentation.line_art import ink_layer, line_drawing


@dataclass(frozen=True)
class PictureJob:
    """One picture of one method: where it is read from and where its scores are kept."""

    method: str
    name: str  # relative path without suffix
    job: Job


@dataclass(frozen=True)
class MeasureTask:
    """The work on one picture: decode it and its partners, measure, and write the scores as JSON."""

    metrics: tuple[str, ...]
    resize: bool = False
    weights: Mapping[str, str] = field(default_factory=dict)  # metric -> file of its network

    def __call__(self, files: Mapping[str, bytes], rng: np.random.Generator) -> Produced:
        """Files by their role (result, truth, lines, hints) in; scores out."""
        pictures = {role: _decode(role, content) for role, content in files.items()}
        case, warnings = self.case(pictures)
        available = {"weights", "frames", *files} | ({"regions"} if "lines" in files else set())
        scores = {
            name: _rounded(name, create_metric(name, self.weights.get(name)).measure(case))
            for name in self.metrics
            if needs_of(name) <= available
        }
        content = {"figures": scores, "warnings": warnings}
        return Produced((json.dumps(json_values(content)).encode(),), tuple(warnings))

    def case(self, pictures: Mapping[str, Picture]) -> tuple[Case, list[str]]:
        """What metrics look at, all of the truth's size, and what was done to bring it there."""
        truth = pictures["truth"].over_white()
        layers = {role: _layer(role, picture) for role, picture in pictures.items() if role != "truth"}
        warnings = []
        for role, layer in layers.items():
            if layer.shape[:2] != truth.shape[:2]:
                layers[role], warning = self._resized(role, layer, (truth.shape[0], truth.shape[1]))
                warnings.append(warning)
        lines = ink = regions = None
        if "lines" in layers:
            line_art = _picture(layers["lines"])
            lines, ink = line_drawing(line_art), ink_layer(line_art)
            if any("regions" in needs_of(name) for name in self.metrics):
                regions = trapped_ball.segment(lines, trapped_ball.Params())
        result = composite(layers["result"], WHITE)
        return Case(result, truth, lines, ink, layers.get("hints"), regions), warnings

    def _resized(self, role: str, layer: U8, size: tuple[int, int]) -> tuple[U8, str]:
        """A layer brought to a height and width, and a warning; raises MethodError where that is not wanted."""
        height, width = size
        sizes = f"{layer.shape[1]}x{layer.shape[0]}, the truth {width}x{height}"
        if not self.resize:
            raise MethodError(f"the {role}: {sizes}", hint="Use --resize to bring it to the truth's size")
        shrinks = layer.shape[0] * layer.shape[1] > height * width
        method = cv2.INTER_NEAREST if role == "hints" else cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        resized = cv2.resize(layer, (width, height), interpolation=method)
        return np.asarray(resized, np.uint8), f"the {role} was resized: {sizes}"


def _decode(role: str, content: bytes) -> Picture:
    try:
        return decode_picture(content)
    except PictureError as error:  # which of several files it is has to be said
        raise PictureError(f"the {role}: {error.message}", hint=error.hint) from error


def _layer(role: str, picture: Picture) -> U8:
    """RGBA (H, W, 4), whatever the picture has."""
    if role == "hints" and picture.alpha is None:
        raise PictureError("the hints: they are opaque all over", hint="Hints are transparent but for the hints")
    return picture.layer()


def _picture(layer: U8) -> Picture:
    alpha = np.ascontiguousarray(layer[..., 3])
    return Picture(np.ascontiguousarray(layer[..., :3]), None if int(alpha.min()) == 255 else alpha)


def _rounded(name: str, score: Score) -> Score:
    """A number to nine digits, since the last ones depend on how many threads a matrix product was given."""
    if not isinstance(score, float):
        return score
    if math.isnan(score):
        raise MethodError(f"{name} is not a number for this picture", hint="Leave it out with --metric")
    return float(f"{score:.9g}")


def read_row(picture: PictureJob, record: Record) -> PictureScores:
    """What is known of a picture after the run, from the file of its scores."""
    files = {role: str(path) for role, path in picture.job.reads if path is not None}
    if record.status == "failed":
        return PictureScores(picture.method, picture.name, {}, record.reason, (), files)
    path = picture.job.output
    assert path is not None
    try:
        scores, features, warnings = _read_scores(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        damaged = f"{show_path(path)} is damaged. Use --overwrite"
        return PictureScores(picture.method, picture.name, {}, damaged, (), files)
    return PictureScores(picture.method, picture.name, scores, "", warnings, files, features)


def _read_scores(path: Path) -> tuple[dict[str, float | None], dict[str, Features], tuple[str, ...]]:
    """Numbers and features by metric, and warnings, from the file that a task wrote."""
    content = json.loads(path.read_bytes())
    scores: dict[str, float | None] = {}
    features: dict[str, Features] = {}
    for metric, value in content["figures"].items():
        if value in ("inf", "-inf"):
            scores[metric] = float(value)
        elif isinstance(value, str | list):
            features[metric] = value
        else:
            scores[metric] = value
    return scores, features, tuple(content["warnings"])
