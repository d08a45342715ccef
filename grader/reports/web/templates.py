"""How our templates are read: everything escaped, what is undefined refused, blocks without lines of their own."""

from __future__ import annotations

import functools
import gettext
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

_CODE: Final = Markup("<code>{}</code>")


@functools.cache
def template(
    path: Path, *, translations: gettext.NullTranslations | None = None, **filters: Callable[..., Any]
) -> Template:
    """A template, read once; beside the filters that it is given it has `coded`.

    Args:
        path: of its file; it may include those beside it.
        translations: of what it marks as words, where it does.
        filters: by the name that the template gives them.
    """
    environment = Environment(
        loader=FileSystemLoader(path.parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    if translations is not None:
        environment.add_extension("jinja2.ext.i18n")
        environment.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update({"coded": coded, **filters})
    return environment.get_template(path.name)


def coded(text: str, code: Markup = _CODE) -> Markup:
    """The text with what stands in backquotes as code; all of it escaped."""
    pieces = re.split(r"`([^`]{1,400})`", text)
    return Markup().join(code.format(piece) if number % 2 else piece for number, piece in enumerate(pieces))
