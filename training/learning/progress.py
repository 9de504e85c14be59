"""A progress bar and TensorBoard logs of a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from tqdm import tqdm

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class Progress:
    """Progress of one run; use it in a ``with`` statement.

    Parameters
    ----------
    folder
        Folder of the logs.
    title
        Text before the bar.
    total, done
        Photos of the run, and how many of them were seen before.
    """

    def __init__(self, folder: Path, title: str, total: int, done: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        # Hides what an interrupted training logged after its last checkpoint.
        self._writer = SummaryWriter(str(folder), purge_step=done + 1)
        self._bar = tqdm(total=total, initial=done, desc=title, unit="photo")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.close()
        self._writer.close()

    def step(
        self, done: int, size: int, loss: float, constant: float, rate: float
    ) -> None:
        """Show a step: photos seen, their side, loss, loss of the prior, and rate."""
        self._bar.update(done - self._bar.n)
        self._bar.set_postfix(size=size, loss=f"{loss:.3f}", prior=f"{constant:.3f}")
        self._scalar("loss/train", loss, done)
        self._scalar("learning rate", rate, done)

    def validation(self, done: int, loss: float) -> None:
        """Log the loss on validation photos."""
        self._scalar("loss/validation", loss, done)

    def _scalar(self, name: str, value: float, done: int) -> None:
        self._writer.add_scalar(name, value, done)
