"""Alembic's entry: runs the steps on the connection, and in the transaction, that `upgrade` opened."""

from alembic import context

from modelyard.store import shelves  # noqa: F401  # its tables belong to the same metadata
from modelyard.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
