"""What unpacking a model and fetching it from S3 take: against tar, curl, boto3 and the AWS CLI."""
