"""The pipeline's tasks, one in each module, so that a job imports only what it runs."""
