"""What students wrote is shown with its mathematics and pictures, and can do nothing."""

from __future__ import annotations

import base64
import re
import struct
import zlib

import pytest

from grader.reviewing.markdown import LONGEST, rendered


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int) -> str:
    """A PNG that says it is so large; only its first row is there."""
    size = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    row = zlib.compress(bytes(1 + (width + 7) // 8))
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", row) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(content).decode()


PIXEL = png(1, 1)


def test_markdown_is_shown_with_lists_tables_and_code() -> None:
    shown = rendered("**Why** it `works`:\n\n- one\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx < 1\n```")

    assert "<strong>Why</strong>" in shown and "<li>one</li>" in shown and "<td>2</td>" in shown
    assert "<pre><code>x &lt; 1\n</code></pre>" in shown


@pytest.mark.parametrize(("text", "display"), [("so $x^2$", "inline"), ("$$\nx^2\n$$", "block"), ("$$x^2$$", "block")])
def test_formulas_become_mathml(text: str, display: str) -> None:
    shown = rendered(text)

    assert f'<math display="{display}">' in shown and "<msup><mi>x</mi><mn>2</mn></msup>" in shown


@pytest.mark.parametrize("formula", [r"\frac{", "^^", "{" * 500, r"\left(", r"\begin{pmatrix}", "x" * 5000])
def test_what_is_no_formula_is_shown_as_it_was_written(formula: str) -> None:
    assert f"<code>{formula}</code>" in rendered(f"${formula}$")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt&#58;alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "![a](javascript:alert(1))",
        "![a](https://example.org/spy.png)",
        "![a](//example.org/spy.png)",
        "![a](data:image/svg+xml;base64,PHN2Zz4=)",
        "![a](data:image/png;base64,PHNjcmlwdD4=)",
        '![" onerror="alert(1)](x)',
        r"$\text{<script>alert(1)</script>}$",
        r"$\text{</mtext></math><img src=x onerror=alert(1)>}$",
        r"$\href{javascript:alert(1)}{x}$",
        r"$\style{background:url(https://example.org)}{x}$",
        r"$\class{x}{y}$",
        "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
        "<form action=//example.org><input name=key></form>",
        "<meta http-equiv=refresh content='0;url=//example.org'>",
    ],
)
def test_hostile_text_does_nothing(text: str) -> None:
    shown = rendered(text)

    tags = re.findall(r"<[^>]*>", shown)
    assert not [tag for tag in tags if re.match(r"<\s*(script|svg|img|form|input|meta|style|iframe|object)", tag)]
    assert not [tag for tag in tags if re.search(r"javascript:|data:|\bon\w+\s*=|style=|example\.org", tag, re.I)]


def test_links_lead_on_without_telling_where_from() -> None:
    assert rendered("[d2l](https://d2l.ai)") == (
        '<p><a href="https://d2l.ai" rel="noopener noreferrer nofollow">d2l</a></p>\n'
    )


def test_pictures_that_come_with_the_text_are_shown() -> None:
    assert f'<img src="{PIXEL}" alt="net">' in rendered(f"![net]({PIXEL})")
    assert f'<img src="{PIXEL}" alt="net">' in rendered("![net](attachment:net.png)", {"net.png": PIXEL})


def test_a_picture_that_is_left_out_is_named() -> None:
    assert "picture left out: net (https://example.org/net.png)" in rendered("![net](https://example.org/net.png)")


@pytest.mark.parametrize(("width", "height"), [(30_000, 30_000), (1_000_000, 51), (8_000, 8_000), (1 << 31, 0)])
def test_a_picture_that_would_take_a_browser_gigabytes_is_left_out(width: int, height: int) -> None:
    assert "picture left out: net" in rendered("![net](attachment:a)", {"a": png(width, height)})
    assert "<img" in rendered("![net](attachment:a)", {"a": png(6_000, 8_000)})


def test_what_only_begins_like_a_picture_is_left_out() -> None:
    broken = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()

    assert "picture left out" in rendered(f"![net]({broken})")
    assert "picture left out" in rendered(f"![net]({PIXEL.replace('png', 'jpeg')})")


def test_a_text_of_ten_megabytes_is_cut_and_the_rest_counted() -> None:
    shown = rendered("word " * 2_000_000)

    assert len(shown) < 2 * LONGEST and "9,980,000 more characters" in shown


@pytest.mark.parametrize("text", ["[" * LONGEST, ">" * LONGEST, "*a" * LONGEST, "$a$" * LONGEST, "`a" * LONGEST])
def test_text_that_nests_without_end_is_shown(text: str) -> None:
    assert len(rendered(text)) > 100


@pytest.mark.parametrize(
    "text", ["[" * 20_000, "![" * 10_000, "[a](" * 5_000, "|a" * 250 + "\n" + "|-" * 250 + "\n" + "|b\n" * 3_000]
)
def test_text_that_would_take_seconds_to_read_is_shown_as_it_was_written(text: str) -> None:
    shown = rendered(text)

    assert shown == f"<pre>{text}</pre>"


def test_a_table_as_large_as_anybody_writes_is_a_table() -> None:
    shown = rendered("|a" * 10 + "|\n" + "|-" * 10 + "|\n" + ("|b" * 10 + "|\n") * 50)

    assert shown.count("<td>") == 500
