"""Kernels: arrays in, arrays and findings out; numpy, numba, scipy and manifold3d."""
