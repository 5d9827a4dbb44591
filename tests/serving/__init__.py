"""A model server on loopback that plays the reference subjects, and misbehaves on demand."""
