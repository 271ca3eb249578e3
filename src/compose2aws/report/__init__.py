"""A `Plan` in, what people look at out. This room computes nothing that others need."""
