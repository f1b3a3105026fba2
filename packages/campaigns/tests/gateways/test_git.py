"""Git on real repositories in a folder, and which repositories are read at all."""

from __future__ import annotations

import random
import tarfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from campaigns.domain.specifications import (
    NotInRepository,
    ReferenceNotFound,
    RepositoryNotAllowed,
    RepositoryTooLarge,
    RepositoryUnreachable,
)
from campaigns.gateways.git import N_AT_ONCE, GitGateway
from campaigns.gateways.gitaddresses import GitAddresses
from campaigns.gateways.gitprocess import GitProcess, GitRun
from campaigns.gateways.public import is_public
from support.repositories import Repository

PUBLIC, PRIVATE = "140.82.121.4", "10.0.0.7"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "shared" / "drp")
    made.commit({"campaign.yaml": "name: a\n", "data/bad.json": "[]"}, subject="The first", tag="v1")
    return made


@pytest.fixture
def gateway(tmp_path: Path, repository: Repository) -> GitGateway:
    return GitGateway(tmp_path / "mirrors", GitAddresses(local_roots=[tmp_path / "shared"]), timeout_s=20.0)


def test_tags_branches_and_commits_are_resolved(gateway: GitGateway, repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD")
    second = repository.commit({"b": "2"})
    where = str(repository.path)
    assert gateway.resolve(where, "v1") == first, "an annotated tag stands for its commit"
    assert gateway.resolve(where, "main") == second
    assert gateway.resolve(where, second) == second
    assert gateway.resolve(where, second[:9]) == second


def test_a_tag_goes_before_a_branch_of_its_name(gateway: GitGateway, repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD")
    repository.git("branch", "v1")
    repository.git("checkout", "--quiet", "v1", "--")
    repository.commit({"b": "2"})
    assert gateway.resolve(str(repository.path), "v1") == first


def test_files_are_read_at_their_commit(gateway: GitGateway, repository: Repository) -> None:
    where, first = str(repository.path), repository.git("rev-parse", "HEAD")
    repository.commit({"campaign.yaml": "name: b\n"})
    assert gateway.read(where, first, "campaign.yaml") == b"name: a\n"
    assert gateway.files(where, first) == [("campaign.yaml", 8), ("data/bad.json", 2)]
    assert gateway.files(where, first, "data") == [("data/bad.json", 2)]


def test_what_came_since_is_told(gateway: GitGateway, repository: Repository) -> None:
    where, first = str(repository.path), repository.git("rev-parse", "HEAD")
    assert gateway.moved(where, "main", first).n_ahead == 0
    repository.commit({"b": "2"}, subject="The second")
    newest = repository.commit({"b": "3"}, subject="The third")
    moved = gateway.moved(where, "main", first)
    assert (moved.commit, moved.n_ahead, moved.n_behind) == (newest, 2, 0)
    assert [(one.subject, one.author) for one in moved.commits] == [("The third", "Mary"), ("The second", "Mary")]
    repository.git("reset", "--quiet", "--hard", first)
    repository.commit({"c": "1"}, subject="Rewritten")
    moved = gateway.moved(where, "main", newest)
    assert (moved.n_ahead, moved.n_behind) == (1, 2), "history was rewritten, and what was there is still known"
    assert gateway.read(where, newest, "b") == b"3"


def test_an_archive_has_all_files(gateway: GitGateway, repository: Repository, tmp_path: Path) -> None:
    gateway.archive(str(repository.path), repository.git("rev-parse", "HEAD"), tmp_path / "a.tar")
    with tarfile.open(tmp_path / "a.tar") as tar:
        assert {name for name in tar.getnames() if "." in name} == {"campaign.yaml", "data/bad.json"}


def test_each_mistake_is_told_in_its_words(gateway: GitGateway, repository: Repository, tmp_path: Path) -> None:
    where, commit = str(repository.path), repository.git("rev-parse", "HEAD")
    with pytest.raises(ReferenceNotFound, match=r"has no tag, branch or commit v2\."):
        gateway.resolve(where, "v2")
    with pytest.raises(NotInRepository, match=r"has no file nothing\.yaml at"):
        gateway.read(where, commit, "nothing.yaml")
    with pytest.raises(NotInRepository, match="data is a folder"):
        gateway.read(where, commit, "data")
    with pytest.raises(RepositoryUnreachable, match="There is no repository"):
        gateway.resolve(str(tmp_path / "shared" / "none"), "v1")
    (tmp_path / "shared" / "plain").mkdir()
    with pytest.raises(RepositoryUnreachable, match="cannot be read"):
        gateway.resolve(str(tmp_path / "shared" / "plain"), "v1")
    Repository(tmp_path / "elsewhere")
    with pytest.raises(RepositoryNotAllowed, match="its folder is none of those"):
        gateway.resolve(str(tmp_path / "elsewhere"), "v1")
    (tmp_path / "shared" / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RepositoryNotAllowed):
        gateway.resolve(str(tmp_path / "shared" / "link"), "v1")


@pytest.mark.parametrize("reference", ["--upload-pack=touch", "-v", "a..b", "", "a b", "a\nb", "HEAD^{/x}"])
def test_odd_references_never_reach_git(gateway: GitGateway, repository: Repository, reference: str) -> None:
    with pytest.raises(ReferenceNotFound, match="is no name"):
        gateway.resolve(str(repository.path), reference)


@pytest.mark.parametrize("path", ["../secret", "a/../../b", "/etc/passwd", "-x", ":0:a", "a\nb"])
def test_odd_paths_never_reach_git(gateway: GitGateway, repository: Repository, path: str) -> None:
    with pytest.raises(NotInRepository, match="is no path"):
        gateway.read(str(repository.path), repository.git("rev-parse", "HEAD"), path)


def test_sizes_are_limited(tmp_path: Path, repository: Repository) -> None:
    noise = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=300_000))
    commit = repository.commit({"large.txt": noise})
    addresses = GitAddresses(local_roots=[tmp_path / "shared"])
    small = GitGateway(tmp_path / "m1", addresses, max_file_mb=0.1)
    with pytest.raises(RepositoryTooLarge, match=r"at most 0\.1 are read"):
        small.read(str(repository.path), commit, "large.txt")
    tiny = GitGateway(tmp_path / "m2", addresses, max_mb=0.05)
    with pytest.raises(RepositoryTooLarge, match=r"is larger than 0\.05 MB"):
        tiny.resolve(str(repository.path), "main")


def test_neither_configuration_nor_hooks_of_the_machine_count(
    gateway: GitGateway, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    ran = tmp_path / "ran"
    (home / ".gitconfig").write_text(f"[core]\n\tfsmonitor = touch {ran}\n[uploadpack]\n\tpackObjectsHook = touch {ran}\n[bad\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    hook = repository.path / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)
    assert gateway.resolve(str(repository.path), "v1")
    assert not ran.exists()


def test_two_who_fetch_at_once_wait_for_each_other(gateway: GitGateway, repository: Repository) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(gateway.resolve(str(repository.path), "main"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [repository.git("rev-parse", "HEAD")] * 4


def test_a_host_that_does_not_answer_takes_no_longer_than_allowed(tmp_path: Path) -> None:
    # An address of TEST-NET-1, where nobody is.
    addresses = GitAddresses(["nobody.example.org"], look_up=lambda host, port: ["192.0.2.1"])
    gateway = GitGateway(tmp_path / "mirrors", addresses, timeout_s=1.0)
    before = time.monotonic()
    with pytest.raises(RepositoryUnreachable):
        gateway.resolve("https://nobody.example.org/a.git", "v1")
    assert time.monotonic() - before < 10


@pytest.mark.parametrize(
    ("repository", "why"),
    [
        ("http://example.org/a.git", "only https and ssh are"),
        ("git://example.org/a.git", "only https and ssh are"),
        ("file:///etc", "only https and ssh are"),
        ("ext::sh -c touch% /tmp/a", "only https and ssh are"),
        ("https://mary:secret@example.org/a.git", "a name or a password"),
        ("https://example.org:port/a.git", "no address"),
        ("ssh://-oProxyCommand=touch/a", "only https and ssh are"),
        ("/etc", "its folder is none of those"),
        ("https://inside.example.org/a.git", "inside a private network"),
        ("https://both.example.org/a.git", "inside a private network"),
        ("git@inside.example.org:a/b.git", "inside a private network"),
        ("https://127.0.0.1/a.git", "inside a private network"),
        ("https://[::1]/a.git", "inside a private network"),
    ],
)
def test_what_is_not_allowed_is_refused_before_git_is_asked(repository: str, why: str) -> None:
    known = {"inside.example.org": [PRIVATE], "both.example.org": [PUBLIC, PRIVATE], "127.0.0.1": ["127.0.0.1"], "::1": ["::1"]}
    addresses = GitAddresses(look_up=lambda host, port: known.get(host, [PUBLIC]))
    with pytest.raises(RepositoryNotAllowed, match=why):
        addresses.reach(repository)


def test_git_goes_where_was_looked() -> None:
    addresses = GitAddresses(look_up=lambda host, port: [PUBLIC])
    reached = addresses.reach("https://github.com/lsst/drp_pipe.git")
    assert (reached.protocol, reached.options) == ("https", ("-c", f"http.curloptResolve=github.com:443:{PUBLIC}"))
    reached = addresses.reach("git@github.com:lsst/drp_pipe.git")
    assert (reached.url, reached.protocol) == ("ssh://git@github.com/lsst/drp_pipe.git", "ssh")
    assert reached.ssh_options == (f"-o HostName={PUBLIC}", "-o HostKeyAlias=github.com")


def test_ssh_is_given_the_key_and_the_hosts_of_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, told = tmp_path / "bin" / "ssh", tmp_path / "told"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {told}\necho "m@h: Permission denied (publickey)." >&2\nexit 255\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    addresses = GitAddresses(look_up=lambda host, port: [PUBLIC])
    key, hosts = tmp_path / "a key", tmp_path / "known hosts"
    gateway = GitGateway(tmp_path / "mirrors", addresses, timeout_s=20.0, ssh_key=key, known_hosts=hosts)
    with pytest.raises(RepositoryUnreachable, match="Permission denied"):
        gateway.resolve("git@github.com:lsst/drp_pipe.git", "v1")
    given = told.read_text().splitlines()
    assert given[given.index("-i") + 1] == str(key)
    assert f'UserKnownHostsFile="{hosts}"' in given
    assert {"StrictHostKeyChecking=yes", "HostKeyAlias=github.com", "IdentitiesOnly=yes"} <= set(given)


def test_named_hosts_are_read_wherever_they_are_and_no_others() -> None:
    addresses = GitAddresses(["git.example.org"], look_up=lambda host, port: [PRIVATE])
    assert addresses.reach("https://git.example.org/a.git").protocol == "https"
    with pytest.raises(RepositoryNotAllowed, match="not among the hosts"):
        addresses.reach("https://github.com/a.git")


def test_more_files_than_git_is_asked_for_at_a_time(gateway: GitGateway, repository: Repository) -> None:
    commit = repository.commit({**{f"a/{number}": "" for number in range(N_AT_ONCE + 1)}, "z/last.yaml": ""})
    where, asked = str(repository.path), ["z/last.yaml", "z/none.yaml", "z", "z/", "../z", "z/*", "z/last.yaml"]
    assert gateway.missing(where, commit, asked) == {"z/none.yaml", "z", "z/", "../z", "z/*"}
    assert gateway.files(where, commit, suffix=".yaml")[1:] == [("z/last.yaml", 0)]


def test_a_path_is_looked_for_without_listing_its_folder(
    gateway: GitGateway, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, where = repository.commit({f"many/{number}.json": "" for number in range(20)}), str(repository.path)
    asked: list[str] = []
    run = GitProcess.run

    def watched(git: GitProcess, arguments: list[str], **told: Any) -> GitRun:
        found = run(git, arguments, **told)
        asked.append(found.text)
        return found

    monkeypatch.setattr(GitProcess, "run", watched)
    for path in ("many", "many/0.json"):
        gateway.check_path(where, commit, path)
    for path in ("none", "many/none.json", "../many", "/many", "man"):
        with pytest.raises(NotInRepository):
            gateway.check_path(where, commit, path)
    assert {"tree\n", "blob\n"} <= set(asked)
    assert not any("0.json" in answer for answer in asked)


def test_behind_a_proxy_hosts_are_named() -> None:
    addresses = GitAddresses(proxied=True, look_up=lambda host, port: [PUBLIC])
    with pytest.raises(RepositoryNotAllowed, match="behind a proxy"):
        addresses.reach("https://github.com/a.git")
    assert addresses.reach("git@github.com:a.git").protocol == "ssh"
    named = GitAddresses(["github.com"], proxied=True, look_up=lambda host, port: [PUBLIC])
    assert named.reach("https://github.com/a.git").protocol == "https"


@pytest.mark.parametrize(
    "address", ["::ffff:10.0.0.7", "224.0.0.1", "ff0e::1", "64:ff9b::a00:7", "2002:a00:7::1", "::10.0.0.7", "fe80::1%eth0"]
)
def test_addresses_that_stand_for_others_are_not_public(address: str) -> None:
    assert not is_public(address)
    addresses = GitAddresses(look_up=lambda host, port: [PUBLIC, address])
    with pytest.raises(RepositoryNotAllowed, match="inside a private network"):
        addresses.reach("https://example.org/a.git")
