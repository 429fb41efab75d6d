"""Fields of EXIF, IPTC and XMP, written here by hand."""

from fractions import Fraction

import pytest
from PIL import Image

from pipelines.core.imaging.metadata.embedded import embedded_density, embedded_texts, iptc_texts, xmp_texts
from pipelines.core.imaging.metadata.picture_metadata import Text

PACKET = """<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:exif="http://ns.adobe.com/exif/1.0/">
<dc:creator><rdf:Seq><rdf:li>Ann</rdf:li><rdf:li>線</rdf:li></rdf:Seq></dc:creator>
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">CC-BY</rdf:li><rdf:li xml:lang="fr">CC</rdf:li></rdf:Alt></dc:rights>
<exif:GPSLatitude>48,51N</exif:GPSLatitude>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


@pytest.mark.parametrize(
    ("fields", "density"),
    [
        ({282: 300, 283: 150.0, 296: 2}, (11811, 5906)),
        ({282: Fraction(300), 283: 300}, (11811, 11811)),  # inches are what is meant where nothing is said
        ({282: 100, 283: 100, 296: 3}, (10000, 10000)),
        ({282: 1, 283: 1, 296: 1}, None),
        ({282: 1, 283: 1}, None),
        ({282: 0, 283: 300}, None),
        ({282: "x", 283: 300}, None),
        ({282: 300}, None),
        ({}, None),
    ],
)
def test_density(fields: dict[int, object], density: tuple[int, int] | None) -> None:
    assert embedded_density(fields) == density


def test_exif_in_any_encoding() -> None:
    exif = Image.Exif()
    exif[315] = "Zoë".encode().decode("latin-1")  # as Pillow hands on UTF-8
    exif[33432] = "Photographer\0Editor\0"
    exif[40091] = "線画\0".encode("utf-16-le")
    exif[40092] = b"\x00\xd8"  # half of a pair
    assert embedded_texts(exif, [Text("description", "")]) == [
        Text("Author", "Zoë"),
        Text("Copyright", "Photographer; Editor"),
        Text("Title", "線画"),
    ]
    assert embedded_texts(exif, [Text("AUTHOR", "known"), Text("Title", "known")]) == [
        Text("Copyright", "Photographer; Editor")
    ]


def test_iptc_has_several_authors() -> None:
    fields = {(2, 80): [b"Ann", "Zoë".encode()], (2, 116): "é".encode("latin-1"), (2, 25): b"keyword"}
    assert iptc_texts(fields) == [Text("Author", "Ann, Zoë"), Text("Copyright", "é")]
    assert iptc_texts({}) == []


def test_xmp_says_who_and_not_where() -> None:
    expected = [Text("Author", "Ann, 線"), Text("Copyright", "CC-BY")]
    assert xmp_texts(PACKET) == xmp_texts(PACKET.encode() + b"\0") == expected
    assert xmp_texts(PACKET, [Text("Author", "Bob")]) == expected[1:]


@pytest.mark.parametrize(
    "packet",
    ["", "<", b"\xff\xfe", PACKET[:300], '<!DOCTYPE x [<!ENTITY a "b">]>' + PACKET, PACKET + " " * (1 << 19)],
)
def test_damaged_packets_say_nothing(packet: str | bytes) -> None:
    assert xmp_texts(packet) == []
