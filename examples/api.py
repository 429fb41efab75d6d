"""The toolkit from Python: draws monsters, colorizes one from hints and all of them at once in memory, then a folder.

python examples/api.py OUT
"""

import sys
from pathlib import Path

import monsters
import numpy as np

from pipelines.colorize import Guides, colorize
from pipelines.core.batch.plan import BatchSettings
from pipelines.core.imaging.picture import Picture, encode_png, read_picture
from pipelines.inference import ColorResult, Predictor
from pipelines.lines import adaptive


def colorize_in_memory(predictor: Predictor, picture: Picture, reference: Picture) -> ColorResult:
    """Arrays in, arrays out. Here the hints are one dab of the reference's colour in its middle."""
    lines = adaptive.extract(picture.over_white(), adaptive.Params(), np.random.default_rng(0))
    hints = np.zeros((*lines.shape, 4), np.uint8)
    row, column = picture.height // 2, picture.width // 2
    hints[row - 3 : row + 4, column - 3 : column + 4] = (*reference.rgb[row, column], 255)
    return predictor.predict(lines, hints=hints)


def main() -> None:
    """Run both."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "api-demo")
    names = [f"monster_{index:03d}.png" for index in range(3)]
    for index in range(len(names)):
        monster = monsters.describe(7, index)
        monsters.write(monster, monsters.render(monster, 384), out / "drawn")
    predictor, pictures = Predictor("fillnet"), [read_picture(out / "drawn/lines" / name) for name in names]
    result = colorize_in_memory(predictor, pictures[0], read_picture(out / "drawn/flats" / names[0]))
    for part in ("picture", "flats", "shading"):
        (out / f"in-memory-{part}.png").write_bytes(encode_png(getattr(result, part)))
    print(int(result.areas.max()), "areas ->", out / "in-memory-picture.png")

    for name, coloured in zip(names, predictor.predict_batch([each.over_white() for each in pictures]), strict=True):
        (out / f"at-once-{name}").write_bytes(encode_png(coloured.picture))

    report = colorize(
        [str(out / "drawn/lines")],
        str(out / "colour"),
        guides=Guides(hints=str(out / "drawn/hints")),
        batch=BatchSettings(jobs=1, seed=7),
    )
    print(report.counts, "->", out / "colour")


if __name__ == "__main__":
    main()
