# Counting the tests of a run. Sourced by ./run.

# attribute NAME FILE: the first value of that XML attribute.
attribute() {
  grep -o -m1 " $1=\"[0-9]*\"" "$2" | head -n 1 | tr -dc 0-9
}

# totals JUNIT RESULTS: adds up what each executable wrote to RESULTS; one that wrote nothing (it crashed, ran out of time
# or is no GoogleTest) counts as one test, by ctest's word in JUNIT. What was skipped or disabled did not pass. The last
# line is `N passed, M failed`.
totals() {
  local junit=$1 results=$2 passed=0 failed=0 name status tests failures
  while read -r name status; do
    tests=1 failures=0
    if [ -s "$results/$name.xml" ]; then
      tests=$(attribute tests "$results/$name.xml")
      failures=$(attribute failures "$results/$name.xml")
      failures=$((failures + $(grep -c -E 'result="(skipped|suppressed)"' "$results/$name.xml" || true)))
    fi
    if [ "$status" != run ] && [ "$failures" = 0 ]; then
      failures=1
      [ "$tests" -gt 0 ] || tests=1
    fi
    [ "$failures" = 0 ] || echo "failed: $name ($failures of $tests)"
    passed=$((passed + tests - failures))
    failed=$((failed + failures))
  done < <(sed -n 's/.*<testcase name="\([^"]*\)".* status="\([^"]*\)".*/\1 \2/p' "$junit")
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}
