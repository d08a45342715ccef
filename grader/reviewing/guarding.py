"""Who may ask for pages: somebody with the address that was printed, from this machine, on a page of ours.

A page that a browser shows from elsewhere can send requests to 127.0.0.1 as well, and a name of its own can be made to
lead here. So every request must name this host, carry the cookie that only the printed address gives, and, where it
changes something, come from a page of ours and name that page's key.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

from flask import Flask, Request, Response, make_response, redirect, request

# Scripts and styles are files of ours alone; pictures come with the text; nothing is asked of the network.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
KEY_HEADER: Final = "X-Review-Key"


@dataclass(frozen=True, slots=True)
class Guard:
    """The secrets of one run, all drawn anew each time.

    Args:
        port: on which pages are served.
        token: in the printed address.
        session: in the cookie.
        key: in pages, and sent with whatever changes something.
    """

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    key: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def address(self) -> str:
        """What is printed."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    @property
    def cookie(self) -> str:
        """The cookie's name; browsers keep one jar for all ports of a host."""
        return f"grader_review_{self.port}"

    def watch(self, app: Flask) -> None:
        """Look at every request before anything else, and add the headers to every answer."""
        app.before_request(self._admit)
        app.after_request(_with_headers)

    def _admit(self) -> Response | None:
        hosts = {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}
        if request.host not in hosts:
            return _refused("This address does not lead here; open the one that `grader review` printed.")
        if request.method == "GET" and request.path == "/" and "token" in request.args:
            return self._let_in(request.args["token"])
        if not _same(request.cookies.get(self.cookie, ""), self.session):
            return _refused("Open the address that `grader review` printed; it holds the key to these pages.")
        if request.method not in ("GET", "HEAD") and not self._ours(request, hosts):
            return _refused("This did not come from a page of `grader review`; load the page again.")
        return None

    def _let_in(self, token: str) -> Response:
        """Give the cookie and lead on to an address without the token, so that no history keeps it."""
        if not _same(token, self.token):
            return _refused("This address is of an earlier run; open the one that `grader review` printed last.")
        answer = make_response(redirect("/"))
        answer.set_cookie(self.cookie, self.session, httponly=True, samesite="Strict")
        return answer

    def _ours(self, asked: Request, hosts: set[str]) -> bool:
        origins = {f"http://{host}" for host in hosts}
        return asked.headers.get("Origin", "") in origins and _same(asked.headers.get(KEY_HEADER, ""), self.key)


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


def _refused(sentence: str) -> Response:
    return Response(f"{sentence}\n", 403, content_type="text/plain; charset=utf-8")


def _with_headers(answer: Response) -> Response:
    answer.headers.update(_HEADERS)
    return answer
