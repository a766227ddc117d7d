"""Bytes of a file as text, block by block, whatever the exporter said about their encoding.

Exporters declare UTF-8 and then write a Windows-1252 byte, or the other way about. Bytes are therefore read
as UTF-8, and those that cannot be UTF-8 in the single-byte encoding; text in a single-byte encoding that
happens to be valid UTF-8 does not occur in practice. What was done is noted with line and byte.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from pathlib import Path

from app.errors import Invalid, SourceAway

BLOCK = 1 << 18
LONGEST_LINE = 1 << 20
_MAGIC = {
    b"PK\x03\x04": ("a workbook or archive", "Save it as CSV (UTF-8) in the spreadsheet program."),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", "Save it as CSV (UTF-8) in the spreadsheet program."),
    b"%PDF": ("a PDF", "Export the open items as CSV or XAF."),
    b"\x1f\x8b": ("a compressed file", "Unpack it first."),
}
_UTF16 = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


class Text:
    """A file read as text in blocks.

    `encoding` is what it is said to be; `notes` grows while reading. Raises `Invalid` with line and byte for
    NUL bytes and broken UTF-16, `SourceAway` when the file cannot be read.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        self._path = path
        self._encoding = encoding
        self._single_byte = _single_byte_of(encoding)
        self._line = 1
        self._seen: set[str] = set()
        self.notes: list[str] = []

    def blocks(self) -> Iterator[str]:
        """The text in blocks that never cut a character."""
        if self._encoding.startswith("utf-16"):
            yield from self._utf16_blocks()
            return
        rest = b""
        first = True
        for raw in raw_blocks(self._path):
            block = rest + raw
            if first:
                block = block.removeprefix(codecs.BOM_UTF8)
                first = False
            cut = len(block)
            while cut and block[cut - 1] >= 0x80:
                cut -= 1
            rest = block[cut:]
            yield self._decoded(block[:cut])
        yield self._decoded(rest)

    def lines(self) -> Iterator[str]:
        """The lines with their ends, for `csv.reader`. Raises `Invalid` naming a line without an end."""
        rest = ""
        for block in self.blocks():
            text = rest + block
            cut = text.rfind("\n") + 1 or text.rfind("\r", 0, -1) + 1
            if not cut and len(text) > LONGEST_LINE:
                raise Invalid(
                    "file",
                    f"Line {self._line} is longer than {LONGEST_LINE:,} characters.",
                    remedy="This is no list of open items: check which file was exported.",
                    code="file.line_too_long",
                )
            yield from io.StringIO(text[:cut], newline="")
            rest = text[cut:]
        yield from io.StringIO(rest, newline="")

    def _decoded(self, raw: bytes) -> str:
        if b"\0" in raw:
            line = self._line + raw[: raw.index(b"\0")].count(b"\n")
            raise _nul(f"Line {line} holds a NUL byte.")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            self._note_foreign_byte(raw, error.start)
            text = raw.decode("utf-8", errors=f"tegoed-{self._single_byte}")
        else:
            if self._encoding != "utf-8" and not raw.isascii():
                self._note_utf8()
        self._line += raw.count(b"\n")
        return text

    def _note_foreign_byte(self, raw: bytes, at: int) -> None:
        if self._encoding != "utf-8":
            return
        line = self._line + raw[:at].count(b"\n")
        self._note(
            "foreign", f"Said to be UTF-8 but read as Windows-1252 from line {line}, byte 0x{raw[at]:02X}."
        )

    def _note_utf8(self) -> None:
        self._note("utf-8", f"Said to be {self._encoding} but read as UTF-8 near line {self._line}.")

    def _note(self, key: str, sentence: str) -> None:
        if key not in self._seen:
            self._seen.add(key)
            self.notes.append(sentence)

    def _utf16_blocks(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder(self._encoding)()
        try:
            for raw in raw_blocks(self._path):
                text = decoder.decode(raw)
                if "\0" in text:
                    raise _nul(f"Line {self._line + text[: text.index(chr(0))].count(chr(10))} holds a NUL.")
                self._line += text.count("\n")
                yield text.removeprefix("\ufeff")
            yield decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise Invalid(
                "file",
                f"Near line {self._line} the bytes are not {self._encoding}.",
                remedy="Export the file again, as UTF-8.",
                code="file.encoding",
            ) from error


def raw_blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file in blocks. Raises `SourceAway` when it cannot be read."""
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise SourceAway(
            f"{path} cannot be read: {error.strerror}.", code="file.unreadable", path=str(path)
        ) from error


def head_of(path: Path) -> bytes:
    """The first block of a file. Raises `Invalid` when it is empty or not text, with what it is instead."""
    head = next(raw_blocks(path), b"")
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0"):
        raise Invalid("file", f"{path.name} is empty.", remedy="Export it again.", code="file.empty")
    for magic, (kind, remedy) in _MAGIC.items():
        if head.startswith(magic):
            raise Invalid("file", f"{path.name} is {kind}, not text.", remedy=remedy, code="file.binary")
    if b"\0" in head and not utf16_of(head):
        raise _nul(f"{path.name} holds NUL bytes: it is not a text file.")
    return head


def utf16_of(head: bytes) -> str:
    """`utf-16…` when the bytes are that, by their mark or by every second one being NUL; else empty."""
    if head[:2] in _UTF16:
        return _UTF16[head[:2]]
    sample = head[:2000]
    for name, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[::2])):
        if len(sample) >= 4 and zeros.count(0) > 0.7 * len(zeros) and sample.count(0) < 0.6 * len(sample):
            return name
    return ""


def encoding_of(head: bytes) -> str:
    """The encoding of a text file without a declaration, from its first block."""
    if utf16 := utf16_of(head):
        return utf16
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head)
    except UnicodeDecodeError:
        # A file with real UTF-8 elsewhere is UTF-8 with a foreign byte in it, and that is worth a note.
        kept = head.decode("utf-8", errors="ignore")
        return "cp1252" if kept.isascii() else "utf-8"
    return "utf-8"


def _nul(sentence: str) -> Invalid:
    return Invalid("file", sentence, remedy="Export it as CSV or XAF text.", code="file.binary")


def _single_byte_of(encoding: str) -> str:
    """The codec for bytes that are not UTF-8; for ISO-8859-1 it is Windows-1252, with the euro sign."""
    try:
        name = codecs.lookup(encoding).name
        single = len(bytes(range(0xA0, 0x100)).decode(name, errors="replace")) == 0x60
    except LookupError as error:
        raise Invalid("encoding", f"The encoding {encoding!r} is not known.", code="file.encoding") from error
    if not single or name in {"utf-8", "utf-8-sig", "iso8859-1", "ascii", "cp1252"}:
        name = "cp1252"
    _register(name)
    return name


def _register(codec: str) -> None:
    def decode(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):
            raise error
        raw = error.object[error.start : error.end]
        try:
            return raw.decode(codec), error.end
        except UnicodeDecodeError:
            return raw.decode("latin-1"), error.end

    codecs.register_error(f"tegoed-{codec}", decode)
