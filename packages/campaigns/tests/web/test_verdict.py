"""The live verdict of a definition's form: it knows what the server knows."""

from __future__ import annotations

from typing import Any

import yaml

from campaigns.domain.identity import Role
from support.serving import Clients
from web.conftest import browser
from web.examples import definition


def _verdict(clients: Clients, path: str = "/campaigns/check", *, role: Role = Role.MANAGER, **changes: Any) -> str:
    document = yaml.safe_dump({**definition("verdict"), "output": "u/mary/verdict", **changes})
    answer = browser(clients, role).post(path, data={"document": document})
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def test_what_the_site_offers_and_who_there_is_is_looked_up_as_one_types(clients: Clients) -> None:
    told = _verdict(clients, stack="w_1", butler="nowhere", team="none", lead="nobody", output="u/otto/x")
    assert "It can be saved; it could not begin:" in told
    for message in (
        "The site here has no stack w_1.",
        "The site here has no Butler repository nowhere.",
        "There is no team none.",
        "There is no user nobody, who would lead it.",
        "below that of another user, otto",
    ):
        assert message in told
    assert "There is no site moon." in _verdict(clients, site="moon")


def test_a_taken_name_cannot_be_saved_and_all_else_is_told_beside_it(clients: Clients) -> None:
    told = _verdict(clients, name="dm-51777-psf", stack="w_1")
    assert "1 problem: it cannot be saved yet" in told
    assert "The name dm-51777-psf is taken by C-5." in told
    assert "The site here has no stack w_1." in told
    own = _verdict(clients, "/campaigns/C-5/edit/check?revision=1", name="dm-51777-psf")
    assert "is taken" not in own


def test_what_is_sent_anyway_is_refused_in_the_same_words(clients: Clients) -> None:
    document = yaml.safe_dump({**definition("dm-51777-psf"), "output": "u/mary/verdict"})
    answer = browser(clients, Role.MANAGER).post("/campaigns/new", data={"document": document, "then": "save"})
    assert answer.status_code == 409
    assert "The name dm-51777-psf is taken by C-5." in answer.text


def test_who_may_make_no_campaigns_does_not_learn_of_hidden_ones(clients: Clients) -> None:
    admin = clients(Role.ADMIN)
    assert admin.post("/api/v1/teams", json={"name": "kites"}).status_code == 201
    hidden = {**definition("kestrel"), "team": "kites", "visibility": "team", "output": "u/otto/kestrel"}
    del hidden["lead"]
    assert admin.post("/api/v1/campaigns", json=hidden).status_code == 201
    assert "is taken by a campaign that is kept to a team" in _verdict(clients, name="kestrel")
    assert "is taken" not in _verdict(clients, role=Role.VIEWER, name="kestrel")
