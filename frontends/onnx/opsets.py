"""The operator sets that a model imports."""

from collections.abc import Iterable, Mapping

import onnx
from onnx import ModelProto
from onnx.defs import has, onnx_opset_version

from tmpass.base.errors import ModelError

STANDARD_DOMAINS = ("", "ai.onnx.ml", "ai.onnx.training", "ai.onnx.preview.training")
"""The domains whose operators ONNX itself defines; "" is the default one."""


def check_opsets(model: ModelProto) -> None:
    """Refuse a version of the default operator set that the installed onnx does not know.

    Raises:
        ModelError: the model, or one of its functions, imports such a version.
    """
    newest = onnx_opset_version()
    for owner in (model, *model.functions):
        for opset in owner.opset_import:
            if opset.domain == "ai.onnx":
                opset.domain = ""
            if opset.domain == "" and not 1 <= opset.version <= newest:
                raise ModelError(
                    f"the model uses operator set {opset.version}, but onnx {onnx.__version__} knows 1 to {newest}",
                    hint="install a newer onnx, or convert the model with onnx.version_converter",
                )
            if not 1 <= opset.version < 2**31:
                raise ModelError(f"the model uses version {opset.version} of domain {opset.domain!r}")


def import_domains(model: ModelProto, used: Iterable[str]) -> None:
    """Import each domain in `used`, since shape inference refuses a model that omits one.

    Raises:
        ModelError: operators of the default domain are used, but no version of it is imported.
    """
    imported = {opset.domain for opset in model.opset_import}
    for domain in sorted(set(used) - imported):
        # Before IR version 3 there were no imports, and only one operator set.
        if domain == "" and (imported or model.ir_version >= 3):
            raise ModelError("the model imports no version of the default operator set", hint="add an opset_import")
        model.opset_import.add(domain=domain, version=1)


class Opsets:
    """The version of each domain that a model imports, which decides the operators that ONNX defines for it."""

    def __init__(self, model: ModelProto) -> None:
        self.versions: Mapping[str, int] = {opset.domain: opset.version for opset in model.opset_import}
        self._known: dict[tuple[str, str], bool] = {}

    def defines(self, domain: str, op_type: str) -> bool:
        """Whether ONNX itself defines this operator."""
        key = (domain, op_type)
        if key not in self._known:
            version = self.versions.get(domain, 1)
            self._known[key] = domain in STANDARD_DOMAINS and has(op_type, version, domain)
        return self._known[key]
