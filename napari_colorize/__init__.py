"""The napari plugin: color for gray images, its a/b distributions as layers.

napari finds the parts by ``napari.yaml``; importing this package imports nothing.
"""
