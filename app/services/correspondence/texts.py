"""Loading, checking and merging the texts of letters and mails.

A text is a small TOML file that people edit: subject, openings and closings per tone, and a body whose
paragraphs are separated by blank lines. It is Jinja2 cut down to fields, `if` and `<b>`: calls, loops,
arithmetic, attributes and assignments are refused when it is loaded, so that no text can reach the program
or grow without bound. Every value is escaped before it meets markup.
"""

from __future__ import annotations

import hashlib
import html
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import cast, get_args

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from app.errors import Invalid, RuleBroken
from app.services.correspondence.facts import facts
from app.services.correspondence.labels import LETTERS, salutation
from app.services.correspondence.locked_block import locked_block
from app.services.correspondence.rows import Communication, TemplateName, Tone

LONGEST_SOURCE = 20_000
LONGEST_RESULT = 20_000
TEMPLATES: tuple[TemplateName, ...] = get_args(TemplateName)
TONES: tuple[Tone, ...] = get_args(Tone)

_PLACEHOLDER = re.compile(r"^\s*\{\{\s*locked_block\s*\}\}\s*$", re.MULTILINE)
_LOCKED = "\x02locked\x02"
_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Compare,
    nodes.Operand,
)
# Words that start the term at the letter instead of at its delivery cost the right to the fee.
_WRONG_TERM = re.compile(
    r"na (de )?(datum|dagtekening)|na vandaag|after the date of|from today|after today|from the date of",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(/?)b>")


@dataclass(frozen=True, slots=True)
class Run:
    """Words in one weight."""

    text: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Runs that follow each other; `locked` when the law's words stand here, made by code."""

    runs: tuple[Run, ...]
    locked: bool = False

    @property
    def plain(self) -> str:
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True, slots=True)
class Merged:
    """A text with its facts: plain Unicode, to be escaped by whoever writes it into another format."""

    subject: str
    salutation: str
    opening: tuple[Paragraph, ...]
    body: tuple[Paragraph, ...]
    closing: str


@dataclass(frozen=True, slots=True)
class LetterText:
    """A checked text, ready to merge; `version` is the SHA-256 of all its words."""

    template: TemplateName
    language: str
    version: str
    subject: Template
    opening: Mapping[str, Template]
    body: Template
    closing: Mapping[str, Template]
    sentences: Mapping[str, Template]


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    environment.globals.clear()
    environment.filters.clear()
    environment.tests.clear()
    return environment


_JINJA = _environment()


@cache
def shipped(template: TemplateName, language: str) -> LetterText:
    """The text that comes with the program; `Invalid` for an unknown template or language."""
    return parse(_shipped_file(f"{template}.toml", language), template, language)


def version(template: TemplateName, language: str) -> str:
    """The version of the shipped text: another word in it, in its sentences or labels is another version."""
    return shipped(template, language).version


@lru_cache(maxsize=256)
def parse(source: str, template: TemplateName, language: str) -> LetterText:
    """Check and compile an edited text.

    Raises `Invalid` naming the part that is missing, too long, unreadable or uses more than fields, `if` and
    `<b>`; for a 14-day letter also when `{{ locked_block }}` does not stand exactly once in the body as a
    paragraph of its own, or other words start the term at the letter.
    """
    fields = _fields(source)
    shared_source = _shipped_file("sentences.toml", language)
    shared = _fields(shared_source)
    _check_locked_place(template, fields)
    labels_source = _shipped_file("labels.toml", language)
    digest = hashlib.sha256(f"{source}\x00{shared_source}\x00{labels_source}".encode())
    return LetterText(
        template=template,
        language=language,
        version=digest.hexdigest(),
        subject=_compile("subject", _text(fields, "subject")),
        opening={tone: _compile(f"opening.{tone}", _text(fields, "opening", tone)) for tone in TONES},
        body=_compile("body", _text(fields, "body")),
        closing={tone: _compile(f"closing.{tone}", _text(fields, "closing", tone)) for tone in TONES},
        sentences={name: _compile(name, _text(shared, name)) for name in shared},
    )


def merge(c: Communication, text: LetterText | None = None) -> Merged:
    """The text of `c` with its facts; the shipped one unless `text` is given.

    Raises `RuleBroken` when the text names an unknown field, grows past the limit, is of another template or
    language, or lost the locked block of a 14-day letter.
    """
    chosen = text or shipped(c.template, c.language)
    if (chosen.template, chosen.language) != (c.template, c.language):
        raise RuleBroken("The text belongs to another letter.", code="text.other_letter")
    values: dict[str, object] = dict(facts(c))
    locked = locked_block(c) if c.template == "notice14" else ()
    if locked:
        values["locked_block"] = _LOCKED
    for name, sentence in chosen.sentences.items():
        values[name] = Markup(_render(sentence, values))  # noqa: S704 - rendered with escaping
    merged = Merged(
        subject=_flat(_render(chosen.subject, values)),
        salutation=salutation(c.addressee, c.language),
        opening=_paragraphs(_render(chosen.opening[c.tone], values), ()),
        body=_paragraphs(_render(chosen.body, values), locked),
        closing=_flat(_render(chosen.closing[c.tone], values)),
    )
    check_locked(merged, c)
    return merged


def check_locked(merged: Merged, c: Communication) -> None:
    """`RuleBroken` for a 14-day letter whose result does not hold its locked words exactly."""
    if c.template != "notice14":
        return
    expected = tuple(_paragraph(markup, locked=True) for markup in locked_block(c))
    if tuple(p for p in merged.body if p.locked) != expected:
        raise RuleBroken(
            "The 14-day letter lost its locked block.",
            code="notice14.block_missing",
            remedy="Put {{ locked_block }} back, once, outside any condition.",
        )


def _shipped_file(name: str, language: str) -> str:
    path = LETTERS / language / name
    if not path.is_file():
        raise Invalid("template", f"There is no text {language}/{name}.", code="text.unknown")
    return path.read_text("utf-8")


def _fields(source: str) -> dict[str, object]:
    if len(source) > LONGEST_SOURCE:
        raise Invalid("text", f"A text has at most {LONGEST_SOURCE} characters.", code="text.too_long")
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise Invalid("text", f"The text cannot be read: {error}.", code="text.unreadable") from error


def _text(fields: Mapping[str, object], *names: str) -> str:
    value: object = fields
    for name in names:
        value = _part(value, name)
    if not isinstance(value, str) or not value.strip():
        raise Invalid(".".join(names), f"The text has no {'.'.join(names)}.", code="text.missing_part")
    return value


def _part(value: object, name: str) -> object:
    return cast("dict[str, object]", value).get(name) if isinstance(value, dict) else None


def _check_locked_place(template: TemplateName, fields: Mapping[str, object]) -> None:
    places = len(_PLACEHOLDER.findall(_text(fields, "body")))
    if template != "notice14":
        return
    everything = " ".join(str(value) for value in fields.values())
    if places != 1 or everything.count("locked_block") != 1:
        raise Invalid(
            "body",
            "A 14-day letter has {{ locked_block }} once in its body, on a line of its own.",
            code="notice14.placeholder",
        )
    if found := _WRONG_TERM.search(everything):
        raise Invalid(
            "body",
            f"“{found.group()}”: the term of a 14-day letter counts from its delivery.",
            code="notice14.term",
        )


def _compile(field: str, source: str) -> Template:
    try:
        tree = _JINJA.parse(source)
        for node in tree.find_all(nodes.Node):
            if not isinstance(node, _ALLOWED):
                raise Invalid(
                    field,
                    f"{type(node).__name__} has no place in a text: only fields and conditions.",
                    code="text.forbidden",
                )
        compiled = _JINJA.from_string(source)
    except TemplateError as error:
        raise Invalid(field, f"{field} cannot be read: {error}.", code="text.unreadable") from error
    literal = " ".join(node.data for node in tree.find_all(nodes.TemplateData))
    if re.search(r"[<>]", _TAG.sub("", literal)):
        raise Invalid(field, "The only markup in a text is <b> and </b>.", code="text.markup")
    return compiled


def _render(template: Template, values: Mapping[str, object]) -> str:
    try:
        result = template.render(values)
    except TemplateError as error:
        raise RuleBroken(f"The text cannot be merged: {error}.", code="text.unknown_field") from error
    if len(result) > LONGEST_RESULT:
        raise RuleBroken("The merged text is too long.", code="text.result_too_long")
    return result


def _paragraphs(markup: str, locked: tuple[Markup, ...]) -> tuple[Paragraph, ...]:
    result: list[Paragraph] = []
    for part in re.split(r"\n[ \t]*\n", markup):
        words = _flat_markup(part)
        if words == _LOCKED:
            result.extend(_paragraph(block, locked=True) for block in locked)
        elif words:
            result.append(_paragraph(words, locked=False))
    return tuple(result)


def _paragraph(markup: str, *, locked: bool) -> Paragraph:
    runs: list[Run] = []
    bold = False
    for index, piece in enumerate(re.split(r"(</?b>)", markup)):
        if index % 2:
            bold = piece == "<b>"
        elif piece:
            runs.append(Run(html.unescape(piece), bold))
    return Paragraph(tuple(runs), locked)


def _flat_markup(text: str) -> str:
    # Not str.split(): a no-break space must keep an amount together.
    return re.sub(r"[ \t\r\n]+", " ", text).strip(" ")


def _flat(markup: str) -> str:
    return html.unescape(_TAG.sub("", _flat_markup(markup)))
