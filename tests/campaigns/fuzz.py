"""Damages picture files at random and checks that each becomes a done or a failed row, never a crash.

    python tests/campaigns/fuzz.py [--files 2000] [--seed 0]

Good pictures of every format and layout that is read get random bytes, cuts, doubled or zeroed
stretches; all go through `extract-lines` in worker processes. Prints the counts and every reason that says that the
fault is ours; exit 0 if there is none.
"""

import argparse
import io
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))

from pipelines.core.batch.plan import BatchSettings
from pipelines.extract_lines import extract_lines
from tests.core.imaging.tiffs import DEFLATE, LZMA, LZW, PACKBITS, Tiff


def good_files() -> dict[str, bytes]:
    """One small picture of every kind."""
    rng = np.random.default_rng(1)
    base = Image.fromarray(rng.integers(0, 256, (40, 50, 4), np.uint8), "RGBA")
    variants = [
        *((mode, "PNG") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        *((mode, "TIFF") for mode in ("L", "RGB", "RGBA", "CMYK", "I;16")),
        *((mode, "JPEG") for mode in ("L", "RGB", "CMYK")),
        *((mode, "WEBP") for mode in ("RGB", "RGBA")),
        ("RGB", "BMP"),
        ("P", "GIF"),
    ]
    files = {}
    for mode, file_format in variants:
        picture = base.convert("L").convert("I;16") if mode == "I;16" else base.convert("RGB").convert(mode)
        file = io.BytesIO()
        picture.save(file, file_format)
        files[f"{mode.replace(';', '')}.{file_format.lower()}"] = file.getvalue()
    return files | rarer_files()


def rarer_files() -> dict[str, bytes]:
    """One small picture of every other format, and of every layout of TIFF."""
    rng = np.random.default_rng(1)
    samples = rng.integers(0, 65536, (20, 30, 4)).astype(np.uint16)
    files = {
        "planes16.tif": Tiff(samples[..., :3], 16, 2, is_planar=True, rows=4).data(),
        "tiles12.tif": Tiff(samples[..., :1] >> 4, 12, 0, tile=(16, 16)).data(),
        "big16.tif": Tiff(samples, 16, 2, ">", True, tags={338: [1]}).data(),
        "lzw.tif": Tiff(samples[..., :3] >> 8, 8, 2, compression=LZW, predictor=2, rows=5).data(),
        "deflate16.tif": Tiff(samples[..., :3], 16, 2, compression=DEFLATE, predictor=2, tile=(16, 16)).data(),
        "packbits.tif": Tiff(samples[..., :1] >> 8, 8, 1, compression=PACKBITS, rows=5).data(),
        "lzma.tif": Tiff(samples[..., :1] >> 8, 8, 1, compression=LZMA).data(),
        "palette.tif": Tiff(samples[..., :1] >> 12, 4, 3, tags={320: list(range(48))}).data(),
        "lab.tif": Tiff(samples[..., :3] >> 8, 8, 8).data(),
        "text.pgm": b"P2\n20 10\n255\n" + b" ".join(b"%d" % (value % 256) for value in range(200)),
    }
    rgb = Image.fromarray((samples[..., :3] >> 8).astype(np.uint8))
    written = [("TGA", "RGBA"), ("PCX", "RGB"), ("PPM", "RGB"), ("QOI", "RGBA"), ("JPEG2000", "RGB"), ("AVIF", "RGB")]
    written += [("BMP", mode) for mode in ("1", "L", "P", "RGBA")] + [("DIB", "RGB"), ("PPM", "1")]
    for file_format, mode in written:
        file = io.BytesIO()
        rgb.convert(mode).save(file, file_format)
        files[f"{mode}.{file_format.lower().replace('jpeg2000', 'jp2')}"] = file.getvalue()
    for name, packing in (("fax.tif", "group4"), ("jpeg.tif", "jpeg")):
        file = io.BytesIO()
        rgb.convert("1" if packing == "group4" else "RGB").save(file, "TIFF", compression=packing)
        files[name] = file.getvalue()
    return files


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """The file with one to five kinds of damage."""
    buffer = bytearray(data)
    for _ in range(rng.integers(1, 6)):
        if not buffer:
            break
        start = int(rng.integers(len(buffer)))
        length = int(rng.integers(1, 40))
        match int(rng.integers(5)):
            case 0:
                buffer[start] = int(rng.integers(256))
            case 1:
                del buffer[start:]
            case 2:
                buffer[start : start + length] = bytes(len(buffer[start : start + length]))
            case 3:
                buffer[start:start] = buffer[start : start + length]
            case 4:
                del buffer[start : start + length]
    return bytes(buffer)


def main() -> int:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    originals = list(good_files().items())
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "in"
        source.mkdir()
        for index in range(options.files):
            name, data = originals[index % len(originals)]
            (source / f"{index:05}-{name}").write_bytes(damaged(data, rng))
        report = extract_lines([str(source)], f"{scratch}/out", batch=BatchSettings(jobs=2))
    print(report.counts)
    for reason, count in Counter(record.reason for record in report.of("failed")).most_common(15):
        print(f"{count:6} {reason}")
    faults = [
        record for record in report.of("failed") if "fault of colorize-cli" in record.reason or "died" in record.reason
    ]
    for record in faults:
        print(record.input, record.reason)
    return 1 if faults or sum(report.counts.values()) != options.files else 0


if __name__ == "__main__":
    sys.exit(main())
