"""From a plan to the files by which a team's CI compares and deploys it: GitHub Actions, GitLab CI, CodePipeline."""
