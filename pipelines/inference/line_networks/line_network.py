"""A network from a file as a line extractor: feeds it, runs it in tiles, reads its values as ink and paper.

What the settings leave open is found out when it is opened: the channels by what the file says or what the network
accepts, scale and polarity by a drawing whose lines are known. So they are the same for all pictures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np

from pipelines.core.errors import ColorizeError, MethodError, UsageError
from pipelines.core.files import show_path
from pipelines.core.imaging.arrays import F32, U8
from pipelines.core.imaging.framing import resized
from pipelines.inference.line_networks.fitting import SizeRule
from pipelines.inference.line_networks.network_files import OpenNetwork, open_network
from pipelines.inference.line_networks.output_levels import (
    KnownDrawing,
    OutputLevels,
    Polarity,
    Scale,
    find_polarity,
    find_scale,
    find_white,
    grey_values,
    known_drawing,
)
from pipelines.inference.line_networks.picture_input import Channels, PictureInput, Window
from pipelines.inference.line_networks.tiles import blend_tiles

_KEPT = 4  # networks that a process keeps ready
_PROBE = 256  # px: side of the known drawing, where the network does not say another
_SCALES = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8)  # of outputs by their inputs that can be brought back


@dataclass(frozen=True)
class LineNetworkSpec:
    """Which network, and how it is used; None is to be found out."""

    path: str
    digest: str
    device: str
    feeding: PictureInput
    channels: Channels | None
    rule: SizeRule
    overlap: int
    output: int | Literal["last"]
    scale: Scale | None
    polarity: Polarity | None
    whitens: bool  # whether what it gives for blank paper becomes pure white


@dataclass(frozen=True)
class LineNetwork:
    """A network ready to find lines."""

    network: OpenNetwork
    feeding: PictureInput
    rule: SizeRule
    overlap: int
    output: int | Literal["last"]
    levels: OutputLevels

    def lines_of(self, image: U8) -> U8:
        """The lines of a picture, uint8 RGB (H, W, 3), as a drawing, uint8 (H, W), 0 = ink.

        Raises MethodError where the network cannot run on it or gives values that are no numbers.
        """
        height, width = image.shape[:2]
        fitted = self.rule.fitted((height, width), self.network.size)
        arranged = self.feeding.arranged(resized(image, fitted.picture[::-1]))
        level = self.feeding.level(arranged)
        lines = np.empty(fitted.picture, np.uint8)
        done = 0
        strips = blend_tiles(
            lambda window: self._paper_share(arranged, window, level),
            fitted.frame,
            fitted.tile,
            min(self.overlap, min(fitted.tile) // 2),
            step=self.rule.multiple,
        )
        for strip in strips:
            rows = min(len(strip), len(lines) - done)
            lines[done : done + rows] = strip[:rows, : lines.shape[1]]
            done += rows
        return resized(lines, (width, height))

    def _paper_share(self, arranged: U8, window: Window, level: F32) -> F32:
        """Shares of paper in a window, float32 (h, w): of channels that are fed one by one, the least."""
        shares = [
            self.levels.paper_share(raw_values(self.network, part, self.output))
            for part in self.feeding.fed(arranged, window, level)
        ]
        return np.asarray(np.minimum.reduce(shares), np.float32)


def raw_values(network: OpenNetwork, inputs: F32, output: int | Literal["last"]) -> F32:
    """What a network gives for (1, C, H, W), float32 (H, W), brought back to the size of its input.

    Raises MethodError for an output that is not there, or of a size that is none of the input times or by 2, 4 or 8.
    """
    outputs = network.run(inputs)
    place = len(outputs) - 1 if output == "last" else output
    if place >= len(outputs):
        raise MethodError(
            f"the network has {len(outputs)} outputs, and none of number {place}", hint="Set output lower"
        )
    values, shape = grey_values(outputs[place]), inputs.shape[2:]
    if values.shape == shape:
        return values
    ratios = {made / read for made, read in zip(values.shape, shape, strict=True)}
    if len(ratios) != 1 or ratios.pop() not in _SCALES:
        read, made = ("x".join(map(str, size)) for size in (shape, values.shape))
        raise MethodError(
            f"the network makes {made} of {read} px, which cannot be brought back", hint="Set another multiple or size"
        )
    shrinks = values.shape[0] > shape[0]
    return np.asarray(
        cv2.resize(values, shape[::-1], interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR), np.float32
    )


@lru_cache(maxsize=_KEPT)
def open_line_network(spec: LineNetworkSpec) -> LineNetwork:
    """Open a network and find out what its settings leave open, once in a process.

    Raises UsageError where it cannot be opened, does not run, or shows no lines in a drawing of lines.
    """
    network = open_network(spec.path, spec.digest, spec.device)
    sizes = spec.rule.fitted((_PROBE, _PROBE), network.size).tile
    drawing = known_drawing(*sizes)
    feeding, values = _try_channels(network, spec, drawing)
    scale = spec.scale or find_scale(values)
    polarity = spec.polarity or find_polarity(values, scale, drawing)
    levels = OutputLevels(scale, polarity)
    if spec.whitens:
        levels = replace(levels, white=find_white(values, levels, drawing))
    return LineNetwork(network, feeding, spec.rule, spec.overlap, spec.output, levels)


def _try_channels(network: OpenNetwork, spec: LineNetworkSpec, drawing: KnownDrawing) -> tuple[PictureInput, F32]:
    """The feeding whose channels the network accepts, and what it makes of the drawing."""
    first_error: ColorizeError | None = None
    for channels in _choices(network, spec):
        feeding = replace(spec.feeding, channels=channels)
        arranged = feeding.arranged(drawing.image)
        fed = feeding.fed(arranged, Window(0, 0, *drawing.ink.shape), feeding.level(arranged))
        try:
            return feeding, np.stack([raw_values(network, part, spec.output) for part in fed]).mean(axis=0)
        except MethodError as error:
            first_error = first_error or error
    assert first_error is not None
    raise UsageError(f"{show_path(spec.path)}: {first_error.message}", hint=first_error.hint) from first_error


def _choices(network: OpenNetwork, spec: LineNetworkSpec) -> tuple[Channels, ...]:
    """The channels to try: those asked for, or what the file says, or three and then one."""
    if spec.channels is None:
        by_count: dict[int | None, tuple[Channels, ...]] = {1: ("grey",), 3: ("rgb",), None: ("rgb", "grey")}
        if max(len(spec.feeding.mean), len(spec.feeding.deviation)) == 3:
            by_count = {3: ("rgb",), None: ("rgb",)}
        if network.channels not in by_count:
            raise UsageError(
                f"{show_path(spec.path)} reads {network.channels} channels, where a picture has {_counts(by_count)}",
                hint="Give a network that reads a picture, and as many numbers for mean and deviation as channels",
            )
        return by_count[network.channels]
    count = replace(spec.feeding, channels=spec.channels).count
    if network.channels not in (None, count):
        raise UsageError(
            f"{show_path(spec.path)} reads {network.channels} channels, where channels={spec.channels} gives {count}",
            hint="Leave channels out",
        )
    return (spec.channels,)


def _counts(by_count: Mapping[int | None, object]) -> str:
    return " or ".join(str(count) for count in by_count if count is not None)
