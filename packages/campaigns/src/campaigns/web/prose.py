"""What people write, as HTML: Markdown, made safe; and definitions with their keys marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markupsafe import Markup, escape

__all__ = ("ProseLinks", "linked", "markdown", "ticked", "yaml_marked")


@dataclass(frozen=True, slots=True)
class ProseLinks:
    """What in a text leads somewhere.

    Attributes
    ----------
    ticket_url : `str`
        Where tickets are, with ``{ticket}`` for the id; without it they stay text.
    projects : `tuple` [`str`, ...]
        What the ids of tickets begin with.
    """

    ticket_url: str = ""
    projects: tuple[str, ...] = ()

    def ticket(self, ticket: str) -> str:
        """Give the address of a ticket, or nothing."""
        return self.ticket_url.replace("{ticket}", quote(ticket, safe="")) if self.ticket_url else ""


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    url: str = ""
    mention: bool = False


_REFERENCE = re.compile(
    r"(?<![\w@./+-])(?:@(?P<user>[a-z0-9][a-z0-9._@+-]{0,63})|(?P<ticket>[A-Z][A-Z0-9]+)-\d{1,9}(?!\w)|(?P<own>[CS])-\d{1,9}(?![\w-]))"
)


def _pieces(text: str, links: ProseLinks, mentions: tuple[str, ...]) -> Iterator[_Piece]:
    """Cut a text at what leads somewhere: ids of tickets, campaigns and submissions, and the names of users."""
    seen = 0
    for match in _REFERENCE.finditer(text):
        piece = _piece(match, links, mentions)
        if piece is None:
            continue
        if match.start() > seen:
            yield _Piece(text[seen : match.start()])
        yield piece
        seen = match.start() + len(piece.text)
    if seen < len(text):
        yield _Piece(text[seen:])


def _piece(match: re.Match[str], links: ProseLinks, mentions: tuple[str, ...]) -> _Piece | None:
    if match["user"]:
        # What ends a sentence is no part of a name.
        name = match["user"].rstrip("._+-@")
        return _Piece(f"@{name}", mention=True) if name in mentions else None
    if match["own"]:
        return _Piece(match[0], url=f"/{'campaigns' if match['own'] == 'C' else 'submissions'}/{match[0]}")
    url = links.ticket(match[0]) if match["ticket"] in links.projects else ""
    return _Piece(match[0], url=url) if url else None


def _refer(state: StateCore) -> None:
    """Put links where ids stand, and mark names; not inside links, nor in code."""
    links, mentions = state.env.get("links", ProseLinks()), state.env.get("mentions", ())
    for block in state.tokens:
        if block.type != "inline":
            continue
        depth, children = 0, []
        for token in block.children or ():
            depth += {"link_open": 1, "link_close": -1}.get(token.type, 0)
            inside = token.type != "text" or depth > 0
            children += (
                [token] if inside else [new for piece in _pieces(token.content, links, mentions) for new in _tokens(piece)]
            )
        block.children = children


def _tokens(piece: _Piece) -> list[Token]:
    text = Token("text", "", 0, content=piece.text)
    if piece.url:
        return [Token("link_open", "a", 1, attrs={"href": piece.url}), text, Token("link_close", "a", -1)]
    if piece.mention:
        return [Token("mention_open", "span", 1, attrs={"class": "mention"}), text, Token("mention_close", "span", -1)]
    return [text]


_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
_MARKDOWN.core.ruler.push("refer", _refer)
_TAGS = {
    "span",
    "p",
    "br",
    "hr",
    "em",
    "strong",
    "s",
    "code",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
    "a",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
}
_KEY = re.compile(r"^(?P<indent>\s*(?:- )*)(?P<key>[A-Za-z0-9_.-]+)(?P<colon>:)(?P<rest>\s.*|)$")


@lru_cache(maxsize=512)
def markdown(text: str, links: ProseLinks = ProseLinks(), mentions: tuple[str, ...] = ()) -> Markup:
    """Turn Markdown into safe HTML.

    Parameters
    ----------
    text : `str`
        What somebody wrote. HTML in it is shown, not obeyed; images are left out, since they would be fetched from anywhere.
    links : `ProseLinks`, optional
        What in it leads somewhere.
    mentions : `tuple` [`str`, ...], optional
        The users whose names are marked where they stand after an at sign.

    Returns
    -------
    html : `markupsafe.Markup`
        Headings begin at the third level, below the page's own.
    """
    html = nh3.clean(
        _MARKDOWN.render(text, {"links": links, "mentions": mentions}),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        allowed_classes={"span": {"mention"}},
        link_rel="noopener noreferrer",
    )
    # It was made safe on the line above.
    return Markup(  # noqa: S704
        re.sub(r"(</?)h([1-4])>", lambda match: f"{match[1]}h{int(match[2]) + 2}>", html)
    )


def linked(text: str | None, links: ProseLinks) -> Markup:
    """Give a plain text with links where ids of tickets, campaigns and submissions stand."""
    parts = (
        Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(piece.url, piece.text) if piece.url else escape(piece.text)
        for piece in _pieces(text or "", links, ())
    )
    return Markup("").join(parts)


def ticked(text: str) -> Markup:
    """Show what stands between backticks, as in the service's own messages, as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(Markup("<code>{}</code>").format(part) if odd % 2 else escape(part) for odd, part in enumerate(parts))


def yaml_marked(text: str) -> Markup:
    """Mark the keys and comments of YAML, line by line, for reading."""
    return Markup("\n").join(_marked(line) for line in text.splitlines())


def _marked(line: str) -> Markup:
    if line.lstrip().startswith("#"):
        return Markup('<span class="y-comment">{}</span>').format(line)
    if match := _KEY.match(line):
        return Markup('{}<span class="y-key">{}</span>:{}').format(match["indent"], match["key"], match["rest"])
    return escape(line)
