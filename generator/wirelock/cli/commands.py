"""Each command: a call of its module in `api`, and its report printed.

A command imports its module when it runs: the command line starts in a tenth of the time that all of them take.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from wirelock.cli.destinations import Output
from wirelock.cli.explain import explain
from wirelock.cli.logs import logged
from wirelock.cli.output import noted, printed, told
from wirelock.cli.progress import shown_progress
from wirelock.config import CONFIG_MISSING, Config, read_config
from wirelock.diagnostics import Report
from wirelock.serve.net.tls import TlsEnds, TlsFiles


def run(arguments: argparse.Namespace) -> int:
    """Run the command that the arguments name, in the folder that they name; gives the exit code."""
    if arguments.project:
        os.chdir(arguments.project)
    match arguments.command:
        case None:
            return told(_next_step(Path.cwd()))
        case "explain":
            return explain(arguments.code)
        case "completion":
            from wirelock.cli.completion import script  # shells ask for it once

            return told(script(arguments.shell))
        case "serve":
            return _served(arguments)
        case "init":
            from wirelock.api.init import init

            with shown_progress() as progress:
                report = init(Path(arguments.folder), progress)
            code = printed(report, arguments.format)
            if code == 0 and Output("text") in arguments.format:
                told(f"next: {_enter(arguments.folder)}wirelock check")
            return code
        case "record":
            return printed(_recorded(arguments), arguments.format)
        case _:
            config = read_config(Path.cwd())
            if not isinstance(config, Config):
                return printed(Report(config), _outputs(arguments))
            if arguments.command == "numbers":
                return _numbers(arguments, config)
            from wirelock.api.excerpts import illustrated

            return printed(illustrated(config, _report(arguments, config)), arguments.format, config.root)


def _outputs(arguments: argparse.Namespace) -> tuple[Output, ...]:
    """Where a report goes; a command that prints a list has one format alone."""
    return (Output(arguments.listing),) if "listing" in arguments else arguments.format


def _numbers(arguments: argparse.Namespace, config: Config) -> int:
    """Print the numbers, or mend the ledger that keeps them."""
    from wirelock.api.excerpts import illustrated
    from wirelock.api.numbers import numbers, resolve

    found = resolve(config) if arguments.action else numbers(config, arguments.type)
    if isinstance(found, Report):
        code = printed(illustrated(config, found), _outputs(arguments), config.root)
        if "resolved" in found.summary.get("numbers", {}) and arguments.listing == "text":
            told("next: wirelock generate")
        return code
    from wirelock.cli.numbers import listing

    return told(listing(found, arguments.listing))


def _recorded(arguments: argparse.Namespace) -> Report:
    """The report of `record`, which needs no project: recordings come before schemas."""
    config = read_config(Path.cwd())
    if isinstance(config, Config):
        redact = config.redact
    elif all(one.code is CONFIG_MISSING for one in config):
        redact = ()
    else:
        return Report(config)
    from wirelock.api.record import record

    return record(
        arguments.upstream, arguments.output, _listening, arguments.listen, redact, noted=noted, tls=_tls(arguments)
    )


def _listening(address: str) -> None:
    noted(f"listening on {address}; Ctrl-C ends it")


def _watching(address: str) -> None:
    noted(f"listening on {address}, page at {address}/__wirelock/; Ctrl-C ends it and prints the report")


def _tls(arguments: argparse.Namespace) -> TlsEnds:
    own = TlsFiles(arguments.tls_authority, arguments.tls_certificate, arguments.tls_key)
    return TlsEnds(own, _upstream(arguments))


def _upstream(arguments: argparse.Namespace) -> TlsFiles:
    return TlsFiles(arguments.upstream_authority, arguments.upstream_certificate, arguments.upstream_key)


def _served(arguments: argparse.Namespace) -> int:
    """Serve until ended; only what kept it from running is printed, the rest is logged."""
    config = read_config(Path.cwd())
    if not isinstance(config, Config):
        return printed(Report(config), [Output("text")])
    logged(arguments.log)
    tls = _tls(arguments)
    seen = {"metrics": arguments.metrics, "traces": arguments.traces}
    from wirelock.api.serve import serve

    report = serve(
        config, arguments.upstream, arguments.listen, arguments.on_violation, tls.upstream, tls.listen, **seen
    )
    return printed(report, [Output("text")]) if report.diagnostics else 0


def _report(arguments: argparse.Namespace, config: Config) -> Report:
    with shown_progress() as progress:
        match arguments.command:
            case "import":
                from wirelock.api.import_ import import_document

                return import_document(config, arguments.source, arguments.packages, progress)
            case "generate":
                from wirelock.api.generate import generate

                return generate(config, arguments.mode, progress)
            case "breaking":
                from wirelock.compat.comparison import compare

                return _compared(compare(config, arguments.against, progress), advise=arguments.advise)
            case "verify" if arguments.live:
                from wirelock.api.verify_live import verify_live

                return verify_live(
                    config,
                    arguments.live,
                    os.environ,
                    progress,
                    lifecycle=arguments.lifecycle,
                    events=arguments.events,
                    seconds=arguments.seconds,
                    noted=noted,
                    tls=_upstream(arguments),
                )
            case "verify":
                from wirelock.api.verify import verify

                return verify(config, arguments.recordings, arguments.type, progress)
            case "prove":
                from wirelock.api.prove import prove

                return prove(config, arguments.examples, arguments.seed, progress)
            case "proxy":
                from wirelock.api.proxy import proxy

                ends = arguments.upstream, _watching, arguments.listen
                return proxy(
                    config, *ends, arguments.mode, arguments.record, progress, noted=noted, tls=_tls(arguments)
                )
            case _:
                from wirelock.api.check import check

                return check(config, arguments.against, progress)


def _compared(report: Report, *, advise: bool) -> Report:
    """A comparison, with its advice only where it was asked for."""
    return report if advise else replace(report, advice=None)


def _enter(folder: str) -> str:
    return "" if Path(folder) == Path() else f"cd {folder} && "


def _next_step(folder: Path) -> str:
    """What somebody who types the bare command most likely wants to do next."""
    config = read_config(folder)
    more = "all commands: wirelock --help"
    if not isinstance(config, Config):
        return f"no wirelock project here. A new one that passes its own check:\n\n  wirelock init my-api\n\n{more}"
    if not (config.root / config.home).is_dir():
        return f"this project has not been generated yet:\n\n  wirelock generate\n\n{more}"
    words = "compare the generated files with the schemas, and verify the recordings"
    return f"{words}:\n\n  wirelock check\n\nafter a change to the schemas:\n\n  wirelock generate\n\n{more}"
