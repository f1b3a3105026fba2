"""The tables, one file for each. Rows stay below the stores; everyone else gets plain models."""
