from .add import add_graphs
from .eight_bits import eight_bit_graph
from .exact import exact_graph
from .probe import saturation_probe
from .ranges import RANGE_PHOTOS, range_pictures

__all__ = [
    "RANGE_PHOTOS",
    "add_graphs",
    "eight_bit_graph",
    "exact_graph",
    "range_pictures",
    "saturation_probe",
]
