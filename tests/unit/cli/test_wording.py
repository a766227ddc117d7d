"""Every code the engine can answer has words; nobody reads a code."""

import re

import pytest

from app import config
from app.cli.wording import FOLLOW_UPS, REASONS, left_sentence, people_sentence, waiting_sentence
from app.services.workflow.reports import ForPeople, Waiting

SQL = "\n".join(path.read_text("utf-8") for path in sorted((config.RESOURCES / "sql").glob("*.sql")))


def test_every_cause_of_a_follow_up_has_words():
    causes = set(re.findall(r"jsonb_build_object\('rule', '(\w+)'", SQL)) - {"step", "by_hand", "outcome"}
    assert causes
    assert causes <= FOLLOW_UPS.keys()


def test_every_reason_why_something_waits_has_words():
    schedule = (config.RESOURCES / "sql" / "050_schedule.sql").read_text("utf-8")
    codes = {code for code in re.findall(r"then '(\w+)'", schedule) if code in REASONS or "_" in code}
    known = codes & REASONS.keys()
    verdicts = {
        "in_action",
        "set_off",
        "no_workflow",
        "due_date",
        "notice_term",
        "group",
        "group and profile",
    }
    assert codes - known <= verdicts


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (Waiting("awaiting_approval", "letter", "final_demand", None, 5),
         "5 × final demand by letter, waits for approval"),
        (Waiting("approved", "email", "reminder", "gap", 1),
         "1 × reminder by email, in the outbox: the last letter or mail was too short ago"),
        (Waiting("planned", "charge", None, None, 2), "2 × posting of costs, planned"),
    ],
)  # fmt: skip
def test_what_waits_says_for_whom_and_why(row, words):
    assert waiting_sentence(row) == words


def test_numbers_and_plurals_agree():
    assert people_sentence(ForPeople("hand_over", None, 1)) == "1 claim to hand over"
    assert people_sentence(ForPeople("call", None, 3)) == "3 calls"
    assert people_sentence(ForPeople("follow_up", "says_paid", 1)) == "1 follow-up: says it is paid"
    assert left_sentence("letter notice14 uncertain", 1) == "1 × 14-day letter by letter (uncertain)"
