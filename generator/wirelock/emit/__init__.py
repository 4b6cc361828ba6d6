"""From a build to artefacts: one emitter a target, all of them listed here."""

from wirelock.emit import codecs, docs, mapping, models, package, pb2, proto, validators
from wirelock.emit.contract import Emitted, Emitter

__all__ = ["EMITTERS", "Emitted", "Emitter"]

EMITTERS = (
    Emitter("proto", proto.emit),
    Emitter("pb2", pb2.emit, pb2.key),
    Emitter("models", models.emit, models.key),
    Emitter("validators", validators.emit),
    Emitter("codecs", codecs.emit),
    Emitter("mapping", mapping.emit),
    Emitter("docs", docs.emit),
    Emitter("package", package.emit),
)
