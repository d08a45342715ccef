"""Pictures in written answers, as Jupyter and Colab keep them."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from grader import notebook
from grader.checks.answered import answered
from grader.kernel.submitted import SubmittedSession
from grader.notebook.drawings import MOST
from grader.records import Outcome, SourceFile
from grader.reviewing.markdown import rendered
from tests.fakes import FakeReference, item

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABc3UBGAAAAABJRU5ErkJggg=="
OTHER = PIXEL.replace("c3UBGA", "c3UBGB")
ITEM = item("answered", "7.2", id="written-7.2", section="7.2")


def written(text: str, attachments: Any = None) -> notebook.Notebook:
    """A notebook with a discussion of 7.2."""
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "## 7.2\n\n### Discussion"},
        {"cell_type": "markdown", "metadata": {}, "source": text, "attachments": attachments},
    ]
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    return notebook.read(SourceFile("hw.ipynb", json.dumps(content).encode()))


def evidence(*notebooks: notebook.Notebook) -> dict[str, Any]:
    """What the check keeps of an answer."""
    session = SubmittedSession(
        [],
        lambda section: notebook.discussion(notebooks, section),
        pictures=lambda section: notebook.pictures(notebooks, section),
    )
    finding = answered(session, FakeReference(), ITEM)
    assert finding.outcome is Outcome.WAITING
    return dict(finding.evidence)


@pytest.mark.parametrize(
    ("source", "attachments"),
    [
        ("![net](attachment:image.png)", {"image.png": {"image/png": PIXEL}}),
        ("![net](attachment:image.png)", {"image.png": {"image/png": [PIXEL[:20] + "\n", PIXEL[20:]]}}),
        ("![net](attachment:my%20net.png)", {"my net.png": {"image/png": PIXEL}}),
        (f"![net](data:image/png;base64,{PIXEL})", None),
    ],
    ids=["jupyter", "in-lines", "name-with-a-space", "colab"],
)
def test_a_picture_in_an_answer_reaches_whoever_marks(source: str, attachments: Any) -> None:
    kept = evidence(written(f"The kernel slides: {source}", attachments))

    assert len(kept["text"]) < 80
    assert f'<img src="data:image/png;base64,{PIXEL}" alt="net">' in rendered(kept["text"], kept["pictures"])


def test_pictures_of_one_name_in_two_notebooks_are_two() -> None:
    notebooks = [
        written("first ![a](attachment:image.png)", {"image.png": {"image/png": PIXEL}}),
        written("second ![b](attachment:image.png)", {"image.png": {"image/png": OTHER}}),
    ]

    kept = evidence(*notebooks)

    shown = rendered(kept["text"], kept["pictures"])
    assert f'{PIXEL}" alt="a"' in shown and f'{OTHER}" alt="b"' in shown


def test_only_pictures_of_the_answer_are_kept_and_no_more_than_a_recording_holds() -> None:
    large = [base64.b64encode(base64.b64decode(PIXEL) + bytes(MOST * 3 // 8) + n).decode() for n in (b"B", b"C", b"D")]
    uris = [f"![picture](data:image/png;base64,{each})" for each in large]

    kept = evidence(written("words " + " ".join(uris)), written("![unused](attachment:x.png)"))
    unasked = evidence(written("words", {"image.png": {"image/png": PIXEL}}))

    assert sum(map(len, kept["pictures"].values())) <= MOST
    assert len(kept["pictures"]) == 1
    assert rendered(kept["text"], kept["pictures"]).count("picture left out") == 3
    assert unasked == {"text": "words"}


@pytest.mark.parametrize(
    "attachments",
    [
        {"x.png": {"image/svg+xml": "<svg onload=alert(1)>"}}, {"x.png": {"image/png": {"a": 1}}}, {"x.png": None},
        {"x.png": {"image/png": 'A" onerror="alert(1)'}}, ["x.png"], "x.png",
    ],
    ids=["svg", "no-text", "nothing", "quotes", "list", "word"],
)  # fmt: skip
def test_what_is_no_picture_is_named_and_does_nothing(attachments: Any) -> None:
    kept = evidence(written("words ![net](attachment:x.png)", attachments))

    shown = rendered(kept["text"], kept.get("pictures"))
    assert "<img" not in shown and "onerror" not in shown
    assert "picture left out: net" in shown


def test_a_picture_that_is_mentioned_again_and_again_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[int] = []
    sha256 = hashlib.sha256

    def counted(content: bytes) -> object:
        hashed.append(len(content))
        return sha256(content)

    monkeypatch.setattr(hashlib, "sha256", counted)

    read = written("![](attachment:a.png) " * 1_000, {"a.png": {"image/png": PIXEL}})

    assert len(hashed) == 1
    assert read.cells[1].source.count("attachment:") == 1_000
    assert "a.png" not in read.cells[1].source
