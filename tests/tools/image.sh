# The image without Docker: the steps of the Dockerfile's last stage, run in a Debian of debootstrap's. Sourced by ./run.

image_limit_mb=120

# The last stage, a step a line.
last_stage() {
  sed -e ':joined' -e '/\\$/{N;s/\\\n */ /;b joined' -e '}' Dockerfile | sed '/^#/d;/^$/d' |
    awk '/^FROM/ { steps = "" } { steps = steps $0 "\n" } END { printf "%s", steps }'
}

# What debian:bookworm-slim has: the smallest variant, and none of the documentation.
make_slim_debian() {
  local root=$1 mirror=${SLUICE_DEBIAN_MIRROR:-http://deb.debian.org/debian}
  as_root debootstrap --variant=minbase bookworm "$root" "$mirror" >"$root.log" 2>&1 || {
    tail -30 "$root.log" >&2
    return 1
  }
  as_root mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
  printf 'path-exclude /usr/share/%s/*\n' doc man info locale lintian |
    as_root tee "$root/etc/dpkg/dpkg.cfg.d/slim" >/dev/null
  as_root sh -c "rm -rf '$root'/usr/share/doc/* '$root'/usr/share/man/* '$root'/usr/share/info/* '$root'/usr/share/locale/* \
    '$root'/var/cache/apt/archives/*.deb '$root'/var/cache/apt/*.bin '$root'/var/lib/apt/lists/*"
}

# run_last_stage ROOT SLUICE: sets image_user, image_program.
run_last_stage() {
  local root=$1 sluice=$2 step
  while read -r step; do
    case "$step" in
      "FROM debian:bookworm-slim" | EXPOSE* | CMD*) ;;
      RUN*) as_root env DEBIAN_FRONTEND=noninteractive chroot "$root" sh -c "${step#RUN }" >>"$root.log" 2>&1 </dev/null || {
        tail -30 "$root.log" >&2
        return 1
      } ;;
      "COPY --from=build /sluice "*) as_root install -m 755 "$sluice" "$root${step##* }" ;;
      USER*) image_user=${step#USER } ;;
      ENTRYPOINT*) image_program=$(echo "${step#ENTRYPOINT }" | tr -d '[]"') ;;
      *) echo "the Dockerfile has a step that is not known here: $step" >&2 && return 1 ;;
    esac
  done < <(last_stage)
}

# image BUILD: makes it in a folder of its own, tells its size, and has the tests of `sluice serve` use it.
image() {
  local build=$1 root mb status=0
  root=$(mktemp -d /var/tmp/sluice-image.XXXXXX)
  chmod 755 "$root"  # its own user must come in
  strip -o "$root.sluice" "$build/sluice"
  { make_slim_debian "$root" && run_last_stage "$root" "$root.sluice"; } || status=$?
  if [ "$status" = 0 ]; then
    mb=$(as_root du -sxm --apparent-size "$root" | cut -f 1)
    echo "the image has $mb MB, and may have $image_limit_mb"
    [ "$mb" -lt "$image_limit_mb" ] || status=1
    printf '#!/bin/sh\nexec chroot --userspec=%s %s %s "$@"\n' "$image_user" "$root" "$image_program" >"$root.run"
    chmod 755 "$root.run"
    as_root "$root.run" --version || status=$?
    as_root env SLUICE_BINARY="$root.run" SLUICE_MYSQL_CHROOT="$SLUICE_MYSQL_CHROOT" \
      "$build/tests/integration/migrate/migrate_serve" \
      --gtest_filter='*works_with_the_privileges*:*finished_migrations*:*ends_cleanly*' || status=$?
  fi
  as_root rm -rf --one-file-system "$root" "$root.sluice" "$root.run" "$root.log"
  return "$status"
}
