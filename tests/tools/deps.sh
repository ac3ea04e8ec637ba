# Installing what is missing. Sourced by ./run; needs nothing but apt.

build_packages=(
  clang-19 lld-19 cmake ninja-build ccache pkg-config git ca-certificates
  libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev
  libssl-dev zlib1g-dev libzstd-dev liburing-dev libmariadb-dev libmariadb-dev-compat
  libspdlog-dev libfmt-dev libcli11-dev libyaml-cpp-dev prometheus-cpp-dev
  libgtest-dev libgmock-dev
)
# my_print_defaults, without which MariaDB makes no data folder, is with its clients.
demo_packages=(mariadb-server-core mariadb-client-core)
# mariadb-test: a connector's own tests, and plugins for accounts.
test_packages=(
  mariadb-server mariadb-test sysbench haproxy socat openssl debootstrap prometheus systemd zsh groff-base curl chromium percona-toolkit
)
# What the tests in tests/clients run; Node's come from npm as well.
client_packages=(
  python3-pymysql python3-cryptography python3-mysqldb python3-django php-cli php-mysql ruby ruby-mysql2 ruby-activerecord libdbd-mysql-perl
  libdbd-mariadb-perl golang-go golang-github-go-sql-driver-mysql-dev libmariadb-java openjdk-17-jdk-headless
)
# What renders the chart, as Helm is not in Debian, and checks it.
chart_packages=(golang-go golang-github-masterminds-sprig-dev golang-github-xeipuuv-gojsonschema-dev golang-k8s-sigs-yaml-dev)
fuzz_packages=(libclang-rt-19-dev)

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@"
}

missing_of() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

# The database server must not be started, nor left running, by its installation: only throwaway ones are wanted.
without_services() {
  local policy=/usr/sbin/policy-rc.d status=0
  if [ -e "$policy" ]; then
    "$@"
    return
  fi
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
  "$@" || status=$?
  as_root rm -f "$policy"
  return "$status"
}

install_packages() {
  local missing
  mapfile -t missing < <(missing_of "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0
  echo "installing: ${missing[*]}"
  # Package lists that are absent or out of date show as a failure to install.
  without_services apt install -y --no-install-recommends "${missing[@]}" >/dev/null 2>&1 && return 0
  apt update
  without_services apt install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# An account of PAM needs a service of PAM. These are nobody's but the tests'.
install_pam_services() {
  install_pam_service sluice_test /usr/lib/mysql/plugin/test_pam_modules/pam_mariadb_mtr.so
  # Wants one password.
  install_pam_service sluice_clear "pam_exec.so quiet expose_authtok /usr/bin/grep -qzx in-clear"
}

install_pam_service() {
  local service="/etc/pam.d/$1"
  [ -e "$service" ] && return 0
  echo "installing: $service"
  printf 'auth required %s\naccount required pam_permit.so\n' "$2" | as_root tee "$service" >/dev/null
}

# What tests/$1 needs of npm, in the versions of its package.json, in a folder of its own.
install_node_packages() {
  local root="$cache/$1" description="tests/$1/package.json"
  { command -v node && command -v npm; } >/dev/null || install_packages nodejs npm
  cmp -s "$description" "$root/package.json" && return 0
  echo "installing: what $description names, in $root"
  as_root rm -rf --one-file-system "$root"
  as_root mkdir -p "$root"
  # The description goes last: it tells that the rest is there.
  as_root npm install --silent --no-audit --no-fund --no-save --prefix "$root" \
    $(sed -n 's/.*"dependencies": { \(.*\) }.*/\1/p' "$description" | tr -d '", ' | sed 's/:\([0-9.]*\)/@\1 /g')
  as_root cp "$description" "$root/package.json"
}

# What bench_proxy compares Sluice with comes from the same place.
install_router() {
  local root="$cache/sid"
  [ -x "$root/usr/bin/mysqlrouter" ] && return 0
  echo "installing: MySQL Router of Debian sid in $root"
  as_root chroot "$root" apt-get -qq update
  as_root env DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get -qq install -y --no-install-recommends mysql-router
}

# MySQL 9.7 is not in Debian 12: it is taken from sid, into a folder of its own, and run with that folder's libraries.
install_mysql() {
  local root="$cache/sid"
  [ -x "$root/usr/sbin/mysqld" ] && return 0
  echo "installing: MySQL of Debian sid in $root"
  as_root mkdir -p "$cache"
  as_root rm -rf --one-file-system "$root.unfinished"
  as_root debootstrap --variant=minbase --include=mysql-server-core,mysql-client-core \
    sid "$root.unfinished" "${SLUICE_DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"/tmp/sluice-debootstrap.$$" 2>&1 || {
    tail -30 "/tmp/sluice-debootstrap.$$" >&2
    return 1
  }
  rm -f "/tmp/sluice-debootstrap.$$"
  as_root find "$root.unfinished/var/cache/apt/archives" -name '*.deb' -delete
  as_root rm -rf --one-file-system "$root"
  as_root mv "$root.unfinished" "$root"
}

# MariaDB of sid has plugins for accounts that Debian 12's has not. It excludes MySQL: its packages are only unpacked, in a
# folder of that one, whose loader and libraries they need.
install_mariadb() {
  local root="$cache/sid" folder=/opt/mariadb archive program
  [ -d "$root$folder" ] && return 0
  echo "installing: MariaDB of Debian sid in $root$folder"
  as_root rm -rf --one-file-system "$root$folder.unfinished"
  as_root mkdir -p "$root$folder.unfinished/archives/partial"
  download_mariadb "$root" "$folder.unfinished/archives" 2>/dev/null || {
    as_root chroot "$root" apt-get -qq -o Acquire::Check-Valid-Until=false update
    download_mariadb "$root" "$folder.unfinished/archives"
  }
  for archive in "$root$folder.unfinished"/archives/*.deb; do
    as_root dpkg-deb --extract "$archive" "$root$folder.unfinished"
  done
  as_root rm -rf --one-file-system "$root$folder.unfinished/archives"
  for program in usr/sbin/mariadbd usr/bin/mariadb usr/bin/my_print_defaults usr/bin/resolveip; do
    as_root mv "$root$folder.unfinished/$program" "$root$folder.unfinished/$program.of-sid"
    as_root tee "$root$folder.unfinished/$program" >/dev/null <<PROGRAM
#!/bin/sh
exec $root/lib64/ld-linux-x86-64.so.2 \
  --library-path $root$folder/usr/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu \
  $root$folder/$program.of-sid "\$@"
PROGRAM
    as_root chmod 755 "$root$folder.unfinished/$program"
  done
  as_root mv "$root$folder.unfinished" "$root$folder"
}

download_mariadb() {
  as_root env DEBIAN_FRONTEND=noninteractive chroot "$1" apt-get -qq install -y --no-install-recommends --download-only \
    -o Dir::Cache::archives="$2" libmariadb3 mariadb-client-core mariadb-server-core &&
    as_root chroot "$1" sh -c "cd $2 && apt-get -qq -o APT::Sandbox::User=root download mariadb-server"
}
