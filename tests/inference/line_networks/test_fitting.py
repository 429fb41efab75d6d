"""At which size a network sees a picture."""

import pytest

from pipelines.inference.line_networks.fitting import Fit, Fitted, SizeRule


@pytest.mark.parametrize(
    ("fit", "picture", "frame"),
    [
        ("own", (300, 700), (320, 704)),
        ("auto", (300, 700), (320, 704)),
        ("longer", (219, 512), (224, 512)),
        ("shorter", (512, 1195), (512, 1216)),
        ("square", (512, 512), (512, 512)),
        ("pad", (219, 512), (512, 512)),
    ],
)
def test_a_picture_of_700_by_300_is_fitted(fit: Fit, picture: tuple[int, int], frame: tuple[int, int]) -> None:
    fitted = SizeRule(fit, size=512, multiple=32).fitted((300, 700), None)
    assert (fitted.picture, fitted.frame) == (picture, frame)


def test_large_pictures_are_read_in_tiles_of_whole_steps() -> None:
    fitted = SizeRule("own", multiple=24, tile=1000).fitted((3000, 500), None)
    assert fitted == Fitted((3000, 500), (3000, 504), (984, 504))


def test_small_pictures_are_padded_to_what_networks_can_halve() -> None:
    assert SizeRule(multiple=1).fitted((1, 3), None) == Fitted((1, 3), (64, 64), (64, 64))


def test_a_network_of_one_size_gets_that_size() -> None:
    assert SizeRule().fitted((300, 700), (256, 128)) == Fitted((55, 128), (256, 128), (256, 128))
    assert SizeRule("square").fitted((300, 700), (256, 128)) == Fitted((256, 128), (256, 128), (256, 128))
    assert SizeRule("own").fitted((300, 700), (256, 128)) == Fitted((300, 700), (300, 700), (256, 128))
    assert SizeRule("own").fitted((20, 20), (256, 128)) == Fitted((20, 20), (256, 128), (256, 128))


def test_a_line_of_pixels_keeps_one() -> None:
    assert SizeRule("longer", size=64).fitted((1, 4000), None).picture == (1, 64)
