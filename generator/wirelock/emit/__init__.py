"""Emitters: from a build to artifacts. EMITTERS lists all of them, one per target."""

from wirelock.emit import codecs, docs, mapping, models, package, pb2, proto, validators
from wirelock.emit.contract import EmitResult, Emitter

__all__ = ["EMITTERS", "EmitResult", "Emitter"]

EMITTERS = (
    Emitter("proto", proto.emit),
    Emitter("pb2", pb2.emit, pb2.build_input_key),
    Emitter("models", models.emit, models.build_input_key),
    Emitter("validators", validators.emit),
    Emitter("codecs", codecs.emit),
    Emitter("mapping", mapping.emit),
    Emitter("docs", docs.emit),
    Emitter("package", package.emit),
)
