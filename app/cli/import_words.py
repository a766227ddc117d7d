"""What an import found, in words: the mapping it read by, the differences, the totals, the rejected lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.cli.answers import counted, table
from app.services.exchange.commands import ReportLine, UnknownKinds
from app.services.exchange.rows import ControlTotals, CsvMapping, LedgerSource

SURE = 0.75
"""A guess below this confidence is marked, so that a person looks at it."""

_KINDS = (("new", "new"), ("changed", "changed"), ("closed", "closed"), ("unchanged", "unchanged"))


def mapping_lines(mapping: CsvMapping, name: str, *, kept: bool) -> list[str]:
    """Each field with the column it is read from; for a guess also some values and how sure it is."""
    if kept:
        head = f"  Read by the saved mapping {name!r}:"
    else:
        head = f"  The columns were guessed and are kept as mapping {name!r}; correct one with --map FIELD=HEADER:"
    rows: list[Sequence[object]] = []
    for field, column in mapping.columns.items():
        known = mapping.evidence.get(field)
        sure = "" if known is None else f"{known.confidence:.0%}" + (" ?" if known.confidence < SURE else "")
        shown = "" if known is None else " | ".join(sample[:24] for sample in known.samples[:3])
        rows.append((field, f"← {column}", sure, shown))
    style = (
        f"    {mapping.encoding}, separator {_visible(mapping.delimiter)},"
        f" decimal sign {_visible(mapping.decimal or '?')}, dates {mapping.date_format}"
    )
    return [head, *(f"    {each}" for each in table(("field", "column", "sure", "values"), rows)), style]


def difference_lines(counts: Mapping[str, Any], examples: Sequence[ReportLine]) -> list[str]:
    """The counts, each followed by its examples."""
    lines = [
        f"  new {counts['new']}, changed {counts['changed']}, closed {counts['closed']},"
        f" unchanged {counts['unchanged']}, rejected {counts['rejected']}"
    ]
    if counts.get("reopened"):
        lines.append(
            f"  {counted(counts['reopened'], 'item is', 'items are')} back in the source and open again."
        )
    for kind, word in _KINDS:
        for each in (e for e in examples if e.kind == kind):
            place = f"{each.place}: " if each.place else ""
            of = f" of customer {each.customer_number}" if each.customer_number else ""
            lines.append(f"    {word}: {place}{each.document_number}{of}, {each.what}")
    return lines


def control_lines(source: LedgerSource) -> list[str]:
    """What was read per currency, and the file's own total beside it; a difference cannot be overlooked."""
    control: ControlTotals = source.control
    lines = [
        f"  {code}: {counted(each.count, 'item', 'items')}, {each.open_amount} open"
        for code, each in control.by_currency.items()
    ]
    if control.difference:
        lines.insert(
            0,
            f"  !! CONTROL TOTAL: the file's {control.file_total_of} says {control.file_total},"
            f" the items read add up to {control.compared}:"
            f" DIFFERENCE {control.difference}. Find out why before you send anything.",
        )
    elif control.file_total is not None:
        lines.append(f"  The file's own total ({control.file_total_of}) agrees: {control.file_total}.")
    return lines


def block_line(block: Mapping[str, Any]) -> str:
    """What needs a person's word before this file can be applied."""
    if block["code"] == "closing":
        amounts = ", ".join(f"{amount} {code}" for code, amount in block["amounts"].items())
        why = f"{block['keyless']} rejected lines have no readable number; " if block["keyless"] else ""
        what = f"{why}{block['items']} of {block['of']} open items ({amounts}) would close"
        return f"  NEEDS YOUR WORD: {what}: --confirm-closing"
    what = (
        f"{block['items']} of {block['of']} items stand under another customer number"
        if block["code"] == "moved"
        else f"{block['customers']} of {block['of']} customers have another name and registration"
    )
    return f"  NEEDS YOUR WORD: {what}: --renumber FILE (old;new), or --confirm-moved if they truly moved"


def renumbering_lines(block: Mapping[str, Any], *, limit: int = 20) -> list[str]:
    """The proposed list of old and new numbers, as the file of --renumber wants it."""
    proposed: Mapping[str, str] = block.get("renumbering") or {}
    if not proposed:
        return []
    shown = [f"    {old};{new}" for old, new in list(proposed.items())[:limit]]
    more = (
        [f"    … and {len(proposed) - limit} more (all of them with --json)"] if len(proposed) > limit else []
    )
    return ["  Proposed old;new customer numbers:", *shown, *more]


def rejected_lines(rejected: Sequence[ReportLine], count: int) -> list[str]:
    """Each rejected line with place, value and remedy."""
    lines = [f"  rejected: {each.what}" for each in rejected]
    if count > len(rejected):
        lines.append(f"  … and {count - len(rejected)} more rejected lines.")
    return lines


def after_lines(counts: Mapping[str, Any], unknown: UnknownKinds) -> list[str]:
    """What a person should know of the items and customers now there."""
    lines: list[str] = []
    if counts.get("estimated"):
        lines.append(
            f"  {counted(counts['estimated'], 'due date was', 'due dates were')} estimated:"
            " no costs and no 14-day letter on those."
        )
    if unknown.count:
        shown = "; ".join(unknown.examples) + ("; …" if unknown.count > len(unknown.examples) else "")
        lines.append(
            f"  {counted(unknown.count, 'customer has', 'customers have')} no known kind and counts as a consumer"
            f" for the law: {shown}"
        )
    return lines


def _visible(sign: str) -> str:
    return "tab" if sign == "\t" else repr(sign)
