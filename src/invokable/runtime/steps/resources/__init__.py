"""What is on a server, by kind: boards, models, media, workflows, style presets, the queue."""
