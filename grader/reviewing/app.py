"""Which address shows what, and what is done with what is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, abort, jsonify, redirect, render_template, request, url_for
from jinja2 import StrictUndefined
from werkzeug.wrappers import Response as Answer

from grader.deciding import Overtaken
from grader.decisions import Kind
from grader.errors import GraderError
from grader.records import Item
from grader.reports.web.guarded import BASE
from grader.reviewing import views
from grader.reviewing.classroom import Classroom, Entry
from grader.reviewing.deeds import Desk, Refused
from grader.reviewing.guarding import Guard
from grader.rows import number

_HERE: Final = Path(__file__).parent
_LARGEST: Final = 256 * 2**10  # bytes of what is sent


def app(desk: Desk, guard: Guard, changed: Callable[[str], None] = lambda student: None) -> Flask:
    """The pages.

    Args:
        desk: where decisions are made.
        guard: who may ask.
        changed: told of each student about whom something was decided.
    """
    made = Flask(__name__, static_folder=None, template_folder=str(_HERE / "templates"))
    made.config["MAX_CONTENT_LENGTH"] = _LARGEST
    made.jinja_env.undefined = StrictUndefined
    made.jinja_env.trim_blocks = made.jinja_env.lstrip_blocks = True
    made.jinja_env.filters["points"] = number
    guard.watch(made)
    room = desk.room
    made.before_request(room.refresh)
    made.context_processor(lambda: {"title": room.assignment.title, "who": desk.who, "key": guard.key})
    made.register_error_handler(GraderError, _explained)
    _add_pages(made, room)
    _add_deeds(made, desk, changed)
    return made


def _add_pages(made: Flask, room: Classroom) -> None:
    style = BASE.read_text(encoding="utf-8") + (_HERE / "templates" / "style.css").read_text(encoding="utf-8")
    script = (_HERE / "templates" / "review.js").read_text(encoding="utf-8")

    @made.get("/style.css")
    def style_sheet() -> Response:
        return Response(style, content_type="text/css; charset=utf-8")

    @made.get("/review.js")
    def behaviour() -> Response:
        return Response(script, content_type="text/javascript; charset=utf-8")

    @made.get("/")
    def overview() -> str:
        return render_template("overview.html", **views.overview(room))

    @made.get("/students")
    def students() -> str:
        return render_template("students.html", students=views.students(room))

    @made.get("/broken")
    def broken() -> str:
        return render_template("broken.html", groups=views.broken(room))

    @made.get("/requests")
    def requests() -> str:
        return render_template("requests.html", requests=views.requests(room))

    @made.get("/item/<item>")
    def queue(item: str) -> Answer:
        waiting = room.queue(_item(room, item).id)
        first = next((student for student, unmarked in waiting.items() if unmarked), next(iter(waiting), None))
        if first is None:
            return redirect(url_for("overview"))
        return redirect(url_for("answer", item=item, alias=room.alias(item, first)))

    @made.get("/item/<item>/<alias>")
    def answer(item: str, alias: str) -> str:
        asked = _item(room, item)
        entry = _entry(room, {"item": item, "alias": alias})
        if entry.student not in room.queue(item):
            abort(404)
        shown = views.marking(room, entry, room.bank(item))
        place = views.queue(room, asked, alias)
        return render_template("answer.html", entry=entry, marking=shown, queue=place, name=room.name(entry.student))

    @made.get("/student/<path:student>")
    def student(student: str) -> str:
        if student not in room.rows:
            abort(404)
        row, entries, code = room.rows[student], room.entries(student), room.code(student)
        return render_template(
            "student.html",
            row=row,
            name=room.name(student),
            status=views.status(row),
            markings=[views.marking(room, each, room.bank(each.item.item), code) for each in entries],
            cells=views.cells(code),
            history=views.history(room, student),
        )


def _add_deeds(made: Flask, desk: Desk, changed: Callable[[str], None]) -> None:
    room = desk.room

    def done(student: str, **told: Any) -> Response:
        room.refresh()
        changed(student)
        return jsonify({"done": True, **told})

    @made.post("/save")
    def save() -> Response | tuple[Response, int]:
        sent = _sent()
        entry = _entry(room, sent)
        try:
            desk.save(entry, sent)
        except Overtaken:
            room.refresh()
            theirs = _entry(room, sent)
            return jsonify(_conflict(room, theirs)), 409
        room.refresh()
        now = _entry(room, sent)
        shown = views.marking(room, now)
        return done(entry.student, newest=now.newest, outcome=shown.outcome, points=shown.points)

    @made.post("/undo")
    def undo() -> Response:
        sent = _sent()
        student = _student(room, sent)
        desk.undo(student, sent.get("about"))
        return done(student)

    @made.post("/confirm")
    def confirm() -> Response:
        entry = _entry(room, _sent())
        desk.confirm(entry)
        return done(entry.student)

    @made.post("/request")
    def ask() -> Response:
        sent = _sent()
        student = _student(room, sent)
        desk.ask(student, str(sent.get("item", "")), Kind.REQUEST, sent.get("text"))
        return done(student)

    @made.post("/regrade")
    def regrade() -> Response:
        sent = _sent()
        student = _student(room, sent)
        desk.ask(student, str(sent.get("item", "")), Kind.REGRADE)
        return done(student)

    @made.post("/answer")
    def reply() -> Response:
        sent = _sent()
        student = _student(room, sent)
        desk.answer(student, sent.get("about"), sent.get("text"))
        return done(student)


def _sent() -> Mapping[str, Any]:
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        raise Refused("nothing that can be read was sent; load the page again")
    return sent


def _item(room: Classroom, item: str) -> Item:
    if item not in room.items:
        abort(404)
    return room.items[item]


def _student(room: Classroom, sent: Mapping[str, Any]) -> str:
    student = sent.get("student")
    if sent.get("alias"):
        student = room.aliases(str(sent.get("item", ""))).get(str(sent["alias"]))
    if not isinstance(student, str) or student not in room.rows:
        abort(404)
    return student


def _entry(room: Classroom, sent: Mapping[str, Any]) -> Entry:
    entry = room.entry(_student(room, sent), str(sent.get("item", "")))
    if entry is None:
        abort(404)
    return entry


def _conflict(room: Classroom, theirs: Entry) -> dict[str, Any]:
    """What somebody else decided meanwhile, to be shown beside what was typed."""
    latest = [each for each in room.decisions(theirs.student) if each.item == theirs.item.item][-1]
    shown = views.marking(room, theirs)
    return {
        "conflict": True,
        "who": latest.who,
        "at": latest.at,
        "points": shown.points,
        "possible": shown.possible,
        "comment": shown.comment,
        "newest": theirs.newest,
    }


def _explained(error: GraderError) -> tuple[Response, int]:
    """One sentence, for whoever asked: a page of ours shows it beside the field."""
    return jsonify({"error": str(error)}), 400 if isinstance(error, Refused) else 500
