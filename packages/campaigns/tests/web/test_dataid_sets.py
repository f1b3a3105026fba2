"""The pages about DataId sets: what there is, what a campaign uses, and leaving data out after failures."""

from __future__ import annotations

import json
import re
from typing import Any

from campaigns.domain.identity import Role
from campaigns.gateways.clock import FixedClock
from support.counting import counted
from support.people import NOW_US
from support.serving import Clients, TestClient
from web.conftest import browser
from web.fake_agent import FakeAgent

PICK = json.dumps({"skymap": "lsst_cells_v1", "tract": 9813, "patch": 12, "reason": "no warps"})


def _agent(clients: Clients) -> FakeAgent:
    agent = FakeAgent(clients(Role.AGENT), FixedClock(NOW_US))
    agent.hello()
    return agent


def _sent(client: TestClient, path: str, **form: Any) -> str:
    """Send a form that must be taken, and give the page it leads to."""
    answer = client.post(path, data=form)
    assert answer.status_code == 303, answer.text
    return str(client.get(answer.headers["location"]).text)


def test_the_list_tells_versions_reasons_and_who_pinned_them(clients: Clients) -> None:
    viewer = browser(clients, Role.VIEWER)
    text = viewer.get("/dataid-sets").text
    assert text.count("<b>DM-51300/clouds</b>") == 2
    assert "clouds: extinction above 1 mag" in text
    [row] = re.findall(r'<tr id="set-[^"]+" data-href="[^"]+clouds@1".*?</tr>', text, re.DOTALL)
    assert '<a href="/campaigns/C-2?tab=data"' in row
    assert "No set is so." in viewer.get("/dataid-sets?name=nothing").text
    assert 'id="upload"' not in text
    assert 'id="upload"' in browser(clients, Role.OPERATOR).get("/dataid-sets").text


def test_who_pinned_the_sets_of_a_list_is_asked_at_once(clients: Clients) -> None:
    viewer = browser(clients, Role.VIEWER)
    with counted() as seen:
        assert viewer.get("/dataid-sets").text.count('<tr id="set-') > 1
    assert len([one for one in seen if "FROM set_pin" in one]) == 1


def test_one_set_with_its_data_ids(clients: Clients) -> None:
    viewer = browser(clients, Role.VIEWER)
    text = viewer.get("/dataid-sets/here/main/DM-51300/clouds@1").text
    assert text.count('<tr id="row-') == 41
    assert "2026110100141" not in text
    assert "&lt;script&gt;" in text
    assert "C-2 rc2-w_2026_46" in text
    assert viewer.get("/dataid-sets/here/main/DM-51300/clouds").text.count('<tr id="row-') == 44
    missing = viewer.get("/dataid-sets/here/main/DM-51300/clouds@9")
    assert missing.status_code == 404
    assert "No set DM-51300/clouds@9 is known" in missing.text


def test_a_set_shows_what_campaigns_say_of_it(clients: Clients) -> None:
    otto = browser(clients, Role.OPERATOR)
    page = otto.get("/dataid-sets/here/main/DM-51300/clouds@1").text
    assert "No campaign has a note on it." in page
    assert '<a href="/campaigns/C-2?tab=notes">' in page
    body = {"body": "Too much is left out", "set": "DM-51300/clouds"}
    note = clients(Role.OPERATOR).post("/api/v1/campaigns/C-2/notes", json=body)
    assert note.status_code == 201, note.text
    page = otto.get("/dataid-sets/here/main/DM-51300/clouds@1").text
    assert "Too much is left out" in page
    assert '<a href="/campaigns/C-2">C-2 rc2-w_2026_46</a>' in page
    assert "Too much is left out" not in otto.get("/dataid-sets/here/main/DM-51300/clouds@2").text
    assert '<a href="/dataid-sets/here/main/DM-51300/clouds@1"><code>' in otto.get("/campaigns/C-2?tab=notes").text


def test_a_campaign_tells_what_it_leaves_out_and_what_has_drifted(clients: Clients) -> None:
    text = browser(clients, Role.VIEWER).get("/campaigns/C-2?tab=data").text
    assert "A newer version DM-51300/clouds@2 exists." in text
    assert 'href="/dataid-sets/here/main/DM-51300/clouds@2?with=1#compared"><span class="num">+3 −0</span> data IDs</a>' in text
    assert "a manager may revise the campaign to use" in text
    assert 'href="/campaigns/C-2/edit" class="revise"' in browser(clients, Role.MANAGER).get("/campaigns/C-2?tab=data").text
    assert "41</b> data IDs of instrument, exposure" in text
    assert "applied" in text
    assert "translated" in text
    assert "to come" in text
    assert "expected: translated, exposure → visit by the rule any" in text
    assert "makeVisit" in text
    assert "The definition names no DataId sets" in browser(clients, Role.VIEWER).get("/campaigns/C-1?tab=data").text


def test_a_submission_tells_what_sets_did_to_its_graph(clients: Clients) -> None:
    viewer = browser(clients, Role.VIEWER)
    assert "exposure → visit" in viewer.get("/submissions/S-5").text
    assert 'id="sets-h"' not in viewer.get("/submissions/S-1").text


def test_a_set_is_made_from_a_form(clients: Clients) -> None:
    operator = browser(clients, Role.OPERATOR)
    form = {"place": "here main", "name": "a/b", "data_ids": '[{"instrument": "X", "visit": 1}]', "reason": "To try."}
    text = _sent(operator, "/dataid-sets", **form)
    assert "here was asked to make the set a/b" in text
    assert "waits for its agent" in text
    agent = _agent(clients)
    agent.take()
    assert "<b>a/b</b>" in operator.get("/dataid-sets").text
    refused = operator.post("/dataid-sets", data={**form, "data_ids": "[{"})
    assert refused.status_code == 422
    assert "not valid JSON" in refused.text
    assert browser(clients, Role.VIEWER).post("/dataid-sets", data=form).status_code == 403


def test_what_a_site_could_not_do_stands_in_the_list(clients: Clients) -> None:
    operator = browser(clients, Role.OPERATOR)
    _sent(operator, "/dataid-sets/look", place="here embargo")
    _agent(clients).refuse_preflight({"code": "sets_not_usable", "message": "The registry has no tables for DataId sets."})
    assert "The registry has no tables for DataId sets." in operator.get("/dataid-sets").text


def test_what_was_combined_is_told_as_far_as_graphs_were_read(clients: Clients) -> None:
    manager, agent = browser(clients, Role.MANAGER), _agent(clients)

    def looked(**graphs: Any) -> str:
        agent.sets.graphs = graphs
        clients.clock.advance(seconds=1)
        asked = manager.post("/submissions/S-5/exclude/look", data={"by": "tract,patch", "pick": PICK})
        agent.take()
        return manager.get(asked.headers["location"]).text

    none = looked()
    assert "No output of these dimensions has any of it." in none
    assert "No graph was read: what was combined there" in none
    partly = looked(n_graphs=2, unread=["u/gone"])
    assert "No output of these dimensions has any of it." in partly
    assert "is counted by the graphs of 2 submissions. Of 1 other submission no graph was read" in partly
    wholly = looked(n_graphs=1, unread=[])
    assert "No output has any of it." in wholly
    assert "is counted by the graph of 1 submission." in wholly
    assert "no graph was read" not in wholly


def test_excluding_what_failed(clients: Clients) -> None:
    manager = browser(clients, Role.MANAGER)
    assert 'id="exclude"' in manager.get("/submissions/S-5").text
    page = manager.get("/submissions/S-5/exclude").text
    assert "by</span>" in page
    assert page.count('name="pick"') == 5, "by what is finest"
    assert len(re.findall(r'name="pick"[^>]* checked>', page)) == 5
    tract = manager.get("/submissions/S-5/exclude?by=tract").text
    assert tract.count('name="pick"') == 1, "all failures are of one tract"
    assert not re.findall(r'name="pick"[^>]* checked>', tract), "a whole tract is not chosen unasked"
    assert "By tract more goes than what failed" in tract
    patches = manager.get("/submissions/S-5/exclude?by=tract,patch").text
    assert patches.count('name="pick"') == 5
    assert "No usable input warps for patch 12" in patches

    answer = manager.post("/submissions/S-5/exclude/look", data={"by": "tract,patch", "pick": PICK})
    here = answer.headers["location"]
    looked = manager.get(here).text
    assert "here is looking" in looked
    assert len(re.findall(r'" checked>', looked)) == 3, "one data ID, and the steps that have not begun"
    agent = _agent(clients)
    agent.sets.outputs = [{"collection": "u/run", "dataset_type": "deepCoadd", "datasets": 12}]
    agent.take()
    assert "deepCoadd 12" in manager.get(here).text
    clients.clock.advance(seconds=1)
    again = manager.post("/submissions/S-5/exclude/look", data={"by": "tract,patch", "pick": PICK}).headers["location"]
    agent.sets.outputs = []
    agent.take()
    nothing = manager.get(again).text
    assert "No output of these dimensions has any of it." in nothing
    agent.sets.outputs = [{"collection": "u/run", "dataset_type": "deepCoadd", "datasets": 12}]
    # The newest look is the one that counts.
    clients.clock.advance(seconds=1)
    manager.post("/submissions/S-5/exclude/look", data={"by": "tract,patch", "pick": PICK})
    agent.take()

    form = {"name": "dm/bad", "pick": PICK, "steps": ["step3", "step4"], "reason": "No warps there."}
    text = _sent(manager, "/submissions/S-5/exclude", **form)
    assert "dm/bad is to be made" in text
    assert "step3, step4 wait for the set dm/bad, to leave 1 data ID out." in text
    agent.take()
    text = manager.get("/campaigns/C-2?tab=data").text
    assert "wait for the set" not in text
    assert "dm/bad" in text
    assert "deepCoadd 12" in text
    assert "dm/bad@1" in manager.get("/campaigns/C-2?tab=definition").text


def test_excluding_is_a_managers_and_keeps_nothing_that_was_not_given(clients: Clients) -> None:
    operator = browser(clients, Role.OPERATOR)
    assert "needs the role manager" in operator.get("/submissions/S-5/exclude").text
    form = {"name": "dm/bad", "pick": PICK, "steps": ["step3"], "reason": "No."}
    assert operator.post("/submissions/S-5/exclude", data=form).status_code == 403
    manager = browser(clients, Role.MANAGER)
    for changes in ({"pick": "[1"}, {"pick": []}, {"steps": ["nowhere"]}, {"name": "a b"}, {"reason": " "}):
        answer = manager.post("/submissions/S-5/exclude", data={**form, **changes})
        assert answer.status_code == 422, changes
    assert manager.get("/submissions/S-5/exclude?by=visit").status_code == 422


def _key(page: str) -> str:
    """Give the key of a page's first form with one."""
    found = re.search(r'name="once" value="([0-9a-f-]{36})"', page)
    assert found is not None
    return found[1]


def test_a_form_sent_twice_is_done_once(clients: Clients) -> None:
    manager = browser(clients, Role.MANAGER)
    page = manager.get("/submissions/S-5/exclude").text
    assert _key(page) != _key(manager.get("/submissions/S-5/exclude").text)
    form = {"once": _key(page), "name": "dm/bad", "pick": PICK, "steps": ["step3"], "reason": "No warps there."}
    answers = [manager.post("/submissions/S-5/exclude", data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    exclusions = clients(Role.VIEWER).get("/api/v1/campaigns/C-2/exclusions").json()["items"]
    assert len(exclusions) == 1
    other = manager.post("/submissions/S-5/exclude", data={**form, "reason": "Another."})
    assert other.status_code == 422
    assert "used for another request" in other.text
    for path in ("/campaigns/C-2?tab=notes", "/dataid-sets", "/campaigns/new"):
        assert _key(manager.get(path).text), path


def test_an_exclusion_is_withdrawn_from_the_campaigns_head(clients: Clients) -> None:
    manager = browser(clients, Role.MANAGER)
    form = {"name": "dm/bad", "pick": PICK, "steps": ["step3"], "reason": "No warps there."}
    assert "step3 will leave it out, and waits for it." in _sent(manager, "/submissions/S-5/exclude", **form)
    page = manager.get("/campaigns/C-2").text
    assert "step3 waits for the set dm/bad" in page
    assert "No warps there." in page
    [path] = re.findall(r'action="(/campaigns/C-2/exclusions/[^"]+/withdraw)"', page)
    assert "/withdraw" not in browser(clients, Role.OPERATOR).get("/campaigns/C-2").text
    assert manager.post(path, data={"reason": " "}).status_code == 422
    text = _sent(manager, path, reason="It was the flat.")
    assert "is withdrawn: it is not left out of step3." in text
    assert "waits for the set" not in text
    assert manager.post(path, data={"reason": "Again."}).status_code == 409


def test_a_set_is_dropped_from_steps(clients: Clients) -> None:
    manager = browser(clients, Role.MANAGER)
    form = {"name": "dm/bad", "pick": PICK, "steps": ["step3", "step4"], "reason": "No warps there."}
    _sent(manager, "/submissions/S-5/exclude", **form)
    _agent(clients).take()
    page = manager.get("/campaigns/C-2?tab=data").text
    assert 'name="set" value="dm/bad@1"' in page
    text = _sent(manager, "/campaigns/C-2/dataid-sets/drop", set="dm/bad@1", steps=["step4"], reason="Not needed there.")
    assert "step4 no longer leaves dm/bad@1 out" in text
    refused = manager.post("/campaigns/C-2/dataid-sets/drop", data={"set": "dm/bad@1", "steps": ["step4"], "reason": "Again."})
    assert refused.status_code == 422
    assert "step4 of C-2 does not leave out dm/bad@1." in refused.text


def test_what_failed_is_told_until_it_is_seen_or_done(clients: Clients) -> None:
    operator = browser(clients, Role.OPERATOR)
    agent = _agent(clients)
    fault = {"code": "sets_not_usable", "message": "The registry has no tables for DataId sets."}
    for _ in range(2):
        _sent(operator, "/dataid-sets/look", place="here embargo")
        agent.refuse_preflight(fault)
        clients.clock.advance(seconds=8 * 3600)
    page = operator.get("/dataid-sets").text
    assert page.count(fault["message"]) == 2, "they stay, however long"
    dismissals = re.findall(r'action="(/dataid-sets/orders/[^"]+/dismiss)"', page)
    assert fault["message"] in _sent(operator, dismissals[0])
    _sent(operator, "/dataid-sets/look", place="here embargo")
    clients.clock.advance(seconds=8 * 3600)
    assert "waits for its agent" in operator.get("/dataid-sets").text, "under way, however long"
    agent.take()
    assert fault["message"] not in operator.get("/dataid-sets").text


def test_large_sets_come_as_a_file_or_as_text(clients: Clients) -> None:
    operator = browser(clients, Role.OPERATOR)
    many = json.dumps(
        [{"instrument": "LSSTCam", "visit": 2026110100000 + number, "reason": "bright"} for number in range(30_000)]
    )
    assert len(many) > 1_500_000
    form = {"place": "here main", "name": "a/many", "reason": "To try."}
    for sent in (
        {"data": form, "files": {"file": ("many.json", many)}},
        {"data": {**form, "data_ids": many}, "files": {"file": ("", "")}},
        {"data": {**form, "data_ids": many}},
    ):
        answer = operator.post("/dataid-sets", **sent)
        assert answer.status_code == 303, answer.text
    orders = clients(Role.VIEWER).get("/api/v1/orders", params={"limit": 3})
    assert "no text" in operator.post("/dataid-sets", data=form, files={"file": ("a.parquet", b"\xff\xfe")}).text
    too_large = operator.post("/campaigns/C-2/pause", data={"reason": "x" * 1_100_000})
    assert too_large.status_code == 413
    assert "at most 1 MB are taken here" in too_large.text
    assert orders.status_code == 200


def test_data_ids_are_found_compared_and_taken_away(clients: Clients) -> None:
    viewer, address = browser(clients, Role.VIEWER), "/dataid-sets/here/main/DM-51300/clouds"
    text = viewer.get(f"{address}@1?q=dome").text
    assert 0 < text.count('<tr id="row-') < 41
    assert f'href="{address}@1?q=dome+closing#rows-h"' in text
    assert viewer.get(f"{address}@1?q=2026110100101").text.count('<tr id="row-') == 1
    compared = viewer.get(f"{address}@2?with=1").text
    assert "+3 −0" in compared
    assert viewer.get(f"{address}@2?with=9").status_code == 404
    rows = viewer.get(f"{address}@1/rows.json").json()
    assert len(rows) == 41
    lines = viewer.get(f"{address}@1/rows.csv").text.splitlines()
    assert (lines[0], len(lines)) == ("instrument,exposure,reason", 42)
    assert "asked for by otto: <q>The night&#39;s log.</q>" in viewer.get(f"{address}@1").text
    assert "The night&#39;s log." in viewer.get("/dataid-sets").text


ECSV = """\
# %ECSV 1.0
# ---
# datatype:
# - {name: instrument, datatype: string}
# - {name: visit, datatype: int64}
# - {name: band, datatype: string}
# - {name: reason, datatype: string}
# schema: astropy-2.0
instrument visit band reason
X 12 2 "trailed, twice"
"""


def test_tables_of_data_ids_are_taken(clients: Clients) -> None:
    operator, agent = browser(clients, Role.OPERATOR), _agent(clients)
    form = {"place": "here main", "name": "from/table", "reason": "The night's list."}
    for text in (ECSV, 'instrument,visit,reason\nX,12,"trailed, twice"\n'):
        _sent(operator, "/dataid-sets", **form, data_ids=text)
    agent.take()
    wanted = {"instrument": "X", "visit": 12, "reason": "trailed, twice"}
    made = [operator.get(f"/dataid-sets/here/main/from/table@{version}/rows.json").json() for version in (1, 2)]
    assert [wanted] in made
    assert [{**wanted, "band": "2"}] in made
    for text, where in (
        ("visit,visit\n1,2\n", "line 1"),
        ("visit,band\n1\n", "line 2"),
        ("# %ECSV 1.0\n# ---\n# - a\nx\n1\n", "line 1"),
    ):
        refused = operator.post("/dataid-sets", data={**form, "data_ids": text})
        assert refused.status_code == 422
        assert where in refused.text
