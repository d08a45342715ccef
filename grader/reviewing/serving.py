"""The web server of one person on this machine."""

from __future__ import annotations

import logging
import socket

from flask import Flask
from waitress.server import create_server

from grader.errors import UsageError


def listening(port: int) -> socket.socket:
    """A socket on 127.0.0.1, which nothing outside this machine can reach; any free port for 0.

    Raises:
        UsageError: the port is taken.
    """
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind(("127.0.0.1", port))
    except OSError as error:
        opened.close()
        raise UsageError(f"port {port} cannot be had ({error.strerror}); choose another --port") from error
    return opened


def serve(app: Flask, opened: socket.socket) -> None:
    """Serve the pages until Ctrl-C, one request at a time, because they share a connection to the gradebook."""
    opened.listen()
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # with one thread every request waits for it
    server = create_server(app, sockets=[opened], threads=1, ident=None, max_request_body_size=2**20)
    try:
        server.run()
    finally:
        server.close()
