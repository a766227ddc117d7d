"""Keys that carry no foreign key, since planning writes them by the million: they point to rows all the same."""

import pytest
from sqlalchemy import text

from tests.db.kit import Scene

KEYS = [
    ("action", "customer_id", "customer"),
    ("action", "version_id", "workflow_version"),
    ("action_item", "action_id", "action"),
    ("action_item", "open_item_id", "open_item"),
    ("delivery", "action_id", "action"),
    ("delivery", "customer_id", "customer"),
    ("open_item", "connection_id", "source_connection"),
]


def test_what_planning_and_sending_write_points_to_rows_of_the_same_company(scene: Scene):
    for late in (5, 30, 200):
        scene.invoice(scene.customer(), late=late)
    scene.days(20)
    for table, column, target in KEYS:
        rows, orphans = scene.session.execute(
            text(
                f"select count(t.{column}), count(*) filter (where t.{column} is not null and p.id is null)"
                f" from tegoed.{table} t left join tegoed.{target} p"
                f" on p.id = t.{column} and p.company_id = t.company_id"
            )
        ).one()
        assert rows > 0, f"{table}.{column} was never written, so this proves nothing"
        assert orphans == 0, f"{table}.{column}"


@pytest.mark.parametrize("target", sorted({target for _, _, target in KEYS}))
def test_nobody_can_delete_what_they_point_to(session, target):
    found = session.execute(
        text(
            "select grantee from information_schema.role_table_grants where table_schema = 'tegoed'"
            " and table_name = :t and privilege_type in ('DELETE', 'TRUNCATE') and grantee not like '%owner'"
        ),
        {"t": target},
    )
    assert found.all() == []
