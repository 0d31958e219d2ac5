"""Small files that stand for what people attach: a photograph, a purchase order, a log."""

import struct
import zlib
from random import Random


def photo(random: Random, width: int = 240, height: int = 160) -> bytes:
    """A PNG of a table top with some parts on it."""
    table = [random.randint(150, 210) for _ in range(3)]
    parts = [
        (random.randrange(width), random.randrange(height), random.randint(8, 26), [random.randint(20, 120)] * 3)
        for _ in range(9)
    ]
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        shade = y * 40 // height
        row = bytearray(bytes(max(0, tone - shade) for tone in table) * width)
        for left, top, size, tone in parts:
            if top <= y < top + size:
                end = min(width, left + size * 2)
                row[left * 3 : end * 3] = bytes(tone) * (end - left)
        rows += row
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(*each) for each in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    )


def pdf(*lines: str) -> bytes:
    """A one-page PDF with these lines."""
    shown = "".join(f"({_pdf_text(line)}) Tj T* " for line in lines)
    content = f"BT /F1 11 Tf 14 TL 60 760 Td {shown}ET".encode("latin-1", "replace")
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(bodies) + 1, table)
    return bytes(out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, len(out)))


def log(random: Random) -> bytes:
    """What a robot wrote before it restarted."""
    lines = [
        f"10:{41 + number // 30:02d}:{number * 2 % 60:02d} motor {'LR'[number % 2]} {random.randint(180, 950)} mA, "
        f"battery {7.9 - number / 25:.2f} V"
        for number in range(40)
    ]
    return "\n".join([*lines, "10:42:58 brown-out, board protects itself", "10:43:01 start 4.3.0 rev F"]).encode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _pdf_text(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
