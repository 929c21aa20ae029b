"""`tfmlp`: finds the command, and turns errors into one line and an exit status."""

import os
import time
import warnings

STARTED = time.perf_counter()  # before anything slow is imported: a run's time is the command's
# TensorFlow's native log is for TensorFlow's developers. Whoever wants it sets the variable. Read
# when TensorFlow is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import importlib  # noqa: E402
from typing import Any  # noqa: E402

import click  # noqa: E402

from tfmlp import signals  # noqa: E402
from tfmlp.cli.options import DEBUG_KEY  # noqa: E402
from tfmlp.cli.progress import printable, say  # noqa: E402
from tfmlp.errors import TfmlpError, TfmlpWarning, describe_missing, nearest  # noqa: E402
from tfmlp.version import __version__  # noqa: E402

# Each is a module of this folder, which has an object of the same name.
_COMMANDS = (
    "train",
    "evaluate",
    "predict",
    "report",
    "export",
    "compare",
    "check",
    "diagnose",
    "reproduce",
    "data",
)


class LazyGroup(click.Group):
    """Imports a command's module only when it is needed, and reports its errors."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"tfmlp.cli.{name}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            known = nearest(args[0], _COMMANDS)
            raise click.UsageError(f"No such command {args[0]!r}: {known}.", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        warnings.showwarning = _show_warning
        # Other libraries' warnings are for their callers, not for a user of this program.
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", TfmlpWarning)
        interrupted = signals.raising()
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            raise  # click ends quietly: whoever read the output has had enough
        except TfmlpError as error:
            _end(ctx, f"{error}", error, error.exit_code)
        except KeyboardInterrupt as interrupt:
            click.echo("interrupted", err=True)
            ctx.exit(getattr(interrupt, "exit_code", 130))
        except MemoryError as error:
            message = "this needs more memory than there is: use fewer hidden units or less data."
            _end(ctx, message, error)
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            _end(ctx, f"{error.strerror or error}{where}.", error)
        except ModuleNotFoundError as error:
            _end(ctx, describe_missing(error) or _describe_defect(error), error)
        except Exception as error:  # whatever it is, it is a defect of tfmlp
            if interrupted:  # a library can turn the interruption into an error of its own
                click.echo("interrupted", err=True)
                ctx.exit(128 + interrupted[0])
            _end(ctx, _describe_defect(error), error)


def _describe_defect(error: Exception) -> str:
    return f"{type(error).__name__}: {error}. This is a defect of tfmlp; --debug shows where."


def _end(ctx: click.Context, message: str, error: BaseException, status: int = 1) -> None:
    if ctx.meta.get(DEBUG_KEY):
        raise error
    click.echo(printable(" ".join(f"error: {message}".split())), err=True)
    ctx.exit(status)


def _show_warning(message: Warning | str, *where: Any, **more: Any) -> None:
    say(f"warning: {message}")


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message="tfmlp %(version)s")
def main() -> None:
    """Train multilayer perceptrons with custom TensorFlow loops.

    `tfmlp COMMAND --help` shows a command's options. Results go to stdout, progress and warnings to
    stderr.
    """
