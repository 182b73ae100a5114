# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of the fleet as one HTML page that needs nothing else. Reads its template and style; private to the collection."""

from __future__ import annotations

import base64
import hashlib
import itertools
import typing as t
from pathlib import Path

import jinja2
import markupsafe
from ansible_collections.dbaas.openstack.plugins.module_utils._heartbeat import STALE_AFTER
from ansible_collections.dbaas.openstack.plugins.plugin_utils._fleet_report import EXPIRING_WITHIN, NEARLY_FULL
from ansible_collections.dbaas.openstack.plugins.plugin_utils._fleet_words import (
    NO_PRIMARY,
    STORE_UNREACHABLE,
    duration,
    standing,
    summary,
    total,
)

_TEMPLATES = Path(__file__).resolve().parents[2] / "playbooks" / "templates"
_KINDS = {
    "ERROR": "bad",
    "FAILED": "bad",
    "BLOCKED": "bad",
    "ACTIVE": "good",
    "SHUTDOWN": "off",
    "BUILD": "busy",
    "REBOOT": "busy",
    "RESIZE": "busy",
    "UPGRADE": "busy",
}
"""How a status looks; one that is not listed wants attention."""


def fleet_html(report: t.Mapping[str, t.Any]) -> str:
    """The page. Every value is escaped, and the page's own policy lets a browser load and run nothing but its style."""
    style = (_TEMPLATES / "fleet_report.css").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.from_string((_TEMPLATES / "fleet_report.html.j2").read_text(encoding="utf-8"))
    return page.render(
        report=report,
        summary=summary(report),
        total=total(report),
        groups=[(status, list(rows)) for status, rows in itertools.groupby(report["instances"], _status)],
        kind=lambda status: _KINDS.get(status, "warn"),
        duration=duration,
        stale_after=STALE_AFTER,
        expiring_days=EXPIRING_WITHIN // 86400,
        nearly_full=NEARLY_FULL,
        no_primary=NO_PRIMARY,
        standing=standing,
        store_unreachable=STORE_UNREACHABLE,
        style=markupsafe.Markup(style),  # noqa: S704 - a file of this collection
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )


def _status(row: t.Mapping[str, t.Any]) -> str:
    return str(row["status"])
