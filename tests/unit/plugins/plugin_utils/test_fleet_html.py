# Copyright: (c) 2026, The dbaas.openstack authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fleet as a page, read as a browser reads it: what elements it has, and what stands in them."""

from __future__ import annotations

import base64
import hashlib
from html.parser import HTMLParser
from typing import Any

import pytest
from ansible_collections.dbaas.openstack.plugins.filter.fleet_html import FilterModule
from ansible_collections.dbaas.openstack.plugins.plugin_utils._fleet_report import fleet_report
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.fakes.fleet import DAY, HOSTILE, NOW, ORDERS, fleet, instance, replicated

VOID = {"meta", "br"}
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "time", "nav", "ul", "li", "a"),
    *("table", "caption", "thead", "tbody", "tr", "th", "td", "div", "span", "meter"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "datetime", "aria-label", "class", "href", "role", "scope"),
    *("id", "data-label", "aria-hidden", "max", "low", "high", "optimum", "value"),
}


class Page(HTMLParser):
    """elements: name, attributes and text of each, in order of their beginning; text is what stands anywhere in it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.others: list[str] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        texts: list[str] = []
        assert len(dict(attrs)) == len(attrs)
        self.elements.append((tag, dict(attrs), texts))
        if tag not in VOID:
            self._open.append((tag, texts))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _tag, texts in self._open:
            texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)

    def texts(self, tag: str, **attributes: str) -> list[str]:
        """What stands in the elements of that name with those attributes, blanks made one."""
        return [
            " ".join("".join(texts).split())
            for name, found, texts in self.elements
            if name == tag and all(found.get(key.replace("_", "-")) == value for key, value in attributes.items())
        ]

    def attributes(self, tag: str, name: str) -> list[str | None]:
        return [found[name] for element, found, _texts in self.elements if element == tag and name in found]


def page(*instances: dict[str, Any], store_reachable: bool = True) -> Page:
    return Page(
        FilterModule().filters()["fleet_html"](fleet_report(fleet(*instances, store_reachable=store_reachable), NOW))
    )


def cell(label: str, **change: Any) -> str:
    (text,) = page(instance(**change)).texts("td", data_label=label)
    return text


def test_a_row_tells_what_the_report_tells() -> None:
    found = page(ORDERS)
    assert found.texts("th", scope="row") == ["orders"]
    assert found.texts("th", scope="col") == ["Name", *filter(None, found.attributes("td", "data-label"))]
    assert found.texts("td") == [
        "ACTIVE",
        "primary",
        "mariadb 10.11",
        "m1.small",
        "203.0.113.9",
        "20 GiB, 12 % used",
        "7 s ago",
        "2027-11-18",
    ]
    assert found.attributes("meter", "value") == ["12"]
    assert found.attributes("time", "datetime") == ["2026-11-18T11:06:40Z", "2027-11-18T11:06:40Z"]


def test_what_is_not_known_is_empty() -> None:
    found = page(instance(role="", flavor="", datastore="", datastore_version="", host="", volume=None, heartbeat=None))
    assert found.texts("td") == ["ACTIVE", *[""] * 7]


def test_task_and_fault_stand_with_the_status() -> None:
    assert cell("Status", status="BUILD", task="create") == "BUILD (create)"
    assert cell("Status", status="ERROR", fault="the server is missing") == "ERROR the server is missing"


@pytest.mark.parametrize(
    ("label", "change", "mark"),
    [
        ("Heartbeat", {"heartbeat": {"age": 600}}, "stale"),
        ("Volume", {"volume": {"used_percent": 97}}, "nearly full"),
        ("Ticket ends", {"heartbeat": {"ticket_expires": int(NOW) + 12 * DAY}}, "in 12 d"),
        ("Ticket ends", {"heartbeat": {"ticket_expires": int(NOW) - 1}}, "ended"),
    ],
)
def test_marks_are_words(label: str, change: dict[str, Any], mark: str) -> None:
    assert cell(label, **change).endswith(f" {mark}")
    assert mark not in cell(label)


def test_the_counts_lead_to_the_first_of_each_status_problems_first() -> None:
    found = page(ORDERS, instance(name="b", status="ERROR"), instance(name="c", status="ERROR"))
    assert found.texts("a") == ["2 ERROR", "1 ACTIVE"]
    assert found.texts("th", scope="row") == ["b", "c", "orders"]
    rows = [attributes for tag, attributes, _texts in found.elements if tag == "tr"]
    assert [f"#{row['id']}" for row in rows if "id" in row] == found.attributes("a", "href")
    assert ["id" in row for row in rows] == [False, True, False, True]


def test_replication_sets_are_lists_in_lists() -> None:
    found = page(*replicated(), instance(name="stray", role="replica", replication_set="one"))
    assert found.texts("span", **{"class": "member"}) == ["orders", "orders-2", "orders-4", "orders-3", "stray"]
    whole, *leaves = [text for text in found.texts("li") if "ACTIVE" in text and "orders" in text]
    assert len(leaves) == 3
    assert all(leaf in whole for leaf in leaves)
    (branch,) = [leaf for leaf in leaves if "orders-2" in leaf]
    assert "orders-4" in branch
    assert "orders-3" not in branch
    assert found.texts("span", **{"class": "mark"}) == ["replica, 5 min behind, does not replicate"]
    assert "mode semi_sync" in found.texts("span", **{"class": "soft"})
    assert page(ORDERS).texts("h2") == []


def test_roles_say_what_the_elements_are() -> None:
    found = page(ORDERS)
    roles = {
        (tag, attributes.get("role")) for tag, attributes, _texts in found.elements if tag in ("table", "tbody", "td")
    }
    assert roles == {("table", "table"), ("tbody", "rowgroup"), ("td", "cell")}


def test_an_empty_fleet_and_an_unreachable_store() -> None:
    found = page(store_reachable=False)
    assert found.texts("table") == []
    assert len(found.texts("p", **{"class": "notice"})) == 1
    assert page(ORDERS).texts("p", **{"class": "notice"}) == []


def test_the_policy_allows_the_style_alone() -> None:
    found = page(ORDERS)
    (style,) = [texts for tag, _attributes, texts in found.elements if tag == "style"]
    digest = base64.b64encode(hashlib.sha256("".join(style).encode()).digest()).decode()
    (policy,) = [attributes["content"] for _tag, attributes, _texts in found.elements if "http-equiv" in attributes]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in "".join(style)
    assert "@import" not in "".join(style)


@given(st.lists(HOSTILE, min_size=1, max_size=3))
def test_nothing_that_is_written_becomes_markup(instances: list[dict[str, Any]]) -> None:
    found = page(*instances)
    report = fleet_report(fleet(*instances), NOW)
    assert {tag for tag, _attributes, _texts in found.elements} <= ELEMENTS
    assert {name for _tag, attributes, _texts in found.elements for name in attributes} <= ATTRIBUTES
    assert all((target or "").startswith("#group-") for target in found.attributes("a", "href"))
    assert found.others == []
    assert len(found.texts("tr")) == len(instances) + 1
    assert found.texts("th", scope="row") == [" ".join(row["name"].split()) for row in report["instances"]]
    assert found.texts("span", **{"class": "fault"}) == [
        " ".join(row["fault"].split()) for row in report["instances"] if row["fault"]
    ]
