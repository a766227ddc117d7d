"""The tables, one file a room; `metadata` knows them all."""

from app.models import access, correspondence, customers, dossier, exchange, ledger, workflow
from app.models.base import SCHEMA, metadata

__all__ = [
    "SCHEMA",
    "access",
    "correspondence",
    "customers",
    "dossier",
    "exchange",
    "ledger",
    "metadata",
    "workflow",
]
