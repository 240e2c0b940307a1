#!/bin/sh
# Shows a report of gal drift: as a comment on the pull or merge request, and in the job's summary.
# The comment of an earlier run is updated, so that there is one. Never fails the job: what cannot
# be posted is a warning, and the exit code of gal drift is what counts.
#
#   drift-comment.sh REPORT
#
# From the environment:
#   GAL_NAME      tells the comments of several configurations apart (gateway)
#   GAL_PYTHON    Python 3 (python3)
#   on GitHub     GITHUB_API_URL, GITHUB_REPOSITORY, GAL_PULL_REQUEST (its number; none: no comment),
#                 GAL_TOKEN, GAL_AUTHOR (whose token it is: github-actions[bot]), GITHUB_STEP_SUMMARY
#   on GitLab     GITLAB_CI, CI_API_V4_URL, CI_PROJECT_ID, CI_MERGE_REQUEST_IID, GAL_TOKEN
set -u
umask 077

report=${1:-gal-drift.md}
name=${GAL_NAME:-gateway}
python=${GAL_PYTHON:-python3}
token=${GAL_TOKEN:-}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 0
pages=30

warn() {
    if [ -n "${GITLAB_CI:-}" ]; then
        printf 'warning: %s\n' "$1" >&2
    else
        printf '::warning title=gal drift::%s\n' "$1"
    fi
}

# give_up TEXT: there is no comment, and the job goes on
give_up() {
    warn "$1"
    exit 0
}

case $name in
*[!A-Za-z0-9._-]*) give_up 'no comment: a name has letters, digits, dots and dashes only' ;;
esac
[ -s "$report" ] || give_up 'no comment: there is no report'

if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -z "${GITLAB_CI:-}" ]; then
    "$python" -I "$here/drift_comment.py" text "$name" "$report" 500000 >>"$GITHUB_STEP_SUMMARY" ||
        warn 'the summary of the job has no report'
fi

if [ -n "${GITLAB_CI:-}" ]; then
    number=${CI_MERGE_REQUEST_IID:-}
    list=${CI_API_V4_URL:-}/projects/${CI_PROJECT_ID:-}/merge_requests/$number/notes
    one=$list
    change=PUT
    most=900000
    header='PRIVATE-TOKEN:'
else
    number=${GAL_PULL_REQUEST:-}
    list=${GITHUB_API_URL:-https://api.github.com}/repos/${GITHUB_REPOSITORY:-}/issues/$number/comments
    one=${GITHUB_API_URL:-https://api.github.com}/repos/${GITHUB_REPOSITORY:-}/issues/comments
    change=PATCH
    most=65000
    header='Authorization: Bearer'
fi
[ -n "$number" ] || exit 0 # no pull request, such as a push
case $number in
*[!0-9]*) give_up 'no comment: that is no number of a pull request' ;;
esac
[ -n "$token" ] || give_up 'no comment: there is no token; the report is in the log or the summary'

scratch=$(mktemp -d) || give_up 'no comment: no room for temporary files'
trap 'rm -rf "$scratch"' EXIT
# In a file, so that the list of processes does not show it.
printf '%s %s\n' "$header" "$token" >"$scratch/headers"
printf 'Content-Type: application/json\nUser-Agent: gal-drift\n' >>"$scratch/headers"

# call METHOD URL [FILE]: prints the status, 000 without an answer; the answer goes to a file
call() {
    set -- "$1" "$2" "${3:-}"
    : >"$scratch/answer"
    curl --silent --globoff --max-time 30 --request "$1" --header "@$scratch/headers" \
        ${3:+--data-binary "@$3"} --output "$scratch/answer" --write-out '%{http_code}' \
        --url "$2" 2>/dev/null || true
}

# failed WHAT STATUS: what to do about it, without what the server said
failed() {
    case $2 in
    401 | 403 | 404) give_up "no comment: $1 is not allowed (status $2), as for pull requests from \
forks; the report is in the log or the summary" ;;
    *) give_up "no comment: $1 failed (status $2); the report is in the log or the summary" ;;
    esac
}

author=${GAL_AUTHOR:-github-actions[bot]}
if [ -n "${GITLAB_CI:-}" ]; then
    status=$(call GET "$CI_API_V4_URL/user")
    [ "$status" = 200 ] || failed 'asking whose token it is' "$status"
    author=$("$python" -I "$here/drift_comment.py" author "$scratch/answer") ||
        failed 'asking whose token it is' "$status"
fi

id=
page=1
while [ "$page" -le "$pages" ]; do
    status=$(call GET "$list?per_page=100&page=$page")
    [ "$status" = 200 ] || failed 'reading the comments' "$status"
    found=$("$python" -I "$here/drift_comment.py" find "$name" "$author" "$scratch/answer") ||
        failed 'reading the comments' "$status"
    case $found in
    last) break ;;
    more) page=$((page + 1)) ;;
    *[!0-9]* | '') failed 'reading the comments' "$status" ;;
    *)
        id=$found
        break
        ;;
    esac
done

"$python" -I "$here/drift_comment.py" body "$name" "$report" "$most" >"$scratch/body" ||
    give_up 'no comment: the report cannot be read'
if [ -n "$id" ]; then
    status=$(call "$change" "$one/$id" "$scratch/body")
    [ "$status" = 404 ] || { # somebody has just deleted it
        [ "$status" = 200 ] || failed 'updating the comment' "$status"
        exit 0
    }
fi
status=$(call POST "$list" "$scratch/body")
[ "$status" = 201 ] || failed 'posting the comment' "$status"
