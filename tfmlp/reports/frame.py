"""The frame: what all pages share: templates, style, script, and what they may load.

Everything that comes from runs and files of people is escaped by jinja2. A Content-Security-Policy
allows the page's own style and script by their sha256, images within the page, and nothing else.
"""

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tfmlp.version import __version__

_TEMPLATES = Path(__file__).parent / "templates"


def make_environment() -> Environment:
    """Returns the environment that renders a page, with what its frame needs."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
    script = (_TEMPLATES / "script.js").read_text(encoding="utf-8")
    environment.globals |= {
        "style": style,
        "script": script,
        "policy": content_policy(style, script),
        "version": __version__,
    }
    return environment


def content_policy(style: str, script: str) -> str:
    """Returns the policy that allows this style, this script, and images in the page."""
    return "; ".join(
        [
            "default-src 'none'",
            "img-src data:",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
