"""The wording of a finding: how people read it, a function in a line, a net as a table."""

from typing import Any

_VERDICTS = {True: "right", False: "WRONG", None: "unclear"}


def in_words(finding: dict[str, Any]) -> str:
    """Returns what was found, in words.

    Args:
      finding: As `Finding.to_dict`.
    """
    return _net(finding) if finding["kind"] == "gradient" else _function(finding)


def _net(finding: dict[str, Any]) -> str:
    """Returns what was found of a net: how it was read, and the table of its parameters."""
    reading = "gradients against central differences"
    if finding["recognized"]:
        reading = f"recognized as {finding['recognized']}"
    return f"{finding['subject']}: {reading}\n{finding['text']}"


def _function(finding: dict[str, Any]) -> str:
    """Returns what was found of a single function, in a line."""
    cause = finding["cause"] and finding["cause"]["text"]
    remarks = [text for text in (cause, finding.get("detail"), finding.get("note")) if text]
    ending = f": {'; '.join(remarks)}" if remarks else ""
    verdict = _VERDICTS[finding["right"]]
    return f"{finding['subject']} ({finding['kind']}): {verdict}{ending}"
