"""Mails that hang, crash or fill other parsers (S15), and texts that hang careless patterns (S54)."""

import base64

HEAD = b"From: bob@example.com\nSubject: bomb\n"


def _nested(levels: int, *, close: bool = True) -> bytes:
    out = [HEAD]
    for level in range(levels):
        out.append(f'Content-Type: multipart/mixed; boundary="b{level}"\n\n--b{level}\n'.encode())
    out.append(b"Content-Type: text/plain\n\ncore\n")
    if close:
        out += [f"--b{level}--\n".encode() for level in reversed(range(levels))]
    return b"".join(out)


def _wide(parts: int) -> bytes:
    return HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nx\n" * parts + b"--b--\n"


def _messages(levels: int) -> bytes:
    return HEAD + b"Content-Type: message/rfc822\n\n" * levels + b"Subject: core\n\nx\n"


def _html(source: str) -> bytes:
    return HEAD + b"Content-Type: text/html; charset=utf-8\n\n" + source.encode()


def _pieces(number: int) -> bytes:
    return b"".join(b";\n name*%d*=x" % place for place in range(number))


# name: (mail, the code with which it is refused, or "" where it is simply read)
MIME_BOMBS = {
    "open quote in From": (b'From: "\n\nx', ""),
    "group and bracket in To": (HEAD + b"To: a <@b:\n\nx", ""),
    "90 kB quoted From": (b'From: "' + b"\\" * 90_000 + b'" <a@example.com>\n\nx', "headers_too_large"),
    "60 kB quoted From": (b'From: "' + b"\\" * 60_000 + b'" <a@example.com>\n\nx', ""),
    "290 kB of RFC 2231 pieces": (
        HEAD + b"Content-Type: text/plain" + _pieces(25_000) + b"\n\nx",
        "headers_too_large",
    ),
    "60 kB of RFC 2231 pieces": (
        HEAD + b"Content-Type: text/plain" + _pieces(4_000) + b"\n\nx",
        "",
    ),
    "700 kB of encoded words": (HEAD + b"Subject:" + b" =?utf-8?q?x?=" * 50_000 + b"\n\nx", "headers_too_large"),
    "60 kB of encoded words": (HEAD + b"X: 1\nSubject:" + b"\n =?utf-8?q?x?=" * 4_000 + b"\n\nx", ""),
    "unclosed encoded words": (b"From: a@example.com\nSubject: " + b"=?a?q?" * 10_000 + b"\n\nx", ""),
    "multipart 2,000 deep": (_nested(2_000), "too_deep"),
    "multipart 2,000 deep, unclosed": (_nested(2_000, close=False), "too_deep"),
    "20,000 parts": (_wide(20_000), "too_many_parts"),
    "messages 2,000 deep": (_messages(2_000), "too_deep"),
    "nested comments": (b"From: a@example.com\nTo: " + b"(" * 60_000 + b"\n\nx", ""),
    "address list of commas": (b"From: a@example.com\nTo: " + b"a@b," * 15_000 + b"\n\nx", ""),
    "colons": (b"From: a@example.com\nTo: a@b" + b":" * 60_000 + b"\n\nx", ""),
    "50,000 headers": (HEAD + b"A: b\n" * 50_000 + b"\nx", "headers_too_large"),
    "one line of 24 MB": (HEAD + b"\n" + b"a" * (24 * 1024 * 1024), ""),
    "12 million empty lines": (HEAD + b"\n" + b"\n" * (12 * 1024 * 1024), ""),
    "boundaries that never match": (
        HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--bb\n" * 2_000_000,
        "",
    ),
    "24 MB of base64": (
        HEAD + b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(b"\x00" * (17 * 1024 * 1024)),
        "",
    ),
    "padded base64 stretches": (
        HEAD + b"Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n" + b"QQ==\n" * 1_000_000,
        "",
    ),
    "uuencode that never ends": (HEAD + b"\n" + b"begin 644 a\n" * 100_000, ""),
    "100,000 nested tags": (_html("<div>" * 100_000), ""),
    "5,000 nested tables": (_html("<table><tr><td>" * 5_000), ""),
    "nested formatting": (_html("<b><i><font>" * 20_000), ""),
    "50,000 links": (_html('<a href="https://example.com/">x</a> ' * 50_000), ""),
    "6,000 links": (_html('<p><a href="https://example.com/">x</a></p>' * 6_000), ""),
    "open comments": (_html("<!--" * 100_000), ""),
    "open tags": (_html("<a " * 300_000), ""),
    "one tag of 50,000 attributes": (_html("<p " + " ".join(f"a{number}=1" for number in range(50_000)) + ">x"), ""),
    "nested quotes in HTML": (_html("<blockquote type=cite>" * 1_500 + "x"), ""),
    "one long cell above 5,000 rows": (
        _html("<table><tr><td>" + "word " * 20_000 + "<td>x" + "<tr><td>a<td>b" * 5_000 + "</table>"),
        "",
    ),
    "cells that span a thousand": (_html("<table><tr><td colspan=1000 rowspan=1000>x</table>" * 1_000), ""),
    "20,000 columns": (_html("<table><tr>" + "<td>a" * 20_000), ""),
    "70 nested lists": (_html("<ul><li>" * 70 + "x"), ""),
    "entities": (_html("&lt;" * 300_000), ""),
    "huge HTML": (_html("<p>word</p>" * 1_000_000), ""),
}  # fmt: skip

SIZE = 100_000


def _filled(piece: str) -> str:
    return (piece * (SIZE // len(piece) + 1))[:SIZE]


TEXT_BOMBS = {
    "quote signs": _filled(">"),
    "quote signs by line": _filled(">\n"),
    "deep quotes": _filled("> " * 40 + "\n"),
    "On without end": _filled("On "),
    "On by line": _filled("On Monday at 10:00\n"),
    "wrote": _filled("wrote "),
    "wrote by line": _filled("On 5 May 2026 at 10:00, a wrote\n"),
    "colons": _filled(":"),
    "colons by line": _filled("On a@b.cd 2026 :\n"),
    "headers": _filled("From: a\n"),
    "header blocks": _filled("From: a@b\nSent: 1\nTo: c\nSubject: d\n"),
    "labels": _filled("*" * 50 + ":" + "\n"),
    "dashes": _filled("-"),
    "dashes by line": _filled("-- \n"),
    "rules": _filled("---- Original Message\n"),
    "underscores": _filled("_" * 99 + "\n"),
    "blanks": _filled(" "),
    "tabs and blanks": _filled("\t \n"),
    "addresses": _filled("a@"),
    "address lines": _filled("2026 <a@b>\n"),
    "brackets": _filled("<"),
    "phones": _filled("Sent from my "),
    "phones by line": _filled("Sent from my iPhone\n"),
    "one long line": _filled("a" * 1000 + " "),
    "digits": _filled("1" * 50 + " "),
    "reply above": _filled("##- Please type your reply above this line -##\n"),
    "forwards": _filled("---------- Forwarded message ----------\n"),
    "uuencode": _filled("begin 644 a\nM\n"),
    "message ids": _filled("Message-ID: <a@b\n"),
    "status codes": _filled("550 5.1.1 "),
}  # fmt: skip
