"""The words of the sample portfolio, read from `resources/sample/words.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from app import config

FILE = config.RESOURCES / "sample" / "words.toml"


@dataclass(frozen=True, slots=True)
class City:
    """A city with its first and last postcode number and its telephone area code."""

    name: str
    postcodes: tuple[int, int]
    area: str


@dataclass(frozen=True, slots=True)
class Abroad:
    """A place outside the Netherlands; `phone` is a block that its regulator keeps free, or empty."""

    country: str
    city: str
    postcode: str
    streets: Sequence[str]
    phone: str
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class GroupWords:
    """A customer group; `kind` is the kind of customer that lands in it, `workflow` a shipped code."""

    code: str
    name: str
    kind: str
    workflow: str = ""


@dataclass(frozen=True, slots=True)
class CompanyWords:
    """One of our companies: `sender` columns as they are, and what its customers are like.

    `share` of all customers and `kinds` are percentages, `median` is the usual invoice in euros per kind,
    `invoices` the usual number of them in two years, `abroad` the percentage of customers abroad.
    """

    code: str
    share: int
    sender: Mapping[str, str]
    bank: str
    account: str
    default_workflow: str
    kinds: Mapping[str, int]
    abroad: int
    median: Mapping[str, int]
    invoices: Mapping[str, int]
    groups: tuple[GroupWords, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """All of it; `lists` are the plain word lists by name."""

    lists: Mapping[str, Sequence[str]]
    cities: tuple[City, ...]
    abroad: tuple[Abroad, ...]
    companies: tuple[CompanyWords, ...]
    profiles: tuple[Mapping[str, str], ...]
    people: tuple[Mapping[str, str], ...]


@cache
def words() -> Words:
    """The words, read once."""
    read: dict[str, Any] = tomllib.loads(FILE.read_text("utf-8"))
    return Words(
        cities=tuple(
            City(c["name"], (c["postcodes"][0], c["postcodes"][1]), c["area"]) for c in read.pop("cities")
        ),
        abroad=tuple(Abroad(**place) for place in read.pop("abroad")),
        companies=tuple(_company(values) for values in read.pop("companies")),
        profiles=tuple(read.pop("profiles")),
        people=tuple(read.pop("people")),
        lists=cast("Mapping[str, Sequence[str]]", read),
    )


def _company(values: dict[str, Any]) -> CompanyWords:
    own = {
        name: values.pop(name)
        for name in (
            "code",
            "share",
            "bank",
            "account",
            "default_workflow",
            "kinds",
            "abroad",
            "median",
            "invoices",
        )
    }
    groups = tuple(GroupWords(**group) for group in values.pop("groups"))
    return CompanyWords(**own, groups=groups, sender=values)
