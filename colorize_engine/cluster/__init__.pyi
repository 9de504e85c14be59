from .connection import ClusterError, ClusterLost, compute_blocks, connected, quieten
from .photos import ClusterJobs

__all__ = [
    "ClusterError",
    "ClusterJobs",
    "ClusterLost",
    "compute_blocks",
    "connected",
    "quieten",
]
