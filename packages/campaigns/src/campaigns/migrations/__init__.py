"""The database's history, by Alembic; one history for both databases.

To add a revision after changing the tables, and to check that none is missing::

    python -m campaigns.migrations "what changes"
    python -m campaigns.migrations --check
"""
