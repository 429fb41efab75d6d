"""HTML documents and the pictures in them, which need nothing from outside the file."""

import base64
import html

from pipelines.core.files import show_text
from pipelines.reports.base.style import POLICY, STYLE


def escape(text: object) -> str:
    """A text of any source as HTML, in elements and attributes: nothing in it is markup, nothing is invisible."""
    return html.escape(show_text(text).replace("\n", "\\n"))


def document(title: str, body: str, script: str) -> bytes:
    """Return a whole HTML document, UTF-8."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        f'<a class="skip" href="#main">To the content</a>{body}<script>{script}</script></body></html>\n'
    ).encode("utf-8", "backslashreplace")


def image_element(data: bytes, words: str) -> str:
    """Return an image element that holds its own data."""
    kind = "webp" if data[8:12] == b"WEBP" else "png"
    encoded = base64.b64encode(data).decode()
    return f'<img loading="lazy" alt="{escape(words)}" src="data:image/{kind};base64,{encoded}">'
