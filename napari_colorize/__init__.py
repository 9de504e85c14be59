"""The napari plugin: color for gray images, and the a/b distributions as layers.

napari finds the parts through ``napari.yaml``. Importing this package imports nothing.
"""
