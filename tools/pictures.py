"""The pictures of the documentation, made anew from the real renderer: `python -m tools.pictures`.

Draws the demand of a small company as the worker would, and turns its first page into
`docs/pictures/letter.png` with poppler's `pdftoppm`. The facts are constants: equal code gives an equal
picture. Leaves with 1 and the command to install when `pdftoppm` is missing.
"""

import shutil
import subprocess
import sys
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path

from app.adapters.pdf.letter import render_letter
from app.services.correspondence.rows import Addressee, Communication, LetterItem, Sender

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
DOTS_PER_INCH = 90

SENDER = Sender(
    company_name="Bakkersbedarf Noord B.V.",
    trade_line="Grondstoffen en machines voor de bakkerij",
    address_lines=("Havenweg 12", "1013 AA Amsterdam"),
    phone="020 000 00 00",
    phone_hours="ma–vr 8:30–17:00",
    email="debiteuren@noord.example",
    kvk="00123456",
    vat_number="NL001234567B01",
    iban="NL91ABNA0417164300",
    account_name="Bakkersbedarf Noord B.V.",
    signer_name="Sanne de Wit",
    signer_function="Debiteurenbeheer",
)
ADDRESSEE = Addressee(
    number="1001",
    name="Bakkerij Jansen & Zn. V.O.F.",
    street="Dorpsstraat 4",
    postcode="3901 AB",
    city="Veenendaal",
    kind="business",
)


def item(number: str, amount: str, *, invoiced: date, due: date) -> LetterItem:
    """An invoice that was reminded once and is wholly open."""
    return LetterItem(
        item_id=int(number.rpartition("-")[2]),
        document_number=number,
        invoice_date=invoiced,
        due_date=due,
        original_amount=Decimal(amount),
        amount=Decimal(amount),
        stage="demand",
        last_reminded_on=date(2026, 11, 16),
    )


ITEMS = (
    item("F2026-101", "1210.00", invoiced=date(2026, 10, 1), due=date(2026, 10, 31)),
    item("F2026-109", "847.55", invoiced=date(2026, 10, 8), due=date(2026, 11, 7)),
    item("F2026-117", "363.00", invoiced=date(2026, 10, 20), due=date(2026, 11, 19)),
)


def demand() -> Communication:
    """The second letter of the shipped business workflow."""
    return Communication(
        action_id=42,
        stage="demand",
        template="demand",
        tone="neutral",
        channel="letter",
        language="nl",
        currency="EUR",
        letter_date=date(2026, 11, 23),
        pay_before=date(2026, 11, 30),
        reference="RF80100100000001",
        our_reference="AM-2026-1001-42",
        sender=SENDER,
        addressee=ADDRESSEE,
        items=ITEMS,
        total=sum((each.amount for each in ITEMS), Decimal(0)),
        paid_through=date(2026, 11, 20),
        next_stage="final_demand",
    )


def main() -> int:
    """Write the pictures; 1 when `pdftoppm` is missing."""
    program = shutil.which("pdftoppm")
    if program is None:
        sys.stderr.write("Pictures need pdftoppm. Install it with: tools/system-packages.sh tests\n")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        letter = Path(scratch) / "letter.pdf"
        letter.write_bytes(render_letter(demand()))
        arguments = ["-png", "-r", str(DOTS_PER_INCH), "-singlefile", str(letter), str(FOLDER / "letter")]
        subprocess.run([program, *arguments], check=True)  # noqa: S603 - our own file, no shell
    return 0


if __name__ == "__main__":
    sys.exit(main())
