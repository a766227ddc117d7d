"""What the documents promise exists: links, commands, settings, tables."""

import argparse
import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from app import cli, config
from app.adapters.database.upgrade import KEPT_HERE
from app.config import Config
from app.models import metadata
from app.services.access.commands import SETTINGS

DOCUMENTS = sorted([*config.ROOT.glob("*.md"), *(config.ROOT / "docs").rglob("*.md")])
DECISIONS = config.ROOT / "docs" / "decisions"

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(tegoed [^`]+)`")
_MAKE = re.compile(r"`make ([a-z-]+)`|^make ([a-z-]+)", re.MULTILINE)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def named(path: Path) -> str:
    return str(path.relative_to(config.ROOT))


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as they are made where the project is shown."""
    plain = (re.sub(r"[^\w\- ]", "", heading.casefold()) for heading in _HEADING.findall(path.read_text()))
    return {heading.replace(" ", "-") for heading in plain}


def written_commands(text: str) -> Iterator[str]:
    """The commands in the fenced blocks, without what is said beside them."""
    for block in _FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            command = line.removeprefix("$ ")
            if command.startswith("tegoed "):
                yield re.split(r" {4,}", command, maxsplit=1)[0] if not line.startswith("$") else command


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    return {
        name: each
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for name, each in action.choices.items()
    }


def unknown_in(command: str) -> list[str]:
    """The words of a command with placeholders that the command line does not know."""
    parser, unknown = cli._parser(), []
    for word in command.split()[1:]:
        below = subparsers(parser)
        if word.startswith("--"):
            if word.partition("=")[0] not in parser._option_string_actions:
                unknown.append(word)
        elif word in below:
            parser = below[word]
        elif below and word.islower() and word.isascii():
            unknown.append(word)
    return unknown


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_link_leads_somewhere(path: Path):
    for target in _LINK.findall(path.read_text("utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        there = (path.parent / place).resolve() if place else path
        assert there.exists(), target
        assert config.ROOT in there.parents, target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_command_in_a_block_can_be_typed(path: Path, capsys: pytest.CaptureFixture[str]):
    for command in written_commands(path.read_text("utf-8")):
        try:
            cli._parser().parse_args(shlex.split(command)[1:])
        except SystemExit as refusal:
            pytest.fail(f"{command}: {refusal} {capsys.readouterr().err}")


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_command_in_a_sentence_exists(path: Path):
    text = " ".join(path.read_text("utf-8").split())
    assert {c: unknown_in(c) for c in _INLINE.findall(text) if unknown_in(c)} == {}


def test_the_readme_shows_every_step_from_a_file_to_a_letter():
    steps = [shlex.split(c)[1] for c in written_commands((config.ROOT / "README.md").read_text("utf-8"))]
    wanted = iter(steps)
    assert all(step in wanted for step in ("company", "import", "plan", "company", "day", "approve", "day"))


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_every_make_target_exists(path: Path):
    targets = set(re.findall(r"^([a-z-]+):", (config.ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named_here = {one or other for one, other in _MAKE.findall(path.read_text("utf-8"))}
    assert named_here <= targets


def test_the_readme_lists_every_setting_of_this_computer():
    text = (config.ROOT / "README.md").read_text("utf-8")
    for name in {field.name for field in fields(Config)} - {"home", "settings"}:
        assert f"| `{name}` | `TEGOED_{name.upper()}` |" in text


def test_settings_of_a_company_in_the_documents_exist():
    for path in DOCUMENTS:
        for command in written_commands(path.read_text("utf-8")):
            words = shlex.split(command)
            if words[1:3] == ["company", "set"]:
                assert {w.partition("=")[0] for w in words[4:] if "=" in w} <= SETTINGS.keys()


def test_the_glossary_has_every_table_once_with_its_dutch():
    text = (config.ROOT / "docs" / "glossary.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z_0-9]+)` \| ([^|]+) \| [^|]+ \|$", text, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(table.name for table in metadata.sorted_tables)
    assert all(dutch.strip() for _, dutch in rows)
    assert all(f"`{name}`" in text for name in KEPT_HERE)


def test_decisions_are_numbered_without_a_gap_and_listed():
    files = sorted(DECISIONS.glob("[0-9]*.md"))
    listing = (DECISIONS / "README.md").read_text("utf-8")
    for number, path in enumerate(files, 1):
        text = path.read_text("utf-8")
        title = text.splitlines()[0].removeprefix("# ")
        assert path.name.startswith(f"{number:03d}-")
        assert f"[{title}]({path.name})" in listing
        assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert listing.count("](") == len(files)
