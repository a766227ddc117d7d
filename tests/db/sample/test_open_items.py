"""The plain portfolio that benchmarks measure with."""

import datetime as dt

import pytest
from sqlalchemy import text

from app.errors import Invalid
from app.services.sample.open_items import fill_open_items

DATE = dt.date(2026, 11, 23)
REFERENCES = (
    "SELECT conname, convalidated FROM pg_constraint WHERE conrelid = 'tegoed.open_item'::regclass ORDER BY 1"
)


@pytest.mark.parametrize(("due_share", "due"), [(1.0, 60), (0.1, 6), (0.0, 0)])
def test_as_many_customers_are_due_as_asked_for(session, due_share, due):
    before = session.execute(text(REFERENCES)).all()
    company = fill_open_items(session, items=300, due_share=due_share, date=DATE)
    session.execute(text("INSERT INTO tegoed.app_user (login, name) VALUES (session_user, 'Eerste')"))
    session.execute(
        text("INSERT INTO tegoed.membership (user_id, company_id) SELECT id, :company FROM tegoed.app_user"
             " WHERE login = session_user"),
        {"company": company},
    )  # fmt: skip

    planned = session.scalar(
        text("SELECT tegoed.plan_company(:company, :date)"), {"company": company, "date": DATE}
    )

    assert (planned["actions"], planned["items"]) == (due, due * 5)
    assert session.scalar(text("SELECT count(*) FROM tegoed.open_item")) == 300
    assert session.scalar(text("SELECT count(DISTINCT customer_id) FROM tegoed.open_item")) == 60
    assert session.execute(text(REFERENCES)).all() == before


@pytest.mark.parametrize("wrong", [{"items": 0}, {"per_customer": 0}, {"due_share": 1.5}])
def test_numbers_that_make_no_sense_are_refused(session, wrong):
    with pytest.raises(Invalid):
        fill_open_items(session, date=DATE, **wrong)
