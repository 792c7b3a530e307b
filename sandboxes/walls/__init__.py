"""Walls round a process: what the kernel holds, how a process submits to it, and attempts to get out.

Everything here is loaded inside sandboxes or shipped there as bytes; it knows no back end.
"""
