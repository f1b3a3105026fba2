"""Every page, as each role sees it, without a browser."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from campaigns.domain.identity import Role
from support.serving import Clients
from web.conftest import browser
from web.examples import HOSTILE

TABS = ("submissions", "failures", "data", "results", "notes", "history", "definition")
CLOUDS = "/dataid-sets/here/main/DM-51300/clouds@1"
LOG = "/submissions/S-5/files/assembleDeepCoadd_9813_12.log"
PAGES = (
    "/campaigns",
    *(f"/campaigns/C-{number}" for number in range(1, 9)),
    *(f"/campaigns/C-2?tab={tab}" for tab in TABS),
    *(f"/submissions/S-{number}" for number in range(1, 12)),
    LOG,
    "/submissions/S-5/files/completeness.svg",
    "/dataid-sets",
    "/dataid-sets?name=clouds&site=here",
    CLOUDS,
    "/compare",
    "/compare?of=C-2",
    "/compare?of=C-1&of=C-2&of=C-3",
    "/compare?of=C-2&of=C-4&all=1",
    "/help",
)


class Page(HTMLParser):
    """What a page has that it must not have, and its ids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.ids: list[str] = []
        self.buttons_without_id: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if (
            (tag == "script" and "src" not in given)
            or tag == "style"
            or "style" in given
            or any(key.startswith("on") for key in given)
        ):
            self.inline.append(self.get_starttag_text() or tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "button" and given.get("type") == "submit" and not given.get("id"):
            self.buttons_without_id.append(self.get_starttag_text() or tag)


def test_every_page_is_shown_to_viewers_without_scripts_or_styles_in_it(clients: Clients) -> None:
    viewer = browser(clients, Role.VIEWER)
    for path in PAGES:
        answer = viewer.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].startswith("text/html")
        page = Page(answer.text)
        assert page.inline == [], path
        assert page.buttons_without_id == [], path
        assert len(page.ids) == len(set(page.ids)), path


def test_managers_see_the_forms(clients: Clients) -> None:
    manager = browser(clients, Role.MANAGER)
    for path in (*PAGES, "/campaigns/new", "/campaigns/C-5/edit", "/campaigns/C-2/rerun"):
        page = Page(manager.get(path).text)
        assert page.inline == [], path
        assert len(page.ids) == len(set(page.ids)), path


def test_the_start_leads_to_the_list(clients: Clients) -> None:
    answer = browser(clients, None).get("/")
    assert (answer.status_code, answer.headers["location"]) == (302, "/campaigns")


@pytest.mark.parametrize("path", ["/campaigns", "/campaigns/C-2?tab=failures", "/help", LOG])
def test_strangers_are_led_to_the_sign_in_and_back(clients: Clients, path: str) -> None:
    answer = browser(clients, None).get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=%2F")


def test_a_part_of_a_page_leads_the_whole_page_to_the_sign_in(clients: Clients) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/campaigns/C-2?tab=notes"}
    answer = browser(clients, None).get("/campaigns/C-2?block=live", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == "/login?next=%2Fcampaigns%2FC-2%3Ftab%3Dnotes"


def test_names_that_look_like_html_are_shown_and_not_obeyed(clients: Clients) -> None:
    viewer = browser(clients, Role.VIEWER)
    for path in ("/campaigns", "/campaigns/C-4", "/campaigns/C-4?tab=definition", "/campaigns/C-4?tab=history"):
        text = viewer.get(path).text
        assert "<script>alert" not in text
        assert "<b>not bold" not in text
    assert HOSTILE.split("<", maxsplit=1)[0] in viewer.get("/campaigns/C-4").text


def test_notes_are_markdown_without_html(clients: Clients) -> None:
    operator = browser(clients, Role.OPERATOR)
    body = (
        "**bold** <img src=x onerror=alert(1)> [a](javascript:alert(1)) [b](https://example.org) ![c](https://example.org/c.png)"
    )
    operator.post("/campaigns/C-2/notes", data={"kind": "observation", "body": body})
    text = operator.get("/campaigns/C-2?tab=notes").text
    assert "<strong>bold</strong>" in text
    assert "<img" not in text
    assert "javascript:" not in re.sub(r"\[a\]\(javascript:alert\(1\)\)", "", text)
    assert 'href="https://example.org"' in text


def test_a_part_of_a_page_is_a_block_of_the_same_template(clients: Clients) -> None:
    viewer = browser(clients, Role.VIEWER)
    part = viewer.get("/campaigns/C-2?tab=failures&block=live").text
    assert part.strip().startswith('<div id="live"')
    assert part.strip() in viewer.get("/campaigns/C-2?tab=failures").text


def test_a_list_is_counted_only_so_far(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    page = browser(clients, Role.VIEWER).get("/campaigns").text
    assert re.search(r'id="found"><b class="num">\d+</b> campaigns', page)
    for name, value in (("COUNTED", 2), ("PAGE_SIZE", 1)):
        monkeypatch.setattr(f"campaigns.web.views.listing.{name}", value)
    page = browser(clients, Role.VIEWER).get("/campaigns").text
    assert 'id="found">more than <b class="num">2</b> campaigns' in page


def test_viewers_have_no_buttons_that_do_something(clients: Clients) -> None:
    viewer = browser(clients, Role.VIEWER)
    for path in ("/campaigns/C-2", "/submissions/S-5", "/campaigns"):
        forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', viewer.get(path).text)
        # Everyone may keep queries of their own.
        assert [form for form in forms if form != "/queries"] == ["/logout"], path


def test_what_is_not_there_is_a_page_with_the_same_words(clients: Clients) -> None:
    answer = browser(clients, Role.VIEWER).get("/campaigns/C-99")
    assert answer.status_code == 404
    assert "There is no campaign C-99." in answer.text
    assert "not_found" in answer.text
    problem = clients(Role.VIEWER).get("/api/v1/campaigns/C-99").json()
    assert problem["detail"] in answer.text


def test_times_are_relative_with_the_exact_time_and_the_observing_night(clients: Clients) -> None:
    text = browser(clients, Role.VIEWER).get("/campaigns/C-1").text
    assert re.search(
        r'<time datetime="20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ" title="20\d\d-[^"]* UTC · observing night 20\d{6}" data-relative>',
        text,
    )


def test_what_the_site_found_wrong_stands_on_the_page(clients: Clients) -> None:
    text = browser(clients, Role.VIEWER).get("/campaigns/C-5").text
    assert "The data query of step1 g1 matches no data." in text
    assert "Check the visits." in text
    assert "steps[0].split" in text


def test_a_failure_is_two_clicks_from_its_log(clients: Clients) -> None:
    viewer = browser(clients, Role.VIEWER)
    text = viewer.get("/campaigns/C-2?tab=failures").text
    assert "No usable input warps for patch &lt;n&gt; in band g" in text
    assert f'href="{LOG}"' in text
    assert "No usable input warps are left &lt;patch 12&gt;" in viewer.get(LOG).text


def test_files_come_as_pictures_or_as_text_and_never_as_pages(clients: Clients) -> None:
    viewer = browser(clients, Role.VIEWER)
    picture = viewer.get("/submissions/S-5/raw/completeness.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in picture.headers["content-security-policy"]
    log = viewer.get(LOG.replace("/files/", "/raw/"))
    assert log.headers["content-type"] == "text/plain; charset=utf-8"


def test_built_files_may_be_kept(clients: Clients) -> None:
    viewer = browser(clients, Role.VIEWER)
    [sheet] = re.findall(r'<link rel="stylesheet" href="([^"]*)"', viewer.get("/campaigns").text)
    answer = browser(clients, None).get(sheet)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
