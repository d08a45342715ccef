"""The words of a page in its reader's language: gettext catalogues below `locale/`, English where there is none."""

from __future__ import annotations

import functools
import gettext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grader.records import LANGUAGES

CATALOGUES: Final = Path(__file__).parent / "locale"
DOMAIN: Final = "feedback"


@dataclass(frozen=True, slots=True)
class Language:
    """A language by its tag (BCP 47), and what turns our English into it."""

    tag: str
    translations: gettext.NullTranslations

    def __call__(self, message: str, **values: object) -> str:
        """The message in this language, with its placeholders such as {count} filled in."""
        text = self.translations.gettext(message)
        return text.format(**values) if values else text


@functools.cache
def language(tag: str) -> Language:
    """The language with this tag.

    Raises:
        KeyError: there is no catalogue of it.
    """
    if tag not in LANGUAGES:
        raise KeyError(tag)
    if tag == "en":
        return Language(tag, gettext.NullTranslations())
    return Language(tag, gettext.translation(DOMAIN, CATALOGUES, [tag]))


def marked(message: str) -> str:
    """The message itself: marks what is translated later, for the extraction."""
    return message
