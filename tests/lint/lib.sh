# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the lints share.  Sourced first; leaves the script in the source tree.
# A fault is reported as FILE:LINE: what is wrong.

set -u
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=${top_srcdir:-$(cd "$here/../.." && pwd)}
build=${top_builddir:-$top/build}
faults=0
cd "$top" || exit 99

skip() {
	echo "skipped: $*"
	exit 77
}

need() {
	command -v "$1" > /dev/null || skip "there is no $1"
}

need_program() {
	[ -x "$build/$1" ] || skip "$1 is not built in $build"
}

need_checkout() {
	local root

	need git
	root=$(git rev-parse --show-toplevel 2> /dev/null)
	[ "$root" = "$(pwd -P)" ] || skip "this is not a git checkout"
}

# A directory that is removed in the end; its name is in $scratch.
need_scratch() {
	scratch=$(mktemp -d) || exit 99
	trap 'rm -rf "$scratch"' EXIT
}

fault() {
	echo "$*"
	faults=$((faults + 1))
}

# Each line of standard input is a fault; a script of lines has none.
fault_lines() {
	local line

	while IFS= read -r line; do
		fault "$line"
	done
}

finish() {
	[ "$faults" -eq 0 ] && exit 0
	echo "$faults found"
	exit 1
}

# The C files below the directories given.
c_files() {
	find "$@" -type f -name '*.[ch]' | sort
}

# Every file that opens with a shell's line, or is one by its name.
shell_files() {
	echo data/bash-completion/walletctl
	find bootstrap .ci build-aux/demo src systemd data tests -type f 2> /dev/null |
		sort | while IFS= read -r file; do
		case $file in
		*.sh | *.bash) echo "$file" ;;
		*) head -n 1 "$file" | grep -aqE '^#!.*(/|[[:space:]])(ba)?sh( |$)' &&
			echo "$file" ;;
		esac
	done
}

# The code alone, as FILE:LINE:TEXT: no comments, and string literals emptied.
# A // comment keeps its two strokes.
c_code() {
	# shellcheck disable=SC2016
	awk '
	FNR == 1 { comment = 0 }
	{
		line = $0
		out = ""
		while (line != "") {
			if (comment) {
				end = index(line, "*/")
				if (!end)
					break
				comment = 0
				line = substr(line, end + 2)
			} else if (!match(line, /\/\*|\/\/|"|\047/)) {
				out = out line
				break
			} else {
				token = substr(line, RSTART, RLENGTH)
				out = out substr(line, 1, RSTART - 1)
				line = substr(line, RSTART)
				if (token == "/*") {
					comment = 1
					out = out " "
					line = substr(line, 3)
				} else if (token == "//") {
					out = out token
					break
				} else if (match(line, /^"([^"\\]|\\.)*"/) ||
				    match(line, /^\047([^\047\\]|\\.)*\047/)) {
					out = out token token
					line = substr(line, RLENGTH + 1)
				} else {
					out = out token
					line = substr(line, 2)
				}
			}
		}
		print FILENAME ":" FNR ":" out
	}' "$@"
}
