"""Scripts that regenerate the weights: each module runs as ``python -m training.NAME``.

``regenerate`` runs them in order: dataset, statistics, train, calibrate,
export, evaluate.
"""
