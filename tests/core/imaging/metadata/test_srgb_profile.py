"""The profile of sRGB, by Little CMS."""

import hashlib
import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from pipelines.core.imaging.metadata.srgb_profile import srgb_profile


@pytest.mark.parametrize("intent", [ImageCms.Intent.PERCEPTUAL, ImageCms.Intent.RELATIVE_COLORIMETRIC])
def test_no_colour_moves_between_it_and_srgb(intent: ImageCms.Intent) -> None:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
    steps = np.arange(0, 256, 5, dtype=np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    srgb = ImageCms.createProfile("sRGB")
    for source, target in ((profile, srgb), (srgb, profile)):
        transform = ImageCms.buildTransform(source, target, "RGB", "RGB", intent)
        assert np.array_equal(np.asarray(ImageCms.applyTransform(Image.fromarray(colours), transform)), colours)


def test_its_table_is_in_order_and_its_bytes_are_always_the_same() -> None:
    profile = srgb_profile()
    assert struct.unpack(">I", profile[:4]) == (len(profile),)
    assert profile[36:40] == b"acsp"
    for number in range(*struct.unpack(">I", profile[128:132])):
        _name, offset, length = struct.unpack(">4sII", profile[132 + 12 * number : 144 + 12 * number])
        assert offset % 4 == 0 and offset + length <= len(profile)
    assert hashlib.sha256(profile).hexdigest()[:16] == "d7b21b4744bf61c8"
