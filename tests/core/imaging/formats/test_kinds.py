"""What a file is that is not read is said by its name, whatever it is called."""

import io
import zipfile

import pytest
from PIL import Image

from pipelines.core.imaging.formats.kinds import not_a_picture
from tests.core.imaging.samples import refused, saved, smooth


def zipped(mimetype):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", mimetype)
    return file.getvalue()


@pytest.mark.parametrize(
    "data, name",
    [
        (b"8BPS\0\1" + bytes(20), "Photoshop"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\0\0\0\x18ftypheic" + bytes(20), "HEIF"),
        (b"\0\0\0\x18ftypmp42" + bytes(20), "film"),
        (b"\xff\x0a\xfa" + bytes(20), "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\x76\x2f\x31\x01" + bytes(20), "OpenEXR"),
        (b"#?RADIANCE\n", "Radiance"),
        (b"PF\n3 3\n-1.0\n" + bytes(36), "PFM"),
        (b"P7\nWIDTH 1\n", "PAM"),
        (b"gimp xcf v011\0", "GIMP"),
        (b"CSFCHUNK" + bytes(20), "Clip Studio"),
        (b"\0\0\1\0\1\0\x10\x10", "icon"),
        (b"\x1f\x8b\x08\0", "archive"),
        (zipped("image/openraster"), "OpenRaster"),
        (zipped("application/x-krita"), "Krita"),
        (zipped("something else"), "archive"),
        (b'<?xml version="1.0"?>\n<!-- drawn -->\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"),
    ],
)
def test_foreign_files_are_named(data, name):
    error = refused(data, name)
    assert not any(word in str(error) for word in ("damaged", "truncated", "no known kind"))


def test_a_rare_kind_of_jpeg_is_not_called_damaged():
    data = bytearray(saved(Image.fromarray(smooth()), "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12
    assert "damaged" not in str(refused(bytes(data), "JPEG of a kind that is not read .cannot handle 12-bit"))


def test_a_reason_that_says_damage_is_damage():
    assert "damaged" in str(not_a_picture(b"\xff\xd8\xff\xe0", "broken header"))
    assert "not read" in str(not_a_picture(b"GIF89a", "unsupported extension"))
