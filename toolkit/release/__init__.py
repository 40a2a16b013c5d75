"""What a release needs: packages, locks, checks of the infrastructure, smoke test, cost."""
