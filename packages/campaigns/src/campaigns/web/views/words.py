"""The words and the keys of the help page."""

from __future__ import annotations

from typing import Final

__all__ = ("KEYS", "WORDS")

KEYS: Final = (
    ("j  k", "the next or the previous row, step or failure"),
    ("Enter", "opens the chosen row"),
    ("u", "up: from a submission to its campaign, from there to the list"),
    ("1 … 7", "the sections of a campaign"),
    ("s", "start, or start what is next"),
    ("p  r", "pause; resume, or restart a submission"),
    ("a  x", "accept; reject, or cancel what runs"),
    ("n", "write a note"),
    ("d", "exclude data after failures"),
    ("f", "see the failures"),
    ("c", "define a campaign"),
    ("e", "edit a definition"),
    ("Escape", "closes what is open; nothing is done"),
    ("?", "this page"),
)
"""Each key and what it does. An action's key opens its form; only the button in it, or Enter, does anything."""

WORDS: Final = (
    ("campaign", "Processing with one goal. It has a definition in numbered revisions, and runs as a sequence of submissions."),
    ("step", "A named part of the campaign: a pipeline, a data query, a split, and a gate."),
    ("group", "One slice of a step's data; each group is one submission."),
    ("submission", "One workflow submission (one bps submit). A restart is a new attempt, linked to the one it recovers."),
    ("accept", "To judge that the outputs may be used: they are chained into the campaign's output, and later steps may start."),
    ("gate", "What must hold before a step is accepted: a person's word, or a share of quanta that may fail."),
    ("quantum", "The smallest unit of work: one task on one data ID. Quanta are what counts."),
    ("caveat", "A success with a remark, such as no work found."),
    ("blocked", "A quantum that never ran because one before it failed."),
    ("three truths", "How the launcher ended, what the workflow system says, and what the quanta say. They may differ."),
    (
        "DataId set",
        "A named list of data IDs with a reason for each, in versions that never change; it includes or excludes data.",
    ),
    ("pinned", "What a name meant when the campaign started; a newer version is told of, and never used by itself."),
    ("rerun", "A new campaign that derives from a revision of another: its settings, with a new name and output collection."),
    ("last good", "The newest completed campaign before one that has its kind, instrument and pipeline."),
    ("site", "Where submissions run: its stacks, its workflow system, its Butler repositories."),
    ("agent", "The process at a site that carries out what the service orders, as an ordinary user there."),
    ("operator", "A person answerable for a submission now; there may be several, and who was it when is kept."),
    ("operator of record", "The person answerable for a submission, fixed when it was made."),
    ("signed off", "A manager has said that a revision and its sets are as they should be. Any change ends it."),
    ("notebook", "What people wrote. Nothing is deleted; it closes when the campaign ends, until a manager opens it again."),
    ("observing night", "The date in UTC−12; hover over a time to see it."),
)
"""The words of the pages, and what they mean."""
