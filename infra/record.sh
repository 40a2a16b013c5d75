#!/usr/bin/env bash
# record.sh ENVIRONMENT APP COMMIT: the tag that says what an environment has. toolkit/release/changed.py reads it.
set -euo pipefail
tag="tags/deployed/$1/$2"
gh api --method PATCH "repos/$GITHUB_REPOSITORY/git/refs/$tag" --field "sha=$3" --field force=true > /dev/null 2>&1 \
    || gh api --method POST "repos/$GITHUB_REPOSITORY/git/refs" --field "ref=refs/$tag" --field "sha=$3" > /dev/null
