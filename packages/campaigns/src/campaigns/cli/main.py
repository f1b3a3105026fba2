"""``campaign``: finds the command that was asked for, and prints its errors.

Commands are imported when they run, so that ``campaign --help`` is quick. A new command is added to `COMMANDS`.
"""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from campaigns import __version__
from campaigns.cli.output import Output
from campaigns.domain.errors import CampaignError, InvalidInput

__all__ = ("COMMANDS", "LazyGroup", "cli", "main")

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "accept": ("campaigns.cli.submissions:accept", "Accept a submission's outputs."),
    "admin": ("campaigns.cli.admin:admin", "Look after the database and the users."),
    "agent": ("campaigns.cli.agent:agent", "Serve a site: carry out the server's orders there."),
    "adopt": ("campaigns.cli.adopting:adopt", "Make a campaign of what ran without the service."),
    "assign": ("campaigns.cli.people:assign", "Say who operates a submission."),
    "bulk": ("campaigns.cli.bulk:bulk", "Do the same with all campaigns that a filter finds."),
    "cancel": ("campaigns.cli.campaigns:cancel", "Stop a submission, or end a campaign."),
    "complete": ("campaigns.cli.campaigns:complete", "End a campaign as completed."),
    "diff": ("campaigns.cli.comparing:diff", "Compare campaigns or revisions: what differs, and what came of it."),
    "define": ("campaigns.cli.campaigns:define", "Make a campaign from a campaign file."),
    "demo": ("campaigns.cli.demo:demo", "Run a small real campaign on this machine."),
    "drop": ("campaigns.cli.exclusions:drop", "Have steps no longer leave a DataId set out."),
    "edit": ("campaigns.cli.editing:edit", "Give a campaign a new revision of its definition."),
    "exclusions": ("campaigns.cli.exclusions:exclusions", "List the exclusions whose sets are still to be made."),
    "export": ("campaigns.cli.portable:export", "Write a campaign into a file."),
    "fail": ("campaigns.cli.campaigns:fail", "End a campaign as failed."),
    "history": ("campaigns.cli.links:history", "List what happened, or write it into a file."),
    "import": ("campaigns.cli.portable:import_campaign", "Bring in a campaign that was exported elsewhere."),
    "link": ("campaigns.cli.links:link", "List a campaign's links, add one, or take it away."),
    "list": ("campaigns.cli.finding:list_campaigns", "List campaigns that a filter finds."),
    "login": ("campaigns.cli.login:login", "Sign in, and keep a token for this server."),
    "mark": ("campaigns.cli.adopting:mark", "Say what became of a submission of an adopted campaign."),
    "make-set": ("campaigns.cli.specifications:make_set", "Make a DataId set of a list in a campaign's data specification."),
    "next": ("campaigns.cli.campaigns:start_next", "Run the next submission that waits for somebody to start it."),
    "note": ("campaigns.cli.notes:note", "Write a note, edit one, or withdraw it."),
    "notebook": ("campaigns.cli.notes:notebook", "Open the notebook of a campaign that has ended, or close it again."),
    "notes": ("campaigns.cli.notes:notes", "List what was written about a campaign, or what names you."),
    "pause": ("campaigns.cli.campaigns:pause", "Hold a campaign: nothing new starts."),
    "preflight": ("campaigns.cli.campaigns:preflight", "See whether a campaign could run, and start nothing."),
    "query": ("campaigns.cli.finding:query", "Keep filters under names, for yourself or for everyone."),
    "reject": ("campaigns.cli.submissions:reject", "Reject a submission's outputs."),
    "restart": ("campaigns.cli.submissions:restart", "Run a submission's group again."),
    "rerun": ("campaigns.cli.comparing:rerun", "Make a new campaign from another, with changes."),
    "resume": ("campaigns.cli.campaigns:resume", "Let a held campaign go on."),
    "schema": ("campaigns.cli.schema:schema", "Print the JSON Schema of a campaign file."),
    "serve": ("campaigns.cli.serve:serve", "Serve the pages and the interface."),
    "show": ("campaigns.cli.campaigns:show", "Show a campaign, or a submission."),
    "sign-off": ("campaigns.cli.people:sign_off", "Sign a campaign's definition off."),
    "site": ("campaigns.cli.records:site", "List sites: what they offer and who serves them."),
    "specifications": ("campaigns.cli.specifications:specifications", "Look at a campaign's specifications in git."),
    "start": ("campaigns.cli.campaigns:start", "Start a campaign, once its site finds nothing wrong."),
    "submissions": ("campaigns.cli.submissions:submissions", "List a campaign's submissions."),
    "team": ("campaigns.cli.people:team", "Look after teams."),
    "watch": ("campaigns.cli.records:watch", "Follow what happens in a campaign."),
    "withdraw": ("campaigns.cli.exclusions:withdraw", "Take an exclusion back whose set is still to be made."),
}
"""Name of a command to where it is and what it does, in one line."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they run.

    Parameters
    ----------
    *args, **kwargs
        Those of `click.Group`.
    lazy : mapping, optional
        Name of a command to ``module:attribute`` and its one line of help.
    """

    def __init__(self, *args: Any, lazy: Mapping[str, tuple[str, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List all names."""
        return sorted({*super().list_commands(ctx), *self._lazy})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self._lazy:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self._lazy[cmd_name][0].partition(":")
        # What is imported stays: to look for garbage in it takes a fifth of the time.
        gc.disable()
        try:
            command: click.Command = getattr(importlib.import_module(module), attribute)
        finally:
            gc.freeze()
            gc.enable()
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names and what they do, without importing them."""
        rows = []
        for name in self.list_commands(ctx):
            eager = self.commands.get(name)
            rows.append((name, self._lazy[name][1] if eager is None else eager.get_short_help_str()))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


@click.group(cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="campaign")
def cli() -> None:
    """Define, run, watch and compare processing campaigns.

    The server is the one that CAMPAIGN_SERVER names; it knows you by CAMPAIGN_TOKEN, or by what `campaign login` has kept.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, and end the process with its exit code.

    Parameters
    ----------
    arguments : sequence of `str`, optional
        By default those of the process.
    """
    output = Output()
    try:
        code = cli.main(args=arguments, prog_name="campaign", standalone_mode=False, obj=output)
    except CampaignError as error:
        output.problem(error)
        sys.exit(1)
    except click.Abort:
        click.echo("Aborted.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except OSError as error:
        output.problem(_unusable(error))
        sys.exit(1)
    # Without the standalone mode the code of `ctx.exit` comes back as a result, as would a command's.
    sys.exit(code if isinstance(code, int) else 0)


def _unusable(error: OSError) -> InvalidInput:
    """Tell of a file that cannot be read or written; without a name it is where the command prints to."""
    file = "What the command writes to" if error.filename is None else str(error.filename)
    return InvalidInput(
        f"{file} cannot be used: {error.strerror or error}.",
        where=None if error.filename is None else file,
        remedy="Look whether it is there, who may read and write it, and whether there is space left.",
    )


if __name__ == "__main__":
    main()
