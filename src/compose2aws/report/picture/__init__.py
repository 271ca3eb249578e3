"""The system as a picture: what a person would draw of a plan, and its renderings."""
