"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from sqlalchemy import text

from campaigns.cli.main import COMMANDS, cli
from campaigns.cli.stored_tokens import stored_token, token_file
from campaigns.client import CampaignClient
from campaigns.domain.identity import Role
from campaigns.storage.database import Database
from support.people import token_of
from support.postgres import PostgresServer
from support.running import Runner
from support.serving import LiveServer

PASSWORD = "correct horse"


def test_help_lists_every_command_without_importing_it(run: Runner) -> None:
    ran = run("--help")
    assert ran.code == 0
    for name, (_, what) in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(what.split()[0])}", ran.out, re.MULTILINE), name


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(run: Runner, name: str) -> None:
    ran = run(name, "--help")
    assert (ran.code, ran.err) == (0, "")
    command = cli.get_command(cli.make_context("campaign", [name]), name)
    assert command is not None
    assert command.name == name


def test_usage_errors_have_their_own_exit_code(run: Runner) -> None:
    assert run("no-such-command").code == 2
    assert run("admin", "create-user").code == 2


def test_create_user_and_token(run: Runner, tmp_path: Path) -> None:
    made = run("admin", "create-user", "ada", "--role", "admin", stdin=f"{PASSWORD}\n")
    assert (made.code, made.out) == (0, "Made user ada (admin).\n")
    token = run("admin", "create-token", "ada")
    assert (token.code, token.err) == (0, "")
    assert re.fullmatch(r"rct_\S{43}\n", token.out)
    as_json = json.loads(run("admin", "create-token", "script", "--user", "ada", "--role", "viewer", "--json").out)
    assert (as_json["user"], as_json["role"]) == ("ada", "viewer")
    assert run("admin", "create-token", "agent-1", "--site", "here").out.startswith("rct_")
    database = Database(f"sqlite:///{tmp_path / 'data' / 'campaigns.sqlite'}")
    with database.read() as session:
        kept = session.execute(text("SELECT name, user_name, role, site FROM api_token ORDER BY created_us")).all()
    database.close()
    assert [tuple(row) for row in kept] == [
        ("ada", "ada", "admin", None),
        ("script", "ada", "viewer", None),
        ("agent-1", None, "agent", "here"),
    ]


def test_problems_are_printed_with_place_and_remedy(run: Runner) -> None:
    ran = run("admin", "create-token", "nobody")
    assert (ran.code, ran.out) == (1, "")
    lines = ran.err.splitlines()
    assert lines[0] == "error: There is no user nobody."
    assert lines[1] == "  where: nobody"
    assert lines[2].startswith("  remedy: Make the user with")
    problem = json.loads(run("admin", "create-token", "nobody", "--json").err)
    assert (problem["code"], problem["where"]) == ("not_found", "nobody")


def test_faults_are_listed(run: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_LOG_LEVEL", "loud")
    ran = run("admin", "migrate")
    assert ran.code == 1
    assert "    where: CAMPAIGN_LOG_LEVEL" in ran.err.splitlines()


def test_migrate_says_whether_there_was_something_to_do(run: Runner) -> None:
    assert json.loads(run("admin", "migrate", "--json").out) == {"changed": True}
    assert json.loads(run("admin", "migrate", "--json").out) == {"changed": False}


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("mysql://x/y", "CAMPAIGN_DATABASE_URL"),
        ("nonsense", "CAMPAIGN_DATABASE_URL"),
        ("postgresql://me:secret@127.0.0.1:1/x", "postgresql://me:***@127.0.0.1:1/x"),
        ("sqlite:////proc/nowhere/x.sqlite", "sqlite:////proc/nowhere/x.sqlite"),
    ],
)
def test_database_that_is_not_there(run: Runner, monkeypatch: pytest.MonkeyPatch, url: str, where: str) -> None:
    monkeypatch.setenv("CAMPAIGN_DATABASE_URL", url)
    ran = run("admin", "migrate", "--json")
    assert ran.code == 1
    assert json.loads(ran.err)["where"] == where
    assert "secret" not in ran.err


def test_newer_database_is_refused(run: Runner, tmp_path: Path) -> None:
    run("admin", "migrate")
    database = Database(f"sqlite:///{tmp_path / 'data' / 'campaigns.sqlite'}")
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    ran = run("serve", "--port", "0", "--no-agent")
    assert ran.code == 1
    assert ran.err.startswith("error: The database is newer than this version")


@pytest.mark.postgres
def test_postgresql_is_brought_up_to_date_by_a_person(
    run: Runner, monkeypatch: pytest.MonkeyPatch, postgres_server: PostgresServer
) -> None:
    monkeypatch.setenv("CAMPAIGN_DATABASE_URL", postgres_server.create("fresh"))
    ran = run("serve", "--port", "0", "--no-agent")
    assert ran.code == 1
    assert "campaign admin migrate" in ran.err
    assert run("admin", "migrate").code == 0
    assert run("admin", "create-user", "ada", "--role", "admin").code == 0


def test_login_keeps_a_token_that_only_its_owner_can_read(
    run: Runner, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CampaignClient(live_server.url, token_of(Role.ADMIN)) as client:
        client.patch("users/vera", {"password": PASSWORD})
    monkeypatch.setenv("CAMPAIGN_SERVER", live_server.url)
    refused = run("login", "--name", "vera", stdin="wrong horse\n")
    assert (refused.code, token_file().exists()) == (1, False)
    assert run("login", "--name", "vera", stdin=f"{PASSWORD}\n").code == 0
    assert stat.S_IMODE(token_file().stat().st_mode) == 0o600
    with CampaignClient(live_server.url, stored_token(live_server.url)) as client:
        assert client.me()["name"] == "vera"


def test_serve_answers_and_stops_in_good_order(run: Runner, tmp_path: Path) -> None:
    run("admin", "create-user", "vera", "--role", "viewer")
    begin = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "campaigns.cli.main", "serve", "--port", "0", "--no-agent"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        url = None
        for line in process.stderr:
            if found := re.search(r"Serving on (\S+)", line):
                url = found[1]
                break
        assert url is not None
        with urlopen(f"{url}/healthz") as answer:
            assert json.load(answer)["status"] == "ok"
        assert time.monotonic() - begin < 15
    finally:
        process.terminate()
        rest = process.communicate(timeout=15)[1]
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    assert not (tmp_path / "data" / "campaigns.sqlite-wal").exists(), "the database was not closed"
