"""`tfmlp`: finds the command, and turns errors into one line and an exit status."""

import os
import signal
import threading
import time
import warnings

STARTED = (
    time.perf_counter()
)  # before anything slow is imported, so that a run's total time is the command's
# TensorFlow's native log is for TensorFlow's developers. Whoever wants it sets the variable. Read
# when TensorFlow is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import importlib  # noqa: E402

import click  # noqa: E402

from tfmlp.cli.options import DEBUG_KEY, Command  # noqa: E402
from tfmlp.cli.progress import printable, say  # noqa: E402
from tfmlp.errors import Interruption, TfmlpError, TfmlpWarning, nearest  # noqa: E402
from tfmlp.version import __version__  # noqa: E402

# Command -> the module that has it, as an object of the command's name.
_COMMANDS = {
    "train": "tfmlp.cli.train",
    "evaluate": "tfmlp.cli.evaluate",
    "compare": "tfmlp.cli.compare",
    "check": "tfmlp.cli.check",
    "diagnose": "tfmlp.cli.diagnose",
    "reproduce": "tfmlp.cli.reproduce",
    "data": "tfmlp.cli.data",
}


class LazyGroup(click.Group):
    """Imports a command's module only when it is needed, and reports its errors."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        return (
            getattr(importlib.import_module(_COMMANDS[name]), name) if name in _COMMANDS else None
        )

    def resolve_command(self, ctx: click.Context, args: list[str]):
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(
                f"No such command {args[0]!r}: {nearest(args[0], _COMMANDS)}.", ctx
            )
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context):
        warnings.showwarning = _show_warning
        warnings.simplefilter(
            "ignore"
        )  # other libraries' warnings are for their callers, not for a user of this program
        warnings.simplefilter("always", TfmlpWarning)
        interrupted = []

        def interrupt(number, frame):
            interrupted.append(number)
            raise Interruption(number)

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, interrupt)
            signal.signal(signal.SIGTERM, interrupt)
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except TfmlpError as error:
            _report(ctx, f"error: {error}", error)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt as interrupt:
            click.echo("interrupted", err=True)
            ctx.exit(getattr(interrupt, "exit_code", 130))
        except BrokenPipeError:
            raise  # click ends quietly: whoever read the output has had enough
        except MemoryError as error:
            _report(
                ctx,
                "error: this needs more memory than there is: use fewer hidden units or smaller"
                " data.",
                error,
            )
            ctx.exit(1)
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            _report(ctx, f"error: {error.strerror or error}{where}.", error)
            ctx.exit(1)
        except Exception as error:
            if interrupted:  # a library can turn the interruption into an error of its own
                click.echo("interrupted", err=True)
                ctx.exit(128 + interrupted[0])
            _report(
                ctx,
                f"error: {type(error).__name__}: {error}. This is a defect of tfmlp; --debug shows"
                " where.",
                error,
            )
            ctx.exit(1)


def _report(ctx: click.Context, line: str, error: Exception) -> None:
    if ctx.meta.get(DEBUG_KEY):
        raise error
    click.echo(printable(" ".join(line.split())), err=True)


def _show_warning(message, category, filename, lineno, file=None, line=None) -> None:
    say(f"warning: {message}")


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message="tfmlp %(version)s")
def main() -> None:
    """Train multilayer perceptrons with custom TensorFlow loops.

    `tfmlp COMMAND --help` shows a command's options. Results go to stdout, progress and warnings to
    stderr.
    """


__all__ = ["Command", "main"]
