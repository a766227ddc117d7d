"""A folder delivery is one whole file, once, or none and a clear reason."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from app.adapters.mail.outbox_folder import OutboxFolder
from app.errors import MailRefused

FACTS = {"letter_date": date(2026, 11, 23), "customer_number": "10023", "stage": "demand"}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def failing(code: int):
    def fail(*_args, **_kwargs):
        raise OSError(code, os.strerror(code))

    return fail


def test_a_mail_lies_there_under_a_name_that_says_what_it_is(tmp_path):
    folder = tmp_path / "new" / "outbox"
    dropped = OutboxFolder(folder).deliver(b"mail", delivery_id="77", **FACTS)
    assert dropped.path == folder / "2026-11-23_10023_AM_77.eml"
    assert dropped.path.read_bytes() == b"mail"
    assert not dropped.already_there
    assert names(folder) == ["2026-11-23_10023_AM_77.eml"]


def test_the_same_delivery_again_is_recognised_also_on_another_day(tmp_path):
    outbox = OutboxFolder(tmp_path)
    first = outbox.deliver(b"mail", delivery_id="77", **FACTS)
    again = outbox.deliver(b"mail", delivery_id="77", **FACTS)
    later = outbox.deliver(b"mail", delivery_id="77", **{**FACTS, "letter_date": date(2026, 11, 24)})
    assert again.already_there
    assert later.already_there
    assert again.path == later.path == first.path
    assert len(names(tmp_path)) == 1


def test_a_delivery_written_by_another_station_is_recognised(tmp_path):
    outbox = OutboxFolder(tmp_path)
    outbox.deliver(b"first", delivery_id="1", **FACTS)
    (tmp_path / "2026-11-22_10023_AM_2.eml").write_bytes(b"second")
    assert outbox.deliver(b"second", delivery_id="2", **FACTS).already_there
    assert len(names(tmp_path)) == 2


def test_another_content_under_the_same_delivery_is_never_written_over(tmp_path):
    outbox = OutboxFolder(tmp_path)
    outbox.deliver(b"mail", delivery_id="77", **FACTS)
    with pytest.raises(MailRefused) as refused:
        outbox.deliver(b"other", delivery_id="77", **FACTS)
    assert refused.value.code == "folder.other_content"
    assert (tmp_path / "2026-11-23_10023_AM_77.eml").read_bytes() == b"mail"


def test_many_at_once_make_one_file(tmp_path):
    outbox = OutboxFolder(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: outbox.deliver(b"m" * 9999, delivery_id="5", **FACTS), range(40)))
    assert sum(not d.already_there for d in done) == 1
    assert names(tmp_path) == ["2026-11-23_10023_AM_5.eml"]


def test_names_are_safe_whatever_the_number_is(tmp_path):
    facts = {**FACTS, "customer_number": "../..\\DEB:10/23*", "stage": "eigen stap"}
    dropped = OutboxFolder(tmp_path).deliver(b"mail", delivery_id="a/../b_1", **facts)
    assert dropped.path.parent == tmp_path
    assert dropped.path.name == "2026-11-23_DEB-10-23_EIGEN-STAP_a-..-b-1.eml"


@pytest.mark.parametrize("step", ["fsync", "link"])
def test_a_full_disk_leaves_nothing_and_is_tried_again(tmp_path, monkeypatch, step):
    outbox = OutboxFolder(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(os, step, failing(errno.ENOSPC))
        with pytest.raises(MailRefused) as refused:
            outbox.deliver(b"mail", delivery_id="77", **FACTS)
    assert refused.value.code == "folder.full"
    assert refused.value.retry_after
    assert names(tmp_path) == []
    assert not outbox.deliver(b"mail", delivery_id="77", **FACTS).already_there


def test_a_folder_without_rights_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "open", failing(errno.EACCES))
    with pytest.raises(MailRefused) as refused:
        OutboxFolder(tmp_path).deliver(b"mail", delivery_id="77", **FACTS)
    assert refused.value.code == "folder.denied"
    assert str(tmp_path) in str(refused.value)
    assert names(tmp_path) == []


def test_a_folder_that_is_a_file_says_so(tmp_path):
    (tmp_path / "outbox").write_text("not a folder")
    with pytest.raises(MailRefused) as refused:
        OutboxFolder(tmp_path / "outbox").deliver(b"mail", delivery_id="77", **FACTS)
    assert refused.value.code == "folder.unusable"


def test_a_file_system_without_links_keeps_the_same_promise(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", failing(errno.EPERM))
    outbox = OutboxFolder(tmp_path)
    assert not outbox.deliver(b"mail", delivery_id="77", **FACTS).already_there
    assert outbox.deliver(b"mail", delivery_id="77", **FACTS).already_there
    assert names(tmp_path) == ["2026-11-23_10023_AM_77.eml"]
    assert (tmp_path / "2026-11-23_10023_AM_77.eml").read_bytes() == b"mail"
