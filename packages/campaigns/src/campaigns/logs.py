"""Log lines, of the service and of the libraries it uses, in one form and on standard error."""

from __future__ import annotations

import logging
import sys

import structlog

from campaigns.config import LogFormat, Settings

__all__ = ("configure_logging",)


def configure_logging(settings: Settings) -> None:
    """Set the form and the level of log lines for this process.

    Parameters
    ----------
    settings : `Settings`
        Level and form.
    """
    level = logging.getLevelNamesMapping()[settings.log_level.value.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render: list[structlog.typing.Processor]
    match settings.log_format:
        case LogFormat.JSON:
            render = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        case LogFormat.CONSOLE:
            plain = structlog.dev.plain_traceback
            render = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # At the level info these tell of every request that a client makes, and of databases that are as they should be.
    for name in ("alembic", "httpx"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
