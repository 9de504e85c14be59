from .backend import PRECISIONS, RUNTIMES, Backend, available_devices, has_torch
from .card import (
    CHANNELS,
    Card,
    ModelError,
    graph_file,
    read_card,
    small_file,
    weights_file,
)
from .design import HINTS, INPUTS, LITE, NetDesign
from .folder import (
    WEIGHTS,
    find_folder,
    list_models,
    load,
    load_net,
    read_graph,
    save,
    write_files,
)
from .model import Model, Nets

__all__ = [
    "CHANNELS",
    "HINTS",
    "INPUTS",
    "LITE",
    "PRECISIONS",
    "RUNTIMES",
    "WEIGHTS",
    "Backend",
    "Card",
    "Model",
    "ModelError",
    "NetDesign",
    "Nets",
    "available_devices",
    "find_folder",
    "graph_file",
    "has_torch",
    "list_models",
    "load",
    "load_net",
    "read_card",
    "read_graph",
    "save",
    "small_file",
    "weights_file",
    "write_files",
]
