"""A model server on loopback that plays the reference subjects, and misbehaves on demand.

Kept mock servers were tried first. They play replies from a queue, and a subject's next call depends on what its tools
returned; and they break streams only (llmock) or need Node (aimock), where Inspect asks three of four providers for whole
answers.
"""
