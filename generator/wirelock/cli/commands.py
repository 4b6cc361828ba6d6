"""Commands: each calls its module in `api` and prints the report.

A command imports its module when it runs, which keeps the start of the command line fast.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from wirelock.api.project import Project
from wirelock.cli.destinations import OutputTarget
from wirelock.cli.explain import explain
from wirelock.cli.logs import configure_logging
from wirelock.cli.output import print_notice, print_report, print_text
from wirelock.cli.progress import show_progress
from wirelock.config import CONFIG_MISSING, Config, read_config
from wirelock.diagnostics import Report
from wirelock.serve.net.tls import TlsConfig, TlsFiles


def run(arguments: argparse.Namespace) -> int:
    """Run the command of the arguments in its project folder; return the exit code."""
    if arguments.project:
        os.chdir(arguments.project)
    match arguments.command:
        case None:
            return print_text(_suggest_next_step(Path.cwd()))
        case "explain":
            return explain(arguments.code)
        case "completion":
            from wirelock.cli.completion import build_script  # only shells ask for it

            return print_text(build_script(arguments.shell))
        case "serve":
            return _run_serve(arguments)
        case "init":
            from wirelock.api.init import init

            with show_progress() as progress:
                report = init(Path(arguments.folder), progress)
            code = print_report(report, arguments.format)
            if code == 0 and OutputTarget("text") in arguments.format:
                print_text(f"next: {_format_cd(arguments.folder)}wirelock check")
            return code
        case "record":
            return print_report(_run_record(arguments), arguments.format)
        case _:
            config = read_config(Path.cwd())
            if not isinstance(config, Config):
                return print_report(Report(config), _list_targets(arguments))
            if arguments.command == "numbers":
                return _run_numbers(arguments, config)
            from wirelock.api.excerpts import add_excerpts

            return print_report(
                add_excerpts(config, _run_project_command(arguments, config)), arguments.format, config.root
            )


def _list_targets(arguments: argparse.Namespace) -> tuple[OutputTarget, ...]:
    """Return the report targets; a command that prints a list has a single format."""
    return (OutputTarget(arguments.listing),) if "listing" in arguments else arguments.format


def _run_numbers(arguments: argparse.Namespace, config: Config) -> int:
    """Print the numbers, or resolve a conflict in the ledger."""
    from wirelock.api.excerpts import add_excerpts
    from wirelock.api.numbers import list_numbers, resolve_conflict

    result = resolve_conflict(Project(config)) if arguments.action else list_numbers(Project(config), arguments.type)
    if isinstance(result, Report):
        code = print_report(add_excerpts(config, result), _list_targets(arguments), config.root)
        if "resolved" in result.summary.get("numbers", {}) and arguments.listing == "text":
            print_text("next: wirelock generate")
        return code
    from wirelock.cli.numbers import print_numbers

    return print_text(print_numbers(result, arguments.listing))


def _run_record(arguments: argparse.Namespace) -> Report:
    """Run `record`, which needs no project, and return its report."""
    config = read_config(Path.cwd())
    if isinstance(config, Config):
        redact = config.redact
    elif all(diagnostic.code is CONFIG_MISSING for diagnostic in config):
        redact = ()
    else:
        return Report(config)
    from wirelock.api.record import record

    return record(
        arguments.upstream,
        arguments.output,
        _announce_listening,
        arguments.listen,
        redact,
        notify=print_notice,
        tls=_read_tls(arguments),
    )


def _announce_listening(address: str) -> None:
    print_notice(f"listening on {address}; Ctrl-C stops recording")


def _announce_page(address: str) -> None:
    print_notice(f"listening on {address}, live page at {address}/__wirelock/; Ctrl-C stops and prints the report")


def _read_tls(arguments: argparse.Namespace) -> TlsConfig:
    own = TlsFiles(arguments.tls_authority, arguments.tls_certificate, arguments.tls_key)
    return TlsConfig(own, _read_upstream_tls(arguments))


def _read_upstream_tls(arguments: argparse.Namespace) -> TlsFiles:
    return TlsFiles(arguments.upstream_authority, arguments.upstream_certificate, arguments.upstream_key)


def _run_serve(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; print the report only if the bridge could not run."""
    config = read_config(Path.cwd())
    if not isinstance(config, Config):
        return print_report(Report(config), [OutputTarget("text")])
    configure_logging(arguments.log)
    tls = _read_tls(arguments)
    from wirelock.api.serve import serve

    report = serve(
        Project(config),
        arguments.upstream,
        arguments.listen,
        arguments.on_violation,
        tls.upstream,
        tls.listen,
        metrics=arguments.metrics,
        traces=arguments.traces,
    )
    return print_report(report, [OutputTarget("text")]) if report.diagnostics else 0


def _run_project_command(arguments: argparse.Namespace, config: Config) -> Report:
    with show_progress() as progress:
        match arguments.command:
            case "import":
                from wirelock.api.import_ import import_document

                return import_document(Project(config), arguments.source, arguments.packages, progress)
            case "generate":
                from wirelock.api.generate import generate

                return generate(Project(config), arguments.mode, progress)
            case "breaking":
                from wirelock.compat.comparison import compare

                return _select_advice(compare(config, arguments.against, progress), advise=arguments.advise)
            case "verify" if arguments.live:
                from wirelock.api.verify_live import verify_live

                return verify_live(
                    Project(config),
                    arguments.live,
                    os.environ,
                    progress,
                    lifecycle=arguments.lifecycle,
                    events=arguments.events,
                    seconds=arguments.seconds,
                    notify=print_notice,
                    tls=_read_upstream_tls(arguments),
                )
            case "verify":
                from wirelock.api.verify import verify

                return verify(Project(config), arguments.recordings, arguments.type, progress)
            case "prove":
                from wirelock.api.prove import prove

                return prove(Project(config), arguments.examples, arguments.seed, progress)
            case "proxy":
                from wirelock.api.proxy import proxy

                endpoints = arguments.upstream, _announce_page, arguments.listen
                return proxy(
                    Project(config),
                    *endpoints,
                    arguments.mode,
                    arguments.record,
                    progress,
                    notify=print_notice,
                    tls=_read_tls(arguments),
                )
            case _:
                from wirelock.api.check import check

                return check(Project(config), arguments.against, progress)


def _select_advice(report: Report, *, advise: bool) -> Report:
    """Return a comparison, with release advice only if requested."""
    return report if advise else replace(report, advice=None)


def _format_cd(folder: str) -> str:
    return "" if Path(folder) == Path() else f"cd {folder} && "


def _suggest_next_step(folder: Path) -> str:
    """Suggest the next command to a user who types `wirelock` alone."""
    config = read_config(folder)
    more = "all commands: wirelock --help"
    if not isinstance(config, Config):
        return f"no wirelock project here; create one that passes its own check:\n\n  wirelock init my-api\n\n{more}"
    if not (config.root / config.package_folder).is_dir():
        return f"this project has no generated files yet:\n\n  wirelock generate\n\n{more}"
    check = "compare the generated files with the schemas, and verify the recordings"
    return f"{check}:\n\n  wirelock check\n\nafter a change to the schemas:\n\n  wirelock generate\n\n{more}"
