"""What the agent runs inside a campaign's stack.

The agent puts this package on ``PYTHONPATH`` of what it starts, so that a site has nothing to install. It may import the
standard library and the stack's own packages, and Parsl in the modules named after it; nothing of ``campaigns``.
"""
