"""What people write, as HTML: Markdown, made safe; and definitions with their keys marked."""

from __future__ import annotations

import re
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

__all__ = ("markdown", "ticked", "yaml_marked")

_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(["table", "strikethrough"])
_TAGS = {
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
def markdown(text: str) -> Markup:
    """Turn Markdown into safe HTML.

    Parameters
    ----------
    text : `str`
        What somebody wrote. HTML in it is shown, not obeyed; images are left out, since they would be fetched from anywhere.

    Returns
    -------
    html : `markupsafe.Markup`
        Headings begin at the third level, below the page's own.
    """
    html = nh3.clean(
        _MARKDOWN.render(text),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    # It was made safe on the line above.
    return Markup(  # noqa: S704
        re.sub(r"(</?)h([1-4])>", lambda match: f"{match[1]}h{int(match[2]) + 2}>", html)
    )


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
