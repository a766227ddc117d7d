"""The workflows that come with Tegoed can be installed by a manager, and are the ones a Dutch desk expects."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.domain.stages import RANKS
from app.errors import Invalid
from app.services.workflow import shipped


@pytest.fixture
def company(owner) -> int:
    with owner.begin() as connection:
        return connection.execute(
            text("INSERT INTO tegoed.company (code, name) VALUES ('AAA', 'A') RETURNING id")
        ).scalar_one()


def steps_of(code: str) -> tuple[shipped.ShippedStep, ...]:
    return next(workflow.steps for workflow in shipped.load() if workflow.code == code)


def test_a_manager_installs_and_publishes_them(login, owner, company):
    engine = login("manager", companies=[company])
    with Session(engine) as session, session.begin():
        installed = shipped.install(session, company)

    assert list(installed) == ["consument", "groot", "zakelijk"]
    with owner.connect() as connection:
        versions = connection.execute(
            text(
                "SELECT w.code, v.number, v.state, count(s.position) FROM tegoed.workflow w"
                " JOIN tegoed.workflow_version v ON v.workflow_id = w.id"
                " JOIN tegoed.workflow_step s ON s.version_id = v.id GROUP BY 1, 2, 3 ORDER BY 1"
            )
        ).all()
        following = connection.execute(
            text("SELECT count(*) FROM tegoed.workflow_next WHERE company_id = :company"),
            {"company": company},
        ).scalar_one()
    assert versions == [(each.code, 1, "published", len(each.steps)) for each in shipped.load()]
    assert following > 50


def test_a_second_time_what_is_there_is_left_alone(login, owner, company):
    engine = login("manager", companies=[company])
    with Session(engine) as session, session.begin():
        session.execute(
            text(
                "INSERT INTO tegoed.workflow (company_id, code, name) VALUES (:company, 'groot', 'Onze eigen')"
            ),
            {"company": company},
        )
        first = shipped.install(session, company)
    with Session(engine) as session, session.begin():
        assert shipped.install(session, company) == first

    with owner.connect() as connection:
        own = connection.execute(
            text(
                "SELECT w.name, count(v.id) FROM tegoed.workflow w"
                " LEFT JOIN tegoed.workflow_version v ON v.workflow_id = w.id WHERE w.code = 'groot' GROUP BY 1"
            )
        ).one()
        versions = connection.execute(text("SELECT count(*) FROM tegoed.workflow_version")).scalar_one()
    assert own == ("Onze eigen", 0)
    assert versions == 2


def test_a_collector_may_not(login, company):
    with (
        Session(login("collector", companies=[company])) as session,
        pytest.raises(ProgrammingError, match="permission denied"),
    ):
        shipped.install(session, company)


def test_unranked_steps_take_the_rank_before_them_and_stages_rise():
    for workflow in shipped.load():
        ranks = [step.rank for step in workflow.steps]
        assert ranks == sorted(ranks)
        for before, step in zip(workflow.steps, workflow.steps[1:], strict=False):
            assert step.rank == (RANKS[step.stage] if step.stage else before.rank)
            assert (step.stage is None) == (step.kind in {"call", "task", "message", "charge"})


def test_a_consumer_owes_costs_only_after_the_notice_has_run():
    kinds = [(step.stage or step.kind, step.after) for step in steps_of("consument")]

    assert kinds.index(("notice14", "previous_step")) < kinds.index(("charge", "notice_term"))
    notice = next(step for step in steps_of("consument") if step.stage == "notice14")
    assert (notice.kind, notice.if_unreachable) == ("letter", "follow_up")
    for step in steps_of("zakelijk"):
        assert step.kind != "charge" or set(step.customer_kinds or ()) == {"business", "government"}


def test_nothing_firm_leaves_unseen():
    for workflow in shipped.load():
        for step in workflow.steps:
            assert not step.written or step.tone != "firm" or step.approval, (workflow.code, step.title)


def test_a_key_account_is_spoken_to_before_it_is_written_to():
    steps = steps_of("groot")

    assert (steps[0].kind, steps[0].days < 0) == ("call", True)
    assert [step.kind for step in steps][:3] == ["call", "task", "call"]
    assert next(step for step in steps if step.written).days >= 14


@pytest.mark.parametrize(
    "steps",
    [
        "[[steps]]\ntitle = 'x'\nkind = 'email'\nstage = 'reminder'\ndays = 4\n",  # no text
        "[[steps]]\ntitle = 'x'\nkind = 'call'\ndays = 4\ntemplate = 'demand'\n",  # a text for a call
        "[[steps]]\ntitle = 'x'\nkind = 'call'\ndays = 4\ncolour = 'red'\n",
        "[[steps]]\ntitle = 'x'\nkind = 'hand_over'\nstage = 'hand_over'\ndays = 4\n"
        "[[steps]]\ntitle = 'y'\nkind = 'email'\nstage = 'reminder'\ntemplate = 'reminder'\ndays = 9\n",
        "[[steps]]\ntitle = 'x'\nkind = 'email'\nstage = 'plea'\ntemplate = 'reminder'\ndays = 4\n",
        "",
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path, monkeypatch, steps):
    (tmp_path / "fout.toml").write_text(
        f"code = 'x'\nname = 'x'\ncontact_gap = 7\nbundle_ahead = 5\n{steps}", "utf-8"
    )
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)

    with pytest.raises(Invalid) as refused:
        shipped.load.__wrapped__()

    assert refused.value.field in {"fout.toml", "stage"}
