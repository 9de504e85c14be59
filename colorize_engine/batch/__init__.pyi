from .job import Job
from .messages import explained, one_line
from .pipeline import Pipeline
from .plan import Plan, TargetError, plan_jobs
from .report import Record, check_suffix, write_report
from .run import Executor, Tally, color_jobs, ready_jobs
from .saved import Recalled, recall
from .settings import Settings

__all__ = [
    "Executor",
    "Job",
    "Pipeline",
    "Plan",
    "Recalled",
    "Record",
    "Settings",
    "Tally",
    "TargetError",
    "check_suffix",
    "color_jobs",
    "explained",
    "one_line",
    "plan_jobs",
    "ready_jobs",
    "recall",
    "write_report",
]
