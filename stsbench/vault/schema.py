"""The tables of two databases: `vault.db` for sealed rows and codes, `keys.db` for wrapped keys.

Rules owned here:
- No column holds a plaintext identity. What identifies is in columns named `sealed_*`, whose bytes
  are bound to table, row and column.
- `keys.db` is apart so that a copy of the data carries no key, and destroying a key is one row.
- Times are ISO 8601 in UTC; identifiers are random hexadecimal, codes are as people see them.
"""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

__all__ = [
    "KEYS",
    "VAULT",
    "audit_entries",
    "case_counters",
    "case_keys",
    "cases",
    "checkpoint_copies",
    "checkpoints",
    "erasures",
    "facts",
    "key_facts",
    "object_parents",
    "objects",
    "open_intents",
    "patient_index",
    "patient_keys",
    "patients",
    "pending_objects",
    "sealed_fields",
    "service_keys",
    "verdicts",
]

VAULT = MetaData()
KEYS = MetaData()

facts = Table(
    "facts",
    VAULT,
    Column("name", String(64), primary_key=True),  # schema, vault_id, created_at
    Column("value", Text, nullable=False),
)

patients = Table(
    "patients",
    VAULT,
    Column("patient_id", String(32), primary_key=True),
    Column("code", String(20), nullable=False, unique=True),
    Column("audit_code", String(20), nullable=False),  # the same person in the audit log only
    Column("created_at", String(32), nullable=False),
)

# One row per value that may find a patient again: a keyed hash, never the value.
patient_index = Table(
    "patient_index",
    VAULT,
    Column("patient_id", ForeignKey("patients.patient_id", ondelete="CASCADE"), primary_key=True),
    Column("value", LargeBinary(32), primary_key=True),
    Column("generation", Integer, nullable=False),
    Index("patient_index_by_value", "value"),
)

cases = Table(
    "cases",
    VAULT,
    Column("case_id", String(32), primary_key=True),
    Column("case_number", String(16), nullable=False, unique=True),
    Column("patient_id", ForeignKey("patients.patient_id"), nullable=False),
    Column("ticket", String(20), nullable=False, unique=True),
    Column("received_on", String(10), nullable=False),
    Column("order_document", Text, nullable=False),  # the pseudonymous order, JSON
    Column("stage", String(16), nullable=False),
    Column("verdict", String(16), nullable=False),
    Index("cases_by_patient", "patient_id"),
)

case_counters = Table(
    "case_counters",
    VAULT,
    Column("month", String(7), primary_key=True),
    Column("last", Integer, nullable=False),
)

# What identifies, one value per row, each bound to its place and opened only when it is needed.
sealed_fields = Table(
    "sealed_fields",
    VAULT,
    Column("case_id", ForeignKey("cases.case_id", ondelete="CASCADE"), primary_key=True),
    Column("field", String(24), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sealed_value", LargeBinary, nullable=False),
)

objects = Table(
    "objects",
    VAULT,
    Column("object_id", String(32), primary_key=True),
    Column("case_id", ForeignKey("cases.case_id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("scan_id", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("summary", Text, nullable=False),
    Index("objects_by_case", "case_id"),
)

object_parents = Table(
    "object_parents",
    VAULT,
    Column("object_id", ForeignKey("objects.object_id", ondelete="CASCADE"), primary_key=True),
    Column("parent_id", String(32), primary_key=True),
    Column("place", Integer, nullable=False),
)

verdicts = Table(
    "verdicts",
    VAULT,
    Column("verdict_id", Integer, primary_key=True, autoincrement=True),
    Column("case_id", ForeignKey("cases.case_id", ondelete="CASCADE"), nullable=False),
    Column("stage", String(16), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("detail", Text, nullable=False),
    Column("recorded_at", String(32), nullable=False),
    Index("verdicts_by_case", "case_id"),
)

audit_entries = Table(
    "audit_entries",
    VAULT,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("entry", LargeBinary, nullable=False),  # canonical JSON: the leaf of the tree
    Column("leaf", LargeBinary(32), nullable=False),
    Column("mac", LargeBinary(32), nullable=False),  # keyed: names an entry edited with its leaf
)

checkpoints = Table(
    "checkpoints",
    VAULT,
    Column("size", Integer, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("frontier", LargeBinary, nullable=False),  # subtree roots: appending needs no re-reading
)

# An intent without its outcome; the row goes in the transaction that writes the outcome.
open_intents = Table(
    "open_intents",
    VAULT,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
)

# Objects on their way in or out: what a crash leaves of them is removed, and nothing else is.
pending_objects = Table(
    "pending_objects",
    VAULT,
    Column("object_id", String(32), primary_key=True),
    Column("case_id", String(32), nullable=False),
)

erasures = Table(
    "erasures",
    VAULT,
    Column("case_number", String(16), primary_key=True),
    Column("receipt", Text, nullable=False),
)

key_facts = Table(
    "key_facts",
    KEYS,
    Column("name", String(32), primary_key=True),  # vault_id: which data these keys belong to
    Column("value", Text, nullable=False),
)

patient_keys = Table(
    "patient_keys",
    KEYS,
    Column("patient_id", String(32), primary_key=True),
    Column("generation", Integer, nullable=False),  # of the root key that wraps it
    Column("wrapped", LargeBinary, nullable=False),
)

case_keys = Table(
    "case_keys",
    KEYS,
    Column("case_id", String(32), primary_key=True),
    Column("patient_id", String(32), nullable=False),  # whose key wraps it
    Column("wrapped", LargeBinary, nullable=False),
    Index("case_keys_by_patient", "patient_id"),
)

service_keys = Table(
    "service_keys",
    KEYS,
    Column("name", String(32), primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)

# The last checkpoint once more, away from the log it vouches for.
checkpoint_copies = Table(
    "checkpoint_copies",
    KEYS,
    Column("size", Integer, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
)
