"""Customers of an audit file as the customer part of a line."""

from __future__ import annotations

from app.adapters.ledgers import parties
from app.services.exchange.rows import CUSTOMER_FIELDS

Customer = tuple[object, ...]


def customer_of(texts: dict[str, str]) -> Customer:
    """The customer fields of a line, and their hash at the end, from a `customerSupplier`.

    The postal address is the one for letters. A relation without a name has its contact's.
    """
    contact = " ".join(texts.get("contact", "").split())
    country = texts.get("taxRegistrationCountry", "").upper()
    kvk = parties.kvk_number(texts.get("commerceNr", ""))
    vat = parties.vat_number(texts.get("taxRegIdent", ""), country)
    at = "postalAddress" if texts.get("postalAddress.city") else "streetAddress"
    street = (texts.get(f"{at}.{part}", "") for part in ("streetname", "number", "numberExtension"))
    found: dict[str, object] = {
        "customer_number": texts.get("custSupID", ""),
        "customer_name": texts.get("custSupName") or contact,
        "customer_kind": "business" if kvk or vat else None,
        "kvk": kvk,
        "vat_number": vat,
        "iban": parties.iban_text(texts.get("bankAccount.bankAccNr", "")),
        "email": texts.get("eMail"),
        "phone": texts.get("telephone"),
        "contact_name": contact,
        "contact_gender": parties.gender(contact),
        "street": " ".join(filter(None, street)),
        "postcode": texts.get(f"{at}.postalCode"),
        "city": texts.get(f"{at}.city"),
        "country": parties.country_code(texts.get(f"{at}.country", "") or country),
        "group_code": texts.get("custSupGrpID"),
    }
    return _hashed(found)


def unknown_customer(number: str) -> Customer:
    """A customer that lines name but the file's list of relations does not have."""
    return _hashed({"customer_number": number})


def _hashed(found: dict[str, object]) -> Customer:
    values = tuple(
        found.get(name) if name == "contact_gender" else found.get(name) or None for name in CUSTOMER_FIELDS
    )
    return (*values, parties.fingerprint("\x1f".join(map(str, values))))
