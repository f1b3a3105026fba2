"""What all commands have in common: they are listed, have examples, load little, and tell mistakes plainly."""

from __future__ import annotations

import importlib.metadata
import json
import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import click
import pytest
from lsst.daf.butler.cli.butler import cli

from dataid_sets import Access, Unknown
from dataid_sets.cli import _options, get_cli_subcommands
from dataid_sets.cli._command import MOST_TOLD
from dataid_sets.files import FORMATS

from .conftest import Run, document

COMMANDS = {command.name: command for command in get_cli_subcommands()}
BUTLER = Path(sys.executable).with_name("butler")
FOLDER = Path(_options.__file__).parent


def test_the_entry_point_gives_every_module_of_a_command() -> None:
    (point,) = importlib.metadata.entry_points(group="butler.cli", name="dataid_sets")
    modules = {path.stem.replace("_", "-") for path in FOLDER.glob("[a-z]*.py")}
    assert {command.name for command in point.load()()} == modules
    listed = cli.list_commands(click.Context(cli))
    assert modules <= set(listed)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_has_examples_that_can_be_parsed(name: str, run: Run) -> None:
    text = run(name, "--help").stdout
    examples = re.findall(rf"^ +butler ({name} .*)$", text, re.MULTILINE)
    assert len(examples) >= 2
    for example in examples:
        words = _words(example)
        COMMANDS[name].make_context(name, words[1:])


def _words(example: str) -> list[str]:
    import shlex

    return shlex.split(re.split(r" [|<>] ", example)[0])


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_options_have_help(name: str) -> None:
    assert COMMANDS[name].short_help
    for param in COMMANDS[name].params:
        if isinstance(param, click.Option) and not isinstance(param, _options_of_sections()):
            assert param.help, param.name


def _options_of_sections() -> type:
    from lsst.daf.butler.cli.utils import OptionSection

    return OptionSection


def test_the_words_of_options_are_those_of_the_classes() -> None:
    assert tuple(Access) == _options.ACCESSES
    assert tuple(Unknown) == _options.UNKNOWNS
    assert tuple(FORMATS) == _options.FORMATS


def test_commands_load_nothing_besides_themselves() -> None:
    # Butler loads all commands to run any one of them. The package's own module is left out: what it loads is its own matter.
    code = (
        "import sys, types, lsst.daf.butler.cli.cmd, lsst.daf.butler.cli.butler\n"
        "package = types.ModuleType('dataid_sets')\n"
        f"package.__path__ = [{str(FOLDER.parent)!r}]\n"
        "sys.modules['dataid_sets'] = package\n"
        "before = set(sys.modules)\n"
        "import dataid_sets.cli\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "dataid_sets.cli.upload_dataid_set" in loaded
    assert [name for name in loaded if not name.startswith("dataid_sets.cli")] == ["dataid_sets._errors"]


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"init-dataid-sets"}))
def test_a_wrong_repository_is_told_by_butlers_own_message(name: str, run: Run, tmp_path: Path) -> None:
    arguments = _arguments(name, str(tmp_path / "nowhere"))
    code = 2 if name == "compare-dataid-sets" else 1
    result = run(name, *arguments, code=code)
    assert result.stdout == ""
    assert result.stderr.startswith("REPO: Config location ")
    told = document(run(name, *arguments, "--json", code=code))
    assert [error["code"] for error in told["errors"]] == ["no_repository"]


def _arguments(name: str, repo: str) -> list[str]:
    """Give the arguments of a command's first example, on another repository."""
    example = re.search(rf"butler {name} (.*)", COMMANDS[name].epilog or "")
    assert example is not None
    return [repo, *_words(example[1])[1:]]


def test_a_folder_without_a_repository_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "butler.yaml").write_text("{nonsense")
    assert run("query-dataid-sets", tmp_path, code=1).stderr.startswith("REPO: ")


def test_a_repository_without_sets_says_what_to_do(run: Run, bare_root: Path) -> None:
    assert "butler init-dataid-sets" in run("query-dataid-sets", bare_root, code=1).stderr
    (error,) = document(run("query-dataid-sets", bare_root, "--json", code=1))["errors"]
    assert (error["code"], error["where"]) == ("schema", "")
    assert set(error) == {"code", "where", "message", "remedy"}


def test_many_problems_are_cut_for_people_but_not_for_programs(run: Run, hsc_root: Path, name: str, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("instrument,visit\n" + "".join(f"HSC,{visit}\n" for visit in range(1, 301)))
    lines = run("upload-dataid-set", hsc_root, name, path, code=1).stderr.splitlines()
    assert len(lines) == MOST_TOLD + 1
    assert lines[0] == f"{path}, line 2, instrument=HSC, visit=1: The registry has no such visit."
    assert lines[-2] == f"... and {301 - MOST_TOLD:,} more; --json gives all of them."
    assert lines[-1].startswith("In all, the registry does not know 300 of these values.")
    assert len(document(run("upload-dataid-set", hsc_root, name, path, "--json", code=1))["errors"]) == 301


def test_a_reader_that_goes_away_is_no_error(own_root: Path, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("instrument,exposure\n" + "".join(f"HSC,{exposure}\n" for exposure in range(1, 25_001)))
    run("upload-dataid-set", own_root, "t/many", path, "--unknown", "pending")
    query = ["query-dataid-sets", str(own_root), "t/many", "--rows"]
    export = ["export-dataid-set", str(own_root), "t/many", "-", "--format", "csv"]
    # Most of their time is Python's, to load Butler: so both start at once.
    with _started(query) as one, _started(export) as other:
        for process in (one, other):
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline().startswith(b"instrument")
            process.stdout.close()
            assert process.stderr.read() in {b"", b"WARNING: More than 20,000 results; use --limit for others.\n"}
            process.wait()
            assert process.returncode == 141


def _started(arguments: list[str]) -> subprocess.Popen[bytes]:
    # Unbuffered, Python tells nothing of what a pipe has not taken.
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen([BUTLER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)


def test_bars_appear_on_terminals_alone(
    own_root: Path, run: Run, good_csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--progress", "upload-dataid-set", str(own_root), "t/bars", str(good_csv), "--json"]
    plain = run(*command)
    assert (plain.stderr, json.loads(plain.stdout)["version"]) == ("", 1)
    export = ["export-dataid-set", str(own_root), "t/bars", str(tmp_path / "out.csv")]
    convert = ["convert-dataids", str(own_root), str(good_csv), str(tmp_path / "made.csv")]
    shown = "".join(_on_terminal(arguments, monkeypatch) for arguments in (command, export, convert))
    assert '"version": 2' in capsys.readouterr().out
    n_bytes = good_csv.stat().st_size
    for told in (
        f"Reading good.csv, bytes  [####################################]  {n_bytes}/{n_bytes}",
        "Loading, rows  [####################################]  2/2",
        "Fetching t/bars@2, rows  [####################################]  2/2",
        "Writing, rows  [####################################]  2/2",
        "Looking up visit, rows  [####################################]  2/2",
    ):
        assert told in shown


def _on_terminal(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a command with a terminal for its standard error; gives what stood there."""
    ours, theirs = pty.openpty()
    try:
        # Lines are cut to the terminal's width.
        termios.tcsetwinsize(theirs, (40, 200))
        with os.fdopen(os.dup(theirs), "w") as terminal, monkeypatch.context() as patched:
            patched.setattr(sys, "stderr", terminal)
            patched.setenv("COLUMNS", "200")
            cli.main(arguments, standalone_mode=False)
        return os.read(ours, 100_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)
