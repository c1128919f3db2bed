"""Brings a container into service as SageMaker does, watches it, takes it out. Composes engine and invoke."""
