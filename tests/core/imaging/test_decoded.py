"""Samples as decoders hand them over."""

import cv2
import numpy as np
import pytest

from pipelines.core.errors import PictureError
from pipelines.core.imaging._decoded import decode_with_opencv, eight_bits, split_alpha
from tests.core.imaging.samples import noise


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [(), (3,), (4,)])
def test_opencv_gives_what_is_in_the_stream_unscaled(dtype: type, channels: tuple[int, ...]) -> None:
    samples = noise(5, 7, *channels, dtype=dtype)
    stream = cv2.imencode(".png", samples)[1].tobytes()
    decoded = decode_with_opencv(stream)
    assert decoded.dtype == dtype and np.array_equal(decoded, samples)


@pytest.mark.parametrize("stream", [b"nothing", b""])
def test_what_opencv_cannot_unpack_is_damaged(stream: bytes) -> None:
    with pytest.raises(PictureError, match=r"damaged|cannot be decoded") as caught:
        decode_with_opencv(stream)
    assert caught.value.hint


def test_blue_green_red_becomes_red_green_blue_and_alpha_stands_apart() -> None:
    samples = np.array([[[3, 2, 1, 9]]], np.uint8)
    colours, alpha = split_alpha(samples)
    assert colours.tolist() == [[[1, 2, 3]]]
    assert alpha is not None and alpha.tolist() == [[9]]
    assert split_alpha(samples[..., :3])[1] is None
    grey, no_alpha = split_alpha(samples[..., 0])
    assert grey.tolist() == [[3]] and no_alpha is None


def test_every_16_bit_sample_is_rounded_to_the_nearest_of_8() -> None:
    deep = np.arange(65536, dtype=np.uint16)
    assert np.array_equal(eight_bits(deep), np.rint(deep / 257).astype(np.uint8))
    flat = np.arange(256, dtype=np.uint8)
    assert np.array_equal(eight_bits(flat), flat)
    assert np.array_equal(eight_bits(flat.astype(np.uint16) * 257), flat), "255 * 257 = 65535"
