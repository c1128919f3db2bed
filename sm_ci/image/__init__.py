"""Where an image is and whether SageMaker would take it: references, registries, ECR, AWS's own containers."""
