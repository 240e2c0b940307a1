"""What CI systems run: scripts, the action for GitHub, the job for GitLab."""
