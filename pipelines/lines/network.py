"""Finds lines by a network in a file, TorchScript or ONNX, that somebody trained for it.

A page is read at its own size, in tiles that fade into each other, or fitted to the size that the network was made for.
Channels, scale and polarity are found out where nothing is said of them: the channels from the file or by trying, the
rest by a small drawing whose lines are known. The file is known by its digest: where it changes, lines are found anew.

Presets hold what the public code around two networks does; the networks are to be brought:

- anime2sketch: Xiang et al., "Adversarial open domain adaptation for sketch-to-photo synthesis", WACV 2022;
  github.com/Mukosame/Anime2Sketch, data.py and test.py: stretched to 512 x 512, values in [-1, 1], ink dark.
- sketchkeras: github.com/lllyasviel/sketchKeras, main.py and helper.py: the longer side 512, each colour channel by
  itself, less its Gaussian blur of 3 px and over the largest; ink light, of the three the darkest counts.
"""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np

from pipelines.core.errors import SettingsError
from pipelines.core.imaging.arrays import U8
from pipelines.core.settings import check_number
from pipelines.inference.line_networks.fitting import Fit, SizeRule
from pipelines.inference.line_networks.line_network import LineNetworkSpec, open_line_network
from pipelines.inference.line_networks.network_files import digest_of, kind_of
from pipelines.inference.line_networks.output_levels import Polarity, Scale
from pipelines.inference.line_networks.picture_input import Channels, PictureInput, Subtracted, Values


@dataclass(frozen=True)
class Params:
    """Settings of `network`."""

    places = ("weights", "device")  # they say where, not what

    weights: Annotated[str, "file of the network, TorchScript or ONNX; has to be given"] = ""
    sha256: Annotated[str, "digest that the file must have; left out, whichever it has is written down"] = ""
    channels: Annotated[
        Literal["auto", Channels], "what it reads; each: three pictures of one channel; auto: what it accepts"
    ] = "auto"
    input_range: Annotated[Values, "of what it reads: unit is 0..1, signed -1..1, bytes 0..255"] = "unit"
    subtract: Annotated[
        Subtracted, "taken off before: the picture's mean, or the blur around each pixel (then over the largest)"
    ] = "nothing"
    mean: Annotated[
        tuple[float, ...], "taken off the scaled values; one for all channels, or three in the order that it reads"
    ] = (0.0,)
    deviation: Annotated[tuple[float, ...], "by which they are divided then"] = (1.0,)
    fit: Annotated[
        Fit, "own size; longer or shorter side to size; stretched to a square; padded to one; auto: own where it can"
    ] = "auto"
    size: Annotated[int, "px, for fit"] = 512
    multiple: Annotated[int, "px: sides are padded to a multiple of it, as networks that halve need it"] = 32
    tile: Annotated[int, "px: side of what it reads at once; larger pictures are read in tiles"] = 768
    overlap: Annotated[int, "px by which tiles overlap; what it sees farther off than a quarter of it is cut"] = 128
    output: Annotated[int | Literal["last"], "which, of several outputs; 0 is the first"] = 0
    output_range: Annotated[Literal["auto", Scale], "of what it gives, as input_range; auto: by a known drawing"] = (
        "auto"
    )
    polarity: Annotated[Literal["auto", Polarity], "which end of it is ink; auto: by a known drawing"] = "auto"
    whiten: Annotated[bool, "what it gives for blank paper becomes pure white"] = True
    device: Annotated[str, "where TorchScript runs: auto, cpu, cuda, cuda:1, mps"] = "auto"

    def __post_init__(self) -> None:
        check_number("size", self.size, 16)
        check_number("multiple", self.multiple, 1, 1024)
        check_number("tile", self.tile, 64)
        check_number("overlap", self.overlap, 0, self.tile // 2)
        if isinstance(self.output, int):
            check_number("output", self.output, 0)
        for name, numbers in (("mean", self.mean), ("deviation", self.deviation)):
            if len(numbers) != 1 and (len(numbers) != 3 or self.channels == "grey"):
                raise SettingsError(
                    f"{name} has {len(numbers)} numbers", hint="Give one, or one for each of three channels"
                )
        for deviation in self.deviation:
            check_number("deviation", deviation, 1e-6)


PRESETS = {
    "anime2sketch": Params(
        channels="rgb", input_range="signed", fit="square", output_range="signed", polarity="ink-dark"
    ),
    "sketchkeras": Params(
        channels="each", subtract="surroundings", fit="pad", output_range="unit", polarity="ink-light"
    ),
}


def identify(params: Params) -> Params:
    """The same with the digest of its file; raises UsageError where there is none, or none that can be a network."""
    if not params.weights:
        raise SettingsError("no network is given", hint="Name its file, TorchScript or ONNX: --set weights=FILE")
    digest = digest_of(params.weights)
    if params.sha256 not in ("", digest):
        raise SettingsError(
            f"{params.weights} has another sha256: {digest}", hint="Give that file, or leave sha256 out"
        )
    kind_of(params.weights)
    return replace(params, sha256=digest)


def make_ready(params: Params) -> None:
    """Open the network, once in a process; raises UsageError where it is damaged or cannot run as it is set."""
    open_line_network(_spec(params))


def extract(image: U8, params: Params, rng: np.random.Generator) -> U8:
    """Return the lines that a network finds in a picture, uint8 (H, W), 0 = ink, 255 = paper; `rng` is not used.

    `image` is uint8 RGB (H, W, 3). Raises UsageError for a file that holds no network, MethodError for a picture that
    it cannot run on.
    """
    return open_line_network(_spec(params if params.sha256 else identify(params))).lines_of(image)


def _spec(params: Params) -> LineNetworkSpec:
    return LineNetworkSpec(
        params.weights,
        params.sha256,
        params.device,
        PictureInput("rgb", params.input_range, params.subtract, params.mean, params.deviation),
        channels=None if params.channels == "auto" else params.channels,
        rule=SizeRule(params.fit, params.size, params.multiple, params.tile),
        overlap=params.overlap,
        output=params.output,
        scale=None if params.output_range == "auto" else params.output_range,
        polarity=None if params.polarity == "auto" else params.polarity,
        whitens=params.whiten,
    )
