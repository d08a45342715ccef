"""The code that is kept beside the observations of a grade."""

from __future__ import annotations

import pytest

from grader import listing
from grader.kernel.channel import ProtocolError
from grader.listing import CodeCell


def test_the_code_cells_come_back_as_they_were_with_their_numbers() -> None:
    cells = [CodeCell("a.ipynb", 2, "x = '\ud800é'\n"), CodeCell("a.ipynb", 3, ""), CodeCell("b.ipynb", 1, "y = 2")]

    assert listing.load(listing.dump(cells)) == cells


def test_what_nobody_writes_by_hand_is_cut_off_and_says_so() -> None:
    content = listing.dump(CodeCell("a.ipynb", number, f"{number}" * 100_000) for number in range(1, 100))

    kept = listing.load(content)
    assert len(content) < 500_000 and len(kept) == 99
    assert kept[0].source.endswith("1\n…") and kept[-1].source == "\n…"


@pytest.mark.parametrize("content", [b"", b"{}", b'[["a.ipynb", "2", "x"]]', b'["a"]', b"[[1, 2"])
def test_a_damaged_list_is_told(content: bytes) -> None:
    with pytest.raises(ProtocolError):
        listing.load(content)
