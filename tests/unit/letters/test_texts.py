"""The shipped texts, and what an edited one may not do."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from app.errors import Invalid, RuleBroken
from app.services.correspondence import texts
from app.services.correspondence.labels import LETTERS
from app.services.correspondence.rows import Communication, Notice
from tests.unit.letters.demo import (
    CONSUMER,
    all_letters,
    communication,
    consumer_notice,
    final_demand,
    item,
    with_credit,
)

ALL = dict(all_letters())
NOTICE_SOURCE = (LETTERS / "nl" / "notice14.toml").read_text("utf-8")
DEMAND_SOURCE = (LETTERS / "nl" / "demand.toml").read_text("utf-8")


def words(c: Communication, text: texts.LetterText | None = None) -> str:
    merged = texts.merge(c, text)
    paragraphs = [p.plain for p in (*merged.opening, *merged.body)]
    parts = (merged.subject, merged.salutation, *paragraphs, merged.closing)
    return "\n".join(parts).replace("\u00a0", " ")


def edited(source: str, old: str, new: str) -> str:
    assert old in source
    return source.replace(old, new)


@pytest.mark.parametrize("tone", texts.TONES)
@pytest.mark.parametrize("name", ALL)
def test_every_text_reserves_the_right_and_excuses_who_paid(name, tone):
    c = replace(ALL[name], tone=tone)
    text = words(c)
    if c.language == "nl":
        assert "behouden wij ons ondubbelzinnig het recht op betaling voor" in text
        assert "Hebt u na 20 november 2026 al betaald? Dan hoeft u niets te doen." in text
        assert "oplossing, bijvoorbeeld betalen in termijnen" in text
        assert not re.search(r"\b(je|jij|jou|jouw)\b", text)
    else:
        assert "we unequivocally reserve our right to payment" in text
        assert "Have you already paid after 20 November 2026?" in text
        assert "for example paying in instalments" in text
    assert "!" not in text
    assert "{{" not in text
    assert "  " not in text


def test_a_letter_without_known_payments_names_no_date():
    assert "Hebt u al betaald? Dan hoeft u niets te doen." in words(communication(paid_through=None))


@pytest.mark.parametrize(
    ("stage", "announced"),
    [
        ("final_demand", "sturen wij u een laatste sommatie"),
        ("hand_over", "incassobureau of een gerechtsdeurwaarder"),
        ("call", "bellen wij u"),
    ],
)
def test_only_the_next_step_is_announced(stage, announced):
    text = words(communication(next_stage=stage))
    assert f"dan {announced}" in text.replace("dragen wij de vordering over aan een ", "")


@pytest.mark.parametrize("stage", [None, "company_own_stage"])
def test_no_step_no_threat(stage):
    for template in ("reminder", "demand", "final_demand", "default_notice"):
        text = words(communication(template, next_stage=stage))
        assert "690,91" not in text
        assert not re.search(r"sommatie sturen|incassobureau|deurwaarder|Horen wij niets", text)


def test_costs_are_threatened_to_a_business_before_a_step_that_claims_them():
    assert "incassokosten (bij dit bedrag € 690,91)" in words(communication())
    assert "690,91" not in words(communication(next_stage="call"))
    assert "690,91" not in words(communication(addressee=CONSUMER))
    unknown = replace(communication().addressee, kind="unknown")
    assert "690,91" not in words(communication(addressee=unknown))


def test_consumers_hear_of_municipal_debt_help_and_businesses_do_not():
    assert "Uw gemeente geeft gratis schuldhulp" in words(communication(addressee=CONSUMER))
    assert "gemeente" not in words(communication())
    assert "municipality" in words(consumer_notice("en"))


def test_reminded_is_said_of_the_items_it_is_true_of():
    first, second, third = communication().items
    never = replace(first, last_reminded_on=None)
    assert "Op 6 november 2026 stuurden wij u een herinnering." in words(communication())
    partly = words(communication(items=(never, second, third)))
    assert "Op 6 november 2026 stuurden wij u voor een deel van deze facturen een herinnering." in partly
    none = tuple(replace(i, last_reminded_on=None) for i in communication().items)
    assert "stuurden wij u" not in words(communication(items=none))
    also_due = replace(first, role="also_due", last_reminded_on=date(2026, 11, 20))
    assert "20 november" not in texts.merge(communication(items=(also_due, second))).opening[0].plain


def test_one_invoice_is_called_by_its_number():
    text = words(communication(items=(item("20263902", "2662.00"),)))
    assert "Factuur 20263902 staat nog open." in text
    assert "facturen" not in text


def test_last_day_and_the_day_before_which_are_the_same_term():
    text = words(communication(pay_before=date(2026, 12, 31)))
    assert "betalen vóór 1 januari 2027?" in text
    assert "uiterlijk donderdag 31 december 2026" in text


@pytest.mark.parametrize(
    ("gender", "name", "dutch", "english"),
    [
        ("m", "Smit", "Geachte heer Smit,", "Dear Mr Smit,"),
        ("f", "van den Berg", "Geachte mevrouw Van den Berg,", "Dear Ms Van den Berg,"),
        ("f", "", "Geachte mevrouw,", "Dear Madam,"),
        ("", "Smit", "Geachte heer, mevrouw,", "Dear Sir or Madam,"),
    ],
)
def test_nobody_s_gender_is_guessed(gender, name, dutch, english):
    for language, expected in (("nl", dutch), ("en", english)):
        c = communication(language=language)
        c = replace(c, addressee=replace(c.addressee, gender=gender, salutation_name=name))
        assert texts.merge(c).salutation == expected


def test_markup_in_a_name_stays_letters():
    source = edited(DEMAND_SOURCE, "{{ help }}", "Aan <b>{{ customer }}</b>: {{ help }}")
    text = texts.parse(source, "demand", "nl")
    hostile = replace(communication().addressee, name="Smit & Van Rijn <b>{{ iban }}</b>")
    body = texts.merge(communication(addressee=hostile), text).body
    assert body[0].runs[1] == texts.Run("Smit & Van Rijn <b>{{ iban }}</b>", bold=True)
    assert not body[0].runs[2].bold


def test_the_notice_names_amount_term_and_consequence_as_the_courts_want_them():
    text = words(consumer_notice())
    assert "€ 300,00 binnen 14 dagen, gerekend vanaf de dag nadat deze brief bij u is bezorgd" in text
    assert "Die kosten zijn € 45,00" in text
    assert "in totaal € 345,00" in text
    assert "btw" not in text
    assert not re.search(r"na (de )?(datum|dagtekening)|na vandaag|uiterlijk", text)
    by_mail = words(consumer_notice(channel="email"))
    assert "gerekend vanaf de dag nadat deze e-mail bij u is bezorgd" in by_mail


def test_vat_on_the_fee_is_named_when_it_is_claimed():
    notice = Notice(Decimal(1000), Decimal(150), Decimal("31.50"), Decimal("181.50"))
    text = words(consumer_notice(notice=notice))
    assert "21% btw bij, € 31,50" in text
    assert "samen € 181,50" in text
    assert "in totaal € 1.181,50" in text


@pytest.mark.parametrize(
    "broken",
    [
        edited(NOTICE_SOURCE.split("\n", 2)[2], "{{ locked_block }}", ""),
        edited(NOTICE_SOURCE, "{{ locked_block }}\n\n{{ help", "Let op: {{ locked_block }}\n\n{{ help"),
        edited(NOTICE_SOURCE, "{{ debt_help }}", "{{ locked_block }}"),
        edited(NOTICE_SOURCE, "{{ help }}", "Betaal binnen 14 dagen na datum van deze brief."),
        edited(NOTICE_SOURCE, "{{ help }}", "Betaal binnen 14 dagen na dagtekening."),
    ],
)
def test_a_14_day_text_that_would_lose_the_fee_is_refused(broken):
    with pytest.raises(Invalid) as refused:
        texts.parse(broken, "notice14", "nl")
    assert refused.value.code.startswith("notice14.")


def test_a_locked_block_hidden_by_a_condition_is_found_missing():
    hidden = edited(
        NOTICE_SOURCE,
        "{{ locked_block }}\n\n{{ help",
        "{% if business %}\n{{ locked_block }}\n{% endif %}\n\n{{ help",
    )
    with pytest.raises(RuleBroken, match="lost its locked block"):
        texts.merge(consumer_notice(), texts.parse(hidden, "notice14", "nl"))


@pytest.mark.parametrize(
    "change",
    [
        {"notice": None},
        {"notice": Notice(Decimal(300), Decimal(45), Decimal("9.45"), Decimal(45))},
        {"notice": replace(consumer_notice().notice, term_text="binnen 14 dagen na deze brief")},
    ],
)
def test_a_notice_that_does_not_hold_is_refused(change):
    with pytest.raises(RuleBroken):
        texts.merge(consumer_notice(**change))


def test_the_other_wording_a_court_accepted_may_be_used():
    notice = replace(consumer_notice().notice, term_text="binnen 15 dagen nadat deze brief bij u is bezorgd")
    assert "binnen 15 dagen nadat deze brief" in words(consumer_notice(notice=notice))


@pytest.mark.parametrize(
    "evil",
    [
        "{{ ''.__class__ }}",
        "{{ company.upper() }}",
        "{{ company * 1000000 }}",
        "{{ 9 ** 9 }}",
        "{{ company | upper }}",
        "{{ '%999999s' | format(company) }}",
        "{% for a in company %}{{ a }}{% endfor %}",
        "{% set a = company %}",
        "{% include 'x' %}",
        "{{ range(9) }}",
        "{{ company ~ company }}",
        "<script>alert(1)</script>",
        "<img src=x>",
        "{{ unclosed",
        "x" * 20_001,
    ],
)
def test_a_text_can_do_no_more_than_fields_and_conditions(evil):
    with pytest.raises(Invalid):
        texts.parse(edited(DEMAND_SOURCE, "{{ help }}", evil), "demand", "nl")


def test_an_unknown_field_is_an_error_and_not_an_empty_place():
    text = texts.parse(edited(DEMAND_SOURCE, "{{ help }}", "{{ helpp }}"), "demand", "nl")
    with pytest.raises(RuleBroken, match="helpp"):
        texts.merge(communication(), text)


def test_a_missing_part_is_named():
    with pytest.raises(Invalid, match=r"closing\.firm"):
        texts.parse(edited(DEMAND_SOURCE, 'firm = "Hoogachtend,"', ""), "demand", "nl")


def test_a_text_of_another_letter_is_refused():
    with pytest.raises(RuleBroken):
        texts.merge(communication("reminder"), texts.shipped("demand", "nl"))


def test_the_version_changes_with_a_word():
    shipped = texts.version("demand", "nl")
    assert re.fullmatch("[0-9a-f]{64}", shipped)
    assert texts.parse(DEMAND_SOURCE, "demand", "nl").version == shipped
    changed = texts.parse(DEMAND_SOURCE.replace("dringend", "nadrukkelijk"), "demand", "nl")
    assert changed.version != shipped
    assert len({texts.version(t, lang) for t in texts.TEMPLATES for lang in ("nl", "en")}) == 10


def test_final_demand_says_what_is_in_the_amount():
    assert "zitten ook rente en incassokosten" in words(final_demand())
    only_interest = final_demand(costs=None)
    assert "zit ook rente" in words(only_interest)
    assert "incassokosten" not in words(with_credit()).replace("incassokosten (bij dit bedrag", "")
