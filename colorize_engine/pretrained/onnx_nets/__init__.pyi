from .graph_check import check_graph
from .nets import Graph, OnnxNets, execution_providers, open_session, session_options
from .single_file import as_single_file

__all__ = [
    "Graph",
    "OnnxNets",
    "as_single_file",
    "check_graph",
    "execution_providers",
    "open_session",
    "session_options",
]
