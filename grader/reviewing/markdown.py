"""What students wrote in markdown, as HTML that can do nothing but be read.

markdown-it parses it without raw HTML, latex2mathml makes MathML of formulas, and nh3 keeps only what is listed here of
all that comes of it. The content security policy of the page is the second wall: it lets no script of a text run.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import functools
import io
import re
import warnings
from collections.abc import Mapping
from typing import Any, Final

import nh3
from latex2mathml import converter, exceptions
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin
from PIL import Image

LONGEST: Final = 20_000  # characters that are rendered; checks keep no more of an answer
_LONGEST_FORMULA: Final = 1_000
_MOST_BRACKETS: Final = 1_000  # looking for the ends of links takes a time that grows with their square
_MOST_CELLS: Final = 2_000  # of tables: short rows are filled up to the width of the first
_LARGEST_PICTURE: Final = 1_500_000  # characters in base64
_MOST_PIXELS: Final = 50_000_000  # as the largest cameras take; a browser needs four bytes for each, and may crash
_PICTURE: Final = re.compile(r"data:image/(png|jpeg);base64,([A-Za-z0-9+/=\s]*)\Z")
_TEXT: Final = frozenset(
    "p br hr em strong s code pre blockquote ul ol li h1 h2 h3 h4 h5 h6 table thead tbody tr th td a img span".split()
)
_MATH: Final = frozenset(
    "math mrow mi mo mn mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd mstyle"
    " mpadded mphantom menclose".split()
)
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "span": {"class"},
    "ol": {"start"},
    "math": {"display"},
    "mo": {"stretchy", "fence", "separator", "form", "accent", "movablelimits"},
    "mi": {"mathvariant"},
    "mstyle": {"displaystyle", "scriptlevel"},
}
# latex2mathml has no common ancestor for its own errors, and lets some of Python's through on odd input.
_NO_FORMULA: Final[tuple[type[Exception], ...]] = (
    *(each for each in vars(exceptions).values() if isinstance(each, type) and issubclass(each, Exception)),
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    RecursionError,
    StopIteration,
)


def rendered(text: str, pictures: Mapping[str, str] | None = None) -> Markup:
    """The text as HTML.

    Args:
        text: markdown with formulas in dollar signs; what is beyond `LONGEST` is left out, and said.
        pictures: attachments of the cell as data URIs, by name.
    """
    shown = text[:LONGEST]
    found = f"<pre>{escapeHtml(shown)}</pre>"
    if not _laborious(shown):
        with contextlib.suppress(RecursionError):  # nested deeper than anybody writes
            found = _parser().render(shown, {"pictures": dict(pictures or {})})
    clean = nh3.clean(
        found,
        tags=set(_TEXT | _MATH),
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "data"},
        attribute_filter=_allowed,
        link_rel="noopener noreferrer nofollow",
    )
    rest = len(text) - len(shown)
    left = f'<p class="muted">… and {rest:,} more characters that are not shown.</p>' if rest else ""
    return Markup(clean + left)  # noqa: S704 - cleaned above


def _laborious(text: str) -> bool:
    """Whether a text holds more links or cells of tables than anybody writes, for which a page would wait seconds."""
    bars = [line.count("|") for line in text.splitlines()]
    return text.count("[") > _MOST_BRACKETS or max(bars, default=0) * sum(map(bool, bars)) > _MOST_CELLS


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "src":
        return value if _picture(value) else None
    if attribute == "href":
        return value if value.startswith(("http://", "https://")) else None
    if attribute == "class":
        return value if value == "left-out" else None
    return value


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
    parser.use(dollarmath_plugin, double_inline=True, renderer=_formula)
    parser.validateLink = lambda url: True  # type: ignore[method-assign] # nh3 decides, and the rest is shown as text
    parser.add_render_rule("image", _image)
    parser.add_render_rule("math_block", lambda self, tokens, index, options, env: _block(tokens[index]))
    return parser


def _block(token: Any) -> str:
    return f"<p>{_formula(token.content, {'display_mode': True})}</p>"


def _image(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    """A picture that comes with the text; any other is named, because showing it would ask the network for it."""
    token = tokens[index]
    source, described = str(token.attrs.get("src", "")), escapeHtml(token.content)
    if source.startswith("attachment:"):
        source = env["pictures"].get(source.removeprefix("attachment:"), source)
    if _picture(source):
        return f'<img src="{escapeHtml(source)}" alt="{described}">'
    return (
        f'<span class="left-out">picture left out: {described or "without a name"} ({escapeHtml(source[:100])})</span>'
    )


def _picture(source: str) -> bool:
    """Whether it is a PNG or a JPEG of a moderate size, by what its header says; nothing is decompressed."""
    found = _PICTURE.match(source) if len(source) <= _LARGEST_PICTURE else None
    if found is None:
        return False
    try:
        content = io.BytesIO(base64.b64decode("".join(found.group(2).split()), validate=True))
        with warnings.catch_warnings(action="ignore"):  # about as many pixels as are too many here
            with Image.open(content, formats=[found.group(1)]) as picture:
                width, height = picture.size
    except (binascii.Error, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        return False
    return 0 < width * height <= _MOST_PIXELS


def _formula(content: str, options: Mapping[str, Any]) -> str:
    display = "block" if options.get("display_mode") else "inline"
    # The converter does not escape the text of \text{...}.
    source = content.strip().replace("<", r"\lt ").replace(">", r"\gt ")
    if len(source) <= _LONGEST_FORMULA and not re.search(r"[{(\[]{40}", source):
        try:
            return converter.convert(source, display=display)
        except _NO_FORMULA:
            pass  # what is no formula is shown as it was written
    return f"<code>{escapeHtml(content)}</code>"
