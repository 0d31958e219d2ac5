"""The little Markdown of product texts: no text brings markup of its own."""

import pytest

from supportdesk.lib.marks import marked


def test_headings_lists_and_links_are_shown():
    text = "# What you get\n\n- One **robot**\n- *Three* sensors\n\n1. Open\n2. Play\r\n\r\nSee [more](/store/kit/)."

    assert marked(text).split("\n") == [
        "<h2>What you get</h2>",
        "<ul><li>One <b>robot</b></li><li><em>Three</em> sensors</li></ul>",
        "<ol><li>Open</li><li>Play</li></ol>",
        '<p>See <a href="/store/kit/">more</a>.</p>',
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "<img src=x onerror=1>",
        '[x](https://a" onclick="alert(1))',
        "[<script>](/x)",
        "**<b onmouseover=1>**",
        "[x](data:text/html,<script>)",
        "`<script>`",
        "[a](/b'onx='1)",
    ],
)
def test_a_hostile_text_stays_text(text):
    html = marked(text)

    assert "<script" not in html and "<img" not in html and "javascript:" not in html.split("href=")[-1][:12]
    assert 'onclick="' not in html and "onx='" not in html and "<b onmouseover" not in html


def test_a_long_text_takes_no_time():
    assert len(marked("*" * 50_000)) == len("<p></p>") + 50_000
    assert marked("") == ""
