from .graph_check import check_graph
from .nets import OnnxNets, execution_providers

__all__ = ["OnnxNets", "check_graph", "execution_providers"]
