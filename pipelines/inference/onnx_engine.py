"""Runs networks by onnxruntime, on the CPU: those of ONNX files that `models export` wrote, without loading torch.

What a file holds beside the network (onnx_export.py) says which model it is, at which size it works and what it reads.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from pipelines.core.errors import MethodError, MissingPackageError, UsageError
from pipelines.core.files import sha256_of_file, show_path
from pipelines.core.imaging.arrays import F32
from pipelines.core.json_text import field, from_json
from pipelines.inference.checkpoint_info import CheckpointInfo, spec_of
from pipelines.inference.types import NetworkSpec

SUFFIX = ".onnx"
KIND, VERSION = "colorize-cli network", "1"
INPUT = "drawing"

_KEPT = 4  # files that a process keeps open
_EXPORT = "Make it with colorize-cli models export MODEL -o FILE.onnx"


class OnnxEngine:
    """A network in an ONNX model: float32 (B, channels, S, S) to what its spec names.

    It runs in the calling thread, so that results are the same for any number of processors and workers. Raises
    MissingPackageError without onnxruntime, and what onnxruntime raises where `model` is not a whole ONNX model.
    """

    def __init__(self, model: bytes) -> None:
        runtime = _runtime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.use_deterministic_compute = True
        options.log_severity_level = 4  # what goes wrong is raised: nothing is to be written on top
        self._session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._input = next((name for name, _, _ in self.inputs), INPUT)

    @property
    def metadata(self) -> dict[str, str]:
        """What the model holds beside the network."""
        metadata: dict[str, str] = self._session.get_modelmeta().custom_metadata_map
        return metadata

    @property
    def inputs(self) -> tuple[tuple[str, str, list[Any]], ...]:
        """What it reads: names, kinds such as "tensor(float)", and shapes (numbers, names or None)."""
        return tuple((each.name, each.type, each.shape) for each in self._session.get_inputs())

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of what it gives."""
        return tuple(output.name for output in self._session.get_outputs())

    def __call__(self, inputs: F32) -> list[F32]:
        """Run it once; raises MethodError where it cannot run on such inputs."""
        try:
            outputs: list[F32] = self._session.run(None, {self._input: inputs})
        except Exception as error:  # onnxruntime's errors have no common class
            raise MethodError(
                f"onnxruntime cannot run the network: {show_path(str(error).splitlines()[0])}",
                hint="Export the network anew",
            ) from error
        return outputs


class OnnxFile(NamedTuple):
    """An ONNX file of ours, ready to run."""

    info: CheckpointInfo  # which model with which params
    spec: NetworkSpec
    digest: str  # of the whole file
    parameters: int  # numbers that the network learned
    engine: OnnxEngine


def is_onnx(path: str) -> bool:
    """Whether a path is named as ONNX files are."""
    return path.lower().endswith(SUFFIX)


def open_file(path: str) -> OnnxFile:
    """Open an ONNX file, once in a process as long as it stays as it is.

    Raises UsageError for what is missing, damaged or not of `models export`, MissingPackageError without onnxruntime.
    """
    try:
        return _opened(path, sha256_of_file(Path(path)))
    except OSError as error:
        raise UsageError(f"{show_path(path)} cannot be read: {error.strerror}", hint=_EXPORT) from error


@lru_cache(maxsize=_KEPT)
def _opened(path: str, digest: str) -> OnnxFile:
    _runtime()
    try:
        engine = OnnxEngine(Path(path).read_bytes())
    except OSError:
        raise
    except Exception as error:  # onnxruntime's errors have no common class
        raise UsageError(f"{show_path(path)} is damaged or no ONNX file", hint=_EXPORT) from error
    about = engine.metadata
    if about.get("kind") != KIND:
        raise UsageError(f"{show_path(path)} is an ONNX file of another program", hint=_EXPORT)
    if about.get("version") != VERSION:
        raise UsageError(
            f"{show_path(path)} was made by another version of colorize-cli ({show_path(about.get('version'))})",
            hint=_EXPORT,
        )
    try:
        width, _, height = about.get("frame", "").partition("x")
        info = CheckpointInfo(
            about["model"],
            field(from_json(about["params"].encode()), [], dict),
            step=int(about.get("step", 0)),
            note=about.get("note", ""),
            weights_sha256=about.get("weights_sha256", ""),
            frame=(int(width), int(height)) if width else None,
        )
        spec = spec_of(info)
        size, parameters = int(about["size"]), int(about.get("parameters", 0))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"{show_path(path)} does not say how it is to be run", hint=_EXPORT) from error
    outputs = tuple(output.name for output in spec.outputs)
    if engine.outputs != outputs:
        raise UsageError(
            f"{show_path(path)} gives {show_path(', '.join(engine.outputs))}, where {info.model} gives "
            f"{', '.join(outputs)}",
            hint=_EXPORT,
        )
    if size != spec.size:
        raise UsageError(f"{show_path(path)} is said to be of {size} px, but its model of {spec.size}", hint=_EXPORT)
    return OnnxFile(info, spec, digest, parameters, engine)


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingPackageError(
            "networks in ONNX are run by onnxruntime, which is not installed", hint="pip install 'colorize-cli[onnx]'"
        ) from error
    return onnxruntime
