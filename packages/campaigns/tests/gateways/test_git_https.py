"""Git by https: a real server on this machine, with a certificate of an authority of its own."""

from __future__ import annotations

import os
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from campaigns.domain.specifications import ReferenceNotFound, RepositoryUnreachable
from campaigns.gateways.git import GitGateway
from campaigns.gateways.gitaddresses import GitAddresses
from support.repositories import Repository

HOST = "git.example.org"
REQUEST_HEADERS = {
    "CONTENT_TYPE": "Content-Type",
    "HTTP_CONTENT_ENCODING": "Content-Encoding",
    "HTTP_GIT_PROTOCOL": "Git-Protocol",
}


class Served(ThreadingHTTPServer):
    """Git's own server program behind TLS; one path leads elsewhere, as a server under somebody else's control might."""

    def __init__(self, repository: Repository, certificate: Path, key: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repository = repository
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    def url(self, name: str) -> str:
        """Give a repository's address."""
        return f"https://{HOST}:{self.server_address[1]}/{name}"


class _Handler(BaseHTTPRequestHandler):
    server: Served

    def do_GET(self) -> None:
        """Answer what git asks first."""
        path, _, query = self.path.partition("?")
        if path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", self.server.url("drp/.git" + self.path.removeprefix("/moved")))
            self.end_headers()
            return
        length = int(self.headers.get("Content-Length") or 0)
        told = {
            "GIT_PROJECT_ROOT": str(self.server.repository.path.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_LENGTH": str(length),
            "PATH": os.environ["PATH"],
            **{name: self.headers[header] for name, header in REQUEST_HEADERS.items() if header in self.headers},
        }
        # Whose the repositories are is no matter here.
        command = ["git", "-c", "safe.directory=*", "http-backend"]
        body = self.rfile.read(length)
        answer = subprocess.run(command, input=body, env=told, capture_output=True, check=True).stdout
        head, _, content = answer.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        """Answer what git asks then."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """Serve a repository ``drp``; the certificate beside it is its own authority."""
    made = Repository(tmp_path / "served" / "drp")
    made.commit({"campaign.yaml": "name: a\n"}, subject="The first", tag="v1")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    asked = [
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        f"/CN={HOST}",
        "-addext",
        f"subjectAltName=DNS:{HOST}",
    ]
    subprocess.run(["openssl", "req", *asked, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    server = Served(made, certificate, key)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def gateway(tmp_path: Path) -> GitGateway:
    addresses = GitAddresses([HOST], look_up=lambda host, port: ["127.0.0.1"])
    return GitGateway(tmp_path / "mirrors", addresses, timeout_s=20.0)


@pytest.fixture
def trusted(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    for name in ("GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    return served


def test_tags_are_resolved_and_files_read(gateway: GitGateway, trusted: Served) -> None:
    repository, where = trusted.repository, trusted.url("drp/.git")
    first = gateway.resolve(where, "v1")
    assert first == repository.git("rev-parse", "v1^{commit}")
    assert gateway.read(where, first, "campaign.yaml") == b"name: a\n"
    second = repository.commit({"campaign.yaml": "name: b\n"}, subject="The second")
    assert gateway.resolve(where, "main") == second
    with pytest.raises(ReferenceNotFound):
        gateway.resolve(where, "v2")


def test_a_certificate_that_is_not_trusted_is_told(gateway: GitGateway, served: Served) -> None:
    with pytest.raises(RepositoryUnreachable, match="certificate"):
        gateway.resolve(served.url("drp/.git"), "v1")


def test_what_is_not_there_and_what_leads_elsewhere_is_refused(gateway: GitGateway, trusted: Served) -> None:
    with pytest.raises(RepositoryUnreachable):
        gateway.resolve(trusted.url("none/.git"), "v1")
    with pytest.raises(RepositoryUnreachable):
        gateway.resolve(trusted.url("moved"), "v1")
