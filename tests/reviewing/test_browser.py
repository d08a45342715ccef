"""`grader review` as a person meets it: the command, a browser, the keyboard; two people at once; hostile answers."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.commands import history
from grader.commands.rescore import Options, rescore
from tests import browsers
from tests.reviewing.rooms import build, decided, grade, rows, student_id

ROOT = Path(__file__).parents[2]

pytestmark = [browsers.NEEDED, pytest.mark.timeout(180)]

HOSTILE = r"""
Hello.

<script>window.stolen = 1</script><img src=x onerror="window.stolen = 2"><svg onload="window.stolen = 3">

[click me](javascript:window.stolen=4) ![spy](http://127.0.0.1:9/spy.png) $\text{<img src=x onerror=window.stolen=5>}$

<form action="http://127.0.0.1:9/"><input name="points"></form><iframe srcdoc="<script>parent.stolen=6</script>"></iframe>
"""


class Reviewing:
    """The command itself, running."""

    def __init__(self, folder: Path, who: str) -> None:
        command = [sys.executable, "-m", "grader", "review", "--out", str(folder / "results"), "--course", str(folder)]
        self.process = subprocess.Popen(
            [*command, "--who", who], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().removeprefix("Open ").strip()
        assert self.address.startswith("http://127.0.0.1:")

    @property
    def base(self) -> str:
        return self.address.partition("/?")[0]

    def stop(self) -> tuple[int, str]:
        """Press Ctrl-C; the exit code and what it said."""
        self.process.send_signal(signal.SIGINT)
        said, _ = self.process.communicate(timeout=60)
        return self.process.returncode, said


@pytest.fixture
def start() -> Iterator[Any]:
    running: list[Reviewing] = []

    def started(folder: Path, who: str = "lee") -> Reviewing:
        running.append(Reviewing(folder, who))
        return running[-1]

    yield started
    for each in running:
        if each.process.poll() is None:
            each.process.kill()
            each.process.communicate()


def visit(browser: Any, reviewing: Reviewing) -> Any:
    """A window of its own, at the printed address, with all that it complained of or asked for elsewhere."""
    page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
    page.noticed = []
    page.on("console", lambda message: page.noticed.append(message.text))
    page.on("pageerror", lambda error: page.noticed.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((reviewing.base, "data:")) else page.noticed.append(asked.url),
    )
    page.goto(reviewing.address)
    return page


def saved(page: Any) -> None:
    page.wait_for_selector(".state.good")


def test_ten_answers_are_marked_with_the_keyboard_alone_and_kept_over_a_regrade(
    browser: Any, start: Any, tmp_path: Path
) -> None:
    folder = build(tmp_path / "course", 10)
    reviewing = start(folder)
    page = visit(browser, reviewing)
    assert page.url == f"{reviewing.base}/"  # the token is gone from the address

    page.goto(f"{reviewing.base}/item/written")
    for number in range(10):
        before = page.url
        if number == 0:  # a comment, typed once
            page.keyboard.press("Enter")
            page.keyboard.type("2.5")
            page.keyboard.press("Tab")
            page.keyboard.press("Tab")
            page.keyboard.press("Tab")
            page.keyboard.type("Say why.")
            page.keyboard.press("Escape")
        elif number < 9:
            page.keyboard.press("1")  # and taken again
            page.keyboard.press("f")
        else:
            page.keyboard.press("z")
        saved(page)
        if number < 9:
            page.keyboard.press("n" if number % 2 else "Control+Shift+Period")
            page.wait_for_url(lambda url, before=before: url != before)
    page.reload()

    assert "10 of 10 marked" in page.text_content("main")
    found = rows(folder)
    assert sorted(row.items[1].earned for row in found.values()) == [0.0, 2.5, *[4.0] * 8]
    assert sum(row.items[1].evidence.get("comments") == ["Say why."] for row in found.values()) == 9

    page.goto(f"{reviewing.base}/student/s03#corr2d")
    page.fill("#corr2d input[name=why]", "Right by another road.")
    page.fill("#corr2d input[name=points]", "6")
    page.keyboard.press("Tab")
    page.wait_for_selector("#corr2d .state.good")
    page.reload()
    assert page.input_value("#corr2d input[name=points]") == "6"
    assert page.noticed == []
    assert reviewing.stop() == (
        0,
        "\nDecided about 10 students; tables and pages in " + f"{folder / 'results'} are written.\n",
    )

    text = (folder / "rubric.yaml").read_text().replace("points: 6", "points: 12")
    (folder / "rubric.yaml").write_text(text)
    rescore(Options(folder / "results", folder))
    grade(folder, 4, "Locality: $x^2$, of 4.", code=12.0)
    found = rows(folder)
    assert (found["s03"].items[0].earned, found["s03"].checked.items[0].earned) == (12.0, 6.0)
    assert sorted(row.items[1].earned for row in found.values()) == [0.0, 2.5, *[4.0] * 8]


def test_two_people_in_conflict_see_both_and_lose_nothing(browser: Any, start: Any, tmp_path: Path) -> None:
    folder = build(tmp_path / "course", 1)
    lee, kim = start(folder, "lee"), start(folder, "kim")
    one, other = visit(browser, lee), visit(browser, kim)
    one.goto(f"{lee.base}/item/written")
    other.goto(f"{kim.base}/item/written")

    one.keyboard.press("f")
    saved(one)
    other.keyboard.press("c")
    other.keyboard.type("Far too short.")
    other.keyboard.press("Escape")
    other.wait_for_selector(".conflict:not([hidden])")

    assert "lee has decided meanwhile: 4 of 4" in other.text_content(".theirs")
    assert other.input_value("textarea[name=comment]") == "Far too short."
    other.click("[data-keep=mine]")
    saved(other)
    assert [(each.who, each.points, each.text) for each in decided(folder)] == [
        ("lee", 4.0, ""),
        ("kim", None, "Far too short."),
    ]


def test_a_hostile_answer_does_nothing(browser: Any, start: Any, tmp_path: Path) -> None:
    folder = build(tmp_path / "course", 1, HOSTILE + "word " * 2_000_000)
    reviewing = start(folder)
    page = visit(browser, reviewing)

    page.goto(f"{reviewing.base}/item/written")
    page.click("text=click me")
    page.wait_for_timeout(300)

    assert page.evaluate("window.stolen") is None
    assert page.noticed == [] and page.url.startswith(reviewing.base)
    assert page.locator(".written script, .written img, .written form, .written iframe, .written svg").count() == 0
    assert "Hello." in page.text_content(".written") and "more characters" in page.text_content(".written")


def test_what_is_typed_while_the_grader_is_gone_is_not_lost_silently(browser: Any, start: Any, tmp_path: Path) -> None:
    reviewing = start(build(tmp_path / "course", 1))
    page = visit(browser, reviewing)
    page.goto(f"{reviewing.base}/item/written")
    reviewing.stop()

    page.keyboard.press("f")
    page.wait_for_selector(".state.bad")

    assert "not saved" in page.text_content(".state")
    assert page.input_value("input[name=points]") == "4"


def test_a_page_elsewhere_reaches_nothing_with_the_cookie(browser: Any, start: Any, tmp_path: Path) -> None:
    folder = build(tmp_path / "course", 1)
    reviewing = start(folder)
    page = visit(browser, reviewing)
    page.context.route(
        "http://127.0.0.1:9/", lambda route: route.fulfill(body="<p>elsewhere</p>", content_type="text/html")
    )
    page.goto("http://127.0.0.1:9/")

    told = page.evaluate(
        """async base => {
            const sent = {method: "POST", credentials: "include", mode: "no-cors", body: '{"student": "s00", "text": "x"}'};
            await fetch(`${base}/request`, sent).catch(() => null);
            return fetch(`${base}/students`, {credentials: "include"}).then(a => a.text()).catch(e => "kept out");
        }""",
        reviewing.base,
    )

    assert told == "kept out"
    assert decided(folder) == []


def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path) -> None:
    folder = build(tmp_path / "course", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "grader", "review", "--out", str(folder / "results"), "--course", str(folder)]
        ran = subprocess.run([*command, "--port", str(port)], cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert ran.returncode == 2
    assert re.fullmatch(rf"grader: port {port} cannot be had \(.*\); choose another --port\n", ran.stderr)


def test_without_the_libraries_one_line_says_what_to_install(tmp_path: Path) -> None:
    code = "import sys; sys.modules['flask'] = None; from grader.cli import main; sys.exit(main(['review']))"

    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert ran.returncode == 2
    assert (
        ran.stderr == "grader: `grader review` needs flask, which is not installed: pip install 'convgrader[review]'\n"
    )


def test_reviewing_imports_nothing_heavy(start: Any, tmp_path: Path) -> None:
    folder = build(tmp_path / "course", 1)
    assert student_id(0) in rows(folder)
    code = "import sys, grader.reviewing.app, grader.reviewing.serving, grader.commands.review; print(*sys.modules)"

    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)

    assert not {"torch", "numpy", "IPython"} & set(ran.stdout.split())


def test_on_a_phone_no_page_is_wider_than_the_screen_and_no_word_of_the_menu_is_broken(
    tmp_path: Path, start: Any, browser: Any
) -> None:
    folder = build(tmp_path / "course", 1)
    grade(folder, 0, "x", source="def corr2d(X, K): return " + "X + " * 60 + "X")
    history.request(history.Options("s00", folder / "results", folder), "corr2d", "Why?")
    desk = start(folder)
    shown = visit(browser, desk)
    shown.set_viewport_size({"width": 390, "height": 800})

    widths, heights = {}, {}
    for page in ("/", "/students", "/requests", "/student/s00", "/item/written"):
        shown.goto(desk.base + page)
        widths[page] = shown.evaluate("document.documentElement.scrollWidth")
        shown.evaluate("document.querySelector('.home').textContent = 'HW3: Attention and transformers'")
        heights[page] = shown.evaluate(
            "[...document.querySelectorAll('.bar-top nav a')].map(each => each.offsetHeight)"
        )

    assert set(widths.values()) == {390}, widths
    assert all(max(each) < 40 for each in heights.values()), heights  # pixels: one line
