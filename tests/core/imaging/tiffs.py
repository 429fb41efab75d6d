"""TIFF files by their specification (TIFF 6.0, BigTIFF), made here since no library writes all of their kinds."""

import lzma
import struct
import zlib
from dataclasses import dataclass, field

import numpy as np

NONE, LZW, JPEG, DEFLATE, PACKBITS, OLD_DEFLATE, LZMA = 1, 5, 7, 8, 32773, 32946, 34925


@dataclass
class Tiff:
    """A TIFF of `samples` (H, W, S), unscaled, of `bits` each; the rest is as in the tags."""

    samples: np.ndarray
    bits: int = 8
    photometric: int | None = 1
    order: str = "<"
    is_big: bool = False
    is_planar: bool = False
    rows: int | None = None  # of a strip
    tile: tuple[int, int] | None = None  # height, width
    compression: int = NONE
    predictor: int = 1
    fill_order: int = 1
    tags: dict = field(default_factory=dict)  # further ones: number -> SHORTs, or bytes

    def data(self) -> bytes:
        height, width, count = self.samples.shape
        planes = [self.samples[..., [k]] for k in range(count)] if self.is_planar else [self.samples]
        blocks = [self.packed(block) for plane in planes for block in self.blocks(plane)]
        tags = {256: [width], 257: [height], 258: [self.bits] * count, 259: [self.compression], 277: [count]}
        tags |= {284: [2 if self.is_planar else 1], 317: [self.predictor], 266: [self.fill_order]}
        tags |= {262: [self.photometric]} if self.photometric is not None else {}
        tags |= {322: [self.tile[1]], 323: [self.tile[0]]} if self.tile else {278: [self.rows or height]}
        return assembled(tags | self.tags, blocks, self.order, is_big=self.is_big, is_tiled=self.tile is not None)

    def blocks(self, plane):
        height, width, _ = plane.shape
        if self.tile is None:
            rows = self.rows or height
            return [plane[y : y + rows] for y in range(0, height, rows)]
        down, across = self.tile
        padded = np.pad(plane, ((0, -height % down), (0, -width % across), (0, 0)), mode="edge")
        return [padded[y : y + down, x : x + across] for y in range(0, height, down) for x in range(0, width, across)]

    def packed(self, block):
        if self.predictor == 2:
            block = np.diff(block, axis=1, prepend=block[:, :1] * 0)
        if self.bits == 8:
            data = block.astype(np.uint8).tobytes()
        elif self.bits in (16, 32, 64):
            kind = "f" if block.dtype.kind == "f" else "i" if block.dtype.kind == "i" else "u"
            data = block.astype(f"{self.order}{kind}{self.bits // 8}").tobytes()
        else:
            single = (block.reshape(len(block), -1, 1) >> np.arange(self.bits)[::-1]) & 1
            data = np.packbits(single.astype(np.uint8).reshape(len(block), -1), axis=1).tobytes()
        data = squeezed(data, self.compression)
        return bytes(int(f"{byte:08b}"[::-1], 2) for byte in data) if self.fill_order == 2 else data


def squeezed(data, compression):
    match compression:
        case 8 | 32946:
            return zlib.compress(data)
        case 34925:
            return lzma.compress(data)
        case 32773:  # PackBits: runs of up to 128 bytes as they are
            return b"".join(bytes([len(data[i : i + 128]) - 1]) + data[i : i + 128] for i in range(0, len(data), 128))
        case 5:  # LZW: cleared so often that every code is a byte, of 9 bits
            codes = [256]
            for index, byte in enumerate(data):
                codes += [byte, 256] if index % 200 == 199 else [byte]
            bits = "".join(f"{code:09b}" for code in [*codes, 257])
            return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    return data


def assembled(tags, blocks, order="<", *, is_big=False, is_tiled=False):
    """A TIFF of one directory behind its strips or tiles; tags: number -> SHORTs or LONGs, or bytes (UNDEFINED)."""
    mark = b"II" if order == "<" else b"MM"
    head = mark + struct.pack(order + ("HHHQ" if is_big else "HI"), *((43, 8, 0, 0) if is_big else (42, 0)))
    body, starts = bytearray(head), []
    for block in blocks:
        starts.append(len(body))
        body += block + bytes(len(block) % 2)
    tags = dict(tags) | ({324: starts, 325: list(map(len, blocks))} if is_tiled else {273: starts})
    if not is_tiled:
        tags.setdefault(279, list(map(len, blocks)))
    word = "Q" if is_big else "I"
    entries = []
    for tag in sorted(tags):
        value = tags[tag]
        if isinstance(value, bytes):
            kind, count, content = 7, len(value), value
        else:
            kind = 4 if max(value) > 65535 or tag in (273, 279, 324, 325) else 3
            count, content = len(value), struct.pack(f"{order}{len(value)}{'I' if kind == 4 else 'H'}", *value)
        size = 8 if is_big else 4
        if len(content) > size:
            place = struct.pack(order + word, len(body))
            body += content + bytes(len(content) % 2)
            content = place
        entries.append(struct.pack(f"{order}HH{word}", tag, kind, count) + content.ljust(size, b"\0"))
    start = len(body)
    body += struct.pack(order + ("Q" if is_big else "H"), len(entries)) + b"".join(entries) + bytes(8)
    struct.pack_into(order + word, body, 8 if is_big else 4, start)
    return bytes(body)
