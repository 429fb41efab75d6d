"""One picture or several in what came through a pipe."""

import io

import numpy as np
import pytest
from PIL import Image

from pipelines.core.batch.piped_pictures import holds_several

NOISE = np.random.default_rng(3).integers(0, 255, (40, 30, 3), np.uint8)


def encoded(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(NOISE).save(file, kind, **options)  # type: ignore[arg-type]
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
@pytest.mark.parametrize("second", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
def test_a_second_picture_is_seen_whatever_the_kinds(kind: str, second: str) -> None:
    assert holds_several(encoded(kind) + encoded(second))
    assert holds_several(encoded(kind) + b"\n" + encoded(second))
    assert not holds_several(encoded(kind))
    assert not holds_several(encoded(kind) + b"\0" * 100)
    assert not holds_several(encoded(kind) + b"trailing text of some program")


def test_scans_restarts_and_thumbnails_do_not_end_a_jpeg() -> None:
    exif = Image.Exif()
    exif[0x010E] = encoded("JPEG").decode("latin-1")
    for options in ({"progressive": True}, {"restart_marker_blocks": 1}, {"exif": exif.tobytes()[:60000]}):
        whole = encoded("JPEG", **options)
        assert not holds_several(whole)
        assert holds_several(whole + encoded("PNG"))


def test_a_jpeg_that_says_it_holds_several_is_one_picture() -> None:
    file = io.BytesIO()
    first = Image.fromarray(NOISE)
    first.save(file, "MPO", save_all=True, append_images=[first])
    assert b"MPF\0" in file.getvalue()
    assert not holds_several(file.getvalue())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP"])
def test_what_is_cut_off_or_damaged_is_left_to_the_reader(kind: str) -> None:
    whole = encoded(kind)
    for length in (0, 3, 9, 20, len(whole) // 2, len(whole) - 1):
        assert not holds_several(whole[:length])
