"""Colour profiles: converted to sRGB, or left alone where they say nothing or cannot be used."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from pipelines.core.imaging.picture import decode_picture, encode_png
from tests.core.imaging.samples import noise, raw_png, saved, with_chunk


def profile_bytes(name):
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def gamma_profile(space, power):
    """A small matrix or grey ICC profile, version 2, sRGB primaries, one gamma; written from the ICC specification."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(256 * power)) + bytes(2)
    xyz = lambda x, y, z: b"XYZ " + bytes(4) + struct.pack(">3i", *(round(65536 * v) for v in (x, y, z)))  # noqa: E731
    tags = {b"wtpt": xyz(0.9642, 1.0, 0.8249), b"desc": b"desc" + bytes(4) + struct.pack(">I", 2) + b"x\0" + bytes(79)}
    if space == b"RGB ":
        primaries = {
            b"rXYZ": (0.4361, 0.2225, 0.0139),
            b"gXYZ": (0.3851, 0.7169, 0.0971),
            b"bXYZ": (0.1431, 0.0606, 0.7141),
        }
        tags |= {name: xyz(*values) for name, values in primaries.items()}
        tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    else:
        tags[b"kTRC"] = curve
    position = 128 + 4 + 12 * len(tags)
    table, body = b"", b""
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", position + len(body), len(content))
        body += content
    size = position + len(body)
    header = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x02100000, b"mntr", space, b"XYZ ") + bytes(12) + b"acsp"
    header += bytes(28) + struct.pack(">3i", 63190, 65536, 54061) + bytes(48)
    return header + struct.pack(">I", len(tags)) + table + body


def to_srgb(values, power):
    linear = (np.asarray(values) / 255) ** power
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_rgb_profile_is_converted_to_srgb(kind):
    rgb = np.full((16, 16, 3), (40, 120, 220), np.uint8)
    settings = {"quality": 100} if kind in ("JPEG", "WEBP") else {}
    data = saved(Image.fromarray(rgb), kind, icc_profile=gamma_profile(b"RGB ", 1.0), **settings)
    picture = decode_picture(data)
    assert np.abs(picture.rgb[8, 8] - to_srgb(rgb[0, 0], 1.0)).max() < 4
    assert np.abs(picture.rgb[8, 8].astype(int) - rgb[0, 0]).max() > 50


def test_grey_profile_is_converted_to_srgb():
    data = saved(Image.fromarray(np.full((4, 4), 100, np.uint8)), "PNG", icc_profile=gamma_profile(b"GRAY", 1.0))
    assert np.abs(decode_picture(data).rgb[0, 0] - to_srgb(100, 1.0)).max() < 2


def test_rgb_profile_on_a_grey_picture_and_beside_alpha():
    grey = with_chunk(raw_png(1, 1, 8, 0, [[100]]), b"iCCP", b"x\0\0" + zlib.compress(gamma_profile(b"RGB ", 1.0)))
    assert np.abs(decode_picture(grey).rgb[0, 0] - to_srgb(100, 1.0)).max() < 2
    rgba = with_chunk(
        raw_png(1, 1, 8, 6, [[100, 100, 100, 7]]), b"iCCP", b"x\0\0" + zlib.compress(gamma_profile(b"RGB ", 1.0))
    )
    picture = decode_picture(rgba)
    assert np.abs(picture.rgb[0, 0] - to_srgb(100, 1.0)).max() < 2
    assert picture.alpha.tolist() == [[7]]


def test_srgb_profile_changes_nothing():
    rgb = noise(32, 32, 3)
    data = saved(Image.fromarray(rgb), "PNG", icc_profile=profile_bytes("sRGB"))
    assert b"iCCP" in data
    assert np.array_equal(decode_picture(data).rgb, rgb)


@pytest.mark.parametrize(
    "chunk",
    [
        b"x\0\0" + zlib.compress(b"no profile"),
        b"x\0\0not deflated",
        b"",
        b"x\0\0" + zlib.compress(gamma_profile(b"GRAY", 1.0)),
        b"x\0\0" + zlib.compress(bytes(1 << 26)),
    ],
    ids=["nonsense", "not deflated", "empty", "grey profile on colour", "deflate bomb"],
)
def test_profiles_that_cannot_be_used_are_ignored(chunk):
    rgb = noise(6, 6, 3)
    assert np.array_equal(decode_picture(with_chunk(encode_png(rgb), b"iCCP", chunk)).rgb, rgb)
