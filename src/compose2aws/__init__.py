"""compose2aws: an unchanged compose file as a production system on AWS, in plain CloudFormation."""

__version__ = "0.1.0"
