"""How a command of sets runs: its examples, its errors, and what it says while it works.

Modules of this subpackage import nothing heavy where they are loaded: Butler loads all commands to run any one of them.
"""

from __future__ import annotations

__all__ = ("MOST_TOLD", "SetsCommand")

import errno
import functools
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NoReturn

import click
import sqlalchemy.exc
from lsst.daf.butler import ButlerUserError
from lsst.daf.butler.cli.progress import ClickProgressHandler
from lsst.daf.butler.cli.utils import ButlerCommand
from lsst.daf.butler.progress import Progress
from lsst.daf.butler.registry import RegistryError

from .._errors import DataIdSetError, Problem
from ._output import one_line

MOST_TOLD = 100
"""How many problems are printed; ``--json`` gives all of them."""

BROKEN_PIPE_CODE = 141
"""What a shell gives for a program whose reader went away."""

_CLOSED = Problem(code="unwritable", where="standard output", message="It is closed.", remedy="Send it to /dev/null.")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


class SetsCommand(ButlerCommand):
    """A command that tells mistakes as problems, never as a traceback.

    Parameters
    ----------
    *args : `typing.Any`
        Those of `click.Command`.
    callback : callable
        The function.
    examples : sequence of `str`
        Command lines, without ``butler``.
    error_code : `int`, optional
        The exit code where something is wrong.
    **kwargs : `typing.Any`
        Those of `click.Command`.
    """

    def __init__(
        self, *args: Any, callback: Callable[..., None], examples: Sequence[str], error_code: int = 1, **kwargs: Any
    ) -> None:
        # Click keeps the lines of a paragraph that begins with a backspace.
        epilog = "\n".join(["\b", "Examples:", *(f"  butler {example}" for example in examples)])
        super().__init__(*args, callback=_telling(callback, error_code), epilog=epilog, **kwargs)


def _telling(function: Callable[..., None], error_code: int) -> Callable[..., None]:
    """Wrap a command's function, inside the wrapper by which Butler logs tracebacks."""

    @functools.wraps(function)
    def wrapped(**kwargs: Any) -> None:
        # Bars would spoil a log, and standard output is for results; Butler's own option --progress sees to neither.
        Progress.set_handler(_bars())
        try:
            if sys.stdout is None:
                raise DataIdSetError(_CLOSED)
            function(**kwargs)
            sys.stdout.flush()
        except Exception as error:
            if _is_broken_pipe(error):
                _leave_quietly()
            problems = _problems(error)
            if problems is None:
                raise
            _tell_somewhere(problems, as_json=kwargs.get("as_json", False) and problems != (_CLOSED,))
            raise click.exceptions.Exit(error_code) from None
        finally:
            Progress.set_handler(None)

    return wrapped


def _bars() -> ClickProgressHandler | None:
    on_terminal = sys.stderr is not None and sys.stderr.isatty()
    return ClickProgressHandler(file=sys.stderr, show_pos=True) if on_terminal else None


def _is_broken_pipe(error: BaseException) -> bool:
    # What writes files makes an error of its own from it.
    return isinstance(error, BrokenPipeError) or isinstance(error.__context__, BrokenPipeError)


def _leave_quietly() -> NoReturn:
    _drop_output()
    raise click.exceptions.Exit(BROKEN_PIPE_CODE)


def _drop_output() -> None:
    # What is still in the buffer would raise once more when Python ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _problems(error: Exception) -> tuple[Problem, ...] | None:
    """Give what a user can mend, or `None` for what is a mistake in a program."""
    match error:
        case DataIdSetError():
            return error.problems
        case ButlerUserError() | RegistryError():
            return (Problem(code="butler", message=_text(error)),)
        case OSError(errno=number) if number in _FULL:
            return (Problem(code="unwritable", message=f"This cannot be written: {error.strerror}."),)
        case sqlalchemy.exc.DBAPIError():
            return (Problem(code="database", message=f"The database refused: {_text(error.orig or error)}"),)
        case _:
            return None


def _text(error: BaseException) -> str:
    # The text of a KeyError is the representation of what it was given.
    text = error.args[0] if isinstance(error, KeyError) and error.args else error
    return " ".join(str(text).split())


def _tell_somewhere(problems: Sequence[Problem], *, as_json: bool) -> None:
    """Tell problems, on standard error where standard output takes nothing."""
    try:
        if sys.stdout is not None:
            # A full disk shows here, before JSON would be half of two documents.
            sys.stdout.flush()
        _tell(problems, as_json=as_json)
    except OSError as error:
        if _is_broken_pipe(error):
            _leave_quietly()
        with suppress(OSError):
            _drop_output()
        with suppress(OSError):
            _tell(problems, as_json=False)


def _tell(problems: Sequence[Problem], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"errors": [problem.to_dict() for problem in problems]}, indent=2))
        return
    lines = [one_line(str(problem)) for problem in problems]
    if len(lines) > MOST_TOLD:
        # The last one often sums up.
        hidden = f"... and {len(lines) - MOST_TOLD:,} more; --json gives all of them."
        lines = [*lines[: MOST_TOLD - 1], hidden, lines[-1]]
    for line in lines:
        click.echo(line, err=True)
