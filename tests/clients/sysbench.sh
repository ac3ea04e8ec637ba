# Every script of sysbench's own, with statements as text and prepared, at the port $1: what was done, without how fast,
# and how many rows are left.
set -e
bench() {
  script=$1
  shift
  sysbench "$script" --db-driver=mysql --mysql-host=127.0.0.1 --mysql-port="$port" --mysql-user=app --mysql-password="app's" \
    --mysql-db=test --tables=2 --table-size=300 --threads=1 --events=60 --time=0 --rand-seed=7 --mysql-ignore-errors=none "$@"
}
port=$1
bench oltp_read_write cleanup >/dev/null
bench oltp_read_write prepare
for script in oltp_read_write oltp_point_select oltp_read_only oltp_write_only oltp_insert oltp_delete oltp_update_index \
  oltp_update_non_index select_random_points select_random_ranges; do
  for mode in auto disable; do
    echo "$script, prepared statements: $mode"
    bench "$script" --db-ps-mode=$mode run | sed -n 's/^ *\(\(read\|write\|other\|total\|transactions\|queries\|ignored errors\):.*\)/\1/p' |
      sed 's/ *(.*//'
  done
done
mariadb -h127.0.0.1 -P"$port" -uapp -p"app's" test -e 'SELECT COUNT(*) FROM sbtest1; SELECT COUNT(*) FROM sbtest2'
