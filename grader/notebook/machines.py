"""What a notebook's metadata tell of the machine it was last run on, as far as it can be believed to be that."""

from __future__ import annotations

import re
from typing import Any, Final

_VERSION: Final = re.compile(r"\d{1,2}(?:\.\d{1,3}){1,2}")
_CARD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{0,19}")


def written_on(root: Any) -> dict[str, str]:
    """`Python` and its version (nbformat's language_info), `GPU` and its kind (Colab's accelerator); else nothing.

    Args:
        root: the notebook as JSON, of any form.
    """
    found: dict[str, str] = {}
    metadata = root.get("metadata") if isinstance(root, dict) else None
    match metadata:
        case {"language_info": {"name": "python", "version": str() as version}} if _VERSION.fullmatch(version):
            found["Python"] = version
    match metadata:
        case {"accelerator": "GPU", "colab": {"gpuType": str() as card}} if _CARD.fullmatch(card):
            found["GPU"] = card
        case {"accelerator": "GPU"}:
            found["GPU"] = "yes"
    return found
