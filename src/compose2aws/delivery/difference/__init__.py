"""What would change between two templates, or by CloudFormation's own word, in Compose's words."""
