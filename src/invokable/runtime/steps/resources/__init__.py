"""What a server has, each thing by itself: boards, models, media, workflows, style presets, its queue."""
