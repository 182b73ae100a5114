# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs that show logs and publish them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from dbaas_agent.agent import Agent
from dbaas_agent.errors import AgentError
from dbaas_agent.logs.source import Amount, Piece
from dbaas_agent.upload import Uploader

Result = dict[str, Any]
_ANSWER_BYTES = 128 * 1024
"""As JSON, an answer takes up to six times as much, which is less than schema.MAX_LINE."""
_LINES = range(1, 10001)
_EXPIRES = range(60, 10 * 366 * 86400)


def log_list(agent: Agent, args: dict[str, Any], _check: bool) -> Result:
    return {"logs": agent.logs.listing(args["name"])}


def log_read(agent: Agent, args: dict[str, Any], _check: bool) -> Result:
    if args["lines"] not in _LINES:
        raise AgentError("invalid", f"lines: {args['lines']} is not from {_LINES[0]} to {_LINES[-1]}")
    piece, more = agent.logs.read(args["name"], args["lines"], args["after"], _ANSWER_BYTES)
    return {"text": piece.data.decode("utf-8", "replace"), "lines": piece.lines, "cursor": piece.cursor, "more": more}


def log_publish(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    """url: a TempURL for all objects whose names begin like its own."""
    if urlsplit(args["url"]).scheme not in ("http", "https") or not urlsplit(args["url"]).hostname:
        raise AgentError("invalid", "url: an http or https URL is wanted")
    if args["expire_after"] not in _EXPIRES:
        msg = f"expire_after: {args['expire_after']} is not from {_EXPIRES[0]} to {_EXPIRES[-1]} seconds"
        raise AgentError("invalid", msg)
    found = agent.logs.pending(args["name"]) if check else agent.logs.publish(args["name"], _sender(agent, args))
    diff = {"before": {"pending": asdict(found)}, "after": {"pending": asdict(Amount())}}
    return {"changed": found.bytes > 0, "sent": asdict(found), "diff": diff}


def _sender(agent: Agent, args: dict[str, Any]) -> Any:
    uploader = Uploader(agent.config.store_ca_file)
    url = urlsplit(args["url"])
    headers = {"Content-Type": "text/plain; charset=utf-8", "X-Delete-After": str(args["expire_after"])}

    def send(piece: Piece) -> None:
        target = url._replace(path=f"{url.path}{piece.name}.log").geturl()
        answer = uploader.put(target, piece.data, headers)
        if not answer.ok:
            raise AgentError("agent", f"the store did not take it: {answer.word}")

    return send


def log_discard(agent: Agent, args: dict[str, Any], check: bool) -> Result:
    published = agent.logs.forget(args["name"], check)
    return {"changed": published, "diff": {"before": {"published": published}, "after": {"published": False}}}
