"""Generated parts of the site: a page for each command, tables of formats and targets, drawings.

mkdocs calls the functions `on_...`; mkdocs.yml names this file.
"""

from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import tmpass
from tmpass.cli import COMMANDS
from tmpass.report.formats import html, svg
from tmpass.report.formats.registry import all_formats
from tmpass.targets import load_target, target_names

MODELS = Path(__file__).parent.parent / "models"
SIMPLE = {"schedule": "given", "share": "none", "allocator": "greedy-by-size"}
"""Options of the plan that the drawings compare with."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add the pages of commands to the navigation."""
    for section in config.nav or []:
        if "Commands" in section:
            section["Commands"] = [{f"tmpass {name}": f"commands/{name}.md"} for name in COMMANDS]
        if "Targets" in section:
            section["Targets"] = ["targets.md", *({name: f"targets/{name}.md"} for name in target_names())]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages and pictures."""
    made: dict[str, str] = {f"commands/{name}.md": _command(name) for name in COMMANDS}
    before = tmpass.plan(MODELS / "branchy.tflite", budget="64KiB", **SIMPLE)
    after = tmpass.plan(MODELS / "branchy.tflite", budget="64KiB")
    made |= {f"targets/{name}.md": _target_page(name) for name in target_names()}
    made |= {"drawings/before.svg": svg.emit(before), "drawings/after.svg": svg.emit(after)}
    made["drawings/branchy.html"] = html.emit(after, before)
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    folder = Path(__file__).parent
    for other in (*folder.glob("*.schema.json"), *folder.glob("*.svg")):  # same-dir keeps only pages
        files.append(File.generated(config, other.name, abs_src_path=str(other)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the marks `<!-- formats -->`, `<!-- targets -->` and `<!-- names -->` with tables."""
    for place, table in (("formats", _formats), ("targets", _targets), ("names", _names)):
        mark = f"<!-- {place} -->"
        if mark in markdown:
            markdown = markdown.replace(mark, table())
    return markdown


def _command(name: str) -> str:
    """The page of a command, from its help."""
    command: click.Command = import_module(f"tmpass.cli.{name.replace('-', '_')}_command").command
    ctx = click.Context(command, info_name=f"tmpass {name}")
    usage = " ".join([ctx.info_name or "", *command.collect_usage_pieces(ctx)])
    lines = [f"# tmpass {name}", "", f"    {usage}", ""]
    for paragraph in cleandoc(command.help or "").split("\n\n"):
        verbatim = paragraph.startswith("\b")
        title, *rest = paragraph.removeprefix("\b\n").splitlines()
        # What follows a marked line is kept as it is; other lines are one paragraph.
        lines += (
            [title, "", *(f"    {line.strip()}" for line in rest), ""] if verbatim else [" ".join([title, *rest]), ""]
        )
    lines += ["## Options", "", "| option | |", "|---|---|"]
    options = [param for param in command.params if isinstance(param, click.Option)]
    for names, words in filter(None, (option.get_help_record(ctx) for option in options)):
        text = words.replace("|", "\\|")  # which in code needs no mark
        lines.append(f"| `{names}` | {text} |")
    return "\n".join(lines) + "\n"


def _formats() -> str:
    rows = [f"| `{form.NAME}` | `{form.SUFFIX}` | {form.SUMMARY} |" for form in all_formats()]
    return "\n".join(["| format | file | what it is |", "|---|---|---|", *rows])


def _targets() -> str:
    rows = []
    for target in map(load_target, target_names()):
        memory = target.scratchpad
        size = "unlimited" if memory.capacity is None else f"{memory.capacity}"
        doubt = ", assumed" if f"{memory.name}.capacity" in target.assumed else ""
        page = f"[`{target.name}`](targets/{target.name}.md)"
        rows.append(f"| {page} | {memory.name} | {size}{doubt} | {memory.alignment} | {target.summary} |")
    head = ["| target | scratchpad | bytes | alignment | |", "|---|---|--:|--:|---|"]
    return "\n".join([*head, *rows])


def _target_page(name: str) -> str:
    """The page of a target: who uses such a plan, its memories with the source of each number, its sharing."""
    target = load_target(name)
    lines = [f"# {target.name}", "", f"{target.summary} ({target.standing}).", "", f"Used by: {target.consumer}.", ""]
    lines += ["| memory | bytes | source | alignment | holds |", "|---|--:|---|--:|---|"]
    for memory in target.memories:
        size = "unlimited" if memory.capacity is None else str(memory.capacity)
        source = memory.sources.get("capacity", "")
        holds = ", ".join(sorted(word.replace("_", " ") for word in memory.holds))
        lines.append(f"| {memory.name} | {size} | {source} | {memory.alignment} | {holds} |")
    lines += [
        "",
        f"    tmpass targets {name}",
        "",
        "prints all numbers and rules with their sources. A plan for it:",
        "",
    ]
    return "\n".join([*lines, f"    tmpass plan model.tflite --target {name}"]) + "\n"


def _names() -> str:
    """The public names: functions first, as they are what one begins with."""
    found = [getattr(tmpass, name) for name in tmpass.__all__]
    found.sort(key=lambda value: isinstance(value, type))
    return "\n".join(f"::: {value.__module__}.{value.__name__}\n" for value in found)
