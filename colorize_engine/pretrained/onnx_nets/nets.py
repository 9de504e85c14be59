"""The two nets of a model in ONNX Runtime."""

from __future__ import annotations

import os
from functools import partial
from textwrap import shorten
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from colorize_engine.pretrained.onnx_nets.graph_check import check_graph
from colorize_engine.pretrained.side_by_side import run_side_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from onnxruntime import InferenceSession, SessionOptions

    Floats = NDArray[np.float32]

CPU = "CPUExecutionProvider"
# Its name is in every build of ONNX Runtime; it sends data to a server.
_REMOTE = "AzureExecutionProvider"
# Sessions of a process that was forked; their threads are not in this process.
_ABANDONED: list[object] = []


class Graph(NamedTuple):
    """Content of the files of one net.

    Attributes
    ----------
    content : bytes
        The ONNX file.
    weights_name, weights : str or None, bytes
        The file that its weights lie in, if they are not in the ONNX file.
    """

    content: bytes
    weights_name: str | None = None
    weights: bytes = b""


def execution_providers() -> list[str]:
    """Return the names of ONNX Runtime's execution providers here, CPU excepted."""
    from onnxruntime import get_available_providers

    return [name for name in get_available_providers() if name not in (CPU, _REMOTE)]


class OnnxNets:
    """Nets ``a`` and ``b`` in ONNX Runtime, see `model.Nets`.

    Parameters
    ----------
    graphs
        Files of ``a`` and of ``b``.
    precision
        ``float32`` or ``int8``, for the record.
    provider
        Execution provider, see `execution_providers`; None is the CPU.
    threads
        Processors to use; each net gets half of them.

    Raises
    ------
    ValueError
        If a graph is not one of a net of ours, or does not fit its weights.
    """

    runtime, batched, concurrent = "onnx", True, True

    def __init__(
        self,
        graphs: Mapping[str, Graph],
        precision: str,
        provider: str | None,
        threads: int,
    ) -> None:
        for channel, graph in graphs.items():
            try:
                check_graph(graph.content, graph.weights_name)
            except ValueError as error:
                raise ValueError(f"the graph of net {channel}: {error}") from error
        self.precision, self.device = precision, provider or "cpu"
        self._graphs, self._threads = dict(graphs), threads
        self._start()

    def __call__(self, planes: Floats, channels: str = "ab") -> tuple[Floats, ...]:
        """Predict logits, see `model.Nets`."""
        if self._process != os.getpid():
            # Kept, because their ends would wait for threads that are not here.
            _ABANDONED.append(self._sessions)
            self._start()
        if channels == "ab":
            return run_side_by_side(
                partial(self._run, "a", planes), partial(self._run, "b", planes)
            )
        half = len(planes) // 2
        if not half:
            return (self._run(channels, planes),)
        parts = run_side_by_side(
            partial(self._run, channels, planes[:half]),
            partial(self._run, channels, planes[half:]),
        )
        return (np.concatenate(parts),)

    def _run(self, channel: str, planes: Floats) -> Floats:
        session = self._sessions[channel]
        (wanted,) = session.get_inputs()
        logits: Floats
        (logits,) = session.run(None, {wanted.name: planes[:, : wanted.shape[1]]})
        return logits

    def _start(self) -> None:
        a, b = run_side_by_side(partial(self._open, "a"), partial(self._open, "b"))
        self._sessions, self._process = {"a": a, "b": b}, os.getpid()

    def channels(self, channel: str) -> tuple[object, object]:
        """Return how many input planes and how many logits the graph of a net has."""
        session = self._sessions[channel]
        return session.get_inputs()[0].shape[1], session.get_outputs()[0].shape[1]

    def _open(self, channel: str) -> InferenceSession:
        from colorize_engine.pretrained.onnx_nets.saturation import sums_saturate

        options = session_options(max(1, self._threads // 2))
        if self.precision == "int8" and sums_saturate():
            # The same numbers as on other processors, but slower than float32.
            options.add_session_config_entry("session.x64quantprecision", "1")
        provider = CPU if self.device == "cpu" else self.device
        try:
            return open_session(self._graphs[channel], options, provider)
        except ValueError as error:
            raise ValueError(
                f"ONNX Runtime refuses the graph of net {channel}: {error}"
            ) from error


def open_session(
    graph: Graph, options: SessionOptions, provider: str = CPU
) -> InferenceSession:
    """Open a session of ONNX Runtime on a net.

    Raises
    ------
    ValueError
        If ONNX Runtime refuses the graph; the message is its reason.
    """
    from onnxruntime import InferenceSession

    if graph.weights_name is not None:
        options.add_external_initializers_from_files_in_memory(
            [graph.weights_name], [graph.weights], [len(graph.weights)]
        )
    try:
        return InferenceSession(graph.content, options, providers=[provider])
    except Exception as error:  # its errors have no common class but this
        raise ValueError(shorten(str(error), 160, placeholder=" ...")) from error


def session_options(threads: int) -> SessionOptions:
    """Return options of a session that takes no more than so many threads."""
    from onnxruntime import SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors are raised anyway
    # Threads that wait in a loop would take time from the work around the nets.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
