"""The calls behind the command line: each takes a configuration and gives a report."""

from wirelock.api.check import check
from wirelock.api.generate import Mode, generate
from wirelock.api.init import init
from wirelock.api.project import Project, ProjectError, load
from wirelock.api.verify import verify

__all__ = ["Mode", "Project", "ProjectError", "check", "generate", "init", "load", "verify"]
