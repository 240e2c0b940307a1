#!/bin/sh
# Compares two states of a gateway's configuration, for a pull request, and writes a Markdown report.
#
# From the environment, so that no value is ever read as a command:
#   GAL_PATH             a file or folder, compared with what GAL_BASE has of it
#   GAL_BASE             a commit; fetched from origin where the checkout lacks it
#   GAL_OLD, GAL_NEW     the two sides instead, as gal drift takes them
#   GAL_FAIL_ON          as --fail-on (high)
#   GAL_EXPECTED         a file of expected drift
#   GAL_STRICT_EXPECTED  true: an expectation that is over, or that nothing meets, fails
#   GAL_FROM_OLD, GAL_FROM_NEW   formats, where gal should not find them out
#   GAL_REPORT           where the report goes (gal-drift.md)
#   GAL                  the command (gal)
#
# Exits with the exit code of gal drift.
set -u

report=${GAL_REPORT:-gal-drift.md}
gal=${GAL:-gal}
path=${GAL_PATH:-}
base=${GAL_BASE:-}
old=${GAL_OLD:-}
new=${GAL_NEW:-}

# say TEXT: a report without a comparison
say() {
    printf '<!-- gal-drift -->\n### Gateway drift\n\n%s\n' "$1" >"$report"
    printf '%s\n' "$1" >&2
}

refuse() {
    say "$1"
    exit 2
}

rm -f -- "$report"
if [ -n "$path" ]; then
    [ -z "$old$new" ] || refuse 'gal drift: give a path, or two sides, and not both'
    case $base in
    '') refuse 'gal drift: there is no commit to compare with: set the base' ;;
    -*) refuse 'gal drift: the base is no commit' ;;
    *[!0]*) ;;
    *) # what GitHub names for a branch that was not there
        say 'There is no commit to compare with.'
        exit 0
        ;;
    esac
    if ! git rev-parse --quiet --verify "$base^{commit}" >/dev/null 2>&1; then
        git fetch --quiet --no-tags --depth=1 origin "$base" ||
            refuse 'gal drift: the commit to compare with cannot be fetched'
        # what a branch is called here says nothing of what origin has
        base=$(git rev-parse --verify FETCH_HEAD) ||
            refuse 'gal drift: the commit to compare with cannot be fetched'
    fi
    path=${path#./}
    path=${path%/}
    if [ "$path" != . ] && ! git cat-file -e "$base:./$path" 2>/dev/null &&
        ! git cat-file -e "$base:$path" 2>/dev/null; then
        [ -e "$path" ] || refuse 'gal drift: neither side has the configuration'
        say 'The configuration is new: there is nothing to compare it with.'
        exit 0
    fi
    old=git:$base:$path
    new=$path
fi
[ -n "$old" ] && [ -n "$new" ] || refuse 'gal drift: there are no two sides to compare'

set -- --format markdown --output "$report" --fail-on "${GAL_FAIL_ON:-high}"
[ -z "${GAL_EXPECTED:-}" ] || set -- "$@" --expected "$GAL_EXPECTED"
[ "${GAL_STRICT_EXPECTED:-false}" != true ] || set -- "$@" --strict-expected
[ -z "${GAL_FROM_OLD:-}" ] || set -- "$@" --from-old "$GAL_FROM_OLD"
[ -z "${GAL_FROM_NEW:-}" ] || set -- "$@" --from-new "$GAL_FROM_NEW"

code=0
"$gal" drift "$@" -- "$old" "$new" || code=$?
if [ ! -s "$report" ]; then
    say 'gal drift wrote no report: the log of this job says why.'
    [ "$code" -ne 0 ] || code=2
fi
exit "$code"
