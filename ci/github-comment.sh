#!/bin/sh
# Posts certgate's comment on a pull request of GitHub, updates it in place, and takes it away once nothing is asked of the change any more.
#
#   certgate check --report markdown=certgate.md …
#   GH_TOKEN=… ci/github-comment.sh OWNER/REPOSITORY NUMBER certgate.md
#
# Needs gh, which GitHub's runners have, and `permissions: pull-requests: write`. A fork's request has no such token: leave the step out there.
set -eu
repository=$1 number=$2 file=$3
comments=repos/$repository/issues/$number/comments
# Somebody else may write the same first line: only what this token's user wrote is updated.
own='.[] | select(.user.login == env.CERTGATE_BOT and (.body | startswith("<!-- certgate:"))) | .id'
CERTGATE_BOT=${CERTGATE_BOT:-github-actions[bot]}
export CERTGATE_BOT
found=$(gh api --paginate "$comments" --jq "$own")
id=${found%%
*}
if [ ! -s "$file" ]; then
	[ -z "$id" ] || gh api --method DELETE "repos/$repository/issues/comments/$id"
elif [ -n "$id" ]; then
	gh api --method PATCH "repos/$repository/issues/comments/$id" --field "body=@$file" --silent
else
	gh api --method POST "$comments" --field "body=@$file" --silent
fi
