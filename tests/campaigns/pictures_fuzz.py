"""Damages one valid picture of every format and layout at random and sends each through the reader alone.

    python tests/campaigns/pictures_fuzz.py [--files 300] [--seed 0]

`fuzz.py` sends damaged files through a whole batch; this one asks more of the reader: each file becomes a complete
picture or a PictureError within 10 s and 2 GiB, nothing else. Prints the counts and every offence; exit 0 if there is
none.
"""

import argparse
import resource
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from pipelines.core.errors import PictureError
from pipelines.core.imaging.picture import decode_picture
from tests.campaigns.fuzz import damaged, good_files

LONGEST, LARGEST = 10.0, 2 << 30  # seconds, bytes


def offence(data: bytes) -> tuple[str, str]:
    """What became of a file: "done" or "refused", and what is wrong with that, empty where nothing is."""
    start = time.monotonic()
    try:
        picture = decode_picture(data)
        outcome, wrong = "done", "" if picture.rgb.dtype == np.uint8 and picture.rgb.ndim == 3 else "no picture"
    except PictureError as error:
        outcome, wrong = "refused", "" if error.hint and "\n" not in str(error) else f"no clear line: {error!r}"
    except Exception as error:
        outcome, wrong = "crashed", f"{type(error).__name__}: {error}"
    took = time.monotonic() - start
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if not wrong and took > LONGEST:
        wrong = f"{took:.0f} s"
    if not wrong and used > LARGEST:
        wrong = f"{used >> 20} MiB"
    return outcome, wrong


def main() -> int:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    originals = list(good_files().items())
    for name, data in originals:
        assert offence(data) == ("done", ""), (name, offence(data))
    counts: Counter[str] = Counter()
    offences = []
    for index in range(options.files):
        name, data = originals[index % len(originals)]
        outcome, wrong = offence(damaged(data, rng))
        counts[outcome] += 1
        if wrong:
            offences.append(f"file {index}, {name}: {wrong}")
    print(f"{len(originals)} originals, {dict(counts)}, offences: {len(offences)}")
    print("\n".join(offences))
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
