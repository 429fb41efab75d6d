"""Texts as programs of every kind write them."""

import pytest

from pipelines.core.texts import decode_text, looks_like_utf16

TEXT = "lines/Größe-ドラゴン.png\r\nart\\b.png\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_says_how_a_text_is_written(encoding: str) -> None:
    assert decode_text(TEXT.encode(encoding)) == TEXT
    assert decode_text("".encode(encoding)) == ""


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_of_either_order_is_known_with_and_without_its_mark(encoding: str) -> None:
    assert decode_text(("\ufeff" + TEXT).encode(encoding)) == TEXT
    assert decode_text("a.png\n".encode(encoding)) == "a.png\n"
    assert decode_text("art/Größe.png".encode(encoding)) == "art/Größe.png"


@pytest.mark.parametrize("data", [b"", b"a", b"a.png\0b.png\0", b"a\0b\0c\0", b".\0", b".\0a\0", b"\0\0\0\0", b"abcd"])
def test_what_find_print0_writes_is_no_utf_16(data: bytes) -> None:
    assert not looks_like_utf16(data)
    assert decode_text(data) == data.decode()


def test_other_bytes_are_an_error_or_kept() -> None:
    with pytest.raises(UnicodeDecodeError):
        decode_text(b"caf\xe9")
    assert decode_text(b"caf\xe9", errors="surrogateescape") == "caf\udce9"
