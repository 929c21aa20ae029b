"""README and docs say what is true of the program."""

import re
import shlex
from pathlib import Path

import click
import pytest

from tfmlp.cli.main import main

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(group=main, ctx=None, path=()):
    ctx = click.Context(group, info_name="tfmlp") if ctx is None else ctx
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if isinstance(command, click.Group):
            yield from commands(command, click.Context(command), (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands())


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_is_in_the_readme_and_has_help(path, run_cli):
    assert f"tfmlp {' '.join(path)}" in (ROOT / "README.md").read_text()
    result = run_cli(*path, "-h")
    assert result.exit_code == 0 and len(COMMANDS[path].help) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_line_in_a_page_has_options_that_exist(page):
    blocks = "".join(re.findall(r"^```\w*\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL))
    for line in re.findall(r"^(?:\.venv/bin/)?(tfmlp [a-z].*)$", blocks, re.MULTILINE):
        words = shlex.split(line.split("  #")[0].rstrip("\\"))[1:]
        path = next((tuple(words[:n]) for n in (2, 1) if tuple(words[:n]) in COMMANDS), None)
        assert path, f"{page.name}: {line}"
        params = COMMANDS[path].params
        known = {option for param in params for option in (*param.opts, *param.secondary_opts)}
        given = {word.split("=")[0] for word in words if word.startswith("--")}
        unknown = given - known - {"--help"}
        assert not unknown, f"{page.name}: {line}: {unknown}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_project_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name}: {target}"
