"""Styles and scripts of ours that stand in a page, and the content security policy that lets only them in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markupsafe import Markup

BASE: Final = Path(__file__).parent / "base.css"


@dataclass(frozen=True, slots=True)
class Trusted:
    """A text of ours that goes into a page as it is, and the hash by which the page's policy allows it."""

    text: Markup
    hash: str

    @classmethod
    def of(cls, *paths: Path) -> Trusted:
        """The texts of these files, one after the other."""
        text = "".join(path.read_text(encoding="utf-8") for path in paths)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        return cls(Markup(text), f"sha256-{digest}")  # noqa: S704 - files of ours


def policy(style: Trusted, scripts: Sequence[Trusted] = ()) -> str:
    """The content of a page's policy: nothing from anywhere, no script but these."""
    hashes = " ".join(f"'{each.hash}'" for each in scripts)
    allowed = f"script-src {hashes}; " if scripts else ""
    return f"default-src 'none'; style-src '{style.hash}'; {allowed}img-src data:; base-uri 'none'; form-action 'none'"
