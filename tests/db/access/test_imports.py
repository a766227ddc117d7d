"""Somebody else's import, and lines under somebody else's name."""

import pytest

LINE = (
    "(run_id, line_no, place, customer_number, document_type, document_number, currency,"
    " original_amount, open_amount, due_estimated{more})"
)
VALUES = "({run}, 99, 'line 99', '1001', 'invoice', 'FORGED', 'EUR', 1000, 1000, false{more})"


def test_the_name_of_the_uploader_cannot_be_given(world):
    plain = f"INSERT INTO tegoed.import_line {LINE.format(more='')} VALUES {VALUES.format(run=1000, more='')}"
    assert world.attempt("everyone", plain).state is None
    for more, value in ((", uploaded_by", ", 'x'"), (", uploaded_by", ", DEFAULT")):
        forged = f"INSERT INTO tegoed.import_line {LINE.format(more=more)} VALUES {VALUES.format(run=1000, more=value)}"
        assert world.attempt("everyone", forged).state == ("42501")
    for query in (
        "COPY tegoed.import_line FROM STDIN",
        "COPY tegoed.import_line (run_id, uploaded_by) FROM STDIN",
        f"{plain} RETURNING uploaded_by",
        "INSERT INTO tegoed.import_line SELECT * FROM tegoed.import_line",
    ):
        assert world.attempt("everyone", query).state == "42501", query


def test_lines_slipped_into_another_persons_run_are_not_read_by_it(world):
    slip = f"INSERT INTO tegoed.import_line {LINE.format(more='')} VALUES {VALUES.format(run=1000, more='')}"
    intruder = world.connect("everyone")
    intruder.execute(slip.encode())
    intruder.close()
    counts = world.attempt("collector", "SELECT tegoed.preview_import(1000)").value
    applied = world.attempt(
        "collector",
        "SELECT count(*) FROM tegoed.open_item WHERE document_number = 'FORGED'",
        before="SELECT tegoed.preview_import(1000), tegoed.apply_import(1000)",
    )
    world.run("DELETE FROM tegoed.import_line WHERE document_number = 'FORGED'")
    assert counts["lines"] == 1
    assert (applied.state, applied.value) == (None, 0)


@pytest.mark.parametrize("run", [1000, 2000])
@pytest.mark.parametrize(
    "call",
    [
        "tegoed.preview_import({run})",
        "tegoed.apply_import({run})",
        "tegoed.apply_import({run}, array['closing', 'moved', 'renamed'])",
        "tegoed.fail_import({run})",
        "tegoed.fail_import({run}, true)",
        """tegoed.renumber_customers({run}, '{{"1001": "1"}}')""",
    ],
)
def test_a_run_belongs_to_the_one_who_started_it(world, call, run):
    # `everyone` is a member of company 1000 and has every role, but the run is the collector's
    assert world.attempt("everyone", f"SELECT {call.format(run=run)}").state == "TG005"
    assert world.attempt("everyone", f"SELECT * FROM tegoed.import_report({run})").rows == []
