"""An XAF audit file as a stream of small records, in bounded memory and without trust in the file.

No entity is expanded, nothing is fetched, a document type declaration is refused, single texts are limited
by the parser, and each element is dropped when it has been read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]

from app.adapters.ledgers.text import Text, head_of, utf16_of
from app.errors import Invalid

VERSIONS = ("http://www.auditfiles.nl/XAF/3.1", "http://www.auditfiles.nl/XAF/3.2")
_RECORDS = (
    "header", "customerSupplier", "ledgerAccount", "obLine", "obSbLine", "obSubledger", "trLine",
    "transaction", "journal", "sbLine", "subledger",
)  # fmt: skip
_DECLARED = re.compile(r"""<\?xml[^>]*encoding\s*=\s*["']([\w.:-]+)["']""")


class _Node(Protocol):
    """What is used of a parser's element; the parser comes without types."""

    tag: str
    text: str | None

    def __iter__(self) -> Iterator[_Node]: ...
    def __len__(self) -> int: ...
    def clear(self) -> None: ...
    def remove(self, child: _Node, /) -> None: ...
    def getparent(self) -> _Node | None: ...
    def getprevious(self) -> _Node | None: ...
    def getroottree(self) -> Any: ...
    def findtext(self, path: str, /) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Record:
    """One element: its name and the texts of its children (`currency.curCode` for grandchildren).

    `above` gives a text of the element around it (1) or of the one around that (2).
    """

    name: str
    texts: dict[str, str]
    above: Callable[[int, str], str]


def records(path: Path, notes: list[str]) -> Iterator[Record]:
    """The records of an audit file in their order.

    Raises `Invalid` for a version other than 3.1 and 3.2, a document type declaration, and XML that is not
    well-formed. What is wrong with the encoding is added to `notes`.
    """
    text = Text(path, _declared_encoding(path))
    text.notes = notes
    stream = _Utf8(text)
    context = _parsed(stream)
    checked = False
    try:
        for _, element in context:
            if not checked:
                _check(element)
                checked = True
            yield _record(element)
            _drop(element)
    except SyntaxError as error:  # the parser's own error is a kind of it
        raise Invalid(
            "file",
            f"{path.name} is not well-formed XML at line {error.lineno}: {error.msg}.",
            remedy="Export it again; it may have been cut off.",
            code="xaf.broken",
        ) from error
    if not checked:
        raise Invalid("file", f"{path.name} is an audit file without content.", code="xaf.empty")


def _parsed(stream: _Utf8) -> Iterable[tuple[str, _Node]]:
    parser: object = etree.iterparse(  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        stream,
        events=("end",),
        tag=[f"{{*}}{name}" for name in _RECORDS],
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    return cast("Iterable[tuple[str, _Node]]", parser)


class _Utf8:
    """The file's text as UTF-8 bytes, whatever it was, for a parser that asks for so many bytes."""

    def __init__(self, text: Text) -> None:
        self._blocks = text.blocks()
        self._rest = b""
        self._first = True

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return b""
            if self._first:
                _refuse_declarations(block)
                self._first = False
            self._rest = block.encode("utf-8")
        cut = len(self._rest) if size < 0 else size
        piece, self._rest = self._rest[:cut], self._rest[cut:]
        return piece


def _declared_encoding(path: Path) -> str:
    head = head_of(path)
    if utf16 := utf16_of(head):
        return utf16
    match = _DECLARED.search(head[:400].decode("latin-1"))
    name = match[1].casefold() if match else "utf-8"
    return "utf-8" if name in {"utf8", "utf-8", "utf-16", "us-ascii", "ascii"} else name


def _refuse_declarations(start: str) -> None:
    root = re.search(r"<(?![?!])", start)
    if "<!DOCTYPE" in start[: root.start() if root else None]:
        raise _declaration()


def _declaration() -> Invalid:
    return Invalid(
        "file",
        "The file has a document type declaration, which an audit file never has.",
        remedy="Do not trust this file; export it again from the bookkeeping program.",
        code="xaf.declaration",
    )


def _check(element: _Node) -> None:
    tree = element.getroottree()
    if tree.docinfo.internalDTD is not None or tree.docinfo.doctype:
        raise _declaration()
    root: str = tree.getroot().tag
    namespace = root[1 : root.index("}")] if root.startswith("{") else ""
    if namespace not in VERSIONS:
        raise Invalid(
            "file",
            f"The audit file is of namespace {namespace}, not XAF 3.1 or 3.2.",
            remedy="Export XAF 3.2: other versions do not hold open items with their due dates.",
            code="xaf.version",
        )


def _record(element: _Node) -> Record:
    tag = element.tag
    cut = tag.index("}") + 1
    texts: dict[str, str] = {}
    for child in element:
        name = child.tag[cut:]
        if len(child) and name != "trLine":
            for grandchild in child:
                texts.setdefault(f"{name}.{grandchild.tag[cut:]}", (grandchild.text or "").strip())
        else:
            texts.setdefault(name, (child.text or "").strip())

    def above(steps: int, name: str) -> str:
        parent: _Node | None = element
        for _ in range(steps):
            parent = None if parent is None else parent.getparent()
        return "" if parent is None else (parent.findtext(tag[:cut] + name) or "").strip()

    return Record(tag[cut:], texts, above)


def _drop(element: _Node) -> None:
    """Frees an element and its elder of the same name; the newest stays, the parser still holds on to it."""
    element.clear()
    elder = element.getprevious()
    parent = element.getparent()
    if elder is not None and parent is not None and elder.tag == element.tag:
        parent.remove(elder)
