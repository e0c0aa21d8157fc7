"""Pictures of trainings (extra `plot`): one style, and panels that are drawn on given axes."""
