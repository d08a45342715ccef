"""Who may ask for the pages: the one to whom the address was printed, from a page of ours, and nobody else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.reviewing.guarding import KEY_HEADER, Guard
from tests.reviewing.rooms import HERE, PORT, Visitor, build, decided


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Visitor:
    return Visitor(build(tmp_path_factory.mktemp("course")))


def test_the_printed_address_gives_a_cookie_that_scripts_cannot_read_and_leads_away(visitor: Visitor) -> None:
    fresh = visitor.app.test_client()

    answer = fresh.get(f"/?token={visitor.guard.token}", base_url=HERE)

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert re.fullmatch(
        rf"grader_review_{PORT}=[\w-]+; HttpOnly; Path=/; SameSite=Strict", answer.headers["Set-Cookie"]
    )
    assert fresh.get("/", base_url=HERE).status_code == 200


@pytest.mark.parametrize("path", ["/", "/?token=guess", "/?token=", "/students", "/student/s01", "/review.js", "/gone"])
def test_without_the_cookie_there_is_nothing(visitor: Visitor, path: str) -> None:
    answer = visitor.app.test_client().get(path, base_url=HERE)

    assert answer.status_code == 403
    assert "that `grader review` printed" in answer.text and "s01" not in answer.text


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1", "127.0.0.1:1", f"example.org:{PORT}", f"127.0.0.1.example.org:{PORT}"])  # fmt: skip
def test_another_host_is_refused_even_with_the_token(visitor: Visitor, host: str) -> None:
    assert visitor.get("/students", Host=host).status_code == 403
    assert visitor.get(f"/?token={visitor.guard.token}", Host=host).status_code == 403


def test_localhost_is_this_host(visitor: Visitor) -> None:
    client = visitor.app.test_client()
    client.get(f"/?token={visitor.guard.token}", base_url=f"http://localhost:{PORT}")

    assert client.get("/", base_url=f"http://localhost:{PORT}").status_code == 200


@pytest.mark.parametrize(
    "origin", ["http://example.org", "null", "", f"https://127.0.0.1:{PORT}", "http://127.0.0.1:1"]
)
def test_a_page_from_elsewhere_changes_nothing(visitor: Visitor, origin: str) -> None:
    headers = {KEY_HEADER: visitor.guard.key, **({"Origin": origin} if origin else {})}

    answer = visitor.post("/request", headers=headers, student="s01", item="corr2d", text="Please.")

    assert answer.status_code == 403
    assert decided(visitor.folder) == []


@pytest.mark.parametrize("key", ["", "guess"])
def test_without_the_key_of_the_page_nothing_changes(visitor: Visitor, key: str) -> None:
    headers = {"Origin": HERE, **({KEY_HEADER: key} if key else {})}

    assert visitor.post("/request", headers=headers, student="s01", text="Please.").status_code == 403
    assert decided(visitor.folder) == []


def test_every_answer_forbids_what_no_page_needs(visitor: Visitor) -> None:
    for path in ("/", "/review.js", "/student/nobody"):
        headers = visitor.get(path).headers

        assert headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'; script-src 'self';")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert (headers["X-Content-Type-Options"], headers["Cache-Control"]) == ("nosniff", "no-store")


def test_no_page_holds_a_script_or_style_of_its_own(visitor: Visitor) -> None:
    pages = [visitor.text(path) for path in ("/", "/students", "/student/s01", "/broken", "/requests")]
    pages.append(visitor.text(visitor.get("/item/written").headers["Location"]))

    for page in pages:
        assert re.findall(r"<script[^>]*>", page) == ['<script src="/review.js" defer>']
        assert not re.search(r"<style|\sstyle=|\son\w+=", page)
        assert visitor.guard.token not in page and visitor.guard.session not in page


def test_secrets_are_drawn_anew_and_never_printed_by_accident() -> None:
    one, other = Guard(PORT), Guard(PORT)

    assert len({one.token, one.session, one.key, other.token, other.session, other.key}) == 6
    assert one.token not in repr(one) and one.session not in repr(one)


def test_what_is_sent_is_limited_in_size(visitor: Visitor) -> None:
    assert visitor.post("/request", student="s01", text="x" * 300_000).status_code in (400, 413)
    assert decided(visitor.folder) == []


def test_a_course_of_another_folder_is_not_served(visitor: Visitor, tmp_path: Path) -> None:
    for path in ("/../gradebook.db", "/static/../gradebook.db", "/templates/base.html"):
        assert visitor.get(path).status_code == 404
