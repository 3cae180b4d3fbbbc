"""Run by Alembic: the connection comes from ``egovcloud.store.schema``, so that there is no second place for a URL."""

from alembic import context

from egovcloud.store.schema import METADATA, include_object, no_way_back, render_item

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    include_object=include_object,
    render_item=render_item,
    process_revision_directives=no_way_back,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
