"""Alembic's door: the connection comes from `app.adapters.database.upgrade`, there is no ini file."""

from importlib import import_module

from alembic import context

given = context.config.attributes

context.configure(
    connection=given["connection"],
    target_metadata=import_module("app.models").metadata,
    version_table_schema=given["schema"],
    include_schemas=True,
    include_name=given["include_name"],
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
