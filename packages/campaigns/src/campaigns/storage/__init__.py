"""Reading and writing the database; the only place that knows SQL. Stores hand out plain models."""
