"""The part of a 14-day letter that nobody edits: amounts, term and consequence (art. 6:96(6) BW).

The law takes the fee away from a creditor whose letter names no exact amount or a term that is too short.
So these words are made here, and a text may only say where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from markupsafe import Markup

from app.domain.money import format_amount
from app.errors import RuleBroken
from app.services.correspondence.labels import money_text
from app.services.correspondence.rows import Communication, Notice

# The term runs from the day after receipt (HR 25 November 2016, ECLI:NL:HR:2016:2704).
_TERM: Mapping[str, str] = {
    "nl": "binnen 14 dagen, gerekend vanaf de dag nadat {this} bij u is bezorgd",
    "en": "within 14 days, counted from the day after {this} was delivered to you",
}
_ACCEPTED: Mapping[str, re.Pattern[str]] = {
    "nl": re.compile(
        r"binnen (14 dagen,? (gerekend )?vanaf de dag nadat|15 dagen nadat) "
        r"(deze brief|deze e-mail) bij u is bezorgd"
    ),
    "en": re.compile(
        r"within (14 days,? counted from the day after|15 days after) "
        r"(this letter|this e-mail) was delivered to you"
    ),
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "pay": "Betaal het openstaande bedrag van {principal} {term}. Dan betaalt u geen incassokosten.",
        "fee": "Ontvangen wij het bedrag niet binnen deze termijn, dan moet u ook incassokosten betalen. "
        "Die kosten zijn {fee} (artikel 6:96 van het Burgerlijk Wetboek).",
        "vat": "Daar komt {rate}% btw bij, {vat}, omdat wij die btw niet kunnen verrekenen. "
        "De incassokosten zijn samen {total}.",
        "sum": "U betaalt dan in totaal {sum}.",
        "part": "Betaalt u binnen de termijn een deel, "
        "dan berekenen wij de kosten over wat dan nog openstaat.",
    },
    "en": {
        "pay": "Please pay the outstanding amount of {principal} {term}. "
        "You will then pay no collection costs.",
        "fee": "If we do not receive the amount within this term, you must also pay collection costs. "
        "These costs are {fee} (article 6:96 of the Dutch Civil Code).",
        "vat": "{rate}% VAT is added to this, {vat}, because we cannot deduct that VAT. "
        "The collection costs are {total} in all.",
        "sum": "You will then pay {sum} in total.",
        "part": "If you pay a part within the term, we calculate the costs on what is then still open.",
    },
}


def locked_block(c: Communication) -> tuple[Markup, ...]:
    """The paragraphs of the block, in escaped markup with `<b>` only.

    Raises `RuleBroken` when there is no notice, its sums do not add up, nothing is owed, or its own wording
    of the term counts from anything but the delivery.
    """
    notice = _checked(c)
    words = _WORDS[c.language]
    values = {
        "principal": _bold(notice.principal, c),
        "fee": _bold(notice.fee, c),
        "vat": _bold(notice.vat, c),
        "total": _bold(notice.total, c),
        "sum": _bold(notice.principal + notice.total, c),
        "term": Markup("<b>{}</b>").format(term_text(c)),
        "rate": format_amount(notice.vat_rate, c.language)[:-3]
        if notice.vat_rate == notice.vat_rate.to_integral()
        else format_amount(notice.vat_rate, c.language),
    }
    consequence = [words["fee"], *([words["vat"]] if notice.vat else []), words["sum"]]
    return tuple(
        Markup(text).format(**values)  # noqa: S704 - our own constants; every value is escaped
        for text in (words["pay"], " ".join(consequence), words["part"])
    )


def term_text(c: Communication) -> str:
    """The words of the term, from delivery on; `RuleBroken` for other words than a court accepts."""
    own = c.notice.term_text if c.notice else ""
    if not own:
        this = {"nl": ("deze brief", "deze e-mail"), "en": ("this letter", "this e-mail")}[c.language]
        return _TERM[c.language].format(this=this[c.channel == "email"])
    if not _ACCEPTED[c.language].fullmatch(own):
        raise RuleBroken(
            "The term of a 14-day letter must count from its delivery.",
            code="notice14.term",
            remedy=f"Use: {_TERM[c.language].format(this='…')}.",
            term=own,
        )
    return own


def _checked(c: Communication) -> Notice:
    notice = c.notice
    if notice is None:
        raise RuleBroken("A 14-day letter needs its notice.", code="notice14.missing", action=c.action_id)
    if notice.principal <= 0 or notice.fee < 0 or notice.vat < 0 or notice.fee + notice.vat != notice.total:
        raise RuleBroken(
            "The amounts of the notice do not add up.", code="notice14.amounts", action=c.action_id
        )
    return notice


def _bold(amount: Decimal, c: Communication) -> Markup:
    return Markup("<b>{}</b>").format(money_text(amount, c))
