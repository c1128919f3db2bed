"""Stand-ins on loopback for what the tests cannot have: AWS, GitHub's token service. Ports are the system's choice.

Real where it can be: moto's STS and ECR behind a gate that checks what AWS checks, an identity token signed and verified.
"""
