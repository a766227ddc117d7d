"""What counts as a change after rendering, and what follows from it."""

import pytest

from app.adapters.database.translation import translated
from app.errors import Conflict
from app.services.correspondence import commands
from tests.db.kit import DAY, SHORT, open_scene, step


def outstanding(scene, waiting):
    scene.pay(waiting.item, 10)


def part_hold(scene, waiting):
    scene.hold(waiting.customer, waiting.item, amount=10)


def set_off(scene, waiting):
    scene.invoice(waiting.customer, -10)


def joined_item(scene, waiting):
    scene.invoice(waiting.customer, 10, late=5)
    scene.at(scene.today + DAY)
    scene.plan()


def name(scene, waiting):
    scene.change_customer(waiting.customer, name="Jansen & Zonen")


def contact(scene, waiting):
    scene.change_customer(waiting.customer, contact_name="mevrouw Çelik", contact_gender="f")


def street(scene, waiting):
    scene.change_customer(waiting.customer, street="Nieuwe Weg 3")


def mailbox(scene, waiting):
    scene.change_customer(waiting.customer, email="ander@voorbeeld.test")


def kind(scene, waiting):
    scene.change_customer(waiting.customer, kind="government")


def group(scene, waiting):
    made = scene.one(
        "insert into tegoed.customer_group (company_id, code, name) values (:c, 'A', 'A') returning id",
        c=scene.company,
    )
    scene.change_customer(waiting.customer, group_id=made)


def notice(scene, waiting):
    scene.run(
        "insert into tegoed.notice (company_id, customer_id, action_id, delivery_id, currency, sent_on, principal, fee,"
        " vat, state, last_day) values (:c, :cu, :a, :d, 'EUR', :on, 10, 40, 0, 'running', :on)",
        c=scene.company, cu=waiting.customer, a=waiting.action, d=waiting.delivery.id, on=scene.today - DAY * 30,
    )  # fmt: skip


def workflow_version(scene, waiting):
    scene.publish(
        scene.draft(
            scene.workflows["short"],
            (
                step(
                    "email",
                    4,
                    "reminder",
                    approval=scene.actions(id=waiting.action)[0].approval_required,
                    tone="firm",
                ),
                *SHORT[1:],
            ),
        )
    )


CHANGES = [outstanding, part_hold, set_off, joined_item, name, contact, street, mailbox, kind, group, notice,
           workflow_version]  # fmt: skip


def by_name(change):
    return change.__name__


@pytest.mark.parametrize("change", CHANGES, ids=by_name)
def test_a_change_is_rendered_again_before_it_leaves(mail, change):
    before = mail.delivery.sha256
    change(mail.scene, mail)
    mail.scene.send()
    assert mail.scene.left(customer=mail.customer) == []
    assert mail.state == ("planned", "waiting")
    mail.scene.render()
    assert mail.delivery.sha256 != before
    mail.scene.send()
    assert len(mail.scene.left(customer=mail.customer)) == 1, "it needed no approval, so it leaves"


@pytest.mark.parametrize("change", CHANGES, ids=by_name)
def test_a_change_of_what_was_approved_goes_back_with_the_difference(to_approve, change):
    scene = to_approve.scene
    scene.approve(to_approve.action)
    change(scene, to_approve)
    scene.send()
    scene.render()
    assert to_approve.state == ("awaiting_approval", "waiting")
    assert scene.send() == []
    told = to_approve.events("action.awaits_approval")[-1].facts["difference"]
    assert told, "the approver sees what is different"
    scene.approve(to_approve.action)
    scene.send()
    assert len(scene.left(customer=to_approve.customer)) == 1


def difference_after(to_approve, change):
    to_approve.scene.approve(to_approve.action)
    change(to_approve.scene, to_approve)
    to_approve.scene.send()
    to_approve.scene.render()
    return to_approve.events("action.awaits_approval")[-1].facts["difference"]


def test_the_difference_names_the_item_and_both_amounts(to_approve):
    told = difference_after(to_approve, outstanding)
    (line,) = told["items"]
    assert (line["item"], line["number"]) == (to_approve.item, "F00002")
    assert (line["before"], line["after"]) == ("100.00", "90.00")


def test_the_difference_names_what_joined(to_approve):
    told = difference_after(to_approve, joined_item)
    (line,) = told["items"]
    assert (line["after"], line["changed"]) == ("10.00", ["joined"])
    assert "before" not in line


def test_the_difference_shows_the_old_and_the_new_address(to_approve):
    old, new = difference_after(to_approve, street)["facts"]["addressee"]
    assert (old["street"], new["street"]) == ("Dorpsstraat 1", "Nieuwe Weg 3")


def test_another_text_of_the_template_is_rendered_again(mail):
    job_version = "the text of today"
    mail.scene.run(
        "update tegoed.action set facts = jsonb_set(facts, '{shown,template_version}', '\"text of yesterday\"')"
    )
    verdict = commands.begin_act(
        mail.scene.session, mail.claim(), template_version=job_version, now=mail.scene.now
    )
    assert verdict == {"verdict": "again", "reason": "text_changed"}


def test_what_is_no_change_leaves_as_it_was_rendered(mail):
    before = mail.delivery.sha256
    mail.scene.change_customer(mail.customer, phone="+31201111111", payment_term=14)
    other = mail.scene.customer("Pietersen")
    mail.scene.invoice(other, 10, late=1)
    assert mail.try_to_send()["sha256"] == before


def test_a_notice_leaves_as_it_was_rendered(session, make_ready):
    """Its claim is money with cents; reading it back must not make it another one."""
    steps = (step("email", 5, "reminder"), step("letter", 28, "notice14"))
    waiting = make_ready(open_scene(session, steps=steps), kind="consumer", amount="133.10")
    waiting.leave()
    waiting.scene.at(waiting.scene.today + DAY * 24)
    waiting.scene.plan()
    waiting.scene.render()
    assert [each["verdict"] for each in waiting.scene.send()] == ["send"]
    (made,) = waiting.scene.notices(waiting.customer)
    assert (str(made.principal), str(made.fee)) == ("133.10", "40.00")


def test_bytes_expire_after_three_working_days(mail):
    thursday = mail.scene.today + DAY * 3
    mail.scene.at(thursday)
    assert commands.tend_deliveries(mail.scene.session, mail.scene.now)["rendered_again"] == 0
    mail.scene.at(thursday + DAY)
    mail.scene.plan()
    assert mail.try_to_send() == {"verdict": "again", "reason": "too_old"}
    mail.scene.render()
    assert mail.scene.actions(id=mail.action)[0].letter_date == thursday + DAY
    assert mail.try_to_send()["verdict"] == "send"


def test_a_weekend_does_not_age_bytes(session, make_ready):
    scene = open_scene(session)
    scene.at(scene.today + DAY * 3)
    waiting = make_ready(scene, late=5)
    scene.at(scene.today + DAY * 5)
    assert waiting.try_to_send()["verdict"] == "send"


def test_what_waits_too_long_for_approval_is_rendered_and_approved_again(to_approve):
    scene = to_approve.scene
    scene.approve(to_approve.action)
    scene.at(scene.today + DAY * 4)
    scene.plan()
    assert commands.tend_deliveries(scene.session, scene.now)["rendered_again"] == 1
    assert scene.send() == []
    scene.render()
    assert to_approve.state[0] == "awaiting_approval"


def test_another_companys_clock_does_not_age_bytes(mail):
    """A collection day in the future of one company says nothing about the others."""
    later = mail.scene.now + DAY * 30
    assert commands.tend_deliveries(mail.scene.session, later)["rendered_again"] == 0


def test_bytes_that_are_not_those_that_were_approved_do_not_leave(to_approve):
    scene = to_approve.scene
    scene.approve(to_approve.action)
    scene.run("update tegoed.delivery set sha256 = repeat('0', 64) where action_id = :a", a=to_approve.action)
    assert to_approve.try_to_send() == {"verdict": "again", "reason": "not_approved"}


def test_what_is_approved_is_what_was_looked_at(to_approve):
    scene = to_approve.scene
    seen = scene.one("select tegoed.rendered_sha(:a)", a=to_approve.action)
    outstanding(scene, to_approve)
    scene.run("select tegoed.review_waiting(:c, :cu, 'test')", c=scene.company, cu=to_approve.customer)
    scene.render()
    with pytest.raises(Conflict, match="rendered again"), translated(), scene.session.begin_nested():
        commands.approve(scene.session, to_approve.action, sha256=seen)


def test_the_picture_of_the_letterhead_is_not_kept_with_each_letter(scene):
    scene.settings(logo=b"\x89PNG\r\n\x1a\n" + b"x" * 1000)
    scene.invoice(scene.customer(), 100, late=5)
    scene.plan()
    scene.render()
    assert len(str(scene.actions()[0].facts)) < 4000
