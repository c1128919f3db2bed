"""sm-ci tests Amazon SageMaker inference containers before anyone deploys them."""

__version__ = "0.1.0"
