from .messages import explained, one_line
from .pipeline import Pipeline
from .plan import Job, Plan, TargetError, plan_jobs
from .report import Record, check_suffix, write_report
from .settings import Settings

__all__ = [
    "Job",
    "Pipeline",
    "Plan",
    "Record",
    "Settings",
    "TargetError",
    "check_suffix",
    "explained",
    "one_line",
    "plan_jobs",
    "write_report",
]
