"""One exchange as an entry of a HAR (1.2) or as a line of NDJSON; always one line."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

from wirelock.traffic.http.captured import Message, Passed
from wirelock.traffic.http.exchange import Headers, header

Facts = dict[str, Any]


def har(passed: Passed) -> bytes:
    """An entry of a HAR."""
    milliseconds = round(passed.seconds * 1000, 3)
    entry = {
        "startedDateTime": passed.begun.isoformat(),
        "time": milliseconds,
        "request": _request(passed),
        "response": _response(passed),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
    }
    return _line(entry)


def ndjson(passed: Passed) -> bytes:
    """A line of NDJSON, without its end."""
    request = {"method": passed.method, "url": passed.url, **_side(passed.request)}
    response = {"status": passed.status, **_side(passed.response)} if passed.status else None
    started, ended = passed.begun, passed.begun + timedelta(seconds=passed.seconds)
    return _line({"request": request, "response": response, "started": started.isoformat(), "ended": ended.isoformat()})


def _request(passed: Passed) -> Facts:
    message = passed.request
    query = passed.url.partition("#")[0].partition("?")[2]
    facts: Facts = {
        "method": passed.method,
        "url": passed.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(message.headers),
        "queryString": [{"name": n, "value": v} for n, v in parse_qsl(query, keep_blank_values=True)],
        "headersSize": -1,
        "bodySize": _size(message),
    }
    if message.body:
        facts["postData"] = {"mimeType": header(message.lower, "content-type"), **_text(message.body, "encoding")}
    return facts


def _response(passed: Passed) -> Facts:
    message = passed.response
    content: Facts = {"size": _size(message), "mimeType": header(message.lower, "content-type")}
    if message.body:
        content = {**content, "size": len(message.body), "compression": len(message.body) - message.size}
        content |= _text(message.body, "encoding")
    return {
        "status": passed.status,
        "statusText": passed.reason,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(_of_decoded(message)),
        "content": content,
        "redirectURL": header(message.lower, "location"),
        "headersSize": -1,
        "bodySize": _size(message),
    }


def _side(message: Message) -> Facts:
    facts: Facts = {"headers": _headers(_of_decoded(message))}
    if message.body is None:
        return {**facts, "body": None, "bodySize": _size(message)}
    if not message.body:
        return {**facts, "body": None}
    text = _text(message.body, "bodyEncoding")
    return {**facts, "body": text.pop("text"), **text}


def _size(message: Message) -> int:
    """How many bytes passed; of a body that was not kept at least one, or it would look like none."""
    return max(message.size, 1) if message.body is None else message.size


def _text(body: bytes, encoding: str) -> Facts:
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(body).decode(), encoding: "base64"}


def _of_decoded(message: Message) -> Headers:
    """The header fields of a body that is written as it is without its content coding."""
    if not message.body:
        return message.headers
    return tuple((name, value) for name, value in message.headers if name.lower() != "content-encoding")


def _headers(pairs: Headers) -> list[Facts]:
    return [{"name": name, "value": value} for name, value in pairs]


def _line(value: Facts) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
