"""Documents and pictures that need nothing from outside."""

import base64

import numpy as np

from pipelines.core.imaging.picture import encode_picture, encode_png
from pipelines.reports.base.document import document, escape, image_element
from tests.reports.pages import HtmlPage, check_self_contained

PICTURE = np.full((2, 3, 3), 200, np.uint8)


def test_a_document_is_whole_and_its_title_is_a_text() -> None:
    text = document("1 < 2 & <b>", '<main id="main"><p>Body</p></main>', "const x = 1;").decode()
    page = check_self_contained(text)
    assert "1 < 2 & <b>" in page.words
    assert "Body" in page.words
    assert "<script>const x = 1;</script>" in text


def test_names_that_are_not_unicode_can_be_written() -> None:
    assert b"\\udce9" in document("t", '<main id="main">\udce9</main>', "")


def test_a_picture_is_held_in_its_element() -> None:
    for data, kind in ((encode_png(PICTURE), "png"), (encode_picture(PICTURE, ".webp"), "webp")):
        page = HtmlPage(image_element(data, 'a "quoted" <name>'))
        (image,) = page.images
        assert image["alt"] == 'a "quoted" <name>'
        head, _, encoded = str(image["src"]).partition(",")
        assert head == f"data:image/{kind};base64"
        assert base64.b64decode(encoded) == data


def test_texts_are_no_markup_and_what_cannot_be_seen_is_shown() -> None:
    assert escape("<b> & \"'") == "&lt;b&gt; &amp; &quot;&#x27;"
    assert escape("two\nlines \x1b[31m \u202eexe.gpj \udce9") == r"two\nlines \x1b[31m \u202eexe.gpj \udce9"
    assert escape("wide\u3000space") == "wide\u3000space"
