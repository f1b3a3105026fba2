"""Rendering templates, whole or one named block of them, with what every page has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Literal
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from campaigns.api.dependencies import services_of
from campaigns.domain.amounts import short_time_text, size_text
from campaigns.domain.identity import Identity, Role, may
from campaigns.domain.quanta import QuantaCounts
from campaigns.gateways.clock import Clock
from campaigns.pictures.bars import counts_in_words, quanta_bar
from campaigns.pictures.looks import LEGEND, look_of, settled, sprite
from campaigns.web.assets import STATIC, Assets
from campaigns.web.flash import clear_flash, flash_of
from campaigns.web.once import new_form_key
from campaigns.web.prose import ProseLinks, linked, markdown, ticked, yaml_marked
from campaigns.web.when import duration_text, exact_text, time_element

__all__ = ("Block", "Renderer", "identity_of", "renderer", "renderer_of")

Block = Literal["live"] | None
"""The parameter ``block``: only this part of the page is wanted."""

TEMPLATES = STATIC.parent / "templates"


class Renderer:
    """Renders the templates.

    Parameters
    ----------
    assets : `Assets`
        The built scripts and styles.
    links : `ProseLinks`
        What in texts leads somewhere.
    """

    def __init__(self, *, assets: Assets, links: ProseLinks) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            # Looking whether a file has changed, for each part of a page, takes longer than many a part.
            auto_reload=False,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            ago=_ago,
            bar=_bar,
            duration=duration_text,
            exact=exact_text,
            markdown=lambda text, mentions=(): markdown(text, links, tuple(mentions)),
            linked=lambda text: linked(text, links),
            number=_number,
            percent=_percent,
            words=_words,
            yaml_marked=yaml_marked,
            path=lambda text: quote(str(text), safe=""),
            short_time=short_time_text,
            size=size_text,
            ticked=ticked,
        )
        self._environment.globals.update(
            asset=assets.url,
            counts_in_words=counts_in_words,
            form_key=new_form_key,
            legend=LEGEND,
            look_of=look_of,
            settled=settled,
            sprite=Markup(sprite()),  # noqa: S704 - it is our own
        )
        # Blocks are rendered without what stands above them, so macros cannot be imported there.
        module = self._environment.get_template("ui.html").make_module()
        self._environment.globals.update(ui=module)

    def page(
        self,
        request: Request,
        template: str,
        context: Mapping[str, Any] | None = None,
        *,
        block: str | None = None,
        status: int = 200,
    ) -> Response:
        """Render a page.

        Parameters
        ----------
        request : `starlette.requests.Request`
            What was asked.
        template : `str`
            The template's file name.
        context : mapping, optional
            What the page shows.
        block : `str`, optional
            Only this block of the template: a fragment.
        status : `int`, optional
            The answer's status.

        Returns
        -------
        response : `starlette.responses.Response`
            The HTML.
        """
        flash = flash_of(request) if block is None else None
        told = {**_surroundings(request), "flash": flash, **(context or {})}
        found = self._environment.get_template(template)
        html = found.render(told) if block is None else "".join(found.blocks[block](found.new_context(told)))
        response = HTMLResponse(html, status_code=status)
        if flash is not None:
            clear_flash(response)
        return response


@cache
def renderer(links: ProseLinks) -> Renderer:
    """Give the renderer of texts with such links, the same each time, since templates take long to compile."""
    return Renderer(assets=Assets(), links=links)


def renderer_of(request: Request) -> Renderer:
    """Give the application's renderer."""
    renderer: Renderer = request.app.state.renderer
    return renderer


def identity_of(request: Request) -> Identity | None:
    """Give who asks, where somebody is signed in."""
    return getattr(request.state, "identity", None)


def _surroundings(request: Request) -> dict[str, Any]:
    identity = identity_of(request)
    clock: Clock = request.app.state.clock
    return {
        "me": identity,
        "now_us": clock.now_us(),
        "can_operate": identity is not None and may(identity, Role.OPERATOR),
        "can_manage": identity is not None and may(identity, Role.MANAGER),
        "here": request.url.path,
        "mentions": lambda: _mentions(request),
    }


def _mentions(request: Request) -> int:
    """Count the new notes that name who asks, while the page's handler has a transaction; a page of an error has none."""
    services = services_of(request)
    return 0 if services is None else services.notes().count_mentioning_me()


@pass_context
def _ago(context: Context, at_us: int | None) -> Markup:
    return Markup("—") if at_us is None else time_element(at_us, now_us=context["now_us"])


def _bar(counts: QuantaCounts, height: int = 8) -> Markup:
    return Markup(quanta_bar(counts, height=height))  # noqa: S704 - pictures escape what they are given


def _number(value: int) -> str:
    return f"{value:,}"


def _percent(part: int, whole: int) -> str:
    """Give a share in percent, never rounded up to 100 or down to 0."""
    if whole <= 0:
        return "—"
    if part in (0, whole):
        return f"{100 * part // whole} %"
    share = 100 * part / whole
    return f"{min(max(share, 0.1), 99.9):.1f} %" if share < 1 or share > 99 else f"{share:.0f} %"


def _words(value: object) -> str:
    """Write a value of the wire in words: ``data_release`` is ``data release``."""
    return str(value).replace("_", " ")
