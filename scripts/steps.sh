# Headlines, and the sum of what passed and failed.

passed=0
failed=0

headline() { printf '\n==> %4d s  %s\n' "$SECONDS" "$*"; }

complain() { printf '%s\n' "$*" >&2; }

count() {
  passed=$((passed + $1))
  failed=$((failed + $2))
}

# check HEADLINE COMMAND…: one step that counts as one test.
check() {
  headline "$1"
  if watched "${@:2}"; then count 1 0; else count 0 1; fi
}

# count_rust LOG STATUS: adds the summaries of cargo nextest or cargo test. A run that failed before its tests counts as one.
count_rust() {
  local line ok=0 bad=0
  while IFS= read -r line; do
    if [[ $line =~ ^\ *Summary\ .*\ ([0-9]+)(/[0-9]+)?\ tests?\ run:\ ([0-9]+)\ passed ]]; then
      # The last word on all of it: what came before was the output of tests that failed.
      ok=${BASH_REMATCH[3]}
      bad=$((BASH_REMATCH[1] - BASH_REMATCH[3]))
    elif [[ $line =~ ^test\ result:.*\ ([0-9]+)\ passed\;\ ([0-9]+)\ failed ]]; then
      ok=$((ok + BASH_REMATCH[1]))
      bad=$((bad + BASH_REMATCH[2]))
    fi
  done < <(sed 's/\x1b\[[0-9;]*m//g' "$1")
  count_run "$ok" "$bad" "$2"
}

# count_node TAP STATUS: adds the sums at the end of what node's test runner wrote.
count_node() {
  local ok=0 bad=0 what number
  while read -r _ what number; do
    case $what in
      pass) ok=$number ;;
      fail | cancelled) bad=$((bad + number)) ;;
    esac
  done < <(grep -E '^# (pass|fail|cancelled) [0-9]+$' "$1" || true)
  count_run "$ok" "$bad" "$2"
}

count_run() {
  if (($3 != 0 && $2 == 0)); then count "$1" 1; else count "$1" "$2"; fi
}

# The last line of all.
summary() { printf '\n%d passed, %d failed\n' "$passed" "$failed"; }
