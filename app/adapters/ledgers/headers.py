"""The words that Dutch and English bookkeeping programs put above their columns."""

from __future__ import annotations

import re
import unicodedata

_SYNONYMS = {
    "customer_number": (
        "debiteurnummer debiteurnr debiteur debnr deb klantnummer klantnr klantcode klantid klant "
        "relatiecode relatienummer relatienr relatie debiteurcode debiteurennummer debiteurid "
        "customernumber customerno customerid customercode customer accountnumber accountcode "
        "clientnumber klantrelatie debtornumber debtorcode debtor custsupid"
    ),
    "customer_name": (
        "naam debiteurnaam klantnaam relatienaam bedrijfsnaam naamdebiteur naamklant naamrelatie "
        "name customername companyname company bedrijf debtorname organisatie"
    ),
    "customer_kind": (
        "soortklant klantsoort soortdebiteur typeklant customertype customerkind b2bb2c relatiesoort"
    ),
    "kvk": ("kvk kvknummer kvknr kamervankoophandel cocnumber coc chamberofcommerce handelsregisternummer"),
    "vat_number": (
        "btwnummer btwnr btwid btwidentificatienummer btwidnummer vatnumber vatno vatid vat taxid"
    ),
    "iban": "iban ibannummer bankrekening rekeningnummer bankrekeningnummer bankaccount accountiban",
    "email": "email emailadres mail mailadres emailaddress factuuremail",
    "phone": "telefoon telefoonnummer telefoonnr tel telnr phone phonenumber telephone mobiel",
    "contact_name": "contactpersoon contact tav contactnaam contactperson contactname attention",
    "contact_gender": "geslacht gender aanhef sekse",
    "street": (
        "straat adres adresregel1 straatnaam straathuisnummer street address address1 "
        "addressline1 adres1 factuuradres bezoekadres postadres"
    ),
    "postcode": "postcode zip zipcode postalcode pc",
    "city": "plaats woonplaats plaatsnaam vestigingsplaats city town",
    "country": "land landcode country countrycode",
    "language": "taal taalcode language languagecode",
    "group_code": (
        "klantgroep debiteurengroep debiteurgroep groep groepcode group customergroup relatiegroep"
    ),
    "profile_code": "betaalprofiel profiel paymentprofile profile aanmaanprofiel herinneringsprofiel",
    "collector": ("debiteurenbeheerder beheerder behandelaar incassomedewerker collector creditcontroller"),
    "salesperson": "verkoper vertegenwoordiger accountmanager salesperson salesrep",
    "payment_term": (
        "betaaltermijn betalingstermijn termijn betaalconditie betalingsconditie kredietdagen "
        "dagen paymentterm paymentterms terms creditdays"
    ),
    "document_type": ("soort documentsoort documenttype boekingssoort soortstuk stuksoort type soortboeking"),
    "document_number": (
        "factuurnummer factuurnr factuur boekstuk boekstuknummer boekstuknr documentnummer "
        "documentnr stuknummer stuknr notanummer invoicenumber invoiceno invoice invoiceid "
        "documentnumber documentno docno facnr faktuurnummer nota factnr invref"
    ),
    "source_id": "id postid openstaandepostid guid transactieid uniekid externalid entryid uuid regelid",
    "your_reference": (
        "uwreferentie uwkenmerk referentie klantreferentie betalingskenmerk kenmerk yourreference "
        "yourref reference ponumber ordernummer bestelnummer inkooporder"
    ),
    "description": "omschrijving beschrijving description betreft tekst memo details",
    "invoice_date": (
        "factuurdatum datum boekdatum boekingsdatum documentdatum notadatum faktuurdatum "
        "datumfactuur invoicedate date documentdate issuedate stukdatum fakdatum factdatum"
    ),
    "due_date": (
        "vervaldatum vervaldag verval vervaltop uiterstebetaaldatum betalenvoor tebetalenvoor "
        "datumverval duedate due expirydate paybefore verv vervdatum"
    ),
    "currency": "valuta valutacode munt muntcode currency currencycode cur val",
    "original_amount": (
        "factuurbedrag oorspronkelijkbedrag origineelbedrag totaalbedrag bedragfactuur bedragincl "
        "bedraginclbtw totaal totaalinclbtw originalamount invoiceamount amount total grossamount "
        "bedrag brutobedrag"
    ),
    "open_amount": (
        "openstaand openstaandbedrag saldo open openbedrag openstaandsaldo nogtebetalen "
        "restbedrag rest restant openstaandebedrag tebetalen openamount outstanding "
        "outstandingamount balance amountdue remaining remainingamount amountopen saldoopen "
        "openstaandeur"
    ),
    "paid_on": "betaaldop betaaldatum laatstebetaling datumbetaling paidon paymentdate lastpayment",
    "reminder_level": (
        "aanmaningsniveau herinneringsniveau aanmaanniveau niveau aanmaning herinnering "
        "aantalaanmaningen aantalherinneringen reminderlevel dunninglevel reminders "
        "laatsteaanmaning"
    ),
    "reminder_date": (
        "aanmaningsdatum herinneringsdatum datumaanmaning datumherinnering laatsteherinnering "
        "reminderdate lastreminder lastreminderdate dunningdate datumlaatsteaanmaning"
    ),
    "debit_credit": "dc debetcredit debitcredit dcindicatie dcode afbij cd bijaf amnttp",
    "debit": "debet debit debetbedrag debitamount",
    "credit": "credit creditbedrag creditamount",
}
_FIELD_OF = {word.casefold(): name for name, words in _SYNONYMS.items() for word in words.split()}
_ENDINGS = ("inclbtw", "ineur", "ineuro", "eur", "euro")
_TOTAL = re.compile(
    r"\W*(?:eind|sub|grand\s*)?(?:totaal|totalen|total|totals)\b.{0,40}|\W*som\W*|.{0,30}\btota[a]?l\W*",
    re.IGNORECASE,
)


def plain(header: str) -> str:
    """A header without case, accents and signs: "Debiteur-nr." becomes "debiteurnr"."""
    bare = unicodedata.normalize("NFKD", header)
    return "".join(c for c in bare.casefold() if c.isascii() and c.isalnum())


def field_of(header: str) -> tuple[str, float]:
    """The field that a header names and how sure that is (0 to 1); ("", 0) when it names none."""
    word = plain(header)
    if name := _FIELD_OF.get(word):
        return name, 1.0
    for ending in _ENDINGS:
        if word.endswith(ending) and (name := _FIELD_OF.get(word.removesuffix(ending))):
            return name, 0.9
    # The longest known word at the start of a longer header: "factuurnummer (intern)".
    for length in range(len(word), 5, -1):
        if name := _FIELD_OF.get(word[:length]):
            return name, 0.6
    return "", 0.0


def is_total_word(cell: str) -> bool:
    """Whether a cell says that its row is a total ("Totaal openstaand", "Grand total:")."""
    return len(cell) <= 60 and bool(_TOTAL.fullmatch(cell))
