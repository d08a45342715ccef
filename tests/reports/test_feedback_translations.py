"""The words of the feedback page in every language: complete, in step with the source, and never guessed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from grader.records import LANGUAGES
from grader.reports.feedback.languages import CATALOGUES, DOMAIN, language
from grader.reports.feedback.sentences import TEMPLATES, translated

KOREAN = language("ko")
TRANSLATED = [tag for tag in LANGUAGES if tag != "en"]
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]


def said() -> set[str]:
    """Every message of the page in English, the first form of those with several."""
    found = extract_from_dir(CATALOGUES.parent, METHODS, strip_comment_tags=True)
    return {each[2][0] if isinstance(each[2], tuple) else each[2] for each in found}


def known(tag: str) -> list[Message]:
    with (CATALOGUES / tag / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return [message for message in read_po(file) if message.id]


def _texts(messages: list[Message]) -> dict[str, list[str]]:
    """By first form of the English, all forms of the translation."""
    return {_forms(each.id)[0]: _forms(each.string) for each in messages}


def _forms(text: object) -> list[str]:
    return [str(each) for each in text] if isinstance(text, list | tuple) else [str(text or "")]


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{\w+\}|%\(\w+\)s", text))


@pytest.mark.parametrize("tag", TRANSLATED)
def test_every_message_is_translated_with_its_placeholders(tag: str) -> None:
    messages = {_forms(message.id)[0]: message for message in known(tag)}

    assert messages.keys() == said()
    for text, message in messages.items():
        forms = _forms(message.string)
        assert all(forms), text
        assert all(placeholders(form) == placeholders(text) for form in forms), text
        assert not message.fuzzy, text


@pytest.mark.parametrize("tag", TRANSLATED)
def test_the_compiled_catalogue_is_that_of_the_source(tag: str) -> None:
    with (CATALOGUES / tag / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        compiled = [message for message in read_mo(file) if message.id]

    assert _texts(compiled) == _texts(known(tag))


def test_a_language_without_a_catalogue_is_none() -> None:
    with pytest.raises(KeyError):
        language("tlh")


# ---- sentences of checks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message",
    [
        "20 of 20 cases agree with the reference.",
        "2 of 20 cases are wrong. The first: 9 of 9 elements differ; the greatest difference is 24 at index (2, 0);"
        " 0.001 is allowed.",
        "`corr2d` raised ValueError at `return X @ K.`.",
        "`pool2d` gave no answer in 10 s.",
        "`corr2d(X, K)` and `corr2d(X.t(), K)` give the expected values. The version in cell 9 counts; a later one is"
        " wrong.",
        "Test accuracy 0.628 ± 0.011 on 2000 images after 150 steps; full credit from 0.45. This is the median of three"
        " trainings: 0.620, 0.628, 0.640.",
        "Layer 2 of 5 should be a convolution with output (1, 16, 10, 10); the next convolution of yours gives"
        " (1, 16, 14, 14).",
        "Not trained, because lenet-shapes, init-cnn did not pass.",
        "Handed in 1 day 3 h after it was due (2026-11-20 23:59): 20 % of the points earned are taken off.",
        "The learned weight (-0.971, 1.011) is near (1, -1).",
    ],
)
def test_common_sentences_are_translated_whole(message: str) -> None:
    (part,) = translated(message, KOREAN, {})

    assert part.tag == "ko"
    assert sorted(re.findall(r"\d+\.\d+", part.text)) == sorted(re.findall(r"\d+\.\d+", message))


def test_what_is_not_known_stays_in_english_and_says_so() -> None:
    message = "This is convolution: the kernel is flipped. 7.2 asks for cross-correlation. 18 of 20 cases are wrong."

    english, korean = translated(message, KOREAN, {})

    assert (english.tag, english.text) == ("en", message.removesuffix(" 18 of 20 cases are wrong."))
    assert (korean.tag, korean.text) == ("ko", "20가지 경우 중 18가지가 틀립니다.")


@pytest.mark.parametrize(
    "message", ["", "no dot at the end", "`x` is not defined. `x` is not defined", "? ! .", "a.b.c"]
)
def test_in_english_every_message_stays_as_it_is(message: str) -> None:
    assert " ".join(part.text for part in translated(message, language("en"), {})) == message


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_is_recognised_as_itself(template: str) -> None:
    from grader.reports.feedback import sentences

    values = {"index": "(0, 1)", "expected": "(2,)", "got": "()", "name": "`f`", "names": "`f` and `g`",
              "helper": "`h`", "error_type": "ValueError", "line": "`x = {y}`", "layer": "convolution",
              "other": "linear layer", "section": "7.2", "items": "a-1, b", "runs": "0.1, 0.2", "weight": "(1.0, -1.0)",
              "wanted": "(1, -1)", "shape": "(-1, 784)", "percent": "%", "duration": "2 days 3 h", "date": "2026-11-20 23:59"}  # fmt: skip
    message = template.format(**{name: values.get(name, "7") for name in sentences._VALUES})

    (part,) = translated(message, KOREAN, {})

    assert part.tag == "ko"
    assert all(values.get(name, "7") in part.text for name in ("index", "line", "runs") if f"{{{name}}}" in template)


def test_hostile_text_in_a_sentence_is_carried_over_and_not_filled_in() -> None:
    (part,) = translated("`f` raised ValueError at `{count} of {asked} {0} %s`.", KOREAN, {})

    assert "`{count} of {asked} {0} %s`" in part.text


def test_ids_of_items_become_their_titles() -> None:
    (part,) = translated("Follows from corr2d-values.", language("en"), {"corr2d-values": "corr2d computes"})

    assert part.text == "Follows from “corr2d computes”."


def test_catalogues_lie_where_the_package_takes_them_along() -> None:
    declared = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")

    assert "locale/*/LC_MESSAGES/*.mo" in declared
