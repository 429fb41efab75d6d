"""Tells by its content what a file is that is not read as a picture, and what to do with it."""

import re

from pipelines.core.errors import PictureError

_HINT = "Export it as PNG"
_READ = "Give PNG, JPEG, WebP, TIFF, BMP or GIF; export other formats as PNG"

_DAMAGED = {
    rb"\xff\xd8\xff": "JPEG",
    rb"GIF8[79]a": "GIF",
    rb"BM.{4}\0{4}": "BMP",
    rb"RIFF.{4}WEBP": "WebP",
    rb"II\*\0|MM\0\*|II\+\0|MM\0\+": "TIFF",
    rb".{4}ftypavi[fs]": "AVIF",
    rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51": "JPEG 2000",
    rb"qoif": "QOI",
    rb"\x0a[\0-\5]\x01[\1\2\4\x08]": "PCX",
    rb"P[1-6][ \t\r\n#]": "PNM",
}
"""Formats that are read: whose first bytes are these and cannot be opened is damaged, or of a rare kind."""

_FOREIGN = {
    rb"8BPS\0[\1\2]": ("a Photoshop file (PSD)", _HINT),
    rb"%PDF-": ("a PDF", "Export each page as PNG"),
    rb"%!PS|\xc5\xd0\xd3\xc6": ("PostScript", _HINT),
    rb".{4}ftyp(hei[cxms]|hev[cxms]|mif1|msf1)": ("a HEIF picture (HEIC)", "Export it as PNG or JPEG"),
    rb"\xff\x0a|\0\0\0\x0cJXL ": ("a JPEG XL picture", "Export it as PNG, as with `djxl IN OUT.png`"),
    rb"II\xbc\x01|II\xbc\0": ("a JPEG XR picture", _HINT),
    rb"\xff\xd8\xff\xf7|\x97JB2": ("a JPEG-LS or JBIG2 picture", _HINT),
    rb"\x76\x2f\x31\x01": ("an OpenEXR picture of floating-point numbers", "Export it as PNG, in display colours"),
    rb"#\?(RADIANCE|RGBE)": ("a Radiance picture (HDR)", "Export it as PNG, in display colours"),
    rb"P[Ff][ \t\r\n]": ("a PFM picture of floating-point numbers", "Export it as PNG, in display colours"),
    rb"P7[ \t\r\n]": ("a PAM picture (P7)", "Turn it into PNG, as with `pamtopng`"),
    rb"gimp xcf": ("a GIMP file (XCF)", _HINT),
    rb"CSFCHUNK": ("a Clip Studio Paint file", _HINT),
    rb"SAI-CANVAS": ("a SAI file", _HINT),
    rb"\0\0[\1\2]\0[^\0]\0": ("an icon or cursor", _HINT),
    rb"icns": ("an Apple icon", _HINT),
    rb"DDS ": ("a DirectDraw surface (DDS)", _HINT),
    rb"\x8aMNG\r\n\x1a\n": ("an animation (MNG)", "Export each frame as a PNG of its own"),
    rb"\x8bJNG\r\n\x1a\n": ("a JNG picture", _HINT),
    rb"BPG\xfb": ("a BPG picture", _HINT),
    rb"farbfeld": ("a farbfeld picture", _HINT),
    rb"\x01\xda[\0\1][\1\2]": ("a picture of Silicon Graphics (SGI)", _HINT),
    rb"\x59\xa6\x6a\x95": ("a Sun raster picture", _HINT),
    rb"FORM.{4}(ILBM|PBM )": ("an Amiga picture (ILBM)", _HINT),
    rb"SIMPLE  =": ("a FITS picture", _HINT),
    rb"AT&TFORM": ("a DjVu document", "Export each page as PNG"),
    rb".{4}ftyp(?!avi[fs])|\x1a\x45\xdf\xa3|RIFF.{4}AVI ": ("a film", "Export each frame as a PNG of its own"),
    rb"\x1f\x8b|7z\xbc\xaf|Rar!|\xfd7zXZ|BZh": ("packed (an archive)", "Unpack it first"),
    rb"(\xef\xbb\xbf)?\s*(<\?xml.{1,200}?\?>\s*)?(<!--.{0,400}?-->\s*)?(<!DOCTYPE svg.{0,300}?>\s*)?<svg": (
        "an SVG drawing",
        "Turn it into PNG, as with `rsvg-convert IN -o OUT.png`",
    ),
    rb"version https://git-lfs": ("a pointer of Git LFS, not the file itself", "Fetch the files with `git lfs pull`"),
}
_IN_ZIP = {
    b"image/openraster": "an OpenRaster file (ORA)",
    b"application/x-krita": "a Krita file (KRA)",
}
_TGA_FOOTER = b"TRUEVISION-XFILE"


def not_a_picture(data: bytes, reason: str = "") -> PictureError:
    """Return the error for a file that nothing can open, by what its content is; `reason` is what the reader says."""
    for start, (name, hint) in _FOREIGN.items():
        if re.match(start, data, re.DOTALL):
            return PictureError(f"it is {name}, which is not read", hint=hint)
    kind = next((kind for start, kind in _DAMAGED.items() if re.match(start, data, re.DOTALL)), "")
    if kind or data[-18:-2] == _TGA_FOOTER:
        return _unopened(kind or "TGA", reason)
    if data.startswith(b"PK\3\4"):
        name = next((name for mark, name in _IN_ZIP.items() if mark in data[:256]), "packed (an archive)")
        hint = _HINT if name.startswith(("an ", "a ")) else "Unpack it first"
        return PictureError(f"it is {name}, which is not read", hint=hint)
    what = "it is text" if _looks_like_text(data[:512]) else "its content is of no known kind"
    return PictureError(f"it is not a picture ({what})", hint=_READ)


_RARE = re.compile(r"unsupported|not supported|cannot handle|unknown|not yet", re.IGNORECASE)


def _unopened(kind: str, reason: str) -> PictureError:
    if _RARE.search(reason):
        message = f"it is a {kind} of a kind that is not read ({reason})"
        return PictureError(message, hint=f"Save it as PNG, or as an ordinary {kind} of 8 bits")
    message = f"it is truncated or damaged (its {kind} header cannot be read)"
    return PictureError(message, hint="Copy or save it again from its source")


def _looks_like_text(start: bytes) -> bool:
    return not any(byte < 9 or 13 < byte < 32 or byte == 127 for byte in start)
