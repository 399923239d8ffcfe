"""HTTP/1.1 in front of the double: reads requests, sends responses, breaks connections to order.

One thread a connection, connections kept open. A fault that cuts a connection resets it, so that
the other side sees a broken network and not an orderly end.
"""

from __future__ import annotations

import os
import socket
import struct
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .errors import ConnectionCut
from .exchange import Request, Response, json_response

Application = Callable[[Request], Response]


class Server(ThreadingHTTPServer):
    """A server on the loopback address; port 0 takes a free one."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, application: Application) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.application = application

    @property
    def address(self) -> str:
        """Where it listens, as a URL."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no error of the server's."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 256 * 1024
    timeout = 120
    server: Server

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value.strip() for name, value in self.headers.items()}
        request = Request(self.command, path, query, headers, self._body(headers))
        try:
            self._send(self.server.application(request))
        except ConnectionCut:
            self._reset()
        except Exception:
            traceback.print_exc()
            self._send(json_response({"bug": traceback.format_exc()}, 599))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(headers.get("content-length") or 0))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk

    def _send(self, response: Response) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        length = response.headers.get("Content-Length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(response.body)))
        self.end_headers()
        if response.cut_body:
            self.wfile.write(response.body[: len(response.body) // 2])
            self.wfile.flush()
            self._reset()
        elif self.command != "HEAD":
            self.wfile.write(response.body)

    def _reset(self) -> None:
        """Closes at once with a reset: no lingering, no orderly end."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        os.close(self.connection.detach())

    def log_message(self, format: str, *args: Any) -> None:
        """The double has its own log of calls."""
