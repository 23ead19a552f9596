"""Read back the PNG files the package writes, without the package."""

import struct
import zlib

import numpy as np


def chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    found, place = [], 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        kind, body = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        (check,) = struct.unpack(">I", png[place + 8 + length : place + 12 + length])
        assert check == zlib.crc32(kind + body)
        found.append((kind, body))
        place += 12 + length
    return found


def decode_png(png: bytes) -> np.ndarray:
    """Pixels (H, W, 3) of an RGB image filtered by "up" throughout."""
    parts = dict(chunks(png))
    width, height, depth, colour = struct.unpack(">IIBB", parts[b"IHDR"][:10])
    assert (depth, colour) == (8, 2)
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    assert set(rows[:, 0].tolist()) == {2}
    return np.cumsum(rows[:, 1:], axis=0, dtype=np.uint8).reshape(height, width, 3)


def inked(picture: np.ndarray, *, below: int = 250) -> np.ndarray:
    """(H, W) True where something was drawn."""
    return (picture < below).any(axis=2)
