from .color_photo import Settings
from .pipeline import Pipeline
from .plan import Job, Plan, TargetError
from .report import Record, check_suffix, write_report

__all__ = [
    "Job",
    "Pipeline",
    "Plan",
    "Record",
    "Settings",
    "TargetError",
    "check_suffix",
    "write_report",
]
