from .messages import explained, one_line
from .pipeline import Pipeline
from .plan import Job, Plan, TargetError, plan_jobs
from .recall import Recalled, recall
from .report import Record, check_suffix, write_report
from .settings import Settings

__all__ = [
    "Job",
    "Pipeline",
    "Plan",
    "Recalled",
    "Record",
    "Settings",
    "TargetError",
    "check_suffix",
    "explained",
    "one_line",
    "plan_jobs",
    "recall",
    "write_report",
]
