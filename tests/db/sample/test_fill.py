"""The sample portfolio is one that could have come about: its money adds up and its past keeps the rules."""

import datetime as dt
from itertools import pairwise

import pytest

from app.domain.iban import is_iban
from app.services.sample.course import WORKING_DAYS_BEHIND
from app.services.sample.days import WorkDays
from app.services.workflow import shipped

PROGRESS = (
    "SELECT id, progress_version_id, position_done, rank_done, last_step_on, last_step_at, reminded_on,"
    " notice_skipped FROM tegoed.open_item ORDER BY id"
)


def test_what_is_outstanding_is_the_original_and_its_movements(portfolio):
    wrong = portfolio.rows(
        "SELECT oi.id FROM tegoed.open_item oi LEFT JOIN tegoed.movement m ON m.open_item_id = oi.id"
        " GROUP BY oi.id HAVING oi.outstanding <> oi.original_amount + coalesce(sum(m.amount), 0)"
    )

    assert wrong == []
    assert portfolio.one("SELECT count(*) FROM tegoed.open_item WHERE outstanding <> 0") > 200
    assert (
        portfolio.one("SELECT count(*) FROM tegoed.open_item WHERE abs(outstanding) > abs(original_amount)")
        == 0
    )


def test_progress_is_what_the_steps_say(portfolio):
    before = portfolio.rows(PROGRESS)
    portfolio.rows("SELECT tegoed.keep_progress(array(SELECT id FROM tegoed.open_item))")

    assert portfolio.rows(PROGRESS) == before
    assert sum(row[2] > 0 for row in before) > 100
    assert (
        portfolio.rows(
            "SELECT oi.id FROM tegoed.open_item oi JOIN tegoed.step_done s ON s.open_item_id = oi.id"
            " GROUP BY oi.id HAVING oi.position_done <> max(s.position) OR oi.rank_done <> max(s.rank)"
            " OR oi.last_step_on <> max(s.on_date)"
            " OR oi.reminded_on IS DISTINCT FROM max(s.on_date) FILTER (WHERE s.written AND NOT s.skipped)"
        )
        == []
    )


def test_nobody_real_can_be_reached_or_paid(portfolio):
    addresses = portfolio.rows(
        "SELECT email FROM tegoed.customer UNION SELECT email FROM tegoed.company UNION"
        " SELECT recipient FROM tegoed.delivery UNION SELECT website FROM tegoed.company"
    )
    accounts = portfolio.rows("SELECT iban FROM tegoed.customer UNION SELECT iban FROM tegoed.company")

    assert [address for (address,) in addresses if address and not address.endswith(".example")] == []
    assert [account for (account,) in accounts if account and not is_iban(account)] == []
    assert portfolio.rows("SELECT DISTINCT mail_transport FROM tegoed.company") == [("folder",)]
    assert portfolio.rows("SELECT DISTINCT transport FROM tegoed.print_queue") == [("folder",)]


def test_three_companies_are_live_with_fresh_data_and_a_complete_sender(portfolio):
    date = portfolio.report.date
    companies = portfolio.rows(
        "SELECT code, state, data_as_of, planned_for, default_workflow_id IS NOT NULL"
        "   AND '' <> ALL (ARRAY[name, street, postcode, city, phone, email, iban, kvk, vat_number, account_name])"
        " FROM tegoed.company ORDER BY id"
    )
    behind = WorkDays(date).add(date, -WORKING_DAYS_BEHIND)

    assert companies == [(code, "live", date, behind, True) for code in ("VDI", "DGH", "KGH")]
    assert portfolio.one("SELECT count(*) FROM tegoed.membership") == 3
    assert dict(portfolio.rows("SELECT code, count(*) FROM tegoed.workflow GROUP BY 1")) == {
        workflow.code: 3 for workflow in shipped.load()
    }


def test_customers_of_every_kind_in_the_shares_asked_for(portfolio):
    assert portfolio.report.companies == {"VDI": 120, "DGH": 84, "KGH": 36}
    assert dict(
        portfolio.rows(
            "SELECT c.code, count(*) FROM tegoed.customer cu JOIN tegoed.company c ON c.id = cu.company_id GROUP BY 1"
        )
    ) == dict(portfolio.report.companies)
    kinds = dict(portfolio.rows("SELECT kind, count(*) FROM tegoed.customer GROUP BY 1"))
    assert set(kinds) == {"consumer", "business", "government", "unknown"}
    assert min(kinds.values()) >= 3
    for table, count in portfolio.report.rows.items():
        assert portfolio.one(f"SELECT count(*) FROM tegoed.{table}") == count, table


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM tegoed.delivery WHERE state = 'uncertain'",
        "SELECT count(*) FROM tegoed.delivery WHERE state = 'failed'",
        "SELECT count(*) FROM tegoed.notice WHERE state = 'pending' AND posted_on IS NULL",
        "SELECT count(*) FROM tegoed.notice WHERE state = 'running' AND last_day >= :date",
        "SELECT count(*) FROM tegoed.notice n WHERE state = 'running' AND last_day < :date",
        "SELECT count(*) FROM tegoed.notice WHERE state = 'charged'",
        "SELECT count(*) FROM tegoed.active_hold(:date) WHERE cause = 'promise'",
        "SELECT count(*) FROM tegoed.hold WHERE cause = 'promise' AND until < :date",
        "SELECT count(*) FROM tegoed.hold WHERE cause = 'dispute' AND released_at IS NOT NULL",
        "SELECT count(*) FROM tegoed.open_item WHERE kind = 'payment_on_account' AND outstanding < 0",
        "SELECT count(*) FROM tegoed.open_item WHERE kind = 'credit_note' AND outstanding < 0",
        "SELECT count(*) FROM tegoed.open_item WHERE outstanding > 0 AND settled_amount < 0",
        "SELECT count(*) FROM tegoed.customer WHERE name LIKE '%Smit & Van Rijn%'",
        "SELECT count(*) FROM tegoed.action WHERE explanation ->> 'rule' = 'sample history'",
    ],
)
def test_what_a_desk_must_be_able_to_show_is_there(portfolio, statement):
    values = {"date": portfolio.report.date} if ":date" in statement else {}

    assert portfolio.one(statement, **values) >= 1


def test_nobody_was_written_to_twice_within_the_gap_or_on_a_day_off(portfolio):
    contacts = portfolio.rows(
        "SELECT d.customer_id, d.contact_on, v.contact_gap FROM tegoed.delivery d"
        " JOIN tegoed.action a ON a.id = d.action_id JOIN tegoed.workflow_version v ON v.id = a.version_id"
        " ORDER BY d.customer_id, d.contact_on"
    )
    days = WorkDays(portfolio.report.date)

    assert len(contacts) > 400
    assert all(days.next(on) == on for _, on, _ in contacts)
    for (before, was_on, _), (customer, on, gap) in pairwise(contacts):
        assert customer != before or on - was_on >= dt.timedelta(days=gap)


def test_natural_persons_were_charged_only_after_a_notice_that_had_ended(portfolio):
    charged = portfolio.rows(
        "SELECT oi.invoice_date, n.last_day, n.fee, oi.original_amount FROM tegoed.open_item oi"
        " JOIN tegoed.customer cu ON cu.id = oi.customer_id"
        " LEFT JOIN tegoed.notice n ON n.id = oi.charged_notice_id"
        " WHERE oi.kind = 'cost' AND cu.kind IN ('consumer', 'unknown')"
    )

    assert len(charged) >= 3
    assert all(last_day is not None and last_day < on and cost <= fee for on, last_day, fee, cost in charged)
    assert portfolio.one("SELECT count(*) FROM tegoed.notice WHERE state = 'charged'") == len(charged)


def test_no_item_took_a_step_while_it_was_held_or_had_been_paid(portfolio):
    assert (
        portfolio.rows(
            "SELECT s.id FROM tegoed.step_done s JOIN tegoed.hold h ON h.open_item_id = s.open_item_id"
            " WHERE NOT s.skipped AND h.amount IS NULL AND s.on_date > h.starts"
            "   AND s.on_date <= coalesce(h.ended_on, h.until, s.on_date)"
        )
        == []
    )
    assert (
        portfolio.rows(
            "SELECT ai.open_item_id FROM tegoed.action_item ai JOIN tegoed.action a ON a.id = ai.action_id"
            " JOIN tegoed.open_item oi ON oi.id = ai.open_item_id"
            " WHERE a.origin = 'workflow' AND ai.amount <> oi.original_amount + coalesce((SELECT sum(m.amount)"
            "   FROM tegoed.movement m WHERE m.open_item_id = oi.id AND m.value_date < a.business_date), 0)"
        )
        == []
    )


def test_only_what_waits_keeps_an_item_busy(portfolio):
    assert (
        portfolio.rows(
            "SELECT a.id FROM tegoed.action a JOIN tegoed.action_item ai ON ai.action_id = a.id"
            " WHERE ai.live_step <> (a.state IN ('planned', 'sending'))"
        )
        == []
    )


def test_a_day_of_planning_gives_a_day_of_work_and_nothing_twice(portfolio):
    date = portfolio.report.date
    with portfolio.connection.begin_nested() as undone:
        companies = [row[0] for row in portfolio.rows("SELECT id FROM tegoed.company ORDER BY id")]
        for company in companies:
            portfolio.one("SELECT tegoed.plan_company(:company, :date)", company=company, date=date)
        planned = portfolio.rows(
            "SELECT kind, stage, approval_required, count(*) FROM tegoed.action"
            " WHERE business_date = :date AND origin = 'workflow' GROUP BY 1, 2, 3",
            date=date,
        )
        again = [
            portfolio.one("SELECT tegoed.plan_company(:company, :date)", company=company, date=date)
            for company in companies
        ]
        undone.rollback()

    kinds = {kind for kind, *_ in planned}
    stages = {stage for _, stage, *_ in planned}
    assert {"email", "letter", "call", "charge"} <= kinds
    assert {"reminder", "demand", "notice14", "final_demand"} <= stages
    letters = [row for row in planned if row[:2] == ("letter", "final_demand")]
    assert all(approval for *_, approval, _ in letters)
    assert any(approval for *_, approval, _ in planned)
    assert 30 <= sum(count for *_, count in planned) <= 120
    assert [(each["actions"], each["items"], each["skipped"]) for each in again] == [(0, 0, 0)] * 3
