"""What was probably meant by a name that does not exist; for whoever words an error."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

_NAMED: Final = 40  # of the names that exist, where none is close


def hint(word: str, names: Iterable[str]) -> str:
    """How a message about an unknown word ends: with what was probably meant, or with what there is."""
    known = sorted(set(names))
    spelt = {name.casefold(): name for name in known}
    if close := difflib.get_close_matches(word.casefold(), spelt, n=1):
        return f"; did you mean {spelt[close[0]]!r}?"
    if not known:
        return "; it has none"
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return f"; known are {', '.join(known[:_NAMED])}{more}"
