from .job import Job
from .messages import explained, one_line
from .pipeline import Pipeline
from .plan import Plan, TargetError, plan_jobs
from .report import Record, check_suffix, write_report
from .saved import Recalled, recall
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
