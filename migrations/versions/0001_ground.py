"""The ground: companies, customers, open items, workflows, actions, deliveries, holds, imports.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "action",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("rank", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.SmallInteger(), nullable=True),
        sa.Column("template", sa.Text(), nullable=True),
        sa.Column("tone", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False),
        sa.Column("days_overdue", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("class", sa.SmallInteger(), nullable=False),
        sa.Column("score", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False),
        sa.Column("approval_required", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("counts_as_step", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("letter_date", sa.Date(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("facts_digest", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("render_token", sa.Uuid(), nullable=True),
        sa.Column("render_lease", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rendered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("explanation", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("parent_action_id", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancel_reason is not null)", name=op.f("ck_action_cancel_reason_given")
        ),
        sa.CheckConstraint(
            "kind in ('email', 'letter', 'call', 'task', 'message', 'charge', 'hand_over')",
            name=op.f("ck_action_kind_known"),
        ),
        sa.CheckConstraint(
            "origin in ('workflow', 'by_hand', 'follow_up')", name=op.f("ck_action_origin_known")
        ),
        sa.CheckConstraint(
            "state in ('planned', 'awaiting_approval', 'approved', 'sending', 'done', 'cancelled')",
            name=op.f("ck_action_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_action_id"], ["tegoed.action.id"], name=op.f("fk_action_parent_action_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action")),
        schema="tegoed",
    )
    op.create_index("ix_action_customer_id", "action", ["customer_id", "id"], unique=False, schema="tegoed")
    op.create_index(
        "ix_action_render",
        "action",
        ["company_id", "id"],
        unique=False,
        schema="tegoed",
        postgresql_where=sa.text("state = 'planned' and kind in ('email', 'letter')"),
    )
    op.create_index(
        "ix_action_worklist",
        "action",
        ["company_id", "class", sa.literal_column("score desc"), "id"],
        unique=False,
        schema="tegoed",
        postgresql_where=sa.text("state in ('planned', 'awaiting_approval', 'approved')"),
    )
    op.create_table(
        "action_item",
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("open_item_id", sa.BigInteger(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("rank", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.SmallInteger(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("live_step", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "role in ('demand', 'also_due', 'set_off', 'covered', 'cost')",
            name=op.f("ck_action_item_role_known"),
        ),
        sa.PrimaryKeyConstraint("action_id", "open_item_id", name=op.f("pk_action_item")),
        schema="tegoed",
    )
    op.create_index(
        "ix_action_item_open_item_id", "action_item", ["open_item_id"], unique=False, schema="tegoed"
    )
    op.create_index(
        "uq_action_item_live_step",
        "action_item",
        ["open_item_id"],
        unique=True,
        schema="tegoed",
        postgresql_where=sa.text("live_step"),
    )
    op.create_table(
        "app_user",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("login", name=op.f("uq_app_user_login")),
        schema="tegoed",
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), server_default=sa.text("session_user"), nullable=False),
        sa.Column("station", sa.Text(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_key", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("changed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "operation in ('insert', 'update', 'delete')", name=op.f("ck_audit_log_operation_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        schema="tegoed",
    )
    op.create_index(
        op.f("ix_audit_log_company_id"), "audit_log", ["company_id"], unique=False, schema="tegoed"
    )
    op.create_table(
        "company",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="plan_only", nullable=False),
        sa.Column("live_since", sa.Date(), nullable=True),
        sa.Column("timezone", sa.Text(), server_default="Europe/Amsterdam", nullable=False),
        sa.Column("language", sa.Text(), server_default="nl", nullable=False),
        sa.Column("currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column("country", sa.Text(), server_default="NL", nullable=False),
        sa.Column("trade_line", sa.Text(), server_default="", nullable=False),
        sa.Column("street", sa.Text(), server_default="", nullable=False),
        sa.Column("postcode", sa.Text(), server_default="", nullable=False),
        sa.Column("city", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("phone_hours", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("website", sa.Text(), server_default="", nullable=False),
        sa.Column("kvk", sa.Text(), server_default="", nullable=False),
        sa.Column("vat_number", sa.Text(), server_default="", nullable=False),
        sa.Column("iban", sa.Text(), server_default="", nullable=False),
        sa.Column("bic", sa.Text(), server_default="", nullable=False),
        sa.Column("account_name", sa.Text(), server_default="", nullable=False),
        sa.Column("signer_name", sa.Text(), server_default="", nullable=False),
        sa.Column("signer_function", sa.Text(), server_default="", nullable=False),
        sa.Column("signer_phone", sa.Text(), server_default="", nullable=False),
        sa.Column("accent", sa.Text(), server_default="#1D5FB3", nullable=False),
        sa.Column("logo", sa.LargeBinary(), nullable=True),
        sa.Column("letter_window", sa.Text(), server_default="right", nullable=False),
        sa.Column("tone", sa.Text(), server_default="neutral", nullable=False),
        sa.Column("reference_kind", sa.Text(), server_default="rf", nullable=False),
        sa.Column("mail_transport", sa.Text(), server_default="folder", nullable=False),
        sa.Column("recall_minutes", sa.Integer(), server_default=sa.text("30"), nullable=False),
        sa.Column("freshness_days", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("bytes_valid_days", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("max_contacts_per_day", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column(
            "minimum_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("four_eyes", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("charge_vat", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("claim_interest", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("days_off", postgresql.ARRAY(sa.Date()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("default_workflow_id", sa.Integer(), nullable=True),
        sa.Column("first_run_to_approval", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("planned_for", sa.Date(), nullable=True),
        sa.Column("data_as_of", sa.Date(), nullable=True),
        sa.Column("import_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("language in ('nl', 'en')", name=op.f("ck_company_language_known")),
        sa.CheckConstraint(
            "letter_window in ('left', 'right', 'din_a', 'din_b')",
            name=op.f("ck_company_letter_window_known"),
        ),
        sa.CheckConstraint("mail_transport in ('folder')", name=op.f("ck_company_mail_transport_known")),
        sa.CheckConstraint(
            "reference_kind in ('rf', 'kenmerk')", name=op.f("ck_company_reference_kind_known")
        ),
        sa.CheckConstraint("state in ('off', 'plan_only', 'live')", name=op.f("ck_company_state_known")),
        sa.CheckConstraint("tone in ('friendly', 'neutral', 'firm')", name=op.f("ck_company_tone_known")),
        sa.CheckConstraint("freshness_days between 0 and 60", name=op.f("ck_company_freshness_days_range")),
        sa.CheckConstraint(
            "max_contacts_per_day between 1 and 3", name=op.f("ck_company_max_contacts_range")
        ),
        sa.CheckConstraint("octet_length(logo) <= 1048576", name=op.f("ck_company_logo_size")),
        sa.CheckConstraint("recall_minutes between 0 and 1440", name=op.f("ck_company_recall_minutes_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
        sa.UniqueConstraint("code", name=op.f("uq_company_code")),
        schema="tegoed",
    )
    op.create_table(
        "database_state",
        sa.Column("one", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("system_identifier", sa.BigInteger(), nullable=True),
        sa.Column("database_oid", sa.BigInteger(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("one", name=op.f("ck_database_state_one_row")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_database_state")),
        schema="tegoed",
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("action_id", sa.BigInteger(), nullable=True),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("open_item_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), server_default=sa.text("session_user"), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        schema="tegoed",
    )
    op.create_index("ix_event_action_id", "event", ["action_id"], unique=False, schema="tegoed")
    op.create_index("ix_event_customer_id", "event", ["customer_id", "id"], unique=False, schema="tegoed")
    op.create_table(
        "import_line",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_by", sa.Text(), server_default=sa.text("session_user"), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("customer_number", sa.Text(), nullable=True),
        sa.Column("customer_name", sa.Text(), nullable=True),
        sa.Column("customer_kind", sa.Text(), nullable=True),
        sa.Column("kvk", sa.Text(), nullable=True),
        sa.Column("vat_number", sa.Text(), nullable=True),
        sa.Column("iban", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("contact_name", sa.Text(), nullable=True),
        sa.Column("contact_gender", sa.Text(), nullable=True),
        sa.Column("street", sa.Text(), nullable=True),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("group_code", sa.Text(), nullable=True),
        sa.Column("profile_code", sa.Text(), nullable=True),
        sa.Column("collector", sa.Text(), nullable=True),
        sa.Column("salesperson", sa.Text(), nullable=True),
        sa.Column("payment_term", sa.Integer(), nullable=True),
        sa.Column("document_type", sa.Text(), nullable=True),
        sa.Column("document_number", sa.Text(), nullable=True),
        sa.Column("document_year", sa.Integer(), nullable=True),
        sa.Column("source_id", sa.Text(), nullable=True),
        sa.Column("your_reference", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("invoice_date", sa.Date(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("due_estimated", sa.Boolean(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("original_amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("open_amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("reminder_level", sa.Integer(), nullable=True),
        sa.Column("reminder_date", sa.Date(), nullable=True),
        sa.Column("item_hash", sa.BigInteger(), nullable=True),
        sa.Column("customer_hash", sa.BigInteger(), nullable=True),
        schema="tegoed",
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_import_line_run_id", "import_line", ["run_id"], unique=False, schema="tegoed")
    op.create_table(
        "station",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), server_default=sa.text("session_user"), nullable=False),
        sa.Column("outcome_no", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station")),
        schema="tegoed",
    )
    op.create_table(
        "approval",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.Text(), server_default=sa.text("session_user"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "decision in ('approved', 'returned', 'withdrawn')", name=op.f("ck_approval_decision_known")
        ),
        sa.ForeignKeyConstraint(["action_id"], ["tegoed.action.id"], name=op.f("fk_approval_action_id")),
        sa.ForeignKeyConstraint(["company_id"], ["tegoed.company.id"], name=op.f("fk_approval_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval")),
        schema="tegoed",
    )
    op.create_index("ix_approval_action_id", "approval", ["action_id"], unique=False, schema="tegoed")
    op.create_table(
        "company_calendar",
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("working_no", sa.Integer(), nullable=False),
        sa.Column("next_working", sa.Date(), nullable=False),
        sa.Column("previous_working", sa.Date(), nullable=False),
        sa.Column("following_working", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["tegoed.company.id"], name=op.f("fk_company_calendar_company_id")
        ),
        sa.PrimaryKeyConstraint("company_id", "day", name=op.f("pk_company_calendar")),
        schema="tegoed",
    )
    op.create_index(
        "uq_company_calendar_working_no",
        "company_calendar",
        ["company_id", "working_no"],
        unique=True,
        schema="tegoed",
        postgresql_where=sa.text("working"),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("session_user"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["tegoed.company.id"], name=op.f("fk_document_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("company_id", "sha256", name=op.f("uq_document_company_id_sha256")),
        schema="tegoed",
    )
    op.create_table(
        "membership",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["tegoed.company.id"], name=op.f("fk_membership_company_id")),
        sa.ForeignKeyConstraint(["user_id"], ["tegoed.app_user.id"], name=op.f("fk_membership_user_id")),
        sa.PrimaryKeyConstraint("user_id", "company_id", name=op.f("pk_membership")),
        schema="tegoed",
    )
    op.create_table(
        "outcome",
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("name_nl", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("right_party", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("finishes", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("hold_cause", sa.Text(), nullable=True),
        sa.Column("hold_days", sa.Integer(), nullable=True),
        sa.Column(
            "hold_stops", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{all}'"), nullable=False
        ),
        sa.Column("follow_up_kind", sa.Text(), nullable=True),
        sa.Column("follow_up_days", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "follow_up_kind is null or follow_up_kind in ('call', 'task')",
            name=op.f("ck_outcome_follow_up_kind_known"),
        ),
        sa.CheckConstraint(
            "hold_cause is null or hold_cause in ('manual', 'promise', 'arrangement', 'dispute', 'reply', 'portal', 'unreachable', 'recalled', 'legal')",
            name=op.f("ck_outcome_hold_cause_known"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["tegoed.company.id"], name=op.f("fk_outcome_company_id")),
        sa.PrimaryKeyConstraint("company_id", "code", name=op.f("pk_outcome")),
        schema="tegoed",
    )
    op.create_table(
        "print_queue",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("transport", sa.Text(), server_default="folder", nullable=False),
        sa.Column("served_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("transport in ('folder')", name=op.f("ck_print_queue_transport_known")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["tegoed.company.id"], name=op.f("fk_print_queue_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_queue")),
        sa.UniqueConstraint("company_id", "name", name=op.f("uq_print_queue_company_id_name")),
        schema="tegoed",
    )
    op.create_table(
        "source_connection",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["tegoed.company.id"], name=op.f("fk_source_connection_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_connection")),
        sa.UniqueConstraint("company_id", "name", name=op.f("uq_source_connection_company_id_name")),
        schema="tegoed",
    )
    op.create_table(
        "workflow",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["tegoed.company.id"], name=op.f("fk_workflow_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow")),
        sa.UniqueConstraint("company_id", "code", name=op.f("uq_workflow_company_id_code")),
        schema="tegoed",
    )
    op.create_table(
        "customer_group",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("workflow_id", sa.Integer(), nullable=True),
        sa.Column("collector_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["collector_id"], ["tegoed.app_user.id"], name=op.f("fk_customer_group_collector_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["tegoed.company.id"], name=op.f("fk_customer_group_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["tegoed.workflow.id"], name=op.f("fk_customer_group_workflow_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_group")),
        sa.UniqueConstraint("company_id", "code", name=op.f("uq_customer_group_company_id_code")),
        schema="tegoed",
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("recipient", sa.Text(), server_default="", nullable=False),
        sa.Column("queue_id", sa.Integer(), nullable=True),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("station_id", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("contact_on", sa.Date(), nullable=True),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("posted_on", sa.Date(), nullable=True),
        sa.CheckConstraint("channel in ('email', 'letter')", name=op.f("ck_delivery_channel_known")),
        sa.CheckConstraint(
            "state in ('waiting', 'claimed', 'sending', 'done', 'failed', 'uncertain', 'withdrawn')",
            name=op.f("ck_delivery_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["tegoed.document.id"], name=op.f("fk_delivery_document_id")
        ),
        sa.ForeignKeyConstraint(["queue_id"], ["tegoed.print_queue.id"], name=op.f("fk_delivery_queue_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("action_id", "channel", name=op.f("uq_delivery_action_id_channel")),
        schema="tegoed",
    )
    op.create_index(
        "ix_delivery_contact",
        "delivery",
        ["company_id", "contact_on", "customer_id"],
        unique=False,
        schema="tegoed",
        postgresql_where=sa.text("contact_on is not null"),
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["not_before", "id"],
        unique=False,
        schema="tegoed",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_delivery_lease",
        "delivery",
        ["lease_until"],
        unique=False,
        schema="tegoed",
        postgresql_where=sa.text("state in ('claimed', 'sending')"),
    )
    op.create_index(
        "ix_delivery_trouble",
        "delivery",
        ["company_id"],
        unique=False,
        schema="tegoed",
        postgresql_where=sa.text("state in ('failed', 'uncertain')"),
    )
    op.create_table(
        "document_chunk",
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["tegoed.document.id"], name=op.f("fk_document_chunk_document_id")
        ),
        sa.PrimaryKeyConstraint("document_id", "no", name=op.f("pk_document_chunk")),
        schema="tegoed",
    )
    op.create_table(
        "import_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("completeness", sa.Text(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=True),
        sa.Column("period_until", sa.Date(), nullable=True),
        sa.Column("data_as_of", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("control", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("started_by", sa.Text(), server_default=sa.text("session_user"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "completeness in ('complete', 'additions')", name=op.f("ck_import_run_completeness_known")
        ),
        sa.CheckConstraint(
            "state in ('open', 'previewed', 'applied', 'abandoned', 'failed')",
            name=op.f("ck_import_run_state_known"),
        ),
        sa.ForeignKeyConstraint(["company_id"], ["tegoed.company.id"], name=op.f("fk_import_run_company_id")),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["tegoed.source_connection.id"], name=op.f("fk_import_run_connection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
        schema="tegoed",
    )
    op.create_index(
        "ix_import_run_company_id", "import_run", ["company_id", "id"], unique=False, schema="tegoed"
    )
    op.create_table(
        "payment_profile",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("workflow_id", sa.Integer(), nullable=True),
        sa.Column("tone", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "tone is null or tone in ('friendly', 'neutral', 'firm')",
            name=op.f("ck_payment_profile_tone_known"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["tegoed.company.id"], name=op.f("fk_payment_profile_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["tegoed.workflow.id"], name=op.f("fk_payment_profile_workflow_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_profile")),
        sa.UniqueConstraint("company_id", "code", name=op.f("uq_payment_profile_company_id_code")),
        schema="tegoed",
    )
    op.create_table(
        "workflow_version",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("workflow_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("contact_gap", sa.Integer(), server_default=sa.text("7"), nullable=False),
        sa.Column("bundle_ahead", sa.Integer(), server_default=sa.text("5"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('draft', 'published', 'retired')", name=op.f("ck_workflow_version_state_known")
        ),
        sa.CheckConstraint(
            "bundle_ahead between 0 and 30", name=op.f("ck_workflow_version_bundle_ahead_range")
        ),
        sa.CheckConstraint(
            "contact_gap between 1 and 60", name=op.f("ck_workflow_version_contact_gap_range")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["tegoed.company.id"], name=op.f("fk_workflow_version_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["tegoed.workflow.id"], name=op.f("fk_workflow_version_workflow_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_version")),
        sa.UniqueConstraint("workflow_id", "number", name=op.f("uq_workflow_version_workflow_id_number")),
        schema="tegoed",
    )
    op.create_index(
        "uq_workflow_version_published",
        "workflow_version",
        ["workflow_id"],
        unique=True,
        schema="tegoed",
        postgresql_where=sa.text("state = 'published'"),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("kind_source", sa.Text(), server_default="none", nullable=False),
        sa.Column("kvk", sa.Text(), server_default="", nullable=False),
        sa.Column("vat_number", sa.Text(), server_default="", nullable=False),
        sa.Column("iban", sa.Text(), server_default="", nullable=False),
        sa.Column("contact_name", sa.Text(), server_default="", nullable=False),
        sa.Column("contact_gender", sa.Text(), server_default="", nullable=False),
        sa.Column("street", sa.Text(), server_default="", nullable=False),
        sa.Column("postcode", sa.Text(), server_default="", nullable=False),
        sa.Column("city", sa.Text(), server_default="", nullable=False),
        sa.Column("country", sa.Text(), server_default="NL", nullable=False),
        sa.Column("address_state", sa.Text(), server_default="good", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("email_state", sa.Text(), server_default="good", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("phone_state", sa.Text(), server_default="good", nullable=False),
        sa.Column("language", sa.Text(), server_default="nl", nullable=False),
        sa.Column("tone", sa.Text(), nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("profile_id", sa.Integer(), nullable=True),
        sa.Column("workflow_id", sa.Integer(), nullable=True),
        sa.Column("collector_id", sa.Integer(), nullable=True),
        sa.Column("salesperson_id", sa.Integer(), nullable=True),
        sa.Column("payment_term", sa.Integer(), server_default=sa.text("30"), nullable=False),
        sa.Column("source_hash", sa.BigInteger(), nullable=True),
        sa.Column("not_in_source_since", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint(
            "address_state in ('good', 'wrong')", name=op.f("ck_customer_address_state_known")
        ),
        sa.CheckConstraint("contact_gender in ('m', 'f', '')", name=op.f("ck_customer_contact_gender_known")),
        sa.CheckConstraint(
            "email_state in ('good', 'wrong', 'bounced')", name=op.f("ck_customer_email_state_known")
        ),
        sa.CheckConstraint(
            "kind in ('consumer', 'business', 'government', 'unknown')", name=op.f("ck_customer_kind_known")
        ),
        sa.CheckConstraint(
            "kind_source in ('none', 'source', 'registration', 'hand')",
            name=op.f("ck_customer_kind_source_known"),
        ),
        sa.CheckConstraint("language in ('nl', 'en')", name=op.f("ck_customer_language_known")),
        sa.CheckConstraint("phone_state in ('good', 'wrong')", name=op.f("ck_customer_phone_state_known")),
        sa.CheckConstraint("tone in ('friendly', 'neutral', 'firm')", name=op.f("ck_customer_tone_known")),
        sa.ForeignKeyConstraint(
            ["collector_id"], ["tegoed.app_user.id"], name=op.f("fk_customer_collector_id")
        ),
        sa.ForeignKeyConstraint(["company_id"], ["tegoed.company.id"], name=op.f("fk_customer_company_id")),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["tegoed.source_connection.id"], name=op.f("fk_customer_connection_id")
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["tegoed.customer_group.id"], name=op.f("fk_customer_group_id")
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["tegoed.payment_profile.id"], name=op.f("fk_customer_profile_id")
        ),
        sa.ForeignKeyConstraint(
            ["salesperson_id"], ["tegoed.app_user.id"], name=op.f("fk_customer_salesperson_id")
        ),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["tegoed.workflow.id"], name=op.f("fk_customer_workflow_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("connection_id", "number", name="uq_customer_connection_id_number"),
        schema="tegoed",
    )
    op.create_index("ix_customer_company_id", "customer", ["company_id", "id"], unique=False, schema="tegoed")
    op.create_index("ix_customer_number", "customer", ["company_id", "number"], unique=False, schema="tegoed")
    op.create_table(
        "group_profile_workflow",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("profile_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("workflow_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["tegoed.company.id"], name=op.f("fk_group_profile_workflow_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["tegoed.customer_group.id"], name=op.f("fk_group_profile_workflow_group_id")
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["tegoed.payment_profile.id"], name=op.f("fk_group_profile_workflow_profile_id")
        ),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["tegoed.workflow.id"], name=op.f("fk_group_profile_workflow_workflow_id")
        ),
        sa.PrimaryKeyConstraint("group_id", "profile_id", name=op.f("pk_group_profile_workflow")),
        schema="tegoed",
    )
    op.create_table(
        "workflow_step",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("day_kind", sa.Text(), server_default="calendar", nullable=False),
        sa.Column("after", sa.Text(), server_default="due_date", nullable=False),
        sa.Column("min_interval", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("template", sa.Text(), nullable=True),
        sa.Column("tone", sa.Text(), nullable=True),
        sa.Column("approval", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "minimum_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("customer_kinds", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("profile_ids", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("if_unreachable", sa.Text(), server_default="letter", nullable=False),
        sa.Column("copy_channel", sa.Text(), nullable=True),
        sa.Column("max_attempts", sa.Integer(), server_default=sa.text("3"), nullable=False),
        sa.Column("give_up_after", sa.Integer(), server_default=sa.text("5"), nullable=False),
        sa.Column("pay_within", sa.Integer(), server_default=sa.text("7"), nullable=False),
        sa.CheckConstraint(
            "(stage is null) = (kind in ('call', 'task', 'message', 'charge'))",
            name=op.f("ck_workflow_step_stage_ranked"),
        ),
        sa.CheckConstraint(
            "(template is not null) = (kind in ('email', 'letter'))",
            name=op.f("ck_workflow_step_template_written"),
        ),
        sa.CheckConstraint(
            "after in ('due_date', 'previous_step', 'notice_term')", name=op.f("ck_workflow_step_after_known")
        ),
        sa.CheckConstraint(
            "copy_channel is null or copy_channel in ('email', 'letter')",
            name=op.f("ck_workflow_step_copy_channel_known"),
        ),
        sa.CheckConstraint(
            "day_kind in ('calendar', 'business')", name=op.f("ck_workflow_step_day_kind_known")
        ),
        sa.CheckConstraint(
            "if_unreachable in ('letter', 'call', 'follow_up')",
            name=op.f("ck_workflow_step_if_unreachable_known"),
        ),
        sa.CheckConstraint(
            "kind in ('email', 'letter', 'call', 'task', 'message', 'charge', 'hand_over')",
            name=op.f("ck_workflow_step_kind_known"),
        ),
        sa.CheckConstraint(
            "tone is null or tone in ('friendly', 'neutral', 'firm')",
            name=op.f("ck_workflow_step_tone_known"),
        ),
        sa.CheckConstraint("position > 0", name=op.f("ck_workflow_step_position_positive")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["tegoed.company.id"], name=op.f("fk_workflow_step_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["tegoed.workflow_version.id"], name=op.f("fk_workflow_step_version_id")
        ),
        sa.PrimaryKeyConstraint("version_id", "position", name=op.f("pk_workflow_step")),
        schema="tegoed",
    )
    op.create_table(
        "call_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("right_party", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("made_by", sa.Text(), server_default=sa.text("session_user"), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["tegoed.action.id"], name=op.f("fk_call_attempt_action_id")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["tegoed.company.id"], name=op.f("fk_call_attempt_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["tegoed.customer.id"], name=op.f("fk_call_attempt_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_attempt")),
        schema="tegoed",
    )
    op.create_index(
        "ix_call_attempt_company_id",
        "call_attempt",
        ["company_id", "on_date", "customer_id"],
        unique=False,
        schema="tegoed",
    )
    op.create_table(
        "item_renumbering",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("import_run_id", sa.BigInteger(), nullable=True),
        sa.Column("old_number", sa.Text(), nullable=False),
        sa.Column("new_number", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["tegoed.company.id"], name=op.f("fk_item_renumbering_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["tegoed.customer.id"], name=op.f("fk_item_renumbering_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["import_run_id"], ["tegoed.import_run.id"], name=op.f("fk_item_renumbering_import_run_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_renumbering")),
        schema="tegoed",
    )
    op.create_index(
        op.f("ix_item_renumbering_customer_id"),
        "item_renumbering",
        ["customer_id"],
        unique=False,
        schema="tegoed",
    )
    op.create_table(
        "letter_reference",
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["action_id"], ["tegoed.action.id"], name=op.f("fk_letter_reference_action_id")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["tegoed.company.id"], name=op.f("fk_letter_reference_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["tegoed.customer.id"], name=op.f("fk_letter_reference_customer_id")
        ),
        sa.PrimaryKeyConstraint("action_id", name=op.f("pk_letter_reference")),
        sa.UniqueConstraint("reference", name=op.f("uq_letter_reference_reference")),
        schema="tegoed",
    )
    op.create_index(
        op.f("ix_letter_reference_customer_id"),
        "letter_reference",
        ["customer_id"],
        unique=False,
        schema="tegoed",
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("posted_on", sa.Date(), nullable=True),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("principal", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("fee", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("vat", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("void_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state in ('pending', 'running', 'charged', 'paid', 'void')", name=op.f("ck_notice_state_known")
        ),
        sa.ForeignKeyConstraint(["action_id"], ["tegoed.action.id"], name=op.f("fk_notice_action_id")),
        sa.ForeignKeyConstraint(["company_id"], ["tegoed.company.id"], name=op.f("fk_notice_company_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["tegoed.customer.id"], name=op.f("fk_notice_customer_id")),
        sa.ForeignKeyConstraint(["delivery_id"], ["tegoed.delivery.id"], name=op.f("fk_notice_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_notice_delivery_id")),
        schema="tegoed",
    )
    op.create_index(op.f("ix_notice_action_id"), "notice", ["action_id"], unique=False, schema="tegoed")
    op.create_index(
        "ix_notice_customer_id", "notice", ["customer_id", "currency"], unique=False, schema="tegoed"
    )
    op.create_table(
        "open_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), server_default="invoice", nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("document_year", sa.Integer(), nullable=True),
        sa.Column("invoice_date", sa.Date(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("due_estimated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("currency", sa.Text(), server_default="EUR", nullable=False),
        sa.Column("original_amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column(
            "settled_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "outstanding",
            sa.Numeric(precision=14, scale=2),
            sa.Computed("original_amount + settled_amount", persisted=True),
            nullable=False,
        ),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("your_reference", sa.Text(), server_default="", nullable=False),
        sa.Column("source_hash", sa.BigInteger(), nullable=True),
        sa.Column("not_in_source_since", sa.Date(), nullable=True),
        sa.Column("planning_from", sa.Date(), nullable=False),
        sa.Column("progress_version_id", sa.Integer(), nullable=True),
        sa.Column("position_done", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("rank_done", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_step_on", sa.Date(), nullable=True),
        sa.Column("last_step_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("notice_id", sa.BigInteger(), nullable=True),
        sa.Column("notice_skipped", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("charged_notice_id", sa.BigInteger(), nullable=True),
        sa.Column("parent_action_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind in ('invoice', 'credit_note', 'payment_on_account', 'cost', 'interest')",
            name=op.f("ck_open_item_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["tegoed.customer.id"], name=op.f("fk_open_item_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["progress_version_id"],
            ["tegoed.workflow_version.id"],
            name=op.f("fk_open_item_progress_version_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_item")),
        sa.UniqueConstraint("charged_notice_id", name=op.f("uq_open_item_charged_notice_id")),
        sa.UniqueConstraint("connection_id", "source_key", name="uq_open_item_connection_id_source_key"),
        schema="tegoed",
    )
    op.create_index("ix_open_item_customer_id", "open_item", ["customer_id"], unique=False, schema="tegoed")
    op.create_index(
        "ix_open_item_document_number",
        "open_item",
        ["company_id", "document_number"],
        unique=False,
        schema="tegoed",
    )
    op.create_index(
        "ix_open_item_open",
        "open_item",
        ["company_id", "customer_id"],
        unique=False,
        schema="tegoed",
        postgresql_where=sa.text("outstanding <> 0"),
    )
    op.create_table(
        "presence",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('open', 'calling')", name=op.f("ck_presence_kind_known")),
        sa.ForeignKeyConstraint(["company_id"], ["tegoed.company.id"], name=op.f("fk_presence_company_id")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["tegoed.customer.id"], name=op.f("fk_presence_customer_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["tegoed.app_user.id"], name=op.f("fk_presence_user_id")),
        sa.PrimaryKeyConstraint("user_id", "station_id", "customer_id", name=op.f("pk_presence")),
        schema="tegoed",
    )
    op.create_index(
        op.f("ix_presence_customer_id"), "presence", ["customer_id"], unique=False, schema="tegoed"
    )
    op.create_table(
        "workflow_next",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("position_done", sa.SmallInteger(), nullable=False),
        sa.Column("customer_kind", sa.Text(), nullable=False),
        sa.Column("profile_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("following", sa.SmallInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["tegoed.company.id"], name=op.f("fk_workflow_next_company_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id", "position"],
            ["tegoed.workflow_step.version_id", "tegoed.workflow_step.position"],
            name=op.f("fk_workflow_next_version_id_position"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["tegoed.workflow_version.id"], name=op.f("fk_workflow_next_version_id")
        ),
        sa.PrimaryKeyConstraint(
            "version_id", "position_done", "customer_kind", "profile_id", name=op.f("pk_workflow_next")
        ),
        schema="tegoed",
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("open_item_id", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("stops", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{all}'"), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("source_kind", sa.Text(), nullable=True),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("placed_by", sa.Text(), server_default=sa.text("session_user"), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "amount is null or (amount > 0 and open_item_id is not null and stops = '{all}')",
            name=op.f("ck_hold_part_of_item"),
        ),
        sa.CheckConstraint(
            "cause in ('manual', 'promise', 'arrangement', 'dispute', 'reply', 'portal', 'unreachable', 'recalled', 'legal')",
            name=op.f("ck_hold_cause_known"),
        ),
        sa.CheckConstraint(
            "stops <> '{}' and stops <@ array['email', 'letter', 'call', 'charge', 'all']",
            name=op.f("ck_hold_stops_known"),
        ),
        sa.CheckConstraint("until is null or until >= starts", name=op.f("ck_hold_ends_after_start")),
        sa.ForeignKeyConstraint(["company_id"], ["tegoed.company.id"], name=op.f("fk_hold_company_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["tegoed.customer.id"], name=op.f("fk_hold_customer_id")),
        sa.ForeignKeyConstraint(["open_item_id"], ["tegoed.open_item.id"], name=op.f("fk_hold_open_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
        schema="tegoed",
    )
    op.create_index(
        "ix_hold_customer_id",
        "hold",
        ["customer_id"],
        unique=False,
        schema="tegoed",
        postgresql_where=sa.text("released_at is null"),
    )
    op.create_index("ix_hold_ended_on", "hold", ["company_id", "ended_on"], unique=False, schema="tegoed")
    op.create_index(
        "ix_hold_open_item_id",
        "hold",
        ["open_item_id"],
        unique=False,
        schema="tegoed",
        postgresql_where=sa.text("released_at is null"),
    )
    op.create_table(
        "movement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("open_item_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("value_date", sa.Date(), nullable=False),
        sa.Column("import_run_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("session_user"), nullable=False),
        sa.CheckConstraint(
            "kind in ('source_settlement', 'allocation', 'taken_over', 'correction', 'write_off')",
            name=op.f("ck_movement_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["import_run_id"], ["tegoed.import_run.id"], name=op.f("fk_movement_import_run_id")
        ),
        sa.ForeignKeyConstraint(
            ["open_item_id"], ["tegoed.open_item.id"], name=op.f("fk_movement_open_item_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_movement")),
        schema="tegoed",
    )
    op.create_index("ix_movement_open_item_id", "movement", ["open_item_id"], unique=False, schema="tegoed")
    op.create_table(
        "notice_item",
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("open_item_id", sa.BigInteger(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("principal", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["tegoed.notice.id"], name=op.f("fk_notice_item_notice_id")),
        sa.ForeignKeyConstraint(
            ["open_item_id"], ["tegoed.open_item.id"], name=op.f("fk_notice_item_open_item_id")
        ),
        sa.PrimaryKeyConstraint("notice_id", "open_item_id", name=op.f("pk_notice_item")),
        schema="tegoed",
    )
    op.create_index(
        "ix_notice_item_open_item_id", "notice_item", ["open_item_id"], unique=False, schema="tegoed"
    )
    op.create_table(
        "step_done",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("open_item_id", sa.BigInteger(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("action_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("written", sa.Boolean(), nullable=False),
        sa.Column("skipped", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["action_id"], ["tegoed.action.id"], name=op.f("fk_step_done_action_id")),
        sa.ForeignKeyConstraint(
            ["open_item_id"], ["tegoed.open_item.id"], name=op.f("fk_step_done_open_item_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["tegoed.workflow_version.id"], name=op.f("fk_step_done_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_done")),
        schema="tegoed",
    )
    op.create_index("ix_step_done_action_id", "step_done", ["action_id"], unique=False, schema="tegoed")
    op.create_index(
        "ix_step_done_open_item_id", "step_done", ["open_item_id", "id"], unique=False, schema="tegoed"
    )
    # ### end Alembic commands ###

    op.create_foreign_key(
        "fk_company_default_workflow_id",
        "company",
        "workflow",
        ["default_workflow_id"],
        ["id"],
        source_schema="tegoed",
        referent_schema="tegoed",
    )


def downgrade() -> None:
    op.drop_constraint("fk_company_default_workflow_id", "company", schema="tegoed", type_="foreignkey")
    op.drop_index("ix_step_done_open_item_id", table_name="step_done", schema="tegoed")
    op.drop_index("ix_step_done_action_id", table_name="step_done", schema="tegoed")
    op.drop_table("step_done", schema="tegoed")
    op.drop_index("ix_notice_item_open_item_id", table_name="notice_item", schema="tegoed")
    op.drop_table("notice_item", schema="tegoed")
    op.drop_index("ix_movement_open_item_id", table_name="movement", schema="tegoed")
    op.drop_table("movement", schema="tegoed")
    op.drop_index(
        "ix_hold_open_item_id",
        table_name="hold",
        schema="tegoed",
        postgresql_where=sa.text("released_at is null"),
    )
    op.drop_index("ix_hold_ended_on", table_name="hold", schema="tegoed")
    op.drop_index(
        "ix_hold_customer_id",
        table_name="hold",
        schema="tegoed",
        postgresql_where=sa.text("released_at is null"),
    )
    op.drop_table("hold", schema="tegoed")
    op.drop_table("workflow_next", schema="tegoed")
    op.drop_index(op.f("ix_presence_customer_id"), table_name="presence", schema="tegoed")
    op.drop_table("presence", schema="tegoed")
    op.drop_index(
        "ix_open_item_open",
        table_name="open_item",
        schema="tegoed",
        postgresql_where=sa.text("outstanding <> 0"),
    )
    op.drop_index("ix_open_item_document_number", table_name="open_item", schema="tegoed")
    op.drop_index("ix_open_item_customer_id", table_name="open_item", schema="tegoed")
    op.drop_table("open_item", schema="tegoed")
    op.drop_index("ix_notice_customer_id", table_name="notice", schema="tegoed")
    op.drop_index(op.f("ix_notice_action_id"), table_name="notice", schema="tegoed")
    op.drop_table("notice", schema="tegoed")
    op.drop_index(op.f("ix_letter_reference_customer_id"), table_name="letter_reference", schema="tegoed")
    op.drop_table("letter_reference", schema="tegoed")
    op.drop_index(op.f("ix_item_renumbering_customer_id"), table_name="item_renumbering", schema="tegoed")
    op.drop_table("item_renumbering", schema="tegoed")
    op.drop_index("ix_call_attempt_company_id", table_name="call_attempt", schema="tegoed")
    op.drop_table("call_attempt", schema="tegoed")
    op.drop_table("workflow_step", schema="tegoed")
    op.drop_table("group_profile_workflow", schema="tegoed")
    op.drop_index("ix_customer_number", table_name="customer", schema="tegoed")
    op.drop_index("ix_customer_company_id", table_name="customer", schema="tegoed")
    op.drop_table("customer", schema="tegoed")
    op.drop_index(
        "uq_workflow_version_published",
        table_name="workflow_version",
        schema="tegoed",
        postgresql_where=sa.text("state = 'published'"),
    )
    op.drop_table("workflow_version", schema="tegoed")
    op.drop_table("payment_profile", schema="tegoed")
    op.drop_index("ix_import_run_company_id", table_name="import_run", schema="tegoed")
    op.drop_table("import_run", schema="tegoed")
    op.drop_table("document_chunk", schema="tegoed")
    op.drop_index(
        "ix_delivery_trouble",
        table_name="delivery",
        schema="tegoed",
        postgresql_where=sa.text("state in ('failed', 'uncertain')"),
    )
    op.drop_index(
        "ix_delivery_lease",
        table_name="delivery",
        schema="tegoed",
        postgresql_where=sa.text("state in ('claimed', 'sending')"),
    )
    op.drop_index(
        "ix_delivery_due",
        table_name="delivery",
        schema="tegoed",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_index(
        "ix_delivery_contact",
        table_name="delivery",
        schema="tegoed",
        postgresql_where=sa.text("contact_on is not null"),
    )
    op.drop_table("delivery", schema="tegoed")
    op.drop_table("customer_group", schema="tegoed")
    op.drop_table("workflow", schema="tegoed")
    op.drop_table("source_connection", schema="tegoed")
    op.drop_table("print_queue", schema="tegoed")
    op.drop_table("outcome", schema="tegoed")
    op.drop_table("membership", schema="tegoed")
    op.drop_table("document", schema="tegoed")
    op.drop_index(
        "uq_company_calendar_working_no",
        table_name="company_calendar",
        schema="tegoed",
        postgresql_where=sa.text("working"),
    )
    op.drop_table("company_calendar", schema="tegoed")
    op.drop_index("ix_approval_action_id", table_name="approval", schema="tegoed")
    op.drop_table("approval", schema="tegoed")
    op.drop_table("station", schema="tegoed")
    op.drop_index("ix_import_line_run_id", table_name="import_line", schema="tegoed")
    op.drop_table("import_line", schema="tegoed")
    op.drop_index("ix_event_customer_id", table_name="event", schema="tegoed")
    op.drop_index("ix_event_action_id", table_name="event", schema="tegoed")
    op.drop_table("event", schema="tegoed")
    op.drop_table("database_state", schema="tegoed")
    op.drop_table("company", schema="tegoed")
    op.drop_index(op.f("ix_audit_log_company_id"), table_name="audit_log", schema="tegoed")
    op.drop_table("audit_log", schema="tegoed")
    op.drop_table("app_user", schema="tegoed")
    op.drop_index(
        "uq_action_item_live_step",
        table_name="action_item",
        schema="tegoed",
        postgresql_where=sa.text("live_step"),
    )
    op.drop_index("ix_action_item_open_item_id", table_name="action_item", schema="tegoed")
    op.drop_table("action_item", schema="tegoed")
    op.drop_index(
        "ix_action_worklist",
        table_name="action",
        schema="tegoed",
        postgresql_where=sa.text("state in ('planned', 'awaiting_approval', 'approved')"),
    )
    op.drop_index(
        "ix_action_render",
        table_name="action",
        schema="tegoed",
        postgresql_where=sa.text("state = 'planned' and kind in ('email', 'letter')"),
    )
    op.drop_index("ix_action_customer_id", table_name="action", schema="tegoed")
    op.drop_table("action", schema="tegoed")
    # ### end Alembic commands ###
