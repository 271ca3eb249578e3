"""What stands between the command and the account and breaks things: answers that are lost, late, or not AWS's."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from tests.local_server import LocalServer

Fault: TypeAlias = Literal["throttled", "failed", "cut-before", "cut-after", "slow", "expired", "no-answer-of-aws"]
"""cut-before: the request is lost. cut-after: it is done, and its answer is lost."""

_SLOW_SECONDS = 1.0
_ERRORS: dict[Fault, tuple[int, str]] = {
    "throttled": (400, "Throttling"),
    "failed": (500, "InternalFailure"),
    "expired": (403, "ExpiredToken"),
}


class Proxy(LocalServer):
    """Forwards requests to `endpoint`. `fault` is asked for each request, by its number from 0 on, what becomes of it;
    None lets it pass."""

    def __init__(self, endpoint: str, fault: Callable[[int], Fault | None]) -> None:
        self._to = urlsplit(endpoint)
        self._fault = fault
        self._number = 0
        self._lock = threading.Lock()
        super().__init__(self._handler())

    @property
    def requests(self) -> int:
        """How many requests came so far."""
        return self._number

    def _next(self) -> int:
        with self._lock:
            self._number += 1
            return self._number - 1

    def _handler(proxy) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler's self is another
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self._pass_on()

            do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815 - the base class's names

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fault = proxy._fault(proxy._next())
                if fault in _ERRORS:
                    self._refuse(*_ERRORS[fault])
                    return
                if fault == "no-answer-of-aws":
                    self._answer(502, "text/html", b"<html><title>Bad gateway</title></html>")
                    return
                if fault == "cut-before":
                    self._cut()
                    return
                if fault == "slow":
                    time.sleep(_SLOW_SECONDS)
                status, headers, answer = self._forward(body)
                if fault == "cut-after":
                    self._cut()
                    return
                self._answer(status, headers.get("Content-Type", ""), answer, headers)

            def _forward(self, body: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
                connection = http.client.HTTPConnection(proxy._to.hostname or "", proxy._to.port, timeout=120)
                headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                return answer.status, answer.headers, content

            def _refuse(self, status: int, code: str) -> None:
                if "json" in self.headers.get("Content-Type", ""):
                    text = json.dumps({"__type": code, "message": code})
                    self._answer(status, "application/x-amz-json-1.1", text.encode())
                else:
                    text = f"<ErrorResponse><Error><Code>{code}</Code><Message>{code}</Message></Error></ErrorResponse>"
                    self._answer(status, "text/xml", text.encode())

            def _answer(
                self, status: int, kind: str, body: bytes, headers: http.client.HTTPMessage | None = None
            ) -> None:
                self.send_response(status)
                for name, value in headers.items() if headers is not None else [("Content-Type", kind)]:
                    if name.lower() not in ("connection", "content-length", "date", "server", "transfer-encoding"):
                        self.send_header(name, value)
                length = headers.get("Content-Length") if headers is not None and self.command == "HEAD" else None
                self.send_header("Content-Length", length or str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _cut(self) -> None:
                self.close_connection = True
                self.connection.close()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
                """Nothing is written."""

        return Handler
