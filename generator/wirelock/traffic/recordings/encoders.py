"""Encoders for recordings in HAR 1.2 and NDJSON; each entry is one line."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from wirelock.traffic.http.captured import CapturedExchange, CapturedMessage
from wirelock.traffic.http.exchange import Headers, get_header
from wirelock.version import VERSION

Facts = dict[str, Any]


def encode_har(exchange: CapturedExchange) -> bytes:
    """Encode an entry of a HAR."""
    milliseconds = round(exchange.seconds * 1000, 3)
    entry = {
        "startedDateTime": exchange.begun.isoformat(),
        "time": milliseconds,
        "request": _encode_request(exchange),
        "response": _encode_response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
    }
    return _encode_line(entry)


def encode_ndjson(exchange: CapturedExchange) -> bytes:
    """Encode a line of NDJSON without its line end."""
    request = {"method": exchange.method, "url": exchange.url, **_encode_message(exchange.request)}
    response = {"status": exchange.status, **_encode_message(exchange.response)} if exchange.status else None
    started, ended = exchange.begun, exchange.begun + timedelta(seconds=exchange.seconds)
    return _encode_line(
        {"request": request, "response": response, "started": started.isoformat(), "ended": ended.isoformat()}
    )


def _encode_request(exchange: CapturedExchange) -> Facts:
    message = exchange.request
    query = exchange.url.partition("#")[0].partition("?")[2]
    facts: Facts = {
        "method": exchange.method,
        "url": exchange.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _encode_headers(message.headers),
        "queryString": [{"name": n, "value": v} for n, v in parse_qsl(query, keep_blank_values=True)],
        "headersSize": -1,
        "bodySize": _count_bytes(message),
    }
    if message.body:
        facts["postData"] = {
            "mimeType": get_header(message.lowercase_headers, "content-type"),
            **_encode_text(message.body, "encoding"),
        }
    return facts


def _encode_response(exchange: CapturedExchange) -> Facts:
    message = exchange.response
    content: Facts = {"size": _count_bytes(message), "mimeType": get_header(message.lowercase_headers, "content-type")}
    if message.body:
        content = {**content, "size": len(message.body), "compression": len(message.body) - message.size}
        content |= _encode_text(message.body, "encoding")
    return {
        "status": exchange.status,
        "statusText": exchange.reason,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _encode_headers(_list_headers(message)),
        "content": content,
        "redirectURL": get_header(message.lowercase_headers, "location"),
        "headersSize": -1,
        "bodySize": _count_bytes(message),
    }


def _encode_message(message: CapturedMessage) -> Facts:
    facts: Facts = {"headers": _encode_headers(_list_headers(message))}
    if message.body is None:
        return {**facts, "body": None, "bodySize": _count_bytes(message)}
    if not message.body:
        return {**facts, "body": None}
    text = _encode_text(message.body, "bodyEncoding")
    return {**facts, "body": text.pop("text"), **text}


def _count_bytes(message: CapturedMessage) -> int:
    """Return the size of a body; at least 1 if the body was not kept, because 0 means no body."""
    return max(message.size, 1) if message.body is None else message.size


def _encode_text(body: bytes, encoding: str) -> Facts:
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode(), encoding: "base64"}


def _list_headers(message: CapturedMessage) -> Headers:
    """List the headers of a message whose body is written decoded."""
    if not message.body:
        return message.headers
    return tuple((name, value) for name, value in message.headers if name.lower() != "content-encoding")


def _encode_headers(pairs: Headers) -> list[Facts]:
    return [{"name": name, "value": value} for name, value in pairs]


def _encode_line(value: Facts) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


# layouts


@dataclass(frozen=True, slots=True)
class RecordingLayout:
    """The layout of a recording file: the encoder of its entries, and the text before, between and behind them."""

    encode_entry: Callable[[CapturedExchange], bytes]
    head: bytes = b""
    between: bytes = b""
    tail: bytes = b"\n"


_CREATOR = f'"creator": {{"name": "wirelock", "version": "{VERSION}"}}'.encode()
HAR_LAYOUT = RecordingLayout(
    encode_har, b'{"log": {"version": "1.2", ' + _CREATOR + b', "entries": [\n', b",\n", b"\n]}}\n"
)
NDJSON_LAYOUT = RecordingLayout(encode_ndjson)
