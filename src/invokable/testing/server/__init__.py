"""The server's state, in plain Python: queue, media, boards, models, workflows, users. It knows nothing about HTTP."""
